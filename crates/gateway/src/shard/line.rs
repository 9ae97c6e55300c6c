//! One line's share of a tick: its machine, its ear and its voice path.

use tipring_line::{FxsOut, Machine, Playing};
use tipring_media::{LineVoice, Player, Processing};
use tipring_port::{
    BalanceEnd, DigitSource, Event, LearnEnd, LineCommand, LineEvent, LineFault, LineProfile,
};
use tipring_units::{LineId, TICK};

use super::{LineIn, LineStage, MAX_EVENTS, Shard, guarded, push};

/// A line of a shard.
pub(super) struct LineUnit {
    pub machine: Machine,
    pub out: FxsOut,
    pub profile: LineProfile,
    pub bridged: bool,
    pub wants_summary: bool,
    pub injured: Option<LineStage>,
    /// A profile that waits for the line to be idle, with its revision.
    pub coming: Option<(u64, Box<LineProfile>)>,
    /// The latest revision that the line was given a profile of.
    pub revision: u64,
    /// A revision whose profile was taken, to be told.
    pub taken: Option<u64>,
    /// The card has to be told the line's network.
    pub network_due: bool,
    /// It was off-hook at the end of the last tick.
    pub was_off_hook: bool,
}

impl<A: Processing> Shard<A> {
    pub(super) fn sense(&mut self, place: usize, input: &LineIn<A>) {
        let line = self.line_at(place);
        let time = self.time;
        let unit = &mut self.units[place];
        let injured = unit.injured.take_if(|stage| *stage == LineStage::Sense).is_some();
        let whole = guarded(|| {
            assert!(!injured, "injured by a test");
            unit.machine.tick(time, &input.report, &mut unit.out);
        });
        if !whole {
            self.restart(place);
        }
        self.tell(place);
        let off_hook = self.units[place].machine.summary().off_hook;
        self.turn_ear(place, off_hook);
        let epoch = self.units[place].machine.epoch();
        // On-hook nothing but ringing and caller ID is on the wire; the voice path rests.
        let mut heard = None;
        if self.balance.place() == Some(place) {
            if !guarded(|| self.measure(place, input)) {
                self.restart(place);
            }
        } else if off_hook
            && !guarded(|| heard = self.plane.hear_line(line, &input.frame, input.report.bulk_delay))
        {
            self.restart(place);
        }
        if self.units[place].machine.is_outside() {
            self.overhear(place, input, off_hook);
        }
        let unit = &mut self.units[place];
        if let Some(mut heard) = heard {
            let end = self.time + TICK;
            heard.began = heard.began.filter(|key| !unit.machine.key(end, *key, true));
            heard.ended = heard.ended.filter(|(key, _)| !unit.machine.key(end, *key, false));
            let digits = [
                heard.ended.map(|(digit, length)| LineEvent::Digit {
                    digit,
                    source: DigitSource::Dtmf,
                    length,
                }),
                heard.began.map(LineEvent::DigitBegan),
            ];
            for event in digits.into_iter().flatten() {
                if !push(&mut self.events, Event::Line(line, epoch, event)) {
                    unit.wants_summary = true;
                }
            }
        }
        if unit.wants_summary && self.events.len() < MAX_EVENTS / 2 {
            unit.wants_summary = false;
            push(&mut self.events, Event::Summary(line, unit.machine.epoch(), unit.machine.summary()));
        }
    }

    /// Passes on what the line's machine wants played and has to say.
    fn tell(&mut self, place: usize) {
        let line = self.line_at(place);
        let unit = &mut self.units[place];
        if let Some(playing) = unit.out.playing.take() {
            unit.bridged = matches!(playing, Playing::Bridge | Playing::BridgeVoice);
            let injured = unit.injured.take_if(|stage| *stage == LineStage::Play).is_some();
            let plane = &mut self.plane;
            let whole = guarded(|| {
                assert!(!injured, "injured by a test");
                let Some(leg) = plane.line_leg(line) else { return };
                let tones = *leg.tones();
                leg.mute_digits(playing == Playing::BridgeVoice);
                leg.hush(playing.is_hushed());
                match playing {
                    Playing::Nothing | Playing::Hush | Playing::Bridge | Playing::BridgeVoice => {
                        leg.player.stop();
                    }
                    Playing::Tone(tone) => leg.player.tone(tone, tones.get(tone)),
                    Playing::Announcement(words, _) => leg.player.announce(&words),
                    Playing::Digit { digit, length } => leg.dial(digit, length),
                    Playing::CallerId { caller, signal } => leg.player.caller_id(&caller, signal),
                    Playing::Lamp { on, signal } => leg.player.lamp(on, signal),
                    Playing::Alert(length) => leg.player.alert(length),
                    Playing::WaitingTone { first, count } => leg.waiting_tone(first, count),
                }
            });
            if !whole {
                self.restart(place);
            }
        }
        let unit = &mut self.units[place];
        for said in unit.out.events() {
            if matches!(said.event, LineEvent::Seized | LineEvent::Answered)
                && let Some(leg) = self.plane.line_leg(line)
            {
                // A path that cannot be cleared panics where it is used, and its line starts anew there.
                guarded(|| leg.voice.reset());
            }
            if !push(&mut self.events, Event::Line(line, said.epoch, said.event)) {
                unit.wants_summary = true;
            }
        }
        unit.wants_summary |= unit.out.wants_summary();
        unit.out.forget_events();
    }

    /// Tells the line's machine when what it wanted said has been said.
    pub(super) fn end_announcement(&mut self, place: usize) {
        let (line, end) = (self.line_at(place), self.time + TICK);
        if self.plane.line_leg(line).is_some_and(|leg| leg.player.take_announced()) {
            let unit = &mut self.units[place];
            if !guarded(|| unit.machine.announced(end, &mut unit.out)) {
                self.restart(place);
            }
        }
    }

