//! `tipring listen`: what is in a recording, with times.
//!
//! The gateway's own detectors hear the file as they would hear a line; what needs the whole recording (hum, clipping, echo, what a
//! cadence was) is looked at afterwards.

mod carrier;
mod channel;
mod echo;
mod fourier;
mod line;
pub mod naming;
mod resample;
pub mod sound;
mod speech;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use tipring_country::Country;

use crate::client::print;
pub use sound::Sound;

/// One thing heard.
#[derive(Clone, PartialEq, Debug)]
pub struct Heard {
    /// When it began, in milliseconds of the recording.
    pub at: f64,
    /// What sort of thing: `dtmf`, `tone`, `caller-id`, `fax`, `modem`, `speech`, `level`, `clipping`, `hum`, `echo`.
    pub kind: &'static str,
    /// The digit, the tone's name, the number.
    pub value: Value,
    /// The channel, from 1; 0 where it concerns more than one.
    pub channel: usize,
    /// How long it was, where that is a question.
    pub length: Option<f64>,
    /// Whatever else is known.
    pub more: Vec<(&'static str, Value)>,
}

impl Heard {
    fn new(at: f64, kind: &'static str, value: impl Into<Value>, channel: usize) -> Self {
        Self { at, kind, value: value.into(), channel, length: None, more: Vec::new() }
    }

    fn lasting(mut self, length: f64) -> Self {
        self.length = Some(length);
        self
    }

    fn with(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.more.push((key, value.into()));
        self
    }

    fn json(&self) -> String {
        let mut map = Map::new();
        map.insert("at_ms".into(), rounded(self.at));
        map.insert("kind".into(), self.kind.into());
        map.insert("value".into(), self.value.clone());
        if let Some(length) = self.length {
            map.insert("duration_ms".into(), rounded(length));
        }
        if self.channel > 0 {
            map.insert("channel".into(), self.channel.into());
        }
        for (key, value) in &self.more {
            map.insert((*key).into(), value.clone());
        }
        Value::Object(map).to_string()
    }

    fn words(&self, channels: usize) -> String {
        let mut line = format!("{:>10.3}  ", self.at / 1000.0);
        if channels > 1 {
            line += &if self.channel > 0 { format!("{}  ", self.channel) } else { "-  ".to_owned() };
        }
        let value = plain(&self.value);
        line += &format!("{:<10} {value}", self.kind);
        if let Some(length) = self.length {
            line += &format!(", {length:.0} ms");
        }
        for (key, value) in &self.more {
            line += &format!(", {} {}", key.replace('_', " "), plain(value));
        }
        line
    }
}

fn rounded(millis: f64) -> Value {
    json!(millis.round() as i64)
}

/// Without the quotes of JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(map) => {
            map.iter().map(|(key, value)| format!("{key}={}", plain(value))).collect::<Vec<_>>().join(" ")
        }
        Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join(" "),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// Listens to a file and tells what it heard.
pub fn run(file: &Path, json: bool, country: Option<&str>) -> Result<ExitCode> {
    let countries = match country {
        Some(code) => vec![(code.to_owned(), Country::named(code)?.tones)],
        None => naming::every_country(),
    };
    let sound = Sound::read(file)?;
    let heard = listen(&sound, &countries).with_context(|| format!("{}", file.display()))?;
    if !json {
        let seconds = sound.seconds();
        let (channels, rate) = (sound.channels.len(), sound.rate);
        let plural = if channels == 1 { "channel" } else { "channels" };
        print(&format!(
            "{}: {seconds:.3} s, {channels} {plural}, {rate} Hz, {}",
            file.display(),
            sound.coding
        ))?;
    }
    for one in &heard {
        let line = if json { one.json() } else { one.words(sound.channels.len()) };
        if !print(&line)? {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Everything in a recording, in the order of its times.
pub fn listen(sound: &Sound, countries: &naming::Countries) -> Result<Vec<Heard>> {
    let channels: Vec<Vec<i16>> = sound.at_8_khz();
    let mut heard = Vec::new();
    for (n, samples) in channels.iter().enumerate() {
        heard.extend(channel::listen(samples, n + 1, countries));
        heard.extend(line::levels(samples, n + 1));
        heard.extend(line::clipping(&sound.channels[n], sound.rate, n + 1));
        heard.extend(line::hum(samples, n + 1));
    }
    if let [first, second, ..] = channels.as_slice() {
        heard.extend(echo::measure(first, second));
    }
    heard.sort_by(|a, b| a.at.total_cmp(&b.at).then(a.channel.cmp(&b.channel)));
    Ok(heard)
}
