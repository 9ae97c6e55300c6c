//! A listener that takes so many connections at a time, from whom it may, and begins TLS on them.
//!
//! # How
//! A connection has a seat from its first moment on; who is on no list of those who may come is hung up on before a byte of his is
//! read. TLS begins beside the others: who is slow holds nobody up, and has [`HANDSHAKE`] for it.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::Face;

/// Connections of one address at a time; of an IPv6 network, for there each machine has many.
const MAX_FROM_ONE: usize = 64;
/// Who has not begun TLS within this is hung up on.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Who asks nothing for so long after he came.
const FIRST: Duration = Duration::from_secs(15);
/// Who is silent for so long while nothing is sent to him.
const QUIET: Duration = Duration::from_secs(600);
/// How often someone who may not come is told of in the log.
const TOLD: Duration = Duration::from_secs(60);
/// What TLS begins with (RFC 8446, 5.1).
const TLS_HANDSHAKE: u8 = 22;
/// What somebody gets who does not.
const REFUSAL: &str = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n\
                       This address speaks HTTPS alone: write https:// before it.\n";

/// The listener.
pub struct Bounded {
    listener: TcpListener,
    face: Face,
    tls: Option<TlsAcceptor>,
    seats: Arc<Semaphore>,
    guests: Arc<Guests>,
    shaking: JoinSet<Option<(Seated, SocketAddr)>>,
    told: Option<Instant>,
    /// Tells by its end that the address is free again.
    _open: oneshot::Sender<()>,
}

impl Bounded {
    /// One with `seats` connections.
    pub fn new(listener: TcpListener, face: Face, seats: usize, open: oneshot::Sender<()>) -> Self {
        let tls = face.here.secure.then(|| face.door.certificates().acceptor());
        Self {
            listener,
            face,
            tls,
            seats: Arc::new(Semaphore::new(seats)),
            guests: Arc::default(),
            shaking: JoinSet::new(),
            told: None,
            _open: open,
        }
    }

    /// Someone has come: his connection if it may be served at once.
    fn enter(
        &mut self,
        stream: TcpStream,
        from: SocketAddr,
        seat: Option<OwnedSemaphorePermit>,
    ) -> Option<Seated> {
        if !self.face.door.allows(from.ip()) {
            if self.told.is_none_or(|told| told.elapsed() >= TOLD) {
                self.told = Some(Instant::now());
                let desk = &self.face.desk;
                let told = format!("web: {} is not in web.allow, turned away", from.ip().to_canonical());
                desk.logbook.note(desk.clock.wall(), &told);
            }
            return None;
        }
        let guest = Guests::enter(&self.guests, from.ip())?;
        // A page that is drawn anew many times a second waits for nothing.
        let _ = stream.set_nodelay(true);
        let Some(tls) = self.tls.clone() else {
            return Some(Seated::new(Stream::Plain(stream), guest, seat));
        };
        self.shaking.spawn(async move {
            let stream = timeout(HANDSHAKE, shake(tls, stream)).await.ok()??;
            Some((Seated::new(Stream::Tls(Box::new(stream)), guest, seat), from))
        });
        None
    }
}

/// Begins TLS; who does not is told so.
async fn shake(tls: TlsAcceptor, mut stream: TcpStream) -> Option<TlsStream<TcpStream>> {
    let mut first = [0];
    if stream.peek(&mut first).await.ok()? == 0 {
        return None;
    }
    if first[0] == TLS_HANDSHAKE {
        return tls.accept(stream).await.ok();
    }
    // What is unread when a connection ends takes the answer with it.
    let _ = stream.read(&mut [0; 4096]).await;
    let _ = stream.write_all(REFUSAL.as_bytes()).await;
    let _ = stream.shutdown().await;
    None
}

/// The next connection, with a seat.
async fn next(
    listener: &mut TcpListener,
    seats: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // Nobody closes the semaphore.
    let seat = Arc::clone(seats).acquire_owned().await.ok();
    let (stream, from) = Listener::accept(listener).await;
    (stream, from, seat)
}

