//! Outside lines in flows: what their exchange is, and what it and its subscribers are told.

use tipring_port::{
    Absence, CallerId, CallerIdAlert, CallerIdSignal, CallerIdTiming, DtmfCallerId, FskStandard, LoopStart,
    MeteringSpec, PulseConvention, Text, Tone,
};
use tipring_units::{Dbm0, Hz, LineId, Millis, Volts};

use super::text::{Cursor, FlowError, Kind, nearest};
use crate::ear::Land;
use crate::mouth::Talk;
use crate::office::{
    Clearing, Flaw, MAX_SUBSCRIBERS, Manner, OfficeSpec, Order, SubscriberSpec, Supervision, Trouble, Unknown,
};
use crate::plant::{Disturbance, Foreign};
use crate::world::SubscriberDeed;

/// The first subscriber's voice; further ones have the ones below.
const FIRST_VOICE: u16 = 63;

/// How an outside line differs from those of its country.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Outside {
    /// Its country, where it is not the flow's.
    pub land: Option<Land>,
    /// It wants ring grounded.
    pub ground: bool,
    /// From seizure to dial tone.
    pub dial_tone: Option<Option<Millis>>,
    /// How answers show.
    pub answer: Option<Supervision>,
    /// How clearing shows.
    pub clearing: Option<Clearing>,
    /// How callers are told.
    pub caller_id: Option<CallerIdTiming>,
    /// What an unknown number gets.
    pub unknown: Option<Unknown>,
    /// Pulses by another rule.
    pub pulses: Option<PulseConvention>,
    /// Noise.
    pub noise: Option<Dbm0>,
    /// It has no recall.
    pub no_flash: bool,
}

impl Outside {
    /// The exchange.
    pub fn spec(&self, land: Land, subscribers: &[SubscriberSpec]) -> OfficeSpec {
        let mut spec = OfficeSpec::of(self.land.unwrap_or(land));
        if self.ground {
            spec.start = LoopStart::Ground;
        }
        spec.dial_tone = self.dial_tone.unwrap_or(spec.dial_tone);
        spec.answer = self.answer.unwrap_or(spec.answer);
        spec.clearing = self.clearing.clone().unwrap_or(spec.clearing);
        spec.caller_id = self.caller_id.unwrap_or(spec.caller_id);
        spec.unknown = self.unknown.unwrap_or(spec.unknown);
        spec.pulses = self.pulses.or(spec.pulses);
        if self.no_flash {
            spec.flash = None;
        }
        spec.subscribers = subscribers.to_vec();
        spec
    }
}

/// The subscribers of an exchange for which a flow names none.
pub fn usual_subscribers() -> Vec<SubscriberSpec> {
    let one = |place: u16, number: &str, name: &str| SubscriberSpec {
        number: number.to_owned(),
        name: Some(name.to_owned()),
        voice: FIRST_VOICE - place,
        manner: Manner::Waits,
    };
    vec![one(0, "5550177", "MARY"), one(1, "5550188", "JOHN")]
}

/// `subscriber NUMBER ["NAME"] [busy | answers TIME]` in a head.
pub fn subscriber(cursor: &mut Cursor<'_>, known: &mut Vec<SubscriberSpec>) -> Result<(), FlowError> {
    let number = cursor.text("a number")?.to_owned();
    if number.is_empty() || number.len() > 24 || !number.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(cursor.error_before("this is no number", "Write digits."));
    }
    if known.len() >= MAX_SUBSCRIBERS {
        return Err(cursor.error_before("too many subscribers", format!("Up to {MAX_SUBSCRIBERS}.")));
    }
    let name = cursor.peek().filter(|word| word.kind == Kind::Quoted).map(|word| word.text.clone());
    if name.is_some() {
        cursor.take();
    }
    let manner = if cursor.eat("busy") {
        Manner::Busy
    } else if cursor.eat("answers") {
        Manner::Answers(cursor.time("how soon")?)
    } else {
        Manner::Waits
    };
    let voice = FIRST_VOICE - known.len() as u16;
    known.push(SubscriberSpec { number, name, voice, manner });
    Ok(())
}

