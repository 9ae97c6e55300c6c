//! The clocks of a measurement.
//!
//! The processor's time of this thread leaves out what else the machine does meanwhile, but for what that costs of the caches.

use std::time::Instant;

use nix::time::{ClockId, clock_gettime};

/// What something took, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct Took {
    /// Of the thread on a processor.
    pub cpu: f64,
    /// By the clock on the wall.
    pub wall: f64,
}

/// When something began.
pub struct Start {
    cpu: f64,
    wall: Instant,
}

impl Start {
    /// Now.
    pub fn now() -> Self {
        Self { wall: Instant::now(), cpu: thread_nanos() }
    }

    /// What passed since.
    pub fn took(&self) -> Took {
        let cpu = thread_nanos() - self.cpu;
        Took { cpu, wall: self.wall.elapsed().as_nanos() as f64 }
    }
}

/// Nanoseconds that this thread has been on a processor; zero where no clock tells.
fn thread_nanos() -> f64 {
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).ok();
    time.map_or(0.0, |time| time.tv_sec() as f64 * 1e9 + time.tv_nsec() as f64)
}
