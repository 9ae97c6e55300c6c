//! Outside lines that learn how their exchange clears: it takes minutes, and who asked looks again meanwhile.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::mpsc;
use utoipa::ToSchema;

use crate::desk::Desk;
use crate::learn;
use crate::protocol::Reply;

/// Lines of a report on their way.
const MAX_LINES: usize = 64;

/// How far a line is.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Progress {
    /// Nobody asked it to.
    #[default]
    None,
    /// It waits for a call, or listens.
    Waiting,
    /// It is over.
    Done,
}

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, ToSchema)]
pub struct Learning {
    /// How far it is.
    pub state: Progress,
    /// Something was learned.
    pub learned: bool,
    /// In words: what to do, then what was seen and heard and what to write into the configuration.
    pub lines: Vec<String>,
}

/// All lines that learn or have learned, by their numbers.
#[derive(Debug, Default)]
pub struct Lessons(Mutex<BTreeMap<String, Learning>>);

impl Lessons {
    /// How far outside line `number` is.
    pub fn of(&self, number: &str) -> Learning {
        self.all().get(number).cloned().unwrap_or_default()
    }

    /// Has it learn; `None` if it does already.
    pub fn begin(self: &Arc<Self>, desk: &Desk, number: &str) -> Option<Learning> {
        let begun = Learning { state: Progress::Waiting, ..Learning::default() };
        {
            let mut all = self.all();
            if all.get(number).is_some_and(|known| known.state == Progress::Waiting) {
                return None;
            }
            all.insert(number.to_owned(), begun.clone());
        }
        let (lessons, desk, number) = (Arc::clone(self), desk.clone(), number.to_owned());
        tokio::spawn(async move {
            let (out, mut lines) = mpsc::channel(MAX_LINES);
            let listen = async {
                while let Some(reply) = lines.recv().await {
                    if let Reply::Line(line) = reply {
                        lessons.all().entry(number.clone()).or_default().lines.push(line);
                    }
                }
            };
            let teach = async {
                let result = learn::learn(&desk.asker, &number, &out).await;
                drop(out);
                result
            };
            let (result, ()) = tokio::join!(teach, listen);
            let mut all = lessons.all();
            let own = all.entry(number.clone()).or_default();
            own.state = Progress::Done;
            match result {
                Ok(code) => own.learned = code == 0,
                Err(why) => own.lines.push(format!("{why:#}")),
            }
            for line in own.lines.iter().skip(1) {
                desk.logbook.note(desk.clock.wall(), &format!("line {number} learns: {line}"));
            }
        });
        Some(begun)
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Learning>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
