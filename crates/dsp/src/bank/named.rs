//! Signals that are known by their frequencies and length alone.

use super::segment::Segment;
use tipring_port::Signal;
use tipring_units::{Dbm0, Hz, SampleTime};

/// A row of the table: frequencies with tolerance, and the lengths that it may have, in milliseconds.
pub(crate) struct Named {
    signal: Signal,
    hertz: &'static [f32],
    within: f32,
    /// It is believed after this much.
    least: u64,
    /// Where only a burst of at most this much is meant, it is believed at its end.
    most: Option<u64>,
}

pub(crate) const ANSWER: Named =
    Named { signal: Signal::Ced, hertz: &[2100.0], within: 22.0, least: 160, most: None };

const TABLE: &[Named] = &[
    ANSWER,
    Named { signal: Signal::Cng, hertz: &[1100.0], within: 38.0, least: 380, most: None },
    Named { signal: Signal::CallingTone, hertz: &[1300.0], within: 20.0, least: 400, most: None },
    Named { signal: Signal::BellAnswer, hertz: &[2225.0], within: 12.0, least: 250, most: None },
    Named { signal: Signal::V22Answer, hertz: &[2250.0], within: 12.0, least: 250, most: None },
    Named { signal: Signal::V22Answer, hertz: &[2250.0, 2850.0], within: 12.0, least: 150, most: None },
    Named { signal: Signal::V21Answer, hertz: &[1650.0], within: 12.0, least: 400, most: None },
    Named { signal: Signal::V21Calling, hertz: &[980.0], within: 12.0, least: 500, most: None },
    Named { signal: Signal::V8bisInitiating, hertz: &[1375.0, 2002.0], within: 12.0, least: 200, most: None },
    Named { signal: Signal::V8bisResponding, hertz: &[1529.0, 2225.0], within: 12.0, least: 200, most: None },
    Named { signal: Signal::Alert, hertz: &[2130.0, 2750.0], within: 28.0, least: 55, most: Some(130) },
];

impl Named {
    pub(crate) fn fits(&self, segment: &Segment) -> bool {
        let heard = segment.frequencies();
        heard.len() == self.hertz.len()
            && heard.iter().zip(self.hertz).all(|(&Hz(h), &own)| (h - own).abs() <= self.within)
    }

    /// What a stretch is that still sounds.
    pub(crate) fn early(segment: &Segment) -> Option<Signal> {
        let millis = segment.length.0 / 8;
        TABLE
            .iter()
            .find(|row| row.most.is_none() && millis >= row.least && row.fits(segment))
            .map(|row| row.signal)
    }

    /// What a stretch was, where nothing was said of it while it sounded.
    pub(crate) fn late(segment: &Segment, said: bool) -> Option<Signal> {
        let millis = segment.length.0 / 8;
        TABLE
            .iter()
            .filter(|_| !said)
            .find(|row| {
                millis >= row.least && row.most.is_none_or(|most| millis <= most) && row.fits(segment)
            })
            .map(|row| row.signal)
    }
}

/// The bands of the three special information tones (E.180 clause 5 with the frequencies of North America).
const SPECIAL: [(f32, f32); 3] = [(900.0, 1000.0), (1350.0, 1450.0), (1750.0, 1850.0)];

/// Where three tones began that the latest bursts end with, and their level.
pub(crate) fn special_information(latest: &[Option<Segment>]) -> Option<(SampleTime, Dbm0)> {
    let last = latest.last_chunk::<3>()?;
    let mut before: Option<Segment> = None;
    for (segment, (low, high)) in last.iter().zip(SPECIAL) {
        let segment = (*segment)?;
        let &[Hz(hertz)] = segment.frequencies() else { return None };
        let millis = segment.length.0 / 8;
        let gap = before.map_or(0, |b| segment.start.0.saturating_sub(b.end().0) / 8);
        if !(low..high).contains(&hertz) || !(180..=480).contains(&millis) || gap > 70 {
            return None;
        }
        before = Some(segment);
    }
    let first = (*last.first()?)?;
    Some((first.start, first.level))
}
