//! The shell: threads, sockets, names and the clock for the two planes.
//!
//! [`Gateway::start`] opens the sockets, starts one thread for the control plane and one for each shard, and gives
//! back a handle. Everything that decides lives in `tipring-gateway`; here bytes are carried.

mod clock;
mod control;
mod exchange;
mod handset;
mod icmp;
mod laboratory;
mod media;
mod names;
mod ready;
mod sockets;
mod store;
mod streams;
mod tap;
mod wake;

use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;

use tipring_call::{Features, Number};
use tipring_driver::Card;
use tipring_gateway::{Entry, MediaStatus, Reload, Request, Response, ShardSetup, Site};
use tipring_sim::lab::{Place, Refused};
use tipring_sim::phone::Action;
use tipring_units::{Entropy, ShardId};
use tipring_voice::PhraseBank;

pub use clock::Clock;
pub use control::{Asked, LOG_KEPT};
pub use exchange::{ExchangeAct, ExchangeView, Party};
pub use handset::{Handset, MAX_FRAMES, Mouthpiece, handset};
pub use laboratory::{Act, LabAnswer, LabAsk, LabReply, LabWhat};
pub use media::{MediaReport, TOO_MANY_LATE};
pub use ready::Ready;
pub use sockets::{MediaSockets, SocketError, listen_sip};
pub use store::{Keep, Keeper};
pub use tap::{MAX_BEHIND, MAX_WATCHERS, Mark, Moment, PhoneState, Seen};

/// What a running gateway is made of.
pub struct Parts {
    /// The site, with the media slots that `media` opened.
    pub site: Site,
    /// The shards with the card that each ticks.
    pub shards: Vec<(ShardSetup, Card)>,
    /// The SIP socket.
    pub sip_udp: std::net::UdpSocket,
    /// The SIP listener.
    pub sip_tcp: Option<std::net::TcpListener>,
    /// The media sockets.
    pub media: MediaSockets,
    /// The phrases of announcements.
    pub bank: Arc<PhraseBank>,
    /// The clock.
    pub clock: Clock,
    /// Where call records go. It is called on a thread of its own and answers whether they are safe.
    pub store: Keeper,
    /// What subscribers had set, by their telephones' numbers.
    pub features: Vec<(Number, Features)>,
}

/// A running gateway.
pub struct Gateway {
    asks: tokio::sync::mpsc::Sender<Asked>,
    log: tokio::sync::broadcast::Sender<Arc<Entry>>,
    journal: Option<tokio::sync::broadcast::Receiver<Arc<Entry>>>,
    labs: Vec<(ShardId, std::ops::Range<u16>, std::sync::mpsc::SyncSender<LabAsk>)>,
    reports: Vec<Arc<MediaReport>>,
    site: control::SiteInForce,
    control: Option<JoinHandle<()>>,
    stop: Arc<std::sync::atomic::AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

/// A gateway that is gone, or too busy to answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the gateway is stopping or does not answer")]
pub struct Gone;

impl Gateway {
    /// Starts the threads. From here on the gateway serves.
    pub fn start(parts: Parts) -> std::io::Result<Self> {
        let Parts { site, shards, sip_udp, sip_tcp, media, bank, clock, store, features } = parts;
        let mut entropy = system_entropy();
        let media = Arc::new(media);
        let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let (wake, woken) = wake::pair()?;
        let plumbing = media::plumb(&shards);
        let mut labs = Vec::new();
        let mut reports = Vec::new();
        let mut threads = Vec::new();
        let mut links = Vec::new();
        for ((setup, card), pipes) in shards.into_iter().zip(plumbing) {
            let first = setup.first_line.0;
            let lines = first..first + setup.lines.len() as u16;
            let media::Spawned { link, thread, lab, report } = media::spawn(media::Spawn {
                setup,
                card,
                sockets: Arc::clone(&media),
                bank: Arc::clone(&bank),
                clock,
                wake: wake.try_clone()?,
                stop: Arc::clone(&stop),
                entropy: entropy.fork(),
                pipes,
            })?;
            labs.push((link.id, lines, lab));
            reports.push(report);
            links.push(link);
            threads.push(thread);
        }
        let (asks, asked) = tokio::sync::mpsc::channel(control::MAX_ASKS);
        let (log, journal) = tokio::sync::broadcast::channel(LOG_KEPT);
        let in_force = Arc::new(RwLock::new(Arc::new(site.clone())));
        let setup = control::Setup {
            in_force: Arc::clone(&in_force),
            site,
            sip_udp,
            sip_tcp,
            clock,
            links,
            woken,
            asked,
            log: log.clone(),
            store,
            features,
            entropy,
        };
        let control =
            std::thread::Builder::new().name("control".to_owned()).spawn(move || control::run(setup))?;
        let (journal, control) = (Some(journal), Some(control));
        Ok(Self { asks, log, journal, labs, reports, site: in_force, control, stop, threads })
    }

