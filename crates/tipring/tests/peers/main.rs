//! The gateway beside real SIP peers on loopback: Kamailio, baresip and SIPp, and whoever only wants to do harm.
//!
//! What is heard is measured here, by code that shares nothing with the gateway. Nothing sleeps for a fixed time:
//! each wait ends with an event or fails after a bounded one.

#[path = "../common/mod.rs"]
mod common;

mod baresip;
mod gateway;
mod hostile;
mod kamailio;
mod load;
mod measure;
mod program;
mod sipp;
mod wave;

mod far_phone;
mod features;
mod noise;
mod outside;
mod registrar;
mod rtp;
mod rude;
mod steady;
