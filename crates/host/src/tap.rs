//! Watching lines while they are used.
//!
//! # What it does
//! Gives whoever watches a line all of each tick: what the card measured, the sound both ways, what the telephone's receiver
//! gives; and what the telephone shows and what happens, when it does.
//!
//! # How
//! Between the card and the shard, once a tick. What is seen goes into a bounded channel; who is further behind than
//! [`MAX_BEHIND`] is watched for no more. Where nobody watches, nothing is done and nothing is allocated.
//!
//! # Limits
//! [`MAX_WATCHERS`] of a shard. A card that gives only its own verdicts measures nothing: its readings are not numbers.
//!
//! # Standard
//! None.

use tipring_driver::Card;
use tipring_gateway::{LineIn, LineOut};
use tipring_port::{Event, Frame, LineEvent, LoopReading, READINGS_PER_TICK, SAMPLE_SILENCE, Samples, Sense};
use tipring_sim::ear::{Heard, HeardEvent, What};
use tipring_sim::lab::{Entry, Lab, Place};
use tipring_sim::phone::PhoneEvent;
use tipring_units::{LineId, Milliamps, SampleTime, TICK_SAMPLES, Volts};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Who watches the lines of a shard, at the most.
pub const MAX_WATCHERS: usize = 64;
/// What a watcher has not taken yet, at the most: two seconds.
pub const MAX_BEHIND: usize = 200;

/// What is seen of a line.
#[derive(Clone, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // nearly all are ticks
pub enum Seen {
    /// A tick.
    Tick(Moment),
    /// The telephone is as it was not before.
    Phone(PhoneState),
    /// Something happened, at that sample of the line's time.
    Mark(SampleTime, Mark),
}

/// A tick of a line.
#[derive(Clone, PartialEq, Debug)]
pub struct Moment {
    /// Its first sample.
    pub at: SampleTime,
    /// Tip-ring voltage and loop current, each the mean of a millisecond; not a number: not measured.
    pub readings: [LoopReading; READINGS_PER_TICK],
    /// The sound to the line.
    pub to_line: Frame,
    /// The sound from the line.
    pub from_line: Frame,
    /// The sound of the telephone's receiver.
    pub receiver: Frame,
}

/// How a simulated telephone is.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PhoneState {
    /// The receiver is lifted.
    pub lifted: bool,
    /// It rings, pauses included.
    pub ringing: bool,
    /// The clapper moves.
    pub bell: bool,
    /// The message lamp is lit.
    pub lamp: bool,
    /// It has something to do: dialling, flashing.
    pub busy: bool,
    /// What the display shows.
    pub display: Option<What>,
    /// What is heard.
    pub hears: Vec<What>,
}

/// Something that happened on a line.
#[derive(Clone, PartialEq, Debug)]
pub enum Mark {
    /// What the gateway saw.
    Line(LineEvent),
    /// What happened at the telephone.
    Phone(PhoneEvent),
    /// The telephone has read a caller-ID burst whose data began then, or could not.
    Data(SampleTime, What),
    /// The loop closed or opened, pulses and flashes too.
    Loop(bool),
}

#[derive(Debug)]
struct Watch {
    place: Place,
    out: Sender<Seen>,
    last: Option<PhoneState>,
    closed: Option<bool>,
    /// The data of a caller-ID burst began then; whether it goes on.
    data: (SampleTime, bool),
}

/// Who watches the lines of a shard.
#[derive(Debug)]
pub struct Taps {
    watches: Vec<Watch>,
    now: SampleTime,
}

impl Taps {
    /// Nobody.
    pub fn new() -> Self {
        Self { watches: Vec::with_capacity(MAX_WATCHERS), now: SampleTime(0) }
    }

    /// Somebody watches the telephone at `place`, counted on the card. One too many sees nothing but the end.
    pub fn add(&mut self, place: Place, out: Sender<Seen>) {
        if self.watches.len() < MAX_WATCHERS {
            self.watches.push(Watch { place, out, last: None, closed: None, data: (self.now, false) });
        }
    }

