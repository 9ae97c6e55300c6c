//! The log to a collector elsewhere.
//!
//! # What it does
//! Sends each line of the logbook as a message: a datagram each, or on a connection with its length before it, plain or in TLS.
//!
//! # How
//! A task of its own follows the logbook, which keeps so many lines for one that is behind; nothing waits for it. Where no collector
//! answers it tries again, later each time, and tells the log once; what was lost meanwhile is counted there.
//!
//! # Limits
//! Messages of [`MAX_MESSAGE`] bytes, longer ones are cut (RFC 5424, 6.1). TLS without certificates of our own.
//!
//! # Standard
//! RFC 5424 (messages), RFC 5426 (UDP), RFC 6587, 3.4.1 (TCP, octet counting), RFC 5425 (TLS).

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use tipring_config::{Effective, ServerAddress, Syslog, Transport};
use tipring_gateway::Depth;
use tipring_host::Clock;
use tipring_units::WallTime;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket, lookup_host};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::logbook::{Line, Logbook};

/// Bytes of a message, at the most: what every receiver should take (RFC 5424, 6.1).
pub const MAX_MESSAGE: usize = 2048;
/// The facility: system daemons.
const DAEMON: u8 = 3;
/// The greatest sequence number (RFC 5424, 7.3.1).
const MAX_SEQUENCE: u32 = 2_147_483_647;
/// A collector that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long is waited before the next try: first, and at the most.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// What goes where.
pub struct Sender {
    settings: Syslog,
    tls: Option<TlsConnector>,
    /// The gateway's name, as a host's.
    host: String,
    sequence: u32,
    pauses: (Duration, Duration),
}

impl Sender {
    /// The one of a configuration, if it has one.
    pub fn of(effective: &Effective) -> Result<Option<Self>> {
        let Some(settings) = effective.syslog.clone() else { return Ok(None) };
        let tls = match settings.transport {
            Transport::Tls => Some(connector(settings.ca_file.as_deref().map(Path::new))?),
            Transport::Udp | Transport::Tcp => None,
        };
        let graphic = |letter: char| if letter.is_ascii_graphic() { letter } else { '-' };
        let host: String = effective.name.chars().map(graphic).take(255).collect();
        Ok(Some(Self { settings, tls, host, sequence: 0, pauses: PAUSES }))
    }

    /// Sends what comes by `lines` for ever; tells `logbook` what hinders it.
    pub async fn run(
        mut self,
        mut lines: broadcast::Receiver<Arc<Line>>,
        logbook: Arc<Logbook>,
        clock: Clock,
    ) {
        let mut pause = self.pauses.0;
        let mut is_told = false;
        // What was not sent when the connection broke.
        let mut kept = None;
        loop {
            let why = match self.connect().await {
                Ok((mut wire, at)) => {
                    if core::mem::take(&mut is_told) {
                        logbook.note(clock.wall(), &format!("syslog: {at} takes the log"));
                    }
                    let sent = self.sequence;
                    let why = self.pump(&mut wire, &mut lines, &mut kept).await;
                    if self.sequence != sent {
                        pause = self.pauses.0;
                    }
                    why
                }
                Err(why) => why,
            };
            if !core::mem::replace(&mut is_told, true) {
                logbook.note(
                    clock.wall(),
                    &format!("syslog: {why:#}. Lines wait, the oldest are lost when there are many"),
                );
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(self.pauses.1);
        }
    }

    /// Sends until something fails; gives back what.
    async fn pump(
        &mut self,
        wire: &mut Wire,
        lines: &mut broadcast::Receiver<Arc<Line>>,
        kept: &mut Option<Arc<Line>>,
    ) -> anyhow::Error {
        loop {
            let line = match kept.take() {
                Some(line) => line,
                None => tokio::select! {
                    line = lines.recv() => match line {
                        Ok(line) => line,
                        Err(RecvError::Lagged(lost)) => Arc::new(lost_lines(lost)),
                        Err(RecvError::Closed) => return std::future::pending().await,
                    },
                    why = wire.ends() => return why,
                },
            };
            if line.depth != Depth::Plain && !self.settings.details {
                continue;
            }
            let next = self.sequence % MAX_SEQUENCE + 1;
            let text = message(&line, &self.host, next);
            match tokio::time::timeout(PATIENCE, wire.send(text.as_bytes())).await {
                Ok(Ok(())) => self.sequence = next,
                Ok(Err(why)) => {
                    *kept = Some(line);
                    return why;
                }
                Err(_) => {
                    *kept = Some(line);
                    return anyhow!("the collector takes nothing for {} s", PATIENCE.as_secs());
                }
            }
        }
    }

    /// The first collector that answers.
    async fn connect(&self) -> Result<(Wire, String)> {
        let mut last = anyhow!("no collector is named");
        for address in &self.settings.address {
            let port = address.port.unwrap_or(Syslog::port(self.settings.transport));
            let shown = ServerAddress { port: Some(port), ..address.clone() }.to_string();
            match tokio::time::timeout(PATIENCE, self.reach(&address.host, port)).await {
                Ok(Ok(wire)) => return Ok((wire, shown)),
                Ok(Err(why)) => last = why.context(shown),
                Err(_) => last = anyhow!("{shown} does not answer"),
            }
        }
        Err(last)
    }

    async fn reach(&self, host: &str, port: u16) -> Result<Wire> {
        let found: Vec<SocketAddr> = lookup_host((host, port)).await?.collect();
        let first = *found.first().context("has no address")?;
        let stream = match (self.settings.transport, &self.tls) {
            (Transport::Udp, _) => {
                let own: SocketAddr = if first.is_ipv4() { ([0; 4], 0).into() } else { ([0; 16], 0).into() };
                let socket = UdpSocket::bind(own).await?;
                socket.connect(first).await?;
                return Ok(Wire::Datagrams(socket));
            }
            (Transport::Tcp, _) => Box::new(TcpStream::connect(&*found).await?) as Box<dyn Duplex>,
            (Transport::Tls, Some(tls)) => {
                let name = ServerName::try_from(host.to_owned())?;
                Box::new(tls.connect(name, TcpStream::connect(&*found).await?).await?)
            }
            (Transport::Tls, None) => bail!("no certificates were read"),
        };
        Ok(Wire::Stream(stream))
    }
}

/// A connection, plain or in TLS.
trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// The way to a collector.
enum Wire {
    Datagrams(UdpSocket),
    Stream(Box<dyn Duplex>),
}

impl Wire {
    async fn send(&mut self, message: &[u8]) -> Result<()> {
        match self {
            Self::Datagrams(socket) => {
                socket.send(message).await?;
            }
            Self::Stream(stream) => {
                let mut framed = format!("{} ", message.len()).into_bytes();
                framed.extend_from_slice(message);
                stream.write_all(&framed).await?;
                stream.flush().await?;
            }
        }
        Ok(())
    }

