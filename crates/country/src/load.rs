//! Reads a country file; every mistake is told with its file and key.

use std::collections::BTreeMap;

use tipring_port::{
    Component, Disconnect, FlashWindow, HookTiming, Impedance, MAX_RING_STEPS, PulseConvention, PulseTiming,
    RingDetection, RingPattern, RingSpec, RohTiming, Tone, TonePlan, ToneProgram, ToneStep,
};
use tipring_units::{Dbm0, Hz, Millis};

use crate::caller_id::caller_id;
use crate::numbers::is_plain;
use crate::packs::{ALIASES, PACKS};
use crate::quantity::{self, QuantityError};
use crate::raw::{RawCountry, RawDisconnect, RawNumbers, RawTone};
use crate::{Country, DistinctiveRing, NumberPlan, NumberRule, OutsideRule, Pattern, outside};

/// Why a country file was refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CountryError {
    /// There is no such country.
    #[error("country \"{code}\" is not known. Known are {known}.")]
    Unknown {
        /// What was asked for.
        code: String,
        /// All there are.
        known: String,
    },
    /// The file is not TOML, or has a key too many or too few.
    #[error("{file}:{line}: {message}")]
    Syntax {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A value is not what it should be.
    #[error("{file}: {key}: {message}")]
    Value {
        /// The file.
        file: String,
        /// The key.
        key: String,
        /// What is wrong.
        message: String,
    },
}

impl Country {
    /// The codes of all countries that are built in.
    pub fn codes() -> impl Iterator<Item = &'static str> {
        PACKS.iter().map(|(code, _)| *code)
    }

    /// The built-in pack of `code`; capitals do not count and `uk` is `gb`.
    ///
    /// # Errors
    /// If there is none.
    pub fn named(code: &str) -> Result<Self, CountryError> {
        let lower = code.to_ascii_lowercase();
        let code_of =
            ALIASES.iter().find(|(alias, _)| *alias == lower).map_or(lower.as_str(), |(_, code)| code);
        match PACKS.iter().find(|(known, _)| *known == code_of) {
            Some((known, text)) => Self::parse(&format!("{known}.toml"), text),
            None => Err(CountryError::Unknown {
                code: code.to_owned(),
                known: Self::codes().collect::<Vec<_>>().join(", "),
            }),
        }
    }

    /// The text of the built-in pack of `code`, in which each value has its source.
    pub fn text(code: &str) -> Option<&'static str> {
        PACKS.iter().find(|(known, _)| *known == code).map(|(_, text)| *text)
    }

    /// Reads the text of a country file called `file`.
    ///
    /// # Errors
    /// At its first mistake.
    pub fn parse(file: &str, text: &str) -> Result<Self, CountryError> {
        let raw: RawCountry = toml::from_str(text).map_err(|error| CountryError::Syntax {
            file: file.to_owned(),
            line: error.span().map_or(1, |span| {
                text.as_bytes().iter().take(span.start).filter(|b| **b == b'\n').count() + 1
            }),
            message: error.message().to_owned(),
        })?;
        build(&File(file), &raw)
    }
}

pub(crate) struct File<'a>(&'a str);

impl File<'_> {
    pub(crate) fn error(&self, key: &str, message: impl ToString) -> CountryError {
        CountryError::Value { file: self.0.to_owned(), key: key.to_owned(), message: message.to_string() }
    }

    pub(crate) fn read<T>(
        &self,
        key: &str,
        text: &str,
        parse: fn(&str) -> Result<T, QuantityError>,
    ) -> Result<T, CountryError> {
        parse(text).map_err(|error| self.error(key, format!("\"{text}\": {error}")))
    }

    fn ring(&self, key: &str, text: &str) -> Result<RingPattern, CountryError> {
        let steps = self.read(key, text, quantity::cadence)?;
        if steps.len() > MAX_RING_STEPS {
            return Err(self.error(key, format!("{} steps; {MAX_RING_STEPS} at the most", steps.len())));
        }
        Ok(RingPattern::new(&steps))
    }
}

