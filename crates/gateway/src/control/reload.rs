//! An edited configuration taken by a running gateway.
//!
//! # What it does
//! Fits the site of the edited configuration to the one in force: lines are known again by their ports, servers and
//! accounts by their names, so that only what differs is touched. Then it carries the differences out.
//!
//! # How
//! Rules of calls, servers, accounts, users and trust apply at once, to calls that begin from then on. A line whose
//! telephone is another now, or none, keeps the old one until it is idle, and so does a line that is to get a number
//! which a waiting line still has. A line's profile goes to its shard, which takes it when the line is idle.
//!
//! A server whose addresses changed is another server: the accounts at the old one deregister there, then it goes.
//!
//! # Limits
//! Sockets, ports and shards are those of the start. A telephone on a port that the gateway does not serve has no
//! line until the next start.

use std::collections::{BTreeMap, BTreeSet};

use tipring_call::LineDoing;
use tipring_port::{Command, LineEvent, LineSummary};
use tipring_sip::agent::{self, AccountId, Command as SipCommand, ServerId};
use tipring_sip::registration::RegistrationState;
use tipring_units::{Epoch, LineId, ShardId};

use super::{Control, far};
use crate::api::Output;
use crate::journal::What;
use crate::site::{AccountSite, LineKind, LineSite, Reload, ServerSite, Site};

/// What of an edited configuration is still under way.
#[derive(Debug)]
pub(super) struct Reloading {
    /// The whole site that was asked for, while a line keeps its old telephone.
    wanted: Option<Box<Site>>,
    /// Lines that keep their old telephone until they are idle.
    busy: BTreeSet<LineId>,
    /// Lines whose shard has not taken the profile of this revision yet.
    profiles: BTreeMap<LineId, u64>,
    /// Accounts that deregister, with their server and name.
    leaving: BTreeMap<AccountId, (ServerId, String)>,
    next_start: Vec<String>,
    /// The epochs of vacant lines, of which the switch knows nothing.
    epochs: BTreeMap<LineId, Epoch>,
    last_server: u16,
    last_account: u16,
}

impl Reloading {
    pub(super) fn of(site: &Site) -> Self {
        Self {
            wanted: None,
            busy: BTreeSet::new(),
            profiles: BTreeMap::new(),
            leaving: BTreeMap::new(),
            next_start: Vec::new(),
            epochs: BTreeMap::new(),
            last_server: site.sip.servers.iter().map(|server| server.config.id.0).max().unwrap_or(0),
            last_account: site.sip.accounts.iter().map(|account| account.config.id.0).max().unwrap_or(0),
        }
    }

    pub(super) const fn waits_for_a_line(&self) -> bool {
        self.wanted.is_some()
    }

    /// The telephones that take what changed when they are idle.
    pub(super) fn waiting(&self, site: &Site) -> Vec<String> {
        let lines: BTreeSet<&LineId> = self.busy.iter().chain(self.profiles.keys()).collect();
        lines.into_iter().filter_map(|line| site.line(*line)).map(LineSite::subject).collect()
    }

    pub(super) fn next_start(&self) -> &[String] {
        &self.next_start
    }

    /// A line's shard has taken a profile.
    pub(super) fn profiled(&mut self, line: LineId, revision: u64) {
        if self.profiles.get(&line) == Some(&revision) {
            self.profiles.remove(&line);
        }
    }

    /// Nothing serves a line any more, so there is nothing to wait for.
    pub(super) fn dead(&mut self, line: LineId) {
        self.profiles.remove(&line);
    }

    pub(super) fn is_leaving(&self, account: AccountId) -> bool {
        self.leaving.contains_key(&account)
    }

    /// Follows the epochs of lines that the switch does not know.
    pub(super) fn line_event(&mut self, line: LineId, epoch: Epoch, event: &LineEvent) {
        if let Some(known) = self.epochs.get_mut(&line) {
            let ends = matches!(event, LineEvent::Released | LineEvent::RingStopped | LineEvent::GaveUp);
            *known = if ends { epoch.next() } else { epoch };
        }
    }

