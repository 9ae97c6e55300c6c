//! Call records: from the switch's to those that are kept, and in words.

use tipring_call::{CallRecord, Clearer, Party, Presentation, Priority, Side, Via};
use tipring_gateway::{LineKind, LineSite, Site, length};
use tipring_port::Hearing;
use tipring_store::{CallRow, HearingRow};
use tipring_units::WallTime;

/// The record as it is kept.
pub fn row(record: &CallRecord, site: &Site) -> CallRow {
    let line = |party: Option<Party>| match party {
        Some(Party::Line(line)) => site.line(line),
        Some(Party::Far(_)) | None => None,
    };
    let via = |via: Option<Via>| match via {
        Some(Via::Server(name)) => name.as_str().to_owned(),
        Some(Via::User(number)) => number.as_str().to_owned(),
        None => String::new(),
    };
    let outside = |party| line(party).filter(|line| line.kind == LineKind::Outside);
    let phone = |party| line(party).filter(|line| line.kind == LineKind::Phone);
    // An outside line is a way, as a server is one.
    let way = |party, by| outside(party).map_or_else(|| via(by), LineSite::label);
    let port = |party| line(party).map_or_else(String::new, |line| line.port.clone());
    let caller = Some(record.caller);
    let shown = record.from.number.as_str();
    CallRow {
        call: record.call.0,
        // An emergency call shows its callback number; the record names the telephone itself.
        from: phone(caller).map_or_else(|| shown.to_owned(), |line| line.number.clone()),
        from_name: phone(caller)
            .map_or_else(|| record.from.name.as_str().to_owned(), |line| line.name.clone()),
        from_port: port(caller),
        withheld: record.from.presentation == Presentation::Private,
        came_by: way(caller, record.came_by),
        // What comes in on an outside line names nobody: it was for who took it.
        dialled: match (outside(caller), phone(record.called)) {
            (Some(by), Some(to)) if by.number == record.dialled.as_str() => to.number.clone(),
            (Some(_) | None, _) => record.dialled.as_str().to_owned(),
        },
        sent: record.sent.as_str().to_owned(),
        to_port: port(record.called),
        went_by: way(record.called, record.went_by),
        started: record.started.0,
        answered: record.answered.map(|wall| wall.0),
        ended: record.ended.0,
        talked_ms: u64::try_from(record.talked.as_millis()).unwrap_or(u64::MAX),
        cause: record.cause.q850(),
        cause_word: record.cause.word().to_owned(),
        by: match record.by {
            Clearer::Side(Side::Caller) => "caller",
            Clearer::Side(Side::Called) => "called",
            Clearer::Gateway => "gateway",
        }
        .to_owned(),
        emergency: record.priority == Priority::Emergency,
        fax: record.data,
        here: record.quality.and_then(|quality| quality.here).map(hearing),
        there: record.quality.and_then(|quality| quality.there).map(hearing),
    }
}

fn hearing(hearing: Hearing) -> HearingRow {
    let Hearing { loss, jitter, rating, score } = hearing;
    HearingRow { loss, jitter_ms: jitter.0, rating, score }
}

/// The record for programs.
pub fn json(row: &CallRow) -> String {
    // Plain numbers and texts always serialize.
    serde_json::to_string(row).unwrap_or_default()
}

/// The record in words: `2026-11-21 10:42:01  101 -> 102  00:14  normal clearing (16), by caller`.
pub fn line(row: &CallRow, offset: impl Fn(WallTime) -> i32) -> String {
    format!("{}  {}", date_and_time(WallTime(row.started), offset), words(row))
}

/// The record in words, without its date.
pub fn words(row: &CallRow) -> String {
    let from = if row.from.is_empty() { "unknown" } else { &row.from };
    let by = |name: &str| match name {
        "" => String::new(),
        line if line.starts_with("line ") => format!(" by {line}"),
        name => format!(" via {name}"),
    };
    // A registered telephone's own number says where the call went.
    let via = if row.went_by == row.dialled { "" } else { &row.went_by };
    let came = if row.came_by == row.from { "" } else { &row.came_by };
    let talked = match row.answered {
        Some(_) => length(row.talked_ms / 1000),
        None => "  -  ".to_owned(),
    };
    let heard = row.here.map_or_else(String::new, |here| {
        let loss = format!("{}.{}", here.loss / 100, here.loss % 100 / 10);
        format!("  loss {loss} %  jitter {} ms  MOS {}.{}", here.jitter_ms, here.score / 10, here.score % 10)
    });
    format!(
        "{from}{} -> {}{}{}  {talked}  {} ({}), by {}{}{heard}",
        by(came),
        row.dialled,
        by(via),
        if row.emergency { " EMERGENCY" } else { "" },
        row.cause_word,
        row.cause,
        row.by,
        if row.fax { ", pass-through" } else { "" }
    )
}

/// `2026-11-21 10:42:01` by local time.
pub fn date_and_time(wall: WallTime, offset: impl Fn(WallTime) -> i32) -> String {
    let civil = wall.civil(offset(wall));
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        civil.year, civil.month, civil.day, civil.hour, civil.minute, civil.second
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> CallRow {
        CallRow {
            from: "101".into(),
            dialled: "102".into(),
            started: 1_709_210_096_000_000,
            answered: Some(1_709_210_099_000_000),
            talked_ms: 14_900,
            cause: 16,
            cause_word: "normal clearing".into(),
            by: "caller".into(),
            ..CallRow::default()
        }
    }

    #[test]
    fn a_record_is_a_line() {
        let told = line(&row(), |_| 0);
        assert_eq!(told, "2024-02-29 12:34:56  101 -> 102  00:14  normal clearing (16), by caller");
        let here = Some(HearingRow { loss: 120, jitter_ms: 4, rating: 88, score: 43 });
        let told = words(&CallRow { here, ..row() });
        assert_eq!(
            told,
            "101 -> 102  00:14  normal clearing (16), by caller  loss 1.2 %  jitter 4 ms  MOS 4.3"
        );
        let refused = CallRow {
            answered: None,
            dialled: "15550199".into(),
            went_by: "provider".into(),
            emergency: true,
            ..row()
        };
        let told = words(&refused);
        assert_eq!(told, "101 -> 15550199 via provider EMERGENCY    -    normal clearing (16), by caller");
        let into = CallRow { from: "5550177".into(), came_by: "line 1".into(), ..row() };
        assert_eq!(words(&into), "5550177 by line 1 -> 102  00:14  normal clearing (16), by caller");
    }

    #[test]
    fn a_record_for_programs_can_be_read_back() {
        let back: CallRow = serde_json::from_str(&json(&row())).unwrap();
        assert_eq!(back, row());
    }
}
