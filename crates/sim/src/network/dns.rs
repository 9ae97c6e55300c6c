//! Names.

use core::net::IpAddr;
use std::collections::BTreeMap;

use tipring_sip::agent::{Answer, Question, SrvRecord};

/// Names, at the most; further ones are not taken.
pub const MAX_NAMES: usize = 1024;

/// What is wrong with the name server.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum DnsFault {
    /// Nothing.
    #[default]
    None,
    /// It does not answer.
    Silent,
    /// It says that no name exists.
    Empty,
}

/// The name server.
#[derive(Clone, Debug, Default)]
pub struct Dns {
    addresses: BTreeMap<String, Vec<IpAddr>>,
    services: BTreeMap<String, Vec<SrvRecord>>,
    fault: DnsFault,
}

impl Dns {
    /// Adds an address of a name.
    pub fn add_address(&mut self, name: &str, address: IpAddr) {
        if self.addresses.len() < MAX_NAMES {
            self.addresses.entry(name.to_ascii_lowercase()).or_default().push(address);
        }
    }

    /// Adds a SRV record of a name (`_sip._udp.example.net`).
    pub fn add_service(&mut self, name: &str, record: SrvRecord) {
        if self.services.len() < MAX_NAMES {
            self.services.entry(name.to_ascii_lowercase()).or_default().push(record);
        }
    }

    /// What is wrong from now on.
    pub fn set_fault(&mut self, fault: DnsFault) {
        self.fault = fault;
    }

    /// The answer to a question.
    pub fn answer(&self, question: &Question) -> Answer {
        match self.fault {
            DnsFault::Silent => return Answer::Failed,
            DnsFault::Empty => return Answer::NotFound,
            DnsFault::None => {}
        }
        let found = match question {
            Question::Srv(name) => self.services.get(&name.to_ascii_lowercase()).cloned().map(Answer::Srv),
            Question::Address(name) => {
                self.addresses.get(&name.to_ascii_lowercase()).cloned().map(Answer::Addresses)
            }
        };
        found.unwrap_or(Answer::NotFound)
    }
}
