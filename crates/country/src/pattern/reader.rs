//! Reads the parts of a pattern from its text.

use tipring_units::Millis;

use super::{DigitSet, Element, MAX_ELEMENTS, MAX_SENT, MAX_TIMER_SECS, PatternError};

/// A text and the place in it.
pub(crate) struct Reader<'a> {
    pub bytes: &'a [u8],
    pub at: usize,
}

impl Reader<'_> {
    pub fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub const fn error(&self, expected: &'static str) -> PatternError {
        PatternError { offset: self.at, expected }
    }

    /// One digit, `x` or `[..]`.
    pub fn digit_set(&mut self, expected: &'static str) -> Result<DigitSet, PatternError> {
        let error = self.error(expected);
        match self.peek() {
            Some(b'x' | b'X') => {
                self.at += 1;
                Ok(DigitSet::DECIMAL)
            }
            Some(b'[') => self.bracket(),
            Some(byte) => {
                let set = DigitSet::of(byte).ok_or(error)?;
                self.at += 1;
                Ok(set)
            }
            None => Err(error),
        }
    }

    fn bracket(&mut self) -> Result<DigitSet, PatternError> {
        self.at += 1;
        let mut set = DigitSet::default();
        loop {
            match self.peek() {
                Some(b']') if set.count() > 0 => {
                    self.at += 1;
                    return Ok(set);
                }
                Some(byte) => {
                    let one = DigitSet::of(byte).ok_or_else(|| self.error("a digit, a range or `]`"))?;
                    self.at += 1;
                    set = set.union(one);
                    if self.peek() == Some(b'-') {
                        self.at += 1;
                        set = set.union(self.range_end(byte)?);
                    }
                }
                None => return Err(self.error("`]`")),
            }
        }
    }

    pub fn range_end(&mut self, first: u8) -> Result<DigitSet, PatternError> {
        let error = self.error("a range of rising digits, as 2-8");
        let last = self.peek().ok_or(error)?;
        if !first.is_ascii_digit() || !last.is_ascii_digit() || last < first {
            return Err(error);
        }
        self.at += 1;
        Ok((first..=last).filter_map(DigitSet::of).fold(DigitSet::default(), DigitSet::union))
    }

    /// `<dialled:sent>`; true beside it where a `,` stands among the dialled (`<9,:1>`).
    pub fn substitution(&mut self) -> Result<(Element, bool), PatternError> {
        self.at += 1;
        let (mut dialled, mut outside) = (Vec::new(), false);
        loop {
            match self.peek() {
                Some(b':') => break,
                Some(b' ') => self.at += 1,
                Some(b',') => {
                    self.at += 1;
                    outside = true;
                }
                _ => dialled.push(self.digit_set("a dialled digit, or `:` and what is sent for it")?),
            }
            if dialled.len() > MAX_ELEMENTS {
                return Err(self.error("at most 64 elements"));
            }
        }
        self.at += 1;
        let mut sent = String::new();
        loop {
            match self.peek() {
                Some(b'>') => break,
                Some(b' ') => self.at += 1,
                Some(byte @ (b'0'..=b'9' | b'*' | b'#' | b'+')) if sent.len() < MAX_SENT => {
                    self.at += 1;
                    sent.push(char::from(byte));
                }
                _ => return Err(self.error("a digit to send (0-9, *, #, +; 64 at the most) or `>`")),
            }
        }
        self.at += 1;
        Ok((Element::Substitute { dialled, sent }, outside))
    }

    /// The number after S, L or P.
    pub fn seconds(&mut self) -> Result<Millis, PatternError> {
        let error = self.error("seconds, 0 to 60");
        let mut value = None;
        while let Some(byte @ b'0'..=b'9') = self.peek() {
            let grown: u32 = value.unwrap_or(0) * 10 + u32::from(byte - b'0');
            if grown > MAX_TIMER_SECS {
                return Err(error);
            }
            value = Some(grown);
            self.at += 1;
        }
        value.map(Millis::from_secs).ok_or(error)
    }

    /// True if only timers, spaces and `!` follow.
    pub fn rest_is_timers(&self) -> bool {
        self.bytes.iter().skip(self.at).all(|byte| matches!(byte, b' ' | b'S' | b'L' | b'!' | b'0'..=b'9'))
            && self.bytes.get(self.at).is_none_or(|byte| !byte.is_ascii_digit())
    }
}
