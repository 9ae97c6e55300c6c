//! Those who only want to do harm: floods, broken messages, connections that stall.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

/// Numbers that look random and are the same in each run (xorshift, Marsaglia 2003).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }

    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next().to_le_bytes()[3]).collect()
    }
}

pub fn socket() -> UdpSocket {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()
}

/// A call to 102, whole and in order.
pub fn invite(to: SocketAddr, from: SocketAddr, transport: &str, mark: u64) -> String {
    format!(
        "INVITE sip:102@{to} SIP/2.0\r\nVia: SIP/2.0/{transport} {from};branch=z9hG4bK{mark}\r\n\
         From: <sip:99@{from}>;tag={mark}\r\nTo: <sip:102@{to}>\r\nCall-ID: {mark}@noise\r\n\
         CSeq: 1 INVITE\r\nContact: <sip:99@{from}>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    )
}

/// A question that any SIP peer answers.
pub fn options(to: SocketAddr, from: SocketAddr, transport: &str, mark: u64, more: &str) -> String {
    format!(
        "OPTIONS sip:{to} SIP/2.0\r\nVia: SIP/2.0/{transport} {from};branch=z9hG4bK{mark}\r\n\
         From: <sip:99@{from}>;tag={mark}\r\nTo: <sip:{to}>\r\nCall-ID: {mark}@noise\r\n\
         CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n{more}Content-Length: 0\r\n\r\n"
    )
}

/// Datagrams to `to` for so long, as fast as `pause` allows. How many were sent.
pub fn flood(to: &[SocketAddr], length: Duration, mut next: impl FnMut(usize) -> Vec<u8>) -> usize {
    let socket = socket();
    let began = Instant::now();
    let mut sent = 0;
    while began.elapsed() < length {
        // Bursts of 20 with a millisecond between them: some ten thousand a second, as far as the machine can.
        for _ in 0..20 {
            let bytes = next(sent);
            let _ = socket.send_to(&bytes, to[sent % to.len()]);
            sent += 1;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    sent
}

/// Connections that send the beginning of a message and nothing more.
pub fn half_open(to: SocketAddr, count: usize) -> Vec<TcpStream> {
    let mut streams = Vec::new();
    for place in 0..count {
        let Ok(mut stream) = TcpStream::connect_timeout(&to, Duration::from_secs(2)) else { continue };
        // Some say nothing at all. The gateway may have closed it already.
        if place % 4 != 0 {
            let _ = stream.write_all(b"INVITE sip:102@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP ");
        }
        streams.push(stream);
    }
    streams
}
