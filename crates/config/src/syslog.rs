//! Where the log goes beside its file.

use serde::Serialize;

use crate::build::Build;
use crate::schema::Place;
use crate::values::ServerAddress;
use crate::vocabulary::Transport;

/// A collector of logs.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
pub struct Syslog {
    /// In order of preference.
    pub address: Vec<ServerAddress>,
    /// How messages are carried.
    pub transport: Transport,
    /// The certificates by which it is known, as a path; without it those of the system.
    pub ca_file: Option<String>,
    /// Digits, SIP messages and media, too.
    pub details: bool,
}

impl Syslog {
    /// The port of a transport where none is written (RFC 5426 and 5425; 601 is registered for TCP).
    pub const fn port(transport: Transport) -> u16 {
        match transport {
            Transport::Udp => 514,
            Transport::Tcp => 601,
            Transport::Tls => 6514,
        }
    }
}

impl Build<'_, '_, '_> {
    /// The collector of logs, where the table is written.
    pub fn syslog(&mut self) -> Option<Syslog> {
        let section = self.of(Place::Syslog).next()?;
        if section.get("address").is_none() {
            self.findings.error(
                section.line,
                "[syslog]: no address. Write address = \"log.example.net\", or take the table out.",
            );
        }
        let transport = self.value(section, "transport", "udp", Transport::parse)?;
        let file = section.text("ca_file").map(|(path, line)| {
            self.written("syslog.ca_file", line);
            if transport != Transport::Tls {
                self.findings
                    .note(line, "[syslog] ca_file is not used: certificates are for transport = \"tls\".");
            }
            path.to_owned()
        });
        Some(Syslog {
            address: self.list(section, "address", &[], ServerAddress::parse),
            transport,
            ca_file: file,
            details: self.section_flag(section, "details").unwrap_or(false),
        })
    }
}
