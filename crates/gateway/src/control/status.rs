//! How everything is: the board that the journal's events keep up to date, and the picture taken of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use core::net::SocketAddr;

use serde::Serialize;
use tipring_call::{Alarm, CallEvent, CallRecord, FarId, Identity, LineDoing, Number, Party, Via};
use tipring_port::{LineEvent, StreamStats};
use tipring_sip::agent::ConnId;
use tipring_units::{CallId, Instant, LineId, ShardId, WallTime};

use crate::journal::fault_words;
use crate::site::{LineSite, Site};

/// Call records kept for `tipring calls`; the store has all.
pub const MAX_LATEST: usize = 500;
/// Alarms shown, at the most.
pub const MAX_ALARMS: usize = 256;

/// A picture of the gateway.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Status {
    /// The gateway's name.
    pub name: String,
    /// Seconds since it started.
    pub up_seconds: u64,
    /// The configuration in force.
    pub revision: u64,
    /// The telephones that take what changed when they are idle.
    pub waiting: Vec<String>,
    /// What of the configuration takes effect at the next start only.
    pub next_start: Vec<String>,
    /// What needs a person, the oldest first.
    pub alarms: Vec<AlarmStatus>,
    /// The servers in order of the configuration.
    pub servers: Vec<ServerStatus>,
    /// The lines in order.
    pub lines: Vec<LineStatus>,
    /// The users of the built-in registrar.
    pub users: Vec<UserStatus>,
    /// The calls under way, the oldest first.
    pub calls: Vec<CallStatus>,
    /// SIP requests refused since the start.
    pub refused_requests: u64,
}

/// Something that needs a person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AlarmStatus {
    /// Seconds since it came.
    pub for_seconds: u64,
    /// The telephone, server or part that it is about.
    pub subject: String,
    /// What happened.
    pub text: String,
    /// What to do about it.
    pub next: String,
}

/// A server.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ServerStatus {
    /// Its name.
    pub name: String,
    /// The address in use.
    pub address: Option<SocketAddr>,
    /// Accounts that are registered.
    pub registered: usize,
    /// Accounts that should be.
    pub accounts: usize,
    /// States of those that are not registered.
    pub trouble: Vec<String>,
}

/// A line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct LineStatus {
    /// The telephone's number.
    pub number: String,
    /// Its name.
    pub name: String,
    /// The port.
    pub port: String,
    /// What it is doing, in a word.
    pub state: &'static str,
    /// Seconds since it does that.
    pub for_seconds: u64,
    /// A fault is present.
    pub fault: bool,
}

/// A user of the built-in registrar.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct UserStatus {
    /// Its number.
    pub number: String,
    /// Where it is registered.
    pub contact: Option<SocketAddr>,
}

/// A call under way.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct CallStatus {
    /// Its number.
    pub call: u64,
    /// Who calls.
    pub from: String,
    /// Who is called.
    pub to: String,
    /// By which server, if by one.
    pub via: String,
    /// `dialled`, `ringing`, `talking` or `held`.
    pub state: &'static str,
    /// Seconds since it was answered, or began.
    pub for_seconds: u64,
    /// The codec, empty without a stream.
    pub codec: &'static str,
    /// Packets lost on the way to us, in hundredths of a percent; `None` without a stream.
    pub loss: Option<u32>,
    /// A word on the quality.
    pub quality: &'static str,
}

#[derive(Clone, Debug)]
struct Running {
    from: Party,
    shown: Identity,
    dialled: Number,
    to: Option<Party>,
    via: Option<Via>,
    began: Instant,
    answered: Option<Instant>,
    state: &'static str,
}

