//! Who a statement or an expectation is about.

use tipring_units::LineId;

use super::header::Head;
use super::text::{Cursor, FlowError, nearest};
use crate::lab::Place;
use crate::office::SubscriberSpec;

/// Who or what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
    /// A telephone on a line.
    Phone(Place),
    /// A far end, by its place: servers first, then users.
    Peer(usize),
    /// A line of the gateway.
    Line(LineId),
    /// The exchange behind an outside line.
    Exchange(LineId),
    /// A subscriber of the exchange, by its place.
    Subscriber(usize),
    /// A call, by its number.
    Call(u64),
    /// The network.
    Network,
    /// The calendar.
    Clock,
    /// The card.
    Card,
    /// The gateway.
    Gateway,
    /// The media plane.
    Media,
}

/// What is known of a flow's world when its statements are read.
#[derive(Clone, Debug)]
pub struct Scene {
    /// Telephones of each line.
    pub phones: Vec<usize>,
    /// Names of the far ends.
    pub peers: Vec<String>,
    /// Which lines are outside lines.
    pub outside: Vec<bool>,
    /// The subscribers of the exchange.
    pub subscribers: Vec<SubscriberSpec>,
}

impl Scene {
    /// Of a head.
    pub fn of(head: &Head) -> Self {
        Self {
            phones: head.lines.iter().map(|line| line.phones).collect(),
            peers: head.peer_names(),
            outside: head.lines.iter().map(|line| line.outside.is_some()).collect(),
            subscribers: head.all_subscribers(),
        }
    }

    /// The subject at the cursor, if there is one. `peer` is the first far end.
    pub fn subject(&self, cursor: &mut Cursor<'_>) -> Result<Option<Subject>, FlowError> {
        let Some(word) = cursor.peek_plain() else { return Ok(None) };
        let bare = word.strip_suffix(':').unwrap_or(word);
        let simple = match bare {
            "network" => Some(Subject::Network),
            "clock" => Some(Subject::Clock),
            "card" => Some(Subject::Card),
            "gateway" => Some(Subject::Gateway),
            "media" => Some(Subject::Media),
            "peer" if !self.peers.is_empty() => Some(Subject::Peer(0)),
            _ => self.peers.iter().position(|name| name == bare).map(Subject::Peer),
        };
        if simple.is_some() {
            cursor.take();
            return Ok(simple);
        }
        if !matches!(bare, "phone" | "line" | "call" | "user" | "exchange" | "subscriber")
            || word.ends_with(':')
        {
            return Ok(None);
        }
        cursor.take();
        let number = cursor.text("its number")?;
        let number = number.strip_suffix(':').unwrap_or(number);
        let wrong = |what: &str| {
            Err(cursor.error_before(format!("there is no {bare} {number}"), format!("The head has {what}.")))
        };
        match bare {
            "phone" => {
                let digits = number.trim_end_matches(|c: char| c.is_ascii_lowercase());
                let letter = number.get(digits.len()..).unwrap_or("");
                let phone = match letter.as_bytes() {
                    [] => 0,
                    [letter] => usize::from(letter - b'a'),
                    _ => usize::MAX,
                };
                match self.line(digits) {
                    Some(line) if phone < self.phones[usize::from(line.0)] => {
                        Ok(Some(Subject::Phone(Place { line, phone: phone as u8 })))
                    }
                    Some(_) | None => wrong(&format!("{} lines", self.phones.len())),
                }
            }
            "line" => match self.line(number) {
                Some(line) => Ok(Some(Subject::Line(line))),
                None => wrong(&format!("{} lines", self.phones.len())),
            },
            "exchange" => match self.outside_line(number) {
                Some(line) => Ok(Some(Subject::Exchange(line))),
                None => wrong("outside lines by: outside 1 2"),
            },
            "subscriber" => match self.subscribers.iter().position(|one| one.number == number) {
                Some(place) => Ok(Some(Subject::Subscriber(place))),
                None => {
                    let all: Vec<&str> = self.subscribers.iter().map(|one| one.number.as_str()).collect();
                    wrong(&all.join(", "))
                }
            },
            "call" => match number.parse() {
                Ok(call) => Ok(Some(Subject::Call(call))),
                Err(_) => wrong("calls 1, 2, 3 ..."),
            },
            _ => {
                let name = format!("user {number}");
                match self.peers.iter().position(|known| *known == name) {
                    Some(place) => Ok(Some(Subject::Peer(place))),
                    None => wrong(&self.peers.join(", ")),
                }
            }
        }
    }

    fn line(&self, digits: &str) -> Option<LineId> {
        let number: usize = digits.parse().ok()?;
        (1..=self.phones.len()).contains(&number).then(|| LineId((number - 1) as u16))
    }

    /// The outside line with this number.
    pub fn outside_line(&self, digits: &str) -> Option<LineId> {
        self.line(digits).filter(|line| self.outside.get(usize::from(line.0)).copied().unwrap_or(false))
    }

    /// The name of a subject as facts have it.
    pub fn name(&self, subject: Subject) -> String {
        match subject {
            Subject::Phone(Place { line, phone: 0 }) => format!("phone {}", line.0 + 1),
            Subject::Phone(Place { line, phone }) => {
                format!("phone {}{}", line.0 + 1, char::from(b'a' + phone.min(25)))
            }
            Subject::Peer(place) => self.peers.get(place).cloned().unwrap_or_default(),
            Subject::Line(line) => format!("line {}", line.0 + 1),
            Subject::Exchange(line) => format!("exchange {}", line.0 + 1),
            Subject::Subscriber(place) => {
                let number = self.subscribers.get(place).map_or("", |one| one.number.as_str());
                format!("subscriber {number}")
            }
            Subject::Call(call) => format!("call {call}"),
            Subject::Network => "network".to_owned(),
            Subject::Clock => "clock".to_owned(),
            Subject::Card => "card".to_owned(),
            Subject::Gateway => "gateway".to_owned(),
            Subject::Media => "media".to_owned(),
        }
    }

    /// An error for a word that is no subject.
    pub fn unknown(&self, cursor: &Cursor<'_>) -> FlowError {
        let word = cursor.peek().map_or("", |word| word.text.as_str());
        let known = [
            "phone",
            "line",
            "call",
            "user",
            "exchange",
            "subscriber",
            "network",
            "clock",
            "card",
            "gateway",
            "always",
            "wait",
        ];
        let known = known.into_iter().chain(self.peers.iter().map(String::as_str));
        let remedy = match nearest(word.trim_end_matches(':'), known) {
            Some(near) => format!("Did you mean {near}?"),
            None => format!(
                "Begin with phone N, line N, network, clock, card, gateway or {}.",
                self.peers.join(", ")
            ),
        };
        cursor.error(format!("\"{word}\" is nobody in this flow"), remedy)
    }
}
