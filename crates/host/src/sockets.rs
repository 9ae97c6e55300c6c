//! The sockets: SIP on one address, media on a pool of pairs.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};

use socket2::{Domain, Protocol, Socket, Type};
use tipring_units::MediaSlot;

use crate::icmp;

/// Receive buffer of the SIP socket: a thousand calls' worth of retransmissions.
const SIP_BUFFER: usize = 4 * 1024 * 1024;

/// How long no connection is accepted after one could not be.
pub(crate) const ACCEPT_PAUSE: std::time::Duration = std::time::Duration::from_millis(100);

/// Why sockets could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// An address is taken or not ours.
    #[error("{address}: {why}. {remedy}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The operating system's words.
        why: io::Error,
        /// What to do.
        remedy: &'static str,
    },
    /// Too few free pairs in the range.
    #[error(
        "media {first}-{last}: only {found} of {wanted} free pairs of UDP ports. Widen `media`, or stop who uses them (`ss -ulpn`)"
    )]
    Range {
        /// First UDP port.
        first: u16,
        /// Last UDP port.
        last: u16,
        /// Pairs found.
        found: usize,
        /// Pairs wanted.
        wanted: usize,
    },
}

/// Opens the SIP socket and listener on `address`.
pub fn listen_sip(address: SocketAddr) -> Result<(UdpSocket, TcpListener), SocketError> {
    // A port that the system chose for UDP may be taken for TCP: then another.
    let others = if address.port() == 0 { 15 } else { 0 };
    (0..others).fold(listen_once(address), |tried, _| tried.or_else(|_| listen_once(address)))
}

fn listen_once(address: SocketAddr) -> Result<(UdpSocket, TcpListener), SocketError> {
    let refuse = |why: io::Error| SocketError::Bind {
        address,
        remedy: match why.kind() {
            io::ErrorKind::AddrInUse => {
                "Another SIP program listens there: stop it, or set `listen` (demo: --sip) to a free port"
            }
            io::ErrorKind::AddrNotAvailable => "This machine has no such address: `ip address` lists its own",
            io::ErrorKind::PermissionDenied => "UDP ports below 1024 need root or CAP_NET_BIND_SERVICE",
            _ => "Check `listen` (demo: --sip)",
        },
        why,
    };
    let udp = (|| {
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        // The system may grant less; what is lost then is retransmitted.
        let _ = socket.set_recv_buffer_size(SIP_BUFFER);
        // Without it a dead server is found by a timer only.
        let _ = icmp::watch(&socket, address.ip());
        socket.bind(&address.into())?;
        socket.set_nonblocking(true)?;
        Ok(UdpSocket::from(socket))
    })()
    .map_err(refuse)?;
    let bound = udp.local_addr().unwrap_or(address);
    let tcp = (|| {
        let socket = Socket::new(Domain::for_address(bound), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        socket.bind(&bound.into())?;
        socket.listen(1024)?;
        socket.set_nonblocking(true)?;
        Ok(TcpListener::from(socket))
    })()
    .map_err(refuse)?;
    Ok((udp, tcp))
}

/// The pool of media socket pairs: RTP on the even UDP port, RTCP on the odd one after it.
#[derive(Debug)]
pub struct MediaSockets {
    pairs: Vec<(UdpSocket, UdpSocket, SocketAddr)>,
}

impl MediaSockets {
    /// Opens `wanted` pairs on `ip` from UDP port `first` on, none beyond `last`. UDP ports that others use are passed over.
    pub fn open(ip: IpAddr, first: u16, last: u16, wanted: usize) -> Result<Self, SocketError> {
        let mut pairs = Vec::with_capacity(wanted);
        let mut port = first.next_multiple_of(2);
        while pairs.len() < wanted && port < last {
            let rtp = SocketAddr::new(ip, port);
            let rtcp = SocketAddr::new(ip, port + 1);
            if let (Ok(a), Ok(b)) = (UdpSocket::bind(rtp), UdpSocket::bind(rtcp))
                && a.set_nonblocking(true).is_ok()
                && b.set_nonblocking(true).is_ok()
            {
                pairs.push((a, b, rtp));
            }
            let Some(next) = port.checked_add(2) else { break };
            port = next;
        }
        if pairs.len() < wanted {
            return Err(SocketError::Range { first, last, found: pairs.len(), wanted });
        }
        Ok(Self { pairs })
    }

    /// The slots with the address of each one's RTP socket.
    pub fn slots(&self) -> Vec<(MediaSlot, SocketAddr)> {
        (0..).map(MediaSlot).zip(&self.pairs).map(|(slot, (_, _, address))| (slot, *address)).collect()
    }

    /// The RTP and the RTCP socket of a slot.
    pub fn get(&self, slot: MediaSlot) -> Option<(&UdpSocket, &UdpSocket)> {
        self.pairs.get(usize::from(slot.0)).map(|(rtp, rtcp, _)| (rtp, rtcp))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOPBACK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn pairs_are_even_and_odd_and_taken_ports_are_passed_over() {
        let first = MediaSockets::open(LOOPBACK, 23_001, 23_019, 2).unwrap();
        let slots = first.slots();
        assert!(slots.iter().all(|(_, address)| address.port() % 2 == 0));
        let second = MediaSockets::open(LOOPBACK, 23_001, 23_019, 2).unwrap();
        assert!(second.slots().iter().all(|(_, address)| slots.iter().all(|(_, other)| other != address)));
        let error = MediaSockets::open(LOOPBACK, 23_001, 23_019, 20).unwrap_err().to_string();
        assert!(error.contains("of 20 free pairs") && error.contains("ss -ulpn"), "{error}");
    }

    #[test]
    fn a_chosen_port_that_is_taken_for_tcp_gives_way_to_another() {
        // Some hundredths of the ports that the system chooses from: of so many choices some meet one.
        let _taken: Vec<TcpListener> =
            (0..700).map(|_| TcpListener::bind(SocketAddr::new(LOOPBACK, 0)).unwrap()).collect();
        for _ in 0..300 {
            listen_sip(SocketAddr::new(LOOPBACK, 0)).unwrap();
        }
    }

    #[test]
    fn a_taken_sip_address_is_told_with_its_remedy() {
        let (udp, _tcp) = listen_sip(SocketAddr::new(LOOPBACK, 0)).unwrap();
        let error = listen_sip(udp.local_addr().unwrap()).unwrap_err().to_string();
        assert!(error.contains("Another SIP program listens there"), "{error}");
    }
}
