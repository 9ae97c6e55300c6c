//! Datagrams and connections: who is connected, and how bytes get to a target.

use core::net::{IpAddr, SocketAddr};
use std::collections::{BTreeMap, VecDeque};

use tipring_units::{Instant, Millis};

use super::api::{ConnId, Output};
use crate::message::{StreamError, StreamFramer, StreamItem};
use crate::transaction::{Target, Transport};

/// Connections at a time.
pub const MAX_CONNS: usize = 1024;
/// Of these, places that only connections of our own making take.
pub const OWN_CONNS: usize = 128;
/// Accepted connections at a time from which nothing was admitted yet; the oldest gives way to a new one.
pub const MAX_UNPROVEN: usize = 512;
/// The same from one address.
pub const MAX_UNPROVEN_PER_SOURCE: usize = 16;
/// Accepted connections at a time from one address, of whatever kind.
pub const MAX_PER_SOURCE: usize = 256;
/// How long an accepted connection may stay without a request that is admitted.
pub const PROVE_WITHIN: Millis = Millis(10_000);
/// Messages that wait for a connection to stand.
pub const MAX_WAITING: usize = 32;

#[derive(Debug)]
enum State {
    /// We asked for it; these wait.
    Connecting(VecDeque<Vec<u8>>),
    Open,
}

#[derive(Debug)]
struct Conn {
    remote: SocketAddr,
    state: State,
    framer: StreamFramer,
    /// They connected, not we.
    accepted: bool,
    /// Until when a request must be admitted; none once one was, or if we connected.
    prove_by: Option<Instant>,
}

/// All connections.
#[derive(Debug, Default)]
pub struct Wires {
    conns: BTreeMap<ConnId, Conn>,
    by_peer: BTreeMap<SocketAddr, ConnId>,
    next: u64,
}

impl Wires {
    /// Sends `bytes` to `target`: on its connection, on another to the same peer, or on a new one.
    /// False if there is no room for that.
    pub fn send(&mut self, target: Target, bytes: Vec<u8>, out: &mut VecDeque<Output>) -> bool {
        match target.transport {
            Transport::Udp => {
                out.push_back(Output::Send { to: target.address, bytes });
                true
            }
            Transport::Tcp => self.send_stream(target, bytes, out),
        }
    }

    fn send_stream(&mut self, target: Target, bytes: Vec<u8>, out: &mut VecDeque<Output>) -> bool {
        let own = target.conn.filter(|conn| self.conns.contains_key(conn));
        let conn = own.or_else(|| self.by_peer.get(&target.address).copied());
        if let Some(conn) = conn
            && let Some(entry) = self.conns.get_mut(&conn)
        {
            match &mut entry.state {
                State::Open => out.push_back(Output::StreamSend { conn, bytes }),
                State::Connecting(waiting) if waiting.len() < MAX_WAITING => waiting.push_back(bytes),
                State::Connecting(_) => return false,
            }
            return true;
        }
        if self.conns.len() >= MAX_CONNS {
            return false;
        }
        let conn = ConnId(ConnId::FIRST_OUTBOUND + self.next);
        self.next += 1;
        let entry = Conn {
            remote: target.address,
            state: State::Connecting(VecDeque::from([bytes])),
            framer: StreamFramer::new(),
            accepted: false,
            prove_by: None,
        };
        self.conns.insert(conn, entry);
        self.by_peer.insert(target.address, conn);
        out.push_back(Output::StreamConnect { conn, to: target.address });
        true
    }

