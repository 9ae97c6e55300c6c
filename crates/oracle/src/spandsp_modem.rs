//! libspandsp's data modems: V.21, V.23, Bell 103 and V.22bis, with random bits to send.
//!
//! # What it does
//! Speaks and hears a frame of sound at a time, and tells which bits were sent and which were received.
//!
//! # Limits
//! Version 0.0.6, as Debian packages it.
//!
//! # Standard
//! None: the headers `spandsp/fsk.h` and `v22bis.h`.

use core::ffi::{c_char, c_int, c_void};
use core::ptr::null_mut;
use std::sync::Arc;

use libloading::Library;

use crate::Spandsp;

/// `FSK_FRAME_MODE_SYNC`: bits as they come.
const SYNC: c_int = 1;
/// Bits that are kept of each direction.
const BITS_MAX: usize = 1 << 16;

/// A modem's modulation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Modulation {
    /// 300 bit/s each way.
    V21,
    /// 1200 bit/s towards the caller, 75 back.
    V23,
    /// 300 bit/s each way.
    Bell103,
    /// 2400 bit/s each way.
    V22bis,
}

/// `fsk_spec_t`.
#[repr(C)]
struct FskSpec {
    name: *const c_char,
    zero: c_int,
    one: c_int,
    tx_level: c_int,
    min_level: c_int,
    baud_rate: c_int,
}

type GetBit = unsafe extern "C" fn(*mut c_void) -> c_int;
type PutBit = unsafe extern "C" fn(*mut c_void, c_int);
type TxInit = unsafe extern "C" fn(*mut c_void, *const FskSpec, GetBit, *mut c_void) -> *mut c_void;
type RxInit = unsafe extern "C" fn(*mut c_void, *const FskSpec, c_int, PutBit, *mut c_void) -> *mut c_void;
type V22Init = unsafe extern "C" fn(
    *mut c_void,
    c_int,
    c_int,
    c_int,
    GetBit,
    *mut c_void,
    PutBit,
    *mut c_void,
) -> *mut c_void;
type Speak = unsafe extern "C" fn(*mut c_void, *mut i16, c_int) -> c_int;
type Hear = unsafe extern "C" fn(*mut c_void, *const i16, c_int) -> c_int;
type Power = unsafe extern "C" fn(*mut c_void, f32);
type Free = unsafe extern "C" fn(*mut c_void) -> c_int;

/// The bits of one modem.
#[derive(Default)]
struct Bits {
    state: u32,
    sent: Vec<bool>,
    received: Vec<bool>,
}

/// A modem.
pub struct SpandspModem {
    /// Who speaks and who hears; the same state with V.22bis.
    speaker: *mut c_void,
    hearer: *mut c_void,
    speak: Speak,
    hear: Hear,
    free_speaker: Free,
    free_hearer: Option<Free>,
    /// The callbacks' own.
    bits: *mut Bits,
    _library: Arc<Library>,
}

/// The next bit of a pseudo-random sequence.
unsafe extern "C" fn next_bit(user: *mut c_void) -> c_int {
    // SAFETY: the library gives back what the modem was made with, and nobody else looks at it meanwhile.
    let Some(bits) = (unsafe { user.cast::<Bits>().as_mut() }) else { return 0 };
    bits.state ^= bits.state << 13;
    bits.state ^= bits.state >> 17;
    bits.state ^= bits.state << 5;
    let bit = bits.state & 1 != 0;
    if bits.sent.len() < BITS_MAX {
        bits.sent.push(bit);
    }
    c_int::from(bit)
}

/// Keeps a received bit; what is below zero is no bit but a report.
unsafe extern "C" fn keep_bit(user: *mut c_void, bit: c_int) {
    // SAFETY: as above.
    let Some(bits) = (unsafe { user.cast::<Bits>().as_mut() }) else { return };
    if bit >= 0 && bits.received.len() < BITS_MAX {
        bits.received.push(bit != 0);
    }
}

impl Spandsp {
    /// A modem that calls or answers, and sends random bits of a seed at a level in dBm0.
    pub fn modem(&self, modulation: Modulation, calls: bool, seed: u32, level: f32) -> Option<SpandspModem> {
        let state = seed.wrapping_mul(2_654_435_761) | 1;
        let bits = Box::into_raw(Box::new(Bits { state, ..Bits::default() }));
        let modem = match modulation {
            Modulation::V21 => self.fsk(if calls { [0, 1] } else { [1, 0] }, bits, level),
            Modulation::V23 => self.fsk(if calls { [3, 2] } else { [2, 3] }, bits, level),
            Modulation::Bell103 => self.fsk(if calls { [4, 5] } else { [5, 4] }, bits, level),
            Modulation::V22bis => self.v22bis(calls, bits, level),
        };
        if modem.is_none() {
            // SAFETY: the pointer came from a box just now and no modem has it.
            drop(unsafe { Box::from_raw(bits) });
        }
        modem
    }

