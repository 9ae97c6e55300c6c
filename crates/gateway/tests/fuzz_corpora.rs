//! Replays the corpora of the fuzz targets through the same entries, so that every test run covers what fuzzing found.

#[path = "../../../fuzz/src/entry/config.rs"]
mod config;
#[path = "../../../fuzz/src/entry/dial.rs"]
mod dial;
#[path = "../../../fuzz/src/entry/noise.rs"]
mod noise;
#[path = "../../../fuzz/src/entry/rtcp.rs"]
mod rtcp;
#[path = "../../../fuzz/src/entry/rtp.rs"]
mod rtp;
#[path = "../../../fuzz/src/entry/sdp.rs"]
mod sdp;
#[path = "../../../fuzz/src/entry/sip_message.rs"]
mod sip_message;

use std::path::Path;

fn replay(target: &str, entry: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 3, "{} is empty", folder.display());
    for file in files {
        let data = std::fs::read(&file).unwrap();
        println!("{}", file.display());
        entry(&data);
        // What is torn off is as good a test.
        entry(&data[..data.len() / 2]);
    }
}

#[test]
fn sip_messages() {
    replay("sip_message", sip_message::run);
}

#[test]
fn session_descriptions() {
    replay("sdp", sdp::run);
}

#[test]
fn rtp_streams() {
    replay("rtp", rtp::run);
}

#[test]
fn rtcp_compounds() {
    replay("rtcp", rtcp::run);
}

#[test]
fn noise_descriptions() {
    replay("noise", noise::run);
}

#[test]
fn dial_plans() {
    replay("dial", dial::run);
}

#[test]
fn configurations() {
    replay("config", config::run);
}
