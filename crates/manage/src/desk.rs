//! The desk that answers what the control socket is asked.

mod files;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, bail};
use tipring_gateway::{ReachStatus, Request, Response};
use tipring_host::{Asker, Clock};
use tipring_store::{CallRow, Calls};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};

use crate::ATTENTION;
use crate::alarms::Alarms;
use crate::backup::StateFiles;
use crate::configuration::{Configuration, Editor, Outcome, Source};
use crate::logbook::Logbook;
use crate::protocol::{Ask, ConfigAct, Reply, UserAct};
use crate::web::door::Door;
use crate::{balance, explain, learn, line_test, people, phone, records, status, walk, zone};

/// Records that a slow reader may be behind.
const MAX_BEHIND: usize = 1024;
/// Records and lines given at once, at the most.
const MAX_COUNT: usize = 100_000;

/// What a gateway without a file says.
pub const NO_FILE: &str =
    "this gateway was started without a configuration file (`tipring run --config FILE` has one)";
/// Records that wait in memory for a disk that does not take them; beyond it the oldest are lost.
const MAX_PENDING: usize = 10_000;

/// The call records and who follows them.
#[derive(Debug)]
pub struct Ledger {
    kept: Mutex<Kept>,
    follow: broadcast::Sender<Arc<CallRow>>,
}

/// Calls that ended since the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    /// All of them.
    pub ended: u64,
    /// Those that were answered.
    pub answered: u64,
    /// Milliseconds of talk.
    pub talked_ms: u64,
}

#[derive(Debug)]
struct Kept {
    calls: Box<dyn Shelf>,
    /// What the disk has not taken yet, the oldest first.
    pending: VecDeque<CallRow>,
    totals: Totals,
}

/// Where records are kept for good.
pub trait Shelf: std::fmt::Debug + Send {
    /// Adds a record.
    fn append(&mut self, row: &CallRow) -> Result<(), String>;
    /// The latest records, the oldest first.
    fn last(&mut self, count: usize) -> Result<Vec<CallRow>>;
}

impl Shelf for Calls {
    fn append(&mut self, row: &CallRow) -> Result<(), String> {
        Self::append(self, row).map_err(|why| why.to_string())
    }

    fn last(&mut self, count: usize) -> Result<Vec<CallRow>> {
        Ok(Self::last(self, count)?)
    }
}

impl Kept {
    fn flush(&mut self) -> Result<(), String> {
        while let Some(row) = self.pending.front() {
            self.calls.append(row)?;
            self.pending.pop_front();
        }
        Ok(())
    }
}

impl Ledger {
    /// A ledger of these records.
    pub fn new(calls: impl Shelf + 'static) -> Self {
        let kept = Kept { calls: Box::new(calls), pending: VecDeque::new(), totals: Totals::default() };
        Self { kept: Mutex::new(kept), follow: broadcast::channel(MAX_BEHIND).0 }
    }

    /// Keeps a record and shows it to those who follow. What the disk does not take now goes there by [`Ledger::flush`],
    /// or with a later one.
    pub fn append(&self, row: CallRow) -> Result<(), String> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.totals.ended += 1;
        kept.totals.answered += u64::from(row.answered.is_some());
        kept.totals.talked_ms += row.talked_ms;
        // Even a record that the disk does not take is news. Nobody may be following.
        let _ = self.follow.send(Arc::new(row.clone()));
        if kept.pending.len() == MAX_PENDING {
            kept.pending.pop_front();
        }
        kept.pending.push_back(row);
        kept.flush()
    }

    /// Gives the disk what it has not taken yet.
    pub fn flush(&self) -> Result<(), String> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).flush()
    }

    /// What ended since the start.
    pub fn totals(&self) -> Totals {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).totals
    }

    /// The latest records, the oldest first, and those that follow.
    pub fn read(&self, count: usize) -> Result<(Vec<CallRow>, broadcast::Receiver<Arc<CallRow>>)> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rows = kept.calls.last(count)?;
        rows.extend(kept.pending.iter().cloned());
        let rows = rows.split_off(rows.len().saturating_sub(count));
        Ok((rows, self.follow.subscribe()))
    }
}

/// Everything that answers need.
#[derive(Clone)]
pub struct Desk {
    /// The gateway.
    pub asker: Asker,
    /// The journal in words.
    pub logbook: Arc<Logbook>,
    /// The call records.
    pub ledger: Arc<Ledger>,
    /// Where the configuration comes from. One edit at a time.
    pub configuration: Arc<tokio::sync::Mutex<Option<Configuration>>>,
    /// The time.
    pub clock: Clock,
    /// How the web face is entered, where there is one.
    pub door: Option<Arc<Door>>,
    /// What around the gateway needs a person.
    pub alarms: Arc<Alarms>,
    /// What is kept beside the configuration.
    pub kept: Arc<StateFiles>,
}

