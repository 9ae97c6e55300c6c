//! Hostile input while a line talks to a SIP phone: the call and its sound stay untouched, status answers, memory
//! stays bounded.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::common::until;
use crate::gateway::{Gateway, free_port, number_of};
use crate::measure;
use crate::noise::{Dice, flood, half_open, invite, options, socket};
use crate::program::is_installed;
use crate::rtp::{PACKET, RtpPeer, Track};
use crate::sipp::Sipp;
use crate::steady::in_time;

/// What the gateway's memory may grow by, in kilobytes: its tables are bounded, and small.
const GROWTH_KB: u64 = 64 * 1024;
/// How long each flood lasts.
const FLOOD: Duration = Duration::from_secs(5);
/// 1004 Hz at -10 dBm0 in the telephone's mouth, on the wire.
const WIRE_DBM0: f64 = -11.8;
/// What the far end says, and what of it arrives at the ear.
const FAR: (f64, f64) = (700.0, -15.0);
const EAR_DBM0: f64 = -19.8;

/// A line in a call with a SIP phone; both speak all the time, and every packet counts.
struct Talk {
    gateway: Gateway,
    sipp: Sipp,
    far: RtpPeer,
    before_kb: u64,
}

impl Talk {
    fn start(name: &str) -> Self {
        let far = RtpPeer::start(FAR.0, FAR.1);
        let port = free_port();
        let sipp = Sipp::serve_with("plain", port, 1, &["-key", "far_media", &far.port.to_string()]);
        let body = format!(
            "[server.far]\naddress = \"127.0.0.1:{port}\"\n[phone.101-102]\nport = \"sim/1-2\"\nname = \"Phone {{number}}\"\n"
        );
        let gateway = Gateway::start(name, &body);
        gateway.dials("101", "5551234");
        gateway.logs("call 1 answered");
        gateway.phone("101", &["say", "tone:1004:-10"]);
        let before_kb = gateway.resident_kb();
        let talk = Self { gateway, sipp, far, before_kb };
        talk.both_are_heard();
        talk
    }

    /// What the far end has got so far.
    fn track(&self) -> Track {
        let mut tracks = self.far.tracks();
        assert!(tracks.len() <= 1, "{} senders", tracks.len());
        tracks.pop().unwrap_or_default()
    }

    /// Each of the two hears the other now: the far end half a second more of it.
    fn both_are_heard(&self) {
        self.gateway.hears_tone("101", FAR.0, EAR_DBM0);
        let before = self.track().samples.len();
        until("the far end hears the telephone", || {
            let samples = self.track().samples;
            let found = measure::find(samples.get(before..)?, 1004.0, WIRE_DBM0)?;
            (found.length_ms > 500).then_some(())
        });
    }

    /// A message of good faith is still answered, and so is the control socket.
    fn still_answers(&self) {
        let status = self.gateway.ask(&["status"]);
        assert!(status.contains("101 Phone 101") && status.contains("to 5551234"), "{status}");
        answered(self.gateway.sip);
    }

    /// It answers, and the two are talking.
    fn still_serves(&self) {
        self.still_answers();
        self.both_are_heard();
    }

    /// Hangs up; no packet was lost in either direction, the sound had no gap, and memory did not grow.
    fn ends_unharmed(self) {
        let after_kb = self.gateway.resident_kb();
        println!("memory {} kB, then {after_kb} kB", self.before_kb);
        assert!(after_kb < self.before_kb + GROWTH_KB, "{} kB grew to {after_kb} kB", self.before_kb);
        self.both_are_heard();
        let track = self.track();
        self.gateway.phone("101", &["on-hook"]);
        self.sipp.succeeds();
        // Hostile messages may have made calls of their own.
        let record = until("the record of the call", || {
            let records = self.gateway.records();
            records.into_iter().find(|record| record.contains("\"dialled\":\"5551234\""))
        });
        assert_eq!(number_of(&record, "cause"), Some(16), "{record}");

        // From the telephone to the far end, by the packets that came.
        let found = measure::find(&track.samples, 1004.0, WIRE_DBM0).unwrap();
        println!("outward: lost {} packets, {found:?}", track.lost);
        assert_eq!(track.lost, 0, "packets from the gateway are missing");
        assert!((found.dbm0 - WIRE_DBM0).abs() < 1.0 && found.gap_ms == 0, "{found:?}");
        // And back, by what the gateway counted: a packet that it took, and one that it missed or played no more.
        // The far end sends a packet for each 20 ms, the gateway too; calls of hostile messages have fewer.
        let sent = track.samples.len() / PACKET;
        let counts = until(&format!("the counts of a stream of {sent} packets"), || {
            let log = self.gateway.log();
            let mut streams = log.lines().filter(|line| line.contains(", received "));
            streams.find(|line| count(line, "received") + sent / 50 >= sent).map(str::to_owned)
        });
        let [received, lost, late] = ["received", "lost", "late"].map(|word| count(&counts, word));
        println!("inward: received {received}, lost {lost}, late {late}");
        // Where the machine is busy the test's own sender comes late: one packet in a hundred.
        assert!(lost == 0 && late * 100 <= received, "{counts}");
    }
}

/// The number behind `word` in a stream's statistics in the log.
fn count(line: &str, word: &str) -> usize {
    let after = line.split(&format!("{word} ")).nth(1).and_then(|rest| rest.split(',').next());
    after.and_then(|number| number.trim().parse().ok()).unwrap_or_else(|| panic!("{line}"))
}

