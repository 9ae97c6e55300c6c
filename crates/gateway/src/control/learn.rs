//! Learning how an outside line's exchange shows that its far end hung up, for somebody who waits for the answer.

use std::collections::BTreeMap;

use tipring_port::{Command, LearnEnd, LearnReport};
use tipring_units::{LineId, ShardId};

use super::Control;
use crate::api::{Output, RequestId, Response};
use crate::site::LineKind;

/// Who waits for which line.
pub(super) type Learners = BTreeMap<LineId, RequestId>;

impl Control {
    /// Has a line learn; refuses where that makes no sense. Its shard ends it by itself when nobody calls.
    pub(super) fn learn(&mut self, request: RequestId, line: LineId) {
        let refused = match self.site.line(line).filter(|site| !site.is_vacant()) {
            None => Some(format!("there is no {line}; `tipring lines` lists them")),
            Some(site) if site.kind != LineKind::Outside => {
                Some(format!("{} is no outside line", site.label()))
            }
            Some(_) if self.board.is_dead(line) => {
                Some("the thread that serves this line has stopped".to_owned())
            }
            Some(_) if self.learners.contains_key(&line) => Some("this line is learning already".to_owned()),
            Some(_) => None,
        };
        let shard = self.site.line(line).map(|site| site.shard);
        match (refused, shard) {
            (None, Some(shard)) => {
                self.learners.insert(line, request);
                self.out.push_back(Output::Shard(shard, Command::Learn(line)));
            }
            (refused, _) => {
                let why = refused.unwrap_or_else(|| "there is no such line".to_owned());
                self.out.push_back(Output::Reply(request, Response::Refused(why)));
            }
        }
    }

    /// The line has learned, or not.
    pub(super) fn learned(&mut self, line: LineId, learned: Result<LearnReport, LearnEnd>) {
        let Some(request) = self.learners.remove(&line) else { return };
        let label = self.site.line(line).map_or_else(|| line.to_string(), |site| site.label());
        let response = match learned {
            Ok(report) => Response::Learned(Box::new(report)),
            Err(LearnEnd::NoCall) => Response::Refused(format!(
                "nobody called {label} in five minutes. Call its number from a mobile phone, wait for three short tones, hang up"
            )),
            Err(LearnEnd::NotFree) => {
                Response::Refused(format!("{label} is in use or out of service; try again when it is idle"))
            }
            Err(LearnEnd::NotOutside) => Response::Refused(format!("{label} is no outside line")),
        };
        self.out.push_back(Output::Reply(request, response));
    }

    /// Nothing of these lines will be heard any more.
    pub(super) fn forget_learners(&mut self, shard: ShardId) {
        let gone: Vec<LineId> = self
            .learners
            .keys()
            .copied()
            .filter(|line| self.site.line(*line).is_some_and(|site| site.shard == shard))
            .collect();
        for line in gone {
            self.learned(line, Err(LearnEnd::NotFree));
        }
    }
}
