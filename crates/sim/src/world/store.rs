//! The disk that call records go to.

use std::collections::VecDeque;

use tipring_call::CallRecord;
use tipring_gateway::{Input, StoreId};
use tipring_media::Processing;
use tipring_units::{Instant, Millis};

use super::{MAX_RECORDS, Rank, World};
use crate::plant::Fidelity;

/// After a refusal the disk is tried again this often, as the host does.
const RETRY: Millis = Millis(5000);

/// What the disk has refused.
#[derive(Debug, Default)]
pub(super) struct Disk {
    pub(super) fails: bool,
    refused: VecDeque<CallRecord>,
    retry: Option<(Instant, StoreId)>,
    /// The gateway's status shows the alarm.
    alarm: bool,
}

impl Disk {
    pub(super) fn due(&self) -> Option<Instant> {
        self.retry.map(|(at, _)| at)
    }
}

impl<A: Processing + Fidelity> World<A> {
    /// Takes a record, after those that were refused before.
    pub(super) fn store(&mut self, id: StoreId, record: CallRecord) {
        if self.disk.refused.len() + self.records.len() < MAX_RECORDS {
            self.disk.refused.push_back(record);
        }
        self.write_records(id);
    }

    /// Tries what was refused again.
    pub(super) fn store_again(&mut self) {
        let Some((_, id)) = self.disk.retry.take_if(|(at, _)| *at <= self.now) else { return };
        self.write_records(id);
        self.answer_inputs();
    }

    fn write_records(&mut self, id: StoreId) {
        let result = if self.disk.fails {
            self.disk.retry = Some((self.now + RETRY, id));
            Err("no space left on device".to_owned())
        } else {
            self.disk.retry = None;
            self.records.extend(self.disk.refused.drain(..));
            Ok(())
        };
        self.inputs.push_back(Input::Stored(id, result));
    }

    /// Writes down when the gateway's alarm about its records comes and goes.
    pub(super) fn watch_store_alarm(&mut self) {
        let alarm = self.control.status().alarms.iter().any(|alarm| alarm.subject == "call records");
        if core::mem::replace(&mut self.disk.alarm, alarm) != alarm {
            let words = if alarm { "alarm records are not stored" } else { "alarm over: records are stored" };
            self.note("gateway", words.to_owned(), Rank::Ladder);
        }
    }
}
