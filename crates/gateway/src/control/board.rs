//! The board that the journal's events keep up to date, and the picture taken of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use core::net::SocketAddr;

use tipring_call::{Alarm, CallEvent, CallRecord, FarId, Identity, LineDoing, Number, Party, Via};
use tipring_port::{ClearSign, Hearing, LineEvent, LineSummary, StreamStats, VoiceQuality};
use tipring_sip::agent::{AddressView, ConnId};
use tipring_units::{CallId, Instant, LineId, Milliamps, Millis, ShardId, Volts, WallTime};

use super::alarms::Alarms;
use super::servers;
use super::status::{AlarmStatus, CallStatus, HearingStatus, LineStatus, Status, UserStatus};
use crate::site::{LineKind, LineSite, ServerSite, Site};

/// Call records kept for `tipring calls`; the store has all.
pub const MAX_LATEST: usize = 500;
/// A line that has been off-hook without a call for this long needs a person.
pub const LEFT_OFF_HOOK: Millis = Millis::from_secs(300);
/// An outside line that another telephone on it has used for this long needs a person.
pub const IN_USE_TOO_LONG: Millis = Millis::from_secs(3 * 3600);

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
    /// Telephones for which messages wait.
    mail: BTreeSet<String>,
    users: BTreeMap<String, SocketAddr>,
    calls: BTreeMap<CallId, Running>,
    /// The other call of a conference.
    conferences: BTreeMap<CallId, CallId>,
    stats: BTreeMap<FarId, StreamStats>,
    alarms: Alarms,
    /// Voltage and current of lines that have told them.
    measured: BTreeMap<LineId, (Volts, Milliamps)>,
    dead: BTreeSet<LineId>,
    latest: VecDeque<CallRecord>,
    /// The call that was cleared last, and how its stream was.
    cleared: Option<(CallId, VoiceQuality)>,
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
            mail: BTreeSet::new(),
            users: BTreeMap::new(),
            calls: BTreeMap::new(),
            conferences: BTreeMap::new(),
            stats: BTreeMap::new(),
            cleared: None,
            alarms: Alarms::default(),
            measured: BTreeMap::new(),
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
        let accounts: Vec<String> = site
            .sip
            .accounts
            .iter()
            .map(|account| super::far::account_name(site, account.config.id))
            .collect();
        self.accounts.retain(|name, _| accounts.contains(name));
        self.alarms.retain(|key| match key.split_once(' ') {
            Some(("server", name)) => servers.contains(&name),
            Some(("account", name)) => accounts.iter().any(|account| account == name),
            Some(_) | None => true,
        });
        let is_unused = |subject: &str| site.unused.iter().any(|unused| unused.subject == subject);
        self.alarms.retain(|key| key.strip_prefix("unused ").is_none_or(is_unused));
        for unused in &site.unused {
            let next =
                "`tipring check` tells more; take it out of the configuration, or wait for a version with it";
            self.alarms.raise(
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
        self.alarms.clear(&format!("server {name}"));
    }

    pub(crate) fn configuration_accepted(&mut self) {
        self.alarms.clear("configuration");
    }

    pub(crate) fn configuration_refused(&mut self, now: Instant, revision: u64, why: &str) {
        let why = why.trim_end_matches('.');
        let text = format!("the edited file is not accepted, revision {revision} stays in force: {why}");
        let next = "`tipring check` lists every mistake; correct the file and apply it again".to_owned();
        self.alarms.raise(now, "configuration".to_owned(), "configuration", text, next);
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

    /// How the stream of a call was that has just been cleared.
    pub(crate) fn quality(&mut self, call: CallId) -> Option<VoiceQuality> {
        self.cleared.take().filter(|(cleared, _)| *cleared == call).map(|(_, quality)| quality)
    }

    pub(crate) fn stats(&mut self, far: FarId, stats: &StreamStats) {
        self.stats.insert(far, *stats);
    }

    pub(crate) fn refused(&mut self, count: u32) {
        self.refused += u64::from(count);
    }

    pub(crate) fn server(&mut self, now: Instant, name: &str, up: bool) {
        if up {
            self.alarms.clear(&format!("server {name}"));
        } else {
            self.alarms.raise(
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
            self.alarms.clear(&key);
        } else if failed {
            self.alarms.raise(
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
        self.alarms.raise(now, "store".to_owned(), "call records", why, next);
    }

    pub(crate) fn store_works(&mut self) {
        self.alarms.clear("store");
    }

    pub(crate) fn shard_stopped(&mut self, now: Instant, shard: ShardId) {
        self.alarms.raise(
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

    /// What a line does, as the switch tells.
    pub(crate) fn doing(&self, line: LineId) -> LineDoing {
        if self.is_dead(line) {
            return LineDoing::OutOfService;
        }
        self.lines.get(&line).map_or(LineDoing::Idle, |(doing, _)| *doing)
    }

    /// What a line measured of its loop.
    pub(crate) fn summary(&mut self, line: LineId, summary: &LineSummary) {
        self.measured.insert(line, (summary.voltage, summary.current));
    }

    pub(crate) fn is_dead(&self, line: LineId) -> bool {
        self.dead.contains(&line)
    }

    pub(crate) fn line_event(&mut self, now: Instant, site: &Site, line: LineId, event: &LineEvent) {
        match event {
            LineEvent::FarCleared(ClearSign::Silence(length)) => {
                if let Some(outside) = site.line(line) {
                    self.alarms.silent_line(now, outside, *length);
                }
            }
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
            | LineEvent::Announced
            | LineEvent::Incoming
            | LineEvent::Caller(_)
            | LineEvent::Offered
            | LineEvent::GaveUp
            | LineEvent::ExchangeReady(_)
            | LineEvent::Dialled
            | LineEvent::Exchange(_)
            | LineEvent::FarAnswered(_)
            | LineEvent::FarCleared(
                ClearSign::LoopBreak(_)
                | ClearSign::Reversal
                | ClearSign::Tone(_)
                | ClearSign::Learned
                | ClearSign::NoBattery,
            )
            | LineEvent::Metered(_)
            | LineEvent::InUse(_)
            | LineEvent::Waiting(_)
            | LineEvent::Lifeline(_)
            | LineEvent::WaitingShown(_)
            | LineEvent::LampShown(_)
            | LineEvent::Tested(_)
            | LineEvent::InService(_) => {} // the switch tells what the line does
        }
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
            CallEvent::PickedUp { call, party, side } => {
                if let Some(running) = self.calls.get_mut(&call) {
                    match side {
                        tipring_call::Side::Caller => running.from = party,
                        tipring_call::Side::Called => (running.to, running.via) = (Some(party), None),
                    }
                }
            }
            CallEvent::Alerting(call) => self.set(call, "ringing"),
            CallEvent::Forwarded { .. }
            | CallEvent::SentOn { .. }
            | CallEvent::Moved { .. }
            | CallEvent::Overflow { .. }
            | CallEvent::Parked { .. }
            | CallEvent::Feature { .. }
            | CallEvent::Traced { .. }
            | CallEvent::Opened(_)
            | CallEvent::Walked { .. }
            | CallEvent::SelfTest { .. }
            | CallEvent::LineTested { .. } => {}
            CallEvent::Waits { call, .. } => self.set(call, "waiting"),
            CallEvent::Conference { calls: [first, last], .. } => {
                self.conferences.extend([(first, last), (last, first)]);
            }
            CallEvent::EarlyMedia(call) => self.set(call, "early media"),
            CallEvent::Answered(call) => {
                self.set(call, "talking");
                if let Some(running) = self.calls.get_mut(&call) {
                    running.answered = Some(now);
                }
            }
            CallEvent::Held { call, .. } => {
                self.leave_conference(call);
                self.set(call, "held");
            }
            CallEvent::Resumed { call, .. } => self.set(call, "talking"),
            CallEvent::PassedThrough { call, .. } => self.set(call, "pass-through"),
            CallEvent::Recalled { call, .. } => self.set(call, "recall"),
            CallEvent::Cleared { call, .. } => {
                self.leave_conference(call);
                if let Some(running) = self.calls.remove(&call) {
                    for party in [Some(running.from), running.to].into_iter().flatten() {
                        if let Party::Far(far) = party
                            && let Some(stats) = self.stats.remove(&far)
                        {
                            self.cleared = Some((call, stats.quality));
                        }
                    }
                }
            }
            CallEvent::Line { line, doing } => {
                self.lines.insert(line, (doing, now));
            }
            CallEvent::Joined { call, with } => {
                self.set(call, "joined");
                self.set(with, "joined");
            }
            CallEvent::Transfers { call, .. } | CallEvent::Referred { call, .. } => {
                self.set(call, "transfer")
            }
            CallEvent::Seized(_)
            | CallEvent::TransferEnded { .. }
            | CallEvent::Dialled { .. }
            | CallEvent::Abandoned { .. }
            | CallEvent::EmergencyNotice { .. } => {}
        }
    }

    /// Messages wait for a telephone, or none do.
    pub(crate) fn mail(&mut self, number: &str, waiting: bool) {
        if waiting {
            self.mail.insert(number.to_owned());
        } else {
            self.mail.remove(number);
        }
    }

    /// Takes an alarm of the switch.
    pub(crate) fn alarm(&mut self, now: Instant, site: &Site, alarm: &Alarm) {
        self.alarms.of_switch(now, site, alarm);
    }

    /// A call of a conference is held or over: the other one is a call like any other.
    fn leave_conference(&mut self, call: CallId) {
        if let Some(other) = self.conferences.remove(&call) {
            self.conferences.remove(&other);
        }
    }

    fn set(&mut self, call: CallId, state: &'static str) {
        if let Some(running) = self.calls.get_mut(&call) {
            running.state = state;
        }
    }

    /// The picture. `codec` tells that of a stream, `addresses` those of a server.
    pub(crate) fn status(
        &self,
        now: Instant,
        site: &Site,
        codec: impl Fn(FarId) -> &'static str,
        addresses: impl Fn(&ServerSite) -> Vec<AddressView>,
    ) -> Status {
        Status {
            name: site.name.clone(),
            up_seconds: (now - self.started).as_secs(),
            revision: site.revision,
            waiting: Vec::new(),
            next_start: Vec::new(),
            alarms: self.alarm_list(now, site),
            servers: site
                .sip
                .servers
                .iter()
                .map(|server| servers::server_status(server, &addresses(server), &self.accounts))
                .collect(),
            lines: (0..)
                .map(LineId)
                .zip(&site.lines)
                .filter(|(_, line)| !line.is_vacant())
                .map(|(id, line)| {
                    let (doing, since) =
                        self.lines.get(&id).copied().unwrap_or((LineDoing::Idle, self.started));
                    LineStatus {
                        messages: line.kind == LineKind::Phone && self.mail.contains(&line.number),
                        number: line.number.clone(),
                        name: line.name.clone(),
                        port: line.port.clone(),
                        state: if self.dead.contains(&id) {
                            LineDoing::OutOfService.word()
                        } else {
                            doing.word()
                        },
                        for_seconds: (now - since).as_secs(),
                        fault: self.faults.get(&id).is_some_and(|count| *count > 0)
                            || self.off_hook_since(now, id).is_some()
                            || self.in_use_since(now, id).is_some(),
                        outside: line.kind == LineKind::Outside,
                        volts: self.measured.get(&id).map(|(volts, _)| volts.0.round() as i16),
                        milliamps: self.measured.get(&id).map(|(_, current)| current.0.round() as i16),
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
                .map(|(id, call)| self.call_status(now, *id, call, site, &codec))
                .collect(),
            refused_requests: self.refused,
            media: Vec::new(),
        }
    }

    /// The alarms, the oldest first.
    fn alarm_list(&self, now: Instant, site: &Site) -> Vec<AlarmStatus> {
        let mut alarms: Vec<_> = self
            .alarms
            .all(now)
            .chain(self.left_off_hook(now, site))
            .chain(self.long_in_use(now, site))
            .collect();
        alarms.sort_by_key(|(since, _)| *since);
        let age = |since: Instant| (now - since).as_secs();
        alarms.into_iter().map(|(since, alarm)| AlarmStatus { for_seconds: age(since), ..alarm }).collect()
    }

    /// Since when a line has been off-hook without a call, if that is too long.
    fn off_hook_since(&self, now: Instant, line: LineId) -> Option<Instant> {
        let (doing, since) = self.lines.get(&line)?;
        let long = *doing == LineDoing::Parked && now.since(*since) >= LEFT_OFF_HOOK.into();
        (long && !self.dead.contains(&line)).then_some(*since)
    }

    fn left_off_hook(&self, now: Instant, site: &Site) -> impl Iterator<Item = (Instant, AlarmStatus)> {
        self.lines.keys().filter_map(move |line| {
            let since = self.off_hook_since(now, *line)?;
            let site = site.line(*line).filter(|line| !line.is_vacant())?;
            let alarm = AlarmStatus {
                for_seconds: 0,
                subject: site.subject(),
                text: "off-hook".to_owned(),
                detail: "no call".to_owned(),
                cause: "Handset off, or a wet pair".to_owned(),
                next: format!("hang up {}, or look at its pair", site.number),
            };
            Some((since, alarm))
        })
    }

    /// Since when another telephone uses an outside line, if that is too long.
    fn in_use_since(&self, now: Instant, line: LineId) -> Option<Instant> {
        let (doing, since) = self.lines.get(&line)?;
        let long = *doing == LineDoing::InUse && now.since(*since) >= IN_USE_TOO_LONG.into();
        (long && !self.dead.contains(&line)).then_some(*since)
    }

    fn long_in_use(&self, now: Instant, site: &Site) -> impl Iterator<Item = (Instant, AlarmStatus)> {
        self.lines.keys().filter_map(move |line| {
            let since = self.in_use_since(now, *line)?;
            let site = site.line(*line).filter(|line| !line.is_vacant())?;
            let alarm = AlarmStatus {
                for_seconds: 0,
                subject: site.subject(),
                text: "in use by another telephone on it".to_owned(),
                detail: "no call of ours".to_owned(),
                cause: "A telephone left off-hook, or a line with little battery".to_owned(),
                next: format!("hang it up, or lower `in_use_below` in [line.{}]", site.number),
            };
            Some((since, alarm))
        })
    }

    fn call_status(
        &self,
        now: Instant,
        id: CallId,
        call: &Running,
        site: &Site,
        codec: impl Fn(FarId) -> &'static str,
    ) -> CallStatus {
        let line = |party| match party {
            Party::Line(line) => site.line(line),
            Party::Far(_) => None,
        };
        let outside = |party| line(party).filter(|line| line.kind == LineKind::Outside);
        let shown = call.shown.number.as_str();
        let mut far = [Some(call.from), call.to].into_iter().flatten().filter_map(|party| match party {
            Party::Far(far) => Some(far),
            Party::Line(_) => None,
        });
        let stats = far.clone().find_map(|far| self.stats.get(&far));
        let quality = stats.map(|stats| stats.quality).unwrap_or_default();
        CallStatus {
            call: id.0,
            from: match (call.from, line(call.from)) {
                (_, Some(line)) if line.kind == LineKind::Phone || shown.is_empty() => line.label(),
                (Party::Far(_), _) if shown.is_empty() => call.from.to_string(),
                (Party::Line(line), None) => line.to_string(),
                (Party::Far(_) | Party::Line(_), _) => shown.to_owned(),
            },
            to: match (outside(call.from), call.to.and_then(line)) {
                // What comes in names nobody: it is for whoever rings.
                (Some(_), Some(line)) => line.label(),
                (Some(outside), None) if outside.number == call.dialled.as_str() => String::new(),
                (Some(_) | None, _) => call.dialled.as_str().to_owned(),
            },
            via: match call.via {
                Some(Via::Server(server)) => server.as_str().to_owned(),
                Some(Via::User(user)) => user.as_str().to_owned(),
                None => String::new(),
            },
            by: outside(call.from)
                .or_else(|| call.to.and_then(outside))
                .map_or_else(String::new, LineSite::label),
            state: if self.conferences.contains_key(&id) { "conference" } else { call.state },
            for_seconds: (now - call.answered.unwrap_or(call.began)).as_secs(),
            codec: far.next().map_or("", codec),
            loss: quality.here.map(|heard| u32::from(heard.loss)),
            quality: word_of(quality),
            here: quality.here.map(HearingStatus::of),
            there: quality.there.map(HearingStatus::of),
        }
    }
}

/// A word on the worse direction, by the steps of ITU-T G.109: from R = 80 people are satisfied, from 70 some are not,
/// from 60 many.
fn word_of(quality: VoiceQuality) -> &'static str {
    let heard = |hearing: Option<Hearing>| hearing.map_or(100, |hearing| hearing.rating);
    match (quality.here, heard(quality.here).min(heard(quality.there))) {
        (None, _) => "",
        (Some(_), 80..) => "good",
        (Some(_), 60..80) => "FAIR: network",
        (Some(_), ..60) => "POOR: network",
    }
}
