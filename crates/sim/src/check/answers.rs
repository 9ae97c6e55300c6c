//! Every INVITE gets exactly one final answer, every final answer an ACK.
//!
//! # What it does
//! Follows the INVITE transactions of the gateway on the network: those that reach it, and the answers that it gets.
//!
//! # How
//! By branch and sender for INVITEs that come in; by Call-ID, CSeq and tag for successes that the gateway has to
//! acknowledge; by branch for refusals. An ACK goes to where the far end says that it listens, over a connection of its
//! own where that is TCP (RFC 3261 §13.2.2.4, §18.1.1): it is asked for when that stands, and not where it is refused.
//!
//! # Limits
//! [`MAX_OPEN`] transactions of each kind; the oldest are forgotten.
//!
//! # Standard
//! RFC 3261 §13.2.2.4, §17.1.1, §17.2.1; RFC 6026.

use core::net::{IpAddr, SocketAddr};
use std::collections::BTreeMap;

use tipring_units::{Instant, Millis};

use super::reader::{Glance, Start};

/// Transactions that are followed, at the most.
pub const MAX_OPEN: usize = 4096;
/// An answer is acknowledged at once: this is more than a turn of the control plane takes.
pub const ACK_WITHIN: Millis = Millis(100);
/// Ringing and dialling take less than this together.
pub const FINAL_WITHIN: Millis = Millis::from_secs(900);
/// While a client transaction surely lives, RFC 3261 timer B.
const LIVES: Millis = Millis::from_secs(31);

#[derive(Clone, Copy, Debug)]
struct Asked {
    since: Instant,
    answer: Option<u16>,
    told: bool,
}

/// The checker.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    asked: BTreeMap<(String, SocketAddr), Asked>,
    /// INVITEs of the gateway, by branch, until they are refused and that is acknowledged.
    sent: BTreeMap<String, Instant>,
    /// Successes without ACK: Call-ID, CSeq, tag. Since when, and from whom.
    successes: BTreeMap<(String, u32, String), (Instant, IpAddr)>,
    /// Hosts that the gateway wants a connection with, and how many.
    connecting: BTreeMap<IpAddr, u32>,
    /// Refusals without ACK, by branch.
    refusals: BTreeMap<String, Instant>,
    /// Hosts that said that nobody listens there: requests to them were given up, refusals may be under way.
    unreachable: BTreeMap<SocketAddr, Instant>,
}

impl Answers {
    /// The gateway was told that nobody listens at an address.
    pub fn unreachable(&mut self, now: Instant, address: SocketAddr) {
        self.unreachable.insert(address, now);
        bound(&mut self.unreachable);
    }

    /// The gateway wants a connection with an address.
    pub fn connecting(&mut self, address: SocketAddr) {
        *self.connecting.entry(address.ip()).or_insert(0) += 1;
    }

    /// A connection that the gateway wanted stands: what waited for it goes now.
    pub fn connected(&mut self, now: Instant, address: SocketAddr) {
        self.no_longer_connecting(address);
        let owed = self.successes.values_mut().filter(|(_, from)| *from == address.ip());
        owed.for_each(|(since, _)| *since = now);
    }

