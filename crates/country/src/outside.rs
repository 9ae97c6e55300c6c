//! How an exchange signals on an outside line, in the words that country files and configurations share.

use tipring_port::{
    AnswerSign, ClearSigns, Component, DialWhen, MAX_COMPONENTS, MAX_STEPS, ToneProgram, ToneStep,
};
use tipring_units::{Dbm0, Hz, Millis};

use crate::quantity;

/// How long dial tone is waited for where nothing else is said.
pub const DIAL_TONE_WAIT: Millis = Millis::from_secs(5);
/// A break of loop current that is heeded where `cpc` has no length.
pub const LEAST_BREAK: Millis = Millis(200);
/// The level that a learned tone is written with: what is heard may be any.
const LEARNED_LEVEL: Dbm0 = Dbm0(-20.0);

/// When dialling begins: `dial tone`, `dial tone 8 s` (no longer than that), `dial tone or 3 s` (whichever is first),
/// `pause 1 s`.
pub fn dial_when(text: &str) -> Option<DialWhen> {
    let time = |text: &str| {
        quantity::time(text).ok().filter(|time| (Millis(100)..=Millis::from_secs(30)).contains(time))
    };
    if text == "dial tone" {
        return Some(DialWhen::Tone(DIAL_TONE_WAIT));
    }
    if let Some(rest) = text.strip_prefix("dial tone or ") {
        return time(rest).map(DialWhen::ToneOr);
    }
    if let Some(rest) = text.strip_prefix("dial tone ") {
        return time(rest).map(DialWhen::Tone);
    }
    time(text.strip_prefix("pause ")?).map(DialWhen::Pause)
}

/// The same as text.
pub fn dial_when_text(when: DialWhen) -> String {
    match when {
        DialWhen::Tone(DIAL_TONE_WAIT) => "dial tone".to_owned(),
        DialWhen::Tone(wait) => format!("dial tone {wait}"),
        DialWhen::ToneOr(wait) => format!("dial tone or {wait}"),
        DialWhen::Pause(length) => format!("pause {length}"),
    }
}

/// What tells the answer: `at once`, `reversal`, `metering`, `voice`.
pub fn answer_sign(text: &str) -> Option<AnswerSign> {
    match text {
        "at once" => Some(AnswerSign::AtOnce),
        "reversal" => Some(AnswerSign::Reversal),
        "metering" => Some(AnswerSign::Metering),
        "voice" => Some(AnswerSign::Voice),
        _ => None,
    }
}

/// The same as text.
pub const fn answer_text(sign: AnswerSign) -> &'static str {
    match sign {
        AnswerSign::AtOnce => "at once",
        AnswerSign::Reversal => "reversal",
        AnswerSign::Metering => "metering",
        AnswerSign::Voice => "voice",
    }
}

/// Nothing tells that the far end cleared.
pub const NO_SIGNS: ClearSigns = ClearSigns {
    loop_break: Millis::ZERO,
    reversal: false,
    tones: false,
    learned: None,
    silence: Millis::ZERO,
    howler: false,
};

/// What tells that the far end cleared, a word each: `cpc` or `cpc 300 ms` (a break of at least that), `reversal`, `tones`,
/// `silence 60 s`, `howler`; or `none` alone. `None` if a word is not one of these, or stands twice.
pub fn clear_signs<'a>(words: impl IntoIterator<Item = &'a str>) -> Option<ClearSigns> {
    let (mut signs, mut none, mut count) = (NO_SIGNS, false, 0);
    for word in words {
        count += 1;
        let twice = match word {
            "none" => core::mem::replace(&mut none, true),
            "reversal" => core::mem::replace(&mut signs.reversal, true),
            "tones" => core::mem::replace(&mut signs.tones, true),
            "howler" => core::mem::replace(&mut signs.howler, true),
            _ => {
                if let Some(length) = loop_break(word) {
                    core::mem::replace(&mut signs.loop_break, length) > Millis::ZERO
                } else {
                    let time = quantity::time(word.strip_prefix("silence ")?).ok()?;
                    let is_right = (Millis::from_secs(10)..=Millis::from_secs(3600)).contains(&time);
                    !is_right || core::mem::replace(&mut signs.silence, time) > Millis::ZERO
                }
            }
        };
        if twice {
            return None;
        }
    }
    let alone = if none { count == 1 } else { count > 0 };
    alone.then_some(signs)
}

