//! Line cards.
//!
//! A card gives one frame and one report for each of its lines in a tick, and takes one frame and at most one order.
//! This version drives one kind: the laboratory's simulated card. Ports of other kinds are accepted in the
//! configuration and stay out of service.
#![forbid(unsafe_code)]

use tipring_gateway::{LineIn, LineOut};
use tipring_port::Samples;
use tipring_sim::lab::Lab;
use tipring_units::LineId;

/// A card and the lines on it.
#[derive(Debug)]
pub enum Card {
    /// The laboratory: simulated loops with simulated telephones.
    Simulated(Box<Lab<Samples>>),
}

impl Card {
    /// Lines on the card.
    pub fn lines(&self) -> usize {
        match self {
            Self::Simulated(lab) => lab.len(),
        }
    }

    /// One tick of line `place`, counted on this card from 0.
    pub fn exchange(&mut self, place: usize, out: &LineOut<Samples>) -> LineIn<Samples> {
        match self {
            Self::Simulated(lab) => {
                let line = LineId(u16::try_from(place).unwrap_or(u16::MAX));
                let (frame, report) = lab.exchange(line, out.frame, out.order);
                LineIn { frame, report }
            }
        }
    }

    /// The laboratory behind the card, if there is one.
    pub fn laboratory(&mut self) -> Option<&mut Lab<Samples>> {
        match self {
            Self::Simulated(lab) => Some(lab),
        }
    }
}
