//! The exchanges behind simulated outside lines.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tipring_gateway::{LineKind, Site};
use tipring_host::{ExchangeAct, ExchangeView};
use tipring_port::{Absence, CallerId, Text};
use tipring_sim::office::{Doing, Manner};
use tipring_sim::plant::Disturbance;
use tipring_sim::plant::impedance::Cable;
use tipring_units::{Dbm0, Farads, Hz, LineId, Millis, Ohms};
use utoipa::ToSchema;

use super::document::{Conflict, Unknown};
use super::phones::{is_simulated, no_file};
use super::values::{BreakLength, LoopOhms, Spoken};
use super::{Body, Path};
use crate::phone;
use crate::protocol::Say;
use crate::web::Face;
use crate::web::problem::{Answer, Problem};

/// Capacitance of a cable for each ohm of its loop: that of the laboratory's usual one, 50 nF at 300 ohm.
const FARADS_PER_OHM: f32 = 50e-9 / 300.0;
/// The longest loop.
pub const MAX_OHMS: f32 = 4000.0;
/// The longest break.
pub const MAX_BREAK: u32 = 10_000;

/// What an exchange is to do.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum ExchangeOrder {
    /// A subscriber calls the line.
    Call {
        /// Who, by its number.
        subscriber: String,
        /// The number that is shown; the subscriber's own without it.
        number: Option<String>,
        /// The name that is shown.
        name: Option<String>,
        /// Neither is shown.
        #[serde(default)]
        private: bool,
    },
    /// A subscriber answers.
    Answer(String),
    /// A subscriber hangs up.
    HangUp(String),
    /// A subscriber is busy from now on.
    Busy(String),
    /// A subscriber lets it ring from now on.
    Waits(String),
    /// A subscriber answers by itself from now on.
    Answers {
        /// Who.
        subscriber: String,
        /// After so many milliseconds.
        after: u32,
    },
    /// A subscriber presses keys.
    Press {
        /// Who.
        subscriber: String,
        /// The keys.
        keys: String,
    },
    /// A subscriber speaks.
    Say {
        /// Who.
        subscriber: String,
        /// What.
        #[schema(value_type = Spoken)]
        say: Say,
    },
    /// A subscriber is silent.
    Hush(String),
    /// The line is cut, or whole again.
    Cut(bool),
    /// The loop is open for so many milliseconds.
    #[schema(value_type = BreakLength)]
    Break(u32),
    /// Noise and mains hum on the line.
    Noise {
        /// White noise, in dBm0.
        #[schema(minimum = -90, maximum = -10)]
        noise: Option<f32>,
        /// Hum, in dBm0.
        #[schema(minimum = -90, maximum = -10)]
        hum: Option<f32>,
    },
    /// The loop has so many ohms.
    #[schema(value_type = LoopOhms)]
    Loop(f32),
    /// The message lamp.
    Lamp(bool),
}

/// An exchange.
#[derive(Debug, Serialize, ToSchema)]
pub struct Exchange {
    /// The outside line as the configuration calls it.
    pub line: String,
    /// Its line port.
    pub port: String,
    /// Its name.
    pub name: String,
    /// The gateway holds the line.
    pub seized: bool,
    /// Nothing but a tone, or nothing at all, is left of a call.
    pub over: bool,
    /// The line is cut.
    pub cut: bool,
    /// White noise, in dBm0.
    pub noise: Option<f32>,
    /// Hum, in dBm0.
    pub hum: Option<f32>,
    /// Resistance of the loop.
    pub ohms: f32,
    /// Its subscribers.
    pub subscribers: Vec<Subscriber>,
}

/// A subscriber.
#[derive(Debug, Serialize, ToSchema)]
pub struct Subscriber {
    /// The number.
    pub number: String,
    /// The name.
    pub name: Option<String>,
    /// What it does when called: `waits`, `answers`, `busy`.
    pub manner: &'static str,
    /// What it does: `idle`, `calls`, `rings`, `talks`, `joined`, `busy`, `left`.
    pub doing: &'static str,
    /// What it hears.
    pub hears: Vec<String>,
}

/// The exchanges behind simulated outside lines.
#[utoipa::path(get, path = "/exchanges", responses((status = 200, description = "In order of the lines.", body = Vec<Exchange>)))]
pub async fn list(State(face): State<Face>) -> Answer<Json<Vec<Exchange>>> {
    let site = face.desk.asker.site();
    let mut all = Vec::new();
    for line in (0..).map(LineId).take(site.lines.len()) {
        if is_exchange(&site, line)
            && let Ok(view) = face.desk.asker.exchange(line, ExchangeAct::Look).await?
        {
            all.push(exchange(&site, line, view)?);
        }
    }
    Ok(Json(all))
}