/// Keeps what status shows.
#[derive(Debug)]
pub(crate) struct Board {
    started: Instant,
    lines: BTreeMap<LineId, (LineDoing, Instant)>,
    faults: BTreeMap<LineId, usize>,
    accounts: BTreeMap<String, (bool, String)>,
    servers: BTreeMap<String, Option<SocketAddr>>,
    users: BTreeMap<String, SocketAddr>,
    calls: BTreeMap<CallId, Running>,
    stats: BTreeMap<FarId, StreamStats>,
    alarms: BTreeMap<String, (Instant, AlarmStatus)>,
    dead: BTreeSet<LineId>,
    latest: VecDeque<CallRecord>,
    streams: BTreeMap<ConnId, SocketAddr>,
    refused: u64,
}

impl Board {
    pub(crate) fn new(now: Instant, site: &Site) -> Self {
        let mut board = Self {
            started: now,
            lines: BTreeMap::new(),
            faults: BTreeMap::new(),
            accounts: BTreeMap::new(),
            servers: BTreeMap::new(),
            users: BTreeMap::new(),
            calls: BTreeMap::new(),
            stats: BTreeMap::new(),
            alarms: BTreeMap::new(),
            dead: BTreeSet::new(),
            latest: VecDeque::with_capacity(MAX_LATEST),
            streams: BTreeMap::new(),
            refused: 0,
        };
        board.configure(now, site);
        board
    }

    pub(crate) fn configure(&mut self, now: Instant, site: &Site) {
        let lines = site.lines.len();
        self.lines.retain(|line, _| usize::from(line.0) < lines);
        self.faults.retain(|line, _| usize::from(line.0) < lines);
        let servers: Vec<&str> = site.sip.servers.iter().map(|server| server.name.as_str()).collect();
        self.servers.retain(|name, _| servers.contains(&name.as_str()));
        let accounts: Vec<String> = site
            .sip
            .accounts
            .iter()
            .map(|account| super::far::account_name(site, account.config.id))
            .collect();
        self.accounts.retain(|name, _| accounts.contains(name));
        self.alarms.retain(|key, _| match key.split_once(' ') {
            Some(("server", name)) => servers.contains(&name),
            Some(("account", name)) => accounts.iter().any(|account| account == name),
            Some(_) | None => true,
        });
        let is_unused = |subject: &str| site.unused.iter().any(|unused| unused.subject == subject);
        self.alarms.retain(|key, _| key.strip_prefix("unused ").is_none_or(is_unused));
        for unused in &site.unused {
            let next =
                "`tipring check` tells more; take it out of the configuration, or wait for a version with it";
            self.raise(
                now,
                format!("unused {}", unused.subject),
                &unused.subject,
                unused.why.clone(),
                next.to_owned(),
            );
        }
    }

    /// A server of this name was configured anew: what was known of it does not hold.
    pub(crate) fn forget_server(&mut self, name: &str) {
        self.servers.remove(name);
        self.clear(&format!("server {name}"));
    }

    pub(crate) fn configuration_accepted(&mut self) {
        self.clear("configuration");
    }

    pub(crate) fn configuration_refused(&mut self, now: Instant, revision: u64, why: &str) {
        let text = format!("the edited file is not accepted, revision {revision} stays in force: {why}");
        let next = "`tipring check` lists every mistake; correct the file and apply it again".to_owned();
        self.raise(now, "configuration".to_owned(), "configuration", text, next);
    }

    pub(crate) fn connected(&mut self, conn: ConnId, remote: SocketAddr) {
        self.streams.insert(conn, remote);
    }

    pub(crate) fn disconnected(&mut self, conn: ConnId) {
        self.streams.remove(&conn);
    }

    pub(crate) fn remote_of(&self, conn: ConnId) -> Option<SocketAddr> {
        self.streams.get(&conn).copied()
    }

    pub(crate) fn has_call(&self, call: CallId) -> bool {
        self.calls.contains_key(&call)
    }

    pub(crate) fn latest(&self, count: usize) -> Vec<CallRecord> {
        self.latest.iter().skip(self.latest.len().saturating_sub(count)).copied().collect()
    }

    pub(crate) fn record(&mut self, record: &CallRecord) {
        if self.latest.len() == MAX_LATEST {
            self.latest.pop_front();
        }
        self.latest.push_back(*record);
    }