fn build(file: &File<'_>, raw: &RawCountry) -> Result<Country, CountryError> {
    let (flash_min, flash_max) = file.read("flash.window", &raw.flash.window, quantity::time_range)?;
    let mut distinctive = Vec::new();
    for (place, ring) in raw.distinctive.iter().enumerate() {
        let pattern = file.ring(&format!("distinctive[{place}].cadence"), &ring.cadence)?;
        distinctive.push(DistinctiveRing { name: ring.name.clone(), pattern });
    }
    Ok(Country {
        code: raw.code.clone(),
        name: raw.name.clone(),
        tones: tones(file, &raw.tone)?,
        ring: RingSpec {
            frequency: file.read("ring.frequency", &raw.ring.frequency, quantity::frequency)?,
            level: file.read("ring.level", &raw.ring.level, quantity::voltage)?,
            pattern: file.ring("ring.cadence", &raw.ring.cadence)?,
        },
        distinctive,
        caller_id: caller_id(file, &raw.caller_id)?,
        hook: HookTiming {
            seize: file.read("hook.seize", &raw.hook.seize, quantity::time)?,
            release: file.read("hook.release", &raw.hook.release, quantity::time)?,
            bounce: file.read("hook.bounce", &raw.hook.bounce, quantity::time)?,
        },
        recall: FlashWindow { min: flash_min, max: flash_max },
        pulse: pulse(file, raw)?,
        disconnect: disconnect(file, &raw.disconnect)?,
        reverse_on_answer: raw.disconnect.reverse_on_answer.unwrap_or(false),
        roh: RohTiming {
            reorder: file.read(
                "receiver_off_hook.reorder",
                &raw.receiver_off_hook.reorder,
                quantity::time,
            )?,
            howler: file.read("receiver_off_hook.howler", &raw.receiver_off_hook.howler, quantity::time)?,
        },
        impedance: Impedance::parse(&raw.impedance.network).ok_or_else(|| {
            let words = Impedance::WORDS.join("\", \"");
            let message = format!("\"{}\" is none of \"{words}\"", raw.impedance.network);
            file.error("impedance.network", message)
        })?,
        level_in: file.read("levels.input", &raw.levels.input, quantity::relative_level)?,
        level_out: file.read("levels.output", &raw.levels.output, quantity::relative_level)?,
        battery: file.read("feed.battery", &raw.feed.battery, quantity::voltage)?,
        loop_current: file.read("feed.current", &raw.feed.current, quantity::current)?,
        threshold: file.read("feed.threshold", &raw.feed.threshold, quantity::current)?,
        outside: outside_line(file, raw)?,
        numbers: numbers(file, &raw.numbers, &raw.emergency.numbers)?,
        provenance: provenance(raw),
    })
}

fn tones(file: &File<'_>, raw: &BTreeMap<String, RawTone>) -> Result<TonePlan, CountryError> {
    let mut plan = TonePlan::SILENT;
    for (name, raw) in raw {
        let key = format!("tone.{name}");
        let tone = tone_named(name).ok_or_else(|| file.error(&key, "there is no such tone"))?;
        let level = file.read(&format!("{key}.level"), &raw.level, quantity::level)?;
        let mut steps = Vec::new();
        for (place, text) in raw.steps.iter().enumerate() {
            steps.push(tone_step(text, level).ok_or_else(|| {
                let expected = "expected \"350+440\", \"350@-22+440@-18 750 ms\" or \"pause 500 ms\"";
                file.error(&format!("{key}.steps[{place}]"), format!("\"{text}\": {expected}"))
            })?);
        }
        let repeat_from = match raw.repeat.as_deref() {
            None | Some("all") => 0,
            Some("once") => usize::MAX,
            Some(_) => return Err(file.error(&format!("{key}.repeat"), "expected \"all\" or \"once\"")),
        };
        let program = ToneProgram::new(&steps, repeat_from)
            .ok_or_else(|| file.error(&format!("{key}.steps"), "too many steps"))?;
        plan.set(tone, program);
    }
    match Tone::ALL.into_iter().find(|tone| !raw.contains_key(tone_key(*tone))) {
        Some(missing) => Err(file.error(&format!("tone.{}", tone_key(missing)), "this tone is missing")),
        None => Ok(plan),
    }
}

