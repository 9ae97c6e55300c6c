//! Using the laboratory behind a simulated card while it runs.

use tipring_port::{CallerId, Samples, Text};
use tipring_sim::ear::Heard;
use tipring_sim::lab::{Lab, Place, Refused};
use tipring_sim::mouth::Talk;
use tipring_sim::office::{Cannot, Order, SubscriberSpec};
use tipring_sim::phone::Action;
use tipring_units::LineId;

use crate::exchange::{self, ExchangeAct, ExchangeView};
use crate::handset::Handset;
use crate::tap::{Seen, Taps};

/// A request to the laboratory behind a simulated card.
#[derive(Debug)]
pub struct LabAsk {
    /// The line, counted on the card.
    pub line: LineId,
    /// What is asked of it.
    pub what: LabWhat,
    /// Who wants to know.
    pub reply: tokio::sync::oneshot::Sender<Result<LabAnswer, Refused>>,
}

/// What is asked of the laboratory on a line.
#[derive(Debug)]
pub enum LabWhat {
    /// A telephone, by its number on the line, is to do this; `None` only asks what it hears.
    Phone(u8, Option<Action>),
    /// A subscriber of the exchange behind the line, by his number, is to do this.
    Subscriber(String, Act),
    /// The exchange behind the line is to do this, or only to show itself.
    Exchange(ExchangeAct),
    /// Somebody speaks by a telephone, by its number on the line, from now on.
    Hand(u8, Box<Handset>),
    /// Somebody watches the line and a telephone on it; this works on any card.
    Watch(u8, tokio::sync::mpsc::Sender<Seen>),
    /// A fault for the tests: the thread panics, as by a defect that the shard does not catch.
    Injure,
}

/// What a subscriber of a simulated exchange is to do.
#[derive(Clone, PartialEq, Debug)]
pub enum Act {
    /// Call the line.
    Call,
    /// Answer.
    Answer,
    /// Hang up.
    HangUp,
    /// Press keys.
    Press(String),
    /// Speak.
    Say(Talk),
    /// Speak no more.
    Hush,
    /// Nothing: only what it hears is asked.
    Hear,
}

/// What the laboratory answers.
#[derive(Clone, PartialEq, Debug)]
pub enum LabAnswer {
    /// What the telephone or the subscriber hears.
    Hears(Vec<Heard>),
    /// How the exchange is.
    Exchange(ExchangeView),
    /// Nothing but that it is done.
    Done,
}

/// What the laboratory answers: what the telephone or the subscriber hears, or why it refuses.
pub type LabReply = Result<Vec<Heard>, Refused>;

/// Does what is asked, and answers.
pub(crate) fn serve(lab: Option<&mut Lab<Samples>>, taps: &mut Taps, ask: LabAsk) {
    let answer = match (ask.what, lab) {
        (LabWhat::Watch(phone, out), _) => {
            taps.add(Place { line: ask.line, phone }, out);
            Ok(LabAnswer::Done)
        }
        (LabWhat::Injure, _) => panic!("injured by a test"),
        (LabWhat::Phone(phone, action), Some(lab)) => {
            use_phone(lab, Place { line: ask.line, phone }, action).map(LabAnswer::Hears)
        }
        (LabWhat::Subscriber(number, act), Some(lab)) => {
            use_subscriber(lab, ask.line, &number, act).map(LabAnswer::Hears)
        }
        (LabWhat::Exchange(act), Some(lab)) => exchange::serve(lab, ask.line, act).map(LabAnswer::Exchange),
        (LabWhat::Hand(phone, handset), Some(lab)) => {
            lab.attach(Place { line: ask.line, phone }, handset).map(|()| LabAnswer::Done)
        }
        (LabWhat::Phone(phone, _) | LabWhat::Hand(phone, _), None) => {
            Err(Refused::NoPhone(Place { line: ask.line, phone }))
        }
        (LabWhat::Subscriber(..) | LabWhat::Exchange(_), None) => Err(Refused::Exchange(Cannot::NoOffice)),
    };
    // Who asked may have gone.
    let _ = ask.reply.send(answer);
}

fn use_phone(lab: &mut Lab<Samples>, place: Place, action: Option<Action>) -> LabReply {
    if let Some(action) = action {
        lab.act(place, action)?;
    }
    Ok(lab.phone(place).ok_or(Refused::NoPhone(place))?.hears())
}

fn use_subscriber(lab: &mut Lab<Samples>, line: LineId, number: &str, act: Act) -> LabReply {
    let place = lab.subscriber(line, number).ok_or(Refused::Exchange(Cannot::NoSubscriber))?;
    let order = match act {
        Act::Call => {
            // Who calls, as the exchange has him in its book; the display gets no date here.
            let caller = |spec: &SubscriberSpec| CallerId {
                date: None,
                number: Ok(Text::new(&spec.number)),
                name: spec.name.as_deref().map(|name| Ok(Text::new(name))),
            };
            let office = lab.line(line).and_then(|line| line.office());
            let spec = office.and_then(|office| office.subscribers().get(place)).map(|one| one.spec());
            Some(Order::Call(place, spec.map(caller)))
        }
        Act::Answer => Some(Order::Answer(place)),
        Act::HangUp => Some(Order::HangUp(place)),
        Act::Press(keys) => Some(Order::Press(place, keys)),
        Act::Say(talk) => Some(Order::Say(place, talk)),
        Act::Hush => Some(Order::Hush(place)),
        Act::Hear => None,
    };
    if let Some(order) = order {
        lab.order(line, order)?;
    }
    let office = lab.line(line).and_then(|line| line.office());
    let subscriber = office.and_then(|office| office.subscribers().get(place));
    Ok(subscriber.ok_or(Refused::Exchange(Cannot::NoSubscriber))?.hears())
}