impl Desk {
    /// Applies the gateway's own file as it is now, and tells the log and the screen what came of it.
    pub async fn read_again(&self) {
        match self.apply(Source::Own, "file").await {
            Ok(outcome) if outcome.accepted => {}
            Ok(outcome) => outcome.lines.iter().for_each(|line| eprintln!("{line}")),
            Err(why) => eprintln!("{why:#}"),
        }
    }

    /// Applies a configuration in the name of `by`, and tells the log.
    pub async fn apply(&self, source: Source<'_>, by: &str) -> Result<Outcome> {
        match self.apply_on(None, source, by).await? {
            Ok(outcome) => Ok(outcome),
            Err(revision) => bail!("revision {revision} is in force"),
        }
    }

    /// The same, if revision `base` is still in force; else the number of the one that is, and nothing is done.
    pub async fn apply_on(
        &self,
        base: Option<u64>,
        source: Source<'_>,
        by: &str,
    ) -> Result<Result<Outcome, u64>> {
        let wall = self.clock.wall();
        let mut configuration = self.configuration.lock().await;
        let Some(configuration) = configuration.as_mut() else { bail!(NO_FILE) };
        let revision = configuration.revision();
        if base.is_some_and(|base| base != revision) {
            return Ok(Err(revision));
        }
        let outcome = configuration.apply(source, &self.asker, Editor { name: by, wall }).await?;
        // The first line of an accepted one is the journal's own.
        for line in outcome.lines.iter().skip(usize::from(outcome.accepted)) {
            self.logbook.note(wall, line);
        }
        Ok(Ok(outcome))
    }

    async fn config(&self, act: ConfigAct) -> Result<Outcome> {
        match act {
            ConfigAct::Apply(file) => self.apply(Source::named(file.as_deref()), "command line").await,
            ConfigAct::Show(name) => match self.configuration.lock().await.as_ref() {
                Some(configuration) => Ok(configuration.show(name.as_deref())),
                None => bail!(NO_FILE),
            },
            ConfigAct::Port(which) => match self.configuration.lock().await.as_ref() {
                Some(configuration) => Ok(configuration.port(&which)),
                None => bail!(NO_FILE),
            },
            ConfigAct::History
            | ConfigAct::Rollback(_)
            | ConfigAct::Backup(_)
            | ConfigAct::Restore { .. } => {
                bail!("that is answered elsewhere")
            }
            ConfigAct::Diff(file) => match self.configuration.lock().await.as_ref() {
                Some(configuration) => {
                    Ok(configuration.compare(Source::named(file.as_deref()), &self.asker.site()))
                }
                None => bail!(NO_FILE),
            },
        }
    }

    /// Answers a question, behind which `body` came, into `out`; ends when nobody reads any more.
    pub async fn answer(&self, ask: Ask, body: Vec<u8>, out: &mpsc::Sender<Reply>) {
        let end = match self.work(ask, body, out).await {
            Ok(code) => Reply::End(code),
            Err(why) => Reply::Failed(format!("{why:#}")),
        };
        // Who asked may have gone.
        let _ = out.send(end).await;
    }

    async fn work(&self, ask: Ask, body: Vec<u8>, out: &mpsc::Sender<Reply>) -> Result<u8> {
        match ask {
            Ask::Status { number, json } => self.status(number.as_deref(), json, out).await,
            Ask::Calls { follow, count, json } => self.calls(follow, count, json, out).await,
            Ask::Log { number, follow, count, verbose } => {
                self.log(number, follow, count, verbose, out).await
            }
            Ask::Phone { port, act } => {
                say(phone::act(&self.asker, &self.asker.site(), &port, act).await?, out).await;
                Ok(0)
            }
            Ask::Balance { port } => balance::measure(&self.asker, &port, out).await,
            Ask::Test { port } => line_test::test(&self.asker, &port, out).await,
            Ask::Explain { number, digits, at, offline } => {
                let Some(lines) = self.explain(&number, &digits, at.as_deref(), offline).await? else {
                    bail!("There is no telephone {number}. `tipring status --json` lists them")
                };
                say(lines, out).await;
                Ok(0)
            }
            Ask::Web => {
                let lines = self.door.as_ref().map(|door| door.told("")).unwrap_or_default();
                if lines.is_empty() {
                    bail!(
                        "The web page listens nowhere: `tipring status` tells why, unless listen = \"off\" in [web]"
                    )
                }
                say(lines, out).await;
                Ok(0)
            }
            Ask::User(act) => {
                say(self.people(act).await?, out).await;
                Ok(0)
            }
            Ask::Walk { write, minutes } => walk::walk(self, write, minutes, out).await,
            Ask::Learn { port } => learn::learn(&self.asker, &port, out).await,
            Ask::Lines { json } => self.lines(json, out).await,
            Ask::Restart { port } => files::restart(self, &port, out).await,
            Ask::Batch { dry_run, .. } => files::batch(self, body, dry_run, out).await,
            Ask::Phones => files::phones(self, out).await,
            Ask::Config(ConfigAct::History) => files::history(self, out).await,
            Ask::Config(ConfigAct::Rollback(revision)) => files::rollback(self, revision, out).await,
            Ask::Config(ConfigAct::Backup(password)) => files::backup(self, password.0, out).await,
            Ask::Config(ConfigAct::Restore { password, dry_run, .. }) => {
                files::restore(self, body, password.0, dry_run, out).await
            }
            Ask::Config(act) => {
                let outcome = self.config(act).await?;
                say(outcome.lines, out).await;
                Ok(if outcome.accepted { 0 } else { ATTENTION })
            }
        }
    }

