//! SIP over TCP: one task for each connection, bounded in number and in what waits.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use tipring_sip::agent::ConnId;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

/// Connections at a time, at the most; further ones are closed at once.
pub const MAX_STREAMS: usize = 2048;
/// Pieces that wait to be written on one connection, at the most; a peer that does not read is closed.
const MAX_WAITING: usize = 64;
/// A connection that cannot be made within this time has failed.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// A connection on which nothing is heard for this long is closed.
const IDLE: Duration = Duration::from_secs(600);

/// What happens on connections.
#[derive(Debug)]
pub enum StreamEvent {
    /// One stands.
    Opened(ConnId, SocketAddr, SocketAddr),
    /// Bytes came.
    Bytes(ConnId, Vec<u8>),
    /// The far end closed it, or it broke.
    Closed(ConnId),
    /// It could not be made.
    Failed(ConnId),
}

/// The connections.
pub struct Streams {
    writers: BTreeMap<ConnId, mpsc::Sender<Vec<u8>>>,
    events: mpsc::Sender<StreamEvent>,
    next: u64,
}

impl Streams {
    /// None yet; what happens on them goes to `events`.
    pub fn new(events: mpsc::Sender<StreamEvent>) -> Self {
        Self { writers: BTreeMap::new(), events, next: 0 }
    }

    /// Takes an accepted connection. Dropped if there are too many.
    pub fn accept(&mut self, stream: TcpStream) {
        if self.writers.len() >= MAX_STREAMS {
            return;
        }
        self.next += 1;
        let conn = ConnId(self.next);
        let (writer, waiting) = mpsc::channel(MAX_WAITING);
        self.writers.insert(conn, writer);
        tokio::spawn(serve(conn, stream, waiting, self.events.clone()));
    }

    /// Makes a connection.
    pub fn connect(&mut self, conn: ConnId, to: SocketAddr) {
        let (writer, waiting) = mpsc::channel(MAX_WAITING);
        self.writers.insert(conn, writer);
        let events = self.events.clone();
        tokio::spawn(async move {
            match tokio::time::timeout(CONNECT_PATIENCE, TcpStream::connect(to)).await {
                Ok(Ok(stream)) => serve(conn, stream, waiting, events).await,
                // The receiver is gone only when the program stops.
                Ok(Err(_)) | Err(_) => drop(events.send(StreamEvent::Failed(conn)).await),
            }
        });
    }

    /// Sends; a connection whose peer does not read is closed.
    pub fn send(&mut self, conn: ConnId, bytes: Vec<u8>) {
        if let Some(writer) = self.writers.get(&conn)
            && writer.try_send(bytes).is_err()
        {
            self.writers.remove(&conn);
        }
    }

    /// Closes.
    pub fn close(&mut self, conn: ConnId) {
        self.writers.remove(&conn);
    }
}

async fn serve(
    conn: ConnId,
    mut stream: TcpStream,
    mut waiting: mpsc::Receiver<Vec<u8>>,
    events: mpsc::Sender<StreamEvent>,
) {
    let (Ok(local), Ok(remote)) = (stream.local_addr(), stream.peer_addr()) else {
        drop(events.send(StreamEvent::Failed(conn)).await);
        return;
    };
    // Delay matters more than packets; without the option it still works.
    let _ = stream.set_nodelay(true);
    if events.send(StreamEvent::Opened(conn, local, remote)).await.is_err() {
        return;
    }
    let mut buffer = vec![0; 8192];
    loop {
        tokio::select! {
            read = tokio::time::timeout(IDLE, stream.read(&mut buffer)) => match read {
                Ok(Ok(length)) if length > 0 => {
                    if events.send(StreamEvent::Bytes(conn, buffer[..length].to_vec())).await.is_err() {
                        return;
                    }
                }
                Ok(Ok(_) | Err(_)) | Err(_) => break,
            },
            piece = waiting.recv() => match piece {
                Some(piece) => {
                    let written = tokio::time::timeout(CONNECT_PATIENCE, stream.write_all(&piece)).await;
                    if !matches!(written, Ok(Ok(()))) {
                        break;
                    }
                }
                None => break,
            },
        }
    }
    // The receiver is gone only when the program stops.
    drop(events.send(StreamEvent::Closed(conn)).await);
}
