//! The loop as an electrical circuit.
//!
//! # What it does
//! Gives the tip-ring voltage and loop current at the card, and the voltage at the telephones, for what the card
//! feeds and for which contacts are closed.
//!
//! # How
//! One node, the telephones', behind the source and the loop's resistance. On-hook a telephone is a leak beside its
//! ringer (a capacitor in series with a resistor); off-hook it is a resistor behind the drop of its rectifier. A damaged
//! pair leaks there, or touches a wire with a voltage of its own. Each
//! capacitor becomes a conductance and a source (backward Euler at 8 kHz), which is stable for any time constant.
//! When nothing has changed for long, the circuit is settled: it is set to its direct-current solution and needs no
//! further steps.
//!
//! # Limits
//! No inductance, no line longer than its resistance and one capacitance. The rectifier's drop is piecewise linear.
//!
//! # Standard
//! The ringer is that of TIA-968 for 1 REN at 20 Hz: 8 uF in series with 7 kohm.

use libm::sin;
use tipring_port::Feed;
use tipring_units::{Farads, Hz, Milliamps, Ohms, Ren, SAMPLE_RATE, Volts};

use super::impedance::Cable;

/// Telephones on one line, at the most.
pub const MAX_PHONES: usize = 5;
/// The gateway's own port, where the line is an outside line and the port a terminal on it.
pub const PORT: usize = MAX_PHONES;
/// The first of the telephones that a lifeline relay joins to the line.
pub const GUESTS: usize = PORT + 1;
/// Whatever hangs on one line, at the most.
pub const MAX_TERMINALS: usize = 8;

/// Capacitance of a ringer of 1 REN.
const RINGER_FARADS: f32 = 8e-6;
/// Resistance of a ringer of 1 REN.
const RINGER_OHMS: f32 = 7000.0;
/// What drains an open line at the card.
const BLEED_OHMS: f32 = 100_000.0;
/// What the ringing source can give.
const RINGING_LIMIT_AMPERES: f32 = 0.3;
/// Resistance of a telephone below the drop of its rectifier.
const BELOW_DROP_OHMS: f32 = 50_000.0;
const STEP: f32 = 1.0 / SAMPLE_RATE as f32;
/// A circuit whose voltages move less than this in a sample, and whose ringers are charged this closely, is settled.
const SETTLED_SLOPE: f32 = 1e-4;
const SETTLED_CHARGE: f32 = 0.02;

/// The feed and the loop.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LoopSpec {
    /// Battery.
    pub battery: Volts,
    /// The feed gives no more than this.
    pub limit: Milliamps,
    /// Resistance of the feed, both legs together.
    pub feed_resistance: Ohms,
    /// Further resistance of the ringing source.
    pub ring_resistance: Ohms,
    /// Resistance of the loop to the telephones and back.
    pub loop_resistance: Ohms,
    /// Capacitance between the wires.
    pub capacitance: Farads,
}

impl From<Cable> for LoopSpec {
    /// The usual feed behind a loop of this cable.
    fn from(cable: Cable) -> Self {
        Self { loop_resistance: cable.resistance, capacitance: cable.capacitance, ..Self::default() }
    }
}

impl Default for LoopSpec {
    /// 48 V behind 2 x 200 ohm, limited to 25 mA, and a loop of 300 ohm.
    fn default() -> Self {
        Self {
            battery: Volts(48.0),
            limit: Milliamps(25.0),
            feed_resistance: Ohms(400.0),
            ring_resistance: Ohms(200.0),
            loop_resistance: Ohms(300.0),
            capacitance: Farads(50e-9),
        }
    }
}

/// A telephone as the loop sees it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Terminal {
    /// What leaks on-hook.
    pub leakage: Ohms,
    /// Slope resistance off-hook.
    pub off_hook: Ohms,
    /// Drop of the rectifier before that.
    pub drop: Volts,
    /// Its ringer.
    pub ren: Ren,
}

impl Default for Terminal {
    fn default() -> Self {
        Self { leakage: Ohms(10e6), off_hook: Ohms(200.0), drop: Volts(0.0), ren: Ren(1.0) }
    }
}

/// Voltage that does not belong on the line: a contact with the mains, or induction.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Foreign {
    /// Direct, on top of the battery.
    pub direct: Volts,
    /// Alternating: frequency and level (RMS).
    pub alternating: (Hz, Volts),
}

