//! The journal in words: the latest lines in memory, all in a file, each to whoever follows.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tipring_gateway::{Depth, Entry, LineName, Site, Teller, What};
use tipring_store::EventLog;
use tipring_units::WallTime;
use tokio::sync::broadcast;

use crate::{records, zone};

/// Lines of each depth kept in memory for `tipring log`: a flood of details does not push out what matters.
pub const MAX_KEPT: usize = 5000;
/// Details written in a second; the rest are counted and told in one line.
pub const MAX_DETAILS: u32 = 500;
/// Lines that a slow reader may be behind.
const MAX_BEHIND: usize = 4096;

/// A line of the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// When it was written.
    pub wall: WallTime,
    /// It begins or ends an alarm.
    pub alarm: bool,
    /// In words, with its time of day.
    pub text: String,
    /// Who wants to read it.
    pub depth: Depth,
    /// The telephones and outside lines (`line 1`) that it is about.
    pub numbers: Vec<String>,
}

impl Line {
    /// A line without details.
    pub(crate) fn plain(wall: WallTime, text: String) -> Self {
        Self { wall, alarm: false, text, depth: Depth::Plain, numbers: Vec::new() }
    }

    /// What happened, without the time of day before it.
    pub fn what(&self) -> &str {
        self.text.split_once(' ').map_or("", |(_, what)| what)
    }

    /// True for a reader who wants this much about this telephone.
    pub fn is_for(&self, number: Option<&str>, verbose: bool) -> bool {
        (verbose || self.depth == Depth::Plain)
            && number.is_none_or(|number| self.numbers.iter().any(|other| other == number))
    }
}

/// The log of a running gateway.
#[derive(Debug)]
pub struct Logbook {
    pages: Mutex<Pages>,
    follow: broadcast::Sender<Arc<Line>>,
}

#[derive(Debug)]
struct Pages {
    plain: VecDeque<(u64, Arc<Line>)>,
    details: VecDeque<(u64, Arc<Line>)>,
    written: u64,
    /// The second of the wall clock, details written in it, and those left out.
    second: (u64, u32, u32),
    teller: Teller,
    file: EventLog,
    /// The file could not be written; told once, until it works again.
    failed: bool,
}

impl Logbook {
    /// A log that also goes into `file`.
    pub fn new(file: EventLog) -> Self {
        let pages = Pages {
            plain: VecDeque::with_capacity(MAX_KEPT),
            details: VecDeque::with_capacity(MAX_KEPT),
            written: 0,
            second: (0, 0, 0),
            teller: Teller::default(),
            file,
            failed: false,
        };
        Self { pages: Mutex::new(pages), follow: broadcast::channel(MAX_BEHIND).0 }
    }

    /// Writes an entry of the journal, if it says anything to a reader.
    pub fn entry(&self, entry: &Entry, site: &Site) {
        let name = |line| site.line(line).map_or_else(|| LineName::unknown(line), LineName::from);
        let offset = zone::offset_minutes(entry.wall);
        let mut pages = self.pages();
        let Some(words) = pages.teller.tell(entry, offset, name) else { return };
        let mut numbers: Vec<String> = words.lines.iter().map(|line| name(*line).to_string()).collect();
        numbers.extend(words.numbers);
        let alarm = matches!(entry.what, What::Alarm(_));
        let line = Line { wall: entry.wall, alarm, text: words.text, depth: words.depth, numbers };
        self.write(&mut pages, line);
    }

    /// Writes a line of the program itself.
    pub fn note(&self, wall: WallTime, text: &str) {
        let time = tipring_gateway::time_of_day(wall, zone::offset_minutes(wall));
        self.write(&mut self.pages(), Line::plain(wall, format!("{time} {text}")));
    }

    /// Writes that an alarm begins or ends.
    pub fn alarm(&self, wall: WallTime, text: &str) {
        let time = tipring_gateway::time_of_day(wall, zone::offset_minutes(wall));
        let line = Line { alarm: true, ..Line::plain(wall, format!("{time} {text}")) };
        self.write(&mut self.pages(), line);
    }

    /// The latest lines that `wanted` takes, at most `count`, and those that follow.
    pub fn read(
        &self,
        count: usize,
        wanted: impl Fn(&Line) -> bool,
    ) -> (Vec<Arc<Line>>, broadcast::Receiver<Arc<Line>>) {
        let pages = self.pages();
        let latest = |kept: &VecDeque<(u64, Arc<Line>)>| -> Vec<_> {
            kept.iter().rev().filter(|(_, line)| wanted(line)).take(count).cloned().collect()
        };
        let mut lines = latest(&pages.plain);
        lines.extend(latest(&pages.details));
        lines.sort_by_key(|(number, _)| *number);
        let lines =
            lines.split_off(lines.len().saturating_sub(count)).into_iter().map(|(_, line)| line).collect();
        // Within the lock: no line is missed between the two, and none comes twice.
        (lines, self.follow.subscribe())
    }

