//! # What it does
//! Lets who calls in on an outside line dial: the line is answered at once and gives dial tone; a PIN, ended by `#`,
//! is asked for where one is configured, then a number is read by the dial plan of the house.
//!
//! # Limits
//! After each wrong PIN there is a pause that grows, the third one of a call ends it, and [`MAX_WRONG`] in a row, over
//! however many calls, lock the line for [`LOCKED`], and twice as long each time that happens again before the right one, up to
//! [`LONGEST_LOCK`]: its calls ring the house then as if nobody could dial in. So who tries tens of thousands of PINs is
//! kept busy for years.
//! Digits of a PIN are in no event and no status.

use tipring_port::{DigitSource, LineCommand, Text, Tone};
use tipring_units::{Instant, Millis};

use super::{OutsideSide, State, TOLD};
use crate::digits::{Reader, Verdict};
use crate::line_side::Scene;
use crate::outbox::Wish;
use crate::{Alarm, CallEvent, Cause, Disa, Identity, Number, Party, Permission, Why};

/// Wrong PINs of one call, at the most.
const MAX_TRIES: u8 = 3;
/// Wrong PINs in a row on a line, at the most.
pub const MAX_WRONG: u8 = 9;
/// How long nobody may try after that, the first time.
pub const LOCKED: Millis = Millis::from_secs(600);
/// How long at the most.
pub const LONGEST_LOCK: Millis = Millis::from_secs(86_400);
/// The pause after the first wrong PIN of a call; each further one is longer by as much.
const PAUSE: Millis = Millis::from_secs(2);

#[derive(Clone, Debug)]
enum Stage {
    /// A PIN is dialled.
    Pin(Number),
    /// It was wrong; nothing is listened to for a while.
    Paused,
    /// A number is dialled.
    Number(Reader),
}

/// Who called in and dials.
#[derive(Clone, Debug)]
pub(super) struct Dialler {
    from: Identity,
    stage: Stage,
    wrong: u8,
    sounding: Option<Tone>,
}

impl Dialler {
    pub fn dialled(&self) -> Number {
        match &self.stage {
            Stage::Pin(_) | Stage::Paused => Number::EMPTY,
            Stage::Number(reader) => reader.dialled(),
        }
    }

    pub fn is_secret(&self) -> bool {
        match self.stage {
            Stage::Pin(_) | Stage::Paused => true,
            Stage::Number(_) => false,
        }
    }
}

impl OutsideSide {
    /// The dial plan changed under the digits.
    pub fn read_again(&mut self, scene: &mut Scene<'_>) {
        if let State::Answering(Dialler { stage: Stage::Number(reader), .. }) = &self.state {
            let reader = reader.again(scene.plan, scene.offline);
            self.judge(reader, scene);
        }
    }

    /// Answers a call that comes in and lets the caller dial.
    pub(super) fn answer_and_listen(&mut self, from: Identity, scene: &mut Scene<'_>) {
        self.command(LineCommand::Answer, scene);
        let stage = match self.disa(scene).and_then(|disa| disa.pin) {
            Some(_) => Stage::Pin(Number::EMPTY),
            None => Stage::Number(Reader::new(scene.plan, scene.offline)),
        };
        self.enter(State::Answering(Dialler { from, stage, wrong: 0, sounding: None }), scene.now);
        self.begin_stage(scene);
    }

    pub(super) fn digit(&mut self, digit: u8, source: DigitSource, scene: &mut Scene<'_>) {
        let State::Answering(dialler) = &mut self.state else {
            return; // in a call it goes with the sound; else nobody listens
        };
        match &mut dialler.stage {
            Stage::Pin(entered) if digit == b'#' => {
                let entered = *entered;
                self.judge_pin(entered, scene);
            }
            Stage::Pin(entered) => {
                let longer: Number = Text::new(&format!("{entered}{}", char::from(digit)));
                *entered = longer;
                self.timer = Some((scene.now + scene.setup.timers.long, Why::MoreDigits));
            }
            Stage::Paused => {}
            Stage::Number(reader) => {
                let mut reader = reader.clone();
                reader.push(scene.plan, digit);
                scene.out.event(CallEvent::Dialled { line: self.line, digit, source });
                self.judge(reader, scene);
            }
        }
    }

    /// A digit has begun: the tone stops at once.
    pub(super) fn hush(&mut self, scene: &mut Scene<'_>) {
        self.sound(None, scene);
    }

    /// Nothing was dialled for too long, or the pause is over.
    pub(super) fn dial_time_over(&mut self, scene: &mut Scene<'_>) {
        let State::Answering(dialler) = &mut self.state else { return };
        match &dialler.stage {
            Stage::Pin(_) => self.refuse(Tone::Congestion, scene),
            Stage::Paused => {
                dialler.stage = Stage::Pin(Number::EMPTY);
                self.begin_stage(scene);
            }
            Stage::Number(reader) => match reader.timeout(scene.plan) {
                Verdict::Whole(selection) => self.call_on(Some(selection), scene),
                Verdict::More { .. } | Verdict::Dead(_) => self.call_on(None, scene),
            },
        }
    }