    /// A tick, between card and shard: `tx` went to the lines and `rx` came from them.
    pub fn tick(&mut self, card: &mut Card, rx: &[LineIn<Samples>], tx: &[LineOut<Samples>]) {
        let at = self.now;
        self.now = at + tipring_units::Samples(TICK_SAMPLES as u64);
        if self.watches.is_empty() {
            return;
        }
        let lab = card.laboratory();
        self.watches.retain_mut(|watch| watch.look(at, lab.as_deref(), rx, tx));
    }

    /// The shard tells of a line, which is the first of them or a later one.
    pub fn line_event(&mut self, first: LineId, event: &Event) {
        let Event::Line(line, _, event) = event else { return };
        let Some(line) = line.0.checked_sub(first.0).map(LineId) else { return };
        let at = self.now;
        self.watches.retain(|watch| {
            let mark = Mark::Line(*event);
            watch.place.line != line || watch.out.try_send(Seen::Mark(at, mark)).is_ok()
        });
    }

    /// Something happened at a telephone.
    pub fn phone_event(&mut self, entry: &Entry) {
        let at = match entry.event {
            PhoneEvent::BurstBegan(at)
            | PhoneEvent::BurstEnded(at)
            | PhoneEvent::Lamp(at, _)
            | PhoneEvent::Trunk(at, _) => at,
            PhoneEvent::Heard(_) => entry.at,
        };
        self.watches.retain(|watch| {
            let mark = match entry.event {
                PhoneEvent::Heard(HeardEvent::Began(Heard {
                    what: what @ (What::Caller(_) | What::NextCaller(_) | What::Garbled(_)),
                    ..
                })) => Mark::Data(watch.data.0, what),
                event => Mark::Phone(event),
            };
            watch.place != entry.place || watch.out.try_send(Seen::Mark(at, mark)).is_ok()
        });
    }
}

impl Watch {
    /// False if nobody looks any more, or too slowly.
    fn look(
        &mut self,
        at: SampleTime,
        lab: Option<&Lab<Samples>>,
        rx: &[LineIn<Samples>],
        tx: &[LineOut<Samples>],
    ) -> bool {
        let place = usize::from(self.place.line.0);
        let (Some(input), Some(output)) = (rx.get(place), tx.get(place)) else { return false };
        let phone = lab.and_then(|lab| lab.phone(self.place));
        let moment = Moment {
            at,
            readings: readings(&input.report.sense),
            to_line: output.frame,
            from_line: input.frame,
            receiver: phone.map_or(SAMPLE_SILENCE, |phone| phone.receives()),
        };
        let mut sent = self.out.try_send(Seen::Tick(moment)).is_ok();
        if let Some(line) = lab.and_then(|lab| lab.line(self.place.line)) {
            let closed = Some(if line.office().is_some() { line.is_port_closed() } else { line.is_closed() });
            if let Some(is_closed) = closed.filter(|_| self.closed != closed) {
                sent &= self.out.try_send(Seen::Mark(at, Mark::Loop(is_closed))).is_ok();
                self.closed = closed;
            }
        }
        if let Some(phone) = phone {
            let reads = phone.is_reading();
            if reads && !self.data.1 {
                self.data.0 = at;
            }
            self.data.1 = reads;
            let state = PhoneState {
                lifted: phone.is_lifted(),
                ringing: phone.bell().ringing().is_some(),
                bell: phone.is_bursting(),
                lamp: phone.is_lamp_lit(),
                busy: phone.is_busy(),
                display: phone.display().map(|heard| heard.what),
                hears: phone.hears().iter().map(|heard| heard.what).collect(),
            };
            if !self.last.as_ref().is_some_and(|last| is_like(last, &state)) {
                sent &= self.out.try_send(Seen::Phone(state.clone())).is_ok();
                self.last = Some(state);
            }
        }
        sent
    }
}

