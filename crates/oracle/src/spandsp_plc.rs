//! Debian's libspandsp: its concealment of lost packets.
//!
//! # What it does
//! [`SpandspConcealer`] hears what was received and makes up what was not, in place.
//!
//! # Limits
//! Version 0.0.6, as Debian packages it.
//!
//! # Standard
//! None: the header `spandsp/plc.h`.

use core::ffi::{c_int, c_void};
use core::ptr::NonNull;

use libloading::Library;

type Init = unsafe extern "C" fn(*mut c_void) -> *mut c_void;
type Work = unsafe extern "C" fn(*mut c_void, *mut i16, c_int) -> c_int;
type Free = unsafe extern "C" fn(*mut c_void) -> c_int;

/// One concealer of the library.
pub struct SpandspConcealer {
    state: NonNull<c_void>,
    received: Work,
    fill: Work,
    free: Free,
    /// The functions above live as long as this.
    _library: Library,
}

impl SpandspConcealer {
    /// A concealer at 8 kHz; none where the library is not installed.
    pub fn new() -> Option<Self> {
        let library = crate::open(&["libspandsp.so.2", "libspandsp.so"])?;
        // SAFETY: the names and signatures are those of the header.
        let (init, received, fill, free): (Init, Work, Work, Free) = unsafe {
            (
                *library.get(b"plc_init\0").ok()?,
                *library.get(b"plc_rx\0").ok()?,
                *library.get(b"plc_fillin\0").ok()?,
                *library.get(b"plc_free\0").ok()?,
            )
        };
        // SAFETY: a null state asks the library to allocate one.
        let state = NonNull::new(unsafe { init(core::ptr::null_mut()) })?;
        Some(Self { state, received, fill, free, _library: library })
    }

    /// Sound that was received; its beginning may be blended with what was made up before.
    pub fn received(&mut self, sound: &mut [i16]) {
        let length = c_int::try_from(sound.len()).unwrap_or(0);
        // SAFETY: the state is alive, and the buffer has this length.
        unsafe { (self.received)(self.state.as_ptr(), sound.as_mut_ptr(), length) };
    }

    /// Makes up sound.
    pub fn conceal(&mut self, sound: &mut [i16]) {
        let length = c_int::try_from(sound.len()).unwrap_or(0);
        // SAFETY: as above.
        unsafe { (self.fill)(self.state.as_ptr(), sound.as_mut_ptr(), length) };
    }
}

impl Drop for SpandspConcealer {
    fn drop(&mut self) {
        // SAFETY: the state came from the library's init function and is not used again.
        unsafe { (self.free)(self.state.as_ptr()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_goes_on_with_a_tone() {
        let Some(mut concealer) = SpandspConcealer::new() else {
            eprintln!("skipped: libspandsp2 is not installed");
            return;
        };
        for tick in 0..20 {
            let mut sound: [i16; 80] =
                core::array::from_fn(|n| ((((tick * 80 + n) % 40) as f64 * 0.157).sin() * 8000.0) as i16);
            concealer.received(&mut sound);
        }
        let mut made = [0; 80];
        concealer.conceal(&mut made);
        assert!(made.iter().any(|sample| sample.abs() > 2000), "{made:?}");
    }
}
