//! Request methods.

use core::convert::Infallible;
use core::fmt;
use core::str::FromStr;

/// A request method. Names are case-sensitive: `invite` is an unknown method (RFC 3261 §7.1).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// Starts or changes a session.
    Invite,
    /// Confirms a final answer to INVITE.
    Ack,
    /// Withdraws an INVITE that has no final answer.
    Cancel,
    /// Ends a session.
    Bye,
    /// Asks what the peer can do.
    Options,
    /// Binds an address of record to contacts.
    Register,
    /// Carries application data in a dialog (RFC 6086).
    Info,
    /// Changes a session before its final answer (RFC 3311).
    Update,
    /// Confirms a reliable provisional answer (RFC 3262).
    Prack,
    /// Asks the peer to call elsewhere (RFC 3515).
    Refer,
    /// Reports an event (RFC 6665).
    Notify,
    /// Asks for events (RFC 6665).
    Subscribe,
    /// Carries a text message (RFC 3428).
    Message,
    /// Publishes event state (RFC 3903).
    Publish,
    /// Any other token.
    Other(String),
}

impl Method {
    /// Its name on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Invite => "INVITE",
            Self::Ack => "ACK",
            Self::Cancel => "CANCEL",
            Self::Bye => "BYE",
            Self::Options => "OPTIONS",
            Self::Register => "REGISTER",
            Self::Info => "INFO",
            Self::Update => "UPDATE",
            Self::Prack => "PRACK",
            Self::Refer => "REFER",
            Self::Notify => "NOTIFY",
            Self::Subscribe => "SUBSCRIBE",
            Self::Message => "MESSAGE",
            Self::Publish => "PUBLISH",
            Self::Other(name) => name,
        }
    }

    /// The method of that name; every name has one.
    pub fn from_name(name: &str) -> Self {
        match name {
            "INVITE" => Self::Invite,
            "ACK" => Self::Ack,
            "CANCEL" => Self::Cancel,
            "BYE" => Self::Bye,
            "OPTIONS" => Self::Options,
            "REGISTER" => Self::Register,
            "INFO" => Self::Info,
            "UPDATE" => Self::Update,
            "PRACK" => Self::Prack,
            "REFER" => Self::Refer,
            "NOTIFY" => Self::Notify,
            "SUBSCRIBE" => Self::Subscribe,
            "MESSAGE" => Self::Message,
            "PUBLISH" => Self::Publish,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl FromStr for Method {
    type Err = Infallible;

    fn from_str(name: &str) -> Result<Self, Infallible> {
        Ok(Self::from_name(name))
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_case_sensitive_and_round_trip() {
        assert_eq!(Method::from_name("INVITE"), Method::Invite);
        assert_eq!(Method::from_name("invite"), Method::Other("invite".into()));
        for name in ["ACK", "CANCEL", "BYE", "OPTIONS", "REGISTER", "INFO", "UPDATE", "PRACK", "REFER"] {
            assert!(!matches!(Method::from_name(name), Method::Other(_)), "{name}");
            assert_eq!(Method::from_name(name).to_string(), name);
        }
        assert_eq!(Method::from_name("NEWMETHOD").to_string(), "NEWMETHOD");
    }
}
