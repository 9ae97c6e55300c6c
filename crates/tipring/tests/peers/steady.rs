//! Sound in real time is judged where the machine keeps time.
//!
//! A machine that others work on too stands still at times, for everybody on it. A test of sound that fails is repeated
//! where a watcher, which does nothing but sleep, was kept from its processor too. A gateway that stands still by itself
//! has no such excuse, and neither has the last attempt.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The watcher's sleep.
const NAP: Duration = Duration::from_millis(10);
/// It overslept by so much: a jitter buffer of some packets is empty by then.
const OVERSLEPT: Duration = Duration::from_millis(30);
/// How often a test may be repeated.
const ATTEMPTS: usize = 3;

/// Runs `test`; once more where it failed while the machine did not keep time.
pub fn in_time(test: impl Fn()) {
    for attempt in 1.. {
        let watcher = Watcher::start();
        let result = catch_unwind(AssertUnwindSafe(&test));
        let seen = watcher.stops();
        match result {
            Ok(()) => return,
            Err(_) if seen.excuse(attempt) => {
                println!(
                    "the machine stood still {} times, for {:?} at the longest: again",
                    seen.times, seen.longest
                );
            }
            Err(why) => resume_unwind(why),
        }
    }
}

/// What the watcher saw.
#[derive(Clone, Copy, Debug, Default)]
struct Stalls {
    times: usize,
    longest: Duration,
}

impl Stalls {
    /// A failure of attempt 1 to [`ATTEMPTS`] says nothing of the gateway.
    fn excuse(self, attempt: usize) -> bool {
        self.times > 0 && attempt < ATTEMPTS
    }
}

/// A thread that sleeps and looks how late it wakes.
struct Watcher {
    ends: Arc<AtomicBool>,
    thread: JoinHandle<Stalls>,
}

impl Watcher {
    fn start() -> Self {
        let ends = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ends);
        let thread = std::thread::spawn(move || {
            let mut seen = Stalls::default();
            while !end.load(Ordering::Relaxed) {
                let began = Instant::now();
                std::thread::sleep(NAP);
                let late = began.elapsed().saturating_sub(NAP);
                if late > OVERSLEPT {
                    seen.times += 1;
                    seen.longest = seen.longest.max(late);
                }
            }
            seen
        });
        Self { ends, thread }
    }

    fn stops(self) -> Stalls {
        self.ends.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

#[test]
fn only_a_machine_that_stood_still_excuses_and_not_the_last_attempt() {
    let stood = Stalls { times: 1, longest: Duration::from_millis(80) };
    assert!(stood.excuse(1) && stood.excuse(ATTEMPTS - 1) && !stood.excuse(ATTEMPTS));
    assert!(!Stalls::default().excuse(1));
}
