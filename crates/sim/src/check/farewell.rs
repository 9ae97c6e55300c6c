//! No RTP after BYE.
//!
//! # What it does
//! Knows from the messages which media port of the gateway belongs to which call, and sees packets from it once the
//! call has ended by BYE.
//!
//! # How
//! The port stands in what the gateway offers or answers. A call with several confirmed dialogs (forks) has ended when
//! the last has. A port belongs to the next call that names it.
//!
//! # Limits
//! [`MAX_CALLS`] calls; packets are watched for [`WATCHED`] after BYE.
//!
//! # Standard
//! RFC 3261 §15.

use std::collections::BTreeMap;

use tipring_units::{Instant, Millis};

use super::reader::{Glance, Start};

/// Calls that are known, at the most.
pub const MAX_CALLS: usize = 4096;
/// The tick that is under way when BYE comes, and the one after it.
pub const FAREWELL: Millis = Millis(30);
/// Packets this long after BYE are looked for.
pub const WATCHED: Millis = Millis::from_secs(10);

#[derive(Clone, Debug, Default)]
struct Call {
    port: Option<u16>,
    /// The far ends' tags and whether their dialogs have ended.
    dialogs: BTreeMap<String, bool>,
}

#[derive(Clone, Debug)]
struct Silent {
    call_id: String,
    since: Instant,
}

/// The checker.
#[derive(Clone, Debug, Default)]
pub struct Farewell {
    calls: BTreeMap<String, Call>,
    silent: BTreeMap<u16, Silent>,
}

impl Farewell {
    /// The gateway got a message.
    pub fn received(&mut self, message: &Glance<'_>) {
        if let (Start::Response(200..300), "INVITE") = (message.start, message.method)
            && let Some(call) = self.calls.get_mut(message.call_id)
        {
            call.dialogs.entry(message.to_tag.to_owned()).or_default();
        }
    }

    /// The gateway sent a message.
    pub fn sent(&mut self, now: Instant, message: &Glance<'_>) {
        if let Some(port) = message.audio {
            let call = self.calls.entry(message.call_id.to_owned()).or_default();
            call.port = Some(port);
            if self.silent.get(&port).is_some_and(|silent| silent.call_id != message.call_id) {
                self.silent.remove(&port);
            }
            if self.calls.len() > MAX_CALLS {
                self.calls.pop_first();
            }
        }
        match (message.start, message.method) {
            (Start::Request("BYE"), _) => self.ended(now, message.call_id, message.to_tag),
            (Start::Response(200..300), "BYE") => self.ended(now, message.call_id, message.from_tag),
            (Start::Response(200..300), "INVITE") => {
                if let Some(call) = self.calls.get_mut(message.call_id) {
                    call.dialogs.entry(message.from_tag.to_owned()).or_default();
                }
            }
            (Start::Request(_) | Start::Response(_), _) => {}
        }
    }

    fn ended(&mut self, now: Instant, call_id: &str, tag: &str) {
        let Some(call) = self.calls.get_mut(call_id) else { return };
        // a BYE of a dialog that never was confirmed ends nothing
        let Some(ended) = call.dialogs.get_mut(tag) else { return };
        *ended = true;
        if call.dialogs.values().all(|ended| *ended)
            && let Some(port) = call.port
        {
            let silent = Silent { call_id: call_id.to_owned(), since: now };
            self.silent.entry(port).or_insert(silent);
            self.calls.remove(call_id);
        }
    }

    /// The gateway sent a packet of sound from this port.
    pub fn packet(&mut self, now: Instant, port: u16, wrong: &mut Vec<String>) {
        let Some(silent) = self.silent.get(&port) else { return };
        if now >= silent.since + WATCHED {
            self.silent.remove(&port);
        } else if now > silent.since + FAREWELL {
            let after = now.since(silent.since).as_millis();
            wrong.push(format!("RTP from port {port} {after} ms after the BYE of call {}", silent.call_id));
            self.silent.remove(&port);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(start: Start<'static>, method: &'static str, audio: Option<u16>) -> Glance<'static> {
        Glance { start, branch: "b", call_id: "c", cseq: 1, method, from_tag: "us", to_tag: "them", audio }
    }

    #[test]
    fn sound_after_bye_is_seen_and_before_it_is_not() {
        let (mut farewell, mut wrong) = (Farewell::default(), Vec::new());
        let at = Instant::from_millis;
        farewell.sent(at(0), &message(Start::Request("INVITE"), "INVITE", Some(40_000)));
        farewell.received(&message(Start::Response(200), "INVITE", None));
        farewell.packet(at(100), 40_000, &mut wrong);
        farewell.sent(at(1000), &message(Start::Request("BYE"), "BYE", None));
        farewell.packet(at(1010), 40_000, &mut wrong);
        assert!(wrong.is_empty());
        farewell.packet(at(1040), 40_000, &mut wrong);
        assert_eq!(wrong.len(), 1);
    }

    #[test]
    fn the_next_call_on_a_port_and_a_fork_that_stays_may_sound() {
        let (mut farewell, mut wrong) = (Farewell::default(), Vec::new());
        let at = Instant::from_millis;
        farewell.sent(at(0), &message(Start::Request("INVITE"), "INVITE", Some(40_000)));
        farewell.received(&message(Start::Response(200), "INVITE", None));
        farewell.received(&Glance { to_tag: "other", ..message(Start::Response(200), "INVITE", None) });
        farewell.sent(at(1000), &Glance { to_tag: "other", ..message(Start::Request("BYE"), "BYE", None) });
        farewell.packet(at(1100), 40_000, &mut wrong);
        farewell.sent(at(2000), &message(Start::Request("BYE"), "BYE", None));
        farewell.sent(
            at(2040),
            &Glance { call_id: "d", ..message(Start::Request("INVITE"), "INVITE", Some(40_000)) },
        );
        farewell.packet(at(2100), 40_000, &mut wrong);
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
