//! A telephone's sound and its line, as they are now, by WebSocket.
//!
//! # What it does
//! `GET /phones/{number}/sound` gives the sound of the receiver, and where it is wished what an oscilloscope at the line sees;
//! it takes the sound of a microphone. Text messages tell how the telephone is and what happens, and carry what it is to do.
//!
//! # How
//! A task for each connection, behind a bounded queue that the media plane fills and never waits for: who is too slow, or does not
//! answer a ping, is dropped. The telephone's mouth comes back with the end of the connection; the call stays up where the page
//! wished that (`keep`), so that it can come back to it.
//!
//! Binary messages have a head of 8 bytes: kind, three zeros, the tick as 32 bits; numbers are little-endian. Kind 1: 80 samples of
//! the receiver. Kind 2: 10 voltages, 10 currents in mA (32-bit float, one a millisecond; not a number: not measured), 80 samples to
//! the line, 80 from it. From the page: samples of the microphone, 16 bits at 8 kHz, as many as it likes.
//!
//! # Limits
//! One page speaks by a telephone at a time; messages of [`MAX_MESSAGE`] bytes.
//!
//! # Standard
//! RFC 6455.

use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use tipring_gateway::LineKind;
use tipring_host::{Mark, Moment, Mouthpiece, PhoneState, Seen, handset};
use tipring_port::{CallerId, DigitSource, LineEvent};
use tipring_sim::ear::What;
use tipring_sim::lab::Place;
use tipring_sim::phone::PhoneEvent;
use tipring_units::{LineId, SampleTime, TICK_SAMPLES};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use utoipa::IntoParams;

use super::document::{Malformed, NoUpgrade, Unknown};
use super::phones::{is_simulated, no_file};
use super::{Path, Query};
use crate::phone;
use crate::protocol::PhoneAct;
use crate::web::access::{Role, Who};
use crate::web::booths::Seat;
use crate::web::problem::{Answer, Problem};
use crate::web::{Face, stopped};

/// Bytes of a message from a page, at the most.
pub const MAX_MESSAGE: usize = 16 * 1024;
/// A message that a page does not take for so long.
const PATIENCE: Duration = Duration::from_secs(2);
/// Pings.
const PING: Duration = Duration::from_secs(1);
/// A page that says nothing for so long, not even to a ping, is gone or does not read.
const DEAF: Duration = Duration::from_secs(5);
/// Samples of a millisecond.
const SAMPLES_PER_MS: f64 = 8.0;
/// Closed since whoever is there is too slow (RFC 6455, IANA: try again later).
const TOO_SLOW: u16 = 1013;
/// Closed since the gateway stops.
const GOING_AWAY: u16 = 1001;
/// Closed since the page came back by another connection (private use).
const SUPERSEDED: u16 = 4001;

/// How a page wants it.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wish {
    /// It wants to speak, if it may and nobody does.
    #[serde(default)]
    #[param(example = true)]
    speak: bool,
    /// A name that it has made up: by the same one it comes back.
    #[serde(default)]
    #[param(example = "b9e4")]
    page: String,
    /// The call is left up when the connection ends.
    #[serde(default)]
    #[param(example = false)]
    keep: bool,
    /// It shows the oscilloscope.
    #[serde(default)]
    #[param(example = false)]
    scope: bool,
}

/// What a page says in text.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Said {
    /// The telephone does this.
    Act(PhoneAct),
    /// The telephone says this: in short for an act.
    Say(crate::protocol::Say),
    /// It wants to speak, or no more.
    Speak(bool),
    /// It shows the oscilloscope, or no more.
    Scope(bool),
    /// The call is left up when the connection ends, or not.
    Keep(bool),
}

