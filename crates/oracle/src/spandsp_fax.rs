//! libspandsp's fax terminal: T.30 with V.21, V.27ter, V.29 and V.17 over a telephone line.
//!
//! # What it does
//! Sends the pages of a TIFF file, or receives pages into one, a frame of sound in and one out at a time.
//!
//! # Limits
//! Version 0.0.6, as Debian packages it.
//!
//! # Standard
//! None: the headers `spandsp/fax.h`, `t30.h` and `t30_api.h`.

use core::ffi::{c_char, c_int, c_void};
use core::fmt;
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use libloading::Library;

use crate::Spandsp;

type FaxInit = unsafe extern "C" fn(*mut c_void, c_int) -> *mut c_void;
type Sound = unsafe extern "C" fn(*mut c_void, *mut i16, c_int) -> c_int;
type Free = unsafe extern "C" fn(*mut c_void) -> c_int;
type GetT30 = unsafe extern "C" fn(*mut c_void) -> *mut c_void;
type SetInt = unsafe extern "C" fn(*mut c_void, c_int);
type SetFlag = unsafe extern "C" fn(*mut c_void, c_int) -> c_int;
type SetTxFile = unsafe extern "C" fn(*mut c_void, *const c_char, c_int, c_int);
type SetRxFile = unsafe extern "C" fn(*mut c_void, *const c_char, c_int);
type GetStatistics = unsafe extern "C" fn(*mut c_void, *mut c_int);

/// Integers that the statistics have room for; version 0.0.6 fills 15.
const STATISTICS: usize = 64;

/// What a terminal does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FaxRole<'a> {
    /// Calls, and sends the pages of this file.
    Sends(&'a Path),
    /// Answers, and writes the pages that come to this file.
    Receives(&'a Path),
}

/// How a transfer went.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FaxOutcome {
    /// Bits a second of the pages.
    pub bit_rate: i32,
    /// Errors were corrected (ECM).
    pub corrected: bool,
    /// Pages sent, and received.
    pub pages: (i32, i32),
    /// Rows of the latest page that were bad.
    pub bad_rows: i32,
    /// 0 where all is well, else the library's number of what went wrong.
    pub status: i32,
}

/// A fax terminal.
pub struct SpandspFax {
    state: *mut c_void,
    t30: *mut c_void,
    rx: Sound,
    tx: Sound,
    free: Free,
    active: Free,
    statistics: GetStatistics,
    _library: Arc<Library>,
}

// SAFETY: the state is a heap object of its own that nobody else points to, and the library keeps no state by thread.
unsafe impl Send for SpandspFax {}

impl fmt::Debug for SpandspFax {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpandspFax").field("outcome", &self.outcome()).finish_non_exhaustive()
    }
}

impl Spandsp {
    /// A fax terminal, with error correction (ECM) or without. `None` too if the path holds a zero byte.
    pub fn fax(&self, role: FaxRole<'_>, corrects: bool) -> Option<SpandspFax> {
        let init: FaxInit = self.symbol("fax_init")?;
        let get_t30: GetT30 = self.symbol("fax_get_t30_state")?;
        let on_idle: SetInt = self.symbol("fax_set_transmit_on_idle")?;
        let ecm: SetFlag = self.symbol("t30_set_ecm_capability")?;
        let send: SetTxFile = self.symbol("t30_set_tx_file")?;
        let receive: SetRxFile = self.symbol("t30_set_rx_file")?;
        let (rx, tx) = (self.symbol("fax_rx")?, self.symbol("fax_tx")?);
        let (free, active) = (self.symbol("fax_free")?, self.symbol("t30_call_active")?);
        let statistics = self.symbol("t30_get_transfer_statistics")?;
        let (calls, path) = match role {
            FaxRole::Sends(path) => (1, path),
            FaxRole::Receives(path) => (0, path),
        };
        let path = CString::new(path.as_os_str().as_bytes()).ok()?;
        // SAFETY: a null state asks the library to allocate one.
        let state = unsafe { init(core::ptr::null_mut(), calls) };
        if state.is_null() {
            return None;
        }
        // SAFETY: the state is valid, its T.30 part lives as long as it does, and the library copies the path.
        let t30 = unsafe {
            let t30 = get_t30(state);
            on_idle(state, 1);
            ecm(t30, c_int::from(corrects));
            match role {
                FaxRole::Sends(_) => send(t30, path.as_ptr(), -1, -1),
                FaxRole::Receives(_) => receive(t30, path.as_ptr(), -1),
            }
            t30
        };
        Some(SpandspFax { state, t30, rx, tx, free, active, statistics, _library: self.library() })
    }
}