    /// A connection stands.
    pub fn opened(&mut self, now: Instant, conn: ConnId, remote: SocketAddr, out: &mut VecDeque<Output>) {
        if let Some(entry) = self.conns.get_mut(&conn) {
            if let State::Connecting(waiting) = core::mem::replace(&mut entry.state, State::Open) {
                out.extend(waiting.into_iter().map(|bytes| Output::StreamSend { conn, bytes }));
            }
            return;
        }
        if !self.make_room(remote.ip(), out) {
            out.push_back(Output::StreamClose { conn });
            return;
        }
        let entry = Conn {
            remote,
            state: State::Open,
            framer: StreamFramer::new(),
            accepted: true,
            prove_by: Some(now + PROVE_WITHIN),
        };
        self.conns.insert(conn, entry);
        self.by_peer.insert(remote, conn);
    }

    /// Makes room for a connection from `source` at the cost of one that has proven nothing. False if there is none
    /// to be had.
    fn make_room(&mut self, source: IpAddr, out: &mut VecDeque<Output>) -> bool {
        let (mut accepted, mut unproven, mut of_source, mut unproven_of_source) = (0, 0, 0, 0);
        for conn in self.conns.values().filter(|c| c.accepted) {
            let (open, same) = (conn.prove_by.is_some(), conn.remote.ip() == source);
            accepted += 1;
            unproven += usize::from(open);
            of_source += usize::from(same);
            unproven_of_source += usize::from(open && same);
        }
        let victim = if unproven_of_source >= MAX_UNPROVEN_PER_SOURCE || of_source >= MAX_PER_SOURCE {
            self.oldest_unproven(|conn| conn.remote.ip() == source)
        } else if unproven >= MAX_UNPROVEN
            || accepted >= MAX_CONNS - OWN_CONNS
            || self.conns.len() >= MAX_CONNS
        {
            self.oldest_unproven(|_| true)
        } else {
            return true;
        };
        let Some(victim) = victim else { return false };
        self.close(victim, out);
        true
    }

    fn oldest_unproven(&self, of: impl Fn(&Conn) -> bool) -> Option<ConnId> {
        let unproven = self.conns.iter().filter(|(_, c)| of(c));
        unproven.filter_map(|(id, c)| c.prove_by.map(|at| (at, *id))).min().map(|(_, id)| id)
    }

    /// Something that came on this connection was admitted: it may stay.
    pub fn prove(&mut self, source: Target) {
        if let Some(entry) = source.conn.and_then(|conn| self.conns.get_mut(&conn)) {
            entry.prove_by = None;
        }
    }

    /// The target that a connection is.
    pub fn target(&self, conn: ConnId) -> Option<Target> {
        let entry = self.conns.get(&conn)?;
        Some(Target { transport: Transport::Tcp, address: entry.remote, conn: Some(conn) })
    }

    /// Takes bytes of a stream: what is whole by them, and why the stream cannot be followed any further, if so. The
    /// connection is to be closed then, after its answers.
    pub fn received(&mut self, conn: ConnId, bytes: &[u8]) -> (Vec<StreamItem>, Option<StreamError>) {
        let mut items = Vec::new();
        let Some(entry) = self.conns.get_mut(&conn) else { return (items, None) };
        // Large pieces go in by and by, so that the framer's bound is for what is unfinished.
        for piece in bytes.chunks(16 * 1024) {
            if let Err(why) = entry.framer.push(piece) {
                return (items, Some(why));
            }
            loop {
                match entry.framer.pop() {
                    Ok(Some(item)) => items.push(item),
                    Ok(None) => break,
                    Err(why) => return (items, Some(why)),
                }
            }
        }
        (items, None)
    }

    /// Closes a connection of ours.
    pub fn close(&mut self, conn: ConnId, out: &mut VecDeque<Output>) {
        if self.forget(conn).is_some() {
            out.push_back(Output::StreamClose { conn });
        }
    }

    /// A connection has gone; gives what it was.
    pub fn forget(&mut self, conn: ConnId) -> Option<Target> {
        let target = self.target(conn)?;
        self.conns.remove(&conn);
        if self.by_peer.get(&target.address) == Some(&conn) {
            self.by_peer.remove(&target.address);
        }
        Some(target)
    }