/// True if the two differ in no more than levels.
fn is_like(a: &PhoneState, b: &PhoneState) -> bool {
    let heard = |state: &PhoneState| state.hears.len();
    (a.lifted, a.ringing, a.bell, a.lamp, a.busy) == (b.lifted, b.ringing, b.bell, b.lamp, b.busy)
        && a.display == b.display
        && heard(a) == heard(b)
        && a.hears.iter().zip(&b.hears).all(|(a, b)| a.is_like(b))
}

fn readings(sense: &Sense) -> [LoopReading; READINGS_PER_TICK] {
    let unknown =
        LoopReading { voltage: Volts(f32::NAN), current: Milliamps(f32::NAN), ground: Milliamps(f32::NAN) };
    match sense {
        Sense::Raw(readings) => *readings,
        Sense::Steady(reading) => [*reading; READINGS_PER_TICK],
        Sense::Cooked(_) => [unknown; READINGS_PER_TICK],
    }
}

/// The two ends of what a watcher sees.
pub fn watching() -> (Sender<Seen>, Receiver<Seen>) {
    channel(MAX_BEHIND)
}

#[cfg(test)]
mod tests {
    use tipring_sim::phone::{Action, PhoneSpec};
    use tipring_sim::plant::LineSpec;
    use tipring_units::Entropy;

    use super::*;

    const PLACE: Place = Place { line: LineId(0), phone: 0 };

    fn laboratory() -> Card {
        let spec = LineSpec { phones: vec![PhoneSpec::default()], ..LineSpec::default() };
        Card::Simulated(Box::new(Lab::new(&[spec], &mut Entropy::for_simulation(1))))
    }

    fn tick(taps: &mut Taps, card: &mut Card) {
        let tx = [LineOut::SILENT];
        let rx = [card.exchange(0, &tx[0])];
        taps.tick(card, &rx, &tx);
    }

    #[test]
    fn who_watches_sees_each_tick_and_a_change_once() {
        let (mut taps, mut card) = (Taps::new(), laboratory());
        tick(&mut taps, &mut card);
        let (out, mut seen) = watching();
        taps.add(PLACE, out);
        (0..3).for_each(|_| tick(&mut taps, &mut card));
        card.laboratory().unwrap().act(PLACE, Action::OffHook).unwrap();
        (0..3).for_each(|_| tick(&mut taps, &mut card));
        let (mut ticks, mut states, mut loops) = (Vec::new(), Vec::new(), Vec::new());
        while let Ok(seen) = seen.try_recv() {
            match seen {
                Seen::Tick(moment) => ticks.push(moment.at.0 / TICK_SAMPLES as u64),
                Seen::Phone(state) => states.push(state.lifted),
                Seen::Mark(_, Mark::Loop(closed)) => loops.push(closed),
                Seen::Mark(..) => {}
            }
        }
        assert_eq!((ticks, loops), (vec![1, 2, 3, 4, 5, 6], vec![false, true]));
        states.dedup();
        assert_eq!(states, [false, true]);
    }

    #[test]
    fn who_is_too_slow_or_gone_is_watched_for_no_more() {
        let (mut taps, mut card) = (Taps::new(), laboratory());
        let (slow, _kept) = watching();
        taps.add(PLACE, slow);
        let (gone, end) = watching();
        taps.add(PLACE, gone);
        drop(end);
        tick(&mut taps, &mut card);
        assert_eq!(taps.watches.len(), 1, "one has gone");
        (0..MAX_BEHIND).for_each(|_| tick(&mut taps, &mut card));
        assert!(taps.watches.is_empty());
        for _ in 0..=MAX_WATCHERS {
            taps.add(PLACE, watching().0);
        }
        assert_eq!(taps.watches.len(), MAX_WATCHERS);
    }
}