impl SpandspFax {
    /// Takes sound of the line.
    pub fn hear(&mut self, samples: &[i16]) {
        let mut samples = samples.to_vec();
        // SAFETY: the state is valid and the samples are for their length; the library may write to them.
        unsafe { (self.rx)(self.state, samples.as_mut_ptr(), samples.len() as c_int) };
    }

    /// Gives as much sound as there is room for.
    pub fn speak(&mut self, out: &mut [i16]) {
        // SAFETY: as above.
        let count = unsafe { (self.tx)(self.state, out.as_mut_ptr(), out.len() as c_int) };
        out.iter_mut().skip(usize::try_from(count).unwrap_or(0)).for_each(|sample| *sample = 0);
    }

    /// The transfer goes on.
    pub fn is_active(&self) -> bool {
        // SAFETY: the T.30 part lives as long as the state.
        unsafe { (self.active)(self.t30) != 0 }
    }

    /// How it has gone so far.
    pub fn outcome(&self) -> FaxOutcome {
        let mut told = [0; STATISTICS];
        // SAFETY: as above; there is more room than the library fills.
        unsafe { (self.statistics)(self.t30, told.as_mut_ptr()) };
        FaxOutcome {
            bit_rate: told[0],
            corrected: told[1] != 0,
            pages: (told[2], told[3]),
            bad_rows: told[11],
            status: told[14],
        }
    }
}

impl Drop for SpandspFax {
    fn drop(&mut self) {
        // SAFETY: the state came from this library and is not used afterwards; its files are closed here.
        unsafe { (self.free)(self.state) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FAX_WIDTH, LibTiff, Page, write_pages};

    #[test]
    fn a_page_goes_from_terminal_to_terminal_with_nothing_between() {
        let (Some(library), Some(tiff)) = (Spandsp::open(), LibTiff::open()) else {
            eprintln!("skipped: libspandsp2 is not installed");
            return;
        };
        let byte = |row: usize, n: usize| if (row / 8 + n).is_multiple_of(9) { (row * n) as u8 } else { 0 };
        let rows = (0..300).map(|row| (0..FAX_WIDTH as usize / 8).map(|n| byte(row, n)).collect()).collect();
        let page = Page { rows };
        let path =
            |name: &str| std::env::temp_dir().join(format!("tipring-{name}-{}.tif", std::process::id()));
        let (sent, received) = (path("sent"), path("received"));
        write_pages(&sent, core::slice::from_ref(&page)).expect("it is written");
        for corrects in [false, true] {
            let mut ends = [FaxRole::Sends(&sent), FaxRole::Receives(&received)]
                .map(|role| library.fax(role, corrects).expect("its functions are there"));
            let mut sounds = [[0; 80]; 2];
            for _ in 0..30_000 {
                let [one, two] = &mut ends;
                one.speak(&mut sounds[0]);
                two.speak(&mut sounds[1]);
                one.hear(&sounds[1]);
                two.hear(&sounds[0]);
                if !one.is_active() && !two.is_active() {
                    break;
                }
            }
            let outcomes = [ends[0].outcome(), ends[1].outcome()];
            drop(ends);
            assert!(tiff.read(&received) == [page.clone()], "corrects {corrects}: {outcomes:?}");
            assert_eq!((outcomes[0].pages.0, outcomes[1].pages.1), (1, 1));
            assert_eq!(outcomes.map(|outcome| (outcome.status, outcome.corrected)), [(0, corrects); 2]);
        }
        for path in [sent, received] {
            std::fs::remove_file(path).expect("it was there");
        }
    }
}
