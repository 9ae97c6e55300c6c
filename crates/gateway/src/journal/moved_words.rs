//! Words for a called party that is to be found elsewhere.

use tipring_call::{MovedTo, Number, StayWhy};

/// Where it is, and why the call does not go there.
pub(super) fn moved_words(to: Number, at: MovedTo, stays: Option<StayWhy>) -> String {
    let at = match at {
        MovedTo::House => "of this house".to_owned(),
        MovedTo::Server(name) => format!("at {name}"),
        MovedTo::Stranger => "at a host that the configuration does not name".to_owned(),
    };
    let why = match stays {
        None => return format!("the far end says that who was called is at {to} {at}"),
        Some(StayWhy::Barred) => "who calls, or forwards, may not call that number",
        Some(StayWhy::Emergency) => "an emergency number is neither reached nor left by a redirection",
        Some(StayWhy::Stranger) => "no call goes there",
        Some(StayWhy::Loop) => "it has been there, or was sent on too often",
        Some(StayWhy::NoWay) => "there is no way there now",
    };
    format!("the far end's redirection to {to} {at} is refused: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirection_is_told_with_the_reason_where_it_is_refused() {
        let to = Number::new("0044123");
        let at = MovedTo::Server(tipring_call::ServerName::new("pbx"));
        assert_eq!(moved_words(to, at, None), "the far end says that who was called is at 0044123 at pbx");
        assert_eq!(
            moved_words(to, at, Some(StayWhy::Barred)),
            "the far end's redirection to 0044123 at pbx is refused: who calls, or forwards, may not call that number"
        );
        assert!(moved_words(to, MovedTo::Stranger, Some(StayWhy::Stranger)).ends_with("no call goes there"));
    }
}