/// What is wrong with the pair between card and telephones.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Damage {
    /// It leaks from wire to wire.
    pub leak: Option<Ohms>,
    /// It touches something else.
    pub contact: Option<Contact>,
}

/// Something with a voltage of its own that the pair touches.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Contact {
    /// Direct, or RMS.
    pub volts: Volts,
    /// Zero: direct.
    pub frequency: Hz,
    /// What is between.
    pub through: Ohms,
}

/// Resistance of the contact where nothing is fed.
const FOREIGN_OHMS: f32 = 10_000.0;

/// What one step gives.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Node {
    /// Tip minus ring at the card.
    pub card: f32,
    /// Tip minus ring at the telephones.
    pub phones: f32,
    /// Amperes out of tip.
    pub current: f32,
}

/// One loop.
#[derive(Clone, Debug)]
pub struct Circuit {
    spec: LoopSpec,
    terminals: [Option<Terminal>; MAX_TERMINALS],
    ringers: [f32; MAX_TERMINALS],
    node: Node,
    /// Of the ringing source, in turns.
    phase: f64,
    settled: bool,
    foreign: Option<Foreign>,
    /// Of the foreign voltage, in turns.
    foreign_phase: f64,
    damage: Damage,
    /// Volts of what it touches now, and its phase in turns.
    touched: f32,
    touched_phase: f64,
}

/// The source as seen from the telephones' node.
#[derive(Clone, Copy)]
struct Source {
    volts: f32,
    ohms: f32,
    limit: f32,
}

/// The load: a conductance and a current into the node.
#[derive(Clone, Copy, Default)]
struct Load {
    conductance: f32,
    current: f32,
}

impl Circuit {
    /// A loop without battery and telephones.
    pub fn new(spec: LoopSpec) -> Self {
        Self {
            spec,
            terminals: [None; MAX_TERMINALS],
            ringers: [0.0; MAX_TERMINALS],
            node: Node::default(),
            phase: 0.0,
            settled: false,
            foreign: None,
            foreign_phase: 0.0,
            damage: Damage::default(),
            touched: 0.0,
            touched_phase: 0.0,
        }
    }

    /// The pair is damaged like this from now on.
    pub fn damage(&mut self, damage: Damage) {
        self.damage = damage;
        (self.touched, self.touched_phase) = (0.0, 0.0);
        self.settled = false;
    }

    /// Puts foreign voltage on the loop, or takes it away.
    pub fn contaminate(&mut self, foreign: Option<Foreign>) {
        self.foreign = foreign;
        self.settled = false;
    }

    /// The loop's cable is this one from now on.
    pub fn lengthen(&mut self, cable: Cable) {
        (self.spec.loop_resistance, self.spec.capacitance) = (cable.resistance, cable.capacitance);
        self.settled = false;
    }

    /// The current into the closed terminal at `place`, in amperes.
    pub fn current_into(&self, place: usize) -> f32 {
        let volts = self.node.phones;
        self.terminal(place).map_or(0.0, |terminal| {
            if volts.abs() >= terminal.drop.0 {
                (volts - terminal.drop.0.copysign(volts)) / terminal.off_hook.0.max(1.0)
            } else {
                volts / BELOW_DROP_OHMS
            }
        })
    }

    /// Connects a telephone at `place`, or takes it away.
    pub fn connect(&mut self, place: usize, terminal: Option<Terminal>) {
        if let Some(slot) = self.terminals.get_mut(place) {
            *slot = terminal;
            self.ringers[place] = 0.0;
            self.settled = false;
        }
    }

    /// The telephone at `place`.
    pub fn terminal(&self, place: usize) -> Option<&Terminal> {
        self.terminals.get(place)?.as_ref()
    }

    /// The loop's values.
    pub const fn spec(&self) -> &LoopSpec {
        &self.spec
    }

    /// What the last step gave.
    pub const fn node(&self) -> Node {
        self.node
    }

    /// True if a further step with the same feed and contacts would change nothing.
    pub const fn is_settled(&self) -> bool {
        self.settled
    }

    /// Something changed: the circuit has to settle anew.
    pub fn disturb(&mut self) {
        self.settled = false;
    }

    /// The ringing source starts from zero.
    pub fn restart_source(&mut self) {
        self.phase = 0.0;
    }

