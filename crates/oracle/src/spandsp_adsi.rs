//! libspandsp's caller ID: senders and receivers of every standard that it knows.
//!
//! # What it does
//! Makes the sound of a message, and hears messages in sound.
//!
//! # Limits
//! Version 0.0.6, as Debian packages it. A message whose check value is wrong is dropped by the library without a word.
//!
//! # Standard
//! None: the header `spandsp/adsi.h`.

use core::ffi::{c_int, c_void};
use core::ptr::null_mut;
use std::sync::Arc;

use libloading::Library;

use crate::Spandsp;

/// Messages that are kept until they are taken.
const MESSAGES_MAX: usize = 256;
/// Samples of a message, at the most: 10 s.
const SAMPLES_MAX: usize = 80_000;

/// A standard of the library.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Adsi {
    /// Bellcore: Bell 202.
    Class = 1,
    /// ETSI: V.23.
    Clip = 2,
    /// Singapore: Bell 202.
    Aclip = 3,
    /// NTT: V.23 in its own framing.
    Jclip = 4,
    /// ETSI by DTMF.
    Dtmf = 5,
}

type TxInit = unsafe extern "C" fn(*mut c_void, c_int) -> *mut c_void;
type TxPut = unsafe extern "C" fn(*mut c_void, *const u8, c_int) -> c_int;
type TxAlert = unsafe extern "C" fn(*mut c_void);
type Speak = unsafe extern "C" fn(*mut c_void, *mut i16, c_int) -> c_int;
type PutMessage = unsafe extern "C" fn(*mut c_void, *const u8, c_int);
type RxInit = unsafe extern "C" fn(*mut c_void, c_int, PutMessage, *mut c_void) -> *mut c_void;
type Hear = unsafe extern "C" fn(*mut c_void, *const i16, c_int) -> c_int;
type Free = unsafe extern "C" fn(*mut c_void) -> c_int;

unsafe extern "C" fn keep_message(user: *mut c_void, message: *const u8, length: c_int) {
    // SAFETY: `user` is the box that the receiver made and frees after its C state; nobody else touches it during `adsi_rx`.
    let Some(messages) = (unsafe { user.cast::<Vec<Vec<u8>>>().as_mut() }) else { return };
    if message.is_null() || length <= 0 || messages.len() >= MESSAGES_MAX {
        return;
    }
    // SAFETY: the library hands over `length` bytes of its own buffer.
    messages.push(unsafe { core::slice::from_raw_parts(message, length as usize) }.to_vec());
}

impl Spandsp {
    /// The sound of `message`, after the alerting tone where `alert`. For the FSK standards that is the type, a length and
    /// the parameters (the library puts the length right and adds NTT's frame and the check value), for DTMF the digits.
    pub fn adsi_send(&self, standard: Adsi, message: &[u8], alert: bool) -> Option<Vec<i16>> {
        let init: TxInit = self.symbol("adsi_tx_init")?;
        let put: TxPut = self.symbol("adsi_tx_put_message")?;
        let tone: TxAlert = self.symbol("adsi_tx_send_alert_tone")?;
        let speak: Speak = self.symbol("adsi_tx")?;
        let free: Free = self.symbol("adsi_tx_free")?;
        let mut message = message.to_vec();
        // SAFETY: a null state asks the library to allocate one, which is freed below; the message has a spare byte behind it, into
        // which the library writes a zero for DTMF; the buffer has room for what is asked.
        unsafe {
            let state = init(null_mut(), standard as c_int);
            if state.is_null() {
                return None;
            }
            if alert {
                tone(state);
            }
            let length = message.len() as c_int;
            message.push(0);
            let taken = put(state, message.as_ptr(), length);
            let mut out = Vec::new();
            let mut block = [0_i16; 160];
            while taken >= 0 && out.len() < SAMPLES_MAX {
                let count = speak(state, block.as_mut_ptr(), block.len() as c_int);
                let count = usize::try_from(count).unwrap_or(0).min(block.len());
                out.extend(&block[..count]);
                if count < block.len() {
                    break;
                }
            }
            free(state);
            (taken >= 0).then_some(out)
        }
    }

    /// A receiver that has heard nothing.
    pub fn adsi_receiver(&self, standard: Adsi) -> Option<SpandspAdsi> {
        let init: RxInit = self.symbol("adsi_rx_init")?;
        let (hear, free) = (self.symbol("adsi_rx")?, self.symbol("adsi_rx_free")?);
        let messages: *mut Vec<Vec<u8>> = Box::into_raw(Box::default());
        // SAFETY: a null state asks the library to allocate one; the box outlives it.
        let state = unsafe { init(null_mut(), standard as c_int, keep_message, messages.cast()) };
        if state.is_null() {
            // SAFETY: nobody else has the box.
            drop(unsafe { Box::from_raw(messages) });
            return None;
        }
        Some(SpandspAdsi { state, messages, hear, free, _library: self.library() })
    }
}

/// libspandsp's receiver of caller ID.
pub struct SpandspAdsi {
    state: *mut c_void,
    messages: *mut Vec<Vec<u8>>,
    hear: Hear,
    free: Free,
    _library: Arc<Library>,
}

impl SpandspAdsi {
    /// Takes samples in.
    pub fn feed(&mut self, samples: &[i16]) {
        for chunk in samples.chunks(1 << 20) {
            // SAFETY: the state is valid until `drop`; the slice is valid for its length.
            unsafe { (self.hear)(self.state, chunk.as_ptr(), chunk.len() as c_int) };
        }
    }

    /// The messages since the last call, without their check values.
    pub fn take(&mut self) -> Vec<Vec<u8>> {
        // SAFETY: the box is this receiver's, and the library touches it only within `feed`.
        unsafe { self.messages.as_mut() }.map(core::mem::take).unwrap_or_default()
    }
}

impl Drop for SpandspAdsi {
    fn drop(&mut self) {
        // SAFETY: nothing uses state or box afterwards.
        unsafe {
            (self.free)(self.state);
            drop(Box::from_raw(self.messages));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_standard_hears_what_it_sends() {
        let Some(library) = Spandsp::open() else {
            eprintln!("skipped: libspandsp2 is not installed");
            return;
        };
        let fsk = b"\x80\x09\x02\x075550100".to_vec();
        let cases = [
            (Adsi::Class, fsk.clone()),
            (Adsi::Clip, fsk.clone()),
            (Adsi::Aclip, fsk),
            (Adsi::Jclip, b"\x40\x09\x02\x075550100".to_vec()),
            (Adsi::Dtmf, b"A5550100C".to_vec()),
        ];
        for (standard, message) in cases {
            for alert in [false, true] {
                let sound = library.adsi_send(standard, &message, alert).expect("sent");
                let mut receiver = library.adsi_receiver(standard).expect("its functions are there");
                receiver.feed(&sound);
                receiver.feed(&[0; 4000]);
                let heard = receiver.take();
                eprintln!("{standard:?} {alert} {} samples: {heard:02x?}", sound.len());
                assert_eq!(heard.len(), 1, "{standard:?} {alert}");
            }
        }
    }
}