/// A telephone's sound and its line, by WebSocket.
///
/// Binary messages have a head of 8 bytes (kind, three zeros, the tick as 32 bits); numbers are little-endian. Kind 1: 80
/// samples of the receiver (16 bits, 8 kHz), 100 times a second. Kind 2, with `scope`: 10 voltages and 10 currents in mA (32-bit float, one a
/// millisecond; not a number: not measured), 80 samples to the line, 80 from it. To the gateway: samples of the microphone.
///
/// Text messages are JSON. From the gateway: `{"state": …}` how the telephone is, `{"mark": …}` what happens on the line, answers.
/// To it: `{"act": …}` as in `POST /phones/{number}`, `{"say": …}`, `{"speak": true}`, `{"scope": true}`, `{"keep": true}`. To watch needs
/// a viewer; to act and to speak, an operator.
#[utoipa::path(
    get,
    path = "/phones/{number}/sound",
    params(("number" = String, Path, description = "The number or line port of a telephone or an outside line.", example = "101"), Wish),
    responses((status = 101, description = "The connection is a WebSocket."), Malformed, Unknown, NoUpgrade),
)]
pub async fn open(
    State(face): State<Face>,
    who: Who,
    Path(number): Path<String>,
    Query(wish): Query<Wish>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Answer<Response> {
    let upgrade = upgrade.map_err(|why| {
        Problem::new(why.status(), why.body_text()).remedy("Ask with the headers of a WebSocket (RFC 6455).")
    })?;
    let site = face.desk.asker.site();
    let found = site.lines.iter().position(|line| line.number == number || line.port == number);
    let unknown = || Problem::unknown("telephone or outside line", &number);
    let found = found.ok_or_else(unknown)?;
    let line = site.lines.get(found).ok_or_else(unknown)?;
    let place = Place { line: LineId(u16::try_from(found).map_err(|_| unknown())?), phone: 0 };
    let has_phone = line.kind == LineKind::Phone && is_simulated(&line.port);
    let seen = face.desk.asker.watch(place).await?;
    let visit =
        Visit { face, who, number: line.number.clone(), place, has_phone, wish, seat: None, mouth: None };
    Ok(upgrade.max_message_size(MAX_MESSAGE).on_upgrade(|socket| visit.run(socket, seen)))
}

/// A page at a telephone.
struct Visit {
    face: Face,
    who: Who,
    number: String,
    place: Place,
    /// There is a simulated telephone; else the line is only watched.
    has_phone: bool,
    wish: Wish,
    seat: Option<Seat>,
    mouth: Option<Mouthpiece>,
}

impl Visit {
    async fn run(mut self, mut socket: WebSocket, mut seen: tokio::sync::mpsc::Receiver<Seen>) {
        if self.wish.speak {
            let told = self.speak(true).await;
            if !send(&mut socket, text(&told)).await {
                return;
            }
        }
        let close = self.talk(&mut socket, &mut seen).await;
        let spoke = self.seat.is_some();
        // The telephone has its mouth back, whatever happened to the connection.
        self.mouth = None;
        let superseded = matches!(close, Some((SUPERSEDED, _)));
        if spoke && !superseded && !self.wish.keep {
            let _ = self.act(PhoneAct::OnHook).await;
        }
        self.seat = None;
        if let Some((code, reason)) = close {
            let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
            let _ = timeout(PATIENCE, socket.send(Message::Close(Some(frame)))).await;
        }
    }

    /// Until the connection ends, or why it is closed.
    async fn talk(
        &mut self,
        socket: &mut WebSocket,
        seen: &mut tokio::sync::mpsc::Receiver<Seen>,
    ) -> Option<(u16, &'static str)> {
        let stops = stopped(self.face.stopping.clone());
        tokio::pin!(stops);
        let mut pings = interval(PING);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        let mut rest = Vec::with_capacity(TICK_SAMPLES);
        loop {
            let sent = tokio::select! {
                () = &mut stops => return Some((GOING_AWAY, "the gateway stops")),
                () = superseded(&mut self.seat) => return Some((SUPERSEDED, "opened anew")),
                said = socket.recv() => {
                    heard = Instant::now();
                    match said {
                        None | Some(Err(_) | Ok(Message::Close(_))) => return None,
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => true,
                        Some(Ok(Message::Binary(bytes))) => {
                            self.microphone(&bytes, &mut rest);
                            true
                        }
                        Some(Ok(Message::Text(said))) => {
                            let answer = self.told(said.as_str()).await;
                            send(socket, text(&answer)).await
                        }
                    }
                }
                seen = seen.recv() => match seen {
                    None => return Some((TOO_SLOW, "too slow, or too many watch")),
                    Some(seen) => self.show(socket, seen).await,
                },
                _ = pings.tick() => {
                    if heard.elapsed() > DEAF {
                        return Some((TOO_SLOW, "no answer"));
                    }
                    send(socket, Message::Ping(axum::body::Bytes::new())).await
                }
            };
            if !sent {
                return None;
            }
        }
    }

    fn microphone(&self, bytes: &[u8], rest: &mut Vec<i16>) {
        let Some(mouth) = &self.mouth else { return };
        for pair in bytes.chunks_exact(2) {
            rest.push(i16::from_le_bytes([pair[0], pair[1]]));
            if let Ok(frame) = <&[i16; TICK_SAMPLES]>::try_from(rest.as_slice()) {
                mouth.say(frame);
                rest.clear();
            }
        }
    }

    async fn told(&mut self, said: &str) -> Value {
        match serde_json::from_str(said) {
            Ok(Said::Act(act)) => self.act(act).await,
            Ok(Said::Say(say)) => self.act(PhoneAct::Say(say)).await,
            Ok(Said::Speak(wants)) => self.speak(wants).await,
            Ok(Said::Scope(wants)) => {
                self.wish.scope = wants;
                json!({"scope": wants})
            }
            Ok(Said::Keep(keep)) => {
                self.wish.keep = keep;
                json!({"keep": keep})
            }
            Err(why) => json!({"refused": format!("not understood: {why}")}),
        }
    }

    async fn act(&self, act: PhoneAct) -> Value {
        if let Err(why) = self.may_act() {
            return json!({"refused": why});
        }
        if let PhoneAct::Say(say) = &act
            && no_file(say).is_err()
        {
            return json!({"refused": "only voices and tones are said from here"});
        }
        let asker = &self.face.desk.asker;
        match phone::act(asker, &asker.site(), &self.number, act).await {
            Ok(hears) => json!({"done": true, "hears": hears}),
            Err(why) => json!({"refused": format!("{why:#}")}),
        }
    }

    fn may_act(&self) -> Result<(), String> {
        may_act(&self.who, self.has_phone)
    }

    async fn speak(&mut self, wants: bool) -> Value {
        (self.seat, self.mouth) = (self.seat.take().filter(|_| wants), self.mouth.take().filter(|_| wants));
        if !wants || self.mouth.is_some() {
            return json!({"speaker": wants});
        }
        if let Err(why) = self.may_act() {
            return json!({"speaker": false, "why": why});
        }
        let Some(seat) = self.face.booths.take(self.place.line, &self.wish.page) else {
            return json!({"speaker": false, "why": "Another page speaks by this telephone."});
        };
        let (mouth, handset) = handset();
        match self.face.desk.asker.hand(self.place, handset).await {
            Ok(Ok(())) => {
                (self.seat, self.mouth) = (Some(seat), Some(mouth));
                json!({"speaker": true})
            }
            Ok(Err(why)) => json!({"speaker": false, "why": why.to_string()}),
            Err(why) => json!({"speaker": false, "why": why.to_string()}),
        }
    }

    async fn show(&self, socket: &mut WebSocket, seen: Seen) -> bool {
        match seen {
            Seen::Tick(moment) => {
                let sound = !self.has_phone || send(socket, Message::Binary(receiver(&moment).into())).await;
                sound && (!self.wish.scope || send(socket, Message::Binary(scope(&moment).into())).await)
            }
            Seen::Phone(state) => send(socket, text(&shown(&state))).await,
            Seen::Mark(at, mark) => match marked(at, &mark) {
                Some(mark) => send(socket, text(&json!({ "mark": mark }))).await,
                None => true,
            },
        }
    }
}

fn may_act(who: &Who, has_phone: bool) -> Result<(), String> {
    if who.role < Role::Operator {
        return Err(format!("{} may only watch; an operator may do that.", who.name));
    }
    if !has_phone {
        return Err("This line is measured only; there is no telephone of the laboratory on it.".to_owned());
    }
    Ok(())
}

/// Ends when the seat is another connection's; never where there is none.
async fn superseded(seat: &mut Option<Seat>) {
    match seat {
        Some(seat) => {
            let _ = (&mut seat.superseded).await;
        }
        None => std::future::pending().await,
    }
}

async fn send(socket: &mut WebSocket, message: Message) -> bool {
    matches!(timeout(PATIENCE, socket.send(message)).await, Ok(Ok(())))
}

fn text(value: &Value) -> Message {
    Message::Text(value.to_string().into())
}

fn head(kind: u8, moment: &Moment, length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 + length);
    bytes.extend([kind, 0, 0, 0]);
    // It wraps after 497 days.
    bytes.extend(((moment.at.0 / TICK_SAMPLES as u64) as u32).to_le_bytes());
    bytes
}

