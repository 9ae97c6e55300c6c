//! Which of many sockets have something to read.
//!
//! # How
//! By `epoll`, level-triggered: one call of the system for all, and no look at a socket where nothing waits. What is found is kept
//! in memory made at the start.
//!
//! # Limits
//! So many sockets at once as it was made for; others wait for the next look, for the system takes turns.

use std::io;
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

/// Sockets that are watched, each under a number.
#[derive(Debug)]
pub struct Ready {
    epoll: Epoll,
    found: Vec<EpollEvent>,
}

impl Ready {
    /// Watches none so far; a look finds up to `most`.
    ///
    /// # Errors
    /// Where the system has no room for it.
    pub fn new(most: usize) -> io::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        Ok(Self { epoll, found: vec![EpollEvent::empty(); most.max(1)] })
    }

    /// Watches a socket under a number. One that is watched already is as it was.
    ///
    /// # Errors
    /// Where the system has no room for it.
    pub fn watch(&self, socket: impl AsFd, number: u64) -> io::Result<()> {
        match self.epoll.add(socket, EpollEvent::new(EpollFlags::EPOLLIN, number)) {
            Ok(()) | Err(Errno::EEXIST) => Ok(()),
            Err(why) => Err(why.into()),
        }
    }

    /// Watches a socket no more.
    pub fn forget(&self, socket: impl AsFd) {
        // One that is not watched is as it should be.
        let _ = self.epoll.delete(socket);
    }

    /// Looks which have something to read, or an error to tell, and returns how many; waits for none.
    pub fn look(&mut self) -> usize {
        // A look that a signal interrupts has found none; there will be another.
        self.epoll.wait(&mut self.found, EpollTimeout::ZERO).unwrap_or(0)
    }

    /// The number of one that the last look found.
    pub fn number(&self, place: usize) -> Option<u64> {
        self.found.get(place).map(EpollEvent::data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;

    fn socket() -> UdpSocket {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        socket.set_nonblocking(true).unwrap();
        socket
    }

    #[test]
    fn those_are_found_where_something_waits_until_it_is_read() {
        let (sockets, sender) = ([socket(), socket(), socket()], socket());
        let mut ready = Ready::new(8).unwrap();
        for (number, socket) in (10..).zip(&sockets) {
            ready.watch(socket, number).unwrap();
            ready.watch(socket, 99).unwrap();
        }
        assert_eq!(ready.look(), 0);
        for _ in 0..2 {
            sender.send_to(b"packet", sockets[1].local_addr().unwrap()).unwrap();
        }
        for _ in 0..2 {
            assert_eq!((ready.look(), ready.number(0)), (1, Some(11)));
            sockets[1].recv(&mut [0; 8]).unwrap();
        }
        assert_eq!(ready.look(), 0);
        sender.send_to(b"packet", sockets[2].local_addr().unwrap()).unwrap();
        ready.forget(&sockets[2]);
        ready.forget(&sockets[2]);
        assert_eq!(ready.look(), 0);
    }

    #[test]
    fn a_far_socket_that_is_closed_is_found_and_told_once() {
        let (near, far) = (socket(), socket());
        let mut ready = Ready::new(8).unwrap();
        ready.watch(&near, 7).unwrap();
        near.connect(far.local_addr().unwrap()).unwrap();
        drop(far);
        near.send(b"packet").unwrap();
        // The loopback answers within the call.
        assert_eq!((ready.look(), ready.number(0)), (1, Some(7)));
        near.recv(&mut [0; 8]).unwrap_err();
        assert_eq!(ready.look(), 0);
    }
}
