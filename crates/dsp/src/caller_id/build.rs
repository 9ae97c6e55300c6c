//! Building of caller-ID messages.

use super::*;
use tipring_port::{Absence, CallerId, DateTime, Text};

/// Which of the two formats.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallerIdFormat {
    /// Single data message (SDMF): date and number only.
    Single,
    /// Multiple data message (MDMF).
    Multiple,
}

/// Why a message cannot be built.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BuildError {
    /// A single data message always begins with the date.
    #[error("a single data message needs the date and time of the call")]
    DateMissing,
}

impl CallerIdFrame {
    /// The message that announces a call.
    pub fn call(caller: &CallerId, format: CallerIdFormat) -> Result<Self, BuildError> {
        match format {
            CallerIdFormat::Single => {
                let date = caller.date.ok_or(BuildError::DateMissing)?;
                let mut writer = Writer::new(SINGLE);
                writer.put(&date_digits(date));
                match &caller.number {
                    Ok(number) => writer.put(ascii(number, number.as_str().len()).as_str().as_bytes()),
                    Err(absence) => writer.put(&[letter(*absence)]),
                }
                Ok(writer.finish())
            }
            CallerIdFormat::Multiple => {
                let mut writer = Writer::new(MULTIPLE);
                if let Some(date) = caller.date {
                    writer.parameter(DATE, &date_digits(date));
                }
                match &caller.number {
                    Ok(number) => {
                        writer.parameter(NUMBER, ascii(number, number.as_str().len()).as_str().as_bytes())
                    }
                    Err(absence) => writer.parameter(NUMBER_ABSENT, &[letter(*absence)]),
                }
                match &caller.name {
                    Some(Ok(name)) => writer.parameter(NAME, ascii(name, NAME_SENT_MAX).as_str().as_bytes()),
                    Some(Err(absence)) => writer.parameter(NAME_ABSENT, &[letter(*absence)]),
                    None => {}
                }
                Ok(writer.finish())
            }
        }
    }

    /// The message that switches a telephone's message-waiting lamp.
    pub fn message_waiting(on: bool, format: CallerIdFormat) -> Self {
        match format {
            CallerIdFormat::Single => {
                let mut writer = Writer::new(SINGLE_WAITING);
                writer.put(&[if on { SINGLE_ON } else { SINGLE_OFF }; 3]);
                writer.finish()
            }
            CallerIdFormat::Multiple => {
                let mut writer = Writer::new(MULTIPLE_WAITING);
                writer.parameter(INDICATOR, &[if on { INDICATOR_ON } else { INDICATOR_OFF }]);
                writer.finish()
            }
        }
    }
}

struct Writer {
    bytes: [u8; FRAME_MAX],
    len: usize,
}

impl Writer {
    fn new(kind: u8) -> Self {
        let mut bytes = [0; FRAME_MAX];
        bytes[0] = kind;
        Self { bytes, len: 2 }
    }

    /// The longest fields together (8 + 24 + 15 bytes and their heads) fill a fifth of the frame.
    fn put(&mut self, value: &[u8]) {
        let room = (FRAME_MAX - 1).saturating_sub(self.len);
        let count = value.len().min(room);
        self.bytes[self.len..self.len + count].copy_from_slice(&value[..count]);
        self.len += count;
    }

    fn parameter(&mut self, kind: u8, value: &[u8]) {
        self.put(&[kind, value.len() as u8]);
        self.put(value);
    }

    fn finish(mut self) -> CallerIdFrame {
        self.bytes[1] = (self.len - 2) as u8;
        self.bytes[self.len] = checksum(&self.bytes[..self.len]);
        CallerIdFrame { bytes: self.bytes, len: self.len as u16 + 1 }
    }
}

fn letter(absence: Absence) -> u8 {
    match absence {
        Absence::Private => b'P',
        Absence::Unavailable => b'O',
    }
}

fn date_digits(date: DateTime) -> [u8; 8] {
    let mut out = [0; 8];
    for (pair, value) in out.chunks_exact_mut(2).zip([date.month, date.day, date.hour, date.minute]) {
        pair[0] = b'0' + value / 10 % 10;
        pair[1] = b'0' + value % 10;
    }
    out
}

/// The first characters of a text, those that a display cannot show replaced by `?`.
fn ascii<const N: usize>(text: &Text<N>, most: usize) -> Text<64> {
    let mut out = [0; 64];
    let mut len = 0;
    for (slot, character) in out.iter_mut().zip(text.as_str().chars().take(most)) {
        *slot = if matches!(character, ' '..='~') { character as u8 } else { b'?' };
        len += 1;
    }
    core::str::from_utf8(&out[..len]).map_or(Text::EMPTY, Text::new)
}
