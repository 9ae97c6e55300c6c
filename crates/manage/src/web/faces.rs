//! The addresses at which the web face listens: opened and closed as the configuration has them, while the gateway runs.
//!
//! # How
//! At the start, at each edit and every few seconds what listens is compared with what is wanted. What cannot be had is an alarm, and
//! tried again: a port that something else has, an interface that has no address yet. Calls know nothing of it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tipring_config::{Web, WebListen};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::time::{MissedTickBehavior, interval};

use super::bounded::{Bounded, Remote};
use super::door::{Door, Place};
use super::{Face, MAX_CONNECTIONS, booths, interfaces, lessons, router, stopped};
use crate::alarms::Alarm;
use crate::desk::Desk;

/// How often is looked: at addresses of interfaces, ports that were taken, files of certificates.
const LOOK: Duration = Duration::from_secs(5);
/// How long an address that is given up may take until it is free.
const CLOSES: Duration = Duration::from_secs(2);
const SUBJECT: &str = "web page";
/// What our alarms' keys begin with.
const KEYS: &str = "web ";

/// The addresses.
pub struct Faces {
    desk: Desk,
    door: Arc<Door>,
    booths: Arc<booths::Booths>,
    lessons: Arc<lessons::Lessons>,
    settings: watch::Receiver<Web>,
    /// By the address that is wanted.
    open: BTreeMap<SocketAddr, Open>,
    /// One that was opened before.
    spare: Option<std::net::TcpListener>,
    fingerprint: Option<String>,
    is_settled: bool,
}

/// One that listens.
struct Open {
    place: Place,
    stop: watch::Sender<bool>,
    closed: oneshot::Receiver<()>,
}

impl Faces {
    /// Nothing listens yet but `spare`, if it is one that is wanted.
    pub fn new(
        desk: Desk,
        door: Arc<Door>,
        settings: watch::Receiver<Web>,
        spare: Option<std::net::TcpListener>,
    ) -> Self {
        let booths = Arc::default();
        let (open, fingerprint) = (BTreeMap::new(), None);
        Self {
            desk,
            door,
            booths,
            lessons: Arc::default(),
            settings,
            open,
            spare,
            fingerprint,
            is_settled: false,
        }
    }

    /// Serves until `stopping` turns true.
    pub async fn run(mut self, stopping: watch::Receiver<bool>) {
        let stops = stopped(stopping);
        tokio::pin!(stops);
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut edits = self.settings.clone();
        loop {
            let edited = async {
                // A gateway that cannot be edited has nobody to tell.
                if edits.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                () = &mut stops => break,
                () = edited => {}
                _ = looks.tick() => {}
            }
            self.settle().await;
        }
        for open in self.open.values() {
            // Nobody may be asking.
            let _ = open.stop.send(true);
        }
    }

    /// Opens what is wanted and not open, closes what is open and not wanted, and tells what hinders it.
    pub async fn settle(&mut self) {
        let web = self.settings.borrow_and_update().clone();
        self.door.put_rules(&web);
        let mut troubles = BTreeMap::new();
        let wanted = wanted(&web, &mut troubles);
        let unwanted: Vec<SocketAddr> =
            self.open.keys().filter(|address| !wanted.contains(address)).copied().collect();
        for address in unwanted {
            self.close(address).await;
        }
        if wanted.iter().any(|address| !address.ip().is_loopback()) {
            self.look_after_certificate(&web, &mut troubles);
        }
        for address in wanted {
            if self.open.contains_key(&address) {
                continue;
            }
            if let Err(alarm) = self.open(address) {
                troubles.insert(format!("{KEYS}{address}"), alarm);
            }
        }
        // Without an own one that could be shown nothing is open.
        self.door.put_places(self.open.values().map(|open| open.place).collect());
        self.tell(troubles);
        self.is_settled = true;
    }

    fn look_after_certificate(&mut self, web: &Web, troubles: &mut BTreeMap<String, Alarm>) {
        let certificates = self.door.certificates();
        if let Some(alarm) = certificates.look_after(web, self.desk.clock.wall()) {
            troubles.insert(format!("{KEYS}certificate"), alarm);
        }
        let fingerprint = certificates.fingerprint();
        if fingerprint != self.fingerprint {
            if let Some(text) = &fingerprint {
                self.note(&format!("web: the certificate's SHA-256 is {text}"));
            }
            self.fingerprint = fingerprint;
        }
    }

