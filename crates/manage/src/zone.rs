//! Local time: how far it is from UTC, by the system's own zone file (`/etc/localtime`, or `TZ`).
//!
//! # Standard
//! RFC 8536 (TZif) with its footer, the `TZ` string of POSIX.1-2017 clause 8.3.

use std::path::PathBuf;
use std::sync::OnceLock;

use tipring_units::WallTime;

/// Where zones are by name.
const ZONES: &str = "/usr/share/zoneinfo";
const SYSTEM: &str = "/etc/localtime";

/// Minutes that local time is east of UTC at `wall`. UTC where the system does not say.
pub fn offset_minutes(wall: WallTime) -> i32 {
    static ZONE: OnceLock<Zone> = OnceLock::new();
    let seconds = i64::try_from(wall.0 / 1_000_000).unwrap_or(0);
    ZONE.get_or_init(system).offset(seconds) / 60
}

#[derive(Clone, PartialEq, Debug, Default)]
struct Zone {
    /// From when on which offset holds, in seconds.
    changes: Vec<(i64, i32)>,
    /// What holds before the first change.
    first: i32,
    /// What holds after the last one.
    rule: Option<Rule>,
}

#[derive(Clone, PartialEq, Debug)]
struct Rule {
    standard: i32,
    summer: Option<(i32, Day, Day)>,
}

/// A day of the year by month, week and weekday, and seconds into it.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Day {
    month: u8,
    week: u8,
    weekday: u8,
    seconds: i64,
}

fn system() -> Zone {
    let named = std::env::var("TZ").ok().filter(|name| !name.is_empty());
    if let Some(rule) = named.as_deref().and_then(parse_rule) {
        return Zone { rule: Some(rule), ..Zone::default() };
    }
    let path = match named.as_deref().map(|name| name.trim_start_matches(':')) {
        Some(name) if name.starts_with('/') => PathBuf::from(name),
        Some(name) => PathBuf::from(ZONES).join(name),
        None => PathBuf::from(SYSTEM),
    };
    std::fs::read(path).ok().and_then(|bytes| parse_file(&bytes)).unwrap_or_default()
}

impl Zone {
    fn offset(&self, at: i64) -> i32 {
        let place = self.changes.partition_point(|(from, _)| *from <= at);
        match (&self.rule, place.checked_sub(1)) {
            (Some(rule), _) if place == self.changes.len() => rule.offset(at),
            (_, Some(place)) => self.changes[place].1,
            (_, None) => self.first,
        }
    }
}

impl Rule {
    fn offset(&self, at: i64) -> i32 {
        let Some((summer, begins, ends)) = self.summer else { return self.standard };
        let year = WallTime((at.max(0) as u64) * 1_000_000).civil(self.standard / 60).year;
        let begins = begins.in_year(year) - i64::from(self.standard);
        let ends = ends.in_year(year) - i64::from(summer);
        let is_summer =
            if begins < ends { (begins..ends).contains(&at) } else { !(ends..begins).contains(&at) };
        if is_summer { summer } else { self.standard }
    }
}

impl Day {
    /// Seconds from 1970 by local time.
    fn in_year(self, year: u32) -> i64 {
        let first = days(year, self.month);
        // 1970-01-01 was a Thursday, day 4 of the week.
        let weekday = (first + 4).rem_euclid(7);
        let mut day = first + (i64::from(self.weekday) - weekday).rem_euclid(7);
        let next = if self.month == 12 { days(year + 1, 1) } else { days(year, self.month + 1) };
        for _ in 1..self.week {
            if day + 7 < next {
                day += 7;
            }
        }
        day * 86_400 + self.seconds
    }
}

/// Days from 1970-01-01 to the first of a month.
fn days(year: u32, month: u8) -> i64 {
    let shifted = i64::from(year) - i64::from(month <= 2);
    let of_year = (153 * ((i64::from(month) + 9) % 12) + 2) / 5;
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year - 719_468
}

/// RFC 8536 clause 3: a header and data of version 1, then the same with 64-bit times, then the footer.
fn parse_file(bytes: &[u8]) -> Option<Zone> {
    let first = Header::at(bytes)?;
    if first.version < b'2' {
        return None;
    }
    let bytes = bytes.get(Header::LENGTH + first.length(4)..)?;
    let header = Header::at(bytes)?;
    let body = bytes.get(Header::LENGTH..)?;
    let (times, rest) = body.split_at_checked(header.times * 8)?;
    let (indices, rest) = rest.split_at_checked(header.times)?;
    let kinds = rest.get(..header.kinds * 6)?;
    let offset =
        |index: usize| Some(i32::from_be_bytes(kinds.get(index * 6..index * 6 + 4)?.try_into().ok()?));
    let mut changes = Vec::with_capacity(header.times);
    for (time, index) in times.chunks_exact(8).zip(indices) {
        changes.push((i64::from_be_bytes(time.try_into().ok()?), offset(usize::from(*index))?));
    }
    let footer = body.get(header.length(8)..)?;
    let footer = core::str::from_utf8(footer).ok()?.trim_matches('\n');
    Some(Zone { changes, first: offset(0)?, rule: parse_rule(footer) })
}

struct Header {
    version: u8,
    utc: usize,
    standard: usize,
    leaps: usize,
    times: usize,
    kinds: usize,
    characters: usize,
}

impl Header {
    const LENGTH: usize = 44;