    fn write(&self, pages: &mut Pages, line: Line) {
        let wall = line.wall;
        let second = wall.0 / 1_000_000;
        if pages.second.0 != second {
            let left_out = core::mem::replace(&mut pages.second, (second, 0, 0)).2;
            if left_out > 0 {
                let time = tipring_gateway::time_of_day(wall, zone::offset_minutes(wall));
                let text = format!("{time} {left_out} more details in a second than are kept were left out");
                self.put(pages, Line::plain(wall, text));
            }
        }
        if line.depth != Depth::Plain {
            if pages.second.1 >= MAX_DETAILS {
                pages.second.2 += 1;
                return;
            }
            pages.second.1 += 1;
        }
        self.put(pages, line);
    }

    fn put(&self, pages: &mut Pages, line: Line) {
        let date = records::date_and_time(line.wall, zone::offset_minutes);
        let day = date.split(' ').next().unwrap_or_default();
        match pages.file.append(&format!("{day} {}", line.text)) {
            Ok(()) => pages.failed = false,
            Err(why) if !pages.failed => {
                pages.failed = true;
                tracing::warn!("the event log is not written: {why}");
            }
            Err(_) => {}
        }
        let line = Arc::new(line);
        pages.written += 1;
        let kept = if line.depth == Depth::Plain { &mut pages.plain } else { &mut pages.details };
        if kept.len() == MAX_KEPT {
            kept.pop_front();
        }
        kept.push_back((pages.written, Arc::clone(&line)));
        // Nobody may be following.
        let _ = self.follow.send(line);
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        // A panic while a line was written costs that line.
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_details_leaves_what_matters() {
        let dir = std::env::temp_dir().join(format!("tipring-logbook-flood-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let book = Logbook::new(EventLog::open(&dir).unwrap());
        let wall = |second: u64| WallTime((1_709_210_096 + second) * 1_000_000);
        book.note(wall(0), "101 off-hook");
        for second in 1..=20 {
            for n in 0..MAX_DETAILS * 2 {
                let line = Line { depth: Depth::Detail, ..Line::plain(wall(second), format!("refused {n}")) };
                book.write(&mut book.pages(), line);
            }
        }
        book.note(wall(21), "101 on-hook");
        let texts = |verbose: bool| -> Vec<String> {
            let (lines, _) = book.read(100_000, |line| line.is_for(None, verbose));
            lines.iter().map(|line| line.text.clone()).collect()
        };
        let plain = texts(false);
        assert!(
            plain.first().unwrap().ends_with("101 off-hook")
                && plain.last().unwrap().ends_with("101 on-hook")
        );
        let told = plain.iter().filter(|text| text.contains(&format!("{MAX_DETAILS} more details"))).count();
        assert_eq!((plain.len(), told), (22, 20));
        assert_eq!(texts(true).len(), 22 + MAX_KEPT);
        let (latest, _) = book.read(3, |line| line.is_for(None, true));
        assert!(latest[0].text.contains("refused") && latest[2].text.ends_with("101 on-hook"));
        std::fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn a_reader_gets_each_line_once() {
        let dir = std::env::temp_dir().join(format!("tipring-logbook-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let book = Logbook::new(EventLog::open(&dir).unwrap());
        let wall = WallTime(1_709_210_096_000_000);
        for n in 0..MAX_KEPT + 5 {
            book.note(wall, &format!("line {n}"));
        }
        let (lines, mut follow) = book.read(3, |_| true);
        book.note(wall, "the next");
        assert_eq!(lines.len(), 3);
        assert!(lines[2].text.ends_with(&format!("line {}", MAX_KEPT + 4)));
        assert!(follow.try_recv().unwrap().text.ends_with("the next"));
        assert!(follow.try_recv().is_err());
        let kept = EventLog::last(&dir, 1).unwrap();
        assert!(kept[0].starts_with("2024-0") && kept[0].ends_with("the next"), "{kept:?}");
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_reader_of_one_telephone_gets_its_lines_only() {
        let line = Line {
            depth: Depth::Detail,
            numbers: vec!["101".into()],
            ..Line::plain(WallTime(0), String::new())
        };
        assert!(line.is_for(Some("101"), true) && line.is_for(None, true));
        assert!(!line.is_for(Some("10"), true) && !line.is_for(Some("101"), false));
    }
}