/// `cpc` with or without its length.
fn loop_break(word: &str) -> Option<Millis> {
    if word == "cpc" {
        return Some(LEAST_BREAK);
    }
    let length = quantity::time(word.strip_prefix("cpc ")?).ok()?;
    (Millis(50)..=Millis(1500)).contains(&length).then_some(length)
}

/// The same as text, without what was learned.
pub fn clear_text(signs: &ClearSigns) -> Vec<String> {
    let mut words = Vec::new();
    if signs.loop_break > Millis::ZERO {
        words.push(format!("cpc {}", signs.loop_break));
    }
    let plain = [(signs.reversal, "reversal"), (signs.tones, "tones"), (signs.howler, "howler")];
    words.extend(plain.iter().filter(|(is_on, _)| *is_on).map(|(_, word)| (*word).to_owned()));
    if signs.silence > Millis::ZERO {
        words.push(format!("silence {}", signs.silence));
    }
    if words.is_empty() {
        words.push("none".to_owned());
    }
    words
}

/// A tone with its cadence as `line learn` writes it: `500+620 300/300 ms` is both frequencies for 300 ms, then a pause of
/// 300 ms, over and over; `425` alone never pauses. Where bursts differ in sound each stands by itself: `950 330 ms, 1400
/// 330 ms, pause 1000 ms`. `400*25` is 400 Hz whose amplitude swings 25 times a second.
pub fn tone(text: &str) -> Option<ToneProgram> {
    if text.contains(',') {
        let step = |text: &str| match text.trim().split_once(' ') {
            Some(("pause", length)) => {
                length_of(length).map(|length| ToneStep { length, ..ToneStep::SILENCE })
            }
            Some((frequencies, length)) => {
                Some(ToneStep { components: sound(frequencies)?, length: length_of(length)? })
            }
            None => None,
        };
        return program(&text.split(',').map(step).collect::<Option<Vec<_>>>()?);
    }
    let (frequencies, cadence) = match text.split_once(' ') {
        Some((frequencies, cadence)) => (frequencies, quantity::cadence(cadence).ok()?),
        None => (text, vec![Millis::ZERO]),
    };
    let components = sound(frequencies)?;
    let step = |(place, length): (usize, &Millis)| {
        if place.is_multiple_of(2) {
            ToneStep { components, length: *length }
        } else {
            ToneStep { length: *length, ..ToneStep::SILENCE }
        }
    };
    program(&cadence.iter().enumerate().map(step).collect::<Vec<_>>())
}

fn length_of(text: &str) -> Option<Millis> {
    quantity::time(text).ok().filter(|length| *length > Millis::ZERO)
}

fn sound(text: &str) -> Option<[Component; MAX_COMPONENTS]> {
    let mut components = [Component::NONE; MAX_COMPONENTS];
    for (place, part) in text.split('+').enumerate() {
        let (frequency, modulation) =
            part.split_once('*').map_or((part, None), |(part, by)| (part, Some(by)));
        let frequency = frequency.parse::<f32>().ok().filter(|hertz| (300.0..=3400.0).contains(hertz))?;
        let sine = Component::sine(Hz(frequency), LEARNED_LEVEL);
        *components.get_mut(place)? = match modulation {
            None => sine,
            Some(by) => {
                let by = by.parse::<f32>().ok().filter(|hertz| (10.0..=60.0).contains(hertz))?;
                Component { modulated_by: Hz(by), ..sine }
            }
        };
    }
    Some(components)
}

fn program(steps: &[ToneStep]) -> Option<ToneProgram> {
    if steps.len() > MAX_STEPS || steps.iter().all(ToneStep::is_pause) {
        return None;
    }
    ToneProgram::new(steps, 0)
}

