//! The thread of the control plane: one loop that carries inputs in and outputs out.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::mpsc::{SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tipring_call::{Features, Number};
use tipring_gateway::{Control, Entry, Input, Output, Reload, Request, RequestId, Response, Site, StoreId};
use tipring_sip::agent::{Answer, QueryId};
use tipring_units::Entropy;
use tokio::net::{TcpListener, UdpSocket, UnixStream};
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::clock::Clock;
use crate::media::Link;
use crate::streams::{StreamEvent, Streams};
use crate::wake::{self, Woken};
use crate::{icmp, names, sockets, store};

/// Requests that wait, at the most.
pub const MAX_ASKS: usize = 256;
/// Journal entries that a slow follower may be behind.
pub const LOG_KEPT: usize = 4096;
/// Records that wait to be stored, at the most; beyond it they are refused with an alarm.
const MAX_RECORDS: usize = 4096;
/// Stream events that wait, at the most: beyond it connections are read no faster than they are served.
const MAX_STREAM_EVENTS: usize = 256;
/// Largest datagram.
const MAX_DATAGRAM: usize = 65_535;
/// Datagrams taken before timers and shards get their turn.
const MAX_BURST: usize = 64;

/// A message to the control plane.
#[derive(Debug)]
pub enum Asked {
    /// A question.
    Question {
        /// The question.
        request: Request,
        /// Who wants to know.
        reply: oneshot::Sender<Response>,
    },
    /// An edited configuration that was accepted.
    Configure(Box<Reload>),
    /// An edited configuration was refused, and why.
    ConfigurationRefused(String),
    /// What subscribers have set, put back from elsewhere.
    Features(Vec<(Number, Features)>),
    /// Nothing more is to be done.
    Quit,
}

/// The site in force, for whoever tells people of lines.
pub type SiteInForce = Arc<RwLock<Arc<Site>>>;

/// What the thread is given.
pub struct Setup {
    pub in_force: SiteInForce,
    pub site: Site,
    pub sip_udp: std::net::UdpSocket,
    pub sip_tcp: Option<std::net::TcpListener>,
    pub clock: Clock,
    pub links: Vec<Link>,
    pub woken: Woken,
    pub asked: mpsc::Receiver<Asked>,
    pub log: broadcast::Sender<Arc<Entry>>,
    pub store: crate::Keeper,
    pub features: Vec<(Number, Features)>,
    pub entropy: Entropy,
}

/// Runs until it is told to stop.
pub fn run(setup: Setup) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime {
        Ok(runtime) => {
            if let Err(why) = runtime.block_on(serve(setup)) {
                tracing::error!("the control plane cannot run: {why}");
            }
        }
        Err(why) => tracing::error!("the control plane cannot run: {why}"),
    }
}

struct Desk {
    control: Control,
    clock: Clock,
    udp: UdpSocket,
    streams: Streams,
    links: Vec<Link>,
    log: broadcast::Sender<Arc<Entry>>,
    records: SyncSender<store::Recorded>,
    /// The site in force, and where others find it.
    site: Arc<Site>,
    in_force: SiteInForce,
    names: mpsc::Sender<(QueryId, Answer)>,
    resolver: Option<hickory_resolver::TokioResolver>,
    replies: BTreeMap<RequestId, oneshot::Sender<Response>>,
    last_request: u64,
    refused_records: Vec<StoreId>,
}

