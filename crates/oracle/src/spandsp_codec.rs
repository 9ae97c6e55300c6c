//! Debian's libspandsp: its G.711, G.722 and G.726.
//!
//! # What it does
//! [`SpandspCodecs::open`] finds `libspandsp.so.2`; from it come coders and decoders.
//!
//! # How
//! Each keeps the library alive and frees its C state when dropped.
//!
//! # Limits
//! Version 0.0.6, as Debian packages it.
//!
//! # Standard
//! None: the headers `spandsp/g711.h`, `spandsp/g722.h` and `spandsp/g726.h`.

use core::ffi::{c_int, c_void};
use std::sync::Arc;

use libloading::Library;

const NAMES: [&str; 2] = ["libspandsp.so.2", "libspandsp.so"];
/// Linear samples outside (`G726_ENCODING_LINEAR`).
const LINEAR: c_int = 0;

type InitG711 = unsafe extern "C" fn(*mut c_void, c_int) -> *mut c_void;
type InitG722 = unsafe extern "C" fn(*mut c_void, c_int, c_int) -> *mut c_void;
type InitG726 = unsafe extern "C" fn(*mut c_void, c_int, c_int, c_int) -> *mut c_void;
type Encode = unsafe extern "C" fn(*mut c_void, *mut u8, *const i16, c_int) -> c_int;
type Decode = unsafe extern "C" fn(*mut c_void, *mut i16, *const u8, c_int) -> c_int;
type Free = unsafe extern "C" fn(*mut c_void) -> c_int;

/// The library.
#[derive(Clone)]
pub struct SpandspCodecs {
    library: Arc<Library>,
}

/// Where the first code of G.726 lies in a byte.
#[derive(Clone, Copy, Debug)]
pub enum SpandspPacking {
    /// In the highest bits.
    Left = 1,
    /// In the lowest bits.
    Right = 2,
}

/// A coder of either codec.
pub struct SpandspEncoder {
    state: *mut c_void,
    encode: Encode,
    free: Free,
    /// Samples that become one byte, as 8ths.
    bits: usize,
    _library: Arc<Library>,
}

/// A decoder of either codec.
pub struct SpandspDecoder {
    state: *mut c_void,
    decode: Decode,
    free: Free,
    bits: usize,
    _library: Arc<Library>,
}

impl SpandspCodecs {
    /// The library, if it is installed.
    pub fn open() -> Option<Self> {
        crate::open(&NAMES).map(|library| Self { library: Arc::new(library) })
    }

    fn symbol<T: Copy>(&self, name: &str) -> Option<T> {
        // SAFETY: each caller names the type that the header declares for the symbol.
        unsafe { self.library.get::<T>(name) }.ok().map(|symbol| *symbol)
    }

    /// A coder of G.711, by the A-law or the mu-law.
    pub fn g711_encoder(&self, mu: bool) -> Option<SpandspEncoder> {
        let init: InitG711 = self.symbol("g711_init")?;
        let (encode, free) = (self.symbol("g711_encode")?, self.symbol("g711_free")?);
        // SAFETY: a null state asks the library to allocate one.
        let state = unsafe { init(core::ptr::null_mut(), c_int::from(mu)) };
        (!state.is_null()).then(|| SpandspEncoder {
            state,
            encode,
            free,
            bits: 8,
            _library: self.library.clone(),
        })
    }

    /// A decoder of G.711.
    pub fn g711_decoder(&self, mu: bool) -> Option<SpandspDecoder> {
        let init: InitG711 = self.symbol("g711_init")?;
        let (decode, free) = (self.symbol("g711_decode")?, self.symbol("g711_free")?);
        // SAFETY: as above.
        let state = unsafe { init(core::ptr::null_mut(), c_int::from(mu)) };
        (!state.is_null()).then(|| SpandspDecoder {
            state,
            decode,
            free,
            bits: 8,
            _library: self.library.clone(),
        })
    }