    fn at(bytes: &[u8]) -> Option<Self> {
        if bytes.get(..4)? != b"TZif" {
            return None;
        }
        let count = |place: usize| -> Option<usize> {
            let at = 20 + 4 * place;
            let count = u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?);
            usize::try_from(count).ok().filter(|count| *count <= 65_536)
        };
        Some(Self {
            version: *bytes.get(4)?,
            utc: count(0)?,
            standard: count(1)?,
            leaps: count(2)?,
            times: count(3)?,
            kinds: count(4)?,
            characters: count(5)?,
        })
    }

    fn length(&self, time: usize) -> usize {
        self.times * (time + 1)
            + self.kinds * 6
            + self.characters
            + self.leaps * (time + 4)
            + self.standard
            + self.utc
    }
}

/// `CET-1CEST,M3.5.0,M10.5.0/3`; only rules by month, week and day, which all current zones use.
fn parse_rule(text: &str) -> Option<Rule> {
    let mut parts = text.split(',');
    let rest = parts.next()?;
    let (standard, rest) = zone_offset(after_name(rest)?)?;
    if rest.is_empty() {
        return Some(Rule { standard, summer: None });
    }
    let rest = after_name(rest)?;
    let summer = if rest.is_empty() { standard + 3600 } else { zone_offset(rest)?.0 };
    let (begins, ends) = (day(parts.next()?)?, day(parts.next()?)?);
    Some(Rule { standard, summer: Some((summer, begins, ends)) })
}

fn after_name(text: &str) -> Option<&str> {
    if let Some(quoted) = text.strip_prefix('<') {
        return Some(quoted.split_once('>')?.1);
    }
    let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    (end >= 3).then(|| &text[end..])
}

/// Seconds east of UTC (POSIX counts them west), and what follows.
fn zone_offset(text: &str) -> Option<(i32, &str)> {
    let end = text.find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | ':')).unwrap_or(text.len());
    let (offset, rest) = text.split_at(end);
    Some((-i32::try_from(clock(offset)?).ok()?, rest))
}

fn day(text: &str) -> Option<Day> {
    let (date, time) = text.split_once('/').unwrap_or((text, "2"));
    let mut numbers = date.strip_prefix('M')?.split('.').map(str::parse::<u8>);
    let (month, week, weekday) = (numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?);
    let is_day = (1..=12).contains(&month) && (1..=5).contains(&week) && weekday <= 6;
    is_day.then_some(Day { month, week, weekday, seconds: clock(time)? })
}

/// `[+-]hh[:mm[:ss]]` in seconds.
fn clock(text: &str) -> Option<i64> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut seconds = 0;
    for (part, unit) in text.split(':').zip([3600, 60, 1]) {
        seconds += i64::from(part.parse::<u16>().ok()?) * unit;
    }
    Some(sign * seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINTER: i64 = 1_705_320_000; // 2024-01-15 12:00 UTC
    const SUMMER: i64 = 1_721_044_800; // 2024-07-15 12:00 UTC

    #[test]
    fn a_rule_knows_summer_on_both_halves_of_the_earth() {
        let berlin = parse_rule("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        assert_eq!((berlin.offset(WINTER), berlin.offset(SUMMER)), (3600, 7200));
        // 2024-03-31 01:00 UTC: the clocks go forward.
        assert_eq!((berlin.offset(1_711_846_799), berlin.offset(1_711_846_800)), (3600, 7200));
        // 2024-10-27 01:00 UTC: and back.
        assert_eq!((berlin.offset(1_729_990_799), berlin.offset(1_729_990_800)), (7200, 3600));
        let sydney = parse_rule("AEST-10AEDT,M10.1.0,M4.1.0/3").unwrap();
        assert_eq!((sydney.offset(WINTER), sydney.offset(SUMMER)), (39_600, 36_000));
        let new_york = parse_rule("EST5EDT,M3.2.0,M11.1.0").unwrap();
        assert_eq!((new_york.offset(WINTER), new_york.offset(SUMMER)), (-18_000, -14_400));
        let kathmandu = parse_rule("<+0545>-5:45").unwrap();
        assert_eq!(kathmandu.offset(SUMMER), 20_700);
        assert_eq!(parse_rule("Europe/Berlin"), None);
    }

    #[test]
    fn a_zone_file_is_read_with_its_changes_and_its_footer() {
        let header = |version: u8, times: u8, kinds: u8| {
            let mut bytes = b"TZif".to_vec();
            bytes.push(version);
            bytes.resize(20, 0);
            for count in [0, 0, 0, times, kinds, 4] {
                bytes.extend([0, 0, 0, count]);
            }
            bytes
        };
        let mut bytes = header(b'2', 0, 1);
        bytes.extend([0; 6]);
        bytes.extend(b"LMT\0");
        bytes.extend(header(b'2', 1, 2));
        bytes.extend(1_000_000_000_i64.to_be_bytes());
        bytes.push(1);
        bytes.extend([0, 0, 0x0e, 0x10, 0, 0]); // 3600
        bytes.extend([0, 0, 0x1c, 0x20, 1, 0]); // 7200
        bytes.extend(b"LMT\0\nUTC0\n");
        let zone = parse_file(&bytes).unwrap();
        assert_eq!(zone.offset(999_999_999), 3600);
        assert_eq!(zone.offset(SUMMER), 0, "the footer holds after the last change");
        assert_eq!(Zone { rule: None, ..zone }.offset(SUMMER), 7200);
        for length in 0..bytes.len() {
            parse_file(&bytes[..length]);
        }
    }
}
