//! What statements let happen.

use tipring_port::CodecName;
use tipring_units::{Dbm0, Hz, LineId, Millis, Ohms, Volts};

use super::subject::{Scene, Subject};
use super::text::{Cursor, FlowError, Kind, nearest};
use crate::lab::Place;
use crate::mouth::Talk;
use crate::network::{DnsFault, Weather};
use crate::office::Order as OfficeOrder;
use crate::peer::{From, Manner, Order, Turn, Which};
use crate::phone::{Action as PhoneAction, Dialling};
use crate::plant::{Contact, Damage};
use crate::world::{Fault, SubscriberDeed};

/// Something that a statement lets happen.
#[derive(Clone, PartialEq, Debug)]
pub enum Action {
    /// At a telephone.
    Phone(Place, PhoneAction),
    /// At a far end.
    Peer(usize, Order),
    /// At the exchange behind a line.
    Exchange(LineId, OfficeOrder),
    /// At a subscriber.
    Subscriber(usize, SubscriberDeed),
    /// Something goes wrong, or right again.
    Fault(Fault),
    /// The next messages that begin like this are lost.
    Drop(String, Option<Subject>, u32),
}

const PHONE: [&str; 10] =
    ["off-hook", "on-hook", "flash", "dials", "says", "hush", "unplug", "plug", "waits", "lifts"];
const PEER: [&str; 31] = [
    "completion",
    "REFER",
    "NOTIFY",
    "messages",
    "INVITE",
    "CANCEL",
    "BYE",
    "ACK",
    "INFO",
    "OPTIONS",
    "REGISTER",
    "un-REGISTER",
    "request",
    "hold",
    "resume",
    "offers",
    "digits",
    "keys",
    "says",
    "hush",
    "again",
    "merges",
    "new",
    "dies",
    "revives",
    "closes",
    "opens",
    "asks",
    "no",
    "has",
    "trusts",
];

/// The actions of a statement about `subject`, up to an arrow or the end of the line.
pub fn actions(scene: &Scene, subject: Subject, cursor: &mut Cursor<'_>) -> Result<Vec<Action>, FlowError> {
    let mut all = Vec::new();
    loop {
        one(scene, subject, cursor, &mut all)?;
        match cursor.peek().map(|word| word.kind) {
            None | Some(Kind::Arrow) => return Ok(all),
            Some(Kind::Comma) => {
                cursor.take();
            }
            Some(_) => {
                return Err(cursor.error("this does not belong here", "Put a comma before a further action."));
            }
        }
    }
}

fn one(
    scene: &Scene,
    subject: Subject,
    cursor: &mut Cursor<'_>,
    all: &mut Vec<Action>,
) -> Result<(), FlowError> {
    match subject {
        Subject::Phone(place) => phone(place, cursor, all),
        Subject::Peer(place) => peer(place, cursor, all),
        Subject::Line(line) => line_action(line, cursor, all),
        Subject::Exchange(line) => {
            all.push(Action::Exchange(line, super::outside::exchange(cursor)?));
            Ok(())
        }
        Subject::Subscriber(place) => {
            let Some(own) = scene.subscribers.get(place) else { return Err(scene.unknown(cursor)) };
            let deed = super::outside::deed(cursor, own, |number| scene.outside_line(number))?;
            all.push(Action::Subscriber(place, deed));
            Ok(())
        }
        Subject::Network => network(scene, cursor, all),
        Subject::Clock => {
            let back = match cursor.text("jumps")? {
                "jumps" => cursor.eat("back"),
                _ => {
                    return Err(
                        cursor.error_before("a clock does not do that", "Write: clock: jumps [back] 1h.")
                    );
                }
            };
            let seconds = i64::from(cursor.time("how far")?.0 / 1000);
            all.push(Action::Fault(Fault::Clock(if back { -seconds } else { seconds })));
            Ok(())
        }
        Subject::Card => {
            let runs = match cursor.text("stops or runs")? {
                "stops" => false,
                "runs" => true,
                _ => return Err(cursor.error_before("a card does not do that", "Write stops or runs.")),
            };
            all.push(Action::Fault(Fault::Card(runs)));
            Ok(())
        }
        Subject::Gateway => {
            let fault = match cursor.text("stops or panics")? {
                "stops" => Fault::Stop,
                "store" => match cursor.text("fails or works")? {
                    "fails" => Fault::Store(false),
                    "works" => Fault::Store(true),
                    _ => return Err(cursor.error_before("a store does not do that", "Write fails or works.")),
                },
                "panics" => {
                    let _ = cursor.eat("in") && cursor.eat("the") && cursor.eat("latest");
                    match cursor.text("call, leg, session or stream")? {
                        "call" => Fault::PanicSwitch,
                        "leg" => Fault::PanicFar,
                        "session" => Fault::PanicSession,
                        "stream" => Fault::PanicLeg,
                        _ => {
                            let remedy = "Write: panics in the latest call, leg, session or stream.";
                            return Err(cursor.error_before("nothing of that kind can panic", remedy));
                        }
                    }
                }
                _ => {
                    let remedy = "Write stops, store fails, store works, or panics in the latest call.";
                    return Err(cursor.error_before("a gateway is not told that", remedy));
                }
            };
            all.push(Action::Fault(fault));
            Ok(())
        }
        Subject::Call(_) | Subject::Media => {
            Err(cursor.error("nothing can be told to it", "It only stands after ->."))
        }
    }
}