    /// A handle that asks, for another task.
    pub fn asker(&self) -> Asker {
        Asker {
            asks: self.asks.clone(),
            log: self.log.clone(),
            labs: self.labs.clone(),
            reports: self.reports.clone(),
            site: Arc::clone(&self.site),
        }
    }

    /// The journal from its first entry on. The next one who asks gets it from that moment on.
    pub fn journal(&mut self) -> tokio::sync::broadcast::Receiver<Arc<Entry>> {
        self.journal.take().unwrap_or_else(|| self.log.subscribe())
    }

    /// Releases calls, deregisters, stops the threads.
    pub async fn stop(mut self) {
        let asker = self.asker();
        // A peer that does not answer its BYE holds us up for at most as long as a transaction lives.
        let patience = std::time::Duration::from_secs(5);
        let _ = tokio::time::timeout(patience, asker.ask(Request::Stop)).await;
        // If it is gone already, it has stopped.
        let _ = self.asks.send(Asked::Quit).await;
        if let Some(control) = self.control.take() {
            let _ = tokio::task::spawn_blocking(move || control.join()).await;
        }
        self.stop.store(true, std::sync::atomic::Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

/// Asks a running gateway.
#[derive(Clone)]
pub struct Asker {
    asks: tokio::sync::mpsc::Sender<Asked>,
    log: tokio::sync::broadcast::Sender<Arc<Entry>>,
    labs: Vec<(ShardId, std::ops::Range<u16>, std::sync::mpsc::SyncSender<LabAsk>)>,
    reports: Vec<Arc<MediaReport>>,
    site: control::SiteInForce,
}

impl Asker {
    /// How each shard keeps its time, in the form of status.
    pub fn media_status(&self) -> Vec<MediaStatus> {
        self.labs.iter().zip(&self.reports).map(|((id, ..), report)| report.status(*id)).collect()
    }

    /// The site in force.
    pub fn site(&self) -> Arc<Site> {
        Arc::clone(&self.site.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Gives the gateway an edited configuration. Questions that are asked later see it.
    pub async fn configure(&self, reload: Reload) -> Result<(), Gone> {
        self.asks.send(Asked::Configure(Box::new(reload))).await.map_err(|_| Gone)
    }

    /// Tells the gateway that an edited configuration was refused, and why.
    pub async fn configuration_refused(&self, why: String) -> Result<(), Gone> {
        self.asks.send(Asked::ConfigurationRefused(why)).await.map_err(|_| Gone)
    }

    /// Gives telephones what their subscribers had set, in place of what they have set now. It is not stored.
    pub async fn put_features(&self, all: Vec<(Number, Features)>) -> Result<(), Gone> {
        self.asks.send(Asked::Features(all)).await.map_err(|_| Gone)
    }

    /// Asks the control plane.
    pub async fn ask(&self, request: Request) -> Result<Response, Gone> {
        let (reply, answer) = tokio::sync::oneshot::channel();
        self.asks.send(Asked::Question { request, reply }).await.map_err(|_| Gone)?;
        answer.await.map_err(|_| Gone)
    }

    /// The journal from now on.
    pub fn follow(&self) -> tokio::sync::broadcast::Receiver<Arc<Entry>> {
        self.log.subscribe()
    }

    /// Lets a telephone of the laboratory do something, or asks what it hears.
    pub async fn phone(&self, place: Place, action: Option<Action>) -> Result<LabReply, Gone> {
        let answer = self.lab(place.line, LabWhat::Phone(place.phone, action)).await?;
        answer.map(hears).map_or_else(|why| Ok(Err(why)), |heard| heard.map(Ok))
    }

    /// Lets a subscriber of the exchange behind a simulated outside line do something, or asks what it hears.
    pub async fn subscriber(
        &self,
        line: tipring_units::LineId,
        number: &str,
        act: Act,
    ) -> Result<LabReply, Gone> {
        let answer = self.lab(line, LabWhat::Subscriber(number.to_owned(), act)).await?;
        answer.map(hears).map_or_else(|why| Ok(Err(why)), |heard| heard.map(Ok))
    }

    /// Lets the exchange behind a simulated outside line do something; how it is then.
    pub async fn exchange(
        &self,
        line: tipring_units::LineId,
        act: ExchangeAct,
    ) -> Result<Result<ExchangeView, Refused>, Gone> {
        match self.lab(line, LabWhat::Exchange(act)).await? {
            Ok(LabAnswer::Exchange(view)) => Ok(Ok(view)),
            Ok(LabAnswer::Hears(_) | LabAnswer::Done) => Err(Gone),
            Err(why) => Ok(Err(why)),
        }
    }

    /// Puts a handset in place of a simulated telephone's mouth, until its other end is dropped or another one comes.
    pub async fn hand(&self, place: Place, handset: Handset) -> Result<Result<(), Refused>, Gone> {
        let answer = self.lab(place.line, LabWhat::Hand(place.phone, Box::new(handset))).await?;
        Ok(answer.map(|_| ()))
    }

    /// Watches a line and the telephone on it, if it is simulated. The end of it: there are too many who watch, this one
    /// was too slow, or the line's shard has stopped.
    pub async fn watch(&self, place: Place) -> Result<tokio::sync::mpsc::Receiver<Seen>, Gone> {
        let (out, seen) = tap::watching();
        // A line that has no such telephone is watched all the same.
        let _ = self.lab(place.line, LabWhat::Watch(place.phone, out)).await?;
        Ok(seen)
    }

    /// A fault for the tests: the thread that serves a line panics.
    pub async fn injure_shard_of(&self, line: tipring_units::LineId) {
        // It dies before it answers.
        let _ = self.lab(line, LabWhat::Injure).await;
    }

    async fn lab(
        &self,
        line: tipring_units::LineId,
        what: LabWhat,
    ) -> Result<Result<LabAnswer, Refused>, Gone> {
        let line = line.0;
        let (_, lines, lab) = self.labs.iter().find(|(_, lines, _)| lines.contains(&line)).ok_or(Gone)?;
        let line = tipring_units::LineId(line - lines.start);
        let (reply, answer) = tokio::sync::oneshot::channel();
        lab.try_send(LabAsk { line, what, reply }).map_err(|_| Gone)?;
        answer.await.map_err(|_| Gone)
    }
}

fn hears(answer: LabAnswer) -> Result<Vec<tipring_sim::ear::Heard>, Gone> {
    match answer {
        LabAnswer::Hears(heard) => Ok(heard),
        LabAnswer::Exchange(_) | LabAnswer::Done => Err(Gone),
    }
}

/// Randomness of the operating system.
pub fn system_entropy() -> Entropy {
    let mut seed = [0; 32];
    if let Err(why) = getrandom::fill(&mut seed) {
        // Without randomness no tag, nonce or SSRC is safe: do not start.
        panic!("the operating system gives no randomness: {why}");
    }
    Entropy::from_seed(seed)
}