    /// The lock that wrong PINs brought is over in its time.
    pub(super) fn unlock(&mut self, scene: &mut Scene<'_>) {
        if self.locked_until.is_some_and(|until| until <= scene.now) {
            self.locked_until = None;
            self.failed_pins = 0;
            scene.out.alarm(Alarm::DisaUnlocked(self.line));
        }
    }

    fn disa(&self, scene: &Scene<'_>) -> Option<Disa> {
        self.config(scene).and_then(|own| own.disa)
    }

    /// Dial tone for what is dialled next.
    fn begin_stage(&mut self, scene: &mut Scene<'_>) {
        let State::Answering(dialler) = &self.state else { return };
        match &dialler.stage {
            Stage::Pin(_) | Stage::Paused => {
                self.sound(Some(Tone::Dial), scene);
                self.timer = Some((scene.now + scene.setup.timers.first_digit, Why::FirstDigit));
            }
            Stage::Number(reader) => {
                let reader = reader.clone();
                self.judge(reader, scene);
            }
        }
    }

    fn judge_pin(&mut self, entered: Number, scene: &mut Scene<'_>) {
        let right = self.disa(scene).is_some_and(|disa| disa.pin.is_none_or(|pin| pin == entered));
        let State::Answering(dialler) = &mut self.state else { return };
        if right {
            dialler.stage = Stage::Number(Reader::new(scene.plan, scene.offline));
            (self.failed_pins, self.locks) = (0, 0);
            self.begin_stage(scene);
            return;
        }
        dialler.wrong += 1;
        let wrong = dialler.wrong;
        dialler.stage = Stage::Paused;
        self.failed_pins = self.failed_pins.saturating_add(1);
        if self.failed_pins >= MAX_WRONG && self.locked_until.is_none() {
            self.locked_until = Some(scene.now + lock_after(self.locks));
            self.locks = self.locks.saturating_add(1);
            scene.out.alarm(Alarm::DisaLocked(self.line));
        }
        if wrong >= MAX_TRIES || self.locked_until.is_some() {
            self.refuse(Tone::Congestion, scene);
        } else {
            self.sound(None, scene);
            self.timer = Some((pause_after(scene.now, wrong), Why::Pin));
        }
    }

    /// Acts on what the digits so far come to.
    fn judge(&mut self, reader: Reader, scene: &mut Scene<'_>) {
        match reader.verdict(scene.plan) {
            Verdict::More { why, after, outside_tone } => {
                let tone = match (outside_tone, reader.is_empty()) {
                    (true, _) => Some(Tone::Outside),
                    (false, true) => Some(Tone::Dial),
                    (false, false) => None,
                };
                self.sound(tone, scene);
                if let State::Answering(dialler) = &mut self.state {
                    dialler.stage = Stage::Number(reader);
                }
                self.timer = Some((scene.now + after, why));
            }
            Verdict::Whole(selection) => self.call_on(Some(selection), scene),
            Verdict::Dead(_) => self.call_on(None, scene),
        }
    }

    /// The number is whole, or comes to nothing.
    fn call_on(&mut self, selection: Option<crate::Selection>, scene: &mut Scene<'_>) {
        self.sound(None, scene);
        let State::Answering(dialler) = &self.state else { return };
        let (from, dialled) = (dialler.from, dialler.dialled());
        match (selection, self.disa(scene)) {
            (Some(selection), Some(disa)) => {
                let trusted = disa.pin.is_some();
                let may_call = if trusted { disa.may_call } else { Permission::Internal };
                let call = scene.out.new_call();
                self.enter(State::Inward(call, None), scene.now);
                let wish = Wish::Disa { selection, from, may_call, trusted };
                scene.out.begin(call, Party::Line(self.line), wish);
            }
            (Some(_) | None, _) => {
                scene.out.event(CallEvent::Abandoned { line: self.line, dialled });
                self.refuse(Cause::NoRule.tone(scene.setup.tones), scene);
            }
        }
    }

    /// Who called in hears that nothing comes of it, and then the line hangs up.
    fn refuse(&mut self, tone: Tone, scene: &mut Scene<'_>) {
        self.enter(State::Told, scene.now);
        self.timer = Some((scene.now + TOLD, Why::ToneLimit));
        self.command(LineCommand::Play(tone), scene);
    }

    fn sound(&mut self, tone: Option<Tone>, scene: &mut Scene<'_>) {
        let State::Answering(dialler) = &mut self.state else { return };
        if dialler.sounding != tone {
            dialler.sounding = tone;
            self.command(tone.map_or(LineCommand::Quiet, LineCommand::Play), scene);
        }
    }
}

/// How long the line is locked that was locked so often.
fn lock_after(locks: u8) -> Millis {
    Millis(LOCKED.0.saturating_mul(1 << locks.min(16))).min(LONGEST_LOCK)
}

fn pause_after(now: Instant, wrong: u8) -> Instant {
    now + Millis(PAUSE.0 * u32::from(wrong))
}