fn receiver(moment: &Moment) -> Vec<u8> {
    let mut bytes = head(1, moment, 2 * TICK_SAMPLES);
    bytes.extend(moment.receiver.iter().flat_map(|sample| sample.to_le_bytes()));
    bytes
}

fn scope(moment: &Moment) -> Vec<u8> {
    let mut bytes = head(2, moment, 80 + 4 * TICK_SAMPLES);
    bytes.extend(moment.readings.iter().flat_map(|reading| reading.voltage.0.to_le_bytes()));
    bytes.extend(moment.readings.iter().flat_map(|reading| reading.current.0.to_le_bytes()));
    bytes.extend(moment.to_line.iter().chain(&moment.from_line).flat_map(|sample| sample.to_le_bytes()));
    bytes
}

fn shown(state: &PhoneState) -> Value {
    let display = match state.display {
        Some(What::Caller(caller)) => json!({"caller": caller_json(&caller)}),
        Some(What::NextCaller(caller)) => json!({"waiting": caller_json(&caller)}),
        Some(what) => json!({"text": what.to_string()}),
        None => Value::Null,
    };
    json!({"state": {
        "hook": if state.lifted { "off" } else { "on" },
        "ringing": state.ringing,
        "bell": state.bell,
        "lamp": state.lamp,
        "busy": state.busy,
        "display": display,
        "hears": phone::words(&state.hears),
    }})
}