    /// A coder of G.722 at 64 kbit/s.
    pub fn g722_encoder(&self) -> Option<SpandspEncoder> {
        let init: InitG722 = self.symbol("g722_encode_init")?;
        let (encode, free) = (self.symbol("g722_encode")?, self.symbol("g722_encode_free")?);
        // SAFETY: a null state asks the library to allocate one.
        let state = unsafe { init(core::ptr::null_mut(), 64_000, 0) };
        (!state.is_null()).then(|| SpandspEncoder {
            state,
            encode,
            free,
            bits: 4,
            _library: self.library.clone(),
        })
    }

    /// A decoder of G.722 at 64,000, 56,000 or 48,000 bit/s, a byte for two samples at each.
    pub fn g722_decoder(&self, bit_rate: u32) -> Option<SpandspDecoder> {
        let init: InitG722 = self.symbol("g722_decode_init")?;
        let (decode, free) = (self.symbol("g722_decode")?, self.symbol("g722_decode_free")?);
        // SAFETY: as above.
        let state = unsafe { init(core::ptr::null_mut(), bit_rate as c_int, 0) };
        (!state.is_null()).then(|| SpandspDecoder {
            state,
            decode,
            free,
            bits: 4,
            _library: self.library.clone(),
        })
    }

    /// A coder of G.726 with so many bits a sample.
    pub fn g726_encoder(&self, bits: usize, packing: SpandspPacking) -> Option<SpandspEncoder> {
        let init: InitG726 = self.symbol("g726_init")?;
        let (encode, free) = (self.symbol("g726_encode")?, self.symbol("g726_free")?);
        // SAFETY: as above.
        let state = unsafe { init(core::ptr::null_mut(), bits as c_int * 8000, LINEAR, packing as c_int) };
        (!state.is_null()).then(|| SpandspEncoder {
            state,
            encode,
            free,
            bits,
            _library: self.library.clone(),
        })
    }

    /// A decoder of G.726 with so many bits a sample.
    pub fn g726_decoder(&self, bits: usize, packing: SpandspPacking) -> Option<SpandspDecoder> {
        let init: InitG726 = self.symbol("g726_init")?;
        let (decode, free) = (self.symbol("g726_decode")?, self.symbol("g726_free")?);
        // SAFETY: as above.
        let state = unsafe { init(core::ptr::null_mut(), bits as c_int * 8000, LINEAR, packing as c_int) };
        (!state.is_null()).then(|| SpandspDecoder {
            state,
            decode,
            free,
            bits,
            _library: self.library.clone(),
        })
    }
}

impl SpandspEncoder {
    /// Codes samples, a multiple of eight, and returns the bytes.
    pub fn encode(&mut self, samples: &[i16]) -> Vec<u8> {
        let mut out = vec![0; samples.len() * self.bits / 8 + 8];
        // SAFETY: the state is valid until `drop`; the room is that of all codes and more.
        let size =
            unsafe { (self.encode)(self.state, out.as_mut_ptr(), samples.as_ptr(), samples.len() as c_int) };
        out.truncate(usize::try_from(size).unwrap_or(0));
        out
    }
}

impl SpandspDecoder {
    /// Decodes bytes and returns the samples.
    pub fn decode(&mut self, bytes: &[u8]) -> Vec<i16> {
        let mut out = vec![0; bytes.len() * 8 / self.bits + 16];
        // SAFETY: as above.
        let size =
            unsafe { (self.decode)(self.state, out.as_mut_ptr(), bytes.as_ptr(), bytes.len() as c_int) };
        out.truncate(usize::try_from(size).unwrap_or(0));
        out
    }
}

impl Drop for SpandspEncoder {
    fn drop(&mut self) {
        // SAFETY: the state came from this library and is not used afterwards.
        unsafe { (self.free)(self.state) };
    }
}

impl Drop for SpandspDecoder {
    fn drop(&mut self) {
        // SAFETY: as above.
        unsafe { (self.free)(self.state) };
    }
}
