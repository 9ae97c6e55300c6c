//! Debian's libbcg729: G.729 with Annexes A and B.
//!
//! # What it does
//! [`Bcg729::open`] finds `libbcg729.so.0`; from it come coders and decoders.
//!
//! # How
//! Each keeps the library alive and frees its C state when dropped.
//!
//! # Limits
//! The library is GPL: it is loaded in tests and benchmarks, never linked.
//!
//! # Standard
//! None: the headers `bcg729/encoder.h` and `bcg729/decoder.h`.

use core::ffi::c_void;
use std::sync::Arc;

use libloading::Library;

const NAMES: [&str; 2] = ["libbcg729.so.0", "libbcg729.so"];

/// Samples of a frame.
pub const G729_SAMPLES: usize = 80;

type InitEncoder = unsafe extern "C" fn(u8) -> *mut c_void;
type InitDecoder = unsafe extern "C" fn() -> *mut c_void;
type Close = unsafe extern "C" fn(*mut c_void);
type Encode = unsafe extern "C" fn(*mut c_void, *const i16, *mut u8, *mut u8);
type Decode = unsafe extern "C" fn(*mut c_void, *const u8, u8, u8, u8, u8, *mut i16);

/// The library.
#[derive(Clone)]
pub struct Bcg729 {
    library: Arc<Library>,
}

/// A coder.
pub struct Bcg729Encoder {
    state: *mut c_void,
    encode: Encode,
    close: Close,
    _library: Arc<Library>,
}

/// A decoder.
pub struct Bcg729Decoder {
    state: *mut c_void,
    decode: Decode,
    close: Close,
    _library: Arc<Library>,
}

impl Bcg729 {
    /// The library, if it is installed.
    pub fn open() -> Option<Self> {
        crate::open(&NAMES).map(|library| Self { library: Arc::new(library) })
    }

    fn symbol<T: Copy>(&self, name: &str) -> Option<T> {
        // SAFETY: each caller names the type that the header declares for the symbol.
        unsafe { self.library.get::<T>(name) }.ok().map(|symbol| *symbol)
    }

    /// A coder; with `annex_b` it falls silent when nobody talks.
    pub fn encoder(&self, annex_b: bool) -> Option<Bcg729Encoder> {
        let init: InitEncoder = self.symbol("initBcg729EncoderChannel")?;
        let (encode, close) = (self.symbol("bcg729Encoder")?, self.symbol("closeBcg729EncoderChannel")?);
        // SAFETY: allocates and returns a state.
        let state = unsafe { init(u8::from(annex_b)) };
        (!state.is_null()).then(|| Bcg729Encoder { state, encode, close, _library: self.library.clone() })
    }

    /// A decoder.
    pub fn decoder(&self) -> Option<Bcg729Decoder> {
        let init: InitDecoder = self.symbol("initBcg729DecoderChannel")?;
        let (decode, close) = (self.symbol("bcg729Decoder")?, self.symbol("closeBcg729DecoderChannel")?);
        // SAFETY: allocates and returns a state.
        let state = unsafe { init() };
        (!state.is_null()).then(|| Bcg729Decoder { state, decode, close, _library: self.library.clone() })
    }
}

impl Bcg729Encoder {
    /// Codes a frame and returns the bytes: ten, two or none.
    pub fn encode(&mut self, samples: &[i16; G729_SAMPLES], out: &mut [u8; 10]) -> usize {
        let mut size = 0;
        // SAFETY: the state is valid until `drop`; a frame has 80 samples and its code ten bytes at the most.
        unsafe { (self.encode)(self.state, samples.as_ptr(), out.as_mut_ptr(), &raw mut size) };
        usize::from(size)
    }
}

impl Bcg729Decoder {
    /// Decodes a frame of ten bytes, two (silence) or none (nothing came).
    pub fn decode(&mut self, bytes: &[u8], out: &mut [i16; G729_SAMPLES]) {
        let mut frame = [0; 10];
        for (to, from) in frame.iter_mut().zip(bytes) {
            *to = *from;
        }
        let (erased, silence) = (u8::from(bytes.is_empty()), u8::from(bytes.len() == 2));
        let size = bytes.len().min(10) as u8;
        // SAFETY: as above; the frame is long enough for whatever its length says.
        unsafe { (self.decode)(self.state, frame.as_ptr(), size, erased, silence, 0, out.as_mut_ptr()) };
    }
}

impl Drop for Bcg729Encoder {
    fn drop(&mut self) {
        // SAFETY: the state came from this library and is not used afterwards.
        unsafe { (self.close)(self.state) };
    }
}

impl Drop for Bcg729Decoder {
    fn drop(&mut self) {
        // SAFETY: as above.
        unsafe { (self.close)(self.state) };
    }
}
