#![no_main]

#[path = "../src/entry/callerid.rs"]
mod entry;
#[path = "../src/entry/sound_script.rs"]
mod sound_script;

libfuzzer_sys::fuzz_target!(|data: &[u8]| entry::run(data));
