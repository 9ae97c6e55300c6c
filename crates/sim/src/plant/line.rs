//! One line: loop, sound path and telephones, tick by tick.

use tipring_port::{Audio, CardOrder, CardReport, Feed, Impedance, LoopReading, READINGS_PER_TICK, Sense};
use tipring_units::{Db, Entropy, Milliamps, SampleTime, Samples, TICK_SAMPLES, Volts};

use super::circuit::{Circuit, LoopSpec, MAX_PHONES, Node};
use super::fidelity::{Fidelity, Tap, WHOLE_TICK, Wire, WireSpec};
use super::hybrid::{HybridSpec, loop_loss};
use super::impedance::Cable;
use super::noise::Disturbance;
use super::sequencer::Sequencer;
use crate::phone::{Phone, PhoneSpec};

/// Samples under one loop reading.
const READING_SAMPLES: usize = TICK_SAMPLES / READINGS_PER_TICK;

/// A line as it is built.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct LineSpec {
    /// The loop.
    pub circuit: LoopSpec,
    /// The hybrid.
    pub hybrid: HybridSpec,
    /// The card has one network for good and tells of none.
    pub one_network: bool,
    /// Noise and hum.
    pub disturbance: Disturbance,
    /// Samples from the gateway's hand-over to the wire.
    pub delay: u16,
    /// Samples from the wire to the hand-over to the gateway.
    pub cushion: u16,
    /// The telephones, [`MAX_PHONES`] at the most; further ones are left out.
    pub phones: Vec<PhoneSpec>,
}

/// One line of the laboratory.
#[derive(Debug)]
pub struct Line<A: Fidelity> {
    circuit: Circuit,
    sequencer: Sequencer,
    wire: A::Wire,
    phones: Vec<Phone<A>>,
    now: SampleTime,
    last: LoopReading,
    /// All readings of the last tick were `last`.
    steady: bool,
    closed: u8,
    starts: u32,
    slip: i16,
    /// The network that the card presents; `None` where it has but one.
    network: Option<Impedance>,
}

impl<A: Fidelity> Line<A> {
    /// A line without feed, its telephones on-hook and plugged in.
    pub fn new(spec: &LineSpec, entropy: &mut Entropy) -> Self {
        let wire = WireSpec {
            hybrid: spec.hybrid,
            cable: Cable { resistance: spec.circuit.loop_resistance, capacitance: spec.circuit.capacitance },
            loss: loop_loss(spec.circuit.loop_resistance),
            disturbance: spec.disturbance,
            delay: spec.delay,
            cushion: spec.cushion,
        };
        let mut circuit = Circuit::new(spec.circuit);
        let phones: Vec<Phone<A>> =
            spec.phones.iter().take(MAX_PHONES).map(|phone| Phone::new(phone, &mut entropy.fork())).collect();
        for (place, phone) in phones.iter().enumerate() {
            circuit.connect(place, Some(phone.spec().terminal));
        }
        Self {
            circuit,
            sequencer: Sequencer::default(),
            wire: A::wire(&wire, &mut entropy.fork()),
            phones,
            now: SampleTime(0),
            last: LoopReading::default(),
            steady: false,
            closed: 0,
            starts: 0,
            slip: 0,
            network: (!spec.one_network).then_some(spec.hybrid.presents),
        }
    }

    /// The line's own time: samples exchanged and skipped.
    pub const fn now(&self) -> SampleTime {
        self.now
    }

    /// The telephones.
    pub fn phones(&self) -> &[Phone<A>] {
        &self.phones
    }

    /// The telephone at `place`.
    pub fn phone(&mut self, place: usize) -> Option<&mut Phone<A>> {
        self.phones.get_mut(place)
    }

    /// What is fed now.
    pub const fn feed(&self) -> Feed {
        self.sequencer.feed()
    }

    /// True if a telephone's contact closes the loop: not while a flash or a pulse opens it.
    pub fn is_closed(&self) -> bool {
        let plugged = |place: usize| self.phones.get(place).is_some_and(Phone::is_plugged);
        (0..MAX_PHONES).any(|place| self.closed & (1 << place) != 0 && plugged(place))
    }

    /// The network that the card presents; `None` where it has but one.
    pub const fn presents(&self) -> Option<Impedance> {
        self.network
    }

    /// The loop's last reading.
    pub const fn reading(&self) -> LoopReading {
        self.last
    }

    /// Loss of the loop in each direction.
    pub fn loss(&self) -> Db {
        loop_loss(self.circuit.spec().loop_resistance)
    }

    /// Inserts (positive) or drops (negative) samples towards the gateway; returns how many.
    pub fn slip(&mut self, samples: i16) -> i16 {
        let done = self.wire.slip(samples);
        self.slip = self.slip.saturating_add(done);
        done
    }

    /// True if a silent tick without an order would change nothing but the time.
    pub fn is_quiet(&self) -> bool {
        self.steady
            && self.circuit.is_settled()
            && !self.sequencer.is_running()
            && self.slip == 0
            && self.wire.is_quiet()
            && self.phones.iter().all(Phone::is_idle)
    }

    /// Lets the time of `ticks` silent ticks pass on a quiet line; false, and nothing happens, if it is not quiet.
    pub fn skip(&mut self, ticks: u64) -> bool {
        let is_quiet = self.is_quiet();
        if is_quiet {
            self.pass(Samples(ticks * TICK_SAMPLES as u64));
        }
        is_quiet
    }