fn unknown<'a>(
    cursor: &Cursor<'_>,
    word: &str,
    who: &str,
    all: impl IntoIterator<Item = &'a str> + Clone,
) -> FlowError {
    let remedy = match nearest(word, all.clone()) {
        Some(near) => format!("Did you mean {near}?"),
        None => format!("It does {}.", all.into_iter().collect::<Vec<_>>().join(", ")),
    };
    cursor.error_before(format!("{who} does not do \"{word}\""), remedy)
}

fn phone(place: Place, cursor: &mut Cursor<'_>, all: &mut Vec<Action>) -> Result<(), FlowError> {
    let word = cursor.text("what it does")?;
    let action = match word {
        "off-hook" | "lifts" => PhoneAction::OffHook,
        "on-hook" => PhoneAction::OnHook,
        "flash" => {
            let given = cursor.peek_plain().is_some_and(|word| super::text::time_of(word).is_some());
            PhoneAction::Flash(if given { cursor.time("a length")? } else { Millis(500) })
        }
        "dials" => return dials(place, cursor, all),
        "says" => PhoneAction::Say(talk(cursor, place.line.0 + 1)?),
        "hush" => PhoneAction::Hush,
        "unplug" => PhoneAction::Unplug,
        "plug" => PhoneAction::PlugIn,
        "waits" => PhoneAction::Wait(cursor.time("how long")?),
        _ => return Err(unknown(cursor, word, "a telephone", PHONE)),
    };
    all.push(Action::Phone(place, action));
    Ok(())
}

fn dials(place: Place, cursor: &mut Cursor<'_>, all: &mut Vec<Action>) -> Result<(), FlowError> {
    let digits = cursor.text("what it dials")?.to_owned();
    let is_key = |c: char| c.is_ascii_digit() || matches!(c, '*' | '#' | 'A'..='D' | 'p');
    if digits.len() > 40 || !digits.chars().all(is_key) {
        let remedy = "Digits, *, #, A to D, and p for a pause of a second, 40 at the most.";
        return Err(cursor.error_before(format!("\"{digits}\" cannot be dialled"), remedy));
    }
    let mut how = Dialling::Dtmf;
    let mut digits = digits.replace('p', ",");
    loop {
        if cursor.eat("pulse") {
            how = Dialling::Pulse;
            if digits.contains(|c: char| !c.is_ascii_digit() && c != ',') {
                return Err(cursor.error_before("a rotary dial has digits only", "Dial 0 to 9."));
            }
        } else if cursor.eat("slow") {
            digits = digits.chars().flat_map(|digit| [digit, ',']).collect();
        } else {
            break;
        }
    }
    all.push(Action::Phone(place, PhoneAction::Dial(digits, how)));
    Ok(())
}

fn talk(cursor: &mut Cursor<'_>, voice: u16) -> Result<Talk, FlowError> {
    match cursor.text("what it says")? {
        "voice" => Ok(Talk::Voice(voice)),
        "tone" => {
            let hertz = cursor.number::<u16>("a frequency in hertz")?;
            if !(200..=3600).contains(&hertz) {
                return Err(cursor.error_before("no telephone carries that", "Write 200 to 3600."));
            }
            Ok(Talk::Tone(Hz(f32::from(hertz)), Dbm0(-13.0)))
        }
        other => Err(cursor.error_before(format!("nobody says \"{other}\""), "Write voice, or tone 1004.")),
    }
}

