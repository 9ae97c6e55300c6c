//! Running a gateway in this process: its state directory, its threads, its control socket, its end.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use nix::sys::stat::{Mode, umask};
use tipring_config::Effective;
use tipring_gateway::Entry;
use tipring_host::{Asker, Clock, Gateway};
use tipring_store::{Calls, EventLog, FeatureBook, History, Restoring, Revisions};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::broadcast;
use tokio::sync::watch::channel;

use crate::alarms::{Alarm, Alarms};
use crate::backup::StateFiles;
use crate::configuration::Configuration;
use crate::desk::{Desk, Ledger};
use crate::logbook::{Line, Logbook};
use crate::parts::{self, SipSockets};
use crate::service::{self, Manager};
use crate::socket::ControlSocket;
use crate::state;
use crate::syslog::Sender;
use crate::watch;
use crate::web::access::Access;
use crate::web::certificate::Certificates;
use crate::web::door::Door;
use crate::web::faces::Faces;
use crate::web::users::Users;

/// Stands in a line of the welcome where the address of the page of telephones belongs.
pub const TELEPHONES: &str = "{telephones}";

/// A state directory that is ours.
#[derive(Debug)]
pub struct Claimed {
    dir: PathBuf,
    calls: Calls,
    events: EventLog,
    revisions: Revisions,
    features: FeatureBook,
    watches: bool,
}

impl Claimed {
    /// Takes `dir`; an error if another gateway runs there, or it cannot be written.
    pub fn take(dir: &Path) -> Result<Self> {
        // What this process writes is for its user alone.
        umask(Mode::from_bits_truncate(0o077));
        state::prepare(dir)?;
        state::claim(dir)?;
        let calls = Calls::open(dir)?;
        // It is ours alone now. What a killed gateway was restoring is finished before anything of it is read.
        if Restoring::finish(dir)? {
            tracing::warn!("a restore that was interrupted is finished now");
        }
        let events = EventLog::open(dir)?;
        let revisions = Revisions::open(dir)?;
        let features = FeatureBook::open(dir)?;
        Ok(Self { dir: dir.to_owned(), calls, events, revisions, features, watches: false })
    }

    /// Edits of the configuration's files are applied as they come.
    pub fn watching(self) -> Self {
        Self { watches: true, ..self }
    }
}

/// What is printed while a gateway runs.
pub struct Screen {
    /// Printed once it runs.
    pub welcome: Vec<String>,
    /// Each line of the journal is printed too.
    pub live: bool,
    /// So is where the web page is.
    pub page: bool,
}

/// Runs the gateway until SIGTERM or Ctrl-C. `file` is where its configuration comes from, and is read again at SIGHUP; `web` a
/// listener of the web page that was opened before.
pub fn run(
    claimed: Claimed,
    effective: &Effective,
    file: Option<&Path>,
    sip: SipSockets,
    shards: usize,
    web: Option<TcpListener>,
    screen: Screen,
) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve(claimed, effective, file, sip, shards, web, screen))
}

