//! Trials of caller-ID receivers.
//!
//! # What it does
//! Makes the sound of a call's announcement as a line sends it ([`announcement`]), takes it through a line that is soft, noisy,
//! off in frequency or tilted ([`Line::carry`]), and tells what a receiver should have made of it ([`expected`]). Any receiver
//! can be put to them.
//!
//! # How
//! The level is that of the message's own sounding part; noise is white over the whole band and goes on before and after. A
//! frequency error is a change of speed, by interpolation with a windowed sinc, so that the bit clock is off as well.
//!
//! # Limits
//! A tilt is that of one pole: what is lost between 1200 and 2200 Hz.
//!
//! # Standard
//! None; the conditions are those of EN 300 659-1 annex A and GR-30 clause 2.1, and beyond.

use crate::level::{level_of, to_sample};
use crate::{
    ALERT_LEVEL, ALERT_TONES, CallerIdBurst, CallerIdMessage, Digit, DtmfGenerator, DtmfSending,
    FskModulator, ToneGenerator, caller_id_of_digits, japan_message,
};
use tipring_port::{
    Absence, CallerId, CallerIdAlert, CallerIdSignal, CallerIdTiming, Component, DateTime, Text, ToneProgram,
    ToneStep,
};
use tipring_units::{Db, Dbm0, Entropy, Millis};

/// Level at which messages are made.
const LEVEL: Dbm0 = Dbm0(-13.5);
/// What is heard of the line before and after a message.
const BEFORE: usize = 2400;
const AFTER: usize = 6400;
/// Half the taps of the interpolation.
const REACH: isize = 24;

/// A line between sender and receiver.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Line {
    /// Level of the message at the receiver.
    pub level: Dbm0,
    /// Noise below that, if there is any.
    pub snr: Option<Db>,
    /// Speed: 1.01 makes all frequencies 1 % higher.
    pub speed: f64,
    /// Loss at 2200 Hz beyond that at 1200 Hz.
    pub tilt: Db,
}

impl Line {
    /// A line without fault.
    pub const PLAIN: Self = Self { level: LEVEL, snr: None, speed: 1.0, tilt: Db(0.0) };

    /// What arrives of `clean`.
    pub fn carry(&self, clean: &[i16], entropy: &mut Entropy) -> Vec<i16> {
        let shift = f64::from(entropy.unit());
        let mut samples: Vec<f64> = vec![0.0; BEFORE + entropy.below(80) as usize];
        let moved = if self.speed == 1.0 {
            clean.iter().map(|s| f64::from(*s)).collect()
        } else {
            at_speed(clean, self.speed, shift)
        };
        samples.extend(tilted(&moved, self.tilt));
        samples.extend(vec![0.0; AFTER]);
        let sounding: Vec<i16> = samples.iter().map(|s| *s as i16).filter(|s| *s != 0).collect();
        let gain = amplitude(self.level.0 - level_of(&sounding).0);
        let noise = self.snr.map(|snr| 16_141.0 * amplitude(self.level.0 - snr.0));
        samples
            .iter()
            .map(|s| {
                let hiss = noise.map_or(0.0, |rms| rms * gauss(entropy));
                to_sample((s * gain + hiss) as f32)
            })
            .collect()
    }
}

/// The messages that are tried: names, odd numbers, reasons of absence.
pub fn callers() -> Vec<CallerId> {
    let date =
        |n: u8| Some(DateTime { month: 1 + n % 12, day: 1 + n * 3 % 28, hour: n % 24, minute: n * 7 % 60 });
    let named = |n: u8, number: &str, name: &str| CallerId {
        date: date(n),
        number: Ok(Text::new(number)),
        name: Some(Ok(Text::new(name))),
    };
    vec![
        named(1, "2125550123", "ACME WIDGETS LT"),
        CallerId { name: None, ..named(2, "03012345678", "") },
        named(3, "00441632960961", "O'Brien & Sons"),
        CallerId { date: date(4), number: Err(Absence::Private), name: Some(Err(Absence::Private)) },
        CallerId { name: None, ..named(5, "555", "") },
        CallerId { date: date(6), number: Err(Absence::Unavailable), name: Some(Err(Absence::Unavailable)) },
        named(7, "1999888777666555", "UUUUUUUUUUUUUUU"),
        CallerId { date: date(8), number: Err(Absence::Private), name: None },
    ]
}

/// What a receiver can know of `caller` by `signal`.
pub fn expected(caller: &CallerId, signal: CallerIdSignal) -> CallerId {
    match signal {
        CallerIdSignal::Fsk { multiple: true, .. } => *caller,
        CallerIdSignal::Fsk { multiple: false, .. } => CallerId { name: None, ..*caller },
        CallerIdSignal::Dtmf(_) | CallerIdSignal::Ntt => CallerId { date: None, name: None, ..*caller },
    }
}

/// The message for a sender that adds check values and frames itself: type, length and parameters, or digits.
pub fn plain_bytes(caller: &CallerId, signal: CallerIdSignal) -> Vec<u8> {
    match (signal, CallerIdBurst::new(caller, signal)) {
        (CallerIdSignal::Ntt, _) => {
            let (kind, value) = match &caller.number {
                Ok(number) => (0x02, number.as_str().as_bytes()),
                Err(Absence::Private) => (0x04, b"P".as_slice()),
                Err(Absence::Unavailable) => (0x04, b"O".as_slice()),
            };
            let length = value.len() as u8;
            [&[0x40, length + 2, kind, length], value].concat()
        }
        (_, Some(CallerIdBurst::Fsk(_, burst))) => {
            burst.bytes().split_last().map(|(_, rest)| rest.to_vec()).unwrap_or_default()
        }
        (_, Some(CallerIdBurst::Digits(run))) => run.as_bytes().to_vec(),
        (_, None) => Vec::new(),
    }
}

