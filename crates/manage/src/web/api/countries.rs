//! Country packs: their values with their sources, and their tones to be heard.

use axum::Json;
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tipring_country::Country;
use tipring_dsp::ToneGenerator;
use tipring_port::{SAMPLE_SILENCE, Tone};
use tipring_units::TICK_SAMPLES;

use crate::web::problem::{Answer, Problem};

/// Ticks of a tone that are given: six seconds show the cadence of each.
const TICKS: usize = 600;
const RATE: u32 = 8000;

/// `GET /countries`.
pub async fn list() -> Json<Value> {
    let named = Country::codes().filter_map(|code| Country::named(code).ok());
    Json(named.map(|country| json!({ "code": country.code, "name": country.name })).collect())
}

/// `GET /countries/{code}`: the pack as it is written, with the source of each value.
pub async fn one(Path(code): Path<String>) -> Answer<Json<Value>> {
    let unknown = || Problem::unknown("country pack", &code).remedy("GET /api/v1/countries lists them.");
    let text = Country::text(&code).ok_or_else(unknown)?;
    Ok(Json(toml::from_str(text).map_err(anyhow::Error::from)?))
}

/// `GET /countries/{code}/tones/{tone}`: six seconds of `dial.wav` and so on, 16 bits at 8 kHz.
pub async fn tone(Path((code, name)): Path<(String, String)>) -> Answer<Response> {
    let country = Country::named(&code)
        .map_err(|why| Problem::unknown("country pack", &code).remedy(why.to_string()))?;
    let word = name.strip_suffix(".wav").unwrap_or(&name);
    let words = || Tone::ALL.map(Tone::word).join(", ");
    let tone = Tone::ALL.into_iter().find(|tone| tone.word() == word);
    let tone =
        tone.ok_or_else(|| Problem::unknown("tone", word).remedy(format!("There are {}.", words())))?;
    let mut generator = ToneGenerator::new();
    generator.start(country.tones.get(tone));
    let mut samples = Vec::with_capacity(TICKS * TICK_SAMPLES);
    for _ in 0..TICKS {
        let mut frame = SAMPLE_SILENCE;
        generator.process(&mut frame);
        samples.extend_from_slice(&frame);
    }
    Ok(([(header::CONTENT_TYPE, "audio/wav")], wav(&samples)).into_response())
}

/// A RIFF file of one channel.
fn wav(samples: &[i16]) -> Vec<u8> {
    let data = samples.len() as u32 * 2;
    let mut file = Vec::with_capacity(44 + samples.len() * 2);
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&(36 + data).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt ");
    file.extend_from_slice(&16_u32.to_le_bytes());
    for (word, rate) in [(1_u16, None), (1, Some(RATE)), (2, None)] {
        file.extend_from_slice(&word.to_le_bytes());
        if let Some(rate) = rate {
            file.extend_from_slice(&rate.to_le_bytes());
            file.extend_from_slice(&(rate * 2).to_le_bytes());
        }
    }
    file.extend_from_slice(&16_u16.to_le_bytes());
    file.extend_from_slice(b"data");
    file.extend_from_slice(&data.to_le_bytes());
    samples.iter().for_each(|sample| file.extend_from_slice(&sample.to_le_bytes()));
    file
}