impl Listener for Bounded {
    type Io = Seated;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Seated, SocketAddr) {
        loop {
            tokio::select! {
                Some(shaken) = self.shaking.join_next() => {
                    if let Ok(Some(shaken)) = shaken {
                        return shaken;
                    }
                }
                (stream, from, seat) = next(&mut self.listener, &self.seats) => {
                    if let Some(seated) = self.enter(stream, from, seat) {
                        return (seated, from);
                    }
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Who is at the other end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Remote(pub SocketAddr);

impl Connected<IncomingStream<'_, Bounded>> for Remote {
    fn connect_info(stream: IncomingStream<'_, Bounded>) -> Self {
        Self(*stream.remote_addr())
    }
}

/// How many connections each address has.
#[derive(Debug, Default)]
struct Guests(Mutex<BTreeMap<IpAddr, usize>>);

/// One of them.
#[derive(Debug)]
struct Guest {
    of: IpAddr,
    all: Arc<Guests>,
}

impl Guests {
    fn enter(all: &Arc<Self>, from: IpAddr) -> Option<Guest> {
        let of = match from.to_canonical() {
            IpAddr::V6(v6) if !v6.is_loopback() => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
            other => other,
        };
        let mut counts = all.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(of).or_default();
        // Those of this machine have all seats: a proxy of its own brings everybody.
        if *count >= MAX_FROM_ONE && !of.is_loopback() {
            return None;
        }
        *count += 1;
        Some(Guest { of, all: Arc::clone(all) })
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut counts = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = counts.get_mut(&self.of).map_or(0, |count| {
            *count = count.saturating_sub(1);
            *count
        });
        if left == 0 {
            counts.remove(&self.of);
        }
    }
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A connection with its seat. It ends when nothing goes over it for long.
#[derive(Debug)]
pub struct Seated {
    stream: Stream,
    quiet: Pin<Box<Sleep>>,
    _guest: Guest,
    _seat: Option<OwnedSemaphorePermit>,
}

impl Seated {
    fn new(stream: Stream, guest: Guest, seat: Option<OwnedSemaphorePermit>) -> Self {
        let quiet = Box::pin(sleep_until(Instant::now() + FIRST));
        Self { stream, quiet, _guest: guest, _seat: seat }
    }

    fn moved(&mut self) {
        let until = Instant::now() + QUIET;
        // Not for each of many packets.
        if until.duration_since(self.quiet.deadline()) > Duration::from_secs(1) {
            self.quiet.as_mut().reset(until);
        }
    }
}

impl AsyncRead for Seated {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Stream::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        };
        match read {
            Poll::Ready(read) => {
                self.moved();
                Poll::Ready(read)
            }
            Poll::Pending => self.quiet.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into())),
        }
    }
}

impl AsyncWrite for Seated {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        };
        if written.is_ready() {
            self.moved();
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_does_not_take_all_seats_and_a_network_counts_as_one() {
        let guests = Arc::<Guests>::default();
        let enter = |text: &str| Guests::enter(&guests, text.parse().unwrap());
        let mut seated: Vec<Guest> = (0..MAX_FROM_ONE).filter_map(|_| enter("192.0.2.1")).collect();
        assert_eq!(seated.len(), MAX_FROM_ONE);
        assert!(enter("192.0.2.1").is_none() && enter("::ffff:192.0.2.1").is_none());
        assert!(enter("192.0.2.2").is_some());
        seated.pop();
        assert!(enter("192.0.2.1").is_some());
        drop(seated);
        let of_network: Vec<Guest> = (0..200).filter_map(|n| enter(&format!("2001:db8::{n:x}"))).collect();
        assert_eq!(of_network.len(), MAX_FROM_ONE);
        assert!(enter("2001:db8:0:1::1").is_some());
        let here: Vec<Guest> = (0..200).filter_map(|_| enter("127.0.0.1")).collect();
        assert_eq!(here.len(), 200);
        drop((of_network, here));
        assert!(guests.0.lock().unwrap().is_empty());
    }
}