    /// One tick: `sent` goes out, the order takes effect at its first sample; gives what came in and was measured.
    pub fn exchange(&mut self, sent: &A::Frame, order: Option<CardOrder>) -> (A::Frame, CardReport) {
        if order.is_none() && self.is_quiet() && A::is_silent(sent) {
            self.pass(Samples(TICK_SAMPLES as u64));
            return (<A as Audio>::SILENCE, self.with_delay(CardReport::steady(self.last)));
        }
        match order {
            Some(CardOrder::Present(network)) => {
                if let Some(presents) = &mut self.network {
                    *presents = network;
                    self.wire.present(network);
                }
            }
            Some(order) => self.sequencer.obey(order),
            None => {}
        }
        let mut contacts = [0_u128; MAX_PHONES];
        for (place, (phone, contact)) in self.phones.iter_mut().zip(&mut contacts).enumerate() {
            *contact = phone.advance(self.now);
            if let Some(plugged) = phone.plug_changed() {
                self.circuit.connect(place, plugged.then_some(phone.spec().terminal));
            }
        }
        let mut report = CardReport::steady(self.last);
        let fed = self.electrify(&contacts, &mut report);
        let received = self.carry(sent, &contacts, fed);
        (report.ended, report.step) = self.sequencer.report();
        report.slip = core::mem::take(&mut self.slip);
        self.now = self.now + Samples(TICK_SAMPLES as u64);
        (received, self.with_delay(report))
    }

    fn with_delay(&self, report: CardReport) -> CardReport {
        CardReport { bulk_delay: self.wire.bulk_delay(), presents: self.network, ..report }
    }

    fn pass(&mut self, length: Samples) {
        self.now = self.now + length;
        for phone in &mut self.phones {
            phone.skip(length);
        }
    }

    /// Runs the circuit for a tick; returns the samples at which the line is fed.
    fn electrify(&mut self, contacts: &[u128; MAX_PHONES], report: &mut CardReport) -> u128 {
        let mut readings = [LoopReading::default(); READINGS_PER_TICK];
        let (mut volts, mut amperes) = (0.0_f32, 0.0_f32);
        let mut fed = 0_u128;
        let mut n = 0;
        for phone in &mut self.phones {
            phone.ringer().begin_tick();
        }
        while n < TICK_SAMPLES {
            let (feed, length) = self.sequencer.next(n);
            if self.starts != self.sequencer.starts() {
                self.starts = self.sequencer.starts();
                self.circuit.restart_source();
                self.circuit.disturb();
            }
            for _ in 0..length {
                let node = self.sample(feed, contacts, n);
                volts += node.card;
                amperes += node.current;
                fed |= u128::from(feed != Feed::Open) << n;
                n += 1;
                if n.is_multiple_of(READING_SAMPLES) {
                    let mean = 1.0 / READING_SAMPLES as f32;
                    readings[n / READING_SAMPLES - 1] = LoopReading {
                        voltage: Volts(volts * mean),
                        current: Milliamps(amperes * mean * 1000.0),
                        ground: Milliamps(0.0),
                    };
                    (volts, amperes) = (0.0, 0.0);
                }
            }
        }
        // the last call may end a program with the tick's last sample; it is reported by the next one
        let last = readings[READINGS_PER_TICK - 1];
        let all_same = readings.iter().all(|reading| *reading == last);
        report.sense = if all_same && self.steady && self.last == last {
            Sense::Steady(last)
        } else {
            Sense::Raw(readings)
        };
        self.steady = all_same;
        self.last = last;
        for phone in &mut self.phones {
            phone.judge_ringing(self.now);
        }
        fed
    }

    fn sample(&mut self, feed: Feed, contacts: &[u128; MAX_PHONES], n: usize) -> Node {
        let mut closed = 0_u8;
        for (place, contact) in contacts.iter().enumerate() {
            closed |= ((contact >> n & 1) as u8) << place;
        }
        if closed != self.closed {
            self.closed = closed;
            self.circuit.disturb();
        }
        if self.circuit.is_settled() {
            return self.circuit.node();
        }
        let node = self.circuit.step(feed, closed);
        for (place, phone) in self.phones.iter_mut().enumerate() {
            let is_on_hook = closed & (1 << place) == 0;
            let volts = if is_on_hook { self.circuit.ringer_volts(place) } else { 0.0 };
            phone.ringer().feel(volts, n);
        }
        node
    }

    fn carry(&mut self, sent: &A::Frame, contacts: &[u128; MAX_PHONES], fed: u128) -> A::Frame {
        let silence = <A as Audio>::SILENCE;
        let mut taps =
            [Tap::<A::Frame> { spoken: silence, heard: silence, live: 0, bridged: false }; MAX_PHONES];
        let is_ringing = matches!(self.sequencer.feed(), Feed::Ringing { .. });
        for ((tap, phone), contact) in taps.iter_mut().zip(&mut self.phones).zip(contacts) {
            tap.spoken = phone.speak();
            tap.live = contact & fed & WHOLE_TICK;
            tap.bridged = phone.is_plugged() && !phone.is_lifted() && !is_ringing && fed == WHOLE_TICK;
        }
        let count = self.phones.len();
        let received = self.wire.carry(sent, &mut taps[..count]);
        for (phone, tap) in self.phones.iter_mut().zip(&taps) {
            phone.hear(&tap.heard);
        }
        received
    }
}
