//! The units of sound that wait to be played.
//!
//! # What
//! A ring of 10 ms places, each with the bytes of one unit.
//!
//! # How
//! A unit has a position on the timeline; its place is the position modulo the size of the ring, and remembers
//! the position so that a place of an earlier round counts as empty. Everything is allocated at the start. The bytes of
//! a packet that cannot be cut lie behind the place of its first unit, also beyond the last place, and its units
//! name their number.
//!
//! # Limits
//! The caller keeps positions within one round of each other.

use crate::PayloadType;
use crate::opus::MAX_OPUS_UNITS;

/// Places beyond the last for the bytes of a packet that begins before them.
const TAIL: usize = MAX_OPUS_UNITS - 1;

/// What lies in one place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Content {
    Empty,
    Sound {
        payload_type: PayloadType,
        length: usize,
    },
    /// A unit of a packet that cannot be cut.
    Part(Part),
    Noise {
        length: usize,
    },
    Event {
        number: u8,
    },
}

/// A unit of a packet that cannot be cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Part {
    pub(crate) payload_type: PayloadType,
    /// The number of its packet.
    pub(crate) sequence: u16,
    /// Which unit of the packet it is, from 0.
    pub(crate) index: u8,
    /// Bytes of the packet.
    pub(crate) length: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct UnitStore {
    places: Vec<(i64, Content)>,
    bytes: Vec<u8>,
    width: usize,
}

impl UnitStore {
    /// No places at all; it may only be replaced.
    pub(crate) const HOLLOW: Self = Self { places: Vec::new(), bytes: Vec::new(), width: 1 };

    /// `count` places of `width` bytes.
    pub(crate) fn new(count: usize, width: usize) -> Self {
        let (count, width) = (count.max(1), width.max(1));
        Self { places: vec![(0, Content::Empty); count], bytes: vec![0; (count + TAIL) * width], width }
    }

    /// Other numbers of places and bytes, all empty; memory is allocated only where there were fewer before.
    pub(crate) fn resize(&mut self, count: usize, width: usize) {
        let (count, width) = (count.max(1), width.max(1));
        self.places.clear();
        self.places.resize(count, (0, Content::Empty));
        self.bytes.clear();
        self.bytes.resize((count + TAIL) * width, 0);
        self.width = width;
    }

    pub(crate) fn places(&self) -> usize {
        self.places.len()
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// What lies at `position`.
    pub(crate) fn content(&self, position: i64) -> Content {
        match self.places.get(self.index(position)) {
            Some((at, content)) if *at == position => *content,
            Some(_) | None => Content::Empty,
        }
    }

    /// The `length` bytes that lie, or lay until they were cleared, at `position`.
    pub(crate) fn bytes_of(&self, position: i64, length: usize) -> &[u8] {
        let start = self.index(position) * self.width;
        self.bytes.get(start..start + length).unwrap_or_default()
    }

    /// Puts a unit in its place; more bytes than the width are left out.
    pub(crate) fn put(&mut self, position: i64, content: Content, bytes: &[u8]) {
        let start = self.index(position) * self.width;
        if let Some(place) = self.bytes.get_mut(start..start + self.width) {
            for (to, from) in place.iter_mut().zip(bytes) {
                *to = *from;
            }
        }
        self.mark(position, content);
    }

    /// Says what lies at `position`, whose bytes are in their place.
    pub(crate) fn mark(&mut self, position: i64, content: Content) {
        let index = self.index(position);
        if let Some(place) = self.places.get_mut(index) {
            *place = (position, content);
        }
    }

    /// Puts the bytes of a packet of up to [`MAX_OPUS_UNITS`] units behind the place of its first one.
    pub(crate) fn put_packet(&mut self, first: i64, bytes: &[u8]) {
        let start = self.index(first) * self.width;
        if let Some(place) = self.bytes.get_mut(start..start + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }

    /// Empties the place of `position`; its bytes stay.
    pub(crate) fn clear(&mut self, position: i64) {
        let index = self.index(position);
        if let Some(place) = self.places.get_mut(index)
            && place.0 == position
        {
            place.1 = Content::Empty;
        }
    }

    /// Empties every place.
    pub(crate) fn clear_all(&mut self) {
        self.places.fill((0, Content::Empty));
    }

    /// True if something lies at `from` or later.
    pub(crate) fn any_from(&self, from: i64) -> bool {
        self.places.iter().any(|(at, content)| *at >= from && *content != Content::Empty)
    }

    fn index(&self, position: i64) -> usize {
        position.rem_euclid(self.places.len().max(1) as i64) as usize
    }
}
