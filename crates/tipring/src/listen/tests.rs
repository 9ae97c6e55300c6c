//! What `listen` must hear: the recordings with known answers, and signals made here.

use std::path::PathBuf;

use super::*;

fn vectors() -> Option<PathBuf> {
    let dir = std::env::var_os("TIPRING_VECTORS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors")),
        PathBuf::from,
    );
    let found = dir.join("manifest.jsonl").exists();
    if !found {
        eprintln!("skipped: no vectors");
    }
    found.then_some(dir)
}

fn entries(kind: &str) -> Vec<(PathBuf, Value)> {
    let Some(dir) = vectors() else { return Vec::new() };
    let text = std::fs::read_to_string(dir.join("manifest.jsonl")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|entry| entry["type"] == kind)
        .map(|entry| (dir.join(entry["file"].as_str().unwrap()), entry))
        .collect()
}

fn heard_in(path: &Path) -> Vec<Heard> {
    listen(&Sound::read(path).unwrap(), &naming::every_country()).unwrap()
}

/// What was heard but for levels and the like.
fn signals(heard: &[Heard]) -> Vec<&Heard> {
    heard.iter().filter(|h| !matches!(h.kind, "level" | "hum" | "clipping" | "echo" | "speech")).collect()
}

fn sound(rate: u32, channels: Vec<Vec<f32>>) -> Sound {
    Sound { channels, rate, coding: String::new() }
}

/// Frequencies, level in dBm0, milliseconds.
type Piece<'a> = (&'a [f64], f64, f64);

