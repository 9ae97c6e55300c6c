//! The test of a telephone's line: what it measures, and within which limits a line is good.
//!
//! # What it does
//! Holds what was measured, and judges each item and the whole.
//!
//! # How
//! An item that the card cannot measure, or that another fault hides, is `None` and neither good nor bad.
//!
//! # Limits
//! Between the wires alone: a leak from one of them to ground is not seen.
//!
//! # Standard
//! Telcordia GR-909 (line tests: hazardous potential, foreign voltage, resistive fault, receiver off-hook, ringers), its limits
//! from secondary sources.

use tipring_units::{Ohms, Ren, Volts};

/// Battery on-hook of any country's lines.
pub const BATTERY: core::ops::RangeInclusive<f32> = 20.0..=60.0;
/// Direct voltage on an unfed line above this is foreign.
pub const FOREIGN_DIRECT: Volts = Volts(6.0);
/// Alternating voltage (RMS) above this is foreign.
pub const FOREIGN_ALTERNATING: Volts = Volts(10.0);
/// Direct voltage above this is a hazard.
pub const HAZARD_DIRECT: Volts = Volts(135.0);
/// Alternating voltage (RMS) above this is a hazard.
pub const HAZARD_ALTERNATING: Volts = Volts(50.0);
/// Less between the wires on-hook is a leak.
pub const LEAST_RESISTANCE: Ohms = Ohms(150_000.0);
/// More is not told apart: cards have inputs of their own.
pub const MOST_RESISTANCE: Ohms = Ohms(1_000_000.0);
/// Fewer ringers are none.
pub const LEAST_RINGERS: Ren = Ren(0.175);
/// More ringers than any card has to ring.
pub const MOST_RINGERS: Ren = Ren(5.0);

/// Voltage on a line that is not fed.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct ForeignVoltage {
    /// Its direct part.
    pub direct: Volts,
    /// Its alternating part, RMS.
    pub alternating: Volts,
}

impl ForeignVoltage {
    /// Who touches the pair is in danger.
    pub fn is_hazard(&self) -> bool {
        self.direct.0.abs() > HAZARD_DIRECT.0 || self.alternating.0 > HAZARD_ALTERNATING.0
    }

    /// It does not belong there.
    pub fn is_foreign(&self) -> bool {
        self.direct.0.abs() > FOREIGN_DIRECT.0 || self.alternating.0 > FOREIGN_ALTERNATING.0
    }
}

/// What a test has measured.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct LineTest {
    /// Tip minus ring on battery, on-hook.
    pub battery: Option<Volts>,
    /// What is on the line without battery.
    pub foreign: Option<ForeignVoltage>,
    /// Between the wires on-hook, up to [`MOST_RESISTANCE`].
    pub resistance: Option<Ohms>,
    /// The loop is closed: a receiver is off the hook, or the wires touch.
    pub closed: Option<bool>,
    /// What the ringing source sees.
    pub ringers: Option<Ren>,
}

/// One thing that is tested.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum TestItem {
    /// Battery is on the line.
    Battery,
    /// No other voltage is.
    Foreign,
    /// Nothing leaks between the wires.
    Leak,
    /// The receiver is on the hook.
    Receiver,
    /// Something is there that rings.
    Ringers,
}

impl TestItem {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 5] = [Self::Battery, Self::Foreign, Self::Leak, Self::Receiver, Self::Ringers];

    /// A word for programs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Battery => "battery",
            Self::Foreign => "foreign-voltage",
            Self::Leak => "leak",
            Self::Receiver => "receiver",
            Self::Ringers => "ringers",
        }
    }
}

/// What became of an item, or of the whole.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Verdict {
    /// Within its limits.
    Passed,
    /// Not.
    Failed,
    /// Nobody knows.
    NotMeasured,
}

impl Verdict {
    /// The words for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotMeasured => "not measured",
        }
    }
}

impl LineTest {
    /// How an item stands.
    pub fn verdict(&self, item: TestItem) -> Verdict {
        let good = match item {
            TestItem::Battery => self.battery.map(|volts| BATTERY.contains(&volts.0)),
            TestItem::Foreign => self.foreign.map(|foreign| !foreign.is_foreign()),
            // Behind a closed loop nobody sees a leak.
            TestItem::Leak if self.closed == Some(true) => None,
            TestItem::Leak => self.resistance.map(|ohms| ohms.0 >= LEAST_RESISTANCE.0),
            TestItem::Receiver => self.closed.map(|closed| !closed),
            TestItem::Ringers => self.ringers.map(|ren| (LEAST_RINGERS.0..=MOST_RINGERS.0).contains(&ren.0)),
        };
        match good {
            Some(true) => Verdict::Passed,
            Some(false) => Verdict::Failed,
            None => Verdict::NotMeasured,
        }
    }

