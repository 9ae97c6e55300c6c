//! Independent implementations to measure against.
//!
//! # What it does
//! Opens the shared libraries that Debian packages (`libspandsp2`, `libspeexdsp1`, `libbcg729-0`, ...) when they are
//! installed, and OSLEC where `bench/oslec.sh` has built it, and gives their cancellers, detectors, coders, modems and
//! fax terminal a safe face. Tests and benchmarks compare with them; the gateway never runs them, and nothing of them is
//! linked or copied.
//!
//! # Limits
//! A library that is missing is `None`: the caller says so and goes on without that column.

#![allow(unsafe_code, reason = "calls C libraries; each block gives its reason")]

mod bcg729;
#[cfg(test)]
mod echo_test;
mod oslec;
mod spandsp;
mod spandsp_adsi;
mod spandsp_codec;
mod spandsp_fax;
mod spandsp_modem;
mod spandsp_plc;
mod speex_jitter;
mod speexdsp;
mod tiff;

pub use bcg729::{Bcg729, Bcg729Decoder, Bcg729Encoder, G729_SAMPLES};
pub use oslec::OslecCanceller;
pub use spandsp::{Spandsp, SpandspDtmf, SpandspModemTone, SpandspSupervisory};
pub use spandsp_adsi::{Adsi, SpandspAdsi};
pub use spandsp_codec::{SpandspCodecs, SpandspDecoder, SpandspEncoder, SpandspPacking};
pub use spandsp_fax::{FaxOutcome, FaxRole, SpandspFax};
pub use spandsp_modem::{Modulation, SpandspModem};
pub use spandsp_plc::SpandspConcealer;
pub use speex_jitter::SpeexJitter;
pub use speexdsp::SpeexCanceller;
pub use tiff::{FAX_WIDTH, LibTiff, Page, write_pages};

/// Opens the first of these shared libraries that is installed.
fn open(names: &[&'static str]) -> Option<libloading::Library> {
    names.iter().find_map(|name| {
        // SAFETY: these are well-known libraries of the distribution, whose initialisers do nothing but set tables up.
        unsafe { libloading::Library::new(*name) }.ok()
    })
}
