//! A line's part of the media plane: voice path, player, and what was sent last.

use tipring_port::{Audio, LearnedTone, LineProfile, Overheard, Signal, Tone, TonePlan, ToneProgram};
use tipring_units::{Millis, Samples};

use crate::processing::{Bank, Heard, LineEar, LineVoice, MAX_OVERHEARD, Player, Processing};

/// A line's voice path with the player of its tones.
pub struct LineLeg<A: Processing> {
    /// Canceller, detector, gains.
    pub voice: A::Voice,
    /// Tones, digits and caller-ID bursts.
    pub player: A::Player,
    bank: A::Bank,
    /// Of an outside line.
    ear: Option<A::LineEar>,
    overheard: [Option<Overheard>; MAX_OVERHEARD],
    /// The ear studies the tones that it hears.
    studies: bool,
    /// A machine's signal that was heard in this tick.
    signal: Option<Signal>,
    tones: TonePlan,
    sent: A::Frame,
    sounds: bool,
    bridged: bool,
    /// Somebody of the bridge listens to the line.
    attended: bool,
    /// Ticks in which digits from the line are not believed: they may have been sent to it and come back by the hybrid.
    doubt: u8,
    /// Touch tones of the bridge are not for the line.
    mutes_digits: bool,
    /// Nobody of the bridge hears the line.
    hushed: bool,
    /// A digit sounds on the bridge.
    far_digit: bool,
    /// The digit that plays is of the line's own machine.
    dials: bool,
    /// A digit began in doubt, so that its end does not count either.
    doubted: bool,
}

/// Ticks after a digit was sent to the line in which it can still come back.
const DOUBT: u8 = 6;

impl<A: Processing> LineLeg<A> {
    /// The leg of a line with this profile.
    pub fn new(profile: &LineProfile) -> Self {
        Self {
            voice: A::Voice::new(profile),
            player: A::Player::new(),
            bank: A::Bank::new(),
            ear: profile.fxo.is_some().then(|| A::LineEar::new(profile)),
            overheard: [None; MAX_OVERHEARD],
            studies: false,
            signal: None,
            tones: profile.tones,
            sent: A::SILENCE,
            sounds: false,
            bridged: false,
            attended: false,
            doubt: 0,
            mutes_digits: false,
            hushed: false,
            far_digit: false,
            dials: false,
            doubted: false,
        }
    }

    /// Becomes the leg of a line with this profile, by the memory that it has.
    pub fn renew(&mut self, profile: &LineProfile) {
        self.voice.renew(profile);
        self.bank.reset();
        if let Some(ear) = &mut self.ear {
            ear.renew(profile);
        }
        self.signal = None;
        self.player.stop();
        self.tones = profile.tones;
        self.sent = A::SILENCE;
        (self.sounds, self.bridged, self.far_digit, self.doubted) = (false, false, false, false);
        (self.dials, self.attended, self.mutes_digits, self.hushed) = (false, false, false, false);
        self.doubt = 0;
    }

    /// The line's tones.
    pub fn tones(&self) -> &TonePlan {
        &self.tones
    }

    /// A frame from the line.
    pub fn hear(&mut self, frame: &A::Frame, bulk_delay: Samples) -> Heard<A> {
        let mut heard = self.voice.hear(frame, &self.sent, bulk_delay);
        // What comes back of our own alert and message is no machine's.
        self.signal = if self.hushed { None } else { self.bank.listen(&heard.clean) };
        if let Some(ear) = &mut self.ear {
            if self.studies {
                ear.study(&heard.clean);
            }
            self.overheard = ear.listen(true, &heard.clean, self.attended.then_some(&self.sent));
        }
        if self.doubt > 0 && heard.began.take().is_some() {
            self.doubted = true;
        }
        if self.doubted && heard.ended.take().is_some() {
            self.doubted = false;
        }
        heard
    }

    /// A frame from an outside line that is on-hook.
    pub fn overhear(&mut self, frame: &A::Frame) {
        if let Some(ear) = &mut self.ear {
            self.overheard = ear.listen(false, frame, None);
        }
    }

