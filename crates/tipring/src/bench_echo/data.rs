//! Tests 10 and 14 of G.168: fax and data modems over a line with a canceller. Nothing that they send asks its tone
//! disabler for anything. The Recommendation compares with a line without canceller; here nothing may be wrong at all.
//!
//! The terminals are libspandsp's. One of them hangs on the line of the canceller (its echo return loss is 6 dB), the
//! other one is the far end and hears what the canceller leaves.

use std::path::PathBuf;

use tipring_dsp::echo_trial::Limit;
use tipring_dsp::echo_trial::signal::{EchoPath, noise, sample};
use tipring_oracle::{FAX_WIDTH, FaxRole, LibTiff, Modulation, Page, Spandsp, SpandspModem, write_pages};
use tipring_units::{Dbm0, Entropy, TICK_SAMPLES};

use super::TAIL;
use super::canceller::{Canceller, Who};
use super::table::Cell;

/// Ticks after which a fax has failed: three minutes.
const PATIENCE: usize = 18_000;
/// Ticks of a data call, and bits that are compared.
const CALL: usize = 2000;
const COMPARED: usize = 1000;
/// Ticks that the line's end is ahead of the far end.
const HEAD_START: usize = 100;

/// The line and what is on it.
struct Line {
    path: EchoPath,
    memory: Vec<f64>,
    entropy: Entropy,
    canceller: Canceller,
}

impl Line {
    fn new(who: Who, seed: u64) -> Option<Self> {
        Some(Self {
            path: EchoPath::models(0, super::LOSS).swap_remove(3),
            memory: Vec::new(),
            entropy: Entropy::for_simulation(seed + 900),
            canceller: who.make(TAIL, false)?,
        })
    }

    /// What the far end hears while it says `far` and the line's end says `near`.
    fn tick(&mut self, far: &[i16; TICK_SAMPLES], near: &[i16; TICK_SAMPLES]) -> [i16; TICK_SAMPLES] {
        let mut out = [0; TICK_SAMPLES];
        for ((out, far), near) in out.iter_mut().zip(far).zip(near) {
            let echo = self.path.step(&mut self.memory, f64::from(*far));
            *out = sample(echo + f64::from(*near) + noise(&mut self.entropy, Dbm0(-65.0)));
        }
        (self.canceller)(&mut out, far);
        out
    }
}

/// All rows.
pub fn cells(seed: u64, who: &[Who]) -> Vec<Cell> {
    let Some(library) = Spandsp::open() else { return Vec::new() };
    let mut all = Vec::new();
    for (modulation, name) in [
        (Modulation::V21, "V.21"),
        (Modulation::Bell103, "Bell 103"),
        (Modulation::V23, "V.23"),
        (Modulation::V22bis, "V.22bis"),
    ] {
        for (calls, end) in [(true, "calling"), (false, "called")] {
            let figures = who.iter().map(|who| errors(&library, *who, modulation, calls, seed)).collect();
            all.push(Cell {
                name: format!("test 14, {name}, {end} end"),
                what: format!("wrong bits of the last {COMPARED}"),
                limit: Limit::AtMost(0.0),
                source: "aim",
                figures,
            });
        }
    }
    if let Some(tiff) = LibTiff::open() {
        for (name, sends) in [("test 10A, calling end", true), ("test 10B, called end", false)] {
            all.push(Cell {
                name: name.to_owned(),
                what: "faxes of 4 that are clean".to_owned(),
                limit: Limit::AtLeast(4.0),
                source: "aim",
                figures: who.iter().map(|who| faxes(&library, &tiff, *who, sends, seed)).collect(),
            });
        }
    }
    all
}

