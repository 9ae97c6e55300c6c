//! What the control plane wants done, done.

use core::net::SocketAddr;

use tipring_gateway::{Input, Output};
use tipring_media::Processing;
use tipring_port::{Command, LegSpec, MediaCommand};
use tipring_units::MediaSlot;

use super::{DNS_DELAY, DNS_SILENCE, Fact, GATEWAY, Rank, World, words};
use crate::network::End;
use crate::plant::Fidelity;
use tipring_sip::agent::Answer;

/// Packets that wait at a socket that nobody reads.
const MAX_WAITING: usize = 64;

impl<A: Processing + Fidelity> World<A> {
    /// Tells the control plane and does what it wants.
    pub(super) fn tell(&mut self, input: Input<'_>) {
        let wall = self.wall();
        self.control.handle(self.now, wall, input);
        self.drain();
        self.answer_inputs();
    }

    /// Gives the control plane what came of its own outputs.
    pub(super) fn answer_inputs(&mut self) {
        let wall = self.wall();
        while let Some(input) = self.inputs.pop_front() {
            let is_stored = matches!(input, Input::Stored(..));
            self.control.handle(self.now, wall, input);
            self.drain();
            if is_stored {
                self.watch_store_alarm();
            }
        }
    }

    pub(super) fn drain(&mut self) {
        while let Some(output) = self.control.poll() {
            self.carry_out(output);
        }
    }

    fn carry_out(&mut self, output: Output) {
        let now = self.now;
        match output {
            Output::Send { to, bytes } => {
                if let Some(checks) = &mut self.checks {
                    checks.sip_sent(now, to, &bytes);
                }
                self.network.send(now, GATEWAY, to, bytes);
            }
            Output::StreamSend { conn, bytes } => {
                if let Some((id, end)) = self.conns.get(&conn).copied() {
                    if let (Some(checks), Some((_, to))) = (&mut self.checks, self.network.addresses(id, end))
                    {
                        checks.sip_sent(now, to, &bytes);
                    }
                    self.network.write(now, id, end, bytes);
                }
            }
            Output::StreamConnect { conn, to } => {
                if let Some(checks) = &mut self.checks {
                    checks.connecting(to);
                }
                let port = 20_000 + (self.conns.len() % 10_000) as u16;
                let id = self.network.connect(now, SocketAddr::new(GATEWAY.ip(), port), to);
                self.conns.insert(conn, (id, End::Caller));
                self.conn_of.insert((id, End::Caller), conn);
            }
            Output::StreamClose(conn) => {
                if let Some((id, end)) = self.conns.get(&conn).copied() {
                    self.network.shut(now, id, end);
                }
            }
            Output::Resolve(query, question) => {
                let answer = self.network.dns().answer(&question);
                let delay = if answer == Answer::Failed { DNS_SILENCE } else { DNS_DELAY };
                self.answers.push_back((now + delay, query, answer));
                self.answers.make_contiguous().sort_by_key(|(at, _, _)| *at);
            }
            Output::Shard(shard, command) => self.command(usize::from(shard.0), command),
            // Nothing is restarted here.
            Output::Features(..) => {}
            Output::Store(id, record) => {
                if let Some(checks) = &mut self.checks {
                    checks.record(now, &record);
                }
                self.store(id, record);
            }
            Output::Journal(entry) => {
                if let Some(checks) = &mut self.checks {
                    checks.journal(now, &entry);
                }
                if let Some((who, words)) = words::of_entry(&entry, &self.names) {
                    // the line has told of the digit already
                    let is_told = words.starts_with("dialled ");
                    let rank = if is_told { Rank::Aside } else { Rank::Ladder };
                    self.facts.push(Fact { at: entry.at, known: now, who, words, rank });
                }
            }
            Output::Reply(id, response) => {
                if self.replies.len() == super::MAX_REPLIES {
                    self.replies.pop_front();
                }
                self.replies.push_back((id, response));
            }
            Output::InForce(_) => {}
        }
    }

    fn command(&mut self, place: usize, command: Command) {
        let now = self.now;
        self.wake(place);
        match &command {
            Command::Media(MediaCommand::Open(leg, LegSpec::Rtp(spec))) => {
                // As the host does: what waits at the socket goes to the shard before the stream is open.
                let waiting = self.waiting.remove(&spec.slot).unwrap_or_default();
                if let Some(unit) = self.shards.get_mut(place) {
                    waiting.iter().for_each(|(from, bytes)| unit.shard.receive(now, spec.slot, *from, bytes));
                }
                self.sockets.insert(spec.slot, (place, *leg));
            }
            Command::Media(MediaCommand::Close(leg)) => self.sockets.retain(|_, (_, other)| other != leg),
            Command::Media(_)
            | Command::Line(..)
            | Command::Profile(..)
            | Command::Tones(_)
            | Command::Balance(..)
            | Command::Learn(_)
            | Command::Restart(_) => {}
        }
        if let Command::Media(MediaCommand::Open(leg, _)) = &command {
            self.last_leg = Some((place, *leg));
        }
        if let Some(unit) = self.shards.get_mut(place) {
            unit.shard.command(now, command);
        }
    }

    /// A packet for one of the gateway's media sockets.
    pub(super) fn packet(&mut self, slot: MediaSlot, from: SocketAddr, bytes: &[u8]) {
        let now = self.now;
        let Some((place, _)) = self.sockets.get(&slot).copied() else {
            let waiting = self.waiting.entry(slot).or_default();
            if waiting.len() < MAX_WAITING {
                waiting.push((from, bytes.to_vec()));
            }
            return;
        };
        self.wake(place);
        if let Some(unit) = self.shards.get_mut(place) {
            unit.shard.receive(now, slot, from, bytes);
        }
    }
}
