//! Who sent a call on, and why: Diversion and History-Info.
//!
//! # What it does
//! Reads both headers into the same list, latest first, and writes both.
//!
//! # How
//! A Diversion names who diverted. A History-Info names every target in turn; one that was reached by a diversion bears the
//! reason as `cause` in its URI, and the diverting party is the entry that `mp` points to, or the one before.
//!
//! # Limits
//! [`MAX_DIVERSIONS`] are kept. Of History-Info, `rc` and `np` are passed over; a Reason within an entry counts where no
//! `cause` does.
//!
//! # Standard
//! RFC 5806; RFC 7044 §5, §10; RFC 4458 §2 for the causes; RFC 7544 for what one means in terms of the other.

use core::fmt;
use core::str::FromStr;

use super::lex::{Syntax, split_list};
use super::name_addr::NameAddr;
use super::params::Params;
use super::uri::Uri;

/// Diversions kept of one call.
pub const MAX_DIVERSIONS: usize = 20;

/// Why a call was sent on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DivertReason {
    /// Not told.
    #[default]
    Unknown,
    /// The line was busy.
    Busy,
    /// Nobody answered.
    NoAnswer,
    /// The telephone could not be reached.
    Unavailable,
    /// Always.
    Unconditional,
    /// At that time of the day.
    TimeOfDay,
    /// Its user wants no calls.
    DoNotDisturb,
    /// Its user sent this call on.
    Deflection,
    /// Its user is elsewhere.
    FollowMe,
    /// It is out of service.
    OutOfService,
    /// Its user is away.
    Away,
}

impl DivertReason {
    const NAMES: [(Self, &'static str, u16); 11] = [
        (Self::Unknown, "unknown", 404),
        (Self::Busy, "user-busy", 486),
        (Self::NoAnswer, "no-answer", 408),
        (Self::Unavailable, "unavailable", 503),
        (Self::Unconditional, "unconditional", 302),
        (Self::TimeOfDay, "time-of-day", 404),
        (Self::DoNotDisturb, "do-not-disturb", 404),
        (Self::Deflection, "deflection", 480),
        (Self::FollowMe, "follow-me", 404),
        (Self::OutOfService, "out-of-service", 404),
        (Self::Away, "away", 404),
    ];

    /// Its name in a Diversion; others than those of the standard are unknown.
    pub fn from_name(name: &str) -> Self {
        let found = Self::NAMES.iter().find(|(_, n, _)| n.eq_ignore_ascii_case(name));
        found.map_or(Self::Unknown, |(reason, ..)| *reason)
    }

    /// The name that a Diversion gives it.
    pub fn as_str(self) -> &'static str {
        Self::NAMES.iter().find(|(reason, ..)| *reason == self).map_or("unknown", |(_, name, _)| name)
    }

    /// The cause that a History-Info gives it.
    pub fn cause(self) -> u16 {
        Self::NAMES.iter().find(|(reason, ..)| *reason == self).map_or(404, |(.., cause)| *cause)
    }

    /// What a cause of a History-Info means; none if it is none of a diversion.
    pub const fn from_cause(cause: u16) -> Option<Self> {
        match cause {
            302 => Some(Self::Unconditional),
            404 => Some(Self::Unknown),
            408 => Some(Self::NoAnswer),
            480 | 487 => Some(Self::Deflection),
            486 => Some(Self::Busy),
            503 => Some(Self::Unavailable),
            _ => None,
        }
    }
}

/// One diversion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diversion {
    /// Who diverted: address and name.
    pub party: NameAddr,
    /// Why.
    pub reason: DivertReason,
    /// How often that happened, 1 where it is not told.
    pub count: u32,
    /// Who diverted is not to be shown.
    pub private: bool,
}

impl FromStr for Diversion {
    type Err = Syntax;

    fn from_str(text: &str) -> Result<Self, Syntax> {
        let mut party = NameAddr::parse(text)?;
        let params = core::mem::replace(&mut party.params, Params::new());
        Ok(Self {
            party,
            reason: DivertReason::from_name(params.get("reason").unwrap_or_default()),
            count: params.get("counter").and_then(|n| n.parse().ok()).unwrap_or(1).max(1),
            private: params.get("privacy").is_some_and(|p| !p.eq_ignore_ascii_case("off")),
        })
    }
}

