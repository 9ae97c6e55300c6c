//! Finding a server: RFC 3263 with the weighted choice of RFC 2782.
//!
//! **What it does.** Turns a host, a port if given and a transport into an ordered list of socket
//! addresses.
//!
//! **How.** A [`Lookup`] asks one DNS question at a time and is fed the answers. An IP address needs no
//! question; a port means A and AAAA only; otherwise SRV first, then the addresses of each target.
//!
//! **Limits.** No NAPTR: the transport is configured or named in the URI. At most [`MAX_TARGETS`]
//! addresses are kept.
//!
//! **Standard.** RFC 3263 §4.2, RFC 2782.

use core::net::{IpAddr, SocketAddr};
use std::collections::VecDeque;

use tipring_units::Entropy;

use super::api::{Answer, Question, Transport};

/// Addresses kept of one lookup.
pub const MAX_TARGETS: usize = 16;
/// SRV records looked into.
pub const MAX_SRV: usize = 8;
/// The port without any other hint, RFC 3261 §19.1.2.
pub const DEFAULT_PORT: u16 = 5060;

/// One SRV record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SrvRecord {
    /// Lower is tried first.
    pub priority: u16,
    /// Share among records of the same priority.
    pub weight: u16,
    /// The UDP or TCP port.
    pub port: u16,
    /// The host that serves.
    pub target: String,
}

/// What a lookup needs next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// Ask this.
    Ask(Question),
    /// The addresses, best first.
    Done(Vec<SocketAddr>),
    /// There are none; the text says why.
    Failed(String),
}

/// One lookup under way.
#[derive(Clone, Debug)]
pub struct Lookup {
    host: String,
    state: State,
    found: Vec<SocketAddr>,
}

#[derive(Clone, Debug)]
enum State {
    Srv,
    /// Addresses of the first entry are asked for; the others follow.
    Hosts(VecDeque<(String, u16)>),
}

impl Lookup {
    /// Starts with the first step.
    pub fn start(host: &str, port: Option<u16>, transport: Transport) -> (Self, Step) {
        let host =
            host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_ascii_lowercase();
        let mut lookup = Self { host, state: State::Srv, found: Vec::new() };
        if let Ok(ip) = lookup.host.parse::<IpAddr>() {
            let address = SocketAddr::new(ip, port.unwrap_or(DEFAULT_PORT));
            return (lookup, Step::Done(vec![address]));
        }
        let step = match port {
            Some(port) => {
                lookup.state = State::Hosts(VecDeque::from([(lookup.host.clone(), port)]));
                lookup.next_host()
            }
            None => {
                let service = match transport {
                    Transport::Udp => "_sip._udp.",
                    Transport::Tcp => "_sip._tcp.",
                };
                Step::Ask(Question::Srv(format!("{service}{}", lookup.host)))
            }
        };
        (lookup, step)
    }

    /// Takes the answer to the last question.
    pub fn on(&mut self, answer: Answer, entropy: &mut Entropy) -> Step {
        match (&mut self.state, answer) {
            (State::Srv, Answer::Srv(records)) if !records.is_empty() => {
                if let [only] = records.as_slice()
                    && (only.target == "." || only.target.is_empty())
                {
                    // RFC 2782: a target of "." says that the service is not there.
                    return Step::Failed(format!("{} offers no SIP service", self.host));
                }
                let hosts = weighted(records, entropy).into_iter().map(|r| (r.target, r.port));
                self.state = State::Hosts(hosts.take(MAX_SRV).collect());
                self.next_host()
            }
            // Without SRV records the name itself is the server, §4.2. A failing SRV query is treated
            // alike: some home routers cannot answer SRV.
            (State::Srv, Answer::Srv(_) | Answer::NotFound | Answer::Failed | Answer::Addresses(_)) => {
                self.state = State::Hosts(VecDeque::from([(self.host.clone(), DEFAULT_PORT)]));
                self.next_host()
            }
            (State::Hosts(hosts), Answer::Addresses(addresses)) => {
                if let Some((_, port)) = hosts.pop_front() {
                    for ip in addresses {
                        let address = SocketAddr::new(ip, port);
                        if self.found.len() < MAX_TARGETS && !self.found.contains(&address) {
                            self.found.push(address);
                        }
                    }
                }
                self.next_host()
            }
            (State::Hosts(hosts), Answer::NotFound | Answer::Failed | Answer::Srv(_)) => {
                hosts.pop_front();
                self.next_host()
            }
        }
    }

