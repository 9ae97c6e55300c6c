//! Debian's libspandsp: DTMF receiver, modem tone and supervisory tone detectors.
//!
//! # What it does
//! [`Spandsp::open`] finds `libspandsp.so.2`; from it come receivers that take 8 kHz samples.
//!
//! # How
//! Each receiver keeps the library alive and frees its C state when dropped. No callbacks are used except for one that stores
//! a number in a place of its own.
//!
//! # Limits
//! Version 0.0.6, as Debian packages it.
//!
//! # Standard
//! None: the headers `spandsp/dtmf.h`, `modem_connect_tones.h` and `super_tone_rx.h`.

use core::ffi::{c_char, c_int, c_void};
use std::sync::Arc;

use libloading::{Library, Symbol};

const NAMES: [&str; 2] = ["libspandsp.so.2", "libspandsp.so"];
/// Digits that the library keeps.
const DIGITS_MAX: usize = 128;

/// The library.
#[derive(Clone)]
pub struct Spandsp {
    library: Arc<Library>,
}

type Init = unsafe extern "C" fn(*mut c_void, *mut c_void, *mut c_void) -> *mut c_void;
type Feed = unsafe extern "C" fn(*mut c_void, *const i16, c_int) -> c_int;
type Free = unsafe extern "C" fn(*mut c_void) -> c_int;
type Get = unsafe extern "C" fn(*mut c_void, *mut c_char, c_int) -> usize;
type Parms = unsafe extern "C" fn(*mut c_void, c_int, c_int, c_int, c_int);
type TonesInit = unsafe extern "C" fn(*mut c_void, c_int, *mut c_void, *mut c_void) -> *mut c_void;
type TonesGet = unsafe extern "C" fn(*mut c_void) -> c_int;
type MakeDescriptor = unsafe extern "C" fn(*mut c_void) -> *mut c_void;
type AddTone = unsafe extern "C" fn(*mut c_void) -> c_int;
type AddElement = unsafe extern "C" fn(*mut c_void, c_int, c_int, c_int, c_int, c_int) -> c_int;
type Report = unsafe extern "C" fn(*mut c_void, c_int, c_int, c_int);
type SuperInit = unsafe extern "C" fn(*mut c_void, *mut c_void, Report, *mut c_void) -> *mut c_void;

/// A C state with what feeds and frees it.
struct Handle {
    state: *mut c_void,
    feed: Feed,
    free: Free,
    _library: Arc<Library>,
}

impl Handle {
    fn feed(&mut self, samples: &[i16]) {
        for chunk in samples.chunks(1 << 20) {
            // SAFETY: `state` came from this library's init and is freed only in `drop`; the slice is valid for its length.
            unsafe { (self.feed)(self.state, chunk.as_ptr(), chunk.len() as c_int) };
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: as above; nothing uses the state afterwards.
        unsafe { (self.free)(self.state) };
    }
}

impl Spandsp {
    /// The library, if it is installed.
    pub fn open() -> Option<Self> {
        crate::open(&NAMES).map(|library| Self { library: Arc::new(library) })
    }

    pub(crate) fn library(&self) -> Arc<Library> {
        self.library.clone()
    }

    pub(crate) fn symbol<T: Copy>(&self, name: &str) -> Option<T> {
        // SAFETY: each caller names the type that the header declares for the symbol.
        let symbol: Symbol<'_, T> = unsafe { self.library.get(name) }.ok()?;
        Some(*symbol)
    }

