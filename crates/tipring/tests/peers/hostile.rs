//! Hostile input while a line talks to a SIP phone: the call and its sound stay untouched, status answers, memory
//! stays bounded.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use crate::baresip::{Baresip, Setup};
use crate::common::until;
use crate::gateway::{Gateway, number_of};
use crate::measure;
use crate::noise::{Dice, flood, half_open, invite, options, socket};
use crate::program::is_installed;

/// What the gateway's memory may grow by, in kilobytes: its tables are bounded, and small.
const GROWTH_KB: u64 = 64 * 1024;
/// How long each flood lasts.
const FLOOD: Duration = Duration::from_millis(1500);
/// 1004 Hz at -10 dBm0 in the telephone's mouth, on the wire.
const WIRE_DBM0: f64 = -11.8;

/// A line in a call with baresip; both speak.
struct Talk {
    gateway: Gateway,
    far: Baresip,
    before_kb: u64,
}

impl Talk {
    fn start(name: &str) -> Self {
        let mut far = Baresip::start(&format!("{name}-b"), Setup::default());
        let body = format!(
            "[server.far]\naddress = \"{}\"\n[phone.101-102]\nport = \"sim/1-2\"\nname = \"Phone {{number}}\"\n",
            far.sip
        );
        let gateway = Gateway::start(name, &body);
        gateway.dials("101", "5551234");
        far.sees(&["CALL_INCOMING"]);
        far.tell("accept", "");
        far.sees(&["CALL_ESTABLISHED"]);
        gateway.phone("101", &["say", "tone:1004:-10"]);
        far.hears_tone(1004.0, WIRE_DBM0, 500);
        let before_kb = gateway.resident_kb();
        Self { gateway, far, before_kb }
    }

    /// A message of good faith is still answered, and so is the control socket.
    fn still_serves(&self) {
        let status = self.gateway.ask(&["status"]);
        assert!(status.contains("101 Phone 101") && status.contains("to 5551234"), "{status}");
        answered(self.gateway.sip);
    }

    /// Hangs up; the sound had no gap, and memory did not grow.
    fn ends_unharmed(self) {
        let Self { gateway, far, before_kb } = self;
        let after_kb = gateway.resident_kb();
        assert!(after_kb < before_kb + GROWTH_KB, "{before_kb} kB grew to {after_kb} kB");
        println!("memory {before_kb} kB, then {after_kb} kB");
        far.hears_tone(1004.0, WIRE_DBM0, 2000);
        gateway.phone("101", &["on-hook"]);
        far.sees(&["CALL_CLOSED"]);
        let record = until("the record of the call", || {
            gateway.records().into_iter().find(|record| record.contains("\"dialled\":\"5551234\""))
        });
        assert_eq!(number_of(&record, "cause"), Some(16), "{record}");
        let found = measure::find(far.recordings().last().unwrap(), 1004.0, WIRE_DBM0).unwrap();
        println!("{found:?}");
        assert!((found.dbm0 - WIRE_DBM0).abs() < 1.0 && found.gap_ms <= 100, "{found:?}");
        assert!(found.length_ms > 2000, "{found:?}");
    }
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
    if !is_installed("baresip") {
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
}

#[test]
fn a_call_survives_hostile_connections() {
    if !is_installed("baresip") {
        return;
    }
    let talk = Talk::start("streams");
    let sip = talk.gateway.sip;
    let open = half_open(sip, 1000);
    assert!(open.len() >= 900, "{} connections", open.len());
    talk.still_serves();

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
    assert!(answer[..length].starts_with(b"SIP/2.0 200"), "{}", String::from_utf8_lossy(&answer[..length]));

    // Random bytes on a connection.
    let mut dice = Dice::new(0x7199);
    for _ in 0..50 {
        if let Ok(mut stream) = TcpStream::connect(sip) {
            let _ = stream.write_all(&dice.bytes(2000));
        }
    }
    talk.still_serves();
    talk.ends_unharmed();
}

#[test]
fn a_call_survives_the_messages_of_rfc_4475() {
    let folder = std::env::var_os("TIPRING_VECTORS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors")),
        PathBuf::from,
    );
    let Ok(files) = std::fs::read_dir(folder.join("sip/rfc4475")) else {
        println!("skipped: no vectors");
        return;
    };
    if !is_installed("baresip") {
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
        talk.still_serves();
    }
    assert!(count >= 49, "{count} messages");
    talk.ends_unharmed();
}
