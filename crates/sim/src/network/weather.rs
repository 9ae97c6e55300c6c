//! What the network does to datagrams.

use tipring_units::{Entropy, Millis};

/// How late a datagram is that others overtake.
const OVERTAKEN: Millis = Millis(35);

/// How good the network is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Weather {
    /// From one host to another.
    pub delay: Millis,
    /// On top of it, up to this much, evenly spread.
    pub jitter: Millis,
    /// Percent of datagrams that are lost.
    pub loss: f32,
    /// Datagrams that are lost one after the other, on average.
    pub burst: f32,
    /// Percent that arrive twice.
    pub duplicated: f32,
    /// Percent that are overtaken.
    pub overtaken: f32,
}

impl Weather {
    /// A delay of 2 ms and nothing else.
    pub const CALM: Self = Self {
        delay: Millis(2),
        jitter: Millis::ZERO,
        loss: 0.0,
        burst: 1.0,
        duplicated: 0.0,
        overtaken: 0.0,
    };
}

impl Default for Weather {
    fn default() -> Self {
        Self::CALM
    }
}

/// What becomes of a datagram.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It arrives after this delay.
    Arrives(Millis),
    /// It arrives twice.
    Twice(Millis, Millis),
    /// It is lost.
    Lost,
}

/// One direction between two addresses.
#[derive(Clone, Debug)]
pub struct Link {
    entropy: Entropy,
    losing: bool,
}

impl Link {
    /// A direction with its own random numbers.
    pub const fn new(entropy: Entropy) -> Self {
        Self { entropy, losing: false }
    }

    /// What becomes of the next datagram.
    pub fn fate(&mut self, weather: &Weather) -> Fate {
        // drawn in any case, so that the fate of later datagrams does not hang on the weather of this one
        let (lose, late, twice, jitter) =
            (self.entropy.unit(), self.entropy.unit(), self.entropy.unit(), self.entropy.unit());
        let share = (weather.loss / 100.0).clamp(0.0, 1.0);
        let burst = weather.burst.max(1.0);
        // Gilbert: left with 1/burst, entered so that the share comes out right
        let enter = if share >= 1.0 { 1.0 } else { (share / ((1.0 - share) * burst)).min(1.0) };
        self.losing = if share <= 0.0 {
            false
        } else if self.losing && share < 1.0 {
            lose >= 1.0 / burst || (burst <= 1.0 && lose < share)
        } else {
            lose < if burst <= 1.0 { share } else { enter }
        };
        if self.losing {
            return Fate::Lost;
        }
        let mut delay = weather.delay + Millis((jitter * weather.jitter.0 as f32) as u32);
        if late * 100.0 < weather.overtaken {
            delay = delay + OVERTAKEN;
        }
        if twice * 100.0 < weather.duplicated {
            return Fate::Twice(delay, delay + Millis(1));
        }
        Fate::Arrives(delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn losses(loss: f32, burst: f32) -> (usize, usize) {
        let mut link = Link::new(Entropy::for_simulation(3));
        let weather = Weather { loss, burst, ..Weather::CALM };
        let lost: Vec<bool> = (0..20_000).map(|_| link.fate(&weather) == Fate::Lost).collect();
        let runs = lost.windows(2).filter(|pair| !pair[0] && pair[1]).count();
        (lost.iter().filter(|lost| **lost).count(), runs)
    }

    #[test]
    fn as_much_is_lost_as_the_weather_says() {
        for (loss, burst) in [(5.0, 1.0), (5.0, 4.0), (30.0, 1.0), (100.0, 1.0), (0.0, 5.0)] {
            let (lost, _) = losses(loss, burst);
            let expected = 200.0 * loss;
            assert!((lost as f32 - expected).abs() <= expected * 0.2, "{loss} % in {burst}: {lost}");
        }
    }

    #[test]
    fn losses_come_in_bursts_where_the_weather_says_so() {
        let (lost, runs) = losses(5.0, 4.0);
        let mean = lost as f32 / runs as f32;
        assert!((3.0..5.0).contains(&mean), "{mean}");
    }
}
