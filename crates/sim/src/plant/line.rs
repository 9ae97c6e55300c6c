//! One line: loop, sound path and telephones, tick by tick.

use tipring_port::{Audio, CardOrder, CardReport, Feed, Impedance, LoopReading, READINGS_PER_TICK, Sense};
use tipring_units::{Db, Entropy, Milliamps, Ohms, Ren, SampleTime, Samples, TICK_SAMPLES, Volts};

use super::circuit::{Circuit, Damage, GUESTS, LoopSpec, MAX_PHONES, MAX_TERMINALS, Node, PORT, Terminal};
use super::fidelity::{Fidelity, Tap, WHOLE_TICK, Wire, WireSpec};
use super::hybrid::{HybridSpec, loop_loss};
use super::impedance::Cable;
use super::noise::Disturbance;
use super::sequencer::Sequencer;
use crate::office::{Office, OfficeSpec, Trouble};
use crate::phone::{Phone, PhoneSpec};

/// Samples under one loop reading.
const READING_SAMPLES: usize = TICK_SAMPLES / READINGS_PER_TICK;
/// An exchange takes more loop current than this for a closed loop.
const EXCHANGE_AMPERES: f32 = 0.006;
/// The gateway's port as a terminal on an outside line.
const FXO_PORT: Terminal =
    Terminal { leakage: Ohms(10e6), off_hook: Ohms(160.0), drop: Volts(4.0), ren: Ren(0.0) };
