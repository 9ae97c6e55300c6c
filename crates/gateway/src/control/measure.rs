//! What the lines measure, for somebody who waits for it.

use std::collections::BTreeSet;

use tipring_port::{Command, LineCommand};
use tipring_units::{Epoch, LineId};

use super::Control;
use crate::api::{Output, RequestId, Response};

/// Questions that wait for lines to report.
#[derive(Debug, Default)]
pub(super) struct Measures {
    waiting: Vec<(RequestId, BTreeSet<LineId>)>,
}

impl Control {
    /// Has every line report; who asks gets the status when all have.
    pub(super) fn measure(&mut self, request: RequestId) {
        let lines = (0..).map(LineId).zip(&self.site.lines);
        let asked: Vec<_> = lines
            .filter(|(line, site)| !site.is_vacant() && !self.board.is_dead(*line))
            .map(|(line, site)| (line, site.shard))
            .collect();
        for (line, shard) in &asked {
            let report = Command::Line(*line, Epoch::default(), LineCommand::Report);
            self.out.push_back(Output::Shard(*shard, report));
        }
        self.measures.waiting.push((request, asked.into_iter().map(|(line, _)| line).collect()));
        self.reply_measured();
    }

    /// A line has reported, or never will.
    pub(super) fn measured(&mut self, line: LineId) {
        for (_, lines) in &mut self.measures.waiting {
            lines.remove(&line);
        }
        self.reply_measured();
    }

    fn reply_measured(&mut self) {
        let (done, waiting) = core::mem::take(&mut self.measures.waiting)
            .into_iter()
            .partition(|(_, lines): &(_, BTreeSet<LineId>)| lines.is_empty());
        self.measures.waiting = waiting;
        let done: Vec<(RequestId, BTreeSet<LineId>)> = done;
        for (request, _) in done {
            let status = Response::Status(Box::new(self.status()));
            self.out.push_back(Output::Reply(request, status));
        }
    }
}
