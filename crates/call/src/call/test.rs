//! The call that shows each day that a telephone could call: made for its line, without it.

use super::{Call, Patience};
use crate::outbox::Outbox;
use crate::{Alarm, CallEvent, Cause};

impl Call {
    /// The caller has nothing to do with it: who is called is told something, or only has to answer.
    pub(super) fn is_for_the_called(&self) -> bool {
        self.beginning.notice || self.beginning.test.is_some()
    }

    /// The attempt in progress ends at its time whatever becomes of it.
    pub(super) fn is_timed(&self) -> bool {
        self.trying.as_ref().is_some_and(|trying| matches!(trying.patience, Patience::For(_)))
    }

    /// It is over: what it has shown.
    pub(super) fn tell_test(&self, cause: Cause, out: &mut Outbox) {
        let Some(line) = self.beginning.test else { return };
        let failed = self.answered.is_none().then_some(cause);
        out.event(CallEvent::SelfTest { line, cause: failed });
        out.alarm(match failed {
            Some(cause) => Alarm::SelfTestFailed(line, cause),
            None => Alarm::SelfTestPassed(line),
        });
    }
}
