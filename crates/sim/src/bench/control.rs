//! How long the control plane takes, in virtual time.

use tipring_units::Millis;

use crate::flow::{Fidelity, run_flow};

/// Delays of the control plane.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ControlDelays {
    /// From the moment at which the last digit of a number is told to the INVITE on its way.
    pub digit_to_invite: Millis,
    /// From the end of the last key's tone to the INVITE.
    pub key_to_invite: Millis,
    /// From the arrival of an INVITE to ringing voltage on the line.
    pub invite_to_ring: Millis,
}

const OUTBOUND: &str = "seed 1  country us\nphones 101\nserver pbx\ndial 4xxx to pbx\n\n\
    phone 1: off-hook -> hears dial-tone\nphone 1: dials 4001 -> peer gets INVITE\n";
const INBOUND: &str =
    "seed 1  country us\nphones 101\nserver pbx\n\npeer: INVITE 101 from 5550123 -> phone 1 rings\n";
/// Four keys of 100 ms with pauses of 100 ms.
const KEYS: Millis = Millis(700);

/// Measures them with true samples; `None` if a call did not come about.
pub fn delays() -> Option<ControlDelays> {
    let outbound = ladder(OUTBOUND)?;
    let inbound = ladder(INBOUND)?;
    let at = |ladder: &[(u64, String)], what: &str| {
        ladder.iter().find(|(_, words)| words.contains(what)).map(|(at, _)| *at)
    };
    let invite = at(&outbound, "sip -> pbx INVITE")?;
    let since = |later: u64, earlier: u64| later.checked_sub(earlier).map(|millis| Millis(millis as u32));
    Some(ControlDelays {
        digit_to_invite: since(invite, at(&outbound, "line 1 digit 1")?)?,
        key_to_invite: since(invite, at(&outbound, "dials 4001")? + u64::from(KEYS.0))?,
        invite_to_ring: since(at(&inbound, "line 1 rings")?, at(&inbound, "sip <- pbx INVITE")?)?,
    })
}

/// The rungs with their milliseconds.
fn ladder(flow: &str) -> Option<Vec<(u64, String)>> {
    let report = run_flow(flow, Fidelity::Audio, None).ok().filter(|report| report.failures.is_empty())?;
    let rungs = report.ladder.rungs.into_iter();
    Some(rungs.map(|rung| (rung.at.as_nanos() / 1_000_000, format!("{} {}", rung.who, rung.words))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invite_follows_the_digit_and_ringing_follows_an_invite_at_once() {
        let delays = delays().unwrap();
        assert!(delays.digit_to_invite <= Millis(10), "{delays:?}");
        assert!((Millis(10)..=Millis(80)).contains(&delays.key_to_invite), "{delays:?}");
        assert!(delays.invite_to_ring <= Millis(50), "{delays:?}");
    }
}
