//! The control plane's end of the SIP agent: what goes into it, and what its outputs cause.

use tipring_call::{Alarm, FarEvent, Party};
use tipring_port::{Command, LineCommand, Text};
use tipring_sip::agent::{self, Command as SipCommand, RefusedWhy, SessionId};
use tipring_sip::registration::RegistrationState;
use tipring_units::{Epoch, LineId};

use super::{Control, far, guarded};
use crate::api::Output;
use crate::journal::{SipLine, What};
use crate::site::{AccountSite, LineKind, LineSite};

impl Control {
    /// Gives an input to the agent; a panic costs that input, and the session if it was about one.
    pub(super) fn agent(&mut self, input: agent::Input<'_>) {
        let now = self.now;
        let session = match &input {
            agent::Input::Command(command) => session_of(command),
            // What comes from outside is not about a session before it has been read.
            agent::Input::Tick
            | agent::Input::Datagram { .. }
            | agent::Input::Unreachable { .. }
            | agent::Input::StreamOpened { .. }
            | agent::Input::Stream { .. }
            | agent::Input::StreamClosed { .. }
            | agent::Input::StreamFailed { .. }
            | agent::Input::Resolved { .. } => None,
        };
        let agent = &mut self.agent;
        let whole = guarded(|| agent.handle(now, input));
        if !whole && let Some(session) = session {
            let agent = &mut self.agent;
            guarded(|| agent.handle(now, agent::Input::Command(SipCommand::Abandon { session })));
        }
    }

    pub(super) fn agent_output(&mut self, output: agent::Output) {
        match output {
            agent::Output::Send { to, bytes } => {
                self.note_sip(true, to, &bytes);
                self.out.push_back(Output::Send { to, bytes });
            }
            agent::Output::StreamSend { conn, bytes } => {
                if let Some(remote) = self.board.remote_of(conn) {
                    self.note_sip(true, remote, &bytes);
                }
                self.out.push_back(Output::StreamSend { conn, bytes });
            }
            agent::Output::StreamConnect { conn, to } => {
                self.board.connected(conn, to);
                self.out.push_back(Output::StreamConnect { conn, to });
            }
            agent::Output::StreamClose { conn } => {
                self.board.disconnected(conn);
                self.out.push_back(Output::StreamClose(conn));
            }
            agent::Output::Resolve { query, question } => {
                self.out.push_back(Output::Resolve(query, question));
            }
            agent::Output::Event(event) => self.agent_event(event),
        }
    }

    fn agent_event(&mut self, event: agent::Event) {
        match &event {
            agent::Event::Registration { account, state } if self.reloading.is_leaving(*account) => {
                self.has_left(*account, state);
            }
            agent::Event::Registration { account, state } => {
                let registered = matches!(state, RegistrationState::Registered { .. });
                let failed = matches!(state, RegistrationState::Failed { .. });
                let (account, state) = (far::account_name(&self.site, *account), registration_words(state));
                self.board.registration(self.now, &account, registered, failed, &state);
                self.note(What::Registration { account, state, registered });
            }
            // One that an edit took away, while its accounts deregister.
            agent::Event::Server { server, .. } | agent::Event::ServerAnswers { server, .. }
                if self.site.server_name(*server).is_empty() => {}
            agent::Event::ServerAnswers { server, address } => {
                let name = far::server_name(&self.site, *server);
                self.note(What::ServerAnswers { name, address: *address });
            }
            agent::Event::Server { server, address, heard } => {
                let name = far::server_name(&self.site, *server);
                let up = address.is_some();
                self.board.server(self.now, &name, up);
                self.switch(tipring_call::Input::Server { name: Text::new(&name), up });
                self.note(What::Server { name, address: *address, heard: *heard });
            }
            agent::Event::Binding { user, contact, expires } => {
                let here = expires.0 > 0;
                self.board.user(user, here.then_some(*contact));
                self.note(What::User { user: user.clone(), contact: *contact, here });
            }
            agent::Event::Refused { source, why, count } => {
                self.board.refused(*count);
                self.note(What::Refused { source: *source, why: refused_words(*why), count: *count });
            }
            agent::Event::Mail { account, summary } => self.show_mail(*account, summary.waiting),
            agent::Event::MailWatch { .. } => {}
            agent::Event::Completion { session, news } => {
                if let Some((leg, news)) = self.far.completion(*session, news) {
                    self.switch(tipring_call::Input::Completion { leg, news });
                }
            }
            agent::Event::Incoming(_)
            | agent::Event::Proceeding { .. }
            | agent::Event::CompletionOffered { .. }
            | agent::Event::Ringing { .. }
            | agent::Event::EarlyMedia { .. }
            | agent::Event::Answered { .. }
            | agent::Event::Failed { .. }
            | agent::Event::Redirected { .. }
            | agent::Event::Ended { .. }
            | agent::Event::Reoffered { .. }
            | agent::Event::ReofferAsked { .. }
            | agent::Event::ReofferResult { .. }
            | agent::Event::Info { .. }
            | agent::Event::ReferGoes { .. }
            | agent::Event::ReferEnded { .. }
            | agent::Event::Referred(_) => {
                let news = self.far.news(&self.site, &mut self.media, &event);
                for command in news.commands {
                    self.agent(agent::Input::Command(command));
                }
                // A flash is the exchange's where the call goes to one; a telephone has nothing to flash.
                if let Some(Party::Line(line)) =
                    news.flash.and_then(|far| self.media.other_end(Party::Far(far)))
                {
                    self.switch(tipring_call::Input::FlashOut(line));
                }
                if let Some((far, event)) = news.event {
                    // A digit by INFO is also sound for whoever is at the other end.
                    if let FarEvent::Digit { digit, length } = event
                        && let Some(other) = self.media.other_end(Party::Far(far))
                    {
                        self.media.digit(other, digit, length);
                    }
                    self.far_event(far, event);
                } else if let (Some(_), agent::Event::Incoming(call)) = (news.gone, &event) {
                    let session = call.session;
                    let busy = SipCommand::Reject {
                        session,
                        status: 503,
                        reason: None,
                        retry_after: Some(tipring_units::Millis::from_secs(10)),
                    };
                    self.agent(agent::Input::Command(busy));
                    self.note(What::Alarm(Alarm::Full));
                }
            }
        }
    }