    /// Waits until the collector ends the connection; what it says before is not read.
    async fn ends(&mut self) -> anyhow::Error {
        let mut bytes = [0; 256];
        let read = match self {
            // Nobody answers datagrams; that a port is closed comes back as an error of a later one.
            Self::Datagrams(socket) => loop {
                if let Err(why) = socket.recv(&mut bytes).await {
                    break Err(why);
                }
            },
            Self::Stream(stream) => loop {
                match stream.read(&mut bytes).await {
                    Ok(0) => break Ok(()),
                    Ok(_) => {}
                    Err(why) => break Err(why),
                }
            },
        };
        match read {
            Ok(()) => anyhow!("the collector closed the connection"),
            Err(why) => why.into(),
        }
    }
}

/// The certificates by which a collector is known: those of a file, or the system's.
pub fn roots(file: Option<&Path>) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    match file {
        Some(file) => {
            let shown = file.display();
            let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
            let read = read.map_err(|why| anyhow!("{shown}: no certificates: {why}"))?;
            if read.is_empty() {
                bail!("{shown}: there is no certificate in it (PEM)");
            }
            for certificate in read {
                roots.add(certificate).with_context(|| format!("{shown}"))?;
            }
        }
        None => {
            let (_, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if roots.is_empty() {
                bail!("this system has no certificates. Install ca-certificates, or write ca_file");
            }
        }
    }
    Ok(roots)
}

fn connector(file: Option<&Path>) -> Result<TlsConnector> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots(file)?)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

fn lost_lines(lost: u64) -> Line {
    let wall = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let wall = WallTime(u64::try_from(wall.as_micros()).unwrap_or_default());
    Line::plain(wall, format!("- {lost} lines are lost: the collector was too slow, or away"))
}

/// The line as a message (RFC 5424, 6).
fn message(line: &Line, host: &str, sequence: u32) -> String {
    let (severity, kind) = match (line.alarm, line.depth) {
        (true, _) => (4, "alarm"),
        (false, Depth::Plain) => (6, "log"),
        (false, _) => (7, "detail"),
    };
    let priority = DAEMON * 8 + severity;
    let civil = line.wall.civil(0);
    let date = format!("{:04}-{:02}-{:02}", civil.year, civil.month, civil.day);
    let (time, micros) =
        (format!("{:02}:{:02}:{:02}", civil.hour, civil.minute, civil.second), line.wall.0 % 1_000_000);
    let process = std::process::id();
    let mut text = format!(
        "<{priority}>1 {date}T{time}.{micros:06}Z {host} tipring {process} {kind} [meta sequenceId=\"{sequence}\"] "
    );
    if !line.what().is_ascii() {
        // That it is UTF-8 is told by this mark alone (RFC 5424, 6.4).
        text.push('\u{feff}');
    }
    text.extend(line.what().chars().map(|letter| if letter.is_control() { ' ' } else { letter }));
    if text.len() > MAX_MESSAGE {
        text.truncate(text.floor_char_boundary(MAX_MESSAGE));
    }
    text
}
