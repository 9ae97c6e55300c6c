//! Using the exchange behind a simulated outside line while it runs.

use tipring_port::{CallerId, Samples};
use tipring_sim::ear::Heard;
use tipring_sim::lab::{Lab, Refused};
use tipring_sim::mouth::Talk;
use tipring_sim::office::{Cannot, Doing, Manner, Order, Trouble};
use tipring_sim::plant::Disturbance;
use tipring_sim::plant::impedance::Cable;
use tipring_units::{LineId, Millis};

/// What the exchange is to do; subscribers are named by their numbers.
#[derive(Clone, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // a few a call
pub enum ExchangeAct {
    /// Only show itself.
    Look,
    /// A subscriber calls the line, which is shown this.
    Call(String, Option<CallerId>),
    /// A subscriber answers.
    Answer(String),
    /// A subscriber hangs up.
    HangUp(String),
    /// A subscriber does this when called.
    Behave(String, Manner),
    /// A subscriber presses keys.
    Press(String, String),
    /// A subscriber speaks.
    Say(String, Talk),
    /// A subscriber is silent.
    Hush(String),
    /// The line is cut, or whole again.
    Cut(bool),
    /// The loop is open for so long.
    Break(Millis),
    /// Noise and hum are these from now on.
    Disturb(Disturbance),
    /// The line's cable is this one from now on.
    Lengthen(Cable),
    /// The message lamp is switched.
    Lamp(bool),
}

/// An exchange as it is now.
#[derive(Clone, PartialEq, Debug)]
pub struct ExchangeView {
    /// The gateway holds the line.
    pub seized: bool,
    /// Nothing but a tone, or nothing at all, is left of a call.
    pub over: bool,
    /// The line is cut.
    pub cut: bool,
    /// Noise and hum.
    pub disturbance: Disturbance,
    /// The cable.
    pub cable: Cable,
    /// Its subscribers.
    pub parties: Vec<Party>,
}

/// A subscriber as it is now.
#[derive(Clone, PartialEq, Debug)]
pub struct Party {
    /// The number.
    pub number: String,
    /// The name.
    pub name: Option<String>,
    /// What it does when called.
    pub manner: Manner,
    /// What it does.
    pub doing: Doing,
    /// What it hears.
    pub hears: Vec<Heard>,
}

/// Does what is asked, and shows what came of it.
pub(crate) fn serve(lab: &mut Lab<Samples>, line: LineId, act: ExchangeAct) -> Result<ExchangeView, Refused> {
    let place = |number: &str| lab.subscriber(line, number).ok_or(Refused::Exchange(Cannot::NoSubscriber));
    let order = match act {
        ExchangeAct::Look => None,
        ExchangeAct::Call(number, caller) => Some(Order::Call(place(&number)?, caller)),
        ExchangeAct::Answer(number) => Some(Order::Answer(place(&number)?)),
        ExchangeAct::HangUp(number) => Some(Order::HangUp(place(&number)?)),
        ExchangeAct::Behave(number, manner) => Some(Order::Behave(place(&number)?, manner)),
        ExchangeAct::Press(number, keys) => Some(Order::Press(place(&number)?, keys)),
        ExchangeAct::Say(number, talk) => Some(Order::Say(place(&number)?, talk)),
        ExchangeAct::Hush(number) => Some(Order::Hush(place(&number)?)),
        ExchangeAct::Cut(cut) => Some(Order::Trouble(Trouble::Dead(cut))),
        ExchangeAct::Break(length) => Some(Order::Trouble(Trouble::Break(length))),
        ExchangeAct::Disturb(disturbance) => {
            if let Some(line) = lab.line_mut(line) {
                line.disturb(disturbance);
            }
            None
        }
        ExchangeAct::Lengthen(cable) => {
            if let Some(line) = lab.line_mut(line) {
                line.lengthen(cable);
            }
            None
        }
        ExchangeAct::Lamp(on) => Some(Order::Lamp(on)),
    };
    if let Some(order) = order {
        lab.order(line, order)?;
    }
    view(lab, line)
}

fn view(lab: &Lab<Samples>, line: LineId) -> Result<ExchangeView, Refused> {
    let no_office = Refused::Exchange(Cannot::NoOffice);
    let line = lab.line(line).ok_or(no_office)?;
    let office = line.office().ok_or(no_office)?;
    let parties = office.subscribers().iter().map(|one| Party {
        number: one.spec().number.clone(),
        name: one.spec().name.clone(),
        manner: one.spec().manner,
        doing: one.doing(),
        hears: one.hears(),
    });
    Ok(ExchangeView {
        seized: office.is_seized(),
        over: office.is_over(),
        cut: office.is_dead(),
        disturbance: line.disturbance(),
        cable: line.cable(),
        parties: parties.collect(),
    })
}