/// The same as text; `None` for no tone at all.
pub fn tone_text(program: &ToneProgram) -> Option<String> {
    let steps = program.steps();
    let first = steps.first()?;
    let sound = |step: &ToneStep| {
        let parts = step.components.iter().filter(|part| part.sounds());
        let word = |part: &Component| match part.modulated_by {
            Hz(0.0) => part.frequency.0.to_string(),
            Hz(by) => format!("{}*{by}", part.frequency.0),
        };
        parts.map(word).collect::<Vec<_>>().join("+")
    };
    if first.is_pause() {
        return None;
    }
    if let [only] = steps
        && only.length == Millis::ZERO
    {
        return Some(sound(only));
    }
    if steps.iter().any(|step| step.length == Millis::ZERO) {
        return None;
    }
    let is_alike = |(place, step): (usize, &ToneStep)| {
        if place.is_multiple_of(2) { sound(step) == sound(first) } else { step.is_pause() }
    };
    if steps.len().is_multiple_of(2) && steps.iter().enumerate().all(is_alike) {
        let lengths: Vec<String> = steps.iter().map(|step| step.length.0.to_string()).collect();
        return Some(format!("{} {} ms", sound(first), lengths.join("/")));
    }
    let part = |step: &ToneStep| {
        let sound = if step.is_pause() { "pause".to_owned() } else { sound(step) };
        format!("{sound} {}", step.length)
    };
    Some(steps.iter().map(part).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_dialling_begins_reads_as_it_is_written() {
        for text in ["dial tone", "dial tone 8000 ms", "dial tone or 3000 ms", "pause 1000 ms"] {
            assert_eq!(dial_when(text).map(dial_when_text).as_deref(), Some(text));
        }
        assert_eq!(dial_when("dial tone or 3 s"), Some(DialWhen::ToneOr(Millis(3000))));
        for wrong in ["", "tone", "dial tone or", "pause", "pause 1", "dial tone or 31 s", "pause 0"] {
            assert_eq!(dial_when(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn signs_of_clearing_are_a_set_of_words() {
        let signs = clear_signs(["cpc", "tones", "silence 60 s"]).unwrap();
        assert_eq!((signs.loop_break, signs.silence), (Millis(200), Millis(60_000)));
        assert!(signs.tones && !signs.reversal && !signs.howler);
        assert_eq!(clear_text(&signs), ["cpc 200 ms", "tones", "silence 60000 ms"]);
        let shown = clear_text(&signs);
        assert_eq!(clear_signs(shown.iter().map(String::as_str)), Some(signs));
        assert_eq!(clear_signs(["none"]), Some(NO_SIGNS));
        assert_eq!(clear_text(&NO_SIGNS), ["none"]);
        for wrong in
            [&["none", "cpc"][..], &["cpc", "cpc 300 ms"], &["silence"], &["silence 2 s"], &["cpc 2 s"], &[]]
        {
            assert_eq!(clear_signs(wrong.iter().copied()), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_learned_tone_reads_as_it_is_written() {
        for text in [
            "500+620 300/300 ms",
            "425",
            "400 400/350/225/525 ms",
            "400*25 400/200/400/2000 ms",
            "950 330 ms, 1400 330 ms, 1800 330 ms, pause 1000 ms",
        ] {
            assert_eq!(tone(text).as_ref().and_then(tone_text).as_deref(), Some(text));
        }
        let program = tone("500+620 300/300 ms").unwrap();
        assert_eq!(program.steps().len(), 2);
        assert_eq!(program.steps()[0].components[1].frequency, Hz(620.0));
        assert!(program.steps()[1].is_pause() && program.repeat_from() == Some(0));
        for wrong in [
            "",
            "400*5",
            "400*",
            "500+ 300/300 ms",
            "100",
            "500 300 ms",
            "1+2+3+4+5",
            "500 300/300",
            "pause 1 s, pause 2 s",
        ] {
            assert_eq!(tone(wrong), None, "{wrong}");
        }
    }
}
