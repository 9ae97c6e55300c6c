//! A gateway in one process, and all that people ask of it.
//!
//! [`serve`] runs it: its state directory ([`state`]), its threads ([`parts`]), its control socket ([`socket`]), what the service manager
//! is told ([`service`]). The
//! [`desk`] answers what is asked, in words: [`status`], [`records`] of calls, the [`logbook`], what a number does ([`explain`]),
//! measurements of lines, [`edits`] of telephones and of the [`configuration`], a [`backup`] of all.
#![forbid(unsafe_code)]

pub mod alarms;
pub mod backup;
pub mod balance;
pub mod check;
pub mod configuration;
pub mod desk;
pub mod edits;
pub mod explain;
pub mod features;
pub mod learn;
pub mod line_test;
pub mod logbook;
pub mod parts;
pub mod password;
pub mod people;
pub mod phone;
pub mod plan_check;
pub mod print;
pub mod protocol;
pub mod recordings;
pub mod records;
pub mod serve;
pub mod service;
pub mod socket;
pub mod state;
pub mod status;
pub mod syslog;
pub mod walk;
pub mod watch;
pub mod wav;
pub mod web;
pub mod zone;

/// Exit code: something needs a person.
pub const ATTENTION: u8 = 1;
