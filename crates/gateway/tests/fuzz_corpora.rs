//! Replays the corpora of the fuzz targets through the same entries, so that every test run covers what fuzzing found.

#[path = "../../../fuzz/src/entry/completion.rs"]
mod completion;
#[path = "../../../fuzz/src/entry/config.rs"]
mod config;
#[path = "../../../fuzz/src/entry/dial.rs"]
mod dial;
#[path = "../../../fuzz/src/entry/dial_plan.rs"]
mod dial_plan;
#[path = "../../../fuzz/src/entry/diversion.rs"]
mod diversion;
#[path = "../../../fuzz/src/entry/noise.rs"]
mod noise;
#[path = "../../../fuzz/src/entry/notify.rs"]
mod notify;
#[path = "../../../fuzz/src/replay.rs"]
mod replay;
#[path = "../../../fuzz/src/entry/rtcp.rs"]
mod rtcp;
#[path = "../../../fuzz/src/entry/rtp.rs"]
mod rtp;
#[path = "../../../fuzz/src/entry/sdp.rs"]
mod sdp;
#[path = "../../../fuzz/src/entry/sip_message.rs"]
mod sip_message;

#[test]
fn sip_messages() {
    replay::replay("sip_message", 3, sip_message::run);
}

#[test]
fn notifications() {
    replay::replay("notify", 14, notify::run);
}

#[test]
fn calls_to_be_completed() {
    replay::replay("completion", 8, completion::run);
}

#[test]
fn diversions() {
    replay::replay("diversion", 8, diversion::run);
}

#[test]
fn session_descriptions() {
    replay::replay("sdp", 3, sdp::run);
}

#[test]
fn rtp_streams() {
    replay::replay("rtp", 3, rtp::run);
}

#[test]
fn rtcp_compounds() {
    replay::replay("rtcp", 3, rtcp::run);
}

#[test]
fn noise_descriptions() {
    replay::replay("noise", 3, noise::run);
}

#[test]
fn dial_plans() {
    replay::replay("dial", 3, dial::run);
}

#[test]
fn dial_plans_of_other_gateways() {
    replay::replay("dial_plan", 8, dial_plan::run);
}

#[test]
fn configurations() {
    replay::replay("config", 3, config::run);
}