    /// Voltage over the resistive part of the ringer at `place`: the alternating part of what is between tip and
    /// ring, within 1 % at 20 Hz and above.
    pub fn ringer_volts(&self, place: usize) -> f32 {
        match self.terminal(place) {
            Some(terminal) if terminal.ren.0 > 0.0 => self.node.phones - self.ringers[place],
            Some(_) | None => 0.0,
        }
    }

    /// One sample with `feed` and the contacts of which `closed` has the bits.
    pub fn step(&mut self, feed: Feed, closed: u8) -> Node {
        let source = self.source(feed);
        let is_touched = self.touch();
        let last = self.node;
        let volts = self.solve(source, closed, true);
        for (place, terminal) in self.terminals.iter().enumerate() {
            if let Some(terminal) = terminal
                && terminal.ren.0 > 0.0
                && closed & (1 << place) == 0
            {
                let alpha = STEP / (RINGER_FARADS * RINGER_OHMS);
                self.ringers[place] = (self.ringers[place] + alpha * volts.phones) / (1.0 + alpha);
            }
        }
        self.node = volts;
        let is_moved = self.foreign.is_some_and(|foreign| foreign.alternating.1.0 > 0.0);
        if !matches!(feed, Feed::Ringing { .. }) && !is_moved && !is_touched {
            self.try_to_settle(source, closed, last);
        }
        volts
    }

    fn try_to_settle(&mut self, source: Source, closed: u8, last: Node) {
        let on_hook = |place: &usize| {
            closed & (1 << place) == 0 && self.terminals[*place].is_some_and(|t| t.ren.0 > 0.0)
        };
        let still = (self.node.phones - last.phones).abs() < SETTLED_SLOPE
            && (0..MAX_TERMINALS)
                .filter(on_hook)
                .all(|place| (self.node.phones - self.ringers[place]).abs() < SETTLED_CHARGE);
        if still {
            self.node = self.solve(source, closed, false);
            let charged: [bool; MAX_TERMINALS] = core::array::from_fn(|place| on_hook(&place));
            for (ringer, charged) in self.ringers.iter_mut().zip(charged) {
                if charged {
                    *ringer = self.node.phones;
                }
            }
            self.settled = true;
        }
    }

    /// What the pair touches has this voltage in the next sample; `true` if it alternates.
    fn touch(&mut self) -> bool {
        let Some(contact) = self.damage.contact else { return false };
        let alternates = contact.frequency.0 > 0.0;
        let wave = sin(core::f64::consts::TAU * self.touched_phase) * core::f64::consts::SQRT_2;
        self.touched = if alternates { contact.volts.0 * wave as f32 } else { contact.volts.0 };
        self.touched_phase += f64::from(contact.frequency.0) / f64::from(SAMPLE_RATE);
        self.touched_phase -= f64::from(self.touched_phase >= 1.0);
        alternates
    }

    fn source(&mut self, feed: Feed) -> Source {
        let own = self.own_source(feed);
        let Some(foreign) = self.foreign else { return own };
        let (frequency, level) = foreign.alternating;
        let wave = sin(core::f64::consts::TAU * self.foreign_phase) * core::f64::consts::SQRT_2;
        self.foreign_phase += f64::from(frequency.0) / f64::from(SAMPLE_RATE);
        self.foreign_phase -= f64::from(self.foreign_phase >= 1.0);
        let volts = own.volts + foreign.direct.0 + level.0 * wave as f32;
        Source { volts, ohms: if own.ohms.is_finite() { own.ohms } else { FOREIGN_OHMS }, ..own }
    }