    fn no_longer_connecting(&mut self, address: SocketAddr) {
        if let Some(count) = self.connecting.get_mut(&address.ip()) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.connecting.remove(&address.ip());
            }
        }
    }

    /// The gateway wanted a connection with an address and was refused. An answer that is owed there has no way out
    /// while its INVITE's own connection is gone (RFC 3261 §18.2.2): it cannot be asked for.
    pub fn refused(&mut self, now: Instant, address: SocketAddr) {
        self.unreachable(now, address);
        if self.connecting.contains_key(&address.ip()) {
            self.no_longer_connecting(address);
            self.successes.retain(|_, (_, from)| *from != address.ip());
        }
        let owed =
            self.asked.iter_mut().filter(|((_, from), asked)| *from == address && asked.answer.is_none());
        owed.for_each(|(_, asked)| asked.told = true);
    }

    /// The gateway got a message.
    pub fn received(&mut self, now: Instant, from: SocketAddr, message: &Glance<'_>) {
        let given_up = self.unreachable.get(&from).is_some_and(|since| now < *since + LIVES);
        if message.method != "INVITE" {
            return;
        }
        match message.start {
            Start::Request("INVITE") => {
                let key = (message.branch.to_owned(), from);
                self.asked.entry(key).or_insert(Asked { since: now, answer: None, told: false });
                bound(&mut self.asked);
            }
            Start::Request(_) => {}
            Start::Response(200..300) => {
                let key = (message.call_id.to_owned(), message.cseq, message.to_tag.to_owned());
                self.successes.entry(key).or_insert((now, from.ip()));
                bound(&mut self.successes);
            }
            Start::Response(300..) if given_up => {}
            Start::Response(300..) => {
                let lives = self.sent.get(message.branch).is_some_and(|sent| now < *sent + LIVES);
                if lives {
                    self.refusals.entry(message.branch.to_owned()).or_insert(now);
                    bound(&mut self.refusals);
                }
            }
            Start::Response(_) => {}
        }
    }

    /// The gateway sent a message.
    pub fn sent(&mut self, now: Instant, to: SocketAddr, message: &Glance<'_>, wrong: &mut Vec<String>) {
        match message.start {
            Start::Request("INVITE") => {
                self.sent.entry(message.branch.to_owned()).or_insert(now);
                bound(&mut self.sent);
            }
            Start::Request("ACK") => {
                // a transaction that is over need not acknowledge what is repeated
                if self.refusals.remove(message.branch).is_some() {
                    self.sent.remove(message.branch);
                }
                let key = (message.call_id.to_owned(), message.cseq, message.to_tag.to_owned());
                self.successes.remove(&key);
            }
            Start::Request(_) => {}
            Start::Response(status @ 200..) if message.method == "INVITE" => {
                let key = (message.branch.to_owned(), to);
                let Some(asked) = self.asked.get_mut(&key) else { return };
                match asked.answer {
                    None => asked.answer = Some(status),
                    Some(first) if first != status && !asked.told => {
                        asked.told = true;
                        wrong.push(format!(
                            "an INVITE of {to} (call {}) was answered {first} and then {status}",
                            message.call_id
                        ));
                    }
                    Some(_) => {}
                }
            }
            Start::Response(_) => {}
        }
    }

    /// Looks at what has waited too long.
    pub fn look(&mut self, now: Instant, wrong: &mut Vec<String>) {
        let connecting = &self.connecting;
        self.successes.retain(|(call_id, cseq, tag), (since, from)| {
            let late = now >= *since + ACK_WITHIN && !connecting.contains_key(from);
            if late {
                wrong.push(format!("no ACK to the success of INVITE {cseq} of call {call_id}, tag {tag}"));
            }
            !late
        });
        self.refusals.retain(|branch, since| {
            let late = now >= *since + ACK_WITHIN;
            if late {
                wrong.push(format!("no ACK to the refusal of the INVITE with branch {branch}"));
            }
            !late
        });
        for ((_, from), asked) in &mut self.asked {
            if asked.answer.is_none() && !asked.told && now >= asked.since + FINAL_WITHIN {
                asked.told = true;
                wrong.push(format!("an INVITE of {from} has no final answer after {FINAL_WITHIN}"));
            }
        }
        self.sent.retain(|_, since| now < *since + LIVES);
    }

    /// All have hung up and are idle: nothing may be open.
    pub fn quiesced(&mut self, now: Instant, wrong: &mut Vec<String>) {
        self.look(now, wrong);
        for ((branch, from), asked) in &self.asked {
            if asked.answer.is_none() && !asked.told {
                wrong.push(format!("an INVITE of {from} ({branch}) never got a final answer"));
            }
        }
        self.asked.clear();
    }
}