    /// An outside line that goes off-hook or on-hook hears another thing from then on.
    fn turn_ear(&mut self, place: usize, off_hook: bool) {
        let line = self.line_at(place);
        let unit = &mut self.units[place];
        if core::mem::replace(&mut unit.was_off_hook, off_hook) == off_hook || !unit.machine.is_outside() {
            return;
        }
        if let Some(leg) = self.plane.line_leg(line) {
            guarded(|| {
                leg.reset_ear();
                if off_hook {
                    leg.voice.reset();
                }
            });
        }
    }

    /// The ear of an outside line: what it hears is its machine's to judge.
    fn overhear(&mut self, place: usize, input: &LineIn<A>, off_hook: bool) {
        let (line, end) = (self.line_at(place), self.time + TICK);
        let unit = &mut self.units[place];
        let plane = &mut self.plane;
        let mut news = false;
        let whole = guarded(|| {
            let Some(leg) = plane.line_leg(line) else { return };
            leg.study(unit.machine.is_studying());
            if !off_hook {
                leg.overhear(&input.frame);
            }
            for heard in leg.take_overheard().into_iter().flatten() {
                unit.machine.overheard(end, heard, &mut unit.out);
                news = true;
            }
        });
        if !whole {
            return self.restart(place);
        }
        if news {
            self.tell(place);
        }
        let (unit, plane) = (&mut self.units[place], &mut self.plane);
        let tone = || plane.line_leg(line).and_then(|leg| leg.studied());
        if let Some(studied) = unit.machine.take_studied(tone) {
            self.dropped += u64::from(!push(&mut self.events, Event::Learned(line, studied)));
        }
    }

    /// Begins to learn how an outside line is cleared, or tells why not.
    pub(super) fn start_learning(&mut self, line: LineId) {
        let Some(place) = self.place(line) else {
            self.refused += 1;
            return;
        };
        let (time, unit) = (self.time, &mut self.units[place]);
        if !unit.machine.study(time, &mut unit.out) {
            let end = Err(LearnEnd::NotOutside);
            self.dropped += u64::from(!push(&mut self.events, Event::Learned(line, end)));
        }
    }

    /// A line that is idle takes the profile that waits for that, and says so.
    pub(super) fn take_profile(&mut self, place: usize) {
        let line = self.line_at(place);
        let unit = &mut self.units[place];
        // An order that the card has not been given yet belongs to what the line was doing.
        if unit.coming.is_some()
            && unit.machine.is_idle()
            && unit.out.order.is_none()
            && let Some((revision, profile)) = unit.coming.take()
        {
            unit.taken = Some(revision);
            self.set_profile(line, &profile);
        }
        let unit = &mut self.units[place];
        if let Some(revision) = unit.taken
            && push(&mut self.events, Event::Profiled(line, revision))
        {
            unit.taken = None;
        }
    }

    /// Makes a line's machine anew after a panic, in the next epoch.
    pub(super) fn restart(&mut self, place: usize) {
        let line = self.line_at(place);
        let epoch = self.units[place].machine.epoch();
        self.units[place].wants_summary |=
            !push(&mut self.events, Event::Line(line, epoch, LineEvent::Fault(LineFault::Panicked)));
        self.renew(place);
        let over = Event::Line(line, epoch.next(), LineEvent::FaultCleared(LineFault::Panicked));
        self.units[place].wants_summary |= !push(&mut self.events, over);
    }

    /// Makes a line's machine anew, in the next epoch. A profile that waited is in force then.
    pub(super) fn renew(&mut self, place: usize) {
        let line = self.line_at(place);
        if self.balance.place() == Some(place) {
            self.end_balance(place, BalanceEnd::Interrupted);
        }
        let unit = &mut self.units[place];
        if let Some((revision, profile)) = unit.coming.take() {
            unit.profile = *profile;
            unit.taken = Some(revision);
        }
        let epoch = unit.machine.epoch();
        let in_service = unit.machine.summary().in_service;
        // The new machine knows nothing of what the old one told: it tells anew what still holds.
        let faults = unit.machine.faults();
        let lamp = unit.machine.lamp();
        unit.machine = Machine::new(&unit.profile, epoch.next(), in_service);
        unit.out.clear();
        unit.bridged = false;
        if let Some(on) = lamp {
            unit.machine.command(self.time, epoch.next(), LineCommand::Lamp(on), &mut unit.out);
        }
        unit.was_off_hook = false;
        unit.network_due = true;
        self.plane.restart_line(line, &unit.profile);
        let silent = faults.clone().any(|fault| fault == LineFault::CardSilent);
        let over = faults.map(|fault| (epoch.next(), LineEvent::FaultCleared(fault)));
        for (epoch, event) in [(epoch, LineEvent::Released)].into_iter().chain(over) {
            unit.wants_summary |= !push(&mut self.events, Event::Line(line, epoch, event));
        }
        if silent {
            let time = self.time;
            unit.machine.card_silent(time, true, &mut unit.out);
        }
    }

    /// Gives a line a new profile. Signalling takes it at once; the voice path starts anew.
    pub(super) fn set_profile(&mut self, line: LineId, profile: &LineProfile) {
        if let Some(place) = self.place(line) {
            let unit = &mut self.units[place];
            unit.network_due |= unit.profile.impedance != profile.impedance;
            unit.profile = *profile;
            if guarded(|| unit.machine.apply(profile)) {
                self.plane.set_profile(line, profile);
            } else {
                self.restart(place);
            }
        }
    }
}