    /// A DTMF receiver as it is by default; its dial-tone filter on demand.
    pub fn dtmf(&self, dial_tone_filter: bool) -> Option<SpandspDtmf> {
        let init: Init = self.symbol("dtmf_rx_init")?;
        let parms: Parms = self.symbol("dtmf_rx_parms")?;
        let get: Get = self.symbol("dtmf_rx_get")?;
        let (feed, free) = (self.symbol("dtmf_rx")?, self.symbol("dtmf_rx_free")?);
        // SAFETY: a null state asks the library to allocate one; no callback is given.
        let state = unsafe { init(core::ptr::null_mut(), core::ptr::null_mut(), core::ptr::null_mut()) };
        if state.is_null() {
            return None;
        }
        if dial_tone_filter {
            // SAFETY: `state` is valid; values below zero (-99 for the level) leave things as they are.
            unsafe { parms(state, 1, -1, -1, -99) };
        }
        Some(SpandspDtmf { handle: Handle { state, feed, free, _library: self.library.clone() }, get })
    }

    /// A detector of one modem tone: 1 CNG, 2 ANS, 3 ANS with reversals, 4 ANSam, 5 ANSam with reversals, 6 preamble.
    pub fn modem_tone(&self, tone: i32) -> Option<SpandspModemTone> {
        let init: TonesInit = self.symbol("modem_connect_tones_rx_init")?;
        let get = self.symbol("modem_connect_tones_rx_get")?;
        let (feed, free) =
            (self.symbol("modem_connect_tones_rx")?, self.symbol("modem_connect_tones_rx_free")?);
        // SAFETY: a null state asks the library to allocate one; no callback is given.
        let state =
            unsafe { init(core::ptr::null_mut(), tone, core::ptr::null_mut(), core::ptr::null_mut()) };
        (!state.is_null()).then(|| SpandspModemTone {
            handle: Handle { state, feed, free, _library: self.library.clone() },
            get,
        })
    }

    /// A detector of supervisory tones, each a list of (frequency, second frequency or 0, least and most milliseconds;
    /// frequencies 0 for a pause).
    pub fn supervisory(&self, tones: &[Vec<(i32, i32, i32, i32)>]) -> Option<SpandspSupervisory> {
        let make: MakeDescriptor = self.symbol("super_tone_rx_make_descriptor")?;
        let free_descriptor: Free = self.symbol("super_tone_rx_free_descriptor")?;
        let add_tone: AddTone = self.symbol("super_tone_rx_add_tone")?;
        let add_element: AddElement = self.symbol("super_tone_rx_add_element")?;
        let init: SuperInit = self.symbol("super_tone_rx_init")?;
        let (feed, free) = (self.symbol("super_tone_rx")?, self.symbol("super_tone_rx_free")?);
        let heard = Box::into_raw(Box::new(0));
        // SAFETY: the descriptor is allocated by the library, filled by its own functions, and outlives the state made of it; so
        // does `heard`.
        let (descriptor, state) = unsafe {
            let descriptor = make(core::ptr::null_mut());
            if descriptor.is_null() {
                return None;
            }
            for tone in tones {
                let id = add_tone(descriptor);
                for &(first, second, least, most) in tone {
                    // The header says -1 for what is not used; only zero does it.
                    add_element(descriptor, id, first, second, least, most);
                }
            }
            (descriptor, init(core::ptr::null_mut(), descriptor, store, heard.cast()))
        };
        if state.is_null() {
            return None;
        }
        let handle = Handle { state, feed, free, _library: self.library.clone() };
        Some(SpandspSupervisory { handle: Some(handle), descriptor, free_descriptor, heard })
    }
}

/// Takes a report and stores the tone's number, from 1.
unsafe extern "C" fn store(user: *mut c_void, code: c_int, _level: c_int, _delay: c_int) {
    if code >= 0 {
        // SAFETY: `user` is the place that `supervisory` made for this state; nobody reads it while the library runs.
        unsafe { *user.cast::<c_int>() = code + 1 };
    }
}

/// libspandsp's DTMF receiver.
pub struct SpandspDtmf {
    handle: Handle,
    get: Get,
}

impl SpandspDtmf {
    /// Takes samples in.
    pub fn feed(&mut self, samples: &[i16]) {
        self.handle.feed(samples);
    }

