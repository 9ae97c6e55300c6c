//! When each sound of a phrase begins and how long it lasts.
//!
//! # What it does
//! Lays a phrase out as segments of steady intent: what formants are aimed at, which sources sound, how long.
//!
//! # How
//! A stop is a closure, a burst and, where it is voiceless and not behind a fricative, a breath. An unstressed vowel is shorter, the last
//! syllable before a pause longer. The formants of velar stops and of `h` are taken from the vowel that follows.
//!
//! # Limits
//! Lengths are whole steps of 5 ms.
//!
//! # Standard
//! None; see `data/voices`.

use crate::load::{Kind, Phoneme, Sound, Voice};
use tipring_port::Phrase;

/// Milliseconds of one step.
pub const STEP_MS: f32 = 5.0;
/// A pause within a phrase.
const PAUSE_MS: f32 = 140.0;
/// Silence at both ends of a phrase, in which it may swell and die away.
const EDGE_MS: f32 = 15.0;
/// Of its length under stress, an unstressed vowel has this much; the last one before a pause has this much more.
const UNSTRESSED: f32 = 0.62;
const FINAL: f32 = 1.35;
const BURST_MS: f32 = 10.0;
const BREATH_MS: f32 = 35.0;

/// Which sources sound in a segment, as amplitudes against the voice of a vowel.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Sources {
    /// Voice.
    pub voice: f32,
    /// Breath through the formants.
    pub breath: f32,
    /// Noise of its own centre and bandwidth.
    pub noise: f32,
    /// Through the nose.
    pub nose: f32,
}

/// A stretch of a phrase with one aim.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Segment {
    /// Steps.
    pub steps: usize,
    /// Formants that it begins and ends with, if its neighbours let it.
    pub from: [f32; 3],
    pub to: [f32; 3],
    pub widths: [f32; 3],
    /// Centre and width of its noise.
    pub noise_band: [f32; 2],
    pub sources: Sources,
    /// Who of two neighbours says where the formants meet: the higher.
    pub rank: u8,
    /// Steps that a transition takes in it, and in a neighbour of lower rank.
    pub inner: usize,
    pub outer: usize,
    /// Amplitudes change this many steps around its beginning.
    pub stressed: bool,
}

/// The segments of a phrase in order.
pub fn segments(voice: &Voice, phrase: Phrase) -> Vec<Segment> {
    let sounds = voice.sounds(phrase);
    let mut out = vec![silence(EDGE_MS)];
    for (index, sound) in sounds.iter().enumerate() {
        match sound {
            Sound::Pause => out.push(silence(PAUSE_MS * voice.pace)),
            Sound::Phoneme(phoneme, stressed) => {
                let place = Place {
                    stressed: *stressed,
                    next: follower(sounds, index),
                    after_noise: index.checked_sub(1).is_some_and(|before| {
                        matches!(sounds.get(before), Some(Sound::Phoneme(p, _)) if p.kind == Kind::Fricative)
                    }),
                    is_final: is_final(sounds, index),
                    ends: !matches!(sounds.get(index + 1), Some(Sound::Phoneme(..))),
                };
                lay(phoneme, &place, voice.pace, &mut out);
            }
        }
    }
    out.push(silence(EDGE_MS));
    out
}

/// Steps of a phrase in all.
pub fn steps(voice: &Voice, phrase: Phrase) -> usize {
    segments(voice, phrase).iter().map(|segment| segment.steps).sum()
}

struct Place {
    stressed: bool,
    /// The vowel or glide that comes next, if nothing but stops and breath lies between.
    next: Option<Phoneme>,
    after_noise: bool,
    is_final: bool,
    ends: bool,
}

fn follower(sounds: &[Sound], index: usize) -> Option<Phoneme> {
    sounds.get(index + 1..)?.iter().find_map(|sound| match sound {
        Sound::Phoneme(phoneme, _) if matches!(phoneme.kind, Kind::Vowel | Kind::Glide) => Some(*phoneme),
        Sound::Phoneme(..) | Sound::Pause => None,
    })
}

/// True for the last vowel before a pause, and for what follows it.
fn is_final(sounds: &[Sound], index: usize) -> bool {
    let behind = sounds.get(index + 1..).unwrap_or(&[]);
    !behind
        .iter()
        .take_while(|sound| matches!(sound, Sound::Phoneme(..)))
        .any(|sound| matches!(sound, Sound::Phoneme(phoneme, _) if phoneme.kind == Kind::Vowel))
}

