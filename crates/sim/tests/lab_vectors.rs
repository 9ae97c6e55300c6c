//! The caller-ID receiver on recordings from outside. They are looked for at `TIPRING_VECTORS`, else beside the
//! workspace; the answers are in their manifest.

use std::path::PathBuf;

use tipring_port::{Absence, CallerId, Samples};
use tipring_sim::ear::{Ear, HeardEvent, Land, What};

fn vectors() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors");
    let place = std::env::var_os("TIPRING_VECTORS").map_or(beside, PathBuf::from);
    place.join("manifest.jsonl").is_file().then_some(place)
}

/// The samples of a WAV file of one channel, 16 bits, 8 kHz.
fn samples(path: &PathBuf) -> Vec<i16> {
    let bytes = std::fs::read(path).unwrap();
    let mut at = 12;
    while &bytes[at..at + 4] != b"data" {
        at += 8 + u32::from_le_bytes(bytes[at + 4..at + 8].try_into().unwrap()) as usize;
    }
    bytes[at + 8..].chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

/// The string after `"key": ` in a line of the manifest.
fn text<'a>(line: &'a str, key: &str) -> &'a str {
    let start = line.find(&format!("\"{key}\": \"")).unwrap() + key.len() + 5;
    &line[start..start + line[start..].find('"').unwrap()]
}

/// The fields of a line of the manifest: number of the parameter, contents.
fn fields(line: &str) -> Vec<(u8, String)> {
    let start = line.find("\"fields\": [").unwrap() + 11;
    let list = &line[start..start + line[start..].find(']').unwrap()];
    let field = |quoted: &str| {
        let (number, value) = quoted.trim().trim_matches('"').split_once('=').unwrap();
        (u8::from_str_radix(number.trim_start_matches("0x"), 16).unwrap(), value.to_string())
    };
    list.split("\", ").map(field).collect()
}

fn check(fields: &[(u8, String)], kind: &str, caller: &CallerId) -> bool {
    let date = caller.date.map(|d| format!("{:02}{:02}{:02}{:02}", d.month, d.day, d.hour, d.minute));
    let why = |text: &str| if text == "P" { Absence::Private } else { Absence::Unavailable };
    fields.iter().enumerate().all(|(place, (number, value))| match (kind, number) {
        ("sdmf", _) if place == 0 => date.as_deref() == Some(value),
        ("sdmf", _) => caller.number.as_ref().is_ok_and(|text| text.as_str() == value),
        (_, 1) => date.as_deref() == Some(value),
        (_, 2) => caller.number.as_ref().is_ok_and(|text| text.as_str() == value),
        (_, 4) => caller.number == Err(why(value)),
        (_, 7) => caller.name.is_some_and(|name| name.is_ok_and(|text| text.as_str() == value)),
        (_, 8) => caller.name == Some(Err(why(value))),
        _ => false,
    })
}

#[test]
fn recorded_american_callers_are_read_right() {
    let Some(place) = vectors() else {
        println!("skipped: no vectors");
        return;
    };
    let manifest = std::fs::read_to_string(place.join("manifest.jsonl")).unwrap();
    let mut read = 0;
    for line in manifest.lines().filter(|line| line.contains("\"std\": \"CLASS\"")) {
        let file = text(line, "file");
        let mut ear = Ear::<Samples>::new(Land::Us);
        let mut heard = Vec::new();
        let mut recording = samples(&place.join(file));
        recording.extend([0; 800]);
        for chunk in recording.chunks(80) {
            ear.overhear(&core::array::from_fn(|n| chunk.get(n).copied().unwrap_or(0)));
            while let Some(HeardEvent::Began(event)) = ear.event() {
                heard.push(event.what);
            }
        }
        let fields = fields(line);
        let right = match &heard[..] {
            [What::Caller(caller)] => check(&fields, text(line, "kind"), caller),
            [What::Waiting(lamp)] => {
                fields == [(0x0b, if *lamp { "\\\\xFF" } else { "\\\\x00" }.to_string())]
            }
            _ => false,
        };
        assert!(right, "{file}: {fields:?} was read as {heard:?}");
        read += 1;
    }
    assert!(read >= 10, "only {read} recordings");
    println!("{read} recordings read right");
}