    /// The items that failed.
    pub fn failed(&self) -> impl Iterator<Item = TestItem> + '_ {
        TestItem::ALL.into_iter().filter(|item| self.verdict(*item) == Verdict::Failed)
    }

    /// How the line stands: it failed if any item did; nobody knows if no voltage and no current was measured.
    pub fn whole(&self) -> Verdict {
        let is_blind = self.battery.is_none() && self.closed != Some(true);
        match self.failed().next() {
            Some(_) => Verdict::Failed,
            None if is_blind => Verdict::NotMeasured,
            None => Verdict::Passed,
        }
    }
}

/// Why a line was not tested to the end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum TestEnd {
    /// It is in use, or rings.
    InUse,
    /// It is out of service, its card is silent, or its relay has the telephone.
    OutOfService,
    /// It is a ground-start line: battery would be a call.
    GroundStart,
    /// It is an outside line.
    Outside,
    /// The telephone was lifted.
    Lifted,
    /// A call came for it.
    Called,
    /// The line went out of service, its card fell silent, or its machine was made anew.
    Interrupted,
}

impl TestEnd {
    /// A word for ladders.
    pub const fn word(self) -> &'static str {
        match self {
            Self::InUse => "in use",
            Self::OutOfService => "out of service",
            Self::GroundStart => "ground start",
            Self::Outside => "outside line",
            Self::Lifted => "lifted",
            Self::Called => "called",
            Self::Interrupted => "interrupted",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: LineTest = LineTest {
        battery: Some(Volts(48.0)),
        foreign: Some(ForeignVoltage { direct: Volts(0.1), alternating: Volts(0.3) }),
        resistance: Some(Ohms(900_000.0)),
        closed: Some(false),
        ringers: Some(Ren(1.0)),
    };

    #[test]
    fn each_item_fails_beyond_its_limits_and_the_whole_with_it() {
        assert_eq!(GOOD.whole(), Verdict::Passed);
        let foreign = |direct, alternating| {
            Some(ForeignVoltage { direct: Volts(direct), alternating: Volts(alternating) })
        };
        for (test, item, verdict) in [
            (LineTest { battery: Some(Volts(19.0)), ..GOOD }, TestItem::Battery, Verdict::Failed),
            (LineTest { battery: Some(Volts(-48.0)), ..GOOD }, TestItem::Battery, Verdict::Failed),
            (LineTest { foreign: foreign(-6.5, 0.0), ..GOOD }, TestItem::Foreign, Verdict::Failed),
            (LineTest { foreign: foreign(0.0, 10.5), ..GOOD }, TestItem::Foreign, Verdict::Failed),
            (LineTest { resistance: Some(Ohms(149_000.0)), ..GOOD }, TestItem::Leak, Verdict::Failed),
            (LineTest { closed: Some(true), ..GOOD }, TestItem::Receiver, Verdict::Failed),
            (LineTest { ringers: Some(Ren(0.1)), ..GOOD }, TestItem::Ringers, Verdict::Failed),
            (LineTest { ringers: Some(Ren(5.5)), ..GOOD }, TestItem::Ringers, Verdict::Failed),
            (LineTest { ringers: None, ..GOOD }, TestItem::Ringers, Verdict::NotMeasured),
        ] {
            assert_eq!(test.verdict(item), verdict, "{item:?}");
            let whole = if verdict == Verdict::Failed { verdict } else { Verdict::Passed };
            assert_eq!(test.whole(), whole, "{item:?}");
            assert_eq!(test.failed().collect::<Vec<_>>().len(), usize::from(verdict == Verdict::Failed));
        }
        assert!(foreign(0.0, 51.0).unwrap().is_hazard() && foreign(-140.0, 0.0).unwrap().is_hazard());
        assert!(!foreign(100.0, 40.0).unwrap().is_hazard());
    }

    #[test]
    fn a_card_that_tells_the_hook_alone_has_tested_nothing() {
        assert_eq!(LineTest { closed: Some(false), ..LineTest::default() }.whole(), Verdict::NotMeasured);
        assert_eq!(LineTest { closed: Some(true), ..LineTest::default() }.whole(), Verdict::Failed);
        assert_eq!(LineTest::default().whole(), Verdict::NotMeasured);
    }
}
