//! OSLEC, the echo canceller of the Linux kernel (`bench/oslec.sh` builds it from Debian's kernel source).
//!
//! # What it does
//! Runs it sample by sample on frames of any length.
//!
//! # Limits
//! Tails of a power of two samples. It is looked for where TIPRING_OSLEC says, else in `tipring/liboslec.so` below the
//! user's cache.
//!
//! # Standard
//! None: `drivers/misc/echo/oslec.h` of Linux 6.1.

use core::ffi::{c_int, c_void};
use core::ptr::NonNull;
use std::path::PathBuf;

use libloading::Library;

/// Bits of the mode: adaption, non-linear processor, its comfort noise, filter against an offset of the line's side.
const ADAPTION: c_int = 0x01;
const NLP: c_int = 0x02;
const CNG: c_int = 0x04;
const RX_HPF: c_int = 0x20;
/// Most samples of a tail that is asked for.
const TAIL_MAX: usize = 8192;

type Create = unsafe extern "C" fn(c_int, c_int) -> *mut c_void;
type Free = unsafe extern "C" fn(*mut c_void);
type Update = unsafe extern "C" fn(*mut c_void, i16, i16) -> i16;

/// One canceller of OSLEC.
pub struct OslecCanceller {
    state: NonNull<c_void>,
    update: Update,
    free: Free,
    /// The functions above live as long as this.
    _library: Library,
}

/// Where the shared object is.
fn place() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("TIPRING_OSLEC") {
        return Some(path.into());
    }
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?;
    Some(cache.join("tipring").join("liboslec.so"))
}

impl OslecCanceller {
    /// A canceller at 8 kHz with a tail of `tail` samples, a power of two, with or without its non-linear processor
    /// and comfort noise; none where it was not built.
    pub fn new(tail: usize, suppress: bool) -> Option<Self> {
        if !tail.is_power_of_two() || tail > TAIL_MAX {
            return None;
        }
        let path = place().filter(|path| path.is_file())?;
        // SAFETY: what the script has built there has no initialisers.
        let library = unsafe { Library::new(path) }.ok()?;
        // SAFETY: the names and signatures are those of oslec.h.
        let (create, free, update): (Create, Free, Update) = unsafe {
            (
                *library.get(b"oslec_create\0").ok()?,
                *library.get(b"oslec_free\0").ok()?,
                *library.get(b"oslec_update\0").ok()?,
            )
        };
        let mode = ADAPTION | RX_HPF | if suppress { NLP | CNG } else { 0 };
        // SAFETY: the length is a power of two of reasonable size.
        let state = NonNull::new(unsafe { create(c_int::try_from(tail).ok()?, mode) })?;
        Some(Self { state, update, free, _library: library })
    }

    /// Takes the echo of `far` out of `near`, in place.
    pub fn process(&mut self, near: &mut [i16], far: &[i16]) {
        for (near, far) in near.iter_mut().zip(far) {
            // SAFETY: the state is alive.
            *near = unsafe { (self.update)(self.state.as_ptr(), *far, *near) };
        }
    }
}

impl Drop for OslecCanceller {
    fn drop(&mut self) {
        // SAFETY: the state came from the library's create function and is not used again.
        unsafe { (self.free)(self.state.as_ptr()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::echo_test;

    #[test]
    fn it_takes_an_echo_out() {
        let Some(mut canceller) = OslecCanceller::new(256, false) else {
            eprintln!("skipped: bench/oslec.sh has not built OSLEC");
            return;
        };
        let rms = echo_test::left(|near, far| canceller.process(near, far));
        assert!(rms < 200.0, "{rms} of about 1180 is left");
    }
}