fn which(cursor: &mut Cursor<'_>) -> Result<Which, FlowError> {
    let mut which = Which::default();
    loop {
        if cursor.eat("on") {
            cursor.eat("call");
            which.call = Some(cursor.number("the number of a call")?);
        } else if cursor.eat("fork") {
            which.fork = Some(cursor.number("the number of an early dialog")?);
        } else {
            return Ok(which);
        }
    }
}

fn peer(place: usize, cursor: &mut Cursor<'_>, all: &mut Vec<Action>) -> Result<(), FlowError> {
    let word = cursor.text("what it does")?;
    if let Ok(status) = word.parse::<u16>() {
        return answer(place, status, cursor, all);
    }
    let order = match word {
        "INVITE" => invite(cursor)?,
        "CANCEL" => Order::Cancel(which(cursor)?),
        "BYE" => Order::Bye(which(cursor)?),
        "ACK" => Order::Ack(which(cursor)?),
        "merges" => Order::Merge(which(cursor)?),
        "new" => {
            if !cursor.eat("nonce") {
                return Err(cursor.error("a new what?", "Write: new nonce."));
            }
            Order::NewNonce
        }
        "again" => Order::Again(which(cursor)?),
        "hold" => Order::Hold(which(cursor)?),
        "resume" => Order::Resume(which(cursor)?),
        "offers" => {
            let known = [
                ("PCMU", CodecName::Pcmu),
                ("PCMA", CodecName::Pcma),
                ("G722", CodecName::G722),
                ("G729", CodecName::G729),
                ("L16", CodecName::L16),
                ("opus", CodecName::Opus),
            ];
            match known.into_iter().find(|(word, _)| cursor.eat(word)) {
                Some((_, codec)) => Order::Offers(codec, which(cursor)?),
                None if cursor.eat("relay") => Order::Relay(which(cursor)?),
                None => {
                    let remedy = "Write: offers relay (T.38), or PCMU, PCMA, G722, G729, L16, opus.";
                    return Err(cursor.error("offers what?", remedy));
                }
            }
        }
        "INFO" => {
            let digit = cursor.text("a digit")?.chars().next().unwrap_or('0');
            Order::Info(digit, which(cursor)?)
        }
        "REFER" => {
            cursor.eat("to");
            let to = cursor.text("to whom")?.to_owned();
            let replacing = if cursor.eat("replacing") { Some(cursor.number("its call")?) } else { None };
            Order::Refer { to, replacing, which: which(cursor)? }
        }
        "NOTIFY" => {
            let status: u16 = cursor.number("a status")?;
            if !(100..=699).contains(&status) {
                return Err(cursor.error_before(format!("{status} is no status"), "Write 100 to 699."));
            }
            Order::Notify(status, which(cursor)?)
        }
        "messages" => {
            let new = cursor.number("how many are new")?;
            let old = if cursor.eat("old") { cursor.number("how many are old")? } else { 0 };
            cursor.eat("for");
            Order::Mail(cursor.text("whose")?.to_owned(), (new, old))
        }
        "completion" => Order::Turn(match cursor.text("how it stands")? {
            "queued" => Turn::Queued,
            "ready" => Turn::Ready,
            "over" => Turn::Over,
            _ => return Err(cursor.error_before("how does it stand?", "Write: queued, ready or over.")),
        }),
        "OPTIONS" => Order::Options,
        "request" => {
            let method = cursor.text("a method")?.to_owned();
            let is_token =
                method.len() <= 32 && method.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
            if !is_token {
                return Err(cursor.error_before("this is no method", "Write a word like MESSAGE."));
            }
            Order::Request(method, which(cursor)?)
        }
        "REGISTER" => {
            let seconds = if cursor.eat("for") { cursor.time("a length")?.0 / 1000 } else { 3600 };
            Order::Register(seconds)
        }
        "un-REGISTER" => Order::Register(0),
        "digits" => Order::Digits(digits(cursor)?, which(cursor)?),
        "keys" => Order::Keys(digits(cursor)?, which(cursor)?),
        "says" => {
            let voice = 16 + place as u16 * crate::peer::VOICES % 48;
            Order::Say(talk(cursor, voice)?, which(cursor)?)
        }
        "hush" => Order::Hush(which(cursor)?),
        "asks" => Order::Asks(true),
        "trusts" => Order::Asks(false),
        "no" | "has" => {
            let name = cursor.text("a habit")?;
            let manner = Manner::ALL.into_iter().find(|manner| manner.word() == name);
            let manner =
                manner.ok_or_else(|| unknown(cursor, name, "a far end", Manner::ALL.map(Manner::word)))?;
            Order::Manner(manner, word == "has")
        }
        "dies" | "revives" => {
            all.push(Action::Fault(Fault::Dead(place, word == "dies")));
            return Ok(());
        }
        "closes" | "opens" => {
            all.push(Action::Fault(Fault::Closed(place, word == "closes")));
            return Ok(());
        }
        _ => return Err(unknown(cursor, word, "a far end", PEER)),
    };
    all.push(Action::Peer(place, order));
    Ok(())
}