/// Use an exchange.
///
/// A subscriber calls, answers, hangs up, speaks; the line is cut, noisy, longer.
#[utoipa::path(
    post,
    path = "/exchanges/{line}",
    security(("role" = ["operator"])),
    params(("line" = String, Path, description = "The outside line as the configuration calls it, or its line port.", example = "1")),
    request_body = ExchangeOrder,
    responses((status = 200, description = "The exchange as it is then.", body = Exchange), Unknown, Conflict),
)]
pub async fn order(
    State(face): State<Face>,
    Path(name): Path<String>,
    Body(order): Body<ExchangeOrder>,
) -> Answer<Json<Exchange>> {
    let site = face.desk.asker.site();
    let named = |line: &LineId| {
        site.lines.get(usize::from(line.0)).is_some_and(|line| line.number == name || line.port == name)
    };
    let lines = (0..).map(LineId).take(site.lines.len());
    let line = lines.filter(|line| is_exchange(&site, *line)).find(named);
    let line = line.ok_or_else(|| {
        Problem::unknown("simulated outside line", &name).remedy("GET /api/v1/exchanges lists them.")
    })?;
    let act = act(order).await?;
    match face.desk.asker.exchange(line, act).await? {
        Ok(view) => Ok(Json(exchange(&site, line, view)?)),
        Err(why) => Err(Problem::new(StatusCode::CONFLICT, format!("{why}."))),
    }
}

fn is_exchange(site: &Site, line: LineId) -> bool {
    let line = site.lines.get(usize::from(line.0));
    line.is_some_and(|line| line.kind == LineKind::Outside && is_simulated(&line.port))
}

async fn act(order: ExchangeOrder) -> Answer<ExchangeAct> {
    Ok(match order {
        ExchangeOrder::Call { subscriber, number, name, private } => {
            let text = number.as_deref().unwrap_or(&subscriber);
            let caller = if private {
                CallerId { date: None, number: Err(Absence::Private), name: Some(Err(Absence::Private)) }
            } else {
                let name = name.as_deref().filter(|name| !name.is_empty());
                CallerId {
                    date: None,
                    number: Ok(Text::new(text)),
                    name: name.map(|name| Ok(Text::new(name))),
                }
            };
            ExchangeAct::Call(subscriber, Some(caller))
        }
        ExchangeOrder::Answer(who) => ExchangeAct::Answer(who),
        ExchangeOrder::HangUp(who) => ExchangeAct::HangUp(who),
        ExchangeOrder::Busy(who) => ExchangeAct::Behave(who, Manner::Busy),
        ExchangeOrder::Waits(who) => ExchangeAct::Behave(who, Manner::Waits),
        ExchangeOrder::Answers { subscriber, after } => {
            ExchangeAct::Behave(subscriber, Manner::Answers(Millis(after)))
        }
        ExchangeOrder::Press { subscriber, keys } => ExchangeAct::Press(subscriber, keys),
        ExchangeOrder::Say { subscriber, say } => {
            no_file(&say)?;
            ExchangeAct::Say(subscriber, phone::talk(say).await?)
        }
        ExchangeOrder::Hush(who) => ExchangeAct::Hush(who),
        ExchangeOrder::Cut(cut) => ExchangeAct::Cut(cut),
        ExchangeOrder::Break(length) => {
            let is_fit = (1..=MAX_BREAK).contains(&length);
            ExchangeAct::Break(Millis(within(is_fit, length, "break", "A break is 1 to 10000 ms.")?))
        }
        ExchangeOrder::Noise { noise, hum } => {
            let is_fit = |level: &Option<f32>| level.is_none_or(|level| (-90.0..=-10.0).contains(&level));
            let both =
                within(is_fit(&noise) && is_fit(&hum), (noise, hum), "noise", "A level is -90 to -10 dBm0.")?;
            ExchangeAct::Disturb(Disturbance {
                noise: both.0.map(Dbm0),
                hum: both.1.map(|level| (Hz(60.0), Dbm0(level))),
            })
        }
        ExchangeOrder::Loop(ohms) => {
            let is_fit = (0.0..=MAX_OHMS).contains(&ohms);
            let ohms = within(is_fit, ohms, "loop", "A loop has 0 to 4000 ohms.")?;
            ExchangeAct::Lengthen(Cable {
                resistance: Ohms(ohms),
                capacitance: Farads(ohms * FARADS_PER_OHM),
            })
        }
        ExchangeOrder::Lamp(on) => ExchangeAct::Lamp(on),
    })
}

fn within<T>(is_fit: bool, value: T, field: &str, rule: &str) -> Answer<T> {
    let wrong = || Problem::new(StatusCode::UNPROCESSABLE_ENTITY, rule).field(field);
    is_fit.then_some(value).ok_or_else(wrong)
}

fn exchange(site: &Site, line: LineId, view: ExchangeView) -> Answer<Exchange> {
    let line = site.lines.get(usize::from(line.0)).ok_or(tipring_host::Gone)?;
    let subscribers = view.parties.into_iter().map(|party| Subscriber {
        number: party.number,
        name: party.name,
        manner: match party.manner {
            Manner::Waits => "waits",
            Manner::Answers(_) => "answers",
            Manner::Busy => "busy",
        },
        doing: match party.doing {
            Doing::Idle => "idle",
            Doing::Calls => "calls",
            Doing::Rung(_) => "rings",
            Doing::Talks => "talks",
            Doing::Joined(_) => "joined",
            Doing::Busy => "busy",
            Doing::Left => "left",
        },
        hears: phone::hearing(&party.hears),
    });
    Ok(Exchange {
        line: line.number.clone(),
        port: line.port.clone(),
        name: line.name.clone(),
        seized: view.seized,
        over: view.over,
        cut: view.cut,
        noise: view.disturbance.noise.map(|level| level.0),
        hum: view.disturbance.hum.map(|(_, level)| level.0),
        ohms: view.cable.resistance.0,
        subscribers: subscribers.collect(),
    })
}
