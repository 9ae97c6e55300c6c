#![no_main]

#[path = "../src/entry/batch.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|data: &[u8]| entry::run(data));