    fn new_server(&mut self, taken: &[ServerSite]) -> ServerId {
        loop {
            self.last_server = self.last_server.wrapping_add(1);
            let id = ServerId(self.last_server);
            let leaves = self.leaving.values().any(|(server, _)| *server == id);
            if !leaves && !taken.iter().any(|server| server.config.id == id) {
                return id;
            }
        }
    }

    fn new_account(&mut self, taken: &[AccountSite]) -> AccountId {
        loop {
            self.last_account = self.last_account.wrapping_add(1);
            let id = AccountId(self.last_account);
            if !self.is_leaving(id) && !taken.iter().any(|account| account.config.id == id) {
                return id;
            }
        }
    }

    /// The site `new` with the lines, numbers and sockets of `old`.
    fn fit(&mut self, old: &Site, mut new: Site) -> Site {
        // A port towards a telephone is not one towards an exchange, whatever its name.
        let is_same = |one: &LineSite, other: &LineSite| one.port == other.port && one.kind == other.kind;
        let is_served = |new: &LineSite| old.lines.iter().any(|old| is_same(old, new));
        let is_wanted = |old: &LineSite| new.lines.iter().any(|new| is_same(old, new));
        // A telephone that is to go to a port which is not served stays where it is until the next start.
        let is_of = |old: &LineSite, new: &LineSite| {
            let stays =
                || old.kind == new.kind && old.number == new.number && !is_served(new) && !is_wanted(old);
            is_same(old, new) || stays()
        };
        let place_of = |new: &LineSite| old.lines.iter().position(|old| is_of(old, new));
        let place_of = |line: LineId| {
            let place = new.line(line).and_then(place_of)?;
            u16::try_from(place).ok().map(LineId)
        };
        // A new one on a port that is not served has no line; that it waits for the next start is told.
        let placed = |phone: &tipring_call::Phone| {
            Some(tipring_call::Phone { line: place_of(phone.line)?, ..phone.clone() })
        };
        let phones = new.calls.phones.iter().filter_map(placed).collect();
        let moved = |outside: &tipring_call::OutsideLine| {
            Some(tipring_call::OutsideLine { line: place_of(outside.line)?, ..outside.clone() })
        };
        let outside = new.calls.lines.iter().filter_map(moved).collect();
        let fitted = |old: &LineSite| {
            let new = new.lines.iter().find(|new| is_of(old, new));
            // Relays are wired at the start.
            let (port, shard, lifeline) = (old.port.clone(), old.shard, old.lifeline);
            new.map_or_else(|| old.vacated(), |new| LineSite { port, shard, lifeline, ..new.clone() })
        };
        let lines = old.lines.iter().map(fitted).collect();
        new.lines = lines;
        new.calls.phones = phones;
        new.calls.lines = outside;
        let asked = core::mem::take(&mut new.sip.servers);
        let mut ids = BTreeMap::new();
        for mut server in asked {
            let same = old.sip.servers.iter().find(|known| {
                let config = agent::ServerConfig { id: known.config.id, ..server.config.clone() };
                known.name == server.name && known.config == config
            });
            let id = same.map(|known| known.config.id);
            let id = id.unwrap_or_else(|| self.new_server(&old.sip.servers));
            ids.insert(server.config.id, id);
            server.config.id = id;
            new.sip.servers.push(server);
        }
        let asked = core::mem::take(&mut new.sip.accounts);
        for mut account in asked {
            account.config.server = ids.get(&account.config.server).copied().unwrap_or(account.config.server);
            let same = old.sip.accounts.iter().find(|known| {
                known.phone == account.phone
                    && known.config.server == account.config.server
                    && known.config.user == account.config.user
            });
            let id = same.map(|known| known.config.id);
            account.config.id = id.unwrap_or_else(|| self.new_account(&old.sip.accounts));
            new.sip.accounts.push(account);
        }
        // The rest of the agent is of the start, with its sockets.
        new.sip.agent = agent::AgentConfig { digest: new.sip.agent.digest, ..old.sip.agent.clone() };
        new.media.slots.clone_from(&old.media.slots);
        new.media.host_shard = old.media.host_shard;
        new
    }
}

impl Control {
    /// Takes an edited configuration.
    pub(super) fn configure(&mut self, reload: Reload) {
        let Reload { site, next_start } = reload;
        let site = self.reloading.fit(&self.site, site);
        self.reloading.next_start = next_start;
        self.board.configuration_accepted();
        let revision = site.revision;
        self.adopt(site);
        self.note(What::Configured(revision));
    }