    /// What an outside line's ear heard in this tick.
    pub fn take_overheard(&mut self) -> [Option<Overheard>; MAX_OVERHEARD] {
        core::mem::replace(&mut self.overheard, [None; MAX_OVERHEARD])
    }

    /// The ear of an outside line studies the tones that it hears from now on, or no longer.
    pub fn study(&mut self, on: bool) {
        self.studies = on;
    }

    /// The tone that was studied.
    pub fn studied(&mut self) -> Option<LearnedTone> {
        self.ear.as_mut()?.studied()
    }

    /// An outside line went off-hook or on-hook: its ear begins anew.
    pub fn reset_ear(&mut self) {
        if let Some(ear) = &mut self.ear {
            ear.reset();
        }
    }

    /// Takes the machine's signal of this tick.
    pub fn take_signal(&mut self) -> Option<Signal> {
        self.signal.take()
    }

    /// The frame for the line: the player's, else what the leg `hears` if the line is bridged, else silence. `attended`:
    /// somebody of the bridge listens to the line.
    pub fn out(&mut self, bridged: bool, hears: Option<A::Frame>, attended: bool) -> A::Frame {
        self.attended = bridged && attended;
        self.bridged = bridged;
        let hears = hears.filter(|_| bridged);
        let played = self.player.next_frame();
        self.dials &= self.player.is_digit();
        self.sounds = played.is_some();
        self.far_digit &= bridged;
        let sent = self.far_digit || self.player.is_digit();
        self.doubt = if sent { DOUBT } else { self.doubt.saturating_sub(1) };
        let frame = match played.or(hears) {
            Some(frame) if self.player.is_burst() => frame,
            Some(frame) => self.voice.speak(&frame, self.sounds),
            None => <A as Audio>::SILENCE,
        };
        self.sent = frame;
        frame
    }

    /// A touch tone of the line's own machine: no bridge has to do with it.
    pub fn dial(&mut self, digit: u8, length: Millis) {
        self.player.digit(digit, Some(length));
        self.dials = true;
    }

    /// Steps of the tone that another call waits, once: `count` from the one at `first` on.
    pub fn waiting_tone(&mut self, first: u8, count: u8) {
        let steps = self.tones.get(Tone::CallWaiting).steps();
        let first = usize::from(first);
        let part = steps.get(first..first.saturating_add(usize::from(count))).unwrap_or_default();
        if let Some(program) = ToneProgram::new(part, usize::MAX) {
            self.player.tone(Tone::CallWaiting, &program);
        }
    }

    /// From now on nobody of the bridge hears the line, or all do again.
    pub fn hush(&mut self, hushed: bool) {
        self.hushed = hushed;
    }

    /// True if nobody of the bridge is to hear the line.
    pub fn is_hushed(&self) -> bool {
        self.hushed
    }

    /// The line has no leg any more: what came from a bridge ends, what its machine plays goes on.
    pub fn leave(&mut self) {
        if !self.dials {
            self.player.drop_digits();
        }
        self.voice.pass_through(false);
    }

    /// From now on touch tones of the bridge go to the line, or do not.
    pub fn mute_digits(&mut self, mutes: bool) {
        self.mutes_digits = mutes;
    }

    /// True if touch tones of the bridge are not for the line.
    pub fn mutes_digits(&self) -> bool {
        self.mutes_digits
    }

    /// A digit sounds on the bridge, or no longer: what comes back of it by the hybrid is none of this line's.
    pub fn digit_sounds(&mut self, sounds: bool) {
        self.far_digit = sounds;
    }

    /// A digit from the bridge begins. A line that hears something else does not hear it.
    pub fn digit_begins(&mut self, digit: u8) {
        if self.bridged && !self.mutes_digits {
            self.player.digit(digit, None);
        }
    }

    /// The digit from the bridge ends after `total` in all.
    pub fn digit_ends(&mut self, total: Millis) {
        self.far_digit = false;
        if self.bridged && !self.mutes_digits {
            self.player.finish_digit(total);
        }
    }

    /// True if silence on the line would change nothing.
    pub fn is_idle(&self) -> bool {
        !self.sounds && !self.ear.as_ref().is_some_and(LineEar::is_receiving)
    }

    /// True if the player played in the last tick.
    pub fn sounds(&self) -> bool {
        self.sounds
    }
}
