//! Datagrams that came back: what ICMP says of the SIP socket's own.
//!
//! **What it does.** Gives the addresses to which datagrams did not arrive, as routers and hosts report them, so that a
//! dead server in the neighbourhood is found at once and not by a timer of 32 s.
//!
//! **How.** Linux keeps a queue of errors for a socket that asks for it (IP_RECVERR, ip(7)); each carries the address
//! that the datagram was for.
//!
//! **Limits.** Only unreachable ports, hosts and networks count, not what may pass (too big, time exceeded). At most
//! [`MAX_BATCH`] at a time. A network that drops ICMP is silent here too.
//!
//! **Standard.** RFC 3261 §18.4; RFC 1122 §4.1.3.3.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, RawFd};

use nix::errno::Errno;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt};
use tokio::io::Interest;
use tokio::net::UdpSocket;

/// Errors that are taken from the queue at a time.
const MAX_BATCH: usize = 64;
/// Bytes of an error beside the datagram: what happened (16), and who said so (an address, 28 at the most).
const EXTENDED: usize = 64;
/// Bytes of the datagram that came back, of which none is looked at.
const HEAD: usize = 64;

/// Asks the system to keep errors of this socket.
pub fn watch(socket: &socket2::Socket, address: IpAddr) -> io::Result<()> {
    match address {
        IpAddr::V4(_) => setsockopt(socket, sockopt::Ipv4RecvErr, &true)?,
        IpAddr::V6(_) => setsockopt(socket, sockopt::Ipv6RecvErr, &true)?,
    }
    Ok(())
}

/// Waits for errors; the addresses that cannot be reached, each once.
pub async fn refused(socket: &UdpSocket) -> io::Result<Vec<SocketAddr>> {
    socket.async_io(Interest::ERROR, || take(socket.as_raw_fd())).await
}

fn take(socket: RawFd) -> io::Result<Vec<SocketAddr>> {
    let mut refused = Vec::new();
    for taken in 0..MAX_BATCH {
        match next(socket) {
            Ok(Some(address)) if !refused.contains(&address) => refused.push(address),
            Ok(_) => {}
            // What was taken first; then the caller waits again.
            Err(Errno::EAGAIN) if taken > 0 => break,
            Err(why) => return Err(why.into()),
        }
    }
    Ok(refused)
}

/// The next error of the queue: the address that cannot be reached, `None` if it says something else.
fn next(socket: RawFd) -> Result<Option<SocketAddr>, Errno> {
    let mut head = [0; HEAD];
    let mut parts = [io::IoSliceMut::new(&mut head)];
    let mut space = nix::cmsg_space!([u8; EXTENDED]);
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    let message = recvmsg::<SockaddrStorage>(socket, &mut parts, Some(&mut space), flags)?;
    let dead = message.cmsgs()?.any(|said| match said {
        ControlMessageOwned::Ipv4RecvErr(error, _) | ControlMessageOwned::Ipv6RecvErr(error, _) => {
            let why = Errno::from_raw(i32::try_from(error.ee_errno).unwrap_or_default());
            matches!(why, Errno::ECONNREFUSED | Errno::EHOSTUNREACH | Errno::ENETUNREACH)
        }
        _ => false,
    });
    Ok(message.address.filter(|_| dead).and_then(address_of))
}

fn address_of(found: SockaddrStorage) -> Option<SocketAddr> {
    let v4 = found.as_sockaddr_in().map(|address| SocketAddr::V4((*address).into()));
    v4.or_else(|| found.as_sockaddr_in6().map(|address| SocketAddr::V6((*address).into())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sockets::listen_sip;

    #[tokio::test]
    async fn a_closed_port_is_told_by_its_address_and_others_are_not() {
        for loopback in [IpAddr::from([127, 0, 0, 1]), IpAddr::from([0u16, 0, 0, 0, 0, 0, 0, 1])] {
            let Ok((udp, _tcp)) = listen_sip(SocketAddr::new(loopback, 0)) else {
                println!("skipped: no {loopback} on this machine");
                continue;
            };
            let udp = UdpSocket::from_std(udp).unwrap();
            let open = UdpSocket::bind(SocketAddr::new(loopback, 0)).await.unwrap();
            let closed = {
                let gone = UdpSocket::bind(SocketAddr::new(loopback, 0)).await.unwrap();
                gone.local_addr().unwrap()
            };
            udp.send_to(b"x", open.local_addr().unwrap()).await.unwrap();
            udp.send_to(b"x", closed).await.unwrap();
            let told = tokio::time::timeout(std::time::Duration::from_secs(10), refused(&udp)).await;
            assert_eq!(told.unwrap().unwrap(), [closed]);
            // The socket works on.
            let far = open.local_addr().unwrap();
            if udp.send_to(b"y", far).await.is_err() {
                udp.send_to(b"y", far).await.unwrap();
            }
            let mut buffer = [0; 8];
            for expected in [b"x", b"y"] {
                let (length, _) = open.recv_from(&mut buffer).await.unwrap();
                assert_eq!(&buffer[..length], expected);
            }
        }
    }
}
