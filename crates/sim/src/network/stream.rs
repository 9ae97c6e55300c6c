//! Connections: in order, without loss, late or broken.

use core::net::{IpAddr, SocketAddr};
use std::collections::BTreeMap;

use tipring_units::Instant;

use super::weather::Weather;

/// Connections at once, at the most; the oldest is forgotten.
pub const MAX_STREAMS: usize = 4096;

/// One connection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct StreamId(pub u64);

/// Which of its two ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum End {
    /// The one that connected.
    Caller,
    /// The one that listened.
    Called,
}

impl End {
    /// The other one.
    pub const fn other(self) -> Self {
        match self {
            Self::Caller => Self::Called,
            Self::Called => Self::Caller,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Stream {
    caller: SocketAddr,
    called: SocketAddr,
    /// When the last bytes arrive: later ones do not overtake them.
    latest: [Instant; 2],
    ended: bool,
}

/// All connections.
#[derive(Debug, Default)]
pub struct Streams {
    all: BTreeMap<StreamId, Stream>,
    last: u64,
}

impl Streams {
    /// A new connection between these addresses.
    pub fn make(&mut self, caller: SocketAddr, called: SocketAddr) -> StreamId {
        if self.all.len() >= MAX_STREAMS {
            self.all.pop_first();
        }
        self.last += 1;
        let id = StreamId(self.last);
        self.all.insert(id, Stream { caller, called, latest: [Instant::ZERO; 2], ended: false });
        id
    }

    /// The addresses, the one of `end` first.
    pub fn addresses(&self, id: StreamId, end: End) -> Option<(SocketAddr, SocketAddr)> {
        let stream = self.all.get(&id)?;
        Some(match end {
            End::Caller => (stream.caller, stream.called),
            End::Called => (stream.called, stream.caller),
        })
    }

    /// When what is sent now from `from` arrives; `None` if the connection is gone.
    pub fn arrival(&mut self, now: Instant, id: StreamId, from: End, weather: &Weather) -> Option<Instant> {
        let stream = self.all.get_mut(&id).filter(|stream| !stream.ended)?;
        let latest = &mut stream.latest[from as usize];
        *latest = (now + weather.delay).max(*latest);
        Some(*latest)
    }

    /// Nothing can be sent any more.
    pub fn end(&mut self, id: StreamId) {
        if let Some(stream) = self.all.get_mut(&id) {
            stream.ended = true;
        }
    }

    /// The connections of a host that stand.
    pub fn of_host(&self, host: IpAddr) -> Vec<StreamId> {
        let has = |stream: &Stream| stream.caller.ip() == host || stream.called.ip() == host;
        self.all.iter().filter(|(_, stream)| !stream.ended && has(stream)).map(|(id, _)| *id).collect()
    }
}