    /// Lines that are idle now give up their old telephones.
    pub(super) fn take_up(&mut self) {
        let still_busy = |line: &LineId| self.is_busy(*line);
        if !self.reloading.busy.iter().all(still_busy)
            && let Some(site) = self.reloading.wanted.take()
        {
            self.adopt(*site);
        }
    }

    fn is_busy(&self, line: LineId) -> bool {
        self.switch.line(line).is_some_and(|view| {
            !matches!(view.doing, LineDoing::Idle | LineDoing::OutOfService)
                || view.active.is_some()
                || !view.held.is_empty()
        })
    }

    /// Puts `site`, which fits, in force as far as lines are idle.
    fn adopt(&mut self, site: Site) {
        let busy = self.lines_that_wait(&site);
        let wanted = (!busy.is_empty()).then(|| Box::new(site.clone()));
        let mut site = site;
        site.calls.phones.retain(|phone| !busy.contains(&phone.line));
        site.calls.lines.retain(|outside| !busy.contains(&outside.line));
        for line in &busy {
            if let Some(old) = self.site.line(*line) {
                site.lines[usize::from(line.0)] = old.clone();
            }
            site.calls
                .phones
                .extend(self.site.calls.phones.iter().filter(|phone| phone.line == *line).cloned());
            site.calls
                .lines
                .extend(self.site.calls.lines.iter().filter(|outside| outside.line == *line).cloned());
        }
        site.calls.phones.sort_by_key(|phone| phone.line);
        // In the order of the configuration, in which they are hunted over.
        site.calls.lines.sort_by(|one, other| {
            let order = |line: &tipring_call::OutsideLine| (line.number.as_str().len(), line.number);
            order(one).cmp(&order(other))
        });
        self.reloading.wanted = wanted;
        self.reloading.busy = busy;
        let old = core::mem::replace(&mut self.site, site);
        self.media.configure(&self.site);
        self.board.configure(self.now, &self.site);
        self.leave(&old);
        self.sip_differences(&old);
        self.call_differences(&old);
        self.shard_differences(&old);
        if self.site != old {
            self.out.push_back(Output::InForce(Box::new(self.site.clone())));
        }
    }

    /// The lines whose telephone is another in `site`, and that are not idle, or wait for such a line.
    fn lines_that_wait(&self, site: &Site) -> BTreeSet<LineId> {
        let all = || (0..).map(LineId).zip(self.site.lines.iter().zip(&site.lines));
        let mut waiting: BTreeSet<LineId> = all()
            .filter(|(line, (old, new))| old.number != new.number && self.is_busy(*line))
            .map(|(line, _)| line)
            .collect();
        loop {
            let kept: BTreeSet<(LineKind, &str)> = waiting
                .iter()
                .filter_map(|line| self.site.line(*line))
                .map(|line| (line.kind, line.number.as_str()))
                .collect();
            let next = all().find(|(line, (old, new))| {
                let is_kept = kept.contains(&(new.kind, new.number.as_str()));
                !waiting.contains(line) && old.number != new.number && is_kept
            });
            match next {
                Some((line, _)) => waiting.insert(line),
                None => return waiting,
            };
        }
    }

    /// Accounts and servers that are no more.
    fn leave(&mut self, old: &Site) {
        for gone in &old.sip.accounts {
            if self.site.account_by_id(gone.config.id).is_none() {
                let name = far::account_name(old, gone.config.id);
                self.reloading.leaving.insert(gone.config.id, (gone.config.server, name));
                self.agent(agent::Input::Command(SipCommand::Unregister(gone.config.id)));
            }
        }
        for gone in &old.sip.servers {
            if !self.site.sip.servers.iter().any(|server| server.config.id == gone.config.id) {
                self.board.forget_server(&gone.name);
                // Until it is known to be down, it is up.
                let up = tipring_call::Input::Server { name: tipring_port::Text::new(&gone.name), up: true };
                self.switch(up);
                self.remove_left_server(gone.config.id);
            }
        }
    }

