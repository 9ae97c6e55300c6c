//! Using the simulated telephones of a running gateway.

use anyhow::{Result, anyhow, bail};
use tipring_gateway::{LineKind, LineSite, Site};
use tipring_host::{Act, Asker, LabReply};
use tipring_sim::ear::{Heard, What};
use tipring_sim::lab::Place;
use tipring_sim::mouth::Talk;
use tipring_sim::phone::{Action, Dialling};
use tipring_units::{Dbm0, Hz, LineId, Millis};

use crate::parts::SUBSCRIBERS;
use crate::protocol::{PhoneAct, Say};
use crate::wav;

/// The longest flash; a longer one is hanging up.
pub const MAX_FLASH: u32 = 5000;

/// Lets the telephone at `port` do something; the lines to print.
pub async fn act(asker: &Asker, site: &Site, port: &str, act: PhoneAct) -> Result<Vec<String>> {
    let hear = act == PhoneAct::Hear;
    let heard = if SUBSCRIBERS.iter().any(|(number, _)| *number == port) {
        subscriber(asker, site, port, act).await?
    } else {
        let place = Place { line: line(site, port)?, phone: 0 };
        asker.phone(place, action(act).await?).await?
    };
    let heard = heard.map_err(|why| anyhow!("{port}: {why}"))?;
    Ok(if hear { hearing(&heard) } else { Vec::new() })
}

/// Lets a subscriber of the simulated exchanges do something. He is at each of them; it is done where he is in a call, else
/// at the line that he dials, else at the first.
async fn subscriber(asker: &Asker, site: &Site, number: &str, act: PhoneAct) -> Result<LabReply> {
    let outside = (0..).map(LineId).zip(&site.lines).filter(|(_, line)| line.kind == LineKind::Outside);
    let lines: Vec<(LineId, &str)> = outside.map(|(line, site)| (line, site.number.as_str())).collect();
    let Some((first, _)) = lines.first() else {
        bail!("There is no outside line here, so nobody is at {number}. `tipring demo` has one");
    };
    let mut at = None;
    for (line, _) in &lines {
        if matches!(asker.subscriber(*line, number, Act::Hear).await?, Ok(heard) if !heard.is_empty()) {
            at = Some(*line);
            break;
        }
    }
    let act = match (act, at) {
        // On-hook: what is dialled is one of our lines.
        (PhoneAct::Dial { digits, .. }, None) => {
            let dialled = lines.iter().find(|(_, name)| *name == digits);
            let Some((line, _)) = dialled else {
                let names: Vec<&str> = lines.iter().map(|(_, name)| *name).collect();
                bail!("{number} can call the outside lines of this gateway: {}", names.join(", "));
            };
            return Ok(asker.subscriber(*line, number, Act::Call).await?);
        }
        (PhoneAct::Dial { digits, .. }, Some(_)) => Act::Press(digits),
        (PhoneAct::OffHook, _) => Act::Answer,
        (PhoneAct::OnHook, _) => Act::HangUp,
        (PhoneAct::Flash(_), _) => bail!("{number} is at an exchange, and has no flash"),
        (PhoneAct::Say(say), _) => Act::Say(talk(say).await?),
        (PhoneAct::Hush, _) => Act::Hush,
        (PhoneAct::Hear, _) => Act::Hear,
    };
    Ok(asker.subscriber(at.unwrap_or(*first), number, act).await?)
}

/// What is said, as a mouth takes it.
pub async fn talk(say: Say) -> Result<Talk> {
    Ok(match say {
        Say::Tone { hertz, dbm0 } => Talk::Tone(Hz(hertz), Dbm0(dbm0)),
        Say::Voice(number) => Talk::Voice(number),
        Say::File(path) => Talk::Samples(tokio::task::spawn_blocking(move || wav::read(&path)).await??),
    })
}

/// The line of a telephone, by its number or line port.
pub fn line(site: &Site, port: &str) -> Result<LineId> {
    let is_it = |line: &LineSite| line.number == port || line.port == port;
    let place = site.lines.iter().position(|line| line.kind == LineKind::Phone && is_it(line));
    if let Some(place) = place.and_then(|place| u16::try_from(place).ok()) {
        return Ok(LineId(place));
    }
    let phones = site.lines.iter().filter(|line| line.kind == LineKind::Phone);
    let all: Vec<String> = phones.map(|line| format!("{} ({})", line.number, line.port)).collect();
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
        PhoneAct::Say(say) => Action::Say(talk(say).await?),
        PhoneAct::Hush => Action::Hush,
        PhoneAct::Hear => return Ok(None),
    }))
}

/// What is heard, a line each.
pub fn hearing(heard: &[Heard]) -> Vec<String> {
    words(&heard.iter().map(|heard| heard.what).collect::<Vec<_>>())
}

/// The same of what is heard without its times.
pub fn words(heard: &[What]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for what in heard.iter().filter(|what| **what != What::Silence) {
        let line = what.to_string();
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
