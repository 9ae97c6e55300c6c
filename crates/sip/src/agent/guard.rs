//! A panic in one session ends that session and no other.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tipring_units::Instant;

use super::agent::Agent;
use super::api::{By, Event, SessionId};
use super::cause::Cause;
use crate::dialog::{Ctx, Session};

/// Runs `f`; a panic becomes its message.
pub(super) fn guarded<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    // What `f` may leave half changed is one session, which is ended and dropped after a panic.
    catch_unwind(AssertUnwindSafe(f)).map_err(|payload| {
        let text = payload.downcast_ref::<&str>().map(|s| (*s).to_owned());
        text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic".to_owned())
    })
}

impl Agent {
    /// Makes the next step of a session panic, so that the isolation can be tried.
    pub fn sabotage(&mut self, session: SessionId) {
        self.sabotaged.insert(session);
    }

    /// Lets a session do something, and does what it wants.
    pub(super) fn on_session(
        &mut self,
        now: Instant,
        id: SessionId,
        f: impl FnOnce(&mut Session, &mut Ctx<'_>),
    ) {
        self.try_session(now, id, f);
    }

    /// The same; false if the session met a fault.
    pub(super) fn try_session(
        &mut self,
        now: Instant,
        id: SessionId,
        f: impl FnOnce(&mut Session, &mut Ctx<'_>),
    ) -> bool {
        let sabotaged = self.sabotaged.remove(&id);
        let Some(session) = self.sessions.get_mut(&id) else { return true };
        let mut outs = Vec::new();
        let mut ctx = Ctx { now, entropy: &mut self.entropy, out: &mut outs };
        let done = guarded(|| {
            assert!(!sabotaged, "sabotage");
            f(session, &mut ctx);
        });
        match done {
            Ok(()) => self.after_session(now, id, outs),
            Err(message) => {
                self.session_fault(now, id, &message);
                return false;
            }
        }
        true
    }

    /// A session has panicked: tell, then try to end it in order, else forget it.
    fn session_fault(&mut self, now: Instant, id: SessionId, message: &str) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let told = session.is_silent();
        let survives = session.survives_fault();
        let mut outs = Vec::new();
        let mut ctx = Ctx { now, entropy: &mut self.entropy, out: &mut outs };
        // What the session was about to send, or to hear the end of, is lost.
        session.keep_pending(|tag| self.by_tag.contains_key(&(id, tag)));
        let ended = guarded(|| session.abandon(&mut ctx));
        if !told {
            let reason = format!("internal fault: {message}");
            self.event(Event::Ended { session: id, by: By::Fault, cause: Cause::TEMPORARY_FAILURE, reason });
        }
        // A session that keeps failing while it is being ended is dropped as it is.
        if !survives || ended.is_err() {
            if let Some(session) = self.sessions.remove(&id) {
                self.dialogs.remove(session.key());
            }
            self.session_alarms.set(id, None);
            let orphans: Vec<_> =
                self.invites.iter().filter(|(_, s)| **s == id).map(|(txn, _)| *txn).collect();
            for txn in orphans {
                self.invites.remove(&txn);
                self.servers.forget(txn);
            }
        } else {
            self.after_session(now, id, outs);
        }
    }
}
