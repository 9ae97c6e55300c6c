#![no_main]

//! The program's module as it is, with a terminal that nobody reads.

#[path = "../src/entry/listen.rs"]
mod entry;
#[path = "../../crates/tipring/src/listen/mod.rs"]
#[expect(dead_code, reason = "the command line around it is the program's alone")]
mod listen;

mod client {
    pub fn print(_: &str) -> anyhow::Result<bool> {
        Ok(true)
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| entry::run(data));