    fn own_source(&mut self, feed: Feed) -> Source {
        let spec = &self.spec;
        let feed_ohms = spec.feed_resistance.0;
        let limit = spec.limit.0 / 1000.0;
        match feed {
            // An outside line's port feeds nothing; its own plant has the exchange's source.
            Feed::Open | Feed::TipOpen | Feed::Closed | Feed::RingGround => {
                Source { volts: 0.0, ohms: f32::INFINITY, limit }
            }
            Feed::Normal | Feed::Metering { reversed: false, .. } => {
                Source { volts: spec.battery.0, ohms: feed_ohms, limit }
            }
            Feed::Neon(voltage) => Source { volts: voltage.0, ohms: feed_ohms, limit },
            Feed::Reversed | Feed::Metering { reversed: true, .. } => {
                Source { volts: -spec.battery.0, ohms: feed_ohms, limit }
            }
            Feed::Ringing { frequency, level } => {
                let ringing =
                    core::f64::consts::SQRT_2 * f64::from(level.0) * sin(core::f64::consts::TAU * self.phase);
                self.phase += f64::from(frequency.0) / f64::from(SAMPLE_RATE);
                self.phase -= f64::from(self.phase >= 1.0);
                Source {
                    volts: spec.battery.0 + ringing as f32,
                    ohms: feed_ohms + spec.ring_resistance.0,
                    limit: RINGING_LIMIT_AMPERES,
                }
            }
        }
    }

    /// The node for the source and the contacts; with capacitors, or with them charged.
    fn solve(&self, source: Source, closed: u8, moving: bool) -> Node {
        // Whether a rectifier conducts depends on the voltage that follows from it: start from the last one.
        let mut sign = if self.node.phones < 0.0 { -1.0 } else { 1.0 };
        let mut conducting = true;
        let mut result = Node::default();
        for _ in 0..4 {
            let load = self.load(closed, moving, sign, conducting);
            result = self.node_for(source, load);
            let (new_sign, new_conducting) =
                (if result.phones < 0.0 { -1.0 } else { 1.0 }, self.conducts(closed, result.phones));
            if new_sign == sign && new_conducting == conducting {
                break;
            }
            (sign, conducting) = (new_sign, new_conducting);
        }
        result
    }

    /// True if the voltage lies above the smallest drop of the closed telephones.
    fn conducts(&self, closed: u8, volts: f32) -> bool {
        let drops = self.terminals.iter().enumerate().filter(|(place, _)| closed & (1 << place) != 0);
        let smallest = drops.filter_map(|(_, t)| t.map(|t| t.drop.0)).fold(f32::INFINITY, f32::min);
        !smallest.is_finite() || volts.abs() >= smallest
    }

    fn load(&self, closed: u8, moving: bool, sign: f32, conducting: bool) -> Load {
        let mut load = Load::default();
        let mut add = |conductance: f32, behind: f32| {
            load.conductance += conductance;
            load.current += conductance * behind;
        };
        add(1.0 / BLEED_OHMS / 10.0, 0.0); // the card's own measuring input
        if let Some(leak) = self.damage.leak {
            add(1.0 / leak.0.max(1.0), 0.0);
        }
        if let Some(contact) = self.damage.contact {
            add(1.0 / contact.through.0.max(1.0), self.touched);
        }
        if moving && self.spec.capacitance.0 > 0.0 {
            add(self.spec.capacitance.0 / STEP, self.node.phones);
        }
        for (place, terminal) in self.terminals.iter().enumerate() {
            let Some(terminal) = terminal else { continue };
            if closed & (1 << place) != 0 {
                if conducting {
                    add(1.0 / terminal.off_hook.0.max(1.0), sign * terminal.drop.0);
                } else {
                    add(1.0 / BELOW_DROP_OHMS, 0.0);
                }
                continue;
            }
            add(1.0 / terminal.leakage.0.max(1.0), 0.0);
            if moving && terminal.ren.0 > 0.0 {
                add(ringer_share() * terminal.ren.0 / RINGER_OHMS, self.ringers[place]);
            }
        }
        load
    }

    fn node_for(&self, source: Source, load: Load) -> Node {
        if source.ohms.is_infinite() {
            let phones = load.current / (load.conductance + 1.0 / BLEED_OHMS);
            return Node { card: phones, phones, current: 0.0 };
        }
        let ohms = (source.ohms + self.spec.loop_resistance.0).max(1.0);
        let mut phones = (source.volts / ohms + load.current) / (1.0 / ohms + load.conductance);
        let mut current = (source.volts - phones) / ohms;
        if current.abs() > source.limit {
            current = source.limit.copysign(current);
            phones = (current + load.current) / load.conductance;
        }
        Node { card: phones + current * self.spec.loop_resistance.0, phones, current }
    }
}

/// The part of a ringer's voltage that falls on its resistor within one step.
fn ringer_share() -> f32 {
    1.0 / (1.0 + STEP / (RINGER_FARADS * RINGER_OHMS))
}
