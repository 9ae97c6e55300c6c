//! What is measured, and the table of it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tipring_dsp::echo_trial::{Limit, Scene};

use super::canceller::Who;

/// One figure of each canceller on one line.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The trial.
    pub name: String,
    /// What is measured.
    pub what: String,
    /// What it must not fall short of.
    pub limit: Limit,
    /// Whose limit it is.
    pub source: &'static str,
    /// By canceller, in the order asked for.
    pub figures: Vec<Option<f64>>,
}

/// Trials that are made and measured together.
pub type Job = Box<dyn Fn(u64, &[Who]) -> Vec<Cell> + Send + Sync>;

/// One line of the table: the worst figure of each canceller over all lines of a trial.
pub struct Entry {
    /// The trial and what is measured, as everywhere the same.
    pub cell: Cell,
    /// Over how many lines.
    pub lines: usize,
}

/// Measures scenes.
pub fn cells(scenes: &[Scene], who: &[Who]) -> Vec<Cell> {
    let mut all = Vec::new();
    for scene in scenes {
        let outs: Vec<Option<Vec<i16>>> = who.iter().map(|who| who.run(scene)).collect();
        all.extend(scene.rows.iter().map(|row| Cell {
            name: scene.name.clone(),
            what: row.what.to_owned(),
            limit: row.limit,
            source: row.source,
            figures: outs.iter().map(|out| Some(row.figure(scene, out.as_ref()?))).collect(),
        }));
    }
    all
}

/// Runs all jobs on the machine's cores; the cells in the order of the jobs.
pub fn run(jobs: &[Job], seed: u64, who: &[Who]) -> Vec<Cell> {
    let next = AtomicUsize::new(0);
    let results: Vec<Mutex<Vec<Cell>>> = jobs.iter().map(|_| Mutex::default()).collect();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores.min(jobs.len()) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let (Some(job), Some(result)) = (jobs.get(index), results.get(index)) else { return };
                    let cells = job(seed, who);
                    if let Ok(mut result) = result.lock() {
                        *result = cells;
                    }
                }
            });
        }
    });
    results.into_iter().flat_map(|result| result.into_inner().unwrap_or_default()).collect()
}

/// Puts the lines of each trial together, in the order of their first appearance.
pub fn merge(cells: Vec<Cell>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for cell in cells {
        let same = |entry: &&mut Entry| (&entry.cell.name, &entry.cell.what) == (&cell.name, &cell.what);
        match entries.iter_mut().find(same) {
            None => entries.push(Entry { cell, lines: 1 }),
            Some(entry) => {
                entry.lines += 1;
                for (worst, figure) in entry.cell.figures.iter_mut().zip(&cell.figures) {
                    *worst = match (*worst, *figure) {
                        (Some(a), Some(b)) => Some(if cell.limit.prefers(a, b) { b } else { a }),
                        (one, other) => one.or(other),
                    };
                }
            }
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(name: &str, limit: Limit, figure: Option<f64>) -> Cell {
        Cell { name: name.to_owned(), what: "dB".to_owned(), limit, source: "aim", figures: vec![figure] }
    }

    #[test]
    fn the_worst_line_of_a_trial_counts() {
        let least = Limit::AtLeast(20.0);
        let most = Limit::AtMost(1.0);
        let entries = merge(vec![
            cell("a", least, Some(30.0)),
            cell("b", most, Some(0.5)),
            cell("a", least, Some(25.0)),
            cell("b", most, Some(0.7)),
            cell("a", least, None),
        ]);
        let told: Vec<_> = entries
            .iter()
            .map(|entry| (entry.cell.name.as_str(), entry.lines, entry.cell.figures[0]))
            .collect();
        assert_eq!(told, [("a", 3, Some(25.0)), ("b", 2, Some(0.7))]);
    }

    #[test]
    fn cells_come_in_the_order_of_their_jobs() {
        let job = |name: &'static str| -> Job {
            Box::new(move |seed, who| {
                vec![cell(&format!("{name} {seed}"), Limit::AtMost(0.0), Some(who.len() as f64))]
            })
        };
        let cells = run(&[job("first"), job("second"), job("third")], 7, &[Who::Ours]);
        let names: Vec<_> = cells.iter().map(|cell| cell.name.as_str()).collect();
        assert_eq!(names, ["first 7", "second 7", "third 7"]);
    }
}