    /// Changes users and tokens; a hash takes its time, others are served meanwhile.
    async fn people(&self, act: UserAct) -> Result<Vec<String>> {
        let Some(door) = self.door.clone() else { bail!("The web page is off: `tipring status` tells why") };
        let own = Arc::clone(&door);
        let done = tokio::task::spawn_blocking(move || people::act(own.access().users(), act)).await??;
        if let Some(name) = &done.expelled {
            door.access().expel(name);
        }
        if let Some(audit) = &done.audit {
            self.logbook.note(self.clock.wall(), &format!("web: the command line {audit}"));
        }
        Ok(done.lines)
    }

    async fn lines(&self, json: bool, out: &mpsc::Sender<Reply>) -> Result<u8> {
        let status = self.picture(Request::Lines).await?;
        let lines = if json { vec![serde_json::to_string(&status.lines)?] } else { status::lines(&status) };
        say(lines, out).await;
        Ok(0)
    }

    /// Where `digits` go that the telephone `number` dials, as `at` a time of day, or now; `None` if there is no such telephone.
    pub async fn explain(
        &self,
        number: &str,
        digits: &str,
        at: Option<&str>,
        offline: bool,
    ) -> Result<Option<Vec<String>>> {
        let site = self.asker.site();
        let offline = offline || self.is_offline().await?;
        let moment = explain::Moment::new(at, offline, site.calls.offset_minutes)?;
        Ok(explain::explained(&site.calls, number, digits, moment))
    }

    /// What the log calls a line that somebody means by a number or a line port; what is none is left as it is.
    pub fn label(&self, number: &str) -> String {
        self.asker.site().find(number).map_or_else(|| number.to_owned(), |(_, line)| line.label())
    }

    /// How everything is, with the threads of the media plane.
    pub async fn whole(&self) -> Result<Box<tipring_gateway::Status>> {
        let mut status = self.picture(Request::Status).await?;
        status::with_media(&mut status, self.asker.media_status());
        Ok(status)
    }

    /// True if there are servers and none of them answers.
    pub async fn is_offline(&self) -> Result<bool> {
        let servers = self.picture(Request::Status).await?.servers;
        let silent = |server: &tipring_gateway::ServerStatus| {
            let is_silent = |address: &tipring_gateway::AddressStatus| address.reach == ReachStatus::Silent;
            !server.addresses.is_empty() && server.addresses.iter().all(is_silent)
        };
        Ok(!servers.is_empty() && servers.iter().all(silent))
    }

    /// How everything is.
    pub async fn picture(&self, request: Request) -> Result<Box<tipring_gateway::Status>> {
        match self.asker.ask(request).await? {
            Response::Status(mut status) => {
                self.alarms.show(&mut status);
                Ok(status)
            }
            Response::Calls(_)
            | Response::Done
            | Response::Balance(_)
            | Response::Learned(_)
            | Response::Tested(_)
            | Response::Walked(_)
            | Response::Refused(_) => {
                bail!("no status was given")
            }
        }
    }

    async fn status(&self, number: Option<&str>, json: bool, out: &mpsc::Sender<Reply>) -> Result<u8> {
        let status = self.whole().await?;
        let (lines, attention) = match number {
            None => (status::whole(&status), !status.alarms.is_empty()),
            Some(number) => match status::one(&status, number) {
                Some(found) => found,
                None => bail!("There is no telephone or line {number}. `tipring lines` lists them"),
            },
        };
        let lines = if json { vec![serde_json::to_string(&only(&status, number)?)?] } else { lines };
        say(lines, out).await;
        Ok(if attention { ATTENTION } else { 0 })
    }

