//! Measurements of lines' balance that somebody waits for.

use std::collections::BTreeMap;

use tipring_call::LineDoing;
use tipring_port::{BalanceEnd, BalanceEvent, Command, EchoLoss, Impedance};
use tipring_units::{Instant, LineId, Millis, ShardId};

use super::Control;
use crate::api::{BalanceReport, Output, RequestId, Response};

/// A measurement takes some six seconds; whoever waits longer than this is no longer waited for.
const PATIENCE: Millis = Millis(30_000);

/// Measurements under way, one a line at the most.
#[derive(Debug, Default)]
pub(super) struct Balances {
    waiting: BTreeMap<LineId, Waiting>,
}

#[derive(Debug)]
struct Waiting {
    request: RequestId,
    since: Instant,
    losses: Vec<EchoLoss>,
}

impl Control {
    /// Begins to measure a line; refuses where that makes no sense.
    pub(super) fn balance(&mut self, request: RequestId, line: LineId) {
        let refused = match self.site.line(line).filter(|site| !site.is_vacant()) {
            None => Some(format!("there is no {line}; `tipring status` lists the lines")),
            Some(site) => {
                let number = &site.number;
                match self.board.doing(line) {
                    LineDoing::Idle | LineDoing::InUse | LineDoing::Releasing => {
                        Some(refusal(number, BalanceEnd::OnHook))
                    }
                    LineDoing::Waiting | LineDoing::Talking | LineDoing::Ringing => {
                        Some(refusal(number, BalanceEnd::InCall))
                    }
                    LineDoing::OutOfService => {
                        Some(format!("{number} is out of service: its card feeds no line"))
                    }
                    LineDoing::Dialling | LineDoing::Told | LineDoing::Parked => None,
                }
            }
        };
        let now = self.now;
        let is_fresh = |waiting: &Waiting| now.since(waiting.since) < PATIENCE.into();
        let refused = refused.or_else(|| {
            self.balances.waiting.get(&line).filter(|waiting| is_fresh(waiting))?;
            Some("this line is being measured already".to_owned())
        });
        let shard = self.site.line(line).map(|site| site.shard);
        match (refused, shard) {
            (None, Some(shard)) => {
                let losses = Vec::with_capacity(Impedance::ALL.len());
                let waiting = Waiting { request, since: now, losses };
                if let Some(old) = self.balances.waiting.insert(line, waiting) {
                    let why = "it was not heard of again".to_owned();
                    self.out.push_back(Output::Reply(old.request, Response::Refused(why)));
                }
                self.out.push_back(Output::Shard(shard, Command::Balance(line)));
            }
            (Some(why), _) => self.out.push_back(Output::Reply(request, Response::Refused(why))),
            (None, None) => {}
        }
    }

    /// A shard tells of a measurement.
    pub(super) fn balance_event(&mut self, line: LineId, event: BalanceEvent) {
        let Some(waiting) = self.balances.waiting.get_mut(&line) else { return };
        match event {
            BalanceEvent::Measured(loss) => {
                if waiting.losses.len() < Impedance::ALL.len() {
                    waiting.losses.push(loss);
                }
            }
            BalanceEvent::Ended(end) => {
                let Some(Waiting { request, losses, .. }) = self.balances.waiting.remove(&line) else {
                    return;
                };
                let site = self.site.line(line);
                let number = site.map_or_else(|| line.to_string(), |site| site.number.clone());
                let response = match (end, site) {
                    (BalanceEnd::Done, Some(site)) => {
                        Response::Balance(BalanceReport { losses, own: site.profile.impedance })
                    }
                    (end, _) => Response::Refused(refusal(&number, end)),
                };
                self.out.push_back(Output::Reply(request, response));
            }
        }
    }

    /// Nothing more comes of the lines of a shard that has stopped.
    pub(super) fn forget_balances(&mut self, shard: ShardId) {
        for (line, waiting) in core::mem::take(&mut self.balances.waiting) {
            if self.site.line(line).is_some_and(|site| site.shard == shard) {
                let why = format!("{shard} has stopped; `tipring status` tells more");
                self.out.push_back(Output::Reply(waiting.request, Response::Refused(why)));
            } else {
                self.balances.waiting.insert(line, waiting);
            }
        }
    }
}

/// Why there is no result, and what to do.
fn refusal(number: &str, end: BalanceEnd) -> String {
    match end {
        BalanceEnd::Done => format!("{number} is no longer configured"),
        BalanceEnd::OnHook => format!(
            "{number} is on-hook: an open line returns everything. Lift the receiver (or terminate the line) and ask again"
        ),
        BalanceEnd::InCall => format!("{number} is in a call. Ask again when it is over"),
        BalanceEnd::Interrupted => {
            format!("{number} was hung up, or its card fell silent, before all networks were measured")
        }
        BalanceEnd::Occupied => {
            format!("another line beside {number} is being measured; ask again in ten seconds")
        }
        BalanceEnd::OneNetwork => format!(
            "the card of {number} did not take another network within a second: it has but one, or cannot tell"
        ),
        BalanceEnd::NoSound => format!("{number} is simulated without sound"),
    }
}