impl fmt::Display for Diversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{};reason={};counter={}", self.party, self.reason.as_str(), self.count)?;
        f.write_str(if self.private { ";privacy=full" } else { ";privacy=off" })
    }
}

/// The diversions of one Diversion header value, latest first.
pub(crate) fn parse_diversions(text: &str) -> Result<Vec<Diversion>, Syntax> {
    let items = split_list(text).into_iter().filter(|(_, item)| !item.trim().is_empty());
    items.take(MAX_DIVERSIONS).map(|(base, item)| item.parse().map_err(|e: Syntax| e.shifted(base))).collect()
}

/// The diversions that the entries of History-Info tell, latest first.
pub(crate) fn diversions_of_history(entries: &[NameAddr]) -> Vec<Diversion> {
    let mut found = Vec::new();
    for (at, entry) in entries.iter().enumerate().rev() {
        let cause = entry.uri.param("cause").and_then(|c| c.parse().ok());
        let (party, reason) = match cause.and_then(DivertReason::from_cause) {
            Some(reason) => {
                let mapped = entry
                    .params
                    .get("mp")
                    .and_then(|index| entries.iter().take(at).find(|e| e.params.get("index") == Some(index)));
                let before = at.checked_sub(1).and_then(|before| entries.get(before));
                (mapped.or(before), reason)
            }
            // The last target cannot have been diverted from; the entry after it bears the cause if it was told there.
            None if at.saturating_add(1) < entries.len() => match reason_within(&entry.uri) {
                Some(reason) if next_has_no_cause(entries, at) => (Some(entry), reason),
                Some(_) | None => continue,
            },
            None => continue,
        };
        let Some(party) = party else { continue };
        if found.len() >= MAX_DIVERSIONS {
            break;
        }
        let private = party.uri.header("Privacy").is_some_and(|p| !p.eq_ignore_ascii_case("none"));
        let mut uri = party.uri.clone().as_target();
        if let Some(params) = uri.params_mut() {
            params.remove("cause");
        }
        let party = NameAddr { display: party.display.clone(), uri, params: Params::new() };
        found.push(Diversion { party, reason, count: 1, private });
    }
    found
}

fn next_has_no_cause(entries: &[NameAddr], at: usize) -> bool {
    entries.get(at.saturating_add(1)).is_some_and(|next| next.uri.param("cause").is_none())
}

/// `?Reason=SIP%3Bcause%3D302` in the URI of an entry: it was not reached, and the call went on.
fn reason_within(uri: &Uri) -> Option<DivertReason> {
    let reason = uri.header("Reason")?;
    let (protocol, params) = reason.split_once(';')?;
    if !protocol.trim().eq_ignore_ascii_case("SIP") {
        return None;
    }
    let cause = params.split(';').find_map(|param| {
        let (name, value) = param.split_once('=')?;
        name.trim().eq_ignore_ascii_case("cause").then(|| value.trim().parse::<u16>().ok())?
    })?;
    DivertReason::from_cause(cause)
}

