//! The thread that keeps call records and what subscribers have set: a disk may be slow, and may refuse.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use tipring_call::{CallRecord, Features, Number};
use tipring_gateway::{Site, StoreId};
use tokio::sync::mpsc::Sender;

/// After a refusal the disk is tried again this often, though no call ends.
pub const RETRY: Duration = Duration::from_secs(5);

/// What a keeper is asked to do.
#[derive(Clone, Copy, Debug)]
pub enum Keep<'a> {
    /// To store a record, after those that were refused before. Its lines are those of the site, which was in force when
    /// the call ended.
    Record(StoreId, &'a CallRecord, &'a Site),
    /// To keep what is set on a telephone now.
    Features(StoreId, Number, &'a Features),
    /// To store those that were refused before.
    Rest,
}

/// Stores call records. It says why it could not, keeps what was refused, and stores it when it is asked again.
pub type Keeper = Box<dyn FnMut(Keep<'_>) -> Result<(), String> + Send>;

/// What is on its way to the keeper.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // sent once, over a channel of its own
pub enum Recorded {
    /// A record, and the site that was in force.
    Record(StoreId, CallRecord, Arc<Site>),
    /// What is set on a telephone now.
    Features(StoreId, Number, Box<Features>),
}

/// Stores what comes until nobody sends any more, and answers whether all is safe.
pub fn run(
    records: &Receiver<Recorded>,
    mut keeper: Keeper,
    answers: &Sender<(StoreId, Result<(), String>)>,
    retry: Duration,
) {
    let mut refused = None;
    loop {
        let next = match refused {
            None => records.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(_) => records.recv_timeout(retry),
        };
        let (id, result) = match (next, refused) {
            (Ok(Recorded::Record(id, record, site)), _) => (id, keeper(Keep::Record(id, &record, &site))),
            (Ok(Recorded::Features(id, number, features)), _) => {
                (id, keeper(Keep::Features(id, number, &features)))
            }
            (Err(RecvTimeoutError::Timeout), Some(id)) => (id, keeper(Keep::Rest)),
            (Err(RecvTimeoutError::Timeout), None) => continue,
            (Err(RecvTimeoutError::Disconnected), Some(_)) => {
                if let Err(why) = keeper(Keep::Rest) {
                    tracing::error!("call records are lost: {why}");
                }
                return;
            }
            (Err(RecvTimeoutError::Disconnected), None) => return,
        };
        refused = result.is_err().then_some(id);
        // While the gateway stops nobody wants to know, but the records are kept all the same.
        let _ = answers.blocking_send((id, result));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Sender as Reports, channel, sync_channel};

    use tipring_call::{CallRecord, Cause, Clearer, FarId, Identity, Number, Party, Priority};
    use tipring_units::{CallId, WallTime};

    fn record() -> CallRecord {
        CallRecord {
            call: CallId(1),
            caller: Party::Far(FarId::In(1)),
            from: Identity::default(),
            came_by: None,
            dialled: Number::EMPTY,
            sent: Number::EMPTY,
            called: None,
            went_by: None,
            started: WallTime(0),
            answered: None,
            ended: WallTime(0),
            talked: Duration::ZERO,
            cause: Cause::Q850(16),
            by: Clearer::Gateway,
            priority: Priority::Normal,
            data: false,
            quality: None,
        }
    }

    fn site() -> Arc<Site> {
        let effective =
            tipring_config::check("country = \"us\"\n[phone.1]\nport = \"sim/1\"\n", "test").effective;
        let wiring = tipring_gateway::Wiring {
            slots: Vec::new(),
            sip: std::net::SocketAddr::from(([127, 0, 0, 1], 5060)),
            lines_per_shard: 1,
            utc_offset_minutes: 0,
            revision: 1,
        };
        Arc::new(Site::configured(&effective.unwrap(), &wiring))
    }

    /// A keeper that refuses the first `refusals` times and reports what it was asked.
    fn keeper(mut refusals: usize, asked: Reports<&'static str>) -> Keeper {
        Box::new(move |keep| {
            asked.send(if matches!(keep, Keep::Rest) { "rest" } else { "record" }).unwrap();
            if refusals == 0 {
                return Ok(());
            }
            refusals -= 1;
            Err("disk full".to_owned())
        })
    }

    #[test]
    fn a_refused_record_is_tried_again_though_no_call_ends() {
        let (records, recorded) = sync_channel(4);
        let (answers, mut answered) = tokio::sync::mpsc::channel(4);
        let (asked, asks) = channel();
        let thread = std::thread::spawn(move || {
            run(&recorded, keeper(2, asked), &answers, Duration::from_millis(1));
        });
        records.send(Recorded::Record(StoreId(7), record(), site())).unwrap();
        let told: Vec<bool> = (0..3).map(|_| answered.blocking_recv().unwrap().1.is_ok()).collect();
        assert_eq!(told, [false, false, true], "the alarm ends when all is safe");
        drop(records);
        thread.join().unwrap();
        assert_eq!(asks.iter().collect::<Vec<_>>(), ["record", "rest", "rest"]);
    }

    #[test]
    fn what_was_refused_is_tried_once_more_at_the_end() {
        let (records, recorded) = sync_channel(4);
        let (answers, _answered) = tokio::sync::mpsc::channel(4);
        let (asked, asks) = channel();
        records.send(Recorded::Record(StoreId(1), record(), site())).unwrap();
        drop(records);
        run(&recorded, keeper(1, asked), &answers, RETRY);
        assert_eq!(asks.iter().collect::<Vec<_>>(), ["record", "rest"]);
    }
}
