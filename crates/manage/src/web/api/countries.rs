//! Country packs: their values with their sources, and their tones to be heard.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use tipring_country::Country;
use tipring_dsp::ToneGenerator;
use tipring_port::{SAMPLE_SILENCE, Tone};
use tipring_units::TICK_SAMPLES;
use utoipa::ToSchema;

use super::Path;
use super::document::{Conflict, Unknown};
use crate::web::problem::{Answer, Problem};

/// Ticks of a tone that are given: six seconds show the cadence of each.
const TICKS: usize = 600;
const RATE: u32 = 8000;

/// A country pack, by its name.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountryName {
    /// Its code: two letters of ISO 3166, or a name.
    #[schema(example = "us")]
    pub code: String,
    /// The country.
    pub name: String,
}

/// The country packs.
#[utoipa::path(get, path = "/countries", responses((status = 200, description = "By code.", body = Vec<CountryName>)))]
pub async fn list() -> Json<Vec<CountryName>> {
    let named = Country::codes().filter_map(|code| Country::named(code).ok());
    Json(named.map(|country| CountryName { code: country.code, name: country.name }).collect())
}

/// A country pack as it is written.
///
/// With the source of each value.
#[utoipa::path(
    get,
    path = "/countries/{code}",
    params(("code" = String, Path, description = "Its code.", example = "us")),
    responses((status = 200, description = "Its tables.", body = BTreeMap<String, Value>), Unknown, Conflict),
)]
pub async fn one(Path(code): Path<String>) -> Answer<Json<BTreeMap<String, Value>>> {
    let unknown = || Problem::unknown("country pack", &code).remedy("GET /api/v1/countries lists them.");
    let text = Country::text(&code).ok_or_else(unknown)?;
    Ok(Json(toml::from_str(text).map_err(anyhow::Error::from)?))
}

/// Six seconds of a tone.
///
/// 16 bits at 8 kHz.
#[utoipa::path(
    get,
    path = "/countries/{code}/tones/{tone}",
    params(
        ("code" = String, Path, description = "The country's code.", example = "us"),
        ("tone" = String, Path, description = "The tone's name and `.wav`, which may be left out.", example = "dial-tone.wav"),
    ),
    responses((status = 200, description = "A WAV file.", body = Vec<u8>, content_type = "audio/wav"), Unknown),
)]
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