/// What bytes without check values, from a receiver that has compared them itself, say by `signal`.
pub fn read(bytes: &[u8], signal: CallerIdSignal) -> Option<CallerId> {
    let message = match signal {
        CallerIdSignal::Fsk { .. } => {
            let sum = bytes.iter().fold(0_u8, |sum, b| sum.wrapping_add(*b)).wrapping_neg();
            CallerIdMessage::parse(&[bytes, &[sum]].concat()).ok()
        }
        CallerIdSignal::Dtmf(_) => caller_id_of_digits(bytes),
        CallerIdSignal::Ntt => japan_message(bytes).ok(),
    };
    message.map(|message| message.caller)
}

/// The sound of the message alone.
pub fn message(caller: &CallerId, signal: CallerIdSignal) -> Vec<i16> {
    CallerIdBurst::new(caller, signal).map(|burst| played(&burst)).unwrap_or_default()
}

/// The sound of a burst.
pub fn played(burst: &CallerIdBurst) -> Vec<i16> {
    match burst {
        CallerIdBurst::Fsk(standard, burst) => {
            let mut modulator = FskModulator::new(*standard, LEVEL);
            modulator.start(burst);
            sound(|frame| modulator.process(frame))
        }
        CallerIdBurst::Digits(run) => {
            let (on, off) = (CallerIdBurst::DIGIT_ON, CallerIdBurst::DIGIT_OFF);
            let mut generator = DtmfGenerator::new(DtmfSending { on, off, ..DtmfSending::default() });
            for digit in run.as_bytes().iter().filter_map(|d| Digit::from_ascii(*d)) {
                generator.push(digit);
            }
            sound(|frame| generator.process(frame) && generator.is_sending())
        }
    }
}

/// All that a line of this timing sends with `message`: alerting tone and pause before it.
pub fn announcement(timing: &CallerIdTiming, message: &[i16]) -> Vec<i16> {
    let mut out = Vec::new();
    if let CallerIdTiming::BeforeRing { alert, alert_to_data, .. } = timing {
        match alert {
            CallerIdAlert::None | CallerIdAlert::Reversal | CallerIdAlert::RingPulse(_) => {}
            CallerIdAlert::Tone(length) | CallerIdAlert::ReversalAndTone { length, .. } => {
                out.extend(alerting(*length));
            }
        }
        out.extend(vec![0; alert_to_data.samples().0 as usize]);
    }
    out.extend(message);
    out
}

/// The alerting tone.
pub fn alerting(length: Millis) -> Vec<i16> {
    let mut components = [Component::NONE; 4];
    for (component, tone) in components.iter_mut().zip(ALERT_TONES) {
        *component = Component::sine(tone, ALERT_LEVEL);
    }
    let mut generator = ToneGenerator::new();
    if let Some(program) = ToneProgram::new(&[ToneStep { components, length }], usize::MAX) {
        generator.start(&program);
    }
    sound(|frame| generator.process(frame) && generator.is_playing())
}

/// What a sender makes, frame by frame, as long as it says that there is more.
fn sound(mut more: impl FnMut(&mut [i16; 80]) -> bool) -> Vec<i16> {
    let mut out = Vec::new();
    loop {
        let mut frame = [0; 80];
        let goes_on = more(&mut frame);
        out.extend(frame);
        if !goes_on {
            return out;
        }
    }
}

fn amplitude(decibels: f32) -> f64 {
    libm::pow(10.0, f64::from(decibels) / 20.0)
}

fn gauss(entropy: &mut Entropy) -> f64 {
    let sum: f32 = (0..12).map(|_| entropy.unit()).sum();
    f64::from(sum - 6.0)
}

fn at_speed(samples: &[i16], speed: f64, shift: f64) -> Vec<f64> {
    let count = (samples.len() as f64 / speed) as usize;
    (0..count)
        .map(|n| {
            let at = n as f64 * speed + shift;
            let whole = libm::floor(at) as isize;
            (whole - REACH + 1..=whole + REACH)
                .filter_map(|k| {
                    let value = samples.get(usize::try_from(k).ok()?)?;
                    let x = at - k as f64;
                    let angle = core::f64::consts::PI * x;
                    let sinc = if x.abs() < 1e-9 { 1.0 } else { libm::sin(angle) / angle };
                    let window = 0.5 + 0.5 * libm::cos(angle / REACH as f64);
                    Some(f64::from(*value) * sinc * window)
                })
                .sum()
        })
        .collect()
}

/// One pole, or for a negative tilt its inverse, that makes the difference between 1200 and 2200 Hz.
fn tilted(samples: &[f64], tilt: Db) -> Vec<f64> {
    let wanted = f64::from(tilt.0);
    if wanted == 0.0 {
        return samples.to_vec();
    }
    // y = x + a y1 loses 20 log10(|1 - a z^-1(2200)| / |1 - a z^-1(1200)|) more at 2200 Hz; a zero gains as much.
    let size = |a: f64, hertz: f64| {
        let w = core::f64::consts::TAU * hertz / 8000.0;
        libm::sqrt(1.0 + a * a - 2.0 * a * libm::cos(w))
    };
    let (mut low, mut high) = (0.0, 0.95);
    for _ in 0..40 {
        let a = (low + high) / 2.0;
        let loss = 20.0 * libm::log10(size(a, 2200.0) / size(a, 1200.0));
        if loss < wanted.abs() { low = a } else { high = a }
    }
    let a = low;
    let (mut x1, mut y1) = (0.0, 0.0);
    samples
        .iter()
        .map(|x| {
            let y = if wanted > 0.0 { x + a * y1 } else { x - a * x1 };
            (x1, y1) = (*x, y);
            y
        })
        .collect()
}