    /// An account that an edit took away has deregistered, or could not.
    pub(super) fn has_left(&mut self, account: AccountId, state: &RegistrationState) {
        match state {
            RegistrationState::Registering | RegistrationState::Registered { .. } => {}
            RegistrationState::Unregistered | RegistrationState::Failed { .. } => {
                if let Some((server, name)) = self.reloading.leaving.remove(&account) {
                    let state = super::sip::registration_words(&RegistrationState::Unregistered);
                    self.note(What::Registration { account: name, state, registered: false });
                    self.remove_left_server(server);
                }
            }
        }
    }

    /// Removes a server that is not configured any more once no account deregisters there.
    fn remove_left_server(&mut self, server: ServerId) {
        let is_used = self.site.sip.servers.iter().any(|used| used.config.id == server);
        let is_left = self.reloading.leaving.values().any(|(other, _)| *other == server);
        if !is_used && !is_left {
            self.agent(agent::Input::Command(SipCommand::RemoveServer(server)));
        }
    }

    fn sip_differences(&mut self, old: &Site) {
        if self.site.sip.trust != old.sip.trust {
            self.agent(agent::Input::Command(SipCommand::SetTrust(self.site.sip.trust.clone())));
        }
        if self.site.sip.agent.digest != old.sip.agent.digest {
            let digest = self.site.sip.agent.digest.clone();
            self.agent(agent::Input::Command(SipCommand::SetDigest(digest)));
        }
        if self.site.sip.users != old.sip.users {
            self.agent(agent::Input::Command(SipCommand::SetUsers(self.site.sip.users.clone())));
        }
        for server in self.site.sip.servers.clone() {
            if !old.sip.servers.iter().any(|other| other.config == server.config) {
                self.agent(agent::Input::Command(SipCommand::SetServer(server.config)));
            }
        }
        for account in self.site.sip.accounts.clone() {
            let before = old.sip.accounts.iter().find(|other| other.config == account.config);
            if before.is_none() {
                self.agent(agent::Input::Command(SipCommand::Register(account.config.clone())));
            }
            if before.is_none_or(|before| before.mailbox != account.mailbox) {
                match &account.mailbox {
                    Some(_) => self.watch_mail(&account),
                    None => {
                        self.agent(agent::Input::Command(SipCommand::UnwatchMail(account.config.id)));
                    }
                }
            }
        }
    }

    fn call_differences(&mut self, old: &Site) {
        let all = || (0..).map(LineId).zip(old.lines.iter().zip(&self.site.lines));
        let gone: Vec<LineId> = all()
            .filter(|(_, (old, new))| !old.is_vacant() && new.is_vacant())
            .map(|(line, _)| line)
            .collect();
        let come: Vec<LineId> = all()
            .filter(|(_, (old, new))| old.is_vacant() && !new.is_vacant())
            .map(|(line, _)| line)
            .collect();
        for line in gone {
            let epoch = self.switch.line(line).map(|view| view.epoch).unwrap_or_default();
            self.reloading.epochs.insert(line, epoch);
            self.switch(tipring_call::Input::SetInService { line, on: false });
        }
        if self.site.calls != old.calls {
            self.switch(tipring_call::Input::Reconfigure(Box::new(self.site.calls.clone())));
            self.unused_servers();
        }
        for line in come {
            let epoch = self.reloading.epochs.remove(&line).unwrap_or_default();
            let summary = LineSummary::default();
            self.switch(tipring_call::Input::LineSummary { line, epoch, summary });
            self.switch(tipring_call::Input::SetInService { line, on: true });
        }
    }

    fn shard_differences(&mut self, old: &Site) {
        let revision = self.site.revision;
        let mut shards: BTreeSet<ShardId> = [self.site.media.host_shard].into();
        for (line, (before, now)) in (0..).map(LineId).zip(old.lines.iter().zip(&self.site.lines)) {
            shards.insert(now.shard);
            if now.profile != before.profile && !self.board.is_dead(line) {
                let profile = Box::new(now.profile);
                self.reloading.profiles.insert(line, revision);
                self.out.push_back(Output::Shard(now.shard, Command::Profile(line, revision, profile)));
            }
        }
        if self.site.media.tones != old.media.tones {
            for shard in shards {
                let tones = Box::new(self.site.media.tones);
                self.out.push_back(Output::Shard(shard, Command::Tones(tones)));
            }
        }
    }
}
