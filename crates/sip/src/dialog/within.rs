//! Requests within the dialog, theirs and ours: RFC 3261 §12.2 and §15, INFO digits.

use tipring_units::Millis;

use super::session::{Ctx, Failure, Pending, Phase, Purpose, Session, Tag};
use crate::agent::{By, Cause, Event};
use crate::message::{HeaderName, Method, Request, Response};
use crate::transaction::ServerId as ServerTxn;

/// The length of a digit whose INFO does not say, as for `application/dtmf`.
const DEFAULT_DIGIT: Millis = Millis(160);
/// The longest digit that an INFO may ask for.
const LONGEST_DIGIT: Millis = Millis(6000);

impl Session {
    /// A request of the far end with our tag in its To.
    pub fn on_request(&mut self, txn: ServerTxn, request: &Request, ctx: &mut Ctx<'_>) {
        let tag = request.from_().ok().and_then(|from| from.tag().map(str::to_owned)).unwrap_or_default();
        let Some(index) = self.leg_of(&tag) else {
            self.reply(txn, request, 481, ctx);
            return;
        };
        let seq = request.cseq().map_or(0, |cseq| cseq.seq);
        if !self.legs.get_mut(index).is_some_and(|leg| leg.dialog.accept_seq(seq)) {
            self.reply(txn, request, 500, ctx);
            return;
        }
        if matches!(request.method, Method::Invite | Method::Update)
            && let Some(refusal) = super::interval::too_short(request, "")
        {
            self.respond(txn, refusal, ctx);
            return;
        }
        match &request.method {
            Method::Bye => self.on_bye(txn, request, index, ctx),
            Method::Prack => self.on_prack(txn, request, ctx),
            Method::Invite => self.on_reinvite(txn, request, index, ctx),
            Method::Update => self.on_update(txn, request, index, ctx),
            Method::Info => self.on_info(txn, request, ctx),
            Method::Refer => self.on_refer(txn, request, index, ctx),
            Method::Notify => self.on_notify(txn, request, ctx),
            Method::Options => {
                let mut response = request.response(200, "", None);
                response.headers.push(HeaderName::Allow, super::session::ALLOW);
                response.headers.push(HeaderName::Supported, super::session::SUPPORTED);
                response.headers.push(HeaderName::Accept, super::session::ACCEPT);
                response.headers.push(HeaderName::AllowEvents, crate::agent::ALLOW_EVENTS);
                self.respond(txn, response, ctx);
            }
            Method::Ack
            | Method::Cancel
            | Method::Register
            | Method::Subscribe
            | Method::Message
            | Method::Publish
            | Method::Other(_) => {
                let status = if matches!(request.method, Method::Other(_)) { 501 } else { 405 };
                let mut response = request.response(status, "", None);
                response.headers.push(HeaderName::Allow, super::session::ALLOW);
                self.respond(txn, response, ctx);
            }
        }
    }

    fn on_bye(&mut self, txn: ServerTxn, bye: &Request, index: usize, ctx: &mut Ctx<'_>) {
        self.reply(txn, bye, 200, ctx);
        let cause = bye.headers.q850_cause().map_or(Cause::NORMAL, Cause);
        match &self.phase {
            // The called side may not end an early dialog by BYE (§15); its final answer will come.
            Phase::Calling(_) => {}
            Phase::Called(_) => {
                self.refuse(487, None, None, None, ctx);
                self.end(By::Them, cause, "the caller hung up before the answer", ctx);
            }
            Phase::Up if index == self.chosen => {
                self.answer_open_reoffer(487, ctx);
                self.enter_over();
                self.end(By::Them, cause, "the far end hung up", ctx);
            }
            // Another fork that was being ended anyway, or both sides hung up at once.
            Phase::Up | Phase::Over => {}
        }
    }

    fn on_info(&mut self, txn: ServerTxn, info: &Request, ctx: &mut Ctx<'_>) {
        self.reply(txn, info, 200, ctx);
        let Ok(Some(kind)) = info.content_type() else { return };
        let digit = if kind.is("application", "dtmf-relay") {
            read_relay(&info.body)
        } else if kind.is("application", "dtmf") {
            read_plain(&info.body)
        } else {
            None
        };
        if let Some((digit, duration)) = digit {
            self.emit(Event::Info { session: self.id, digit, duration }, ctx);
        }
    }

    /// Sends a digit.
    pub fn send_info(&mut self, digit: char, duration: Millis, ctx: &mut Ctx<'_>) {
        if self.phase != Phase::Up || !is_digit(digit) {
            return;
        }
        let chosen = self.chosen;
        let Some(leg) = self.legs.get_mut(chosen) else { return };
        let mut info = leg.dialog.request(Method::Info, None);
        let body = format!("Signal={digit}\r\nDuration={}\r\n", duration.0);
        info.set_body("application/dtmf-relay", body.into_bytes());
        self.send(chosen, Purpose::Info, info, 0, ctx);
    }