/// The name of a tone's table.
const fn tone_key(tone: Tone) -> &'static str {
    match tone {
        Tone::Dial => "dial",
        Tone::Stutter => "stutter",
        Tone::Outside => "outside",
        Tone::Ringback => "ringback",
        Tone::Busy => "busy",
        Tone::Congestion => "congestion",
        Tone::CallWaiting => "call-waiting",
        Tone::SpecialInformation => "special-information",
        Tone::Confirmation => "confirmation",
        Tone::Howler => "howler",
    }
}

fn tone_named(name: &str) -> Option<Tone> {
    Tone::ALL.into_iter().find(|tone| tone_key(*tone) == name)
}

/// `FREQUENCIES [LENGTH]`; each frequency may have its own level after `@` and a modulation after `*`.
fn tone_step(text: &str, level: Dbm0) -> Option<ToneStep> {
    let (sound, length) = match text.split_once(' ') {
        Some((sound, length)) => {
            (sound, quantity::time(length).ok().filter(|length| *length > Millis::ZERO)?)
        }
        None => (text, Millis::ZERO),
    };
    let mut step = ToneStep { length, ..ToneStep::SILENCE };
    if sound == "pause" {
        return (length > Millis::ZERO).then_some(step);
    }
    for (place, part) in sound.split('+').enumerate() {
        let (frequency, level) = match part.split_once('@') {
            Some((frequency, own)) => (frequency, Dbm0(own.parse().ok()?)),
            None => (part, level),
        };
        let (frequency, modulated_by) = match frequency.split_once('*') {
            Some((frequency, by)) => (frequency, by.parse().ok()?),
            None => (frequency, 0.0),
        };
        let frequency = frequency.parse::<f32>().ok().filter(|hz| (300.0..=3400.0).contains(hz))?;
        *step.components.get_mut(place)? =
            Component { frequency: Hz(frequency), modulated_by: Hz(modulated_by), level };
    }
    Some(step)
}