/// Asks until an answer comes: a datagram of ours may be lost in a flood, as on any network.
fn answered(to: SocketAddr) {
    let socket = socket();
    socket.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let from = socket.local_addr().unwrap();
    let mut mark = 0;
    until("OPTIONS is answered", || {
        mark += 1;
        let text = options(to, from, "UDP", mark + u64::from(from.port()) * 1000, "");
        socket.send_to(text.as_bytes(), to).unwrap();
        let mut buffer = [0; 2048];
        let length = socket.recv(&mut buffer).ok()?;
        buffer[..length].starts_with(b"SIP/2.0 200").then_some(())
    });
}

#[test]
fn a_call_survives_floods_of_broken_datagrams() {
    in_time(|| {
        if !is_installed("sipp") {
            return;
        }
        let talk = Talk::start("flood");
        let sip = talk.gateway.sip;
        let from = socket().local_addr().unwrap();
        let mut dice = Dice::new(0x7197);
        let sent = flood(&[sip], FLOOD, |_| {
            let length = dice.below(900);
            dice.bytes(length)
        });
        talk.still_serves();
        let cut = flood(&[sip], FLOOD, |place| {
            let mut text = invite(sip, from, "UDP", place as u64).into_bytes();
            text.truncate(dice.below(text.len()));
            text
        });
        talk.still_serves();
        let damaged = flood(&[sip], FLOOD, |place| {
            let mut text = options(sip, from, "UDP", place as u64, "").into_bytes();
            for _ in 0..3 {
                let at = dice.below(text.len());
                text[at] = dice.next().to_le_bytes()[0];
            }
            text
        });
        talk.still_serves();
        let (first, last) = talk.gateway.media;
        let ports: Vec<SocketAddr> =
            (first..=last).map(|port| SocketAddr::from(([127, 0, 0, 1], port))).collect();
        let mut dice = Dice::new(0x7198);
        let media = flood(&ports, FLOOD, |place| {
            let length = dice.below(400);
            let mut bytes = dice.bytes(length);
            // Half of them look like RTP, with a source and a payload of their own.
            if place % 2 == 0 && length > 12 {
                bytes[0] = 0x80;
                bytes[1] = 0;
            }
            bytes
        });
        println!("sent: {sent} random, {cut} cut, {damaged} damaged, {media} to media ports");
        talk.still_serves();
        talk.ends_unharmed();
    });
}

#[test]
fn a_call_survives_hostile_connections() {
    in_time(|| {
        if !is_installed("sipp") {
            return;
        }
        let talk = Talk::start("streams");
        let sip = talk.gateway.sip;
        let open = half_open(sip, 1000);
        assert!(open.len() >= 900, "{} connections", open.len());
        let began = Instant::now();
        while began.elapsed() < FLOOD {
            talk.still_serves();
        }

        // A header of 64 KiB, in a datagram as far as one reaches, and on a connection.
        let padding = format!("X-Long: {}\r\n", "a".repeat(64 * 1024));
        let udp = socket();
        let from = udp.local_addr().unwrap();
        let long = options(sip, from, "UDP", 1, &padding);
        udp.send_to(&long.as_bytes()[..65_000], sip).unwrap();
        drop(open);
        let mut stream = until("a connection", || TcpStream::connect(sip).ok());
        let own = stream.local_addr().unwrap();
        let _ = stream.write_all(options(sip, own, "TCP", 2, &padding).as_bytes());
        // And one that never ends a header: it must be closed, not kept.
        let mut endless = until("a connection", || TcpStream::connect(sip).ok());
        endless.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
        let chunk = vec![b'a'; 16 * 1024];
        let closed = (0..1024).any(|_| endless.write_all(&chunk).is_err());
        assert!(closed, "16 MiB of one header were taken");
        talk.still_serves();

        // Byte by byte, whole in the end: answered like any other.
        let mut slow = until("a connection", || TcpStream::connect(sip).ok());
        slow.set_nodelay(true).unwrap();
        let own = slow.local_addr().unwrap();
        for byte in options(sip, own, "TCP", 3, "").as_bytes() {
            slow.write_all(&[*byte]).unwrap();
            std::thread::sleep(Duration::from_millis(2));
        }
        slow.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let mut answer = [0; 1024];
        let length = slow.read(&mut answer).unwrap();
        assert!(
            answer[..length].starts_with(b"SIP/2.0 200"),
            "{}",
            String::from_utf8_lossy(&answer[..length])
        );

        // Random bytes on a connection.
        let mut dice = Dice::new(0x7199);
        let began = Instant::now();
        while began.elapsed() < FLOOD {
            if let Ok(mut stream) = TcpStream::connect(sip) {
                let _ = stream.write_all(&dice.bytes(2000));
            }
        }
        talk.still_serves();
        talk.ends_unharmed();
    });
}

#[test]
fn a_call_survives_the_messages_of_rfc_4475() {
    in_time(|| {
        let folder = std::env::var_os("TIPRING_VECTORS").map_or_else(
            || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors")),
            PathBuf::from,
        );
        let Ok(files) = std::fs::read_dir(folder.join("sip/rfc4475")) else {
            println!("skipped: no vectors");
            return;
        };
        if !is_installed("sipp") {
            return;
        }
        let talk = Talk::start("torture");
        let sip = talk.gateway.sip;
        let udp = socket();
        let mut count = 0;
        for file in files {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            udp.send_to(&bytes, sip).unwrap();
            if let Ok(mut stream) = TcpStream::connect(sip) {
                let _ = stream.write_all(&bytes);
            }
            count += 1;
            talk.still_answers();
        }
        assert!(count >= 49, "{count} messages");
        talk.ends_unharmed();
    });
}