    async fn calls(&self, follow: bool, count: usize, json: bool, out: &mpsc::Sender<Reply>) -> Result<u8> {
        let ledger = Arc::clone(&self.ledger);
        let (rows, mut next) =
            tokio::task::spawn_blocking(move || ledger.read(count.min(MAX_COUNT))).await??;
        let told =
            |row: &CallRow| if json { records::json(row) } else { records::line(row, zone::offset_minutes) };
        let lines = rows.iter().map(told).collect();
        say(lines, out).await;
        if !follow {
            return Ok(0);
        }
        loop {
            let line = match next.recv().await {
                Ok(row) => told(&row),
                Err(RecvError::Lagged(lost)) => format!("({lost} calls not shown: this reader was too slow)"),
                Err(RecvError::Closed) => return Ok(0),
            };
            if out.send(Reply::Line(line)).await.is_err() {
                return Ok(0);
            }
        }
    }

    async fn log(
        &self,
        number: Option<String>,
        follow: bool,
        count: usize,
        verbose: bool,
        out: &mpsc::Sender<Reply>,
    ) -> Result<u8> {
        let number = number.map(|number| self.label(&number));
        let number = number.as_deref();
        let (lines, mut next) = self.logbook.read(count.min(MAX_COUNT), |line| line.is_for(number, verbose));
        let lines = lines.iter().map(|line| line.text.clone()).collect();
        say(lines, out).await;
        if !follow {
            return Ok(0);
        }
        loop {
            let line = match next.recv().await {
                Ok(line) if line.is_for(number, verbose) => line.text.clone(),
                Ok(_) => continue,
                Err(RecvError::Lagged(lost)) => format!("({lost} lines not shown: this reader was too slow)"),
                Err(RecvError::Closed) => return Ok(0),
            };
            if out.send(Reply::Line(line)).await.is_err() {
                return Ok(0);
            }
        }
    }
}

/// The whole status for programs, or one telephone of it.
fn only(status: &tipring_gateway::Status, number: Option<&str>) -> Result<serde_json::Value> {
    let Some(number) = number else { return Ok(serde_json::to_value(status)?) };
    match status::find(status, number) {
        Some(line) => Ok(serde_json::to_value(line)?),
        None => Ok(serde_json::to_value(status.users.iter().find(|user| user.number == number))?),
    }
}

/// Gives lines to whoever asked, if he is still there.
pub async fn say(lines: Vec<String>, out: &mpsc::Sender<Reply>) {
    for line in lines {
        if out.send(Reply::Line(line)).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    /// A disk that is full, or not.
    #[derive(Clone, Debug, Default)]
    struct Disk {
        full: Arc<AtomicBool>,
        rows: Arc<Mutex<Vec<CallRow>>>,
    }

    impl Shelf for Disk {
        fn append(&mut self, row: &CallRow) -> Result<(), String> {
            if self.full.load(Ordering::Relaxed) {
                return Err("no space left".to_owned());
            }
            self.rows.lock().unwrap().push(row.clone());
            Ok(())
        }

        fn last(&mut self, count: usize) -> Result<Vec<CallRow>> {
            let rows = self.rows.lock().unwrap();
            Ok(rows[rows.len().saturating_sub(count)..].to_vec())
        }
    }

    fn row(call: u64) -> CallRow {
        CallRow { call, ..CallRow::default() }
    }

    fn calls(rows: &[CallRow]) -> Vec<u64> {
        rows.iter().map(|row| row.call).collect()
    }

    #[test]
    fn records_that_a_full_disk_refused_are_shown_and_written_when_it_has_room() {
        let disk = Disk::default();
        let ledger = Ledger::new(disk.clone());
        ledger.append(row(1)).unwrap();
        disk.full.store(true, Ordering::Relaxed);
        for call in 2..4 {
            assert_eq!(ledger.append(row(call)), Err("no space left".to_owned()));
        }
        assert!(ledger.flush().is_err());
        assert_eq!(calls(&ledger.read(10).unwrap().0), [1, 2, 3]);
        assert_eq!(calls(&disk.rows.lock().unwrap()), [1]);
        disk.full.store(false, Ordering::Relaxed);
        ledger.flush().unwrap();
        assert_eq!(calls(&disk.rows.lock().unwrap()), [1, 2, 3], "in order, each once");
        assert_eq!(calls(&ledger.read(2).unwrap().0), [2, 3]);
    }
}