/// A terminal that grounds ring does it through this.
const GROUND_OHMS: f32 = 550.0;

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
    /// An exchange is behind the line: the card's port is one towards it (FXO), and the telephones are beside the port.
    pub office: Option<OfficeSpec>,
    /// The relay of this line joins its telephones to that outside line, which has to be on the same clock.
    pub lifeline: Option<u16>,
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
    office: Option<Box<Office<A>>>,
    /// What the loop is fed with.
    fed: Feed,
    entropy: Entropy,
    /// Telephones of another line that its relay has joined to this one.
    guests: Vec<Phone<A>>,
    /// The relay has joined the telephones to another line; `None`: there is no relay.
    lifeline: Option<bool>,
    /// The network that the card presents; `None` where it has but one.
    network: Option<Impedance>,
    disturbance: Disturbance,
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
        // a relay has contacts for so many
        let most = if spec.lifeline.is_some() { MAX_TERMINALS - GUESTS } else { MAX_PHONES };
        let phones: Vec<Phone<A>> =
            spec.phones.iter().take(most).map(|phone| Phone::new(phone, &mut entropy.fork())).collect();
        for (place, phone) in phones.iter().enumerate() {
            circuit.connect(place, Some(phone.spec().terminal));
        }
        if spec.office.is_some() {
            circuit.connect(PORT, Some(FXO_PORT));
        }
        let office = spec.office.as_ref().map(|spec| Box::new(Office::new(spec, &mut entropy.fork())));
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
            office,
            fed: Feed::Open,
            entropy: entropy.fork(),
            guests: Vec::new(),
            lifeline: spec.lifeline.map(|_| false),
            disturbance: spec.disturbance,
        }
    }

    /// The exchange behind it, if it is an outside line.
    pub fn office(&self) -> Option<&Office<A>> {
        self.office.as_deref()
    }

    /// Whether the relay joins the telephones to their outside line; `None` where there is none.
    pub const fn lifeline(&self) -> Option<bool> {
        self.lifeline
    }

    /// The relay takes the telephones from the port: they are to hang on the outside line.
    pub(crate) fn lend(&mut self) -> Vec<Phone<A>> {
        self.lifeline = Some(true);
        (0..self.phones.len()).for_each(|place| self.circuit.connect(place, None));
        self.steady = false;
        core::mem::take(&mut self.phones)
    }

    /// The relay gives them back.
    pub(crate) fn take_back(&mut self, phones: Vec<Phone<A>>) {
        self.lifeline = Some(false);
        self.phones = phones;
        for (place, phone) in self.phones.iter().enumerate() {
            self.circuit.connect(place, phone.is_plugged().then_some(phone.spec().terminal));
        }
        self.steady = false;
    }

    /// Telephones of another line hang on this one from now on; those that find no place are cut off until they go back.
    pub(crate) fn host(&mut self, phones: Vec<Phone<A>>) {
        self.guests = phones;
        for (place, phone) in (GUESTS..MAX_TERMINALS).zip(&self.guests) {
            self.circuit.connect(place, phone.is_plugged().then_some(phone.spec().terminal));
        }
        self.steady = false;
    }

    /// They go back.
    pub(crate) fn unhost(&mut self) -> Vec<Phone<A>> {
        (GUESTS..MAX_TERMINALS).for_each(|place| self.circuit.connect(place, None));
        self.steady = false;
        core::mem::take(&mut self.guests)
    }

    /// Telephones of another line that its relay has joined to this one.
    pub fn guests(&self) -> &[Phone<A>] {
        &self.guests
    }

    /// A guest.
    pub(crate) fn guest(&mut self, place: usize) -> Option<&mut Phone<A>> {
        self.guests.get_mut(place)
    }

    /// The port lets go of an outside line: its card has failed.
    pub(crate) fn let_go(&mut self) {
        self.sequencer.obey(CardOrder::Feed(Feed::Open));
        self.steady = false;
    }

    /// True while the gateway's port holds the outside line.
    pub const fn is_port_closed(&self) -> bool {
        self.closed & (1 << PORT) != 0
    }

    /// The exchange, to tell it something.
    pub fn office_mut(&mut self) -> Option<&mut Office<A>> {
        self.office.as_deref_mut()
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

    /// The loop's cable.
    pub const fn cable(&self) -> Cable {
        let spec = self.circuit.spec();
        Cable { resistance: spec.loop_resistance, capacitance: spec.capacitance }
    }

    /// The loop's cable is this one from now on.
    pub fn lengthen(&mut self, cable: Cable) {
        self.circuit.lengthen(cable);
        self.wire.lengthen(cable, loop_loss(cable.resistance));
        self.steady = false;
    }

    /// Its pair is damaged like this from now on.
    pub fn damage(&mut self, damage: Damage) {
        self.circuit.damage(damage);
        self.steady = false;
    }

    /// Noise and hum on it.
    pub const fn disturbance(&self) -> Disturbance {
        self.disturbance
    }

    /// Noise and hum are these from now on.
    pub fn disturb(&mut self, disturbance: Disturbance) {
        self.disturbance = disturbance;
        self.wire.disturb(disturbance, &mut self.entropy);
        self.steady = false;
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
            && self.phones.iter().chain(&self.guests).all(Phone::is_idle)
            && self.office.as_ref().is_none_or(|office| office.is_quiet())
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
        let mut contacts = [0_u128; MAX_TERMINALS];
        let phones = (0..).zip(&mut self.phones).chain((GUESTS..).zip(&mut self.guests));
        for (place, phone) in phones {
            contacts[place] = phone.advance(self.now);
            if let Some(plugged) = phone.plug_changed() {
                self.circuit.connect(place, plugged.then_some(phone.spec().terminal));
            }
        }
        if let Some(office) = &mut self.office {
            office.begin();
            while let Some(trouble) = office.trouble() {
                match trouble {
                    Trouble::Noise(disturbance) => {
                        self.disturbance = disturbance;
                        self.wire.disturb(disturbance, &mut self.entropy);
                    }
                    Trouble::Foreign(foreign) => self.circuit.contaminate(foreign),
                    Trouble::Dead(_) | Trouble::Break(_) => {} // the exchange's own
                }
            }
        }
        let mut report = CardReport::steady(self.last);
        let heard = self.electrify(&mut contacts, &mut report);
        if heard.ringing == 0 {
            let volts = Volts(self.circuit.node().phones);
            self.phones.iter_mut().chain(&mut self.guests).for_each(|phone| phone.feel_battery(volts));
        }
        let received = self.carry(sent, &contacts, heard);
        (report.ended, report.step) = self.sequencer.report();
        report.slip = core::mem::take(&mut self.slip);
        self.now = self.now + Samples(TICK_SAMPLES as u64);
        (received, self.with_delay(report))
    }

    fn with_delay(&self, report: CardReport) -> CardReport {
        CardReport {
            bulk_delay: self.wire.bulk_delay(),
            presents: self.network,
            lifeline: self.lifeline,
            ..report
        }
    }

    fn pass(&mut self, length: Samples) {
        self.now = self.now + length;
        for phone in self.phones.iter_mut().chain(&mut self.guests) {
            phone.skip(length);
        }
        if let Some(office) = &mut self.office {
            office.skip(length);
        }
    }

    /// Runs the circuit for a tick; an outside line's port is among the contacts then.
    fn electrify(&mut self, contacts: &mut [u128; MAX_TERMINALS], report: &mut CardReport) -> Heard {
        let mut readings = [LoopReading::default(); READINGS_PER_TICK];
        let mut sums = [0.0_f32; 3];
        let (mut fed, mut ringing) = (0_u128, 0_u128);
        let mut n = 0;
        for phone in self.phones.iter_mut().chain(&mut self.guests) {
            phone.ringer().begin_tick();
        }
        while n < TICK_SAMPLES {
            let (port, length) = self.sequencer.next(n);
            for _ in 0..length {
                contacts[PORT] |= u128::from(port == Feed::Closed) << n;
                let feed = match &mut self.office {
                    Some(office) => office.feed(n),
                    None => port,
                };
                self.feed_with(feed, n, report);
                let node = self.sample(feed, contacts, n);
                let is_outside = self.office.is_some();
                let [volts, amperes, ground] = &mut sums;
                *volts += if is_outside { node.phones } else { node.card };
                *amperes += match (is_outside, contacts[PORT] >> n & 1) {
                    (false, _) => node.current,
                    (true, 0) => 0.0,
                    (true, _) => self.circuit.current_into(PORT),
                };
                *ground += if is_outside { 0.0 } else { self.ground(feed) };
                fed |= u128::from(is_fed(feed)) << n;
                ringing |= u128::from(matches!(feed, Feed::Ringing { .. })) << n;
                n += 1;
                if n.is_multiple_of(READING_SAMPLES) {
                    let [volts, amperes, ground] = sums.map(|sum| sum / READING_SAMPLES as f32);
                    readings[n / READING_SAMPLES - 1] = LoopReading {
                        voltage: Volts(volts),
                        current: Milliamps(amperes * 1000.0),
                        ground: Milliamps(ground * 1000.0),
                    };
                    sums = [0.0; 3];
                    self.show_office(feed, port, node);
                    self.show_trunks(feed, node, n);
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
        for phone in self.phones.iter_mut().chain(&mut self.guests) {
            phone.judge_ringing(self.now);
        }
        Heard { fed, ringing }
    }

    /// The loop is fed with this from now on. A metering pulse that ends is counted by an outside line's port.
    fn feed_with(&mut self, feed: Feed, n: usize, report: &mut CardReport) {
        if self.office.is_none() {
            if self.starts != self.sequencer.starts() {
                self.starts = self.sequencer.starts();
                self.circuit.restart_source();
                self.circuit.disturb();
            }
            let is_over = matches!(self.fed, Feed::Metering { .. }) && !matches!(feed, Feed::Metering { .. });
            if is_over {
                self.phones.iter_mut().for_each(|phone| phone.charge(n));
            }
            self.fed = feed;
            return;
        }
        if self.fed != feed {
            if matches!(self.fed, Feed::Metering { .. }) && self.closed & (1 << PORT) != 0 {
                report.metering = report.metering.saturating_add(1);
            }
            self.fed = feed;
            self.circuit.restart_source();
            self.circuit.disturb();
        }
    }

    /// Shows the exchange a millisecond of its loop.
    fn show_office(&mut self, feed: Feed, port: Feed, node: Node) {
        let Some(office) = &mut self.office else { return };
        let closed = match feed {
            Feed::Open => None,
            Feed::TipOpen => Some(false),
            // ring trip
            Feed::Ringing { .. } => Some(self.closed != 0),
            Feed::Normal
            | Feed::Reversed
            | Feed::Neon(_)
            | Feed::Metering { .. }
            | Feed::Closed
            | Feed::RingGround => Some(node.current.abs() > EXCHANGE_AMPERES),
        };
        office.look(closed, port == Feed::RingGround);
    }

    /// Shows trunk ports a millisecond of their line.
    fn show_trunks(&mut self, feed: Feed, node: Node, n: usize) {
        if matches!(feed, Feed::Ringing { .. }) {
            return;
        }
        for phone in self.phones.iter_mut().filter(|phone| phone.is_trunk()) {
            phone.watch(node.phones, n);
        }
    }

    /// Amperes from ring to ground: what a terminal takes that asks for service by it.
    fn ground(&self, feed: Feed) -> f32 {
        let grounds = self.phones.iter().any(Phone::grounds_ring);
        if !grounds || feed != Feed::TipOpen {
            return 0.0;
        }
        let spec = self.circuit.spec();
        spec.battery.0 / (spec.feed_resistance.0 / 2.0 + spec.loop_resistance.0 / 2.0 + GROUND_OHMS)
    }

    fn sample(&mut self, feed: Feed, contacts: &[u128; MAX_TERMINALS], n: usize) -> Node {
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
        for (place, phone) in (0..).zip(&mut self.phones).chain((GUESTS..).zip(&mut self.guests)) {
            let is_on_hook = closed & (1 << place) == 0;
            let volts = if is_on_hook { self.circuit.ringer_volts(place) } else { 0.0 };
            phone.ringer().feel(volts, n);
        }
        node
    }

    fn carry(&mut self, sent: &A::Frame, contacts: &[u128; MAX_TERMINALS], line: Heard) -> A::Frame {
        let silence = <A as Audio>::SILENCE;
        let tap = Tap::<A::Frame> { spoken: silence, heard: silence, live: 0, bridged: false, near: false };
        let mut taps = [tap; MAX_TERMINALS];
        let is_ringing = line.ringing >> (TICK_SAMPLES - 1) & 1 != 0;
        let near = self.office.is_some();
        let mut count = 0;
        for (place, phone) in (0..).zip(&mut self.phones).chain((GUESTS..).zip(&mut self.guests)) {
            let tap = &mut taps[count];
            tap.spoken = phone.speak();
            tap.live = contacts[place] & line.fed & WHOLE_TICK;
            tap.bridged = phone.is_plugged() && !phone.is_lifted() && !is_ringing && line.fed == WHOLE_TICK;
            tap.near = near;
            count += 1;
        }
        let Some(office) = &mut self.office else {
            let received = self.wire.carry(sent, &mut taps[..count]);
            self.let_hear(&taps);
            return received;
        };
        // an exchange that says nothing on an idle loop is not there for the wire
        let spoken = office.speak();
        let loop_closed = contacts.iter().fold(0, |all, contact| all | contact);
        let is_there = loop_closed != 0 || !A::is_silent(&spoken);
        let tap = &mut taps[count];
        tap.spoken = spoken;
        tap.live = if is_there { line.fed & !line.ringing & WHOLE_TICK } else { 0 };
        let sent = A::gated(sent, contacts[PORT] & line.fed & !line.ringing);
        let received = self.wire.carry(&sent, &mut taps[..=count]);
        let received = A::gated(&received, line.fed & !line.ringing);
        if let Some(office) = &mut self.office {
            office.hear(&taps[count].heard);
        }
        self.let_hear(&taps);
        received
    }

    fn let_hear(&mut self, taps: &[Tap<A::Frame>; MAX_TERMINALS]) {
        for (phone, tap) in self.phones.iter_mut().chain(&mut self.guests).zip(taps) {
            phone.hear(&tap.heard);
        }
    }
}

/// The samples of a tick in which the loop is fed, and those in which it rings.
#[derive(Clone, Copy, Debug)]
struct Heard {
    fed: u128,
    ringing: u128,
}

/// True if the feed lets current flow and sound pass.
const fn is_fed(feed: Feed) -> bool {
    match feed {
        Feed::Open | Feed::TipOpen | Feed::Closed | Feed::RingGround => false,
        Feed::Normal | Feed::Reversed | Feed::Neon(_) | Feed::Ringing { .. } | Feed::Metering { .. } => true,
    }
}
