//! The keypad's frequencies and levels.

use tipring_units::{Db, Dbm0, Millis};

/// Rows of the keypad in hertz (ITU-T Q.23).
const ROWS: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
/// Columns of the keypad in hertz (ITU-T Q.23).
const COLUMNS: [f32; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
/// The keys, row by row.
const KEYS: &[u8; 16] = b"123A456B789C*0#D";

/// How a keypad dials.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct KeypadSpec {
    /// Level of the low group.
    pub level: Dbm0,
    /// The high group lies this much above it.
    pub twist: Db,
    /// A key's tone.
    pub on: Millis,
    /// The pause after it.
    pub off: Millis,
}

impl KeypadSpec {
    /// Nothing is shorter than this.
    pub const SHORTEST: Millis = Millis(5);
}

impl Default for KeypadSpec {
    /// -11 dBm0 low, -9 dBm0 high, 100 ms on, 100 ms off.
    fn default() -> Self {
        Self { level: Dbm0(-11.0), twist: Db(2.0), on: Millis(100), off: Millis(100) }
    }
}

/// The two frequencies of a key in hertz, low then high; `None` if it is no key.
pub fn frequencies(key: u8) -> Option<(f32, f32)> {
    let place = KEYS.iter().position(|k| *k == key.to_ascii_uppercase())?;
    Some((ROWS[place / 4], COLUMNS[place % 4]))
}