fn lay(phoneme: &Phoneme, place: &Place, pace: f32, out: &mut Vec<Segment>) {
    let stretch = if place.is_final { FINAL } else { 1.0 } * pace;
    let mut aim = *phoneme;
    if matches!(phoneme.kind, Kind::Stop | Kind::Bar) && phoneme.f[1] == 1800.0 {
        velar(&mut aim, place.next.as_ref());
    }
    let noise = phoneme.noise.map_or(0.0, |[_, _, level]| libm::powf(10.0, level / 20.0));
    let mut band = phoneme.noise.map_or([2000.0, 2000.0], |[centre, width, _]| [centre, width]);
    if aim.f[1] != phoneme.f[1] {
        band[0] = aim.f[1] * 1.05;
    }
    let plain = Segment {
        steps: 0,
        from: aim.f,
        to: aim.to.unwrap_or(aim.f),
        widths: aim.b,
        noise_band: band,
        sources: Sources::default(),
        rank: 0,
        inner: 6,
        outer: 6,
        stressed: place.stressed,
    };
    let sources = |voice, breath, noise, nose| Sources { voice, breath, noise, nose };
    match phoneme.kind {
        Kind::Vowel => {
            let length = phoneme.ms * if place.stressed { stretch } else { UNSTRESSED * stretch };
            let loud = if place.stressed { 1.0 } else { 0.72 };
            out.push(Segment {
                steps: whole(length),
                sources: sources(loud, 0.02, 0.0, 0.0),
                rank: 1,
                inner: 10,
                outer: 10,
                ..plain
            });
        }
        Kind::Glide => out.push(Segment {
            steps: whole(phoneme.ms * stretch),
            sources: sources(0.7, 0.01, 0.0, 0.0),
            rank: 3,
            inner: 6,
            outer: 12,
            ..plain
        }),
        Kind::Nasal => out.push(Segment {
            steps: whole(phoneme.ms * stretch),
            sources: sources(0.6, 0.0, 0.0, 1.0),
            rank: 5,
            inner: 1,
            outer: 9,
            ..plain
        }),
        Kind::Fricative => out.push(Segment {
            steps: whole(phoneme.ms * stretch),
            sources: sources(0.0, 0.0, noise, 0.0),
            rank: 4,
            inner: 4,
            outer: 8,
            ..plain
        }),
        Kind::Voiced => out.push(Segment {
            steps: whole(phoneme.ms * stretch),
            sources: sources(0.35, 0.01, noise, 0.0),
            rank: 4,
            inner: 3,
            outer: 8,
            ..plain
        }),
        Kind::Breath => {
            let vowel = place.next.map_or(phoneme.f, |next| next.f);
            let widths = place.next.map_or(phoneme.b, |next| [200.0, next.b[1] * 1.5, next.b[2] * 1.5]);
            out.push(Segment {
                steps: whole(phoneme.ms * pace),
                from: vowel,
                to: vowel,
                widths,
                sources: sources(0.0, 0.22, 0.0, 0.0),
                ..plain
            });
        }
        Kind::Stop | Kind::Bar => {
            let is_bar = phoneme.kind == Kind::Bar;
            let held = Segment { rank: 6, inner: 0, outer: 10, ..plain };
            let bar = if is_bar { 0.16 } else { 0.0 };
            out.push(Segment {
                steps: whole(phoneme.ms * pace),
                sources: sources(bar, 0.0, 0.0, 0.0),
                ..held
            });
            out.push(Segment { steps: whole(BURST_MS), sources: sources(bar, 0.0, noise, 0.0), ..held });
            if !is_bar && !place.after_noise {
                let soft = if place.ends { 0.08 } else { 0.16 };
                let (to, widths) = place.next.map_or((aim.f, aim.b), |next| {
                    let half = |n: usize| (aim.f[n] + next.f[n]) / 2.0;
                    ([half(0), half(1), half(2)], [150.0, next.b[1] * 1.4, next.b[2] * 1.4])
                });
                out.push(Segment {
                    steps: whole(BREATH_MS),
                    to,
                    widths,
                    sources: sources(0.0, soft, noise * 0.25, 0.0),
                    rank: 2,
                    inner: 2,
                    outer: 5,
                    ..plain
                });
            }
        }
    }
}

/// A velar stop is made where the vowel behind it lets the tongue be.
fn velar(aim: &mut Phoneme, next: Option<&Phoneme>) {
    let vowel = next.map_or(1600.0, |next| next.f[1]);
    aim.f[1] = (vowel * 1.1 + 60.0).clamp(950.0, 2200.0);
    aim.f[2] = (aim.f[1] + 350.0).clamp(1900.0, 2700.0);
}

fn silence(ms: f32) -> Segment {
    Segment {
        steps: whole(ms),
        from: [500.0, 1500.0, 2500.0],
        to: [500.0, 1500.0, 2500.0],
        widths: [100.0, 120.0, 200.0],
        noise_band: [2000.0, 2000.0],
        sources: Sources::default(),
        rank: 0,
        inner: 0,
        outer: 0,
        stressed: false,
    }
}

fn whole(ms: f32) -> usize {
    (libm::roundf(ms / STEP_MS) as usize).max(1)
}
