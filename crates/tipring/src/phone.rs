//! Using the simulated telephones of a running gateway.

use anyhow::{Result, anyhow, bail};
use tipring_gateway::Site;
use tipring_host::Asker;
use tipring_sim::ear::{Heard, What};
use tipring_sim::lab::Place;
use tipring_sim::mouth::Talk;
use tipring_sim::phone::{Action, Dialling};
use tipring_units::{Dbm0, Hz, LineId, Millis};

use crate::protocol::{PhoneAct, Say};
use crate::wav;

/// The longest flash; a longer one is hanging up.
const MAX_FLASH: u32 = 5000;

/// Lets the telephone at `port` do something; the lines to print.
pub async fn act(asker: &Asker, site: &Site, port: &str, act: PhoneAct) -> Result<Vec<String>> {
    let place = Place { line: line(site, port)?, phone: 0 };
    let hear = act == PhoneAct::Hear;
    let action = action(act).await?;
    let heard = asker.phone(place, action).await?.map_err(|why| anyhow!("{port}: {why}"))?;
    Ok(if hear { hearing(&heard) } else { Vec::new() })
}

/// The line of a telephone, by its number or line port.
pub fn line(site: &Site, port: &str) -> Result<LineId> {
    let place = site.lines.iter().position(|line| line.number == port || line.port == port);
    if let Some(place) = place.and_then(|place| u16::try_from(place).ok()) {
        return Ok(LineId(place));
    }
    let all: Vec<String> = site.lines.iter().map(|line| format!("{} ({})", line.number, line.port)).collect();
    if all.is_empty() {
        bail!("There are no simulated telephones here. `tipring demo` has four");
    }
    bail!("There is no telephone {port}. There are {}", all.join(", "))
}

async fn action(act: PhoneAct) -> Result<Option<Action>> {
    Ok(Some(match act {
        PhoneAct::OffHook => Action::OffHook,
        PhoneAct::OnHook => Action::OnHook,
        PhoneAct::Flash(length @ 1..=MAX_FLASH) => Action::Flash(Millis(length)),
        PhoneAct::Flash(_) => bail!("a flash is 1 to {MAX_FLASH} ms"),
        PhoneAct::Dial { digits, pulse } => {
            Action::Dial(digits, if pulse { Dialling::Pulse } else { Dialling::Dtmf })
        }
        PhoneAct::Say(Say::Tone { hertz, dbm0 }) => Action::Say(Talk::Tone(Hz(hertz), Dbm0(dbm0))),
        PhoneAct::Say(Say::Voice(number)) => Action::Say(Talk::Voice(number)),
        PhoneAct::Say(Say::File(path)) => {
            Action::Say(Talk::Samples(tokio::task::spawn_blocking(move || wav::read(&path)).await??))
        }
        PhoneAct::Hush => Action::Hush,
        PhoneAct::Hear => return Ok(None),
    }))
}

/// What is heard, a line each.
fn hearing(heard: &[Heard]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for heard in heard.iter().filter(|heard| heard.what != What::Silence) {
        let line = heard.what.to_string();
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    if lines.is_empty() {
        lines.push(What::Silence.to_string());
    }
    lines
}

#[cfg(test)]
mod tests {
    use tipring_port::Tone;
    use tipring_units::SampleTime;

    use super::*;

    fn heard(what: What) -> Heard {
        let now = SampleTime(0);
        Heard { what, level: Dbm0(-10.0), since: now, named: now, confirmed: None }
    }

    #[test]
    fn each_thing_heard_is_a_line_and_nothing_is_silence() {
        assert_eq!(hearing(&[]), ["silence"]);
        assert_eq!(
            hearing(&[heard(What::Silence), heard(What::Voice(1)), heard(What::Voice(2))]),
            ["speech"]
        );
        let tone = What::Sine(Hz(1003.8), Dbm0(-10.2));
        assert_eq!(
            hearing(&[heard(What::Tone(Tone::Dial)), heard(tone)]),
            ["dial-tone", "tone 1004 Hz -10 dBm0"]
        );
    }
}