async fn serve(setup: Setup) -> io::Result<()> {
    let Setup {
        in_force,
        site,
        sip_udp,
        sip_tcp,
        clock,
        links,
        woken,
        mut asked,
        log,
        store,
        features,
        entropy,
    } = setup;
    let udp = UdpSocket::from_std(sip_udp)?;
    let local = udp.local_addr()?;
    let listener = sip_tcp.map(TcpListener::from_std).transpose()?;
    let woken = woken.into_stream()?;
    let (stream_events, mut streamed) = mpsc::channel(MAX_STREAM_EVENTS);
    let (records, recorded) = sync_channel(MAX_RECORDS);
    let (stored, mut safe) = mpsc::channel(MAX_RECORDS);
    let (names, mut named) = mpsc::channel(MAX_ASKS);
    let storing = std::thread::Builder::new().name("store".to_owned()).spawn(move || {
        store::run(&recorded, store, &stored, store::RETRY);
    })?;
    let mut desk = Desk {
        site: Arc::new(site.clone()),
        in_force,
        control: Control::new(clock.now(), clock.wall(), site, entropy),
        clock,
        udp,
        streams: Streams::new(stream_events),
        links,
        log,
        records,
        names,
        resolver: names::resolver(),
        replies: BTreeMap::new(),
        last_request: 0,
        refused_records: Vec::new(),
    };
    for (number, features) in features {
        desk.input(Input::Features(number, Box::new(features))).await;
    }
    desk.drain().await;
    let mut buffer = vec![0; MAX_DATAGRAM];
    loop {
        let due = desk.control.deadline().map(|(at, _)| desk.clock.host(at));
        let sleep = due.unwrap_or_else(|| std::time::Instant::now() + Duration::from_secs(3600));
        tokio::select! {
            received = desk.udp.recv_from(&mut buffer) => desk.datagrams(local, &mut buffer, received).await,
            Ok(refused) = icmp::refused(&desk.udp) => desk.refused(refused).await,
            _ = woken.readable() => desk.shard_events(&woken).await,
            accepted = accept(listener.as_ref()) => desk.streams.accept(accepted),
            Some(event) = streamed.recv() => desk.stream_event(event).await,
            Some((query, answer)) = named.recv() => desk.input(Input::Resolved(query, answer)).await,
            Some((id, result)) = safe.recv() => desk.input(Input::Stored(id, result)).await,
            question = asked.recv() => match question {
                Some(Asked::Question { request, reply }) => desk.ask(request, reply).await,
                Some(Asked::Configure(reload)) => desk.input(Input::Configure(reload)).await,
                Some(Asked::ConfigurationRefused(why)) => desk.input(Input::ConfigurationRefused(why)).await,
                Some(Asked::Features(all)) => {
                    for (number, features) in all {
                        desk.input(Input::Features(number, Box::new(features))).await;
                    }
                }
                // By word, since others may still hold a handle.
                Some(Asked::Quit) | None => break,
            },
            () = tokio::time::sleep_until(sleep.into()) => desk.input(Input::Tick).await,
        }
    }
    // The last records: the thread ends when it has stored what waits.
    drop((desk, safe));
    drop(storing.join());
    Ok(())
}

/// The next connection; never, where there is no listener.
async fn accept(listener: Option<&TcpListener>) -> tokio::net::TcpStream {
    let Some(listener) = listener else { return std::future::pending().await };
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            // Out of file descriptors: those that are open must end first.
            Err(why) => {
                tracing::warn!("a TCP connection was not accepted: {why}");
                tokio::time::sleep(sockets::ACCEPT_PAUSE).await;
            }
        }
    }
}

impl Desk {
    async fn input(&mut self, input: Input<'_>) {
        self.control.handle(self.clock.now(), self.clock.wall(), input);
        self.drain().await;
    }

    async fn datagrams(
        &mut self,
        local: SocketAddr,
        buffer: &mut [u8],
        first: io::Result<(usize, SocketAddr)>,
    ) {
        let mut next = first;
        for _ in 0..MAX_BURST {
            match next {
                Ok((length, remote)) => {
                    let bytes = &buffer[..length];
                    self.input(Input::Datagram { local, remote, bytes }).await;
                }
                Err(why) if why.kind() == io::ErrorKind::WouldBlock => return,
                // ICMP of an earlier datagram; the queue of errors says which.
                Err(_) => {}
            }
            next = self.udp.try_recv_from(buffer);
        }
    }

    /// Datagrams to these addresses came back.
    async fn refused(&mut self, refused: Vec<SocketAddr>) {
        for remote in refused {
            self.input(Input::Unreachable(remote)).await;
        }
    }

