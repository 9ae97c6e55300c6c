//! Waking the control thread from a media thread: one byte into a socket pair that never blocks.

use std::io::{Result, Write};
use std::os::unix::net::UnixStream;

/// The side that wakes.
#[derive(Debug)]
pub struct Wake(UnixStream);

/// The side that is woken.
#[derive(Debug)]
pub struct Woken(UnixStream);

/// A pair of sides.
pub fn pair() -> Result<(Wake, Woken)> {
    let (wake, woken) = UnixStream::pair()?;
    wake.set_nonblocking(true)?;
    woken.set_nonblocking(true)?;
    Ok((Wake(wake), Woken(woken)))
}

impl Wake {
    /// Another waker of the same sleeper.
    pub fn try_clone(&self) -> Result<Self> {
        self.0.try_clone().map(Self)
    }

    /// Wakes. When the pair is full the sleeper has been woken often enough.
    pub fn wake(&self) {
        let _ = (&self.0).write(&[1]);
    }
}

impl Woken {
    /// The stream to wait on.
    pub fn into_stream(self) -> Result<tokio::net::UnixStream> {
        tokio::net::UnixStream::from_std(self.0)
    }
}

/// Takes all wakings that have come.
pub fn drain(stream: &tokio::net::UnixStream) {
    let mut bytes = [0; 256];
    while matches!(stream.try_read(&mut bytes), Ok(count) if count > 0) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn waking_never_blocks_however_often() {
        let (wake, woken) = pair().unwrap();
        for _ in 0..1_000_000 {
            wake.wake();
        }
        let mut byte = [0; 1];
        assert_eq!((&woken.0).read(&mut byte).unwrap(), 1);
    }
}