    /// When the next silent connection is closed.
    pub fn deadline(&self) -> Option<Instant> {
        self.conns.values().filter_map(|c| c.prove_by).min()
    }

    /// Closes the connections on which nothing was admitted in time.
    pub fn on_time(&mut self, now: Instant, out: &mut VecDeque<Output>) {
        let late: Vec<ConnId> = self
            .conns
            .iter()
            .filter(|(_, c)| c.prove_by.is_some_and(|at| at <= now))
            .map(|(id, _)| *id)
            .collect();
        for conn in late {
            self.close(conn, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(n: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], n))
    }

    #[test]
    fn messages_wait_for_the_connection_and_share_it() {
        let (mut wires, mut out) = (Wires::default(), VecDeque::new());
        let target = Target::new(Transport::Tcp, peer(5060));
        assert!(wires.send(target, vec![1], &mut out));
        assert!(wires.send(target, vec![2], &mut out));
        let Some(Output::StreamConnect { conn, .. }) = out.pop_front() else { panic!("connect") };
        assert!(out.is_empty());
        wires.opened(Instant::ZERO, conn, peer(5060), &mut out);
        assert_eq!(out.len(), 2);
    }

    #[test]
    fn a_connection_that_never_speaks_is_closed() {
        let (mut wires, mut out) = (Wires::default(), VecDeque::new());
        wires.opened(Instant::ZERO, ConnId(1), peer(40_000), &mut out);
        let _ = wires.received(ConnId(1), b"INVITE sip:a SIP/2.0\r\n");
        let at = wires.deadline().expect("a deadline");
        wires.on_time(at, &mut out);
        assert_eq!(out.pop_front(), Some(Output::StreamClose { conn: ConnId(1) }));
    }

    #[test]
    fn one_source_has_few_unproven_connections_and_loses_its_oldest() {
        let (mut wires, mut out) = (Wires::default(), VecDeque::new());
        wires.opened(Instant::ZERO, ConnId(9999), SocketAddr::from(([192, 0, 2, 2], 1)), &mut out);
        for n in 0..20 {
            wires.opened(Instant::from_millis(n), ConnId(n), peer(n as u16 + 1), &mut out);
        }
        let closed: Vec<Output> = out.into_iter().collect();
        assert_eq!(closed, [0, 1, 2, 3].map(|n| Output::StreamClose { conn: ConnId(n) }));
        assert!(wires.target(ConnId(9999)).is_some());
    }

    #[test]
    fn many_sources_push_out_the_oldest_unproven_and_never_the_proven() {
        let (mut wires, mut out) = (Wires::default(), VecDeque::new());
        for n in 0..3000u64 {
            let remote = SocketAddr::from(([10, 0, (n >> 8) as u8, n as u8], 1));
            wires.opened(Instant::from_millis(n), ConnId(n), remote, &mut out);
            if n < 400 {
                let proven = wires.target(ConnId(n)).expect("a connection");
                wires.prove(proven);
            }
        }
        assert!((0..400).all(|n| wires.target(ConnId(n)).is_some()));
        assert!(wires.target(ConnId(2999)).is_some());
        assert_eq!(wires.conns.len(), MAX_CONNS - OWN_CONNS);
    }

    #[test]
    fn a_full_table_leaves_places_for_our_own() {
        let (mut wires, mut out) = (Wires::default(), VecDeque::new());
        for n in 0..3000u64 {
            let remote = SocketAddr::from(([10, 0, (n >> 8) as u8, n as u8], 1));
            wires.opened(Instant::ZERO, ConnId(n), remote, &mut out);
            if let Some(proven) = wires.target(ConnId(n)) {
                wires.prove(proven);
            }
        }
        for n in 0..OWN_CONNS as u16 {
            assert!(wires.send(Target::new(Transport::Tcp, peer(n + 1)), vec![1], &mut out));
        }
        assert!(!wires.send(Target::new(Transport::Tcp, peer(60_000)), vec![1], &mut out));
    }
}
