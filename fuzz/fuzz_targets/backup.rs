#![no_main]

#[path = "../src/entry/backup.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|data: &[u8]| entry::run(data));