    pub(crate) fn stats(&mut self, far: FarId, stats: &StreamStats) {
        self.stats.insert(far, *stats);
    }

    pub(crate) fn refused(&mut self, count: u32) {
        self.refused += u64::from(count);
    }

    pub(crate) fn server(&mut self, now: Instant, name: &str, address: Option<SocketAddr>) {
        self.servers.insert(name.to_owned(), address);
        if address.is_some() {
            self.clear(&format!("server {name}"));
        } else {
            self.raise(
                now,
                format!("server {name}"),
                name,
                "no address of this server answers; calls go by [offline] or by other servers".to_owned(),
                format!("check the network to it, and `address` in [server.{name}]"),
            );
        }
    }

    pub(crate) fn user(&mut self, user: &str, contact: Option<SocketAddr>) {
        match contact {
            Some(contact) => self.users.insert(user.to_owned(), contact),
            None => self.users.remove(user),
        };
    }

    pub(crate) fn registration(
        &mut self,
        now: Instant,
        account: &str,
        registered: bool,
        failed: bool,
        state: &str,
    ) {
        self.accounts.insert(account.to_owned(), (registered, state.to_owned()));
        let key = format!("account {account}");
        // A registration under way is no alarm, and does not end one.
        if registered {
            self.clear(&key);
        } else if failed {
            self.raise(
                now,
                key,
                account,
                state.to_owned(),
                "compare the password here with the server's".to_owned(),
            );
        }
    }

    pub(crate) fn store_failed(&mut self, now: Instant, why: String) {
        let next =
            "free space under the state directory; the records wait in memory until they can be written"
                .to_owned();
        self.raise(now, "store".to_owned(), "call records", why, next);
    }

    pub(crate) fn store_works(&mut self) {
        self.clear("store");
    }

    pub(crate) fn shard_stopped(&mut self, now: Instant, shard: ShardId) {
        self.raise(
            now,
            format!("{shard} stopped"),
            &shard.to_string(),
            format!("{shard} has stopped by a defect in the program; its telephones are out of service"),
            "start the gateway again, and report it with `tipring log`".to_owned(),
        );
    }

    /// A line that nothing serves any more.
    pub(crate) fn dead(&mut self, line: LineId) {
        self.dead.insert(line);
    }

    pub(crate) fn is_dead(&self, line: LineId) -> bool {
        self.dead.contains(&line)
    }

    pub(crate) fn line_event(&mut self, line: LineId, event: &LineEvent) {
        match event {
            LineEvent::Fault(_) => *self.faults.entry(line).or_default() += 1,
            LineEvent::FaultCleared(_) => {
                let count = self.faults.entry(line).or_default();
                *count = count.saturating_sub(1);
            }
            LineEvent::Seized
            | LineEvent::Answered
            | LineEvent::Released
            | LineEvent::Flash(_)
            | LineEvent::DigitBegan(_)
            | LineEvent::Digit { .. }
            | LineEvent::Ringing
            | LineEvent::CallerIdSent(_)
            | LineEvent::CallerIdOmitted { .. }
            | LineEvent::RingStopped
            | LineEvent::Refused(_)
            | LineEvent::Roh(_)
            | LineEvent::SupervisionDone
            | LineEvent::InService(_) => {} // the switch tells what the line does
        }
    }

