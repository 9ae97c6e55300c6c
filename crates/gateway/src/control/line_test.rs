//! Tests of telephones' lines that somebody waits for.

use std::collections::BTreeMap;

use tipring_call::CallEvent;
use tipring_port::{LineTest, TestEnd};
use tipring_units::LineId;

use super::Control;
use crate::api::{Output, RequestId, Response};
use crate::journal::test_end_words;

/// Who waits for which line.
pub(super) type Testers = BTreeMap<LineId, Vec<RequestId>>;

impl Control {
    /// Has a line tested. The switch always answers: a line that says nothing is not waited for long.
    pub(super) fn test_line(&mut self, request: RequestId, line: LineId) {
        if self.site.line(line).is_none_or(|site| site.is_vacant()) {
            let why = format!("there is no {line}; `tipring lines` lists them");
            return self.out.push_back(Output::Reply(request, Response::Refused(why)));
        }
        self.testers.entry(line).or_default().push(request);
        self.switch(tipring_call::Input::TestLine(line));
    }

    /// A line was tested, or not: whoever waits for that is told.
    pub(super) fn test_event(&mut self, event: &CallEvent) {
        if let CallEvent::LineTested { line, outcome } = event {
            self.line_tested(*line, outcome);
        }
    }

    fn line_tested(&mut self, line: LineId, outcome: &Result<LineTest, TestEnd>) {
        let label = self.site.line(line).map_or_else(|| line.to_string(), |site| site.label());
        for request in self.testers.remove(&line).unwrap_or_default() {
            let response = match outcome {
                Ok(test) => Response::Tested(Box::new(*test)),
                Err(end) => Response::Refused(test_end_words(*end, &label)),
            };
            self.out.push_back(Output::Reply(request, response));
        }
    }
}
