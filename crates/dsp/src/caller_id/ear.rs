//! The ear for caller identity on an outside line.
//!
//! # What it does
//! Listens for one of the signals that an exchange can send and tells what it said: the caller, the message lamp, or why nothing
//! was understood; and the dual-tone alerting signal before it.
//!
//! # How
//! A frame below [`QUIET`] is looked at only while something may still be under way, so that an idle line costs a sum of
//! squares. FSK goes through [`CallerIdReceiver`], NTT's framing through [`JapanReceiver`]; digits are collected into a run that
//! ends with its end letter or [`RUN_TIMEOUT`] of silence. The alerting signal is two frequencies that hold most of a frame's
//! power, in about the same shares, [`ALERT_FRAMES`] frames in a row.
//!
//! # Limits
//! DTMF has no checksum: a digit that was lost is known by the gap that it leaves, one that was mistaken is not. A number without any
//! letter before it is left alone.
//!
//! # Standard
//! Those of the receivers; the alerting signal: EN 300 659-1 clause 5.4.1 (2130 and 2750 Hz within 0.5 %, 90 to 110 ms), GR-30
//! clause 2.2.3 (75 to 85 ms).

use super::send::ALERT_TONES;
use super::{
    CallerIdMessage, CallerIdReceiver, JapanReceiver, MULTIPLE_WAITING, ParseError, ReceiveError,
    SINGLE_WAITING, caller_id_of_digits,
};
use crate::dtmf::{DtmfDetector, DtmfEvent, DtmfProfile};
use crate::goertzel::Goertzel;
use crate::level::{Frame, level_of_power, mean_power, power_of_level};
use tipring_port::{CallerIdFault, CallerIdSignal, Overheard};
use tipring_units::{Db, Dbm0, Millis, TICK};

/// Below this nothing of a caller is expected.
const QUIET: Dbm0 = Dbm0(-52.0);
/// Quiet frames after which nothing is under way any more.
const REST: u8 = 8;
/// Weakest frequency of a digit: nobody speaks on an on-hook line.
const DIGIT_MIN: Dbm0 = Dbm0(-46.0);
/// A run of digits is over after this long without one.
const RUN_TIMEOUT: Millis = Millis(500);
/// Exchanges send their digits evenly: where one distance is so many times another, a digit was lost between them.
const UNEVEN: f32 = 1.7;
/// Digits of a run, at the most: two numbers, a code and their letters.
const RUN_MAX: usize = 56;
/// Frames in a row that are the alerting signal.
const ALERT_FRAMES: u8 = 5;
/// Share of a frame's power that its two frequencies hold together.
const ALERT_SHARE: f32 = 0.6;
/// The most by which they differ.
const ALERT_TWIST: Db = Db(8.0);

/// An ear for one signal.
#[derive(Clone, Debug)]
pub struct CallerIdEar {
    signal: CallerIdSignal,
    ear: Ear,
    quiet_below: f32,
    /// Quiet frames in a row.
    quiet: u8,
    alert: Alert,
}

#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // one per line, kept for its life
enum Ear {
    Fsk(CallerIdReceiver),
    Digits(DigitEar),
    Japan(JapanReceiver),
}

impl CallerIdEar {
    /// An ear that has heard nothing.
    pub fn new(signal: CallerIdSignal) -> Self {
        let ear = match signal {
            CallerIdSignal::Fsk { standard, .. } => Ear::Fsk(CallerIdReceiver::new(standard)),
            CallerIdSignal::Dtmf(_) => Ear::Digits(DigitEar::new()),
            CallerIdSignal::Ntt => Ear::Japan(JapanReceiver::new()),
        };
        Self { signal, ear, quiet_below: power_of_level(QUIET), quiet: REST, alert: Alert::new() }
    }

    /// Forgets what it has heard.
    pub fn reset(&mut self) {
        *self = Self::new(self.signal);
    }

    /// The signal that it listens for.
    pub fn signal(&self) -> CallerIdSignal {
        self.signal
    }