fn digits(cursor: &mut Cursor<'_>) -> Result<String, FlowError> {
    let digits = cursor.text("digits")?;
    if digits.len() > 40 || !digits.bytes().all(|digit| b"0123456789*#ABCD".contains(&digit)) {
        return Err(cursor.error_before("these are no digits", "Write 0 to 9, *, #, A to D; # in quotes."));
    }
    Ok(digits.to_owned())
}

fn answer(
    place: usize,
    status: u16,
    cursor: &mut Cursor<'_>,
    all: &mut Vec<Action>,
) -> Result<(), FlowError> {
    if !(100..=699).contains(&status) {
        return Err(cursor.error_before(format!("{status} is no status"), "Write 100 to 699."));
    }
    let mut order = (status == 183, None, Which::default());
    loop {
        if cursor.eat("with") {
            if !cursor.eat("sound") {
                return Err(cursor.error("with what?", "Write: with sound."));
            }
            order.0 = true;
        } else if cursor.eat("to") {
            order.1 = Some(cursor.text("an address")?.to_owned());
        } else {
            let place = cursor.place();
            order.2 = merge(order.2, which(cursor)?);
            if cursor.place() == place {
                break;
            }
        }
    }
    let (sound, to, which) = order;
    all.push(Action::Peer(place, Order::Answer { status, which, sound, to }));
    Ok(())
}

fn merge(a: Which, b: Which) -> Which {
    Which { call: b.call.or(a.call), fork: b.fork.or(a.fork) }
}

fn invite(cursor: &mut Cursor<'_>) -> Result<Order, FlowError> {
    let to = cursor.text("the number that it calls")?.to_owned();
    let mut from = From::default();
    let mut offers = true;
    let mut hops = 70;
    loop {
        if cursor.eat("hops") {
            hops = cursor.number("a number of hops")?;
        } else if cursor.eat("from") {
            from.number = Some(cursor.text("a number")?.to_owned());
            if let Some(name) = cursor.peek().filter(|word| word.kind == Kind::Quoted) {
                from.name = Some(name.text.clone());
                cursor.take();
            }
        } else if cursor.eat("asserted") {
            from.asserted = Some(cursor.text("a number")?.to_owned());
        } else if cursor.eat("alert") {
            from.alert = Some(cursor.text("an Alert-Info in quotes")?.to_owned());
        } else if cursor.eat("diverted") {
            from.diverted = Some(cursor.text("a Diversion in quotes")?.to_owned());
        } else if cursor.eat("replacing") {
            from.replacing = Some(cursor.number("its call")?);
        } else if cursor.eat("private") {
            from.private = true;
        } else if cursor.eat("without") {
            if !cursor.eat("offer") {
                return Err(cursor.error("without what?", "Write: without offer."));
            }
            offers = false;
        } else {
            return Ok(Order::Invite { to, from, offers, hops });
        }
    }
}

