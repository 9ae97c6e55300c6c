//! What the packets of a load cost to send and to receive: by the sockets of this machine, to itself.

use std::net::UdpSocket;

use anyhow::{Context, Result};

use super::load::PACKET;
use super::watch::Start;

/// Packets that are under way at once, so that no socket's room is full.
const BATCH: usize = 64;
/// Packets that are measured.
const PACKETS: usize = 20_000;

/// Nanoseconds of one packet, sent and received, and of a look at a socket where nothing waits.
pub struct Sockets {
    /// `sendto`.
    pub send: f64,
    /// `recvfrom`.
    pub receive: f64,
    /// `recvfrom` of nothing.
    pub look: f64,
}

/// Sends packets over the loopback one by one, as the host does, and takes them.
pub fn measure() -> Result<Sockets> {
    let open = || UdpSocket::bind(("127.0.0.1", 0)).context("no UDP socket can be opened on the loopback");
    let (from, to) = (open()?, open()?);
    to.set_nonblocking(true).context("the socket cannot be made non-blocking")?;
    let address = to.local_addr().context("the socket has no address")?;
    let (bytes, mut buffer) = ([0x80; PACKET], [0; 1500]);
    let (mut send, mut receive, mut received) = (0.0, 0.0, 0_usize);
    for _ in 0..PACKETS / BATCH {
        let start = Start::now();
        for _ in 0..BATCH {
            from.send_to(&bytes, address).context("the loopback takes no packet")?;
        }
        send += start.took().cpu;
        let start = Start::now();
        for _ in 0..BATCH {
            received += usize::from(to.recv_from(&mut buffer).is_ok());
        }
        receive += start.took().cpu;
    }
    let start = Start::now();
    for _ in 0..PACKETS {
        // Nothing waits: that is what is measured.
        let _ = to.recv_from(&mut buffer);
    }
    let look = start.took().cpu / PACKETS as f64;
    let sent = (PACKETS / BATCH * BATCH) as f64;
    Ok(Sockets { send: send / sent, receive: receive / received.max(1) as f64, look })
}
