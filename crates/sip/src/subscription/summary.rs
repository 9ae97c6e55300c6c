//! The body that tells which messages wait: RFC 3842 §5.
//!
//! **Limits.** [`MAX_LINES`] lines are read. Numbers too large for 32 bits count as the largest. Headers of single
//! messages behind the summary are passed over.

use crate::message::text;

/// Lines read of a summary.
pub const MAX_LINES: usize = 64;

/// How many messages of one class wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Count {
    /// Not heard yet.
    pub new: u32,
    /// Heard and kept.
    pub old: u32,
    /// Of the new ones, urgent.
    pub urgent_new: u32,
    /// Of the old ones, urgent.
    pub urgent_old: u32,
}

/// What a server tells of the messages that it keeps.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MessageSummary {
    /// Messages wait.
    pub waiting: bool,
    /// The address to call to hear them.
    pub account: Option<String>,
    /// Voice messages, where it counts them.
    pub voice: Option<Count>,
    /// Faxes, where it counts them.
    pub fax: Option<Count>,
}

impl MessageSummary {
    /// The summary of `body`; none if it does not tell whether messages wait.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let body = text(body);
        let mut summary = Self::default();
        let mut waiting = None;
        for line in body.lines().take(MAX_LINES) {
            let Some((name, value)) = line.split_once(':') else {
                // A blank line ends the summary, except before its first line.
                if line.trim().is_empty() && waiting.is_some() {
                    break;
                }
                continue;
            };
            let (name, value) = (name.trim(), value.trim());
            if name.eq_ignore_ascii_case("Messages-Waiting") {
                waiting = match value {
                    v if v.eq_ignore_ascii_case("yes") => Some(true),
                    v if v.eq_ignore_ascii_case("no") => Some(false),
                    _ => waiting,
                };
            } else if name.eq_ignore_ascii_case("Message-Account") {
                summary.account = Some(value.to_owned()).filter(|v| !v.is_empty());
            } else if name.eq_ignore_ascii_case("Voice-Message") {
                summary.voice = count(value).or(summary.voice);
            } else if name.eq_ignore_ascii_case("Fax-Message") {
                summary.fax = count(value).or(summary.fax);
            }
        }
        // The field leaves the first line out; then what is new speaks for itself.
        let counted = || summary.voice.or(summary.fax).map(|_| [summary.voice, summary.fax]);
        let any = |counts: [Option<Count>; 2]| counts.iter().flatten().any(|count| count.new > 0);
        summary.waiting = waiting.or_else(|| counted().map(any))?;
        Some(summary)
    }
}

/// `new/old` or `new/old (urgent new/urgent old)`
fn count(text: &str) -> Option<Count> {
    let (all, urgent) = match text.split_once('(') {
        Some((all, rest)) => (all, rest.split_once(')').map(|(urgent, _)| urgent)),
        None => (text, None),
    };
    let (new, old) = pair(all)?;
    let (urgent_new, urgent_old) = urgent.and_then(pair).unwrap_or((0, 0));
    Some(Count { new, old, urgent_new: urgent_new.min(new), urgent_old: urgent_old.min(old) })
}

fn pair(text: &str) -> Option<(u32, u32)> {
    let (new, old) = text.split_once('/')?;
    Some((number(new)?, number(old)?))
}

fn number(text: &str) -> Option<u32> {
    let digits = text.trim();
    let all = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    all.then(|| digits.parse().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_tells_what_waits_and_where() {
        let read = MessageSummary::parse(
            b"Messages-Waiting: yes\r\nMessage-Account: sip:alice@vmail.example.com\r\n\
              Voice-Message: 4/8 (1/2)\r\nFax-Message: 1/0\r\nText-Message: 3/7\r\n\r\n\
              To: <alice@atlanta.example.com>\r\nVoice-Message: 99/99\r\n",
        )
        .unwrap();
        assert!(read.waiting);
        assert_eq!(read.account.as_deref(), Some("sip:alice@vmail.example.com"));
        assert_eq!(read.voice, Some(Count { new: 4, old: 8, urgent_new: 1, urgent_old: 2 }));
        assert_eq!(read.fax, Some(Count { new: 1, ..Count::default() }));
    }

    #[test]
    fn the_field_is_read_as_it_is() {
        let waiting = |body: &str| MessageSummary::parse(body.as_bytes()).map(|s| s.waiting);
        assert_eq!(waiting("messages-waiting:NO\nvoice-message: 0/5"), Some(false));
        assert_eq!(waiting("\r\nMessages-Waiting : Yes"), Some(true));
        assert_eq!(waiting("Voice-Message: 2/0 (0/0)\r\n"), Some(true));
        assert_eq!(waiting("Voice-Message: 0/2\r\n"), Some(false));
        // What is said counts more than what is counted.
        assert_eq!(waiting("Messages-Waiting: yes\r\nVoice-Message: 0/0"), Some(true));
    }

    #[test]
    fn what_says_nothing_is_no_summary() {
        for body in
            ["", "\r\n", "Messages-Waiting", "Messages-Waiting: perhaps", "Voice-Message: x/y", "\u{0}:"]
        {
            assert_eq!(MessageSummary::parse(body.as_bytes()), None, "{body}");
        }
        assert_eq!(MessageSummary::parse(&[0xff; 5000]), None);
        let read = MessageSummary::parse(
            b"Messages-Waiting: yes\nVoice-Message: 99999999999999999999/-1\nVoice-Message: 7/1 (9/9",
        );
        assert_eq!(read.unwrap().voice, Some(Count { new: 7, old: 1, urgent_new: 0, urgent_old: 0 }));
        let read = MessageSummary::parse(b"Voice-Message: 99999999999999999999/1 (4/4)").unwrap();
        assert_eq!(read.voice, Some(Count { new: u32::MAX, old: 1, urgent_new: 4, urgent_old: 1 }));
        let far = format!("{}Messages-Waiting: yes\n", "X: y\n".repeat(MAX_LINES));
        assert_eq!(MessageSummary::parse(far.as_bytes()), None);
    }
}
