//! A line of this box as the switch sees it: a telephone's, or one of an exchange.

use tipring_port::{LineEvent, LineSummary};
use tipring_units::{CallId, Epoch, Instant, LineId};

use crate::line_side::{LineSide, Scene};
use crate::outbox::Order;
use crate::outside::OutsideSide;
use crate::{Cause, LineDoing, Number, Setup, Why};

/// The machine of a line.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // there are as many as lines, for as long as these live
pub(crate) enum Station {
    Telephone(LineSide),
    Outside(OutsideSide),
}

/// Does the same with whichever it is.
macro_rules! either {
    ($station:expr, $side:ident => $what:expr) => {
        match $station {
            Station::Telephone($side) => $what,
            Station::Outside($side) => $what,
        }
    };
}

impl Station {
    /// The machine of `line` as the configuration has it; a telephone where it has neither.
    pub fn new(setup: &Setup, line: LineId) -> Self {
        if is_outside(setup, line) {
            Self::Outside(OutsideSide::new(line))
        } else {
            Self::Telephone(LineSide::new(line))
        }
    }

    /// True if the configuration says the same of what it is.
    pub fn fits(&self, setup: &Setup, line: LineId) -> bool {
        matches!(self, Self::Outside(_)) == is_outside(setup, line)
    }

    pub fn telephone(&self) -> Option<&LineSide> {
        match self {
            Self::Telephone(side) => Some(side),
            Self::Outside(_) => None,
        }
    }

    pub fn outside(&self) -> Option<&OutsideSide> {
        match self {
            Self::Outside(side) => Some(side),
            Self::Telephone(_) => None,
        }
    }

    pub fn lost(&self, now: Instant) -> Self {
        match self {
            Self::Telephone(side) => Self::Telephone(side.lost()),
            Self::Outside(side) => Self::Outside(side.lost(now)),
        }
    }

    pub fn timer(&self) -> Option<(Instant, Why)> {
        either!(self, side => side.timer())
    }

    pub fn epoch(&self) -> Epoch {
        either!(self, side => side.epoch())
    }

    pub fn doing(&self) -> LineDoing {
        either!(self, side => side.doing())
    }

    pub fn active(&self) -> Option<CallId> {
        either!(self, side => side.active())
    }

    pub fn held(&self) -> &[CallId] {
        match self {
            Self::Telephone(side) => side.held(),
            Self::Outside(_) => &[],
        }
    }

    pub fn dialled(&self) -> Number {
        either!(self, side => side.dialled())
    }

    pub fn on_event(&mut self, epoch: Epoch, event: LineEvent, scene: &mut Scene<'_>) {
        either!(self, side => side.on_event(epoch, event, scene));
    }

    pub fn on_summary(&mut self, epoch: Epoch, summary: LineSummary, scene: &mut Scene<'_>) {
        either!(self, side => side.on_summary(epoch, summary, scene));
    }

    pub fn on_order(&mut self, call: CallId, order: Order, scene: &mut Scene<'_>) {
        either!(self, side => side.on_order(call, order, scene));
    }

    pub fn on_timer(&mut self, scene: &mut Scene<'_>) {
        either!(self, side => side.on_timer(scene));
    }

    pub fn set_in_service(&mut self, on: bool, scene: &mut Scene<'_>) {
        either!(self, side => side.set_in_service(on, scene));
    }

    pub fn read_again(&mut self, scene: &mut Scene<'_>) {
        either!(self, side => side.read_again(scene));
    }

    pub fn consult(&mut self, scene: &mut Scene<'_>) {
        match self {
            Self::Telephone(side) => side.consult(scene),
            Self::Outside(_) => {} // an exchange does not ask for one more call
        }
    }

    pub fn flash_out(&mut self, scene: &mut Scene<'_>) {
        match self {
            Self::Telephone(_) => {}
            Self::Outside(side) => side.flash_out(scene),
        }
    }

    /// The configuration has the line no more.
    pub fn remove(&mut self, scene: &mut Scene<'_>) {
        match self {
            Self::Telephone(side) => side.give_up(Cause::LineLost, scene),
            Self::Outside(side) => side.remove(scene),
        }
    }
}

fn is_outside(setup: &Setup, line: LineId) -> bool {
    setup.lines.iter().any(|outside| outside.line == line)
}