/// Tones in a row.
fn tones(rate: u32, list: &[Piece<'_>]) -> Vec<f32> {
    let mut out = Vec::new();
    for &(hertz, level, millis) in list {
        let peak = 16_141.0 * core::f64::consts::SQRT_2 * 10_f64.powf(level / 20.0);
        let count = (millis * f64::from(rate) / 1000.0) as usize;
        out.extend((0..count).map(|n| {
            let turn = core::f64::consts::TAU * n as f64 / f64::from(rate);
            hertz.iter().map(|h| peak * (turn * h).sin()).sum::<f64>() as f32
        }));
    }
    out
}

fn said(heard: &[Heard]) -> Vec<(String, String)> {
    signals(heard).iter().map(|h| (h.kind.to_owned(), plain(&h.value))).collect()
}

#[test]
fn every_dtmf_recording_is_heard_as_it_should_be() {
    let list = entries("dtmf");
    for (path, entry) in &list {
        let heard = heard_in(path);
        let digits: String = heard.iter().filter(|h| h.kind == "dtmf").map(|h| plain(&h.value)).collect();
        match entry["expect"].as_str().unwrap() {
            "none" => assert_eq!(digits, "", "{}", path.display()),
            "all" => assert_eq!(digits, entry["digits"].as_str().unwrap(), "{}", path.display()),
            _ => {} // told by the detector's own tests
        }
    }
    eprintln!("{} recordings", list.len());
}

#[test]
fn every_caller_id_recording_is_heard_once_with_its_fields() {
    for (path, entry) in entries("cid") {
        let heard = heard_in(&path);
        let messages: Vec<&Heard> = heard.iter().filter(|h| h.kind == "caller-id").collect();
        assert_eq!(messages.len(), 1, "{}: {messages:?}", path.display());
        let text = messages[0].json();
        let standard = match entry["std"].as_str().unwrap() {
            "CLASS" => "bell-202",
            "CLIP" | "ACLIP" => "v.23",
            "JCLIP" => "jclip",
            _ => "dtmf",
        };
        assert!(text.contains(&format!("\"standard\":\"{standard}\"")), "{}: {text}", path.display());
        if let Some(hex) = entry["hex"].as_str() {
            assert!(text.contains(&format!("\"hex\":\"{hex}\"")), "{}: {text}", path.display());
        }
        let number = entry["fields"].as_array().unwrap().iter().find_map(|field| {
            let (kind, value) = field.as_str()?.split_once('=')?;
            matches!(kind, "0x02" | "0x41" | "0x44").then(|| value.to_owned())
        });
        if let Some(number) = number {
            assert_eq!(plain(&messages[0].value), number, "{}", path.display());
        }
    }
}

#[test]
fn every_tone_and_modem_recording_has_its_name() {
    for (path, entry) in entries("answer_tone").into_iter().chain(entries("modem")) {
        let want = match entry["tone"].as_str().or(entry["rate"].as_str()).unwrap() {
            "ans_pr" => "ans-pr",
            "ansam_pr" => "ansam-pr",
            "preamble" => "v21-preamble",
            "bellans" => "bell-answer",
            "300" => "v21-data",
            "14400" | "12000" | "9600v17" | "7200v17" => "v17",
            "9600" | "7200" | "4800" => "v29",
            "4800v27" | "2400v27" => "v27ter",
            other => other,
        }
        .to_owned();
        let said = said(&heard_in(&path));
        assert!(!said.is_empty() && said.iter().all(|s| s.1 == want), "{}: {said:?}", path.display());
    }
}

#[test]
fn exchange_tones_are_named_at_every_rate() {
    let pause = |ms: f64| -> Piece<'_> { (&[], -99.0, ms) };
    let busy: &[f64] = &[480.0, 620.0];
    let ring: &[f64] = &[440.0, 480.0];
    let uk: &[f64] = &[400.0, 450.0];
    let cases: Vec<(&str, Vec<Piece<'_>>)> = vec![
        ("dial-tone", vec![(&[350.0, 440.0], -16.0, 3000.0)]),
        ("dial-tone", vec![(&[425.0], -16.0, 4000.0)]),
        ("busy", [(busy, -16.0, 500.0), pause(500.0)].repeat(5)),
        ("reorder", [(busy, -16.0, 250.0), pause(250.0)].repeat(8)),
        ("ringback", [(ring, -16.0, 2000.0), pause(4000.0)].repeat(2)),
        ("ringback", [(uk, -16.0, 400.0), pause(200.0), (uk, -16.0, 400.0), pause(2000.0)].repeat(3)),
        ("busy", [(&[425.0][..], -16.0, 480.0), pause(480.0)].repeat(5)),
        (
            "special-information",
            vec![
                (&[950.0], -16.0, 330.0),
                (&[1400.0], -16.0, 330.0),
                (&[1800.0], -16.0, 330.0),
                pause(1000.0),
            ],
        ),
        ("cas", vec![(&[2130.0, 2750.0], -20.0, 80.0), pause(500.0)]),
        ("1004 Hz", vec![(&[1004.0], -10.0, 1000.0)]),
    ];
    for rate in [8000, 16_000, 44_100, 48_000] {
        for (want, list) in &cases {
            let mut samples = tones(rate, &[pause(300.0)]);
            samples.extend(tones(rate, list));
            samples.extend(tones(rate, &[pause(300.0)]));
            let said = said(&listen(&sound(rate, vec![samples]), &naming::every_country()).unwrap());
            assert_eq!(said, [("tone".to_owned(), (*want).to_owned())], "{rate}");
        }
    }
}

#[test]
fn echo_hum_and_clipping_are_measured() {
    let mut entropy = tipring_units::Entropy::for_simulation(4);
    let sent: Vec<f32> = (0..80_000).map(|_| (entropy.unit() - 0.5) * 8000.0).collect();
    let back: Vec<f32> =
        (0..80_000_usize).map(|n| n.checked_sub(160).map_or(0.0, |at| sent[at] * 0.25)).collect();
    let heard = listen(&sound(8000, vec![sent, back]), &Vec::new()).unwrap();
    let echo = heard.iter().find(|h| h.kind == "echo").expect("an echo");
    assert!((echo.value.as_f64().unwrap() - 12.0).abs() < 0.5, "{echo:?}");
    assert!(echo.json().contains("\"delay_ms\":20.0"), "{}", echo.json());

    for mains in [50.0, 60.0] {
        let hum: Vec<f32> = tones(8000, &[(&[mains, 3.0 * mains], -45.0, 8000.0)]);
        let heard = listen(&sound(8000, vec![hum]), &Vec::new()).unwrap();
        let found = heard.iter().find(|h| h.kind == "hum").expect("hum");
        assert_eq!(plain(&found.value), format!("{mains:.0} Hz"));
    }

    let loud: Vec<f32> =
        tones(8000, &[(&[500.0], 9.0, 1000.0)]).iter().map(|s| s.clamp(-32_768.0, 32_767.0)).collect();
    let heard = listen(&sound(8000, vec![loud]), &Vec::new()).unwrap();
    assert!(heard.iter().any(|h| h.kind == "clipping"));
}

#[test]
fn a_wrong_checksum_is_told_and_no_number() {
    use tipring_dsp::{CallerIdFormat, CallerIdFrame, FskBurst, FskModulator, FskStandard};
    use tipring_port::{CallerId, DateTime, Text};
    let caller = CallerId {
        date: Some(DateTime { month: 1, day: 2, hour: 3, minute: 4 }),
        number: Ok(Text::new("5551234")),
        name: None,
    };
    let mut bytes = CallerIdFrame::call(&caller, CallerIdFormat::Multiple).unwrap().bytes().to_vec();
    bytes[14] ^= 1;
    let mut modulator = FskModulator::new(FskStandard::Bell202, tipring_units::Dbm0(-13.5));
    modulator.start(&FskBurst::on_hook(&bytes).unwrap());
    let mut samples = vec![0.0; 4000];
    while modulator.is_sending() {
        let mut frame = [0; 80];
        modulator.process(&mut frame);
        samples.extend(frame.map(f32::from));
    }
    samples.extend([0.0; 4000]);
    let heard = listen(&sound(8000, vec![samples]), &Vec::new()).unwrap();
    let messages: Vec<&Heard> = heard.iter().filter(|h| h.kind == "caller-id").collect();
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert_eq!(plain(&messages[0].value), "bad-checksum");
    assert!(!messages[0].json().contains("number"));
}

#[test]
fn files_of_many_forms_are_read_and_others_refused_with_words() {
    let wave = |tag: u16, channels: u16, rate: u32, bits: u16, data: &[u8]| {
        let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0".to_vec();
        bytes.extend(tag.to_le_bytes());
        bytes.extend(channels.to_le_bytes());
        bytes.extend(rate.to_le_bytes());
        bytes.extend((rate * u32::from(channels * bits / 8)).to_le_bytes());
        bytes.extend((channels * bits / 8).to_le_bytes());
        bytes.extend(bits.to_le_bytes());
        bytes.extend(b"data");
        bytes.extend((data.len() as u32).to_le_bytes());
        bytes.extend(data);
        bytes
    };
    let first =
        |bytes: Vec<u8>| sound::parse(&bytes).unwrap().channels.iter().map(|c| c[0]).collect::<Vec<_>>();
    assert_eq!(first(wave(1, 1, 8000, 16, &[0x10, 0x27])), [10_000.0]);
    assert_eq!(first(wave(1, 2, 8000, 16, &[1, 0, 2, 0])), [1.0, 2.0]);
    assert_eq!(first(wave(1, 1, 8000, 8, &[0xC0])), [16_384.0]);
    assert_eq!(first(wave(1, 1, 48_000, 24, &[0, 0x10, 0x27])), [10_000.0]);
    assert_eq!(first(wave(3, 1, 44_100, 32, &1.0_f32.to_le_bytes())), [32_767.0]);
    assert_eq!(first(wave(7, 1, 8000, 8, &[0x80])), [32_124.0]);
    assert_eq!(first(wave(6, 1, 8000, 8, &[0xAA])), [32_256.0]);
    let told = |bytes: &[u8]| format!("{:#}", sound::parse(bytes).err().unwrap());
    assert!(told(b"ID3 is something else").contains("not a WAV file"));
    assert!(told(&wave(0x31, 1, 8000, 0, &[0])).contains("GSM 06.10"));
    assert!(told(&wave(1, 1, 4000, 16, &[0, 0])).contains("4000 samples a second"));
    assert!(told(&wave(1, 0, 8000, 16, &[0, 0])).contains("no channels"));
    for length in 0..60 {
        // Whatever is cut off, it is an error or shorter, never a panic.
        let _ = sound::parse(&wave(1, 1, 8000, 16, &[0; 20])[..length]);
    }
}

#[path = "../../../../fuzz/src/entry/listen.rs"]
mod fuzz;
#[path = "../../../../fuzz/src/replay.rs"]
mod replay;

#[test]
fn the_corpus_of_the_fuzz_target_is_read_and_heard() {
    replay::replay("listen", 7, fuzz::run);
}
