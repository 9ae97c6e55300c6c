//! The demo's SIP socket, with a far end of a few lines that is no user agent of ours.

mod common;

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use common::{Demo, PATIENCE};
use nix::sys::signal::Signal;

/// A far end that calls once.
struct Caller {
    socket: UdpSocket,
    media: UdpSocket,
    gateway: SocketAddr,
}

impl Caller {
    fn new(gateway: SocketAddr) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { socket, media: UdpSocket::bind("127.0.0.1:0").unwrap(), gateway }
    }

    fn send(&self, start: &str, branch: &str, to: &str, cseq: &str, body: &str) {
        let own = self.socket.local_addr().unwrap();
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let text = format!(
            "{start} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{branch};rport\r\nMax-Forwards: 70\r\n\
             From: \"Outside\" <sip:5550177@{own}>;tag=far\r\n{to}\r\nCall-ID: once@far\r\nCSeq: {cseq}\r\n\
             Contact: <sip:5550177@{own}>\r\n{kind}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.socket.send_to(text.as_bytes(), self.gateway).unwrap();
    }

    /// The next message that begins so.
    fn gets(&self, start: &str) -> String {
        let mut buffer = [0; 4096];
        loop {
            let length = self.socket.recv(&mut buffer).unwrap_or_else(|why| panic!("no {start}: {why}"));
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if text.starts_with(start) {
                return text;
            }
        }
    }
}

/// The whole header line.
fn header<'a>(message: &'a str, name: &str) -> &'a str {
    message.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name} in {message}"))
}

#[test]
fn a_sip_caller_rings_a_telephone_and_is_released_when_the_gateway_stops() {
    let mut demo = Demo::start("sip");
    let caller = Caller::new(demo.sip());
    let uri = format!("sip:103@{}", caller.gateway);
    let offer = format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {} RTP/AVP 0\r\n",
        caller.media.local_addr().unwrap().port()
    );
    caller.send(&format!("INVITE {uri}"), "one", &format!("To: <{uri}>"), "1 INVITE", &offer);
    caller.gets("SIP/2.0 180");
    demo.hears_line("103", "ringing");
    let shown = demo.hears("103", "the caller", |line| line.starts_with("caller "));
    assert!(shown.starts_with("caller 5550177 \"Outside\""), "{shown}");
    demo.phone("103", &["off-hook"]);
    let answer = caller.gets("SIP/2.0 200");
    assert!(answer.contains("c=IN IP4 127.0.0.1"), "voice stays on loopback: {answer}");
    let to = header(&answer, "To:").to_owned();
    let contact = header(&answer, "Contact:").split(['<', '>']).nth(1).unwrap().to_owned();
    caller.send(&format!("ACK {contact}"), "two", &to, "1 ACK", "");
    caller.media.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut packet = [0; 2048];
    assert_eq!(caller.media.recv(&mut packet).unwrap(), 172, "20 ms of G.711");
    let status = demo.ask(&["status"]);
    assert!(status.contains("103 Phone 103  00:0") && status.contains(" from 5550177"), "{status}");

    demo.process.signal(Signal::SIGTERM);
    let bye = caller.gets("BYE ");
    for question in ["calls", "status"] {
        let told = demo.command(&[question]);
        assert_eq!(told.status.code(), Some(2), "{question}");
        assert!(common::stderr(&told).starts_with("The gateway is stopping"), "{}", common::stderr(&told));
    }
    let asked = Instant::now();
    let head: Vec<&str> =
        ["Via:", "From:", "To:", "Call-ID:", "CSeq:"].map(|name| header(&bye, name)).to_vec();
    let reply = format!("SIP/2.0 200 OK\r\n{}\r\nContent-Length: 0\r\n\r\n", head.join("\r\n"));
    caller.socket.send_to(reply.as_bytes(), caller.gateway).unwrap();
    assert_eq!(demo.process.ends(), Some(0));
    assert!(asked.elapsed() < Duration::from_secs(4), "it waits for answers, not for timers");
    let calls = common::stdout(&demo.command(&["calls"]));
    assert!(
        calls.contains("5550177 via network -> 103  00:0") && calls.contains("the gateway stops (41)"),
        "{calls}"
    );
}

#[test]
fn nonsense_on_the_sip_socket_does_not_touch_a_call() {
    let demo = Demo::start("nonsense");
    demo.talk();
    demo.phone("101", &["say", "tone:1004"]);
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    for n in 0..500_u32 {
        let bytes: Vec<u8> = (0..n * 3).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        stranger.send_to(&bytes, demo.sip()).unwrap();
        stranger.send_to(b"INVITE sip:101@x SIP/2.0\r\nVia: SIP/2.0/UDP", demo.sip()).unwrap();
    }
    demo.hears("102", "the tone", |line| line.starts_with("tone 1004 Hz"));
    assert!(demo.ask(&["status"]).contains("2 talking"));
}