fn line_action(line: LineId, cursor: &mut Cursor<'_>, all: &mut Vec<Action>) -> Result<(), FlowError> {
    let fault = match cursor.text("what happens to it")? {
        "panics" if cursor.eat("in") => {
            cursor.text("the switch")?;
            cursor.eat("switch");
            Fault::PanicCall(line)
        }
        "panics" => Fault::PanicLine(line),
        "in" | "out" => {
            let out = cursor.eat("of");
            if !cursor.eat("service") {
                return Err(cursor.error("service is missing", "Write: in service, or out of service."));
            }
            Fault::InService(line, !out)
        }
        "slips" => Fault::Slip(line, cursor.number("a number of samples")?),
        "leaks" => {
            let leak = Some(Ohms(cursor.quantity("ohm", "a resistance like 20000ohm")?));
            Fault::Damage(line, Damage { leak, contact: None })
        }
        "touches" => {
            let volts = Volts(cursor.quantity("V", "a voltage like 60V")?);
            let is_given = |end: &str| cursor.peek_plain().is_some_and(|word| word.ends_with(end));
            let hertz = if is_given("Hz") { cursor.quantity("Hz", "a frequency like 50Hz")? } else { 0.0 };
            let ohms = if cursor.eat("through") {
                cursor.quantity("ohm", "a resistance like 20000ohm")?
            } else {
                10_000.0
            };
            let contact = Contact { volts, frequency: Hz(hertz), through: Ohms(ohms) };
            Fault::Damage(line, Damage { leak: None, contact: Some(contact) })
        }
        "mended" => Fault::Damage(line, Damage::default()),
        "tested" => Fault::Test(line),
        word => {
            let all =
                ["panics", "out of service", "in service", "slips", "leaks", "touches", "mended", "tested"];
            return Err(unknown(cursor, word, "a line", all));
        }
    };
    all.push(Action::Fault(fault));
    Ok(())
}

fn network(scene: &Scene, cursor: &mut Cursor<'_>, all: &mut Vec<Action>) -> Result<(), FlowError> {
    if cursor.eat("drops") {
        let word = cursor.text("a method or status")?.to_owned();
        let count = match cursor.peek_plain().and_then(|word| word.parse().ok()) {
            Some(count) => {
                cursor.take();
                if !cursor.eat("times") {
                    return Err(cursor.error("times is missing", "Write: drops 200 2 times."));
                }
                count
            }
            None => 1,
        };
        let to = if cursor.eat("to") { Some(subject_of(scene, cursor)?) } else { None };
        all.push(Action::Drop(word, to, count));
        return Ok(());
    }
    if cursor.eat("dns") {
        let fault = match cursor.text("what it does")? {
            "silent" => DnsFault::Silent,
            "empty" => DnsFault::Empty,
            "works" => DnsFault::None,
            _ => {
                return Err(
                    cursor.error_before("a name server does not do that", "Write silent, empty or works.")
                );
            }
        };
        all.push(Action::Fault(Fault::Dns(fault)));
        return Ok(());
    }
    let mut weather = Weather::CALM;
    let mut length = None;
    while let Some(word) = cursor.peek_plain() {
        cursor.take();
        match word {
            "calm" => weather = Weather::CALM,
            "loses" | "lose" => weather.loss = cursor.quantity("%", "a share like 5%")?.clamp(0.0, 100.0),
            "bursts" => weather.burst = cursor.number::<f32>("a number of packets")?.clamp(1.0, 1000.0),
            "delay" => weather.delay = cursor.time("a delay")?,
            "jitter" => weather.jitter = cursor.time("a jitter")?,
            "duplicates" => weather.duplicated = cursor.quantity("%", "a share like 5%")?.clamp(0.0, 100.0),
            "reorders" => weather.overtaken = cursor.quantity("%", "a share like 5%")?.clamp(0.0, 100.0),
            "for" => length = Some(cursor.time("how long")?),
            _ => {
                let all = [
                    "loses",
                    "bursts",
                    "delay",
                    "jitter",
                    "duplicates",
                    "reorders",
                    "for",
                    "calm",
                    "drops",
                    "dns",
                ];
                return Err(unknown(cursor, word, "a network", all));
            }
        }
    }
    all.push(Action::Fault(Fault::Weather(weather, length)));
    Ok(())
}

fn subject_of(scene: &Scene, cursor: &mut Cursor<'_>) -> Result<Subject, FlowError> {
    match scene.subject(cursor)? {
        Some(subject) => Ok(subject),
        None => Err(scene.unknown(cursor)),
    }
}