fn caller_json(caller: &CallerId) -> Value {
    let date = caller
        .date
        .map(|date| format!("{:02}-{:02} {:02}:{:02}", date.month, date.day, date.hour, date.minute));
    json!({
        "number": caller.number.as_ref().ok().map(ToString::to_string),
        "name": caller.name.as_ref().and_then(|name| name.as_ref().ok()).map(ToString::to_string),
        "date": date,
        "text": What::Caller(*caller).to_string(),
    })
}

fn millis(at: SampleTime) -> f64 {
    at.0 as f64 / SAMPLES_PER_MS
}

/// What is worth a mark on an oscilloscope: its time in milliseconds, what, and until when.
fn marked(at: SampleTime, mark: &Mark) -> Option<Value> {
    let at_ms = millis(at);
    Some(match mark {
        Mark::Loop(closed) => json!({"at": at_ms, "what": if *closed { "loop-closed" } else { "loop-open" }}),
        Mark::Phone(PhoneEvent::BurstBegan(_)) => json!({"at": at_ms, "what": "ring-began"}),
        Mark::Phone(PhoneEvent::BurstEnded(_)) => json!({"at": at_ms, "what": "ring-ended"}),
        Mark::Phone(PhoneEvent::Lamp(_, lit)) => {
            json!({"at": at_ms, "what": if *lit { "lamp-on" } else { "lamp-off" }})
        }
        Mark::Data(from, what) => {
            json!({"at": millis(*from), "until": at_ms, "what": "caller-id", "text": what.to_string()})
        }
        Mark::Phone(PhoneEvent::Heard(_) | PhoneEvent::Trunk(..)) => return None,
        Mark::Line(event) => {
            let (what, detail) = match event {
                LineEvent::Seized => ("off-hook", String::new()),
                LineEvent::Answered => ("answer", String::new()),
                LineEvent::Released => ("on-hook", String::new()),
                LineEvent::Flash(length) => ("flash", format!("{} ms", length.0)),
                LineEvent::Digit { digit, source, length } => {
                    let by = if *source == DigitSource::Pulse { " by pulses" } else { "" };
                    let began = at_ms - f64::from(length.0);
                    let digit = format!("{}{by}", char::from(*digit));
                    return Some(json!({"at": began, "until": at_ms, "what": "digit", "text": digit}));
                }
                LineEvent::Ringing => ("ringing", String::new()),
                LineEvent::RingStopped => ("ring-stopped", String::new()),
                LineEvent::CallerIdSent(_) => ("caller-id-sent", String::new()),
                _ => return None,
            };
            json!({"at": at_ms, "what": what, "text": detail})
        }
    })
}

#[cfg(test)]
mod tests {
    use tipring_port::{LoopReading, READINGS_PER_TICK};
    use tipring_units::{Milliamps, Volts};

    use super::*;

    #[test]
    fn a_viewer_watches_and_an_operator_acts_where_there_is_a_telephone() {
        let who = |role| Who { name: "ann".to_owned(), role, first: false, csrf: None };
        assert!(may_act(&who(Role::Viewer), true).unwrap_err().contains("ann may only watch"));
        assert!(may_act(&who(Role::Operator), false).unwrap_err().contains("no telephone"));
        assert_eq!(may_act(&who(Role::Operator), true), Ok(()));
    }

    #[test]
    fn what_is_not_measured_is_not_a_number_on_the_wire() {
        let unknown =
            LoopReading { voltage: Volts(f32::NAN), current: Milliamps(-1.5), ..LoopReading::default() };
        let moment = Moment {
            at: SampleTime(160),
            readings: [unknown; READINGS_PER_TICK],
            to_line: [1; 80],
            from_line: [-2; 80],
            receiver: [3; 80],
        };
        let bytes = scope(&moment);
        assert_eq!((bytes.len(), &bytes[..8]), (408, &[2, 0, 0, 0, 2, 0, 0, 0][..]));
        let float = |at: usize| f32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        assert!(float(8).is_nan());
        assert_eq!((float(48), &bytes[88..90], &bytes[406..]), (-1.5, &[1, 0][..], &[0xfe, 0xff][..]));
        assert_eq!((receiver(&moment).len(), &receiver(&moment)[8..10]), (168, &[3, 0][..]));
    }
}