    /// True while a message may be under way: a carrier is there, or a run of digits has begun.
    pub fn is_receiving(&self) -> bool {
        match &self.ear {
            Ear::Fsk(receiver) => receiver.has_carrier(),
            Ear::Japan(receiver) => receiver.has_carrier(),
            Ear::Digits(ear) => ear.len > 0,
        }
    }

    /// Takes a frame in: [`Overheard::Caller`], [`Overheard::Waiting`], [`Overheard::Alert`], or nothing.
    pub fn process(&mut self, frame: &Frame) -> Option<Overheard> {
        let power = mean_power(frame);
        self.quiet = if power < self.quiet_below { self.quiet.saturating_add(1) } else { 0 };
        let rests = self.quiet >= REST;
        let alert = self.alert.process(frame, power, self.quiet > 0);
        let heard = match &mut self.ear {
            Ear::Fsk(receiver) if !rests || receiver.has_carrier() => {
                receiver.process(frame).map(|result| told(result, receiver.bytes().first().copied()))
            }
            Ear::Japan(receiver) if !rests || receiver.has_carrier() => {
                receiver.process(frame).map(|result| told(result, None))
            }
            Ear::Digits(ear) if !rests || ear.len > 0 || ear.detector.is_digit() => {
                ear.process(frame).map(|result| Overheard::Caller(result.map(|message| message.caller)))
            }
            Ear::Fsk(_) | Ear::Japan(_) | Ear::Digits(_) => None,
        };
        heard.or_else(|| alert.then_some(Overheard::Alert))
    }
}

/// For those who carry bytes and digits by name, in place of sound.
impl CallerIdEar {
    /// Takes a byte of a message, without what comes before the message.
    pub fn byte(&mut self, value: u8) -> Option<Overheard> {
        match &mut self.ear {
            Ear::Fsk(receiver) => receiver.byte(value).map(|r| told(r, receiver.bytes().first().copied())),
            Ear::Japan(receiver) => receiver.byte(value).map(|r| told(r, None)),
            Ear::Digits(_) => None,
        }
    }

    /// The carrier is gone.
    pub fn carrier_lost(&mut self) -> Option<Overheard> {
        match &mut self.ear {
            Ear::Fsk(receiver) => receiver.lost().map(|r| told(r, None)),
            Ear::Japan(receiver) => receiver.lost().map(|r| told(r, None)),
            Ear::Digits(_) => None,
        }
    }

    /// Takes a digit.
    pub fn digit(&mut self, digit: u8) -> Option<Overheard> {
        match &mut self.ear {
            Ear::Digits(ear) => {
                ear.digit(digit).map(|result| Overheard::Caller(result.map(|message| message.caller)))
            }
            Ear::Fsk(_) | Ear::Japan(_) => None,
        }
    }

    /// A tick without a digit.
    pub fn no_digit(&mut self) -> Option<Overheard> {
        match &mut self.ear {
            Ear::Digits(ear) => {
                ear.silence = ear.silence + TICK;
                ear.broken_off().then_some(Overheard::Caller(Err(CallerIdFault::Broken)))
            }
            Ear::Fsk(_) | Ear::Japan(_) => None,
        }
    }
}

/// What a message of this type tells.
fn told(result: Result<CallerIdMessage, ReceiveError>, kind: Option<u8>) -> Overheard {
    let message = match result {
        Ok(message) => message,
        Err(error) => return Overheard::Caller(Err(fault(error))),
    };
    match kind {
        Some(SINGLE_WAITING | MULTIPLE_WAITING) => match (message.waiting, message.messages) {
            (Some(on), _) => Overheard::Waiting(on),
            (None, Some(count)) => Overheard::Waiting(count > 0),
            (None, None) => Overheard::Caller(Err(CallerIdFault::Unknown)),
        },
        // Bytes that no number has, and yet the sum is right: two errors, or more.
        Some(_) | None if message.caller.number.is_ok_and(|number| number.as_str().contains('?')) => {
            Overheard::Caller(Err(CallerIdFault::Broken))
        }
        Some(_) | None => Overheard::Caller(Ok(message.caller)),
    }
}