    pub(crate) fn alarm(&mut self, now: Instant, site: &Site, alarm: &Alarm) {
        let subject = |line: &LineId| site.line(*line).map_or_else(|| line.to_string(), LineSite::subject);
        match alarm {
            Alarm::LineFault(line, fault) => self.raise(
                now,
                format!("{line} {fault:?}"),
                &subject(line),
                fault_words(*fault).to_owned(),
                "check the pair and the telephone on it".to_owned(),
            ),
            Alarm::LineFaultCleared(line, fault) => self.clear(&format!("{line} {fault:?}")),
            Alarm::LineAbandoned(line) => self.raise(
                now,
                format!("{line} abandoned"),
                &subject(line),
                "a defect in the program ended this line's calls; the line works again".to_owned(),
                "report it with `tipring log`".to_owned(),
            ),
            Alarm::CallAbandoned(call) => self.raise(
                now,
                format!("{call} abandoned"),
                &call.to_string(),
                "a defect in the program ended this call".to_owned(),
                "report it with `tipring log`".to_owned(),
            ),
            Alarm::LegAbandoned(leg) => self.raise(
                now,
                format!("{leg} abandoned"),
                &leg.to_string(),
                "a defect in the program ended this call".to_owned(),
                "report it with `tipring log`".to_owned(),
            ),
            Alarm::EmergencyFailed { call, cause } => self.raise(
                now,
                format!("{call} emergency"),
                &call.to_string(),
                format!("an emergency call found no way out: {cause}"),
                "check the servers and [emergency] via".to_owned(),
            ),
            Alarm::Full => self.raise(
                now,
                "full".to_owned(),
                "gateway",
                "a call was refused: all sockets or calls are in use".to_owned(),
                "widen `media` if this is the normal load".to_owned(),
            ),
        }
    }

    fn raise(&mut self, now: Instant, key: String, subject: &str, text: String, next: String) {
        if self.alarms.len() >= MAX_ALARMS && !self.alarms.contains_key(&key) {
            return;
        }
        let alarm = AlarmStatus { for_seconds: 0, subject: subject.to_owned(), text, next };
        let since = self.alarms.get(&key).map_or(now, |(since, _)| *since);
        self.alarms.insert(key, (since, alarm));
    }

    fn clear(&mut self, key: &str) {
        self.alarms.remove(key);
    }

    pub(crate) fn call_event(&mut self, now: Instant, _wall: WallTime, event: &CallEvent) {
        match *event {
            CallEvent::Created { call, from, shown, dialled, .. } => {
                let running = Running {
                    from,
                    shown,
                    dialled,
                    to: None,
                    via: None,
                    began: now,
                    answered: None,
                    state: "dialled",
                };
                self.calls.insert(call, running);
            }
            CallEvent::Routed { call, to, via, .. } => {
                if let Some(running) = self.calls.get_mut(&call) {
                    running.to = Some(to);
                    running.via = via;
                }
            }
            CallEvent::Alerting(call) => self.set(call, "ringing"),
            CallEvent::EarlyMedia(call) => self.set(call, "early media"),
            CallEvent::Answered(call) => {
                self.set(call, "talking");
                if let Some(running) = self.calls.get_mut(&call) {
                    running.answered = Some(now);
                }
            }
            CallEvent::Held { call, .. } => self.set(call, "held"),
            CallEvent::Resumed { call, .. } => self.set(call, "talking"),
            CallEvent::Recalled { call, .. } => self.set(call, "recall"),
            CallEvent::Cleared { call, .. } => {
                if let Some(running) = self.calls.remove(&call) {
                    for party in [Some(running.from), running.to].into_iter().flatten() {
                        if let Party::Far(far) = party {
                            self.stats.remove(&far);
                        }
                    }
                }
            }
            CallEvent::Line { line, doing } => {
                self.lines.insert(line, (doing, now));
            }
            CallEvent::Seized(_) | CallEvent::Dialled { .. } | CallEvent::Abandoned { .. } => {}
        }
    }

    fn set(&mut self, call: CallId, state: &'static str) {
        if let Some(running) = self.calls.get_mut(&call) {
            running.state = state;
        }
    }

