//! The machine of a line port of either kind.

use tipring_port::{
    CardReport, LearnEnd, LearnReport, LearnedTone, LineCommand, LineFault, LineProfile, LineSummary,
    Overheard,
};
use tipring_units::{Epoch, SampleTime};

use crate::{Fxo, Fxs, FxsOut};

/// A line port's machine: towards a telephone, or towards an exchange.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // one per line, made once
pub enum Machine {
    /// Towards a telephone.
    Fxs(Fxs),
    /// Towards an exchange.
    Fxo(Fxo),
}

impl Machine {
    /// A machine in its first tick, of the kind that the profile says. One that replaces another takes up with the epoch
    /// after the other's.
    pub fn new(profile: &LineProfile, epoch: Epoch, in_service: bool) -> Self {
        Fxo::new(profile, epoch, in_service)
            .map_or_else(|| Self::Fxs(Fxs::new(profile, epoch, in_service)), Self::Fxo)
    }

    /// Takes another profile. One of the other kind makes another machine of it.
    pub fn apply(&mut self, profile: &LineProfile) {
        match self {
            Self::Fxs(fxs) if profile.fxo.is_none() => fxs.apply(profile),
            Self::Fxo(fxo) if profile.fxo.is_some() => fxo.apply(profile),
            Self::Fxs(_) | Self::Fxo(_) => {
                *self = Self::new(profile, self.epoch().next(), self.summary().in_service);
            }
        }
    }

    /// A command of the control plane.
    pub fn command(&mut self, now: SampleTime, epoch: Epoch, command: LineCommand, out: &mut FxsOut) {
        match self {
            Self::Fxs(fxs) => fxs.command(now, epoch, command, out),
            Self::Fxo(fxo) => fxo.command(now, epoch, command, out),
        }
    }

    /// The card's report of the tick whose first sample is `now`.
    pub fn tick(&mut self, now: SampleTime, report: &CardReport, out: &mut FxsOut) {
        match self {
            Self::Fxs(fxs) => fxs.tick(now, report, out),
            Self::Fxo(fxo) => fxo.tick(now, report, out),
        }
    }

    /// What the ear of an outside line heard in the tick that ends at `now`.
    pub fn overheard(&mut self, now: SampleTime, heard: Overheard, out: &mut FxsOut) {
        match self {
            Self::Fxs(_) => {} // has no such ear
            Self::Fxo(fxo) => fxo.overheard(now, heard, out),
        }
    }

    /// A touch tone began to sound on the line (`began`) or ended at `at`; true if it is the machine's own affair and no digit.
    pub fn key(&mut self, at: SampleTime, key: u8, began: bool) -> bool {
        match self {
            Self::Fxs(fxs) => fxs.key(at, key, began),
            Self::Fxo(_) => false,
        }
    }

    /// What was ordered of a telephone's message lamp.
    pub fn lamp(&self) -> Option<bool> {
        match self {
            Self::Fxs(fxs) => fxs.lamp(),
            Self::Fxo(_) => None,
        }
    }

    /// The announcement that was played has been said to its end.
    pub fn announced(&mut self, now: SampleTime, out: &mut FxsOut) {
        match self {
            Self::Fxs(fxs) => fxs.announced(now, out),
            Self::Fxo(fxo) => fxo.announced(now, out),
        }
    }

    /// Records how the next call that comes in on an outside line is cleared; false if it is none.
    pub fn study(&mut self, now: SampleTime, out: &mut FxsOut) -> bool {
        match self {
            Self::Fxs(_) => false,
            Self::Fxo(fxo) => {
                fxo.study(now, out);
                true
            }
        }
    }

    /// True while the ear of an outside line has to study what it hears.
    pub fn is_studying(&self) -> bool {
        match self {
            Self::Fxs(_) => false,
            Self::Fxo(fxo) => fxo.is_studying(),
        }
    }

    /// What a study found, once; `tone` is asked for what the ear adds to it.
    pub fn take_studied(
        &mut self,
        tone: impl FnOnce() -> Option<LearnedTone>,
    ) -> Option<Result<LearnReport, LearnEnd>> {
        match self {
            Self::Fxs(_) => None,
            Self::Fxo(fxo) => fxo.take_studied(tone),
        }
    }

    /// The card has been silent for too long, or reports again.
    pub fn card_silent(&mut self, now: SampleTime, silent: bool, out: &mut FxsOut) {
        match self {
            Self::Fxs(fxs) => fxs.card_silent(now, silent, out),
            Self::Fxo(fxo) => fxo.card_silent(now, silent, out),
        }
    }

    /// The faults that were told and are not over.
    pub fn faults(&self) -> impl Iterator<Item = LineFault> + Clone + use<> {
        let all = match self {
            Self::Fxs(fxs) => fxs.faults(),
            Self::Fxo(fxo) => fxo.faults(),
        };
        all.into_iter().flatten()
    }

    /// True if it is the machine of an outside line.
    pub const fn is_outside(&self) -> bool {
        matches!(self, Self::Fxo(_))
    }

    /// True until the machine's first tick.
    pub fn is_fresh(&self) -> bool {
        match self {
            Self::Fxs(fxs) => fxs.is_fresh(),
            Self::Fxo(fxo) => fxo.is_fresh(),
        }
    }

    /// True if nothing is going on.
    pub fn is_idle(&self) -> bool {
        match self {
            Self::Fxs(fxs) => fxs.is_idle(),
            Self::Fxo(fxo) => fxo.is_idle(),
        }
    }

    /// The current generation of the line.
    pub fn epoch(&self) -> Epoch {
        match self {
            Self::Fxs(fxs) => fxs.epoch(),
            Self::Fxo(fxo) => fxo.epoch(),
        }
    }

    /// What is true of the line now.
    pub fn summary(&self) -> LineSummary {
        match self {
            Self::Fxs(fxs) => fxs.summary(),
            Self::Fxo(fxo) => fxo.summary(),
        }
    }

    /// The state's name.
    pub fn state_name(&self) -> &'static str {
        match self {
            Self::Fxs(fxs) => fxs.state_name(),
            Self::Fxo(fxo) => fxo.state_name(),
        }
    }

    /// When the machine needs its next tick although every report until then is the same steady one; `None`: not at all.
    pub fn next_wakeup(&self) -> Option<SampleTime> {
        match self {
            Self::Fxs(fxs) => fxs.next_wakeup(),
            Self::Fxo(fxo) => fxo.next_wakeup(),
        }
    }
}
