//! From a run that found something to a shorter one that still does.
//!
//! # What it does
//! Tries the same seed for less time, with fewer lines whose users do something, and with fewer faults.
//!
//! # How
//! Each of the three is halved towards nothing as long as something is still found, then the step back is halved; all
//! in turn until none gets smaller.
//!
//! # Limits
//! [`MAX_TRIES`] runs. With other lines or faults the seed gives another run: what is still found need not be the same
//! in every word.
//!
//! # Standard
//! None.

use super::Scope;

/// Runs that are tried, at the most.
pub const MAX_TRIES: usize = 60;
/// No run is shorter than this.
const LEAST_SECONDS: u64 = 120;
/// Lines that a house has, at the most, or more.
const ALL_LINES: u64 = 16;

/// The smallest scope below `scope` at which `finds` still says yes. `faults` happened in the run; its first finding
/// was made `seconds` after its start.
pub fn shrink(scope: Scope, seconds: u64, faults: u64, mut finds: impl FnMut(Scope) -> bool) -> Scope {
    let mut tries = 0;
    let mut best = scope;
    let mut holds = |scope: Scope| {
        tries += 1;
        tries <= MAX_TRIES && finds(scope)
    };
    // Nothing behind the finding made it; the rest at the end of a run needs its time.
    let enough = Scope { hours: hours_of(seconds.saturating_add(LEAST_SECONDS)), ..best };
    if enough.hours < best.hours && holds(enough) {
        best = enough;
    }
    loop {
        let before = best;
        best = narrow(
            best,
            best.faults.unwrap_or(faults),
            0,
            |at| Scope { faults: Some(at), ..best },
            &mut holds,
        );
        let lines = best.lines.map_or(ALL_LINES, u64::from);
        best = narrow(best, lines, 1, |at| Scope { lines: u16::try_from(at).ok(), ..best }, &mut holds);
        let length = (best.hours * 3600.0) as u64;
        best = narrow(best, length, LEAST_SECONDS, |at| Scope { hours: hours_of(at), ..best }, &mut holds);
        if best == before {
            return best;
        }
    }
}

/// The smallest value from `least` to `most` that holds, by halving; `best` if none below `most` does.
fn narrow(
    mut best: Scope,
    most: u64,
    least: u64,
    with: impl Fn(u64) -> Scope,
    holds: &mut impl FnMut(Scope) -> bool,
) -> Scope {
    let (mut low, mut high) = (least, most);
    while low < high {
        let middle = low + (high - low) / 2;
        let scope = with(middle);
        if holds(scope) {
            (best, high) = (scope, middle);
        } else {
            low = middle + 1;
        }
    }
    best
}

fn hours_of(seconds: u64) -> f64 {
    // four places are a third of a second, and short to type
    (seconds as f64 / 3600.0 * 1e4).ceil() / 1e4
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Fidelity;

    fn whole() -> Scope {
        Scope::whole(7, 10.0, Fidelity::Signal)
    }

    #[test]
    fn what_is_not_needed_goes_and_what_is_needed_stays() {
        let needs = |scope: Scope| {
            scope.hours >= 0.5 && scope.lines.unwrap_or(14) >= 3 && scope.faults.unwrap_or(900) >= 5
        };
        let small = shrink(whole(), 30_000, 900, needs);
        assert!(needs(small));
        assert_eq!((small.lines, small.faults), (Some(3), Some(5)));
        assert!(small.hours < 0.501, "{}", small.hours);
        assert_eq!(
            small.to_string(),
            format!("tipring explore --seed 7 --hours {} --lines 3 --faults 5", small.hours)
        );
    }

    #[test]
    fn what_no_smaller_run_shows_stays_as_it_was() {
        assert_eq!(shrink(whole(), 35_999, 900, |_| false), whole());
    }

    #[test]
    fn it_gives_up_in_the_end() {
        let mut runs = 0;
        let _ = shrink(whole(), 30_000, u64::MAX, |_| {
            runs += 1;
            true
        });
        assert!(runs <= MAX_TRIES);
        let mut runs = 0;
        let _ = shrink(whole(), 30_000, u64::MAX, |scope| {
            runs += 1;
            scope.faults.is_none_or(|faults| faults > u64::MAX / 3)
        });
        assert!(runs <= MAX_TRIES, "{runs}");
    }
}