fn pulse(file: &File<'_>, raw: &RawCountry) -> Result<PulseTiming, CountryError> {
    let (break_min, break_max) = file.read("pulse.break", &raw.pulse.r#break, quantity::time_range)?;
    Ok(PulseTiming {
        enabled: raw.pulse.enabled,
        break_min,
        break_max,
        interdigit: file.read("pulse.interdigit", &raw.pulse.interdigit, quantity::time)?,
        convention: match raw.pulse.convention.as_str() {
            "standard" => PulseConvention::Standard,
            "sweden" => PulseConvention::Sweden,
            "new-zealand" => PulseConvention::NewZealand,
            _ => return Err(file.error("pulse.convention", "expected standard, sweden or new-zealand")),
        },
    })
}

fn disconnect(file: &File<'_>, raw: &RawDisconnect) -> Result<Disconnect, CountryError> {
    match (raw.signal.as_str(), &raw.length) {
        ("none", None) => Ok(Disconnect::None),
        ("reversal", None) => Ok(Disconnect::Reversal),
        ("cpc", Some(length)) => {
            Ok(Disconnect::Cpc(file.read("disconnect.length", length, quantity::time)?))
        }
        ("none" | "reversal", Some(_)) => Err(file.error("disconnect.length", "only cpc has a length")),
        ("cpc", None) => Err(file.error("disconnect.length", "missing")),
        _ => Err(file.error("disconnect.signal", "expected none, cpc or reversal")),
    }
}

fn outside_line(file: &File<'_>, raw: &RawCountry) -> Result<OutsideRule, CountryError> {
    let (ringing, dialling, signs) = (&raw.outside_ringing, &raw.outside_dialling, &raw.outside_signs);
    let time = |key: &str, text: &str| file.read(key, text, quantity::time);
    let pair = |key: &str, text: &str| match file.read(key, text, quantity::cadence)?.as_slice() {
        [on, off] => Ok((*on, *off)),
        _ => Err(file.error(key, "expected two times, as \"100/100 ms\"")),
    };
    let volts = |key: &str, text: &str| file.read(key, text, quantity::voltage);
    let (lowest, highest) =
        file.read("outside_ringing.frequency", &ringing.frequency, quantity::frequency_range)?;
    let (on, off) = pair("outside_dialling.digits", &dialling.digits)?;
    let (open, close) = pair("outside_dialling.pulses", &dialling.pulses)?;
    Ok(OutsideRule {
        ringing: RingDetection {
            lowest,
            highest,
            least: volts("outside_ringing.least", &ringing.least)?,
            validate: time("outside_ringing.validate", &ringing.validate)?,
            timeout: time("outside_ringing.timeout", &ringing.timeout)?,
        },
        dial_when: outside::dial_when(&dialling.when).ok_or_else(|| {
            file.error(
                "outside_dialling.when",
                "expected \"dial tone\", \"dial tone or 3 s\" or \"pause 1 s\"",
            )
        })?,
        touch: (on, off),
        pulse: (open, close),
        interdigit: time("outside_dialling.interdigit", &dialling.interdigit)?,
        flash: time("outside_dialling.flash", &dialling.flash)?,
        guard: time("outside_dialling.guard", &dialling.guard)?,
        answer: outside::answer_sign(&signs.answer).ok_or_else(|| {
            file.error("outside_signs.answer", "expected at once, reversal, metering or voice")
        })?,
        clear: outside::clear_signs(signs.clear.iter().map(String::as_str)).ok_or_else(|| {
            file.error(
                "outside_signs.clear",
                "expected some of cpc, reversal, tones, howler, \"silence 60 s\"",
            )
        })?,
        in_use_below: volts("outside_signs.in_use_below", &signs.in_use_below)?,
        dead_below: volts("outside_signs.dead_below", &signs.dead_below)?,
    })
}

fn numbers(file: &File<'_>, raw: &RawNumbers, emergency: &[String]) -> Result<NumberPlan, CountryError> {
    let digits = |key: &str, text: &str| {
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(text.to_owned())
        } else {
            Err(file.error(key, format!("\"{text}\": expected digits")))
        }
    };
    let mut rules = Vec::new();
    for (place, rule) in raw.rule.iter().enumerate() {
        let key = format!("numbers.rule[{place}].pattern");
        let pattern = Pattern::parse(&rule.pattern).map_err(|error| file.error(&key, error))?;
        if !is_plain(&pattern) {
            return Err(file.error(&key, "a plan has only digits, sets and x. at the end"));
        }
        rules.push(NumberRule { pattern, kind: rule.kind });
    }
    Ok(NumberPlan {
        emergency: emergency
            .iter()
            .map(|number| digits("emergency.numbers", number))
            .collect::<Result<_, _>>()?,
        rules,
        trunk_prefix: digits("numbers.trunk_prefix", &raw.trunk_prefix)?,
        international_prefix: digits("numbers.international_prefix", &raw.international_prefix)?,
    })
}

fn provenance(raw: &RawCountry) -> Vec<crate::Provenance> {
    let mut all: Vec<_> =
        raw.tone.iter().map(|(name, tone)| tone.provenance(&format!("tone.{name}"))).collect();
    all.push(raw.ring.provenance("ring"));
    all.extend(raw.distinctive.iter().map(|ring| ring.provenance(&format!("distinctive {}", ring.name))));
    all.push(raw.caller_id.provenance("caller_id"));
    all.push(raw.hook.provenance("hook"));
    all.push(raw.flash.provenance("flash"));
    all.push(raw.pulse.provenance("pulse"));
    all.push(raw.disconnect.provenance("disconnect"));
    all.push(raw.receiver_off_hook.provenance("receiver_off_hook"));
    all.push(raw.impedance.provenance("impedance"));
    all.push(raw.levels.provenance("levels"));
    all.push(raw.feed.provenance("feed"));
    all.push(raw.outside_ringing.provenance("outside_ringing"));
    all.push(raw.outside_dialling.provenance("outside_dialling"));
    all.push(raw.outside_signs.provenance("outside_signs"));
    all.push(raw.emergency.provenance("emergency"));
    all.push(raw.numbers.provenance("numbers"));
    all
}