    async fn shard_events(&mut self, woken: &UnixStream) {
        wake::drain(woken);
        for index in 0..self.links.len() {
            let id = self.links[index].id;
            loop {
                match self.links[index].events.try_recv() {
                    Ok(event) => self.input(Input::Shard(id, event)).await,
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => {
                        if !core::mem::replace(&mut self.links[index].stopped, true) {
                            tracing::error!("{id} has stopped");
                            self.input(Input::ShardStopped(id)).await;
                        }
                        break;
                    }
                }
            }
        }
    }

    async fn stream_event(&mut self, event: StreamEvent) {
        match event {
            StreamEvent::Opened(conn, local, remote) => {
                self.input(Input::StreamOpened { conn, local, remote }).await;
            }
            StreamEvent::Bytes(conn, bytes) => self.input(Input::Stream { conn, bytes: &bytes }).await,
            StreamEvent::Closed(conn) => {
                self.streams.close(conn);
                self.input(Input::StreamClosed(conn)).await;
            }
            StreamEvent::Failed(conn) => {
                self.streams.close(conn);
                self.input(Input::StreamFailed(conn)).await;
            }
        }
    }

    async fn ask(&mut self, request: Request, reply: oneshot::Sender<Response>) {
        self.last_request += 1;
        let id = RequestId(self.last_request);
        self.replies.insert(id, reply);
        self.input(Input::Request(id, request)).await;
    }

    fn keep(&mut self, id: StoreId, what: store::Recorded) {
        if self.records.try_send(what).is_err() {
            self.refused_records.push(id);
        }
    }

    async fn drain(&mut self) {
        loop {
            while let Some(output) = self.control.poll() {
                self.carry(output).await;
            }
            // What comes of the refusals is carried out too.
            let refused = core::mem::take(&mut self.refused_records);
            if refused.is_empty() {
                return;
            }
            for id in refused {
                let why = "the disk does not keep up with the calls".to_owned();
                self.control.handle(self.clock.now(), self.clock.wall(), Input::Stored(id, Err(why)));
            }
        }
    }

    async fn carry(&mut self, output: Output) {
        match output {
            Output::Send { to, bytes } => {
                // The first error may be of an earlier datagram, to somebody else: it is told, and this one is not sent.
                // Control never waits: where the system has no room the datagram is lost, as on the way.
                let sent = self.udp.try_send_to(&bytes, to).or_else(|_| self.udp.try_send_to(&bytes, to));
                if let Err(why) = sent {
                    tracing::debug!("{to}: {why}");
                }
            }
            Output::StreamSend { conn, bytes } => self.streams.send(conn, bytes),
            Output::StreamConnect { conn, to } => self.streams.connect(conn, to),
            Output::StreamClose(conn) => self.streams.close(conn),
            Output::Resolve(query, question) => {
                let (resolver, names) = (self.resolver.clone(), self.names.clone());
                tokio::spawn(async move {
                    let answer = names::resolve(resolver, question).await;
                    // The receiver is gone only when the program stops.
                    drop(names.send((query, answer)).await);
                });
            }
            Output::Shard(shard, command) => {
                let link = self.links.iter().find(|link| link.id == shard);
                // One that has stopped is told by its events' end, with an alarm.
                if link.is_none_or(|link| !link.stopped && link.commands.try_send(command).is_err()) {
                    tracing::error!("{shard} takes no commands");
                }
            }
            Output::Store(id, record) => {
                self.keep(id, store::Recorded::Record(id, record, Arc::clone(&self.site)));
            }
            Output::Features(id, number, features) => {
                self.keep(id, store::Recorded::Features(id, number, features));
            }
            Output::InForce(site) => {
                self.site = Arc::new(*site);
                *self.in_force.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&self.site);
            }
            // Nobody may be following.
            Output::Journal(entry) => drop(self.log.send(Arc::new(entry))),
            Output::Reply(id, response) => {
                if let Some(reply) = self.replies.remove(&id) {
                    // Who asked may have gone.
                    let _ = reply.send(response);
                }
            }
        }
    }
}