    /// A modem of two frequencies that sends and hears on these presets.
    fn fsk(&self, [sends, hears]: [usize; 2], bits: *mut Bits, level: f32) -> Option<SpandspModem> {
        let presets: *const FskSpec = self.symbol("preset_fsk_specs")?;
        let (tx_init, rx_init): (TxInit, RxInit) = (self.symbol("fsk_tx_init")?, self.symbol("fsk_rx_init")?);
        let power: Power = self.symbol("fsk_tx_power")?;
        let (speak, hear) = (self.symbol("fsk_tx")?, self.symbol("fsk_rx")?);
        let (free_speaker, free_hearer): (Free, Free) =
            (self.symbol("fsk_tx_free")?, self.symbol("fsk_rx_free")?);
        // SAFETY: the presets are ten; a null state asks the library to allocate one; the bits outlive both.
        let (speaker, hearer) = unsafe {
            (
                tx_init(null_mut(), presets.add(sends), next_bit, bits.cast()),
                rx_init(null_mut(), presets.add(hears), SYNC, keep_bit, bits.cast()),
            )
        };
        if speaker.is_null() || hearer.is_null() {
            return None;
        }
        // SAFETY: the state is valid.
        unsafe { power(speaker, level) };
        let free_hearer = Some(free_hearer);
        let library = self.library();
        Some(SpandspModem {
            speaker,
            hearer,
            speak,
            hear,
            free_speaker,
            free_hearer,
            bits,
            _library: library,
        })
    }

    fn v22bis(&self, calls: bool, bits: *mut Bits, level: f32) -> Option<SpandspModem> {
        let init: V22Init = self.symbol("v22bis_init")?;
        let power: Power = self.symbol("v22bis_tx_power")?;
        let (speak, hear) = (self.symbol("v22bis_tx")?, self.symbol("v22bis_rx")?);
        let free_speaker = self.symbol("v22bis_free")?;
        let calls = c_int::from(calls);
        // SAFETY: a null state asks the library to allocate one; the bits outlive it.
        let state = unsafe { init(null_mut(), 2400, 0, calls, next_bit, bits.cast(), keep_bit, bits.cast()) };
        if state.is_null() {
            return None;
        }
        // SAFETY: the state is valid.
        unsafe { power(state, level) };
        let library = self.library();
        Some(SpandspModem {
            speaker: state,
            hearer: state,
            speak,
            hear,
            free_speaker,
            free_hearer: None,
            bits,
            _library: library,
        })
    }
}

// SAFETY: the states and the bits belong to this modem alone; the library keeps nothing in the thread.
unsafe impl Send for SpandspModem {}

impl SpandspModem {
    /// Takes sound of the line.
    pub fn hear(&mut self, samples: &[i16]) {
        // SAFETY: the state is valid and the samples are for their length.
        unsafe { (self.hear)(self.hearer, samples.as_ptr(), samples.len() as c_int) };
    }

    /// Gives as much sound as there is room for.
    pub fn speak(&mut self, out: &mut [i16]) {
        // SAFETY: as above.
        let count = unsafe { (self.speak)(self.speaker, out.as_mut_ptr(), out.len() as c_int) };
        out.iter_mut().skip(usize::try_from(count).unwrap_or(0)).for_each(|sample| *sample = 0);
    }

    /// The bits sent so far.
    pub fn sent(&self) -> Vec<bool> {
        // SAFETY: the bits live as long as this, and no callback runs meanwhile.
        unsafe { (*self.bits).sent.clone() }
    }

    /// The bits received so far.
    pub fn received(&self) -> Vec<bool> {
        // SAFETY: as above.
        unsafe { (*self.bits).received.clone() }
    }
}

impl Drop for SpandspModem {
    fn drop(&mut self) {
        // SAFETY: the states came from this library and are not used afterwards; then nothing points to the bits.
        unsafe {
            (self.free_speaker)(self.speaker);
            if let Some(free) = self.free_hearer {
                free(self.hearer);
            }
            drop(Box::from_raw(self.bits));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Errors of what was received, at the best alignment, and how many bits were compared.
    fn errors(sent: &[bool], received: &[bool]) -> (usize, usize) {
        let tail = &received[received.len().saturating_sub(200)..];
        let worst = (tail.len(), tail.len());
        let at = |from: usize| sent[from..from + tail.len()].iter().zip(tail).filter(|(a, b)| a != b).count();
        (0..=sent.len().saturating_sub(tail.len())).map(|from| (at(from), tail.len())).min().unwrap_or(worst)
    }

    #[test]
    fn the_bits_of_one_modem_come_to_the_other() {
        let Some(library) = Spandsp::open() else {
            eprintln!("skipped: libspandsp2 is not installed");
            return;
        };
        for modulation in [Modulation::V21, Modulation::V23, Modulation::Bell103, Modulation::V22bis] {
            let mut ends = [true, false].map(|calls| library.modem(modulation, calls, 5, -13.0).unwrap());
            let mut sounds = [[0; 80]; 2];
            for _ in 0..800 {
                let [one, two] = &mut ends;
                one.speak(&mut sounds[0]);
                two.speak(&mut sounds[1]);
                one.hear(&sounds[1]);
                two.hear(&sounds[0]);
            }
            let told = errors(&ends[1].sent(), &ends[0].received());
            assert_eq!(told, (0, 200), "{modulation:?}");
        }
    }
}
