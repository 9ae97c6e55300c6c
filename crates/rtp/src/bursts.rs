//! Loss in bursts and in gaps.
//!
//! # What it does
//! Follows packet by packet what was played and what was missing, lost or too late, and tells how much of it came in bursts.
//!
//! # How
//! A burst begins and ends with a missing packet and has fewer than [`GAP_MIN`] received ones in a row within. What lies
//! between bursts is a gap; a missing packet alone, with that many received on both sides, belongs to it. The time before
//! the first packet and after the last counts as received.
//!
//! # Limits
//! Counted exactly; the estimate by a Markov chain of the standard's appendix is not needed, as nothing is sampled.
//!
//! # Standard
//! RFC 3611 clause 4.7.2.

/// Received packets in a row that end a burst.
pub const GAP_MIN: u32 = 16;

/// A burst that may go on, or a missing packet that may become one.
#[derive(Clone, Copy, Debug, Default)]
struct Cluster {
    /// Packets from the first missing one to the last.
    packets: u32,
    missing: u32,
}

/// Follows a stream.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bursts {
    packets: u32,
    missing: u32,
    runs: u32,
    /// Received packets since the last missing one.
    received: u32,
    cluster: Option<Cluster>,
    closed: Totals,
}

/// What bursts there were.
#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    bursts: u32,
    packets: u32,
    missing: u32,
}

/// Bursts and gaps of a stream.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct BurstFigures {
    /// Share of packets that were missing.
    pub loss: f32,
    /// The same within bursts.
    pub burst_density: f32,
    /// The same within gaps.
    pub gap_density: f32,
    /// Mean packets of a burst; zero without one.
    pub burst_packets: f32,
    /// Mean packets of a gap.
    pub gap_packets: f32,
    /// Mean length of a run of missing packets over that of random loss (BurstR of ITU-T G.107), 1 without loss.
    pub burst_ratio: f32,
}

impl Bursts {
    /// A packet was played.
    pub fn played(&mut self) {
        self.packets = self.packets.saturating_add(1);
        self.received = self.received.saturating_add(1);
        if self.received >= GAP_MIN {
            self.close();
        }
    }

    /// A packet was missing when it was due.
    pub fn missing(&mut self) {
        self.packets = self.packets.saturating_add(1);
        self.missing = self.missing.saturating_add(1);
        let received = core::mem::take(&mut self.received);
        if received > 0 || self.cluster.is_none() {
            self.runs = self.runs.saturating_add(1);
        }
        let cluster = self.cluster.get_or_insert_default();
        let between = if cluster.missing == 0 { 0 } else { received };
        cluster.packets = cluster.packets.saturating_add(between + 1);
        cluster.missing = cluster.missing.saturating_add(1);
    }

    /// Packets that were due.
    pub fn packets(&self) -> u32 {
        self.packets
    }

    /// What there was so far.
    pub fn figures(&self) -> BurstFigures {
        let mut whole = *self;
        whole.close();
        let Totals { bursts, packets, missing } = whole.closed;
        let share = |part: u32, of: u32| if of == 0 { 0.0 } else { part as f32 / of as f32 };
        let loss = share(self.missing, self.packets);
        let gap = self.packets.saturating_sub(packets);
        let burst_ratio =
            if self.runs == 0 { 1.0 } else { (share(self.missing, self.runs) * (1.0 - loss)).max(1.0) };
        BurstFigures {
            loss,
            burst_density: share(missing, packets),
            gap_density: share(self.missing.saturating_sub(missing), gap),
            burst_packets: share(packets, bursts),
            gap_packets: share(gap, bursts + 1),
            burst_ratio,
        }
    }

    fn close(&mut self) {
        if let Some(cluster) = self.cluster.take().filter(|cluster| cluster.missing > 1) {
            self.closed.bursts = self.closed.bursts.saturating_add(1);
            self.closed.packets = self.closed.packets.saturating_add(cluster.packets);
            self.closed.missing = self.closed.missing.saturating_add(cluster.missing);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `.` for a packet that was played, `x` for one that was missing; a number repeats the dot.
    fn figures(packets: &str) -> BurstFigures {
        let mut bursts = Bursts::default();
        for word in packets.split(' ') {
            match word.parse::<u32>() {
                Ok(count) => (0..count).for_each(|_| bursts.played()),
                Err(_) => word
                    .chars()
                    .for_each(|packet| if packet == 'x' { bursts.missing() } else { bursts.played() }),
            }
        }
        bursts.figures()
    }

    #[test]
    fn packets_missing_alone_belong_to_the_gap() {
        let all = figures("20 x 16 x 30");
        assert_eq!((all.burst_packets, all.burst_density), (0.0, 0.0));
        assert_eq!((all.gap_packets, all.gap_density), (68.0, 2.0 / 68.0));
        assert_eq!(all.burst_ratio, 1.0);
    }

    #[test]
    fn a_burst_reaches_from_its_first_missing_packet_to_its_last() {
        let all = figures("40 x 15 xx.x 40");
        assert_eq!((all.burst_packets, all.burst_density), (20.0, 4.0 / 20.0));
        assert_eq!((all.gap_packets, all.gap_density), (40.0, 0.0));
        let two = figures("100 xx 16 x 16 xxxx 62");
        assert_eq!((two.burst_packets, two.burst_density), (3.0, 1.0));
        assert_eq!((two.gap_packets, two.gap_density), (195.0 / 3.0, 1.0 / 195.0));
        assert!((two.burst_ratio - 7.0 / 3.0 * (1.0 - 7.0 / 201.0)).abs() < 1e-5);
    }

    #[test]
    fn a_burst_that_goes_on_counts_and_nothing_divides_by_nothing() {
        assert_eq!(figures("4 xxx").burst_packets, 3.0);
        assert_eq!(Bursts::default().figures(), BurstFigures { burst_ratio: 1.0, ..BurstFigures::default() });
        let lost = figures("xxxx");
        assert_eq!((lost.loss, lost.burst_density, lost.gap_packets, lost.burst_ratio), (1.0, 1.0, 0.0, 1.0));
    }
}