    fn open(&mut self, address: SocketAddr) -> Result<(), Alarm> {
        let secure = !address.ip().is_loopback();
        if secure && !self.door.certificates().is_there() {
            // There is an alarm of its own.
            return Ok(());
        }
        let (listener, at) = self.listener(address).map_err(|why| cannot_listen(address, &why))?;
        let place = Place { address: at, secure };
        let (stop, stopping) = watch::channel(false);
        let (opened, closed) = oneshot::channel();
        let face = Face {
            desk: self.desk.clone(),
            door: Arc::clone(&self.door),
            here: place,
            booths: Arc::clone(&self.booths),
            lessons: Arc::clone(&self.lessons),
            stopping: stopping.clone(),
        };
        let listener = Bounded::new(listener, face.clone(), MAX_CONNECTIONS, opened);
        let app = router(face).into_make_service_with_connect_info::<Remote>();
        tokio::spawn(async move {
            let served = axum::serve(listener, app).with_graceful_shutdown(stopped(stopping)).await;
            if let Err(why) = served {
                tracing::error!("the web page at {at}: {why}");
            }
        });
        if self.is_settled {
            self.note(&format!("web: {}://{at}/ is open", place.scheme()));
        }
        self.open.insert(address, Open { place, stop, closed });
        Ok(())
    }

    fn listener(&mut self, address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
        let is_it = |spare: &std::net::TcpListener| spare.local_addr().is_ok_and(|at| at == address);
        let listener = match self.spare.take().filter(is_it) {
            Some(spare) => spare,
            None => std::net::TcpListener::bind(address)?,
        };
        listener.set_nonblocking(true)?;
        let at = listener.local_addr()?;
        Ok((TcpListener::from_std(listener)?, at))
    }

    /// Answers that are under way are given; nobody comes in any more.
    async fn close(&mut self, address: SocketAddr) {
        let Some(open) = self.open.remove(&address) else { return };
        let _ = open.stop.send(true);
        // Its end is what is waited for: another address may need its port.
        let _ = tokio::time::timeout(CLOSES, open.closed).await;
        self.note(&format!("web: {}://{}/ is closed", open.place.scheme(), open.place.address));
    }

    fn tell(&self, troubles: BTreeMap<String, Alarm>) {
        let wall = self.desk.clock.wall();
        let stands = |key: &str| !key.starts_with(KEYS) || troubles.contains_key(key);
        for over in self.desk.alarms.retain(stands) {
            self.desk.logbook.alarm(wall, &format!("{}: no more: {}", over.subject, over.text));
        }
        for (key, alarm) in troubles {
            let told = format!("ALARM {}: {}", alarm.subject, alarm.text);
            if self.desk.alarms.raise(&key, alarm) {
                self.desk.logbook.alarm(wall, &told);
            }
        }
    }

    fn note(&self, text: &str) {
        self.desk.logbook.note(self.desk.clock.wall(), text);
    }
}

/// Each address that is wanted; what hinders that they are known.
fn wanted(web: &Web, troubles: &mut BTreeMap<String, Alarm>) -> BTreeSet<SocketAddr> {
    let mut all = BTreeSet::new();
    for listen in &web.listen {
        match listen {
            WebListen::Off => {}
            WebListen::Address(address) => {
                all.insert(*address);
            }
            WebListen::Interface { name, port } => match interfaces::of(name) {
                Ok(found) => all.extend(found.into_iter().map(|ip| Web::at(ip, *port))),
                Err(why) => {
                    let next = "`ip address` lists what there is; it is looked at every few seconds";
                    troubles.insert(
                        format!("{KEYS}{name}"),
                        Alarm { subject: SUBJECT, text: why, next: next.to_owned() },
                    );
                }
            },
        }
    }
    all
}

fn cannot_listen(address: SocketAddr, why: &io::Error) -> Alarm {
    let (text, next) = match why.kind() {
        io::ErrorKind::AddrInUse => {
            let other = SocketAddr::new(address.ip(), address.port().saturating_add(1));
            let next = format!(
                "`ss -ltnp` tells what has it; or another port: listen = \"{other}\" in [web]. It is tried again every few seconds"
            );
            (format!("cannot listen at {address}: something else has that port"), next)
        }
        io::ErrorKind::PermissionDenied => {
            let next = "take a port above 1023, or give the service CAP_NET_BIND_SERVICE";
            (format!("may not listen at {address}"), next.to_owned())
        }
        io::ErrorKind::AddrNotAvailable => {
            let next = "`ip address` lists those that it has; write one of them, or an interface's name";
            (format!("cannot listen at {address}: this machine has no such address"), next.to_owned())
        }
        _ => (
            format!("cannot listen at {address}: {why}"),
            "write another address: listen in [web]".to_owned(),
        ),
    };
    Alarm { subject: SUBJECT, text, next }
}
