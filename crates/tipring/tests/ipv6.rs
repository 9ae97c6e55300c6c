//! The program over IPv6: SIP by UDP and by TCP and RTP, at [::1], with a far end of a few lines.

mod common;

use std::io::{Read, Write};
use std::net::{Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::{Demo, Dir, PATIENCE, Process, stdout, until};

/// 1000 Hz at 0 dBm0 in mu-law: the digital milliwatt of G.711, table 6.
const MILLIWATT: [u8; 8] = [0x1e, 0x0b, 0x0b, 0x1e, 0x9e, 0x8b, 0x8b, 0x9e];

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// A gateway at [::1] with telephone 101 that calls `far`, and where it is.
fn start(name: &str, media: &str, far: SocketAddr) -> (Demo, SocketAddr) {
    let dir = Dir::new(name);
    let text = format!(
        "country = \"us\"\nlisten = \"[::1]:0\"\nmedia = \"{media}\"\ntrust = [\"::1\"]\n\
         [server.far]\naddress = \"{far}\"\nrings = \"101\"\n[phone.101]\nport = \"sim/1\"\n[web]\nlisten = \"off\"\n"
    );
    let file = dir.file("tipring.toml", &text);
    let state = dir.path().to_str().unwrap();
    let process = Process::start(&["--dir", state, "run", "--config", file.to_str().unwrap()]);
    let line = process.shows("SIP on ");
    let sip = line.split("SIP on ").nth(1).and_then(|rest| rest.split(',').next()).unwrap().trim();
    let sip: SocketAddr = sip.parse().unwrap_or_else(|_| panic!("{line}"));
    assert_eq!(sip.ip(), Ipv6Addr::LOCALHOST);
    let gateway = Demo { process, dir };
    until("it answers", || (gateway.command(&["status"]).status.code() != Some(2)).then_some(()));
    (gateway, sip)
}

/// The far end's wire.
enum Wire {
    Udp(UdpSocket, SocketAddr),
    Tcp(TcpStream, Vec<u8>),
}

impl Wire {
    fn send(&mut self, text: &str) {
        match self {
            Self::Udp(socket, gateway) => drop(socket.send_to(text.as_bytes(), *gateway).unwrap()),
            Self::Tcp(stream, _) => stream.write_all(text.as_bytes()).unwrap(),
        }
    }

    /// The next message that begins so.
    fn gets(&mut self, start: &str) -> String {
        loop {
            let text = self.next();
            if text.starts_with(start) {
                return text;
            }
        }
    }

    fn next(&mut self) -> String {
        let mut buffer = [0; 8192];
        match self {
            Self::Udp(socket, _) => {
                let length = socket.recv(&mut buffer).unwrap();
                String::from_utf8_lossy(&buffer[..length]).into_owned()
            }
            Self::Tcp(stream, kept) => loop {
                let text = String::from_utf8_lossy(kept).into_owned();
                if let Some(head) = text.find("\r\n\r\n") {
                    let length = text[..head]
                        .lines()
                        .find_map(|line| line.strip_prefix("Content-Length: ")?.parse::<usize>().ok())
                        .unwrap();
                    if kept.len() >= head + 4 + length {
                        let message: Vec<u8> = kept.drain(..head + 4 + length).collect();
                        return String::from_utf8(message).unwrap();
                    }
                }
                let length = stream.read(&mut buffer).unwrap();
                assert!(length > 0, "the stream ended after {text:?}");
                kept.extend_from_slice(&buffer[..length]);
            },
        }
    }
}

fn header<'a>(message: &'a str, name: &str) -> &'a str {
    message.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name} in {message}"))
}

fn sdp(media: &UdpSocket) -> String {
    let port = media.local_addr().unwrap().port();
    format!("v=0\r\no=- 1 1 IN IP6 ::1\r\ns=-\r\nc=IN IP6 ::1\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n")
}

/// Sound goes both ways between `media` and telephone 101, to where the gateway's description in `message` says.
fn sounds_both_ways(gateway: &Demo, media: &UdpSocket, message: &str) {
    assert_eq!(header(message, "c="), "c=IN IP6 ::1");
    let port: u16 = header(message, "m=audio ").split(' ').nth(1).unwrap().parse().unwrap();
    let to = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
    let mut packet = [0; 2048];
    let (length, from) = media.recv_from(&mut packet).unwrap();
    assert_eq!((length, from), (172, to), "20 ms of G.711 from the port that it named");
    let stop = Arc::new(AtomicBool::new(false));
    let (socket, stopped) = (media.try_clone().unwrap(), Arc::clone(&stop));
    let speaker = std::thread::spawn(move || {
        let mut packet = vec![0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6];
        packet.extend(MILLIWATT.repeat(20));
        for n in 0..u16::MAX {
            if stopped.load(Ordering::Relaxed) {
                break;
            }
            packet[2..4].copy_from_slice(&n.to_be_bytes());
            packet[4..8].copy_from_slice(&(u32::from(n) * 160).to_be_bytes());
            socket.send_to(&packet, to).unwrap();
            std::thread::sleep(Duration::from_millis(20)); // the pace of a telephone
        }
    });
    gateway
        .hears("101", "1000 Hz", |line| line.starts_with("tone 1000 Hz") || line.starts_with("tone 999 Hz"));
    stop.store(true, Ordering::Relaxed);
    speaker.join().unwrap();
}

