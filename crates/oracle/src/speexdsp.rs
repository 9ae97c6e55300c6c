//! The echo canceller of libspeexdsp (Debian: `libspeexdsp1`).
//!
//! # What it does
//! Runs the library's multidelay block frequency-domain canceller on frames of any one length.
//!
//! # Limits
//! Its residual suppressor is another part of the library and is not used.

use core::ffi::{c_int, c_void};
use core::ptr::NonNull;

use libloading::Library;

/// `SPEEX_ECHO_SET_SAMPLING_RATE`.
const SET_SAMPLING_RATE: c_int = 24;

type Init = unsafe extern "C" fn(c_int, c_int) -> *mut c_void;
type Destroy = unsafe extern "C" fn(*mut c_void);
type Cancel = unsafe extern "C" fn(*mut c_void, *const i16, *const i16, *mut i16);
type Control = unsafe extern "C" fn(*mut c_void, c_int, *mut c_void) -> c_int;

/// One canceller of the library.
pub struct SpeexCanceller {
    state: NonNull<c_void>,
    cancel: Cancel,
    destroy: Destroy,
    frame: usize,
    out: Vec<i16>,
    /// The functions above live as long as this.
    _library: Library,
}

impl SpeexCanceller {
    /// A canceller at 8 kHz for frames of `frame` samples with a tail of `tail` samples; none where the library is not
    /// installed.
    pub fn new(frame: usize, tail: usize) -> Option<Self> {
        let library = crate::open(&["libspeexdsp.so.1"])?;
        let (frame_arg, tail_arg) = (c_int::try_from(frame).ok()?, c_int::try_from(tail).ok()?);
        if frame == 0 || tail == 0 {
            return None;
        }
        // SAFETY: the names and signatures are those of speex_echo.h of the library's version 1.
        let (init, destroy, cancel, control): (Init, Destroy, Cancel, Control) = unsafe {
            (
                *library.get(b"speex_echo_state_init\0").ok()?,
                *library.get(b"speex_echo_state_destroy\0").ok()?,
                *library.get(b"speex_echo_cancellation\0").ok()?,
                *library.get(b"speex_echo_ctl\0").ok()?,
            )
        };
        // SAFETY: both arguments are positive, which is all that the function asks for.
        let state = NonNull::new(unsafe { init(frame_arg, tail_arg) })?;
        let mut rate: c_int = 8000;
        // SAFETY: the state is alive, and this request reads an int behind the pointer.
        unsafe { control(state.as_ptr(), SET_SAMPLING_RATE, (&raw mut rate).cast()) };
        Some(Self { state, cancel, destroy, frame, out: vec![0; frame], _library: library })
    }

    /// Takes the echo of `far` out of `near`, in place. Frames of another length are left as they are.
    pub fn process(&mut self, near: &mut [i16], far: &[i16]) {
        if near.len() != self.frame || far.len() != self.frame {
            return;
        }
        // SAFETY: the state is alive, and the three buffers hold a frame each; `out` overlaps neither of the others.
        unsafe { (self.cancel)(self.state.as_ptr(), near.as_ptr(), far.as_ptr(), self.out.as_mut_ptr()) };
        near.copy_from_slice(&self.out);
    }
}

impl Drop for SpeexCanceller {
    fn drop(&mut self) {
        // SAFETY: the state came from the library's init function and is not used again.
        unsafe { (self.destroy)(self.state.as_ptr()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::echo_test;

    #[test]
    fn the_library_takes_an_echo_out() {
        let Some(mut canceller) = SpeexCanceller::new(80, 256) else {
            eprintln!("skipped: libspeexdsp is not installed");
            return;
        };
        let rms = echo_test::left(|near, far| canceller.process(near, far));
        assert!(rms < 200.0, "{rms} of about 1180 is left");
    }
}