/// Forgets something where there is too much.
fn bound<K: Ord, V>(map: &mut BTreeMap<K, V>) {
    if map.len() > MAX_OPEN {
        map.pop_first();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: SocketAddr = SocketAddr::new(IpAddr::V4(core::net::Ipv4Addr::new(10, 0, 1, 1)), 5060);

    fn message(start: Start<'static>) -> Glance<'static> {
        Glance {
            start,
            branch: "z9hG4bKx",
            call_id: "c",
            cseq: 1,
            method: "INVITE",
            from_tag: "f",
            to_tag: "t",
            audio: None,
        }
    }

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    #[test]
    fn two_different_final_answers_are_seen() {
        let (mut answers, mut wrong) = (Answers::default(), Vec::new());
        answers.received(at(0), PEER, &message(Start::Request("INVITE")));
        for status in [100, 180, 200, 200] {
            answers.sent(at(5), PEER, &message(Start::Response(status)), &mut wrong);
        }
        answers.quiesced(at(10), &mut wrong);
        assert!(wrong.is_empty(), "{wrong:?}");
        answers.received(at(20), PEER, &message(Start::Request("INVITE")));
        answers.sent(at(21), PEER, &message(Start::Response(487)), &mut wrong);
        answers.sent(at(22), PEER, &message(Start::Response(200)), &mut wrong);
        assert_eq!(wrong.len(), 1);
    }

    #[test]
    fn an_invite_without_final_answer_is_seen() {
        let (mut answers, mut wrong) = (Answers::default(), Vec::new());
        answers.received(at(0), PEER, &message(Start::Request("INVITE")));
        answers.sent(at(5), PEER, &message(Start::Response(180)), &mut wrong);
        answers.quiesced(at(10), &mut wrong);
        assert_eq!(wrong.len(), 1);
    }

    #[test]
    fn an_answer_that_no_connection_carries_is_not_asked_for() {
        for refused in [false, true] {
            let (mut answers, mut wrong) = (Answers::default(), Vec::new());
            answers.received(at(0), PEER, &message(Start::Request("INVITE")));
            if refused {
                answers.refused(at(5), PEER);
            }
            answers.quiesced(at(10), &mut wrong);
            assert_eq!(wrong.is_empty(), refused);
        }
    }

    #[test]
    fn an_ack_waits_for_its_connection_and_is_not_asked_for_where_that_is_refused() {
        for (outcome, violations) in [("refused", 0), ("open", 1), ("acknowledged", 0)] {
            let (mut answers, mut wrong) = (Answers::default(), Vec::new());
            answers.received(at(0), PEER, &message(Start::Response(200)));
            answers.connecting(PEER);
            answers.look(at(3000), &mut wrong);
            assert!(wrong.is_empty(), "{wrong:?}");
            if outcome == "refused" {
                answers.refused(at(3000), PEER);
            } else {
                answers.connected(at(3000), PEER);
                answers.look(at(3050), &mut wrong);
                assert!(wrong.is_empty(), "{wrong:?}");
            }
            if outcome == "acknowledged" {
                answers.sent(at(3050), PEER, &message(Start::Request("ACK")), &mut wrong);
            }
            answers.look(at(3100), &mut wrong);
            assert_eq!(wrong.len(), violations, "{outcome} {wrong:?}");
        }
    }

    #[test]
    fn a_connection_that_breaks_excuses_no_ack() {
        let (mut answers, mut wrong) = (Answers::default(), Vec::new());
        answers.received(at(0), PEER, &message(Start::Response(200)));
        answers.refused(at(1), PEER);
        answers.look(at(100), &mut wrong);
        assert_eq!(wrong.len(), 1);
    }

    #[test]
    fn an_answer_that_is_not_acknowledged_is_seen() {
        for status in [200, 486] {
            for acknowledges in [true, false] {
                let (mut answers, mut wrong) = (Answers::default(), Vec::new());
                answers.sent(at(0), PEER, &message(Start::Request("INVITE")), &mut wrong);
                answers.received(at(50), PEER, &message(Start::Response(status)));
                if acknowledges {
                    answers.sent(at(51), PEER, &message(Start::Request("ACK")), &mut wrong);
                }
                answers.look(at(151), &mut wrong);
                assert_eq!(wrong.is_empty(), acknowledges, "{status} {wrong:?}");
            }
        }
    }
}
