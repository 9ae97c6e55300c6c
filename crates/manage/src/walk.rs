//! `tipring walk`: which room is on which port, by lifting each telephone and dialling the room's number.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tipring_config::{Number, Room, room_tables};
use tipring_gateway::{LineKind, Request, Response, Site, WalkAct, WalkReport};
use tipring_host::Asker;
use tokio::sync::mpsc;

use crate::ATTENTION;
use crate::configuration::Editor;
use crate::desk::{Desk, say};
use crate::protocol::Reply;

/// How often the gateway is asked what was found.
const LOOK: Duration = Duration::from_millis(300);

/// Maps rooms until all telephones have told theirs, `*#` was dialled, or nothing came for so many minutes; the exit code.
pub async fn walk(desk: &Desk, write: bool, minutes: u32, out: &mpsc::Sender<Reply>) -> Result<u8> {
    let site = desk.asker.site();
    let count = site.lines.iter().filter(|line| line.kind == LineKind::Phone && !line.is_vacant()).count();
    ask(&desk.asker, WalkAct::Begin).await?;
    let found = follow(&desk.asker, &site, count, minutes, out).await;
    // Also where nobody reads any more.
    ask(&desk.asker, WalkAct::End).await?;
    let Some(report) = found? else { return Ok(0) };
    let rooms = rooms(&site, &report);
    say(vec![format!("{} of {count} telephones told their room.", rooms.len())], out).await;
    if rooms.is_empty() {
        return Ok(ATTENTION);
    }
    if !write {
        say(room_tables(&rooms).lines().map(str::to_owned).collect(), out).await;
        return Ok(0);
    }
    let mut configuration = desk.configuration.lock().await;
    let Some(configuration) = configuration.as_mut() else { bail!(crate::desk::NO_FILE) };
    let outcome = configuration
        .put_rooms(&rooms, &desk.asker, Editor { name: "walk", wall: desk.clock.wall() })
        .await?;
    say(outcome.lines, out).await;
    Ok(if outcome.accepted { 0 } else { ATTENTION })
}

async fn follow(
    asker: &Asker,
    site: &Site,
    count: usize,
    minutes: u32,
    out: &mpsc::Sender<Reply>,
) -> Result<Option<WalkReport>> {
    let patience = Duration::from_secs(u64::from(minutes) * 60);
    let intro = format!(
        "Lift each telephone, dial the number of its room and #; it is said back. *# on any of them ends the walk, as do {minutes} min without a number. No other call can be made by dialling meanwhile, but emergency ones."
    );
    say(vec![intro], out).await;
    let (mut known, mut since) = (WalkReport::default(), Instant::now());
    loop {
        tokio::select! {
            () = out.closed() => return Ok(None),
            () = tokio::time::sleep(LOOK) => {}
        }
        let report = ask(asker, WalkAct::Look).await?;
        let fresh = report.rooms.iter().filter(|room| !known.rooms.contains(room));
        let mut lines: Vec<String> = fresh.map(|(line, number)| told(site, *line, number)).collect();
        let refused = report.refused.iter().skip(known.refused.len());
        lines.extend(refused.map(|(line, number, other)| {
            let port = |line| site.line(line).map_or_else(String::new, |line| line.port.clone());
            format!("{}  {number} REFUSED: it was dialled on {} already", port(*line), port(*other))
        }));
        if !lines.is_empty() {
            since = Instant::now();
            say(lines, out).await;
        }
        let is_over = report.over || report.rooms.len() >= count || since.elapsed() > patience;
        known = report;
        if is_over {
            return Ok(Some(known));
        }
    }
}

fn told(site: &Site, line: tipring_units::LineId, number: &str) -> String {
    site.line(line).map_or_else(String::new, |line| {
        let was = if line.number == number { String::new() } else { format!("  (was {})", line.number) };
        format!("{:<10} {number}{was}", line.port)
    })
}

fn rooms(site: &Site, report: &WalkReport) -> Vec<Room> {
    let room = |(line, number): &(tipring_units::LineId, String)| {
        let port = tipring_config::PortName::parse(&site.line(*line)?.port)?;
        Some(Room { number: Number::parse(number)?, port })
    };
    report.rooms.iter().filter_map(room).collect()
}

async fn ask(asker: &Asker, act: WalkAct) -> Result<WalkReport> {
    match asker.ask(Request::Walk(act)).await? {
        Response::Walked(report) => Ok(*report),
        Response::Refused(why) => bail!("{why}."),
        Response::Status(_)
        | Response::Calls(_)
        | Response::Done
        | Response::Balance(_)
        | Response::Learned(_)
        | Response::Tested(_) => bail!("no answer was given"),
    }
}