fn fault(error: ReceiveError) -> CallerIdFault {
    match error {
        ReceiveError::Parse(ParseError::Checksum { .. }) | ReceiveError::Crc { .. } => {
            CallerIdFault::Checksum
        }
        ReceiveError::Parse(ParseError::Truncated { .. })
        | ReceiveError::Framing { .. }
        | ReceiveError::Lost { .. } => CallerIdFault::Broken,
        ReceiveError::Parse(ParseError::Type { .. } | ParseError::Date { .. }) => CallerIdFault::Unknown,
    }
}

/// Collects a run of digits.
#[derive(Clone, Debug)]
struct DigitEar {
    detector: DtmfDetector,
    run: [u8; RUN_MAX],
    len: usize,
    /// Since the last digit.
    silence: Millis,
    rhythm: Rhythm,
}

/// From the beginning of each digit of a run to that of the next, in samples.
#[derive(Clone, Copy, Debug)]
struct Rhythm {
    now: u64,
    began: u64,
    least: u64,
    most: u64,
}

impl Rhythm {
    const NEW: Self = Self { now: 0, began: 0, least: u64::MAX, most: 0 };

    fn begin(&mut self, ago: u64, first: bool) {
        let at = self.now.saturating_sub(ago);
        let distance = at.saturating_sub(self.began);
        (self.least, self.most) =
            if first { (u64::MAX, 0) } else { (self.least.min(distance), self.most.max(distance)) };
        self.began = at;
    }

    /// A digit fell out, or fell apart.
    fn is_broken(&self) -> bool {
        self.most > 0 && self.most as f32 > UNEVEN * self.least as f32
    }
}

impl DigitEar {
    fn new() -> Self {
        Self {
            detector: DtmfDetector::new(DtmfProfile { level_min: DIGIT_MIN, ..DtmfProfile::default() }),
            run: [0; RUN_MAX],
            len: 0,
            silence: Millis::ZERO,
            rhythm: Rhythm::NEW,
        }
    }

    fn process(&mut self, frame: &Frame) -> Option<Result<CallerIdMessage, CallerIdFault>> {
        let mut result = None;
        self.silence = self.silence + TICK;
        self.rhythm.now += TICK.samples().0;
        for event in self.detector.process(frame) {
            match event {
                DtmfEvent::Begin { since, .. } => self.rhythm.begin(since.0, self.len == 0),
                DtmfEvent::End { digit, .. } => {
                    let told = self.digit(digit.ascii());
                    let broken = self.rhythm.is_broken();
                    result = told
                        .map(|told| {
                            told.and_then(|m| if broken { Err(CallerIdFault::Broken) } else { Ok(m) })
                        })
                        .or(result);
                }
            }
        }
        if self.detector.is_digit() {
            self.silence = Millis::ZERO;
        }
        if self.broken_off() {
            return Some(Err(CallerIdFault::Broken));
        }
        result
    }

    /// True once where a run does not go on.
    fn broken_off(&mut self) -> bool {
        let is = self.len > 0 && self.silence >= RUN_TIMEOUT;
        if is {
            self.len = 0;
        }
        is
    }

    fn digit(&mut self, digit: u8) -> Option<Result<CallerIdMessage, CallerIdFault>> {
        self.silence = Millis::ZERO;
        if self.len == 0 && !matches!(digit, b'A' | b'B' | b'D') {
            return None;
        }
        let Some(place) = self.run.get_mut(self.len) else {
            self.len = 0;
            return Some(Err(CallerIdFault::Broken));
        };
        *place = digit;
        self.len += 1;
        if !matches!(digit, b'C' | b'#') {
            return None;
        }
        let run = self.run.get(..core::mem::take(&mut self.len)).unwrap_or_default();
        Some(caller_id_of_digits(run).ok_or(CallerIdFault::Unknown))
    }
}

/// Hears the dual-tone alerting signal.
#[derive(Clone, Debug)]
struct Alert {
    tones: [Goertzel; 2],
    frames: u8,
}

impl Alert {
    fn new() -> Self {
        Self { tones: ALERT_TONES.map(Goertzel::new), frames: 0 }
    }