async fn serve(
    claimed: Claimed,
    effective: &Effective,
    file: Option<&Path>,
    sip: SipSockets,
    shards: usize,
    web: Option<TcpListener>,
    screen: Screen,
) -> Result<()> {
    let Claimed { dir, calls, events, revisions, features, watches } = claimed;
    // One without a file cannot be edited, and counts no revisions.
    let (configuration, revision) = match file {
        Some(file) => {
            let (configuration, revision) =
                Configuration::new(file, effective, revisions, History::open(&dir), Clock::new().wall());
            (Some(configuration), revision)
        }
        None => (None, 1),
    };
    let settings = match &configuration {
        Some(configuration) => configuration.web(),
        None => channel(effective.web.clone()).1,
    };
    let configuration = Arc::new(tokio::sync::Mutex::new(configuration));
    let ledger = Arc::new(Ledger::new(calls));
    let features = Arc::new(Mutex::new(features));
    let logbook = Arc::new(Logbook::new(events));
    let parts = parts::build(effective, sip, shards, revision, Arc::clone(&ledger), Arc::clone(&features))?;
    let clock = parts.clock;
    let socket = ControlSocket::open(&dir)?;
    let manager = Manager::of_environment();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    // From here on, so that a file that is edited while the gateway starts is not missed.
    let mut hangup = signal(SignalKind::hangup())?;
    let mut gateway = Gateway::start(parts).context("the gateway cannot start")?;
    let asker = gateway.asker();
    match Sender::of(effective) {
        Ok(Some(sender)) => {
            let (_, lines) = logbook.read(0, |_| false);
            tokio::spawn(sender.run(lines, Arc::clone(&logbook), clock));
        }
        Ok(None) => {}
        // Telephones ring without it.
        Err(why) => logbook.note(clock.wall(), &format!("syslog: {why:#}. No lines go there")),
    }
    let journal = tokio::spawn(keep(gateway.journal(), Arc::clone(&logbook), asker.clone()));
    let alarms = Arc::<Alarms>::default();
    let door = match entrance(&dir) {
        Ok(door) => Some(Arc::new(door)),
        // Telephones ring without it.
        Err(why) => {
            let (subject, text) = ("web page", format!("it is off: {why:#}"));
            logbook.alarm(clock.wall(), &format!("ALARM {subject}: {text}"));
            let next = "put it right and start the gateway again".to_owned();
            alarms.raise("web", Alarm { subject, text, next });
            None
        }
    };
    let desk = Desk {
        asker,
        logbook: Arc::clone(&logbook),
        ledger,
        configuration,
        clock,
        door: door.clone(),
        alarms,
        kept: Arc::new(StateFiles { dir, features }),
    };
    let faces = match &door {
        Some(door) => {
            let mut faces = Faces::new(desk.clone(), Arc::clone(door), settings, web);
            faces.settle().await;
            Some(faces)
        }
        None => None,
    };
    for line in &screen.welcome {
        let page = door.as_deref().filter(|_| line.contains(TELEPHONES));
        let page = page.and_then(|door| door.invitations("telephones").into_iter().next());
        crate::print::print(&line.replace(TELEPHONES, page.as_deref().unwrap_or_default()))?;
    }
    for line in door.as_deref().filter(|_| screen.page).map(pages).unwrap_or_default() {
        crate::print::print(&line)?;
    }
    let (stop, stopping) = channel(false);
    if let Some(faces) = faces {
        tokio::spawn(faces.run(stopping));
    }
    if screen.live {
        let (lines, next) = logbook.read(crate::logbook::MAX_KEPT, |line| line.is_for(None, false));
        tokio::spawn(show(lines, next));
    } else if service::is_journal() {
        let (lines, next) = logbook.read(crate::logbook::MAX_KEPT, |line| line.is_for(None, false));
        tokio::spawn(to_journal(lines, next));
    }
    let edited = desk.clone();
    let what = screen.welcome.first().map_or("", String::as_str);
    let edits = async {
        while hangup.recv().await.is_some() {
            manager.reloading();
            edited.read_again().await;
            manager.ready(what);
        }
        std::future::pending().await
    };
    if watches {
        tokio::spawn(watch::watch(desk.clone()));
    }
    let pulse = manager.keep_alive(desk.asker.clone());
    manager.ready(what);
    tokio::select! {
        () = pulse => {}
        () = socket.serve(desk) => {}
        () = edits => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    manager.stopping();
    // Nobody may listen any more.
    let _ = stop.send(true);
    logbook.note(clock.wall(), "stopping: releasing calls, deregistering");
    tokio::select! {
        () = gateway.stop() => {}
        () = socket.turn_away() => {}
        _ = terminate.recv() => tracing::warn!("told twice to stop: calls may not have been released"),
        _ = interrupt.recv() => tracing::warn!("told twice to stop: calls may not have been released"),
    }
    // From here on a command says that nothing runs here.
    drop(socket);
    // The gateway is gone and with it the journal's source: its last entries are written.
    let _ = tokio::time::timeout(std::time::Duration::from_secs(1), journal).await;
    logbook.note(clock.wall(), "stopped");
    tokio::task::yield_now().await;
    Ok(())
}

/// The web face's door, which is nowhere yet.
fn entrance(dir: &Path) -> Result<Door> {
    Ok(Door::new(Access::new(Users::open(dir)?), Certificates::new(dir)?))
}

/// Where the web page is, as it is printed at the start: with a key only while nobody has a password.
fn pages(door: &Door) -> Vec<String> {
    let is_first = !door.access().users().has_administrator();
    let told = if is_first { door.invitations("") } else { door.addresses() };
    let mut lines: Vec<String> = told.iter().map(|address| format!("Web page: {address}")).collect();
    if lines.is_empty() {
        return lines;
    }
    if is_first {
        lines.push(
            "  (one-time key; another one: tipring web; or set a password: tipring user add NAME)".to_owned(),
        );
    }
    lines.extend(door.fingerprint().map(|text| format!("  certificate SHA-256 {text}")));
    lines
}

/// Writes the journal into the logbook until its source ends.
async fn keep(mut entries: broadcast::Receiver<Arc<Entry>>, logbook: Arc<Logbook>, asker: Asker) {
    loop {
        match entries.recv().await {
            Ok(entry) => logbook.entry(&entry, &asker.site()),
            Err(broadcast::error::RecvError::Lagged(lost)) => {
                tracing::warn!("{lost} entries of the journal were lost: this machine is too slow");
            }
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}

/// Prints the journal.
async fn show(lines: Vec<Arc<Line>>, next: broadcast::Receiver<Arc<Line>>) {
    each(lines, next, |line| crate::print::print(&line.text).unwrap_or(false)).await;
}

/// Writes it to the system's journal, which has a time of its own and reads a priority before the line (sd-daemon(3)).
async fn to_journal(lines: Vec<Arc<Line>>, next: broadcast::Receiver<Arc<Line>>) {
    let write = |line: &Line| {
        let priority = if line.alarm { 4 } else { 6 };
        eprintln!("<{priority}>{}", line.what());
        true
    };
    each(lines, next, write).await;
}

async fn each(
    lines: Vec<Arc<Line>>,
    mut next: broadcast::Receiver<Arc<Line>>,
    write: impl Fn(&Line) -> bool,
) {
    for line in lines {
        if !write(&line) {
            return;
        }
    }
    loop {
        match next.recv().await {
            Ok(line) if line.is_for(None, false) => {
                if !write(&line) {
                    return;
                }
            }
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}
