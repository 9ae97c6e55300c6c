//! False digits in hours of recorded speech.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use tipring_oracle::Spandsp;

use super::ear::Ear;
use crate::client::print;
use crate::listen::Sound;

/// The level that each recording is brought to: the mean of Q.24's talk-off tests.
const LEVEL: f32 = -15.0;

/// Counts false digits of both detectors in all sound files of some folders.
pub fn run(folders: &[PathBuf], library: Option<&Spandsp>) -> Result<ExitCode> {
    let mut files = Vec::new();
    for folder in folders {
        collect(folder, &mut files).with_context(|| format!("{}", folder.display()))?;
    }
    files.sort();
    let (mut seconds, mut ours, mut theirs, mut skipped) = (0.0, 0, 0, 0);
    for file in &files {
        let Ok(sound) = Sound::read(file) else {
            skipped += 1;
            continue;
        };
        for samples in sound.at_8_khz() {
            seconds += samples.len() as f64 / 8000.0;
            let gain = 10_f32.powf((LEVEL - tipring_dsp::level_of(&samples).0).clamp(-20.0, 40.0) / 20.0);
            for level in [1.0, gain] {
                let mut louder: Vec<i16> = samples.iter().map(|&s| (f32::from(s) * level) as i16).collect();
                louder.extend([0; 800]);
                let heard = Ear::ours().hear(&louder).digits;
                ours += heard.len();
                let other = library.and_then(Ear::theirs).map(|mut ear| ear.hear(&louder).digits);
                theirs += other.as_ref().map_or(0, String::len);
                if !heard.is_empty() || other.as_ref().is_some_and(|o| !o.is_empty()) {
                    let other = other.unwrap_or_default();
                    print(&format!("{}: here \"{heard}\", libspandsp \"{other}\"", file.display()))?;
                }
            }
        }
    }
    print(&format!(
        "{:.2} hours in {} files ({skipped} not readable), each as recorded and at {LEVEL} dBm0",
        seconds / 3600.0,
        files.len()
    ))?;
    print(&format!("false digits here:          {ours}"))?;
    match library {
        Some(_) => print(&format!("false digits of libspandsp: {theirs}"))?,
        None => print("libspandsp2 is not installed")?,
    };
    Ok(if ours > 0 { ExitCode::from(tipring_manage::ATTENTION) } else { ExitCode::SUCCESS })
}

/// The sound files below a folder.
pub fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("wav")) {
            files.push(path);
        }
    }
    Ok(())
}