/// A word of an outside line's head; false if it is none.
pub fn setting(word: &str, cursor: &mut Cursor<'_>, line: &mut Outside) -> Result<bool, FlowError> {
    match word {
        "country" => {
            let code = cursor.text("a country")?;
            let land = Land::of_code(code);
            line.land = Some(land.ok_or_else(|| cursor.error_before("no such country here", Land::hint()))?);
        }
        "ground" => line.ground = true,
        "dial-tone" => line.dial_tone = Some(dial_tone(cursor)?),
        "answers" => line.answer = Some(supervision(cursor)?),
        "clears" => line.clearing = Some(clearing(cursor)?),
        "caller-id" => line.caller_id = Some(caller_id(cursor)?),
        "unknown" => {
            let tone = cursor.text("a tone")?;
            line.unknown = Some(match tone {
                "reorder" => Unknown::Congestion,
                "special-information" => Unknown::SpecialInformation,
                _ => {
                    return Err(
                        cursor.error_before("no such answer", "Write reorder or special-information.")
                    );
                }
            });
        }
        "sweden" => line.pulses = Some(PulseConvention::Sweden),
        "new-zealand" => line.pulses = Some(PulseConvention::NewZealand),
        "noise" => line.noise = Some(level(cursor)?),
        "no-flash" => line.no_flash = true,
        _ => return Ok(false),
    }
    Ok(true)
}

fn level(cursor: &mut Cursor<'_>) -> Result<Dbm0, FlowError> {
    let level = cursor.number::<f32>("a level in dBm0 like -45")?;
    Ok(Dbm0(level.clamp(-90.0, -10.0)))
}

fn dial_tone(cursor: &mut Cursor<'_>) -> Result<Option<Millis>, FlowError> {
    if cursor.eat("none") { Ok(None) } else { cursor.time("none, or how late").map(Some) }
}

fn supervision(cursor: &mut Cursor<'_>) -> Result<Supervision, FlowError> {
    Ok(match cursor.text("how an answer shows")? {
        "none" => Supervision::None,
        "reversal" => Supervision::Reversal,
        "metering" => {
            let every = if cursor.eat("every") { cursor.time("how often")? } else { Millis::ZERO };
            Supervision::Metering(MeteringSpec { frequency: Hz(16_000.0), length: Millis(120), every })
        }
        _ => {
            return Err(
                cursor.error_before("answers do not show so", "Write none, reversal or metering every 5s.")
            );
        }
    })
}

fn clearing(cursor: &mut Cursor<'_>) -> Result<Clearing, FlowError> {
    let word = cursor.text("how clearing shows")?;
    let tone = Tone::ALL.into_iter().find(|tone| tone.word() == word);
    Ok(match (word, tone) {
        (_, Some(tone)) => Clearing::Tone(tone),
        ("cpc", None) => Clearing::Cpc(cursor.time("for how long")?),
        ("reversal", None) => Clearing::Reversal,
        // two frequencies and a cadence that are in no country's plan
        ("strange", None) => Clearing::Strange(vec![Hz(1111.0)], vec![Millis(300), Millis(150)]),
        ("silence", None) => Clearing::Silence,
        _ => {
            let remedy = "Write cpc 600ms, reversal, a tone like busy, strange or silence.";
            return Err(cursor.error_before("clearing does not show so", remedy));
        }
    })
}

/// Every way to tell who calls, by a word.
const CALLER_IDS: [&str; 15] = [
    "off",
    "bellcore",
    "sdmf",
    "etsi-between",
    "etsi-dtas",
    "etsi-reversal",
    "etsi-rpas",
    "bt",
    "cca",
    "dtmf-se",
    "dtmf-dk",
    "dtmf-nl",
    "dtmf-br",
    "dtmf-in",
    "ntt",
];

