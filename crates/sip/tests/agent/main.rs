//! The agent beside scripted peers on a seeded network, in virtual time.

mod world;

mod calling;
mod calls;
mod completion;
mod diverting;
mod identity;
mod ipv6;
mod late;
mod mail;
mod referred;
mod referring;
mod registering;
mod servers;
mod serving;
mod timers;
mod weather;