/// Errors in the last bits that the far end received from the line's end, which calls or answers.
fn errors(library: &Spandsp, who: Who, modulation: Modulation, calls: bool, seed: u64) -> Option<f64> {
    let mut line = Line::new(who, seed)?;
    // The line's end is soft and the far end loud: the echo of the latter is the louder one. (What is softer than this the
    // library's receiver of 75 bit/s does not take for a carrier.)
    let mut near = library.modem(modulation, calls, seed as u32, -14.0)?;
    let mut far = library.modem(modulation, !calls, seed as u32 + 1, -6.0)?;
    let mut sounds = [[0; TICK_SAMPLES]; 2];
    for tick in 0..CALL {
        // The carrier of the line's end is there first, so that it is the one that is received.
        if tick >= HEAD_START {
            far.speak(&mut sounds[0]);
        }
        near.speak(&mut sounds[1]);
        near.hear(&sounds[0]);
        far.hear(&line.tick(&sounds[0], &sounds[1]));
    }
    Some(wrong(&near, &far) as f64)
}

/// Wrong bits of the last that came, at the best alignment with what was sent; all of them if too few came.
fn wrong(from: &SpandspModem, to: &SpandspModem) -> usize {
    let (sent, received) = (from.sent(), to.received());
    // What the slow channel of V.23 sends in a call is less.
    let count = COMPARED.min(received.len() * 3 / 4);
    if count < COMPARED / 4 || sent.len() < count {
        return COMPARED;
    }
    let last = &received[received.len() - count..];
    sent.windows(count)
        .map(|window| window.iter().zip(last).filter(|(a, b)| a != b).count())
        .min()
        .map_or(COMPARED, |wrong| wrong * COMPARED / count)
}

/// Faxes of a page, of four, that arrive pixel for pixel; the line's end calls and sends, or it is called and receives.
fn faxes(library: &Spandsp, tiff: &LibTiff, who: Who, sends: bool, seed: u64) -> Option<f64> {
    let folder = std::env::temp_dir().join(format!("tipring-echo-{}-{who:?}-{sends}", std::process::id()));
    std::fs::create_dir_all(&folder).ok()?;
    let clean = (0..4).map(|n| fax(library, tiff, who, sends, seed * 10 + n, &folder)).sum::<Option<u32>>();
    // Whatever is left lies in the folder for what is passing.
    let _ = std::fs::remove_dir_all(&folder);
    clean.map(f64::from)
}

fn fax(
    library: &Spandsp,
    tiff: &LibTiff,
    who: Who,
    sends: bool,
    seed: u64,
    folder: &std::path::Path,
) -> Option<u32> {
    let mut line = Line::new(who, seed)?;
    let path = |name: &str| -> PathBuf { folder.join(format!("{name}-{seed}.tif")) };
    let (sent, received) = (path("sent"), path("received"));
    let page = page(seed);
    write_pages(&sent, std::slice::from_ref(&page)).ok()?;
    let sender = library.fax(FaxRole::Sends(&sent), false)?;
    let receiver = library.fax(FaxRole::Receives(&received), false)?;
    let (mut near, mut far) = if sends { (sender, receiver) } else { (receiver, sender) };
    let mut sounds = [[0; TICK_SAMPLES]; 2];
    for _ in 0..PATIENCE {
        far.speak(&mut sounds[0]);
        near.speak(&mut sounds[1]);
        near.hear(&sounds[0]);
        far.hear(&line.tick(&sounds[0], &sounds[1]));
        if !near.is_active() && !far.is_active() {
            break;
        }
    }
    // The receiver's file is whole when it is closed.
    drop((near, far));
    Some(u32::from(tiff.read(&received) == [page]))
}

/// A page of strokes.
fn page(seed: u64) -> Page {
    let mut entropy = Entropy::for_simulation(seed);
    let rows = (0..400)
        .map(|row| {
            let mut pixels = vec![0; FAX_WIDTH as usize / 8];
            if row % 20 > 6 {
                for _ in 0..40 {
                    let place = entropy.below(FAX_WIDTH / 8) as usize;
                    pixels[place] = (entropy.u32() >> 8) as u8;
                }
            }
            pixels
        })
        .collect();
    Page { rows }
}
