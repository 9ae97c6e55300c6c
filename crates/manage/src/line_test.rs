//! `tipring line test`: whether a telephone's line is good.

use std::time::Duration;

use anyhow::{Result, bail};
use tipring_gateway::{LineKind, LineSite, Request, Response, TestRow, test_rows};
use tipring_host::Asker;
use tipring_port::{LineTest, Verdict};
use tipring_units::LineId;
use tokio::sync::mpsc;

use crate::ATTENTION;
use crate::balance::find;
use crate::desk::say;
use crate::protocol::Reply;

/// A test takes some two seconds, and the gateway gives a line up that says nothing for fifteen.
const PATIENCE: Duration = Duration::from_secs(30);

/// Tests the line at `port` and tells of it; the exit code.
pub async fn test(asker: &Asker, port: &str, out: &mpsc::Sender<Reply>) -> Result<u8> {
    let site = asker.site();
    let (line, of) = find(&site, port)?;
    let test = report(asker, line, of).await?;
    say(table(&test, &format!("{} ({})", of.number, of.port)), out).await;
    Ok(if test.whole() == Verdict::Failed { ATTENTION } else { 0 })
}

/// Tests a line.
pub async fn report(asker: &Asker, line: LineId, of: &LineSite) -> Result<LineTest> {
    if of.kind == LineKind::Outside {
        bail!("{} is an outside line; the line of a telephone is tested.", of.label());
    }
    let asked = asker.ask(Request::Test(line));
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(Response::Tested(test))) => Ok(*test),
        Ok(Ok(Response::Refused(why))) => bail!("{why}."),
        Ok(Ok(
            Response::Status(_)
            | Response::Calls(_)
            | Response::Done
            | Response::Balance(_)
            | Response::Learned(_)
            | Response::Walked(_),
        )) => bail!("no result was given"),
        Ok(Err(gone)) => Err(gone.into()),
        Err(_) => bail!(
            "{} ({}) did not answer within {} s. `tipring status` tells how it is.",
            of.number,
            of.port,
            PATIENCE.as_secs()
        ),
    }
}

/// The result in lines.
fn table(test: &LineTest, named: &str) -> Vec<String> {
    let mut lines = vec![match test.whole() {
        Verdict::Passed => format!("{named}: the line is good."),
        Verdict::Failed => format!("{named}: something is wrong with the line."),
        Verdict::NotMeasured => {
            format!(
                "{named}: not measured. Its card does its own hook detection and reads neither voltage nor current."
            )
        }
    }];
    for TestRow { verdict, found, remedy, .. } in test_rows(test) {
        lines.push(format!("  {verdict:<13} {found}"));
        if !remedy.is_empty() {
            lines.push(format!("  {:<13} {remedy}", ""));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use tipring_port::ForeignVoltage;
    use tipring_units::{Ohms, Ren, Volts};

    use super::*;

    #[test]
    fn each_item_has_a_line_and_what_failed_a_remedy_below_it() {
        let good = LineTest {
            battery: Some(Volts(48.0)),
            foreign: Some(ForeignVoltage::default()),
            resistance: Some(Ohms(1_000_000.0)),
            closed: Some(false),
            ringers: Some(Ren(1.0)),
        };
        let lines = table(&good, "101 (sim/1)");
        assert_eq!(lines[0], "101 (sim/1): the line is good.");
        assert_eq!((lines.len(), lines[1].as_str()), (6, "  passed        battery 48.0 V"));
        let bare = LineTest { ringers: Some(Ren(0.0)), ..good };
        let lines = table(&bare, "101 (sim/1)");
        assert_eq!(lines[0], "101 (sim/1): something is wrong with the line.");
        assert_eq!(lines[5], "  failed        no telephone found: 0.0 REN");
        assert!(lines[6].starts_with("                Plug the telephone in"), "{lines:?}");
        let blind = table(&LineTest { closed: Some(false), ..LineTest::default() }, "x");
        assert!(blind[0].contains("not measured") && blind[1] == "  not measured  battery: not measured");
    }
}