    fn next_host(&mut self) -> Step {
        if let State::Hosts(hosts) = &mut self.state {
            while let Some((host, port)) = hosts.front() {
                let Ok(ip) = host.parse::<IpAddr>() else {
                    return Step::Ask(Question::Address(host.trim_end_matches('.').to_ascii_lowercase()));
                };
                self.found.push(SocketAddr::new(ip, *port));
                hosts.pop_front();
            }
        }
        if self.found.is_empty() {
            Step::Failed(format!("no address found for {}", self.host))
        } else {
            Step::Done(core::mem::take(&mut self.found))
        }
    }
}

/// Orders records by priority and, within one, by the weighted draw of RFC 2782.
fn weighted(mut records: Vec<SrvRecord>, entropy: &mut Entropy) -> Vec<SrvRecord> {
    // A total order first, so that the result does not depend on the order of the answer.
    records.sort_by(|a, b| {
        (a.priority, a.weight, &a.target, a.port).cmp(&(b.priority, b.weight, &b.target, b.port))
    });
    let mut ordered = Vec::with_capacity(records.len());
    while let Some(first) = records.first() {
        let priority = first.priority;
        let group = records.iter().take_while(|r| r.priority == priority).count();
        let total: u32 = records.iter().take(group).map(|r| u32::from(r.weight)).sum();
        let draw = entropy.below(total.saturating_add(1));
        let mut sum = 0;
        let chosen = records
            .iter()
            .take(group)
            .position(|r| {
                sum += u32::from(r.weight);
                sum >= draw
            })
            .unwrap_or(0);
        ordered.push(records.remove(chosen));
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(priority: u16, weight: u16, target: &str) -> SrvRecord {
        SrvRecord { priority, weight, port: 5080, target: target.to_owned() }
    }

    #[test]
    fn an_address_needs_no_question() {
        let (_, step) = Lookup::start("[2001:db8::1]", None, Transport::Udp);
        assert_eq!(step, Step::Done(vec!["[2001:db8::1]:5060".parse().expect("address")]));
        let (_, step) = Lookup::start("192.0.2.1", Some(5070), Transport::Udp);
        assert_eq!(step, Step::Done(vec!["192.0.2.1:5070".parse().expect("address")]));
    }

    #[test]
    fn a_port_means_no_srv() {
        let (_, step) = Lookup::start("pbx.example", Some(5070), Transport::Tcp);
        assert_eq!(step, Step::Ask(Question::Address("pbx.example".to_owned())));
    }

    #[test]
    fn srv_records_are_tried_by_priority() {
        let mut entropy = Entropy::for_simulation(1);
        let (mut lookup, step) = Lookup::start("example.net", None, Transport::Udp);
        assert_eq!(step, Step::Ask(Question::Srv("_sip._udp.example.net".to_owned())));
        let step = lookup.on(
            Answer::Srv(vec![record(20, 0, "backup.example.net"), record(10, 0, "main.example.net")]),
            &mut entropy,
        );
        assert_eq!(step, Step::Ask(Question::Address("main.example.net".to_owned())));
        let step = lookup.on(Answer::Addresses(vec![IpAddr::from([192, 0, 2, 1])]), &mut entropy);
        assert_eq!(step, Step::Ask(Question::Address("backup.example.net".to_owned())));
        let step = lookup.on(Answer::Addresses(vec![IpAddr::from([192, 0, 2, 2])]), &mut entropy);
        let expected = ["192.0.2.1:5080", "192.0.2.2:5080"].map(|a| a.parse().expect("address"));
        assert_eq!(step, Step::Done(expected.to_vec()));
    }

    #[test]
    fn without_srv_the_name_itself_is_asked_at_5060() {
        let mut entropy = Entropy::for_simulation(1);
        let (mut lookup, _) = Lookup::start("example.net", None, Transport::Udp);
        assert_eq!(
            lookup.on(Answer::NotFound, &mut entropy),
            Step::Ask(Question::Address("example.net".to_owned()))
        );
        let step = lookup.on(Answer::Addresses(vec![IpAddr::from([192, 0, 2, 9])]), &mut entropy);
        assert_eq!(step, Step::Done(vec!["192.0.2.9:5060".parse().expect("address")]));
    }

    #[test]
    fn a_dot_target_means_no_service() {
        let mut entropy = Entropy::for_simulation(1);
        let (mut lookup, _) = Lookup::start("example.net", None, Transport::Udp);
        assert!(matches!(lookup.on(Answer::Srv(vec![record(0, 0, ".")]), &mut entropy), Step::Failed(_)));
    }

    #[test]
    fn weights_share_the_load() {
        let mut entropy = Entropy::for_simulation(3);
        let firsts = (0..1000)
            .filter(|_| {
                let records = vec![record(1, 75, "a"), record(1, 25, "b")];
                weighted(records, &mut entropy).first().is_some_and(|r| r.target == "a")
            })
            .count();
        assert!((700..800).contains(&firsts), "{firsts}");
    }
}
