//! A far end of sound that is ours: it plays a tone to everybody who sends to it, and keeps what each one says.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::wave;

/// Samples of a packet: 20 ms.
pub const PACKET: usize = 160;
const HEADER: usize = 12;

/// What came from one sender.
#[derive(Clone, Debug, Default)]
pub struct Track {
    /// Its sound by the order of sequence numbers as they came; what is lost is left out.
    pub samples: Vec<i16>,
    /// Packets that are missing in the sequence.
    pub lost: usize,
    /// The longest time between two packets.
    pub longest_wait: Duration,
    last: Option<(u16, Instant)>,
}

/// The far end.
pub struct RtpPeer {
    pub port: u16,
    tracks: Arc<Mutex<BTreeMap<SocketAddr, Track>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl RtpPeer {
    /// Plays this tone.
    pub fn start(hertz: f64, dbm0: f64) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = socket.local_addr().unwrap().port();
        let tracks = Arc::default();
        let stop = Arc::new(AtomicBool::new(false));
        let tone = wave::mu_law(&wave::tone(hertz, dbm0, 1.0));
        let (kept, stopped) = (Arc::clone(&tracks), Arc::clone(&stop));
        let thread = Some(std::thread::spawn(move || work(&socket, &tone, &kept, &stopped)));
        Self { port, tracks, stop, thread }
    }

    /// What has come so far, by sender.
    pub fn tracks(&self) -> Vec<Track> {
        self.tracks.lock().unwrap().values().cloned().collect()
    }
}

impl Drop for RtpPeer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn work(socket: &UdpSocket, tone: &[u8], tracks: &Mutex<BTreeMap<SocketAddr, Track>>, stop: &AtomicBool) {
    socket.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
    let began = Instant::now();
    let mut played = 0_usize;
    let mut buffer = [0; 2048];
    while !stop.load(Ordering::Relaxed) {
        if let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let mut tracks = tracks.lock().unwrap();
            tracks.entry(from).or_default().take(&buffer[..length]);
        }
        while began.elapsed() > Duration::from_millis(20) * u32::try_from(played).unwrap() {
            let at = played * PACKET % tone.len();
            for (place, to) in tracks.lock().unwrap().keys().enumerate() {
                let _ = socket.send_to(&packet(played, place, &tone[at..at + PACKET]), to);
            }
            played += 1;
        }
    }
}

fn packet(played: usize, source: usize, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x80, 0];
    bytes.extend((played as u16).to_be_bytes());
    bytes.extend(((played * PACKET) as u32).to_be_bytes());
    bytes.extend((0x5151_0000 + source as u32).to_be_bytes());
    bytes.extend(payload);
    bytes
}

impl Track {
    fn take(&mut self, bytes: &[u8]) {
        // Only mu-law: events and comfort noise have other payload types.
        if bytes.len() <= HEADER || bytes[0] != 0x80 || bytes[1] & 0x7f != 0 {
            return;
        }
        let now = Instant::now();
        let sequence = u16::from_be_bytes([bytes[2], bytes[3]]);
        if let Some((last, at)) = self.last {
            self.lost += usize::from(sequence.wrapping_sub(last).wrapping_sub(1).min(1000));
            self.longest_wait = self.longest_wait.max(now - at);
        }
        self.last = Some((sequence, now));
        self.samples.extend(bytes[HEADER..].iter().map(|code| wave::from_mu_law(*code)));
    }
}
