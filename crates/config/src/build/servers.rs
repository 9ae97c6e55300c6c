//! SIP servers and the accounts there.

use std::collections::BTreeMap;

use tipring_country::quantity;
use tipring_units::Millis;

use super::{Build, unused};
use crate::effective::{Account, Server, Service};
use crate::files::meant;
use crate::route::Numbers;
use crate::schema::Place;
use crate::source::Section;
use crate::values::{Destination, JitterDepth, MAX_JITTER, Number, Secret, ServerAddress, Target, is_name};
use crate::vocabulary::{Codec, Digits, ForwardsAt, FromUser, JitterMode, MayCall, Transport};
use crate::words::counted;

/// What suits a LAN and most of the rest.
const DEFAULT_JITTER: JitterDepth = JitterDepth { min: Millis(20), max: Millis(200) };

/// The depth in a text.
pub fn jitter(text: &str) -> Option<JitterDepth> {
    let (min, max) = quantity::time_range(text).ok()?;
    Some(JitterDepth { min, max })
}

/// Names that a destination gives another meaning.
const RESERVED: [&str; 6] = ["phones", "lines", "line", "phone", "sip", "server"];

impl<'s> Build<'s, '_, '_> {
    /// Collects the names of all servers and refuses bad ones.
    pub fn server_names(&mut self) {
        for section in self.of(Place::Server) {
            let (name, label) = (section.name.as_str(), section.label());
            if RESERVED.contains(&name) {
                self.findings.error(section.line, format!("{label}: {name} has a meaning of its own in destinations. Give the server another name."));
            } else if !is_name(name) {
                self.findings.error(section.line, format!("{label}: a server's name begins with a letter and goes on with letters, digits, - and _ (32 at the most)."));
            }
            self.names.servers.push(name.to_owned());
        }
    }

    /// All servers.
    pub fn servers(&mut self) -> BTreeMap<String, Server> {
        let sections: Vec<&'s Section> = self.of(Place::Server).collect();
        sections.into_iter().map(|section| (section.name.clone(), self.server(section))).collect()
    }

    fn server(&mut self, section: &Section) -> Server {
        let label = section.label();
        if section.get("address").is_none() {
            self.findings
                .error(section.line, format!("{label} has no address. Write address = \"sip.example.net\"."));
        }
        let text = |key| section.text(key);
        let (user, plain) = (text("user"), text("password"));
        let (file, table) = (text("password_file"), text("passwords"));
        if let (Some(_), Some((_, line))) = (plain, file) {
            self.findings.error(line, format!("{label} has password and password_file. Keep one."));
        }
        if let (Some((_, line)), None) = (plain.or(file), user) {
            self.findings.error(line, format!("{label} has a password but no user. Write user = \"...\": the gateway registers under it."));
        }
        if let (Some(_), Some((_, line))) = (user, table) {
            self.findings.error(line, format!("{label} has user and passwords. Keep user if the gateway registers once, passwords if each phone registers itself."));
        }
        if plain.is_some() {
            self.secrets_inline = true;
        }
        let from_file = file.and_then(|(path, line)| self.password_file(path, line));
        let accounts = table.map(|(path, line)| self.accounts(path, line)).unwrap_or_default();
        let transport = self.value(section, "transport", "udp", Transport::parse).unwrap_or(Transport::Udp);
        let server = Server {
            address: self.list(section, "address", &[], ServerAddress::parse),
            user: self.shown(section, "user"),
            password: plain.map(|(text, _)| Secret::new(text)).or(from_file),
            password_file: self.shown(section, "password_file"),
            passwords: self.shown(section, "passwords"),
            transport,
            expires: self.time(section, "expires", "1 h").unwrap_or(Millis::from_secs(3600)),
            codecs: self.server_codecs(section),
            from: self.value(section, "from", "account", FromUser::parse).unwrap_or(FromUser::Account),
            dtmf: self.value(section, "dtmf", "rfc4733", Digits::parse).unwrap_or(Digits::Rfc4733),
            mailbox: section.text("mailbox").map(|(text, line)| {
                self.written(format!("server.{}.mailbox", section.name), line);
                text.to_owned()
            }),
            vad: self.section_flag(section, "vad").unwrap_or(false),
            ptime: self.ptime(section),
            jitter: self.server_jitter(section),
            jitter_mode: self
                .value(section, "jitter_mode", "adaptive", JitterMode::parse)
                .unwrap_or(JitterMode::Adaptive),
            rings: self.server_rings(section),
            may_call: self.shown(section, "may_call").as_deref().and_then(MayCall::parse),
            forwards: self
                .value(section, "forwards", "gateway", ForwardsAt::parse)
                .unwrap_or(ForwardsAt::Gateway),
            numbers: self.server_numbers(section),
            accounts,
            service: self.transport_service(section, transport),
        };
        if plain.is_some() {
            self.shown(section, "password");
        }
        server
    }

    fn server_numbers(&mut self, section: &Section) -> Numbers {
        let path = format!("server.{}.", section.name);
        Numbers {
            called_out: self.rewrites(section, &path, "called_out"),
            caller_out: self.rewrites(section, &path, "caller_out"),
            called_in: self.rewrites(section, &path, "called_in"),
            caller_in: self.rewrites(section, &path, "caller_in"),
        }
    }

