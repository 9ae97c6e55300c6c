//! `tipring line balance`: what a line returns under each network of its card.

use std::time::Duration;

use anyhow::{Result, bail};
use tipring_gateway::{BalanceReport, LineKind, LineSite, Request, Response, Site};
use tipring_host::Asker;
use tipring_port::EchoLoss;
use tipring_units::LineId;
use tokio::sync::mpsc;

use crate::ATTENTION;
use crate::desk::say;
use crate::protocol::Reply;

/// A measurement takes some six seconds; a gateway that says nothing for so long will not.
const PATIENCE: Duration = Duration::from_secs(25);
/// Another network is worth a change from here on: less is lost in the accuracy of telephones.
const WORTH_DB: f32 = 1.0;
/// Below this a canceller has to work at its limit (ITU-T G.168 supposes 6 dB at the least).
const POOR_DB: f32 = 6.0;

/// Measures the line at `port` and tells of it; the exit code.
pub async fn measure(asker: &Asker, port: &str, out: &mpsc::Sender<Reply>) -> Result<u8> {
    let site = asker.site();
    let (line, of) = find(&site, port)?;
    let report = report(asker, line, of).await?;
    let (lines, attention) = table(&report, &format!("{} ({})", of.number, of.port), &of.number);
    say(lines, out).await;
    Ok(if attention { ATTENTION } else { 0 })
}

/// Measures a line.
pub async fn report(asker: &Asker, line: LineId, of: &LineSite) -> Result<BalanceReport> {
    if of.kind == LineKind::Outside {
        bail!("{} is an outside line; the balance of a telephone's line is measured.", of.label());
    }
    let named = format!("{} ({})", of.number, of.port);
    let asked = asker.ask(Request::Balance(line));
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(Response::Balance(report))) => Ok(report),
        Ok(Ok(Response::Refused(why))) => bail!("{why}."),
        Ok(Ok(
            Response::Status(_)
            | Response::Calls(_)
            | Response::Done
            | Response::Learned(_)
            | Response::Tested(_)
            | Response::Walked(_),
        )) => {
            bail!("no result was given")
        }
        Ok(Err(gone)) => Err(gone.into()),
        Err(_) => {
            bail!("{named} did not answer within {} s. `tipring status` tells how it is.", PATIENCE.as_secs())
        }
    }
}

/// A line by its port, its telephone's number, or its place in the list; an outside line by `line.1`.
pub(crate) fn find<'a>(site: &'a Site, port: &str) -> Result<(LineId, &'a LineSite)> {
    let lines = || (0..).map(LineId).zip(&site.lines).filter(|(_, line)| !line.is_vacant());
    let placed = || {
        let place: usize = port.parse().ok()?;
        lines().nth(place.checked_sub(1)?)
    };
    // A plain number is a telephone's or a place before it is an outside line's.
    let named = site.find(port);
    let phone = named.filter(|(_, line)| line.kind == LineKind::Phone);
    match phone.or_else(placed).or(named) {
        Some(found) => Ok(found),
        None => {
            let all: Vec<String> =
                lines().map(|(_, line)| format!("{} ({})", line.label(), line.port)).collect();
            bail!("There is no line {port}. There are {}.", all.join(", "))
        }
    }
}

/// The result in lines, the best network first; true if something is to be done about it.
fn table(report: &BalanceReport, named: &str, number: &str) -> (Vec<String>, bool) {
    let mut losses: Vec<&EchoLoss> = report.losses.iter().collect();
    losses.sort_by(|one, other| other.loss.0.total_cmp(&one.loss.0));
    let mut lines = vec![
        format!("{named}, echo return loss under each network:"),
        format!("  {:<22} {:>8}   {}", "network", "ERL", "least"),
    ];
    for loss in &losses {
        let mark = if loss.network == report.own { "  <- set now" } else { "" };
        lines.push(format!(
            "  {:<22} {:>5.1} dB   {:>5.1} dB at {:.0} Hz{mark}",
            loss.network, loss.loss.0, loss.worst.0, loss.worst_at.0
        ));
    }
    let Some(best) = report.best() else { return (lines, false) };
    let own = report.losses.iter().find(|loss| loss.network == report.own);
    let gained = own.map_or(0.0, |own| best.loss.0 - own.loss.0);
    let is_set = best.network == report.own || gained < WORTH_DB;
    lines.push(if best.network == report.own {
        format!("Best: {}, {:.1} dB; it is set.", best.network, best.loss.0)
    } else if is_set {
        format!(
            "Best: {}, {:.1} dB; what is set is as good within {WORTH_DB:.0} dB.",
            best.network, best.loss.0
        )
    } else {
        format!(
            "Best: {}, {:.1} dB, {gained:.1} dB more than now. To set it write impedance = \"{}\" in [phone.{number}].",
            best.network, best.loss.0, best.network
        )
    });
    if best.loss.0 < POOR_DB {
        lines.push(
            "No network fits: look for a second telephone off-hook, a bridged tap, loading coils, a filter."
                .to_owned(),
        );
    }
    let is_disturbed = losses.iter().any(|loss| loss.disturbed);
    if is_disturbed {
        lines.push(
            "Somebody talked, or the line is noisy: measure again, with the microphone covered.".to_owned(),
        );
    }
    (lines, !is_set || best.loss.0 < POOR_DB || is_disturbed)
}

#[cfg(test)]
mod tests {
    use tipring_port::Impedance;
    use tipring_units::{Db, Hz};

    use super::*;

    fn report(own: Impedance, losses: &[(Impedance, f32)]) -> BalanceReport {
        let loss = |(network, loss): &(Impedance, f32)| EchoLoss {
            network: *network,
            loss: Db(*loss),
            worst_at: Hz(325.0),
            worst: Db(*loss - 3.0),
            disturbed: false,
        };
        BalanceReport { losses: losses.iter().map(loss).collect(), own }
    }

    #[test]
    fn the_best_network_stands_first_and_is_named_with_the_key_that_sets_it() {
        let measured = [(Impedance::R600, 14.0), (Impedance::R900C, 27.25), (Impedance::Tbr21, 11.0)];
        let (lines, attention) = table(&report(Impedance::R600, &measured), "101 (sim/1)", "101");
        assert!(attention);
        assert!(lines[2].starts_with("  900 + 2.16u") && lines[2].contains("27.2 dB"), "{}", lines[2]);
        assert!(lines[3].ends_with("11.0 dB at 325 Hz  <- set now"), "{}", lines[3]);
        assert_eq!(
            lines[5],
            "Best: 900 + 2.16u, 27.2 dB, 13.2 dB more than now. To set it write impedance = \"900 + 2.16u\" in [phone.101]."
        );
    }

    #[test]
    fn what_is_set_and_fits_needs_nobody_and_what_fits_nowhere_does() {
        let close = [(Impedance::R600, 26.5), (Impedance::R600C, 27.0)];
        let (lines, attention) = table(&report(Impedance::R600, &close), "101 (sim/1)", "101");
        assert!(!attention && lines[4].contains("as good within 1 dB"), "{}", lines[4]);
        let (lines, attention) = table(&report(Impedance::R600C, &close), "101 (sim/1)", "101");
        assert!(!attention && lines[4] == "Best: 600 + 2.16u, 27.0 dB; it is set.", "{}", lines[4]);
        let (lines, attention) = table(&report(Impedance::R600, &[(Impedance::R600, 2.0)]), "x", "101");
        assert!(attention && lines[4].starts_with("No network fits"), "{}", lines[4]);
    }
}
