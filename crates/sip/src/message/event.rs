//! Headers of event notification: which event, and how its subscription stands.
//!
//! # Standard
//! RFC 6665 §8.2.1, §8.2.3; RFC 3515 §2.4.6 for `id`.

use core::fmt;
use core::str::FromStr;

use super::lex::{Scan, Syntax};
use super::params::Params;
use super::values::Seconds;

/// The Event header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventType {
    /// The package, as written.
    pub package: String,
    /// Which of several subscriptions to it within one dialog.
    pub id: Option<String>,
}

impl EventType {
    /// Whether it is of this package.
    pub fn is(&self, package: &str) -> bool {
        self.package.eq_ignore_ascii_case(package)
    }
}

impl FromStr for EventType {
    type Err = Syntax;

    fn from_str(text: &str) -> Result<Self, Syntax> {
        let mut scan = Scan::new(text);
        scan.skip_lws();
        let package = scan.token("an event package")?.to_owned();
        let params = Params::scan(&mut scan)?;
        scan.finish()?;
        Ok(Self { package, id: params.get("id").map(str::to_owned) })
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.package)?;
        match &self.id {
            Some(id) => write!(f, ";id={id}"),
            None => Ok(()),
        }
    }
}

/// The Subscription-State header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionState {
    /// No further NOTIFY comes.
    pub terminated: bool,
    /// Not allowed yet; what is told may be nothing.
    pub pending: bool,
    /// Why it ended, in lower case.
    pub reason: Option<String>,
    /// How long it still lasts.
    pub expires: Option<Seconds>,
    /// When to try again after its end.
    pub retry_after: Option<Seconds>,
}

impl FromStr for SubscriptionState {
    type Err = Syntax;

    fn from_str(text: &str) -> Result<Self, Syntax> {
        let mut scan = Scan::new(text);
        scan.skip_lws();
        let state = scan.token("the state of a subscription")?;
        let params = Params::scan(&mut scan)?;
        scan.finish()?;
        // A number that is none is as good as not given.
        let seconds = |name: &str| params.get(name).and_then(|value| Seconds::parse(value).ok());
        Ok(Self {
            terminated: state.eq_ignore_ascii_case("terminated"),
            pending: state.eq_ignore_ascii_case("pending"),
            reason: params.get("reason").filter(|r| !r.is_empty()).map(str::to_ascii_lowercase),
            expires: seconds("expires"),
            retry_after: seconds("retry-after"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_may_have_a_number() {
        let event: EventType = " Refer ; id=93809824".parse().unwrap();
        assert!(event.is("refer"));
        assert_eq!(event.id.as_deref(), Some("93809824"));
        assert_eq!(event.to_string(), "Refer;id=93809824");
        assert_eq!("message-summary".parse::<EventType>().unwrap().id, None);
        for bad in ["", ";id=1", "refer;id=1 x", "re fer"] {
            assert!(bad.parse::<EventType>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_state_tells_whether_it_goes_on() {
        let active: SubscriptionState = "active;expires=59".parse().unwrap();
        assert!(!active.terminated && !active.pending);
        assert_eq!(active.expires, Some(Seconds(59)));
        let over: SubscriptionState = "Terminated;reason=NoResource;retry-after=7;expires=x".parse().unwrap();
        assert!(over.terminated);
        assert_eq!((over.reason.as_deref(), over.retry_after), (Some("noresource"), Some(Seconds(7))));
        assert_eq!(over.expires, None);
        assert!("".parse::<SubscriptionState>().is_err());
        assert!("active;expires=1;;;".parse::<SubscriptionState>().is_ok());
    }
}
