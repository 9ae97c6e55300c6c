//! The jitter buffer of libspeexdsp (Debian: `libspeexdsp1`).
//!
//! # What it does
//! Takes packets of any bytes with their times and gives one for each stretch of time that is asked for.
//!
//! # Limits
//! Packets of up to [`PACKET_MAX`] bytes.
//!
//! # Standard
//! None: the header `speex/speex_jitter.h`.

use core::ffi::{c_char, c_int, c_void};
use core::ptr::NonNull;

use libloading::Library;

/// Bytes of a packet, at most.
pub const PACKET_MAX: usize = 1500;

/// `JitterBufferPacket`.
#[repr(C)]
struct Packet {
    data: *mut c_char,
    len: u32,
    timestamp: u32,
    span: u32,
    sequence: u16,
    user_data: u32,
}

type Init = unsafe extern "C" fn(c_int) -> *mut c_void;
type Destroy = unsafe extern "C" fn(*mut c_void);
type Put = unsafe extern "C" fn(*mut c_void, *const Packet);
type Get = unsafe extern "C" fn(*mut c_void, *mut Packet, i32, *mut i32) -> c_int;
type Tick = unsafe extern "C" fn(*mut c_void);

/// One jitter buffer of the library.
pub struct SpeexJitter {
    state: NonNull<c_void>,
    put: Put,
    get: Get,
    tick: Tick,
    destroy: Destroy,
    data: [u8; PACKET_MAX],
    /// The functions above live as long as this.
    _library: Library,
}

impl SpeexJitter {
    /// A buffer that is asked every `step` samples; none where the library is not installed.
    pub fn new(step: u32) -> Option<Self> {
        let library = crate::open(&["libspeexdsp.so.1"])?;
        // SAFETY: the names and signatures are those of the header of the library's version 1.
        let (init, put, get, tick, destroy): (Init, Put, Get, Tick, Destroy) = unsafe {
            (
                *library.get(b"jitter_buffer_init\0").ok()?,
                *library.get(b"jitter_buffer_put\0").ok()?,
                *library.get(b"jitter_buffer_get\0").ok()?,
                *library.get(b"jitter_buffer_tick\0").ok()?,
                *library.get(b"jitter_buffer_destroy\0").ok()?,
            )
        };
        // SAFETY: the function asks for nothing but a number.
        let state = NonNull::new(unsafe { init(c_int::try_from(step).ok()?) })?;
        Some(Self { state, put, get, tick, destroy, data: [0; PACKET_MAX], _library: library })
    }

    /// A packet came; what of it is beyond [`PACKET_MAX`] is left out.
    pub fn put(&mut self, sequence: u16, timestamp: u32, span: u32, payload: &[u8]) {
        let length = payload.len().min(PACKET_MAX);
        self.data.iter_mut().zip(payload).for_each(|(to, from)| *to = *from);
        let packet = Packet {
            data: self.data.as_mut_ptr().cast(),
            len: length as u32,
            timestamp,
            span,
            sequence,
            user_data: 0,
        };
        // SAFETY: the state is alive; the library copies what it keeps of the packet.
        unsafe { (self.put)(self.state.as_ptr(), &raw const packet) };
    }

    /// The packet for the next `span` samples, if it is there; time moves on by a step.
    pub fn get(&mut self, span: u32) -> Option<&[u8]> {
        let mut packet = Packet {
            data: self.data.as_mut_ptr().cast(),
            len: PACKET_MAX as u32,
            timestamp: 0,
            span: 0,
            sequence: 0,
            user_data: 0,
        };
        let mut offset = 0;
        // SAFETY: the state is alive; the packet names a buffer and its length, and the library writes no further.
        let found = unsafe {
            let found = (self.get)(
                self.state.as_ptr(),
                &raw mut packet,
                span.try_into().unwrap_or(i32::MAX),
                &raw mut offset,
            );
            (self.tick)(self.state.as_ptr());
            found
        };
        (found == 0).then(|| self.data.get(..packet.len as usize)).flatten()
    }
}

impl Drop for SpeexJitter {
    fn drop(&mut self) {
        // SAFETY: the state came from the library's init function and is not used again.
        unsafe { (self.destroy)(self.state.as_ptr()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_come_out_in_their_order() {
        let Some(mut jitter) = SpeexJitter::new(160) else {
            eprintln!("skipped: libspeexdsp is not installed");
            return;
        };
        let mut heard = Vec::new();
        for n in 0..50_u16 {
            jitter.put(n, u32::from(n) * 160, 160, &[n as u8; 160]);
            heard.extend(jitter.get(160).and_then(|bytes| bytes.first().copied()));
        }
        assert!(heard.len() > 40 && heard.is_sorted(), "{heard:?}");
    }
}