/// The far end calls 101, they talk, and it hangs up.
fn calls_in(gateway: &Demo, sip: SocketAddr, mut wire: Wire, own: SocketAddr, name: &str) {
    let media = socket();
    let body = sdp(&media);
    let request = |start: &str, to: &str, cseq: &str, body: &str| {
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        format!(
            "{start} SIP/2.0\r\nVia: SIP/2.0/{name} {own};branch=z9hG4bK{};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:555@{own}>;tag=far\r\n{to}\r\nCall-ID: six-{name}\r\nCSeq: {cseq}\r\n\
             Contact: <sip:555@{own};transport={name}>\r\n{kind}Content-Length: {}\r\n\r\n{body}",
            cseq.replace(' ', ""),
            body.len()
        )
    };
    let uri = format!("sip:101@{sip}");
    wire.send(&request(&format!("INVITE {uri}"), &format!("To: <{uri}>"), "1 INVITE", &body));
    wire.gets("SIP/2.0 180");
    gateway.hears_line("101", "ringing");
    gateway.phone("101", &["off-hook"]);
    let answer = wire.gets("SIP/2.0 200");
    assert!(header(&answer, "Contact:").contains("@[::1]:"), "{answer}");
    let to = header(&answer, "To:").to_owned();
    let contact = header(&answer, "Contact:").split(['<', '>']).nth(1).unwrap().to_owned();
    wire.send(&request(&format!("ACK {contact}"), &to, "1 ACK", ""));
    sounds_both_ways(gateway, &media, &answer);
    wire.send(&request(&format!("BYE {contact}"), &to, "2 BYE", ""));
    wire.gets("SIP/2.0 200");
    gateway.phone("101", &["on-hook"]);
    until("101 is idle", || stdout(&gateway.command(&["status"])).contains("phones 1: 1 idle").then_some(()));
}

#[test]
fn a_call_over_ipv6_comes_in_by_udp_and_by_tcp_with_sound_both_ways() {
    let far = socket();
    let own = far.local_addr().unwrap();
    let (gateway, sip) = start("six-in", "28200-28299", own);
    calls_in(&gateway, sip, Wire::Udp(far, sip), own, "UDP");
    let stream = TcpStream::connect(sip).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let own = stream.local_addr().unwrap();
    calls_in(&gateway, sip, Wire::Tcp(stream, Vec::new()), own, "TCP");
}

#[test]
fn a_telephone_calls_a_server_of_ipv6() {
    let far = socket();
    let own = far.local_addr().unwrap();
    let (gateway, sip) = start("six-out", "28300-28399", own);
    let (mut wire, media) = (Wire::Udp(far, sip), socket());
    gateway.phone("101", &["off-hook"]);
    gateway.hears_line("101", "dial-tone");
    gateway.phone("101", &["dial", "5551234"]);
    let invite = wire.gets("INVITE ");
    assert!(
        invite.starts_with(&format!("INVITE sip:5551234@{own} ")) || invite.contains("@[::1]"),
        "{invite}"
    );
    assert!(header(&invite, "Via:").starts_with("Via: SIP/2.0/UDP [::1]:"), "{invite}");
    let head: Vec<&str> = ["Via:", "From:", "Call-ID:", "CSeq:"].map(|name| header(&invite, name)).to_vec();
    let (to, body) = (header(&invite, "To:"), sdp(&media));
    wire.send(&format!(
        "SIP/2.0 200 OK\r\n{}\r\n{to};tag=far\r\nContact: <sip:{own}>\r\nContent-Type: application/sdp\r\n\
         Content-Length: {}\r\n\r\n{body}",
        head.join("\r\n"),
        body.len()
    ));
    wire.gets("ACK ");
    sounds_both_ways(&gateway, &media, &invite);
    gateway.phone("101", &["on-hook"]);
    let bye = wire.gets("BYE ");
    assert!(bye.starts_with(&format!("BYE sip:{own} ")), "{bye}");
}