/// The timing that one of [`CALLER_IDS`] names.
pub fn caller_id_of(word: &str) -> Option<CallerIdTiming> {
    let fsk = |standard, multiple, seizure, mark| CallerIdSignal::Fsk { standard, multiple, seizure, mark };
    let between =
        |signal| CallerIdTiming::BetweenRings { after_ring: Millis(600), before_ring: Millis(200), signal };
    let before = |alert, data: u32, ring: u32, signal| CallerIdTiming::BeforeRing {
        alert,
        alert_to_data: Millis(data),
        data_to_ring: Millis(ring),
        signal,
    };
    let tone = CallerIdAlert::Tone(Millis(100));
    let reversal = CallerIdAlert::ReversalAndTone { wait: Millis(150), length: Millis(100) };
    let keys = |framing| CallerIdSignal::Dtmf(framing);
    Some(match word {
        "off" => CallerIdTiming::Off,
        "bellcore" => between(CallerIdSignal::GR30),
        "sdmf" => between(fsk(FskStandard::Bell202, false, 300, 180)),
        "etsi-between" => between(CallerIdSignal::ETSI),
        "etsi-dtas" => before(tone, 120, 300, CallerIdSignal::ETSI),
        "etsi-reversal" => before(reversal, 120, 300, CallerIdSignal::ETSI),
        "etsi-rpas" => before(CallerIdAlert::RingPulse(Millis(250)), 650, 300, CallerIdSignal::ETSI),
        "bt" => before(reversal, 100, 300, fsk(FskStandard::V23, true, 180, 70)),
        "cca" => {
            before(CallerIdAlert::RingPulse(Millis(350)), 600, 300, fsk(FskStandard::V23, true, 180, 70))
        }
        "dtmf-se" => before(CallerIdAlert::Reversal, 300, 400, keys(DtmfCallerId::AC)),
        "dtmf-dk" => before(CallerIdAlert::Reversal, 300, 400, keys(DtmfCallerId::AHash)),
        "dtmf-nl" => before(CallerIdAlert::Reversal, 300, 400, keys(DtmfCallerId::DC)),
        "dtmf-br" => before(CallerIdAlert::None, 300, 400, keys(DtmfCallerId::DHash)),
        "dtmf-in" => between(keys(DtmfCallerId::AC)),
        "ntt" => CallerIdTiming::AfterShortRing { signal: CallerIdSignal::Ntt },
        _ => return None,
    })
}

fn caller_id(cursor: &mut Cursor<'_>) -> Result<CallerIdTiming, FlowError> {
    let word = cursor.text("how callers are told")?;
    caller_id_of(word).ok_or_else(|| {
        cursor.error_before(format!("there is no {word}"), format!("Write one of {}.", CALLER_IDS.join(", ")))
    })
}

const EXCHANGE: [&str; 11] = [
    "dead",
    "alive",
    "noise",
    "quiet",
    "break",
    "foreign",
    "message",
    "clears",
    "answers",
    "caller-id",
    "checksum",
];

/// What an exchange is told about a line.
pub fn exchange(cursor: &mut Cursor<'_>) -> Result<Order, FlowError> {
    let word = cursor.text("what happens")?;
    let noise = |noise| Order::Trouble(Trouble::Noise(Disturbance { noise, hum: None }));
    Ok(match word {
        "dead" | "alive" => Order::Trouble(Trouble::Dead(word == "dead")),
        "noise" => noise(Some(level(cursor)?)),
        "quiet" => noise(None),
        "break" => Order::Trouble(Trouble::Break(cursor.time("for how long")?)),
        "foreign" if cursor.eat("none") => Order::Trouble(Trouble::Foreign(None)),
        "foreign" => {
            let volts = cursor.quantity("V", "a voltage like 100V")?;
            let hertz = match cursor.peek_plain().and_then(|word| word.strip_suffix("Hz")) {
                Some(_) => cursor.quantity("Hz", "a frequency like 50Hz")?,
                None => 0.0,
            };
            let foreign = if hertz > 0.0 {
                Foreign { direct: Volts(0.0), alternating: (Hz(hertz), Volts(volts)) }
            } else {
                Foreign { direct: Volts(volts), alternating: (Hz(50.0), Volts(0.0)) }
            };
            Order::Trouble(Trouble::Foreign(Some(foreign)))
        }
        "message" => {
            cursor.eat("waiting");
            match cursor.text("on or off")? {
                "on" => Order::Lamp(true),
                "off" => Order::Lamp(false),
                _ => return Err(cursor.error_before("a lamp is on or off", "Write: message waiting on.")),
            }
        }
        "clears" => Order::Clear(clearing(cursor)?),
        "answers" => Order::Supervise(supervision(cursor)?),
        "caller-id" => Order::Identify(caller_id(cursor)?),
        "dial-tone" => Order::DialTone(dial_tone(cursor)?),
        "checksum" => Order::Flaw(match cursor.text("good or bad")? {
            "bad" => Flaw::Checksum,
            "good" => Flaw::None,
            _ => return Err(cursor.error_before("a checksum is good or bad", "Write: checksum bad.")),
        }),
        _ => {
            let remedy = match nearest(word, EXCHANGE) {
                Some(near) => format!("Did you mean {near}?"),
                None => format!("It does {}.", EXCHANGE.join(", ")),
            };
            return Err(cursor.error_before(format!("an exchange does not do \"{word}\""), remedy));
        }
    })
}