    pub(super) fn note_sip(&mut self, sent: bool, remote: core::net::SocketAddr, bytes: &[u8]) {
        if let Some(line) = SipLine::of(sent, remote, bytes) {
            self.note(What::Sip(line));
        }
    }
}

impl Control {
    /// Asks the server of an account for its mailbox, where the configuration wants that.
    pub(super) fn watch_mail(&mut self, account: &AccountSite) {
        if let Some(mailbox) = account.mailbox.clone() {
            let (account, expires) = (account.config.id, account.config.expires);
            let watch = SipCommand::WatchMail { account, mailbox: Some(mailbox), expires };
            self.agent(agent::Input::Command(watch));
        }
    }

    /// Messages wait for the telephone of an account, or none do. Those of an account of the whole house are for the
    /// telephone that its calls ring.
    fn show_mail(&mut self, account: agent::AccountId, waiting: bool) {
        let Some(number) = self.site.account_by_id(account).and_then(|account| account.lamp.clone()) else {
            return;
        };
        let number = number.as_str();
        let phone = self.site.calls.phones.iter().find(|phone| phone.number.as_str() == number);
        if phone.is_none_or(|phone| !phone.lamp) {
            return;
        }
        self.board.mail(number, waiting);
        self.switch(tipring_call::Input::Mail { number: Text::new(number), waiting });
        let is_its = |line: &LineSite| line.kind == LineKind::Phone && line.number == number;
        let Some(place) = self.site.lines.iter().position(is_its) else { return };
        let (Some(line), Ok(id)) = (self.site.lines.get(place), u16::try_from(place)) else { return };
        // Taken in any epoch.
        let order = Command::Line(LineId(id), Epoch::default(), LineCommand::Lamp(waiting));
        self.out.push_back(Output::Shard(line.shard, order));
    }
}

/// The session that a command is about.
fn session_of(command: &SipCommand) -> Option<SessionId> {
    match command {
        SipCommand::Invite(invite) => Some(invite.session),
        SipCommand::Progress { session, .. }
        | SipCommand::Accept { session, .. }
        | SipCommand::Reject { session, .. }
        | SipCommand::Redirect { session, .. }
        | SipCommand::Hangup { session, .. }
        | SipCommand::Reoffer { session, .. }
        | SipCommand::SetMedia { session, .. }
        | SipCommand::AnswerReoffer { session, .. }
        | SipCommand::SendInfo { session, .. }
        | SipCommand::Refer { session, .. }
        | SipCommand::AnswerRefer { session, .. }
        | SipCommand::ReportRefer { session, .. }
        | SipCommand::Abandon { session } => Some(*session),
        SipCommand::SetServer(_)
        | SipCommand::RemoveServer(_)
        | SipCommand::Register(_)
        | SipCommand::Unregister(_)
        | SipCommand::UnregisterAll
        | SipCommand::WatchMail { .. }
        | SipCommand::UnwatchMail(_)
        | SipCommand::WatchCompletion(_)
        | SipCommand::UnwatchCompletion(_)
        | SipCommand::SetTrust(_)
        | SipCommand::SetDigest(_)
        | SipCommand::SetUsers(_) => None,
    }
}

/// How a registration stands, for a person.
pub(super) fn registration_words(state: &RegistrationState) -> String {
    match state {
        RegistrationState::Registering => "registering".to_owned(),
        RegistrationState::Registered { expires, .. } => format!("registered for {} s", expires.0 / 1000),
        RegistrationState::Failed { why, retry_in } => format!("{why}; next try in {} s", retry_in.0 / 1000),
        RegistrationState::Unregistered => "not registered".to_owned(),
    }
}

const fn refused_words(why: RefusedWhy) -> &'static str {
    match why {
        RefusedWhy::Malformed => "malformed",
        RefusedWhy::Untrusted => "from nobody that the configuration trusts",
        RefusedWhy::WrongPassword => "wrong password",
        RefusedWhy::Overload => "too many at once",
    }
}
