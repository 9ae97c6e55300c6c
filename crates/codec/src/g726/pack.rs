//! Eight codes in as many bytes as a code has bits.
//!
//! # What
//! Joins and splits groups of eight codes.
//!
//! # How
//! A group is one 64-bit word.
//!
//! # Limits
//! None.
//!
//! # Standard
//! RFC 3551 clause 4.5.4, ITU-T I.366.2 Annex E.

use super::Packing;

/// Eight codes of `BITS` bits; the first `BITS` bytes hold them.
#[inline(always)]
pub(super) fn join<const BITS: u32>(codes: [u8; 8], packing: Packing) -> [u8; 8] {
    let mut word = 0_u64;
    match packing {
        Packing::Rfc3551 => {
            for (n, code) in codes.iter().enumerate() {
                word |= u64::from(*code) << (n as u32 * BITS);
            }
            word.to_le_bytes()
        }
        Packing::Aal2 => {
            for (n, code) in codes.iter().enumerate() {
                word |= u64::from(*code) << (64 - BITS - n as u32 * BITS);
            }
            word.to_be_bytes()
        }
    }
}

/// The codes of a group of `BITS` bytes; missing bytes are zeros.
#[inline(always)]
pub(super) fn split<const BITS: u32>(bytes: &[u8], packing: Packing) -> [u8; 8] {
    let mut whole = [0; 8];
    for (to, from) in whole.iter_mut().zip(bytes) {
        *to = *from;
    }
    let mask = (1_u64 << BITS) - 1;
    let mut codes = [0; 8];
    for (n, code) in codes.iter_mut().enumerate() {
        let word = match packing {
            Packing::Rfc3551 => u64::from_le_bytes(whole) >> (n as u32 * BITS),
            Packing::Aal2 => u64::from_be_bytes(whole) >> (64 - BITS - n as u32 * BITS),
        };
        *code = (word & mask) as u8;
    }
    codes
}
