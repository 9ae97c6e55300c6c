//! `tipring line learn`: how an exchange tells that its far end hung up.

use std::time::Duration;

use anyhow::{Result, bail};
use tipring_country::outside;
use tipring_gateway::{LineKind, LineSite, Request, Response};
use tipring_host::Asker;
use tipring_port::LearnReport;
use tipring_units::Millis;
use tokio::sync::mpsc;

use crate::ATTENTION;
use crate::desk::say;
use crate::protocol::Reply;

/// How long somebody has to call in; the gateway ends it itself.
const CALL_WITHIN_MINUTES: u32 = 5;
/// A gateway that says nothing for so long will not: the call and what is listened for behind it come on top.
const PATIENCE: Duration = Duration::from_secs(600);
/// From here on a tone is proposed without reservation.
const SURE: f32 = 0.8;
/// Below this it is not proposed at all.
const UNSURE: f32 = 0.4;
/// A break is heeded from a little below what was seen.
const MARGIN: f32 = 0.6;

/// Records one hang-up of the outside line `port` and tells what was learned; the exit code.
pub async fn learn(asker: &Asker, port: &str, out: &mpsc::Sender<Reply>) -> Result<u8> {
    let site = asker.site();
    // A number is an outside line's here, also where a telephone has the same.
    let outside_line = || site.find(&format!("line.{port}"));
    let Some((line, of)) = outside_line().or_else(|| site.find(port)) else {
        bail!("There is no outside line {port}. `tipring lines` lists them.")
    };
    if of.kind != LineKind::Outside {
        bail!("{} is a telephone; how an exchange clears is learned on an outside line.", of.subject());
    }
    let label = of.label();
    say(
        vec![format!(
            "{label} ({}): call in on it from another exchange (a mobile does), wait for three short tones, hang up. {CALL_WITHIN_MINUTES} min are left.",
            of.port
        )],
        out,
    )
    .await;
    let asked = asker.ask(Request::Learn(line));
    let report = match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(Response::Learned(report))) => report,
        Ok(Ok(Response::Refused(why))) => bail!("{why}."),
        Ok(Ok(
            Response::Status(_)
            | Response::Calls(_)
            | Response::Done
            | Response::Balance(_)
            | Response::Tested(_)
            | Response::Walked(_),
        )) => {
            bail!("no result was given")
        }
        Ok(Err(gone)) => return Err(gone.into()),
        Err(_) => bail!("{label} did not answer. `tipring status` tells how it is."),
    };
    let (lines, learned) = told(&report, of);
    say(lines, out).await;
    Ok(if learned { 0 } else { ATTENTION })
}

/// The report in words, and whether anything was learned.
fn told(report: &LearnReport, line: &LineSite) -> (Vec<String>, bool) {
    let mut lines = Vec::new();
    let clear = line.profile.fxo.map_or(outside::NO_SIGNS, |fxo| fxo.clear);
    // What is to be written: signs, then the tone.
    let (mut signs, mut tone) = (Vec::new(), None);
    let mut heeded = false;
    if let Some(length) = report.loop_break {
        lines.push(format!("  loop break   {length}   certain: the wire says it"));
        if clear.loop_break > Millis::ZERO && clear.loop_break <= length {
            heeded = true;
        } else {
            signs.push(format!("cpc {} ms", ((length.0 as f32 * MARGIN) as u32 / 10 * 10).max(50)));
        }
    }
    if report.reversal {
        lines.push("  reversal     certain, if it comes at each hang-up: try once more".to_owned());
        if clear.reversal { heeded = true } else { signs.push("reversal".to_owned()) }
    }
    if let Some(found) = &report.tone {
        let text = outside::tone_text(&found.program()).unwrap_or_default();
        let percent = (found.confidence * 100.0).clamp(0.0, 100.0) as u32;
        let known = found.known.map_or_else(String::new, |tone| format!(", the country's {}", tone.word()));
        lines.push(format!(
            "  tone         {text}   confidence {percent} %, {} burst{}{known}",
            found.bursts,
            if found.bursts == 1 { "" } else { "s" }
        ));
        match found.known {
            Some(_) if clear.tones => heeded = true,
            Some(_) => signs.push("tones".to_owned()),
            None if found.confidence >= UNSURE => tone = Some(text),
            None => {
                lines.push("               too uncertain to be used: try once more, in silence".to_owned())
            }
        }
    }
    if lines.is_empty() {
        return (
            vec![format!(
                "{}: nothing in {} s: no loop break, no reversal, no tone. Let the exchange tell it (loop break or reversal on clearing), or keep \"silence\".",
                line.label(),
                report.listened.0 / 1000
            )],
            false,
        );
    }
    lines.insert(0, format!("{}, when the far end hung up:", line.label()));
    if signs.is_empty() && tone.is_none() {
        if !heeded {
            return (lines, false);
        }
        lines.push("The line heeds that already: nothing is to be changed.".to_owned());
        return (lines, true);
    }
    lines.push(format!("Write into [line.{}]:", line.number));
    if !signs.is_empty() {
        let mut all: Vec<String> =
            outside::clear_text(&clear).into_iter().filter(|word| word != "none").collect();
        all.retain(|word| !(word.starts_with("cpc") && signs.iter().any(|sign| sign.starts_with("cpc"))));
        all.extend(signs);
        let quoted: Vec<String> = all.iter().map(|word| format!("\"{word}\"")).collect();
        lines.push(format!("    disconnect = [{}]", quoted.join(", ")));
    }
    if let Some(text) = tone {
        lines.push(format!("    learned = \"{text}\""));
        if report.tone.as_ref().is_some_and(|found| found.confidence < SURE) {
            lines.push("Learn once more before you rely on it: the bursts were not much alike.".to_owned());
        }
    }
    lines.push("then: tipring config apply".to_owned());
    (lines, true)
}