    /// An answer to a request of ours.
    pub fn on_response(&mut self, tag: Tag, response: &Response, ctx: &mut Ctx<'_>) {
        let Some(pending) = self.pending.iter_mut().find(|p| p.tag == tag) else { return };
        let first_final = response.status >= 200 && !pending.done;
        pending.done |= response.status >= 200;
        let pending = pending.clone();
        match pending.purpose {
            Purpose::Invite => self.on_invite_answer(tag, &pending.request, response, ctx),
            Purpose::Reinvite => self.on_reinvite_answer(&pending, response, first_final, ctx),
            Purpose::Refresh
            | Purpose::Bye
            | Purpose::Info
            | Purpose::Prack
            | Purpose::Refer
            | Purpose::Notify => {
                if first_final {
                    self.on_plain_answer(&pending, response, ctx);
                }
            }
        }
    }

    fn on_plain_answer(&mut self, pending: &Pending, response: &Response, ctx: &mut Ctx<'_>) {
        if matches!(response.status, 401 | 407) && self.retry_with_digest(pending.tag, response, ctx) {
            return;
        }
        match pending.purpose {
            Purpose::Refresh => self.on_refresh_answer(pending, response, ctx),
            // §12.2.1.2: 481 means that the dialog is gone. A lost digit or PRACK alone does not.
            Purpose::Info | Purpose::Prack => {
                if response.status == 481 && self.phase == Phase::Up && pending.leg == self.chosen {
                    self.fail(Cause::TEMPORARY_FAILURE, "the far end no longer knows the call", ctx);
                }
            }
            // A refusal leaves the call alone: the gateway may still make the transfer itself.
            Purpose::Refer => self.on_refer_answer(pending, response, ctx),
            Purpose::Notify => self.on_notify_answer(pending, response.is_success(), ctx),
            Purpose::Bye | Purpose::Invite | Purpose::Reinvite => {}
        }
    }

    /// A request of ours got no answer.
    pub fn on_failure(&mut self, tag: Tag, failure: &Failure, ctx: &mut Ctx<'_>) {
        let Some(pending) = self.pending.iter_mut().find(|p| p.tag == tag) else { return };
        if pending.done {
            return;
        }
        pending.done = true;
        let pending = pending.clone();
        match pending.purpose {
            Purpose::Invite => self.on_invite_failed(tag, failure, ctx),
            Purpose::Reinvite => self.on_reinvite_failed(&pending, failure, ctx),
            Purpose::Refresh => {
                if self.phase == Phase::Up {
                    self.fail(Cause::TIMER, "the far end does not answer", ctx);
                }
            }
            Purpose::Refer => self.on_refer_failed(&pending, failure, ctx),
            Purpose::Notify => self.on_notify_answer(&pending, false, ctx),
            // Nothing more can be done for these.
            Purpose::Bye | Purpose::Info | Purpose::Prack => {}
        }
    }
}

const fn is_digit(digit: char) -> bool {
    matches!(digit, '0'..='9' | '*' | '#' | 'A'..='D' | 'a'..='d' | '!')
}

/// `Signal=5` and `Duration=160`, a line each.
fn read_relay(body: &[u8]) -> Option<(char, Millis)> {
    let text = core::str::from_utf8(body).ok()?;
    let mut digit = None;
    let mut duration = DEFAULT_DIGIT;
    for line in text.lines() {
        let Some((name, value)) = line.split_once('=') else { continue };
        let value = value.trim();
        if name.trim().eq_ignore_ascii_case("signal") {
            digit = read_digit(value);
        } else if name.trim().eq_ignore_ascii_case("duration")
            && let Ok(millis) = value.parse::<u32>()
        {
            duration = Millis(millis.clamp(40, LONGEST_DIGIT.0));
        }
    }
    digit.map(|digit| (digit, duration))
}

fn read_plain(body: &[u8]) -> Option<(char, Millis)> {
    let text = core::str::from_utf8(body).ok()?.trim();
    read_digit(text).map(|digit| (digit, DEFAULT_DIGIT))
}

/// A digit as a sign, or as the event number of RFC 4733 for `*` and above.
fn read_digit(text: &str) -> Option<char> {
    match text {
        "10" => return Some('*'),
        "11" => return Some('#'),
        "12" => return Some('A'),
        "13" => return Some('B'),
        "14" => return Some('C'),
        "15" => return Some('D'),
        "16" => return Some('!'),
        _ => {}
    }
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(digit), None) if is_digit(digit) => Some(digit.to_ascii_uppercase()),
        (Some(_) | None, Some(_) | None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_come_in_both_bodies() {
        assert_eq!(read_relay(b"Signal=5\r\nDuration=200\r\n"), Some(('5', Millis(200))));
        assert_eq!(read_relay(b"Signal= *\nDuration=9999999"), Some(('*', LONGEST_DIGIT)));
        assert_eq!(read_relay(b"Signal=11"), Some(('#', DEFAULT_DIGIT)));
        assert_eq!(read_plain(b"7\r\n"), Some(('7', DEFAULT_DIGIT)));
        assert_eq!(read_relay(b"Signal=77"), None);
        assert_eq!(read_relay(b"\xff\xfe"), None);
        assert_eq!(read_plain(b""), None);
    }
}