    /// True once in a signal.
    fn process(&mut self, frame: &Frame, power: f32, quiet: bool) -> bool {
        if quiet {
            self.frames = 0;
            return false;
        }
        let [low, high] = &mut self.tones;
        low.process(frame);
        high.process(frame);
        let (low, high) = (low.take_level(), high.take_level());
        let both = power_of_level(low) + power_of_level(high);
        let is_alert = (low.0 - high.0).abs() <= ALERT_TWIST.0
            && both >= ALERT_SHARE * power
            && level_of_power(power).0 > QUIET.0;
        self.frames = if is_alert { self.frames.saturating_add(1) } else { 0 };
        self.frames == ALERT_FRAMES
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CallerIdBurst, CallerIdFormat, CallerIdFrame};
    use super::*;
    use crate::fsk::{FskBurst, FskModulator, FskStandard};
    use crate::testing::{frames, noise, sample};
    use crate::{ALERT_LEVEL, DtmfGenerator, DtmfSending, ToneGenerator};
    use tipring_port::{Absence, CallerId, Component, DateTime, DtmfCallerId, Text, ToneProgram, ToneStep};
    use tipring_units::Entropy;

    const BT: CallerIdSignal =
        CallerIdSignal::Fsk { standard: FskStandard::V23, multiple: true, seizure: 96, mark: 55 };
    const SINGLE: CallerIdSignal =
        CallerIdSignal::Fsk { standard: FskStandard::Bell202, multiple: false, seizure: 300, mark: 180 };
    const SIGNALS: [CallerIdSignal; 9] = [
        CallerIdSignal::GR30,
        CallerIdSignal::ETSI,
        BT,
        SINGLE,
        CallerIdSignal::Dtmf(DtmfCallerId::AC),
        CallerIdSignal::Dtmf(DtmfCallerId::AHash),
        CallerIdSignal::Dtmf(DtmfCallerId::DC),
        CallerIdSignal::Dtmf(DtmfCallerId::DHash),
        CallerIdSignal::Ntt,
    ];

    fn fsk(standard: FskStandard, burst: &FskBurst) -> Vec<i16> {
        let mut modulator = FskModulator::new(standard, Dbm0(-13.5));
        modulator.start(burst);
        let mut out = vec![0; 427];
        while modulator.is_sending() {
            let mut frame = [0; 80];
            modulator.process(&mut frame);
            out.extend(frame);
        }
        out.extend([0; 8000]);
        out
    }

    fn digits(run: &[u8]) -> Vec<i16> {
        let (on, off) = (CallerIdBurst::DIGIT_ON, CallerIdBurst::DIGIT_OFF);
        let mut generator = DtmfGenerator::new(DtmfSending { on, off, ..DtmfSending::default() });
        for digit in run {
            generator.push(crate::Digit::from_ascii(*digit).unwrap());
        }
        let mut out = vec![0; 427];
        while generator.is_sending() {
            let mut frame = [0; 80];
            generator.process(&mut frame);
            out.extend(frame);
        }
        out.extend([0; 8000]);
        out
    }

    fn sent(caller: &CallerId, signal: CallerIdSignal) -> Vec<i16> {
        match CallerIdBurst::new(caller, signal).unwrap() {
            CallerIdBurst::Fsk(standard, burst) => fsk(standard, &burst),
            CallerIdBurst::Digits(run) => digits(run.as_bytes()),
        }
    }

    fn heard(signal: CallerIdSignal, samples: &[i16]) -> Vec<Overheard> {
        let mut ear = CallerIdEar::new(signal);
        let heard = frames(samples).filter_map(|frame| ear.process(&frame)).collect();
        assert!(!ear.is_receiving());
        heard
    }

    fn caller(number: Result<&str, Absence>, name: Option<&str>) -> CallerId {
        CallerId {
            date: Some(DateTime { month: 11, day: 22, hour: 14, minute: 7 }),
            number: number.map(Text::new),
            name: name.map(|name| Ok(Text::new(name))),
        }
    }