#[cfg(test)]
mod tests {
    use tipring_gateway::{Site, Wiring};
    use tipring_port::{LearnedTone, Tone};

    use super::*;

    fn line(more: &str) -> LineSite {
        let text =
            format!("country = \"us\"\n[phone.101]\nport = \"sim/1\"\n[line.1]\nport = \"sim/2\"\n{more}");
        let report = tipring_config::check(&text, "t");
        let effective = report.effective.clone().unwrap_or_else(|| panic!("{report}"));
        let sip = ([127, 0, 0, 1], 5060).into();
        let wiring =
            Wiring { slots: Vec::new(), sip, lines_per_shard: 8, utc_offset_minutes: 0, revision: 1 };
        Site::configured(&effective, &wiring).lines[1].clone()
    }

    fn tone(text: &str, confidence: f32, known: Option<Tone>) -> Option<LearnedTone> {
        Some(LearnedTone::new(&outside::tone(text).unwrap(), 9, confidence, known))
    }

    #[test]
    fn a_tone_that_no_country_has_is_proposed_as_it_is_written() {
        let report = LearnReport { tone: tone("500+620 300/300 ms", 0.93, None), ..LearnReport::default() };
        assert_eq!(
            told(&report, &line("")),
            (
                vec![
                    "line 1, when the far end hung up:".to_owned(),
                    "  tone         500+620 300/300 ms   confidence 93 %, 9 bursts".to_owned(),
                    "Write into [line.1]:".to_owned(),
                    "    learned = \"500+620 300/300 ms\"".to_owned(),
                    "then: tipring config apply".to_owned(),
                ],
                true
            )
        );
        // What is proposed is taken.
        let written = line("learned = \"500+620 300/300 ms\"\n").profile.fxo.unwrap();
        assert_eq!(written.clear.learned, outside::tone("500+620 300/300 ms"));
        let unsure = LearnReport { tone: tone("500 300/300 ms", 0.2, None), ..LearnReport::default() };
        assert!(!told(&unsure, &line("")).1);
    }

    #[test]
    fn what_the_line_heeds_already_changes_nothing() {
        let known = LearnReport {
            loop_break: Some(Millis(510)),
            tone: tone("480+620 250/250 ms", 0.97, Some(Tone::Congestion)),
            ..LearnReport::default()
        };
        let (lines, learned) = told(&known, &line(""));
        assert!(
            learned && lines[1].contains("510 ms") && lines[2].ends_with("the country's reorder"),
            "{lines:?}"
        );
        assert!(lines[3].contains("nothing is to be changed"), "{lines:?}");
    }

    #[test]
    fn a_sign_that_is_not_heeded_joins_those_that_are() {
        let report = LearnReport { loop_break: Some(Millis(120)), reversal: true, ..LearnReport::default() };
        let of = line("disconnect = [\"cpc 300 ms\", \"tones\"]\n");
        let (lines, _) = told(&report, &of);
        assert_eq!(lines[4], "    disconnect = [\"tones\", \"cpc 70 ms\", \"reversal\"]", "{lines:?}");
        assert!(outside::clear_signs(["tones", "cpc 70 ms", "reversal"]).is_some());
    }

    #[test]
    fn nothing_is_told_as_nothing() {
        let report = LearnReport { listened: Millis::from_secs(60), ..LearnReport::default() };
        let (lines, learned) = told(&report, &line(""));
        assert!(!learned && lines[0].starts_with("line 1: nothing in 60 s"), "{lines:?}");
    }
}
