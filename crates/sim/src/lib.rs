//! The line laboratory: loop plant, telephones, SIP peers, network, flows, explorer.
//!
//! The ears and mouths in here share no detector and no generator with the gateway.
#![forbid(unsafe_code)]

pub mod bench;
pub mod card;
pub mod check;
pub mod ear;
pub mod explore;
pub mod flow;
pub mod lab;
pub mod mouth;
pub mod network;
pub mod office;
pub mod pair;
pub mod peer;
pub mod phone;
pub mod plant;
pub mod world;