/// The History-Info that tells the same as `diversions` (latest first) of a call that goes to `target`; none without any.
pub fn history_of(diversions: &[Diversion], target: &Uri) -> Option<String> {
    let mut index = "1".to_owned();
    let mut out = String::new();
    let mut reached_by: Option<DivertReason> = None;
    let ends = core::iter::once((target.clone(), None, false));
    let parties = diversions.iter().rev().map(|d| (d.party.uri.clone(), Some(d.reason), d.private));
    for (uri, reason, private) in parties.chain(ends) {
        let before = index.clone();
        let mut uri = uri.as_target();
        if let Some(cause) = reached_by {
            uri.set_param("cause", &cause.cause().to_string());
            index.push_str(".1");
            out.push_str(", ");
        }
        if private {
            uri = uri.with_header("Privacy", "history");
        }
        let mut entry = NameAddr::new(uri);
        entry.params.set("index", &index);
        if reached_by.is_some() {
            entry.params.set("mp", &before);
        }
        out.push_str(&entry.to_string());
        reached_by = reason;
    }
    (!diversions.is_empty()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(text: &str) -> Vec<(String, DivertReason, bool)> {
        let entries = NameAddr::parse_list(text).unwrap();
        let all = diversions_of_history(&entries).into_iter();
        all.map(|d| (d.party.uri.to_string(), d.reason, d.private)).collect()
    }

    #[test]
    fn diversions_are_read_latest_first_and_written_back() {
        let all = parse_diversions(
            "\"Bob\" <sip:bob@b.example>;reason=user-busy;counter=2;privacy=full, <tel:+4930123>;reason=\"odd\"",
        )
        .unwrap();
        assert_eq!(all.len(), 2);
        let first = &all[0];
        assert_eq!((first.reason, first.count, first.private), (DivertReason::Busy, 2, true));
        assert_eq!(first.to_string(), "\"Bob\" <sip:bob@b.example>;reason=user-busy;counter=2;privacy=full");
        let second = &all[1];
        assert_eq!((second.reason, second.count, second.private), (DivertReason::Unknown, 1, false));
        for (reason, ..) in DivertReason::NAMES {
            assert_eq!(DivertReason::from_name(reason.as_str()), reason);
        }
    }

    #[test]
    fn hostile_diversions_are_errors_or_bounded() {
        for bad in ["bob", "<sip:bob@b>;reason=x y", "\"Bob <sip:b@b>", "<sip:b@b"] {
            assert!(parse_diversions(bad).is_err(), "{bad}");
        }
        assert_eq!(parse_diversions(" , ,").unwrap(), []);
        let many = "<sip:a@b>,".repeat(500);
        assert_eq!(parse_diversions(&many).unwrap().len(), MAX_DIVERSIONS);
        let odd = parse_diversions("<sip:a@b>;counter=-7").unwrap();
        assert_eq!(odd[0].count, 1);
    }

    #[test]
    fn history_names_the_diverting_parties_latest_first() {
        let text = "<sip:bob@b>;index=1, <sip:carol@c;cause=486>;index=1.1;mp=1, \
                    <sip:dave@d;cause=302>;index=1.1.1;mp=1.1";
        assert_eq!(
            history(text),
            [
                ("sip:carol@c".to_owned(), DivertReason::Unconditional, false),
                ("sip:bob@b".to_owned(), DivertReason::Busy, false)
            ]
        );
        // Without mp it is the entry before; a Reason counts where there is no cause.
        let text = "<sip:bob@b?Privacy=history>;index=1, <sip:c@c;cause=408>;index=1.1";
        assert_eq!(history(text), [("sip:bob@b".to_owned(), DivertReason::NoAnswer, true)]);
        let text = "<sip:bob@b?Reason=SIP%3Bcause%3D486%3Btext%3D%22x%22>;index=1, <sip:c@c>;index=2";
        assert_eq!(history(text), [("sip:bob@b".to_owned(), DivertReason::Busy, false)]);
        // A call that was merely routed was not diverted.
        assert_eq!(history("<sip:bob@b>;index=1, <sip:bob@10.0.0.1>;index=1.1;rc=1"), []);
        assert_eq!(history("<sip:bob@b;cause=302>;index=1"), []);
        assert_eq!(history("<sip:bob@b;cause=999>;index=1, <sip:bob@b;cause=x>;index=1.1;mp=9"), []);
    }

    #[test]
    fn what_is_written_as_history_is_read_as_the_same_diversions() {
        let all =
            parse_diversions("<sip:carol@c>;reason=no-answer;privacy=full, <sip:bob@b>;reason=user-busy")
                .unwrap();
        let text = history_of(&all, &"sip:dave@d?X=y".parse().unwrap()).unwrap();
        assert_eq!(
            text,
            "<sip:bob@b>;index=1, <sip:carol@c;cause=486?Privacy=history>;index=1.1;mp=1, \
             <sip:dave@d;cause=408>;index=1.1.1;mp=1.1"
        );
        assert_eq!(diversions_of_history(&NameAddr::parse_list(&text).unwrap()), all);
        assert_eq!(history_of(&[], &"sip:dave@d".parse().unwrap()), None);
    }
}
