//! What the packets of a load cost to send and to receive: by the sockets of this machine, to itself, as the host does it.

use std::net::UdpSocket;

use anyhow::{Context, Result};
use tipring_host::Ready;

use super::load::PACKET;
use super::watch::Start;

/// Streams, each with a socket for packets and one where next to nothing comes. Packets of 20 ms: every other stream has one in a
/// tick.
const STREAMS: usize = 256;
/// Ticks that are measured.
const TICKS: usize = 100;

/// Nanoseconds of one packet.
pub struct Sockets {
    /// `sendto`.
    pub send: f64,
    /// `recvfrom`, with its share of the looks by which it was found.
    pub receive: f64,
}

/// Sends packets over the loopback and takes them.
pub fn measure() -> Result<Sockets> {
    let open = || {
        let socket =
            UdpSocket::bind(("127.0.0.1", 0)).context("no UDP socket can be opened on the loopback")?;
        socket.set_nonblocking(true).context("the socket cannot be made non-blocking")?;
        anyhow::Ok(socket)
    };
    let from = open()?;
    let sockets = (0..2 * STREAMS).map(|_| open()).collect::<Result<Vec<_>>>()?;
    let mut ready = Ready::new(sockets.len()).context("the sockets cannot be watched")?;
    for (number, socket) in (0..).zip(&sockets) {
        ready.watch(socket, number).context("the sockets cannot be watched")?;
    }
    let addresses = sockets
        .iter()
        .map(|socket| socket.local_addr().context("the socket has no address"))
        .collect::<Result<Vec<_>>>()?;
    let (bytes, mut buffer) = ([0x80; PACKET], [0; 1500]);
    let (mut send, mut receive, mut sent, mut received) = (0.0, 0.0, 0_usize, 0_usize);
    for tick in 0..TICKS {
        let start = Start::now();
        for address in addresses.iter().step_by(2).skip(tick % 2).step_by(2) {
            from.send_to(&bytes, address).context("the loopback takes no packet")?;
            sent += 1;
        }
        send += start.took().cpu;
        let start = Start::now();
        loop {
            let found = ready.look();
            for number in (0..found).filter_map(|place| ready.number(place)) {
                let socket = sockets.get(number as usize).context("no such socket")?;
                received += usize::from(socket.recv_from(&mut buffer).is_ok());
            }
            if found == 0 {
                break;
            }
        }
        receive += start.took().cpu;
    }
    Ok(Sockets { send: send / sent as f64, receive: receive / received.max(1) as f64 })
}
