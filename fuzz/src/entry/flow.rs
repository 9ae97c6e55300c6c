//! The language of flows.

use tipring_sim::flow::Flow;

/// Any text is read or refused with a line number that it has.
pub fn run(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else { return };
    if let Err(error) = Flow::parse(text) {
        assert!(!error.to_string().is_empty());
    }
}
