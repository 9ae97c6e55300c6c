//! Recordings of the user's, which replace phrases of the gateway's own voice.

use std::path::Path;

use anyhow::{Result, anyhow};
use tipring_port::Phrase;
use tipring_voice::{PhraseBank, Voice, read_recording};

/// Bytes of a recording, at the most: 20 s of 16 bits and what stands before them.
const MAX_RECORDING: u64 = 384 * 1024;
/// Files of the directory that are looked at.
const MAX_ENTRIES: usize = 256;

/// The phrases of a language, those of `directory` in place of the gateway's own.
pub fn bank(language: &str, directory: Option<&str>) -> Result<PhraseBank> {
    let mut bank = PhraseBank::spoken(Voice::of(language)?);
    if let Some(directory) = directory {
        let recordings = read(Path::new(directory)).map_err(|wrong| anyhow!(wrong.join("\n")))?;
        for (phrase, samples) in recordings {
            bank.replace(phrase, samples);
        }
    }
    Ok(bank)
}

/// The recordings of a directory, or what is wrong with them: one sentence for each file. What is no `.wav` is left alone.
pub fn read(directory: &Path) -> Result<Vec<(Phrase, Vec<i16>)>, Vec<String>> {
    let shown = directory.display();
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(why) => return Err(vec![format!("announcement_files: {shown} cannot be read: {why}.")]),
    };
    let mut paths: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("wav")))
        .take(MAX_ENTRIES)
        .collect();
    paths.sort();
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    for path in paths {
        match recording(&path) {
            Ok((phrase, _)) if found.iter().any(|(other, _)| *other == phrase) => {
                wrong.push(format!("{}: there is another recording of {}.", path.display(), phrase.word()));
            }
            Ok(recording) => found.push(recording),
            Err(why) => wrong.push(format!("{}: {why}.", path.display())),
        }
    }
    if wrong.is_empty() { Ok(found) } else { Err(wrong) }
}

/// The phrases that no recording of `found` replaces, in a sentence, where there are some.
pub fn missing(directory: &Path, found: &[(Phrase, Vec<i16>)]) -> Option<String> {
    let files: Vec<String> = Phrase::ALL
        .into_iter()
        .filter(|phrase| !found.iter().any(|(own, _)| own == phrase))
        .map(|phrase| format!("{}.wav", phrase.word()))
        .collect();
    let shown = directory.display();
    (!files.is_empty()).then(|| {
        format!(
            "announcement_files: the gateway's own voice says what {shown} has no recording of. There is no {}.",
            files.join(", ")
        )
    })
}

fn recording(path: &Path) -> Result<(Phrase, Vec<i16>), String> {
    let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let Some(phrase) = Phrase::from_word(&name) else {
        let all = Phrase::ALL.map(Phrase::word).join(", ");
        return Err(format!("there is no phrase {name}. Name it after one of: {all}"));
    };
    let length = std::fs::metadata(path).map_err(|why| why.to_string())?.len();
    if length > MAX_RECORDING {
        return Err(format!("{length} bytes; {MAX_RECORDING} are the most (20 s)"));
    }
    let bytes = std::fs::read(path).map_err(|why| why.to_string())?;
    read_recording(&bytes).map(|samples| (phrase, samples)).map_err(|why| why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A WAV of mu-law.
    fn wave(rate: u32, data: &[u8]) -> Vec<u8> {
        let mut out = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x07\0\x01\0".to_vec();
        out.extend(rate.to_le_bytes());
        out.extend(rate.to_le_bytes());
        out.extend(b"\x01\0\x08\0data");
        out.extend((data.len() as u32).to_le_bytes());
        out.extend(data);
        out
    }

    #[test]
    fn recordings_replace_phrases_and_what_is_wrong_is_told_by_file() {
        let directory = std::env::temp_dir().join(format!("tipring-recordings-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let write = |name: &str, bytes: &[u8]| std::fs::write(directory.join(name), bytes).unwrap();
        write("not-in-service.wav", &wave(8000, &[0x80; 800]));
        write("README.txt", b"no recording");
        let text = directory.display().to_string();
        let bank = bank("en", Some(&text)).unwrap();
        assert_eq!(bank.ticks(Phrase::NotInService), 10);
        assert_eq!(bank.samples(Phrase::NotInService)[0], 32_124);
        assert!(bank.ticks(Phrase::NotAllowed) > 100);
        let own = missing(&directory, &read(&directory).unwrap()).unwrap();
        assert!(own.contains(" feature-on.wav") && !own.contains("not-in-service.wav"), "{own}");
        write("hello.wav", &wave(8000, &[0x80; 800]));
        write("dot.wav", &wave(16_000, &[0x80; 800]));
        let wrong = read(&directory).unwrap_err();
        assert_eq!(wrong.len(), 2, "{wrong:?}");
        assert!(wrong[0].ends_with("dot.wav: 16000 Hz: must be 8000 Hz."), "{wrong:?}");
        assert!(wrong[1].contains("there is no phrase hello. Name it after one of: 0, 1"), "{wrong:?}");
        std::fs::remove_dir_all(&directory).unwrap();
        std::fs::create_dir_all(&directory).unwrap();
        for phrase in Phrase::ALL {
            write(&format!("{}.wav", phrase.word()), &wave(8000, &[0x80; 800]));
        }
        assert_eq!(missing(&directory, &read(&directory).unwrap()), None);
        write("dot.WAV", &wave(8000, &[0x80; 800]));
        let wrong = read(&directory).unwrap_err();
        assert!(wrong[0].ends_with("dot.wav: there is another recording of dot."), "{wrong:?}");
        std::fs::remove_dir_all(&directory).unwrap();
        assert!(read(&directory).unwrap_err()[0].contains("cannot be read"));
    }
}