    /// The digits since the last call, at most 128 of them.
    pub fn digits(&mut self) -> String {
        let mut buffer: [c_char; DIGITS_MAX + 1] = [0; DIGITS_MAX + 1];
        // SAFETY: the buffer has room for the digits and a terminating zero.
        let count = unsafe { (self.get)(self.handle.state, buffer.as_mut_ptr(), DIGITS_MAX as c_int) };
        buffer.iter().take(count.min(DIGITS_MAX)).map(|&c| char::from(c as u8)).collect()
    }
}

/// libspandsp's detector of a modem tone.
pub struct SpandspModemTone {
    handle: Handle,
    get: TonesGet,
}

impl SpandspModemTone {
    /// Takes samples in.
    pub fn feed(&mut self, samples: &[i16]) {
        self.handle.feed(samples);
    }

    /// The tone heard since the last call, 0 for none.
    pub fn heard(&mut self) -> i32 {
        // SAFETY: the state is valid.
        unsafe { (self.get)(self.handle.state) }
    }
}

/// libspandsp's detector of supervisory tones.
pub struct SpandspSupervisory {
    handle: Option<Handle>,
    descriptor: *mut c_void,
    free_descriptor: Free,
    heard: *mut c_int,
}

impl SpandspSupervisory {
    /// Takes samples in.
    pub fn feed(&mut self, samples: &[i16]) {
        if let Some(handle) = &mut self.handle {
            handle.feed(samples);
        }
    }

    /// The tone that began last since the last call, by its place in the list.
    pub fn heard(&mut self) -> Option<usize> {
        // SAFETY: the place lives as long as `self`, and the library does not run now.
        let code = unsafe { core::ptr::replace(self.heard, 0) };
        usize::try_from(code).ok()?.checked_sub(1)
    }
}

impl Drop for SpandspSupervisory {
    fn drop(&mut self) {
        // The state points into the descriptor: it goes first. The library stays as long as `library` holds it.
        let library = self.handle.as_ref().map(|handle| handle._library.clone());
        self.handle = None;
        // SAFETY: nothing uses the descriptor any more.
        unsafe { (self.free_descriptor)(self.descriptor) };
        // SAFETY: it was made by `Box::into_raw`, and the state that wrote to it is gone.
        drop(unsafe { Box::from_raw(self.heard) });
        drop(library);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_supervisory_tone_is_told_by_its_place() {
        let Some(library) = Spandsp::open() else {
            eprintln!("skipped: libspandsp2 is not installed");
            return;
        };
        let tones = [vec![(350, 440, 800, 0)], vec![(480, 620, 450, 550), (0, 0, 450, 550)]];
        let mut watch = library.supervisory(&tones).expect("its functions are there");
        let busy: Vec<i16> = (0..32_000)
            .map(|n| {
                let turn = f64::from(n) * core::f64::consts::TAU / 8000.0;
                let on = n / 4000 % 2 == 0;
                if on { (3000.0 * ((turn * 480.0).sin() + (turn * 620.0).sin())) as i16 } else { 0 }
            })
            .collect();
        watch.feed(&[0; 8000]);
        assert_eq!(watch.heard(), None);
        watch.feed(&busy);
        assert_eq!(watch.heard(), Some(1));
        assert_eq!(watch.heard(), None);
    }

    #[test]
    fn the_library_hears_a_digit_and_nothing_in_silence() {
        let Some(library) = Spandsp::open() else {
            eprintln!("skipped: libspandsp2 is not installed");
            return;
        };
        let mut dtmf = library.dtmf(true).expect("its functions are there");
        dtmf.feed(&[0; 8000]);
        assert_eq!(dtmf.digits(), "");
        let tone: Vec<i16> = (0..800)
            .map(|n| {
                let turn = f64::from(n) * core::f64::consts::TAU / 8000.0;
                (4000.0 * ((turn * 770.0).sin() + (turn * 1336.0).sin())) as i16
            })
            .collect();
        dtmf.feed(&tone);
        dtmf.feed(&[0; 800]);
        assert_eq!(dtmf.digits(), "5");
    }
}