    #[test]
    fn each_signal_is_heard_once_with_all_that_it_can_say() {
        let callers = [
            caller(Ok("5550100"), Some("ACME WIDGETS")),
            caller(Ok("1000000000000006"), None),
            caller(Err(Absence::Private), None),
            caller(Err(Absence::Unavailable), None),
        ];
        for (signal, caller) in SIGNALS.into_iter().flat_map(|s| callers.iter().map(move |c| (s, c))) {
            let expected = match signal {
                CallerIdSignal::Fsk { multiple: true, .. } => *caller,
                CallerIdSignal::Fsk { multiple: false, .. } => CallerId { name: None, ..*caller },
                CallerIdSignal::Dtmf(_) | CallerIdSignal::Ntt => {
                    CallerId { date: None, name: None, ..*caller }
                }
            };
            assert_eq!(heard(signal, &sent(caller, signal)), [Overheard::Caller(Ok(expected))], "{signal:?}");
        }
    }

    #[test]
    fn a_damaged_message_is_told_and_never_shown() {
        let caller = caller(Ok("5550100"), Some("X"));
        for signal in [CallerIdSignal::GR30, BT, SINGLE, CallerIdSignal::Ntt] {
            let CallerIdBurst::Fsk(standard, burst) = CallerIdBurst::new(&caller, signal).unwrap() else {
                panic!("{signal:?}")
            };
            // The last byte of the length's place is left alone: a longer message breaks off.
            for place in (0..burst.bytes().len()).filter(|place| *place != 1) {
                let mut bytes = burst.bytes().to_vec();
                bytes[place] ^= 0x04;
                let bad = FskBurst::new(&bytes, burst.seizure_bits, burst.mark_bits).unwrap();
                for told in heard(signal, &fsk(standard, &bad)) {
                    assert!(matches!(told, Overheard::Caller(Err(_))), "{signal:?} byte {place}: {told:?}");
                }
            }
            let mut bytes = burst.bytes().to_vec();
            *bytes.last_mut().unwrap() ^= 0x10;
            let bad = FskBurst::new(&bytes, burst.seizure_bits, burst.mark_bits).unwrap();
            let told = heard(signal, &fsk(standard, &bad));
            assert_eq!(told, [Overheard::Caller(Err(CallerIdFault::Checksum))], "{signal:?}");
        }
    }

    #[test]
    fn what_breaks_off_and_what_is_unknown_is_told_so() {
        let told = |samples: &[i16]| heard(CallerIdSignal::ETSI, samples);
        let mut cut = sent(&caller(Ok("5550100"), Some("X")), CallerIdSignal::ETSI);
        let end = 427 + (480 + 100) * 20 / 3;
        cut.splice(end.., [0; 8000]);
        assert_eq!(told(&cut), [Overheard::Caller(Err(CallerIdFault::Broken))]);
        // A charge (0x86) is a message, but tells of no caller.
        let charge = [0x86, 0x02, 0x20, 0x00, 0x58];
        let burst = FskBurst::on_hook(&charge).unwrap();
        let unknown = [Overheard::Caller(Err(CallerIdFault::Unknown))];
        assert_eq!(told(&fsk(FskStandard::V23, &burst)), unknown);
    }

    #[test]
    fn the_message_lamp_is_switched_by_both_formats() {
        for (on, format) in [true, false]
            .into_iter()
            .flat_map(|on| [CallerIdFormat::Single, CallerIdFormat::Multiple].map(|format| (on, format)))
        {
            let frame = CallerIdFrame::message_waiting(on, format);
            let burst = FskBurst::on_hook(frame.bytes()).unwrap();
            let told = heard(CallerIdSignal::GR30, &fsk(FskStandard::Bell202, &burst));
            assert_eq!(told, [Overheard::Waiting(on)], "{format:?}");
        }
    }