    pub(crate) fn status(&self, now: Instant, site: &Site, codec: impl Fn(FarId) -> &'static str) -> Status {
        let name = |party: Party| match party {
            Party::Line(line) => site.line(line).map_or_else(|| line.to_string(), |line| line.number.clone()),
            Party::Far(far) => far.to_string(),
        };
        Status {
            name: site.name.clone(),
            up_seconds: (now - self.started).as_secs(),
            revision: site.revision,
            waiting: Vec::new(),
            next_start: Vec::new(),
            alarms: self.alarm_list(now),
            servers: site.sip.servers.iter().map(|server| self.server_status(&server.name)).collect(),
            lines: (0..)
                .map(LineId)
                .zip(&site.lines)
                .filter(|(_, line)| !line.is_vacant())
                .map(|(id, line)| {
                    let (doing, since) =
                        self.lines.get(&id).copied().unwrap_or((LineDoing::Idle, self.started));
                    LineStatus {
                        number: line.number.clone(),
                        name: line.name.clone(),
                        port: line.port.clone(),
                        state: if self.dead.contains(&id) {
                            LineDoing::OutOfService.word()
                        } else {
                            doing.word()
                        },
                        for_seconds: (now - since).as_secs(),
                        fault: self.faults.get(&id).is_some_and(|count| *count > 0),
                    }
                })
                .collect(),
            users: site
                .calls
                .users
                .iter()
                .map(|user| UserStatus {
                    number: user.number.as_str().to_owned(),
                    contact: self.users.get(user.number.as_str()).copied(),
                })
                .collect(),
            calls: self
                .calls
                .iter()
                .map(|(id, call)| self.call_status(now, *id, call, name, &codec))
                .collect(),
            refused_requests: self.refused,
        }
    }

    fn alarm_list(&self, now: Instant) -> Vec<AlarmStatus> {
        let mut alarms: Vec<_> = self.alarms.values().cloned().collect();
        alarms.sort_by_key(|(since, _)| *since);
        let age = |since: Instant| (now - since).as_secs();
        alarms.into_iter().map(|(since, alarm)| AlarmStatus { for_seconds: age(since), ..alarm }).collect()
    }

    fn server_status(&self, name: &str) -> ServerStatus {
        let at_server = |account: &str| account.rsplit_once('@').is_some_and(|(_, server)| server == name);
        let accounts: Vec<_> = self.accounts.iter().filter(|(account, _)| at_server(account)).collect();
        ServerStatus {
            name: name.to_owned(),
            address: self.servers.get(name).copied().flatten(),
            registered: accounts.iter().filter(|(_, (registered, _))| *registered).count(),
            accounts: accounts.len(),
            trouble: accounts
                .iter()
                .filter(|(_, (registered, _))| !registered)
                .map(|(account, (_, state))| format!("{account}: {state}"))
                .collect(),
        }
    }

    fn call_status(
        &self,
        now: Instant,
        id: CallId,
        call: &Running,
        name: impl Fn(Party) -> String,
        codec: impl Fn(FarId) -> &'static str,
    ) -> CallStatus {
        let mut far = [Some(call.from), call.to].into_iter().flatten().filter_map(|party| match party {
            Party::Far(far) => Some(far),
            Party::Line(_) => None,
        });
        let stats = far.clone().find_map(|far| self.stats.get(&far));
        let loss = stats.map(|stats| {
            let due = u64::from(stats.received) + u64::from(stats.lost);
            (u64::from(stats.lost) * 10_000).checked_div(due).unwrap_or(0) as u32
        });
        CallStatus {
            call: id.0,
            from: match call.from {
                Party::Far(_) if !call.shown.number.is_empty() => call.shown.number.as_str().to_owned(),
                party => name(party),
            },
            to: call.dialled.as_str().to_owned(),
            via: match call.via {
                Some(Via::Server(server)) => server.as_str().to_owned(),
                Some(Via::User(user)) => user.as_str().to_owned(),
                None => String::new(),
            },
            state: call.state,
            for_seconds: (now - call.answered.unwrap_or(call.began)).as_secs(),
            codec: far.next().map_or("", codec),
            loss,
            quality: match loss {
                None => "",
                Some(0..=100) => "good",
                Some(101..=500) => "FAIR: network",
                Some(_) => "POOR: network",
            },
        }
    }
}
