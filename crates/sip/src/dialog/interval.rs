//! Session timers, RFC 4028: both sides agree on an interval, one refreshes, the other watches.

use tipring_units::{Instant, Millis};

use super::session::{ALLOW, Ctx, Pending, Phase, Purpose, SUPPORTED, Session, Wait};
use crate::agent::Cause;
use crate::message::{HeaderName, Method, Refresher, Request, Response, Seconds, SessionExpires};

/// The shortest interval that we agree to, §4.
pub const MIN_INTERVAL: Seconds = Seconds(90);

/// The agreed interval, if there is one.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Interval {
    running: Option<Running>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
struct Running {
    interval: Seconds,
    we_refresh: bool,
    at: Instant,
}

impl Interval {
    pub(super) fn deadline(&self) -> Option<(Instant, Wait)> {
        self.running.map(|r| (r.at, if r.we_refresh { Wait::Refresh } else { Wait::Expired }))
    }

    /// Starts over.
    fn start(&mut self, now: Instant, interval: Seconds, we_refresh: bool) {
        let interval = Seconds(interval.0.clamp(MIN_INTERVAL.0, 86_400));
        let wait = if we_refresh {
            interval.0 / 2
        } else {
            // §10: BYE some time before the session runs out, the smaller of 32 s and a third.
            interval.0 - (interval.0 / 3).min(32)
        };
        self.running = Some(Running { interval, we_refresh, at: now + Millis::from_secs(wait) });
    }

    /// Puts what is agreed into a refreshing request of ours.
    pub(super) fn stamp(&self, request: &mut Request) {
        if let Some(running) = self.running {
            let refresher = Some(if running.we_refresh { Refresher::Uac } else { Refresher::Uas });
            let value = SessionExpires { interval: running.interval, refresher };
            request.headers.set(HeaderName::SessionExpires, value.to_string());
        }
    }
}

/// The 422 for an interval that is shorter than we agree to (§9): only a caller that knows timers gets it.
pub(super) fn too_short(request: &Request, tag: &str) -> Option<Response> {
    let asked = request.session_expires().ok().flatten()?.interval;
    let knows = request.supported().iter().any(|s| s.eq_ignore_ascii_case("timer"));
    (knows && asked < MIN_INTERVAL).then(|| {
        let mut response = request.response(422, "", Some(tag));
        response.headers.push(HeaderName::MinSe, MIN_INTERVAL.to_string());
        response
    })
}

impl Session {
    /// What the 2xx to our INVITE agreed.
    pub(super) fn start_interval_as_caller(&mut self, response: &Response, now: Instant) {
        self.interval = Interval::default();
        self.refreshed_as_caller(response, now);
    }

    /// The 2xx to a refresh of ours.
    pub(super) fn refreshed_as_caller(&mut self, response: &Response, now: Instant) {
        match response.session_expires() {
            Ok(Some(agreed)) => {
                let we_refresh = match agreed.refresher {
                    Some(Refresher::Uac) => true,
                    Some(Refresher::Uas) => false,
                    None => true,
                };
                self.interval.start(now, agreed.interval, we_refresh);
            }
            // §7.2: the far end knows no timers. We refresh as we asked to, so that a call whose far end vanished ends.
            Ok(None) | Err(_) => match self.local.session_interval {
                Some(ours) => self.interval.start(now, Seconds(ours.0 / 1000), true),
                None => self.interval = Interval::default(),
            },
        }
    }

    /// Agrees to what the INVITE asks for and says so in the 2xx.
    pub(super) fn start_interval_as_called(
        &mut self,
        request: &Request,
        response: &mut Response,
        now: Instant,
    ) {
        self.refreshed_as_called(request, response, now);
    }

    /// The same for a refresh of the far end.
    pub(super) fn refreshed_as_called(&mut self, request: &Request, response: &mut Response, now: Instant) {
        let theirs = request.session_expires().ok().flatten();
        let supports = request.supported().iter().any(|s| s.eq_ignore_ascii_case("timer"));
        let wanted = match (theirs, self.local.session_interval) {
            (Some(theirs), _) => Some((theirs.interval, theirs.refresher)),
            (None, Some(ours)) => Some((Seconds(ours.0 / 1000), None)),
            (None, None) => None,
        };
        let Some((interval, refresher)) = wanted else {
            self.interval = Interval::default();
            return;
        };
        let interval = Seconds(interval.0.max(MIN_INTERVAL.0));
        let refresher = match (refresher, supports) {
            (Some(refresher), true) => refresher,
            (None, true) => Refresher::Uac,
            // §9: a caller that does not know timers cannot refresh.
            (Some(_) | None, false) => Refresher::Uas,
        };
        let value = SessionExpires { interval, refresher: Some(refresher) };
        response.headers.set(HeaderName::SessionExpires, value.to_string());
        if refresher == Refresher::Uac {
            response.headers.set(HeaderName::Require, "timer");
        }
        self.interval.start(now, interval, refresher == Refresher::Uas);
    }

    /// Refreshes the session: by UPDATE if the far end knows it, else by re-INVITE with unchanged SDP.
    pub(super) fn refresh(&mut self, ctx: &mut Ctx<'_>) {
        let Some(running) = self.interval.running else { return };
        // Should the answer stay away, this is when the session is over.
        self.interval.running =
            Some(Running { at: ctx.now + Millis::from_secs(running.interval.0 / 2), ..running });
        if self.phase != Phase::Up {
            return;
        }
        let chosen = self.chosen;
        let Some(leg) = self.legs.get_mut(chosen) else { return };
        if leg.allows.contains(&Method::Update) {
            let mut update = leg.dialog.request(Method::Update, Some(&self.local.contact));
            update.headers.push(HeaderName::Allow, ALLOW);
            update.headers.push(HeaderName::Supported, SUPPORTED);
            self.interval.stamp(&mut update);
            self.send(chosen, Purpose::Refresh, update, 0, ctx);
        } else {
            self.refresh_by_reinvite(ctx);
        }
    }

    pub(super) fn on_refresh_answer(&mut self, pending: &Pending, response: &Response, ctx: &mut Ctx<'_>) {
        if self.phase != Phase::Up || pending.leg != self.chosen {
            return;
        }
        match response.status {
            200..=299 => self.refreshed_as_caller(response, ctx.now),
            408 | 481 => self.fail(Cause::TEMPORARY_FAILURE, "the far end no longer knows the call", ctx),
            // Refused for now: the next half of the interval has another try.
            _ => {}
        }
    }
}