    fn server_codecs(&mut self, section: &Section) -> Vec<Codec> {
        let codecs = self.list(section, "codecs", &["pcmu", "pcma"], Codec::parse);
        let line = section.get("codecs").map_or(section.line, |entry| entry.line);
        self.codecs_built(&codecs, &section.label(), line);
        codecs
    }

    /// Codecs that this program was built without.
    pub fn codecs_built(&mut self, codecs: &[Codec], label: &str, line: usize) {
        if codecs.contains(&Codec::Opus) && !self.abilities.opus {
            self.findings.error(line, format!("{label} codecs: this tipring was built without opus. Take \"opus\" out, or build it with: cargo build --release --features opus."));
        }
    }

    fn ptime(&mut self, section: &Section) -> Millis {
        let ptime = self.time(section, "ptime", "20 ms").unwrap_or(Millis(20));
        let line = section.get("ptime").map_or(section.line, |entry| entry.line);
        self.ptime_steps(ptime, &section.label(), line);
        ptime
    }

    /// Packets that are not whole steps.
    pub fn ptime_steps(&mut self, ptime: Millis, label: &str, line: usize) {
        if !ptime.0.is_multiple_of(10) {
            let (below, above) = (ptime.0 / 10 * 10, ptime.0 / 10 * 10 + 10);
            self.findings.error(line, format!("{label} ptime = \"{ptime}\": packets have whole steps of 10 ms. Write \"{below} ms\" or \"{above} ms\"."));
        }
    }

    fn server_jitter(&mut self, section: &Section) -> JitterDepth {
        let depth = self.value(section, "jitter", "20-200 ms", jitter).unwrap_or(DEFAULT_JITTER);
        let line = section.get("jitter").map_or(section.line, |entry| entry.line);
        self.jitter_limit(depth, &section.label(), line);
        depth
    }

    /// Depths beyond what a buffer can be.
    pub fn jitter_limit(&mut self, depth: JitterDepth, label: &str, line: usize) {
        if depth.max > MAX_JITTER {
            self.findings.error(line, format!("{label} jitter = \"{depth}\": a jitter buffer is at most {MAX_JITTER} deep. Write \"{}-{} ms\".", depth.min.0.min(MAX_JITTER.0), MAX_JITTER.0));
        }
    }

    /// A text only if it is written.
    fn shown(&mut self, section: &Section, key: &str) -> Option<String> {
        section.text(key)?;
        self.value(section, key, "", |text| Some(text.to_owned()))
    }

    fn server_rings(&mut self, section: &Section) -> Vec<Destination> {
        if let Some((texts, line)) = section.texts("rings") {
            self.written(format!("server.{}.rings", section.name), line);
            let label = format!("{} rings", section.label());
            let rings = self.known(&label, &texts, line);
            match rings.as_slice() {
                [Destination { target: Target::Phone(_), .. }] => {}
                [Destination { target: Target::Phone(_), .. }, ..] => {
                    self.findings.not_yet(
                        line,
                        format!("{label}: several phones are not in this version yet: only the first rings."),
                    );
                }
                _ => self
                    .findings
                    .error(line, format!("{label}: only a phone can ring. Write its number, as \"101\".")),
            }
            return rings;
        }
        let all: Vec<&Number> = self.names.phones.iter().chain(&self.names.sip).collect();
        let only = match all.as_slice() {
            [only] => vec![Destination { target: Target::Phone((*only).clone()), number: None }],
            _ => Vec::new(),
        };
        let reason = if only.is_empty() { "default" } else { "the only phone" };
        self.origins
            .insert(format!("server.{}.rings", section.name), crate::effective::Origin::Default(reason));
        only
    }

    /// TLS is never replaced by something that can be overheard.
    fn transport_service(&mut self, section: &Section, transport: Transport) -> Service {
        match transport {
            Transport::Udp | Transport::Tcp => Service::Used,
            Transport::Tls => {
                let line = section.get("transport").map_or(section.line, |entry| entry.line);
                let message = format!(
                    "{} transport = \"tls\" is not in this version yet: the server stays unused, with an alarm. To use it without encryption write \"udp\" or \"tcp\".",
                    section.label()
                );
                self.findings.not_yet(line, message);
                unused("transport tls is not in this version yet")
            }
        }
    }

    /// Each phone's account from the file at `path`, if it has been read.
    fn accounts(&mut self, path: &str, line: usize) -> BTreeMap<Number, Account> {
        let phones = self.names.phones.clone();
        let Some(rows) = self.table(path, line) else { return BTreeMap::new() };
        let mut accounts = BTreeMap::new();
        let mut strangers = Vec::new();
        for (number, row) in rows {
            if !phones.contains(number) {
                strangers
                    .push((row.line, format!("there is no phone {number}.{}", meant(number, phones.iter()))));
            }
            let user = row.user.clone().unwrap_or_else(|| number.as_str().to_owned());
            accounts.insert(number.clone(), Account { user, password: row.password.clone(), line: row.line });
        }
        for (line, message) in strangers {
            self.findings.error_in(path, line, message);
        }
        let missing: Vec<&Number> = phones.iter().filter(|number| !accounts.contains_key(number)).collect();
        if let Some(first) = missing.first() {
            let others = match missing.len() - 1 {
                0 => String::new(),
                more => format!(" and {}", counted(more as u64, "more phone")),
            };
            self.findings
                .error(line, format!("{path} has no line for {first}{others}. Add a line: {first},PASSWORD"));
        }
        accounts
    }
}
