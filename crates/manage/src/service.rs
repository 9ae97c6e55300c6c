//! The service manager that started this process, if one did (sd_notify(3)): what it is told, and the watchdog.
//!
//! A message is a datagram of lines to the socket that `NOTIFY_SOCKET` names. The watchdog is told that all is well only while the
//! control plane answers and every media thread ticks.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use tipring_gateway::Request;
use tipring_host::Asker;

/// Signs of life in a watchdog's time: one may be lost.
const KICKS: u32 = 3;

/// The service manager.
#[derive(Debug, Default)]
pub struct Manager {
    socket: Option<(UnixDatagram, SocketAddr)>,
    watchdog: Option<Duration>,
}

impl Manager {
    /// The one that the environment names; none is no mistake.
    pub fn of_environment() -> Self {
        let var = |name: &str| std::env::var(name).ok();
        Self::named(var("NOTIFY_SOCKET"), var("WATCHDOG_USEC"), var("WATCHDOG_PID"), std::process::id())
    }

    fn named(socket: Option<String>, watchdog: Option<String>, of: Option<String>, own: u32) -> Self {
        let Some(name) = socket else { return Self::default() };
        let address = match name.strip_prefix('@') {
            Some(name) => SocketAddr::from_abstract_name(name),
            None => SocketAddr::from_pathname(&name),
        };
        let opened = address.and_then(|address| {
            let socket = UnixDatagram::unbound()?;
            // A manager that does not read must not hold the gateway up.
            socket.set_nonblocking(true)?;
            Ok((socket, address))
        });
        let socket = match opened {
            Ok(socket) => Some(socket),
            Err(why) => {
                tracing::warn!("NOTIFY_SOCKET={name}: {why}; the service manager is told nothing");
                None
            }
        };
        // A watchdog of the process that started this one is none of ours.
        let ours = of.is_none_or(|of| of.parse() == Ok(own));
        let micros = watchdog.and_then(|text| text.parse().ok()).filter(|micros| ours && *micros > 0);
        Self { socket, watchdog: micros.map(Duration::from_micros) }
    }

    /// It serves; `what` is shown by `systemctl status`.
    pub fn ready(&self, what: &str) {
        self.tell(&format!("READY=1\nSTATUS={}", one_line(what)));
    }

    /// It reads its configuration again; [`Self::ready`] follows.
    pub fn reloading(&self) {
        let micros = clock_gettime(ClockId::CLOCK_MONOTONIC)
            .map(|time| time.tv_sec() * 1_000_000 + time.tv_nsec() / 1000);
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={}", micros.unwrap_or_default()));
    }

    /// It stops.
    pub fn stopping(&self) {
        self.tell("STOPPING=1\nSTATUS=releasing calls, deregistering");
    }

    /// Tells the watchdog that all is well, for as long as it is.
    pub async fn keep_alive(&self, asker: Asker) {
        let (Some(_), Some(watchdog)) = (&self.socket, self.watchdog) else {
            return std::future::pending().await;
        };
        let each = (watchdog / KICKS).max(Duration::from_millis(20));
        let mut pulse = Pulse::of(&asker);
        let mut was_well = true;
        loop {
            tokio::time::sleep(each).await;
            match pulse.feel(&asker, each).await {
                Ok(()) => {
                    was_well = true;
                    self.tell("WATCHDOG=1");
                }
                Err(why) => {
                    if core::mem::replace(&mut was_well, false) {
                        tracing::error!("the watchdog is told nothing: {why}");
                    }
                    self.tell(&format!("STATUS={}", one_line(&why)));
                }
            }
        }
    }

    fn tell(&self, text: &str) {
        let Some((socket, address)) = &self.socket else { return };
        if let Err(why) = socket.send_to_addr(text.as_bytes(), address) {
            tracing::warn!(
                "the service manager is not told {:?}: {why}",
                text.lines().next().unwrap_or_default()
            );
        }
    }
}

/// True if what is written to stderr goes to the system's journal (systemd.exec(5), `JOURNAL_STREAM`).
pub fn is_journal() -> bool {
    let Ok(own) = nix::sys::stat::fstat(std::io::stderr()) else { return false };
    std::env::var("JOURNAL_STREAM").is_ok_and(|named| named == format!("{}:{}", own.st_dev, own.st_ino))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether the gateway lives.
#[derive(Clone, Debug)]
pub struct Pulse {
    /// Each media thread with the ticks that it had done.
    ticks: Vec<(String, u64)>,
}

impl Pulse {
    /// As it is now.
    pub fn of(asker: &Asker) -> Self {
        let ticks = asker.media_status().into_iter().map(|media| (media.shard, media.ticks)).collect();
        Self { ticks }
    }

    /// An error, in words, unless the control plane answers within `patience` and each media thread has ticked since last time.
    pub async fn feel(&mut self, asker: &Asker, patience: Duration) -> Result<(), String> {
        let before = core::mem::replace(self, Self::of(asker));
        let still = self.ticks.iter().zip(&before.ticks).find(|((_, now), (_, then))| now == then);
        if let Some(((shard, _), _)) = still {
            return Err(format!("the media thread {shard} stands still"));
        }
        match tokio::time::timeout(patience, asker.ask(Request::Status)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(why)) => Err(why.to_string()),
            Err(_) => Err(format!("the control plane does not answer within {} ms", patience.as_millis())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn without_a_manager_nothing_is_told_and_another_processs_watchdog_is_not_ours() {
        assert!(Manager::named(None, text("1000"), None, 7).watchdog.is_none());
        let of =
            |pid: Option<String>| Manager::named(text("@tipring-none"), text("3000000"), pid, 7).watchdog;
        let three = Some(Duration::from_secs(3));
        assert_eq!((of(None), of(text("7")), of(text("8"))), (three, three, None));
        // Nobody listens there: a warning, no end.
        Manager::named(text("@tipring-none"), None, None, 7).ready("it runs");
    }

    #[test]
    fn messages_go_to_an_abstract_socket_too_and_a_status_is_one_line() {
        let name = format!("tipring-service-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let far = UnixDatagram::bind_addr(&address).unwrap();
        Manager::named(text(&format!("@{name}")), None, None, 7).ready("a\nWATCHDOG=1");
        let mut buffer = [0; 200];
        let length = far.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], b"READY=1\nSTATUS=a WATCHDOG=1");
    }
}