const SUBSCRIBER: [&str; 7] = ["calls", "answers", "hangs", "is", "says", "hush", "digits"];

/// What a subscriber is told to do.
pub fn deed(
    cursor: &mut Cursor<'_>,
    own: &SubscriberSpec,
    line: impl Fn(&str) -> Option<LineId>,
) -> Result<SubscriberDeed, FlowError> {
    let word = cursor.text("what it does")?;
    Ok(match word {
        "calls" => {
            cursor.eat("line");
            let number = cursor.text("the number of a line")?;
            let line = line(number).ok_or_else(|| {
                cursor.error_before(format!("there is no outside line {number}"), "Write: calls line 3.")
            })?;
            SubscriberDeed::Calls(line, caller(cursor, own)?)
        }
        "answers" => SubscriberDeed::Answers,
        "hangs" => {
            cursor.eat("up");
            SubscriberDeed::HangsUp
        }
        "is" => SubscriberDeed::Behaves(match cursor.text("busy or free")? {
            "busy" => Manner::Busy,
            "free" => Manner::Waits,
            "quick" => Manner::Answers(cursor.time("how soon it answers")?),
            _ => return Err(cursor.error_before("a subscriber is not that", "Write busy, free or quick 1s.")),
        }),
        "says" => match cursor.text("what it says")? {
            "voice" => SubscriberDeed::Says(Talk::Voice(own.voice)),
            "tone" => {
                let hertz = cursor.number::<u16>("a frequency in hertz")?.clamp(200, 3600);
                SubscriberDeed::Says(Talk::Tone(Hz(f32::from(hertz)), Dbm0(-13.0)))
            }
            other => {
                return Err(
                    cursor.error_before(format!("nobody says \"{other}\""), "Write voice, or tone 1004.")
                );
            }
        },
        "hush" => SubscriberDeed::Hush,
        "digits" => SubscriberDeed::Presses(cursor.text("digits")?.to_owned()),
        _ => {
            let remedy = match nearest(word, SUBSCRIBER) {
                Some(near) => format!("Did you mean {near}?"),
                None => {
                    "It calls line N, answers, hangs up, is busy, is free, says, hush, digits.".to_owned()
                }
            };
            return Err(cursor.error_before(format!("a subscriber does not do \"{word}\""), remedy));
        }
    })
}

/// `as NUMBER ["NAME"]`, `as private`, `as unavailable`, `as nobody`; without it: the subscriber's own.
fn caller(cursor: &mut Cursor<'_>, own: &SubscriberSpec) -> Result<Option<CallerId>, FlowError> {
    let name = |name: &str| Some(Ok(Text::new(name)));
    let mut caller =
        CallerId { date: None, number: Ok(Text::new(&own.number)), name: own.name.as_deref().and_then(name) };
    if cursor.eat("as") {
        let absent = |why| CallerId { date: None, number: Err(why), name: Some(Err(why)) };
        match cursor.text("who is shown")? {
            "nobody" => return Ok(None),
            "private" => caller = absent(Absence::Private),
            "unavailable" => caller = absent(Absence::Unavailable),
            number => (caller.number, caller.name) = (Ok(Text::new(number)), None),
        }
        if let Some(word) = cursor.peek().filter(|word| word.kind == Kind::Quoted) {
            caller.name = name(&word.text);
            cursor.take();
        }
    }
    Ok(Some(caller))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_tell_who_calls_is_known_by_its_word() {
        for word in CALLER_IDS {
            assert!(caller_id_of(word).is_some(), "{word}");
        }
    }
}