    #[test]
    fn only_whole_runs_of_digits_count() {
        let told = |run: &str| heard(CallerIdSignal::Dtmf(DtmfCallerId::AC), &digits(run.as_bytes()));
        let shown = |run: &str| match told(run)[..] {
            [Overheard::Caller(Ok(caller))] => caller.number.map(|n| n.as_str().to_owned()),
            ref other => panic!("{run}: {other:?}"),
        };
        assert_eq!(shown("A5550100C"), Ok("5550100".to_owned()));
        assert_eq!(shown("5A5550100#"), Ok("5550100".to_owned()));
        assert_eq!(told("5550100"), []);
        assert_eq!(told("5550100#"), []);
        assert_eq!(told("A5550100"), [Overheard::Caller(Err(CallerIdFault::Broken))]);
        assert_eq!(told("A1*2C"), [Overheard::Caller(Err(CallerIdFault::Unknown))]);
        let endless = "A".to_owned() + &"5".repeat(57);
        assert_eq!(told(&endless), [Overheard::Caller(Err(CallerIdFault::Broken))]);
        // One digit within falls out.
        let mut gap = digits(b"A5550100C");
        let at = 427 + 4 * 140 * 8;
        gap[at..at + 140 * 8].fill(0);
        let broken = [Overheard::Caller(Err(CallerIdFault::Broken))];
        assert_eq!(heard(CallerIdSignal::Dtmf(DtmfCallerId::AC), &gap), broken);
        // Half a second of silence ends a run.
        let mut parted = digits(b"A555");
        parted.extend(digits(b"0100C"));
        let told = heard(CallerIdSignal::Dtmf(DtmfCallerId::AC), &parted);
        assert_eq!(told, [Overheard::Caller(Err(CallerIdFault::Broken))]);
    }

    fn alert(length: u32, level: Dbm0, scale: f32) -> Vec<i16> {
        let mut components = [Component::NONE; 4];
        for (component, tone) in components.iter_mut().zip(ALERT_TONES) {
            *component = Component::sine(tipring_units::Hz(tone.0 * scale), level);
        }
        let step = ToneStep { components, length: Millis(length) };
        let mut generator = ToneGenerator::new();
        generator.start(&ToneProgram::new(&[step], usize::MAX).unwrap());
        let mut out = vec![0; 427];
        while generator.is_playing() {
            let mut frame = [0; 80];
            generator.process(&mut frame);
            out.extend(frame);
        }
        out.extend([0; 800]);
        out
    }

    #[test]
    fn the_alerting_signal_is_heard_once_at_any_level_and_in_noise() {
        let mut entropy = Entropy::for_simulation(9);
        for signal in [BT, CallerIdSignal::Ntt, CallerIdSignal::Dtmf(DtmfCallerId::AC)] {
            for (length, level, scale) in
                [(88, ALERT_LEVEL.0, 1.0), (75, -36.0, 1.005), (110, -10.0, 0.995), (100, -20.0, 1.01)]
            {
                let clean = alert(length, Dbm0(level), scale);
                assert_eq!(heard(signal, &clean), [Overheard::Alert], "{length} ms, {level}");
                let noisy: Vec<i16> = clean
                    .iter()
                    .map(|s| sample(f64::from(*s) + noise(&mut entropy, Dbm0(level + 3.0 - 12.0))))
                    .collect();
                assert_eq!(heard(signal, &noisy), [Overheard::Alert], "{length} ms, {level} in noise");
            }
            assert_eq!(heard(signal, &alert(30, Dbm0(-15.0), 1.0)), []);
        }
    }

    #[test]
    fn hiss_hum_and_ringing_are_nothing() {
        let mut entropy = Entropy::for_simulation(6);
        for signal in SIGNALS {
            let hiss: Vec<i16> = (0..40_000).map(|_| sample(noise(&mut entropy, Dbm0(-30.0)))).collect();
            assert_eq!(heard(signal, &hiss), [], "{signal:?}");
            let mut ringing = crate::testing::Sine::new(tipring_units::Hz(25.0), Dbm0(0.0));
            let bursts: Vec<i16> =
                (0..40_000).map(|n| if n / 8000 % 2 == 0 { ringing.step() } else { 0 }).collect();
            assert_eq!(heard(signal, &bursts), [], "{signal:?}");
        }
    }
}
