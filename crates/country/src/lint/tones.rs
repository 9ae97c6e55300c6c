//! Whether the tones of a pack can be heard, told apart and carried.

use tipring_port::{Component, Tone, ToneProgram, ToneStep};
use tipring_units::{Hz, Millis};

use crate::Country;

/// Peaks of all components of a tone together, relative to a sine of 0 dBm0, at which A-law clips (3.14 dB).
const FULL_SCALE: f32 = 1.435;
/// The shortest step of a cadence: the gap of the Swedish special dial tone.
const SHORTEST: Millis = Millis(20);
/// The longest step and the longest period of a tone.
const LONGEST: Millis = Millis(15_000);
const PERIOD: Millis = Millis(20_000);
/// The voice band.
const BAND: core::ops::RangeInclusive<f32> = 300.0..=3400.0;
/// The peak of a fully modulated sine over that of a plain one of the same power.
const MODULATED: f32 = 1.633;
/// What modulates a tone.
const MODULATION: core::ops::RangeInclusive<f32> = 10.0..=60.0;

/// Each tone sounds, ends where it should, lies in the band and is no other tone.
pub(super) fn tones(country: &Country, check: &mut impl FnMut(bool, &str)) {
    for tone in Tone::ALL {
        let program = country.tones.get(tone);
        let word = tone.word();
        let wanted = tone != Tone::Howler || country.roh.howler > Millis::ZERO;
        check(!wanted || program.steps().iter().any(|step| !step.is_pause()), &format!("{word} is silent"));
        steps(word, program.steps(), check);
        repeats(tone, program, check);
    }
    for (one, other) in [
        (Tone::Dial, Tone::Busy),
        (Tone::Dial, Tone::Congestion),
        (Tone::Dial, Tone::Ringback),
        (Tone::Dial, Tone::Stutter),
        (Tone::Ringback, Tone::Busy),
        (Tone::Ringback, Tone::Congestion),
    ] {
        let same = country.tones.get(one).steps() == country.tones.get(other).steps();
        check(!same, &format!("{} and {} are the same", one.word(), other.word()));
    }
}

fn steps(word: &str, steps: &[ToneStep], check: &mut impl FnMut(bool, &str)) {
    let mut period = Millis::ZERO;
    for (place, step) in steps.iter().enumerate() {
        let last = place + 1 == steps.len();
        let endless = step.length == Millis::ZERO;
        period = period + step.length;
        check(last || !endless, &format!("{word}: a step without length that is not the last never ends"));
        check(endless || step.length >= SHORTEST, &format!("{word}: a step is shorter than 20 ms"));
        check(step.length <= LONGEST, &format!("{word}: a step is longer than 15 s"));
        let sounding = || step.components.iter().filter(|component| component.sounds());
        let peak: f32 = sounding().map(peak).sum();
        check(peak <= FULL_SCALE, &format!("{word} clips: its peaks add up to {peak:.2} of 0 dBm0"));
        check(sounding().all(|c| c.level.0 >= -40.0), &format!("{word} is below -40 dBm0"));
        let in_band = |c: &Component| {
            BAND.contains(&(c.frequency.0 - c.modulated_by.0))
                && BAND.contains(&(c.frequency.0 + c.modulated_by.0))
        };
        check(sounding().all(in_band), &format!("{word} is not within 300 to 3400 Hz"));
        let modulated = |c: &Component| c.modulated_by == Hz(0.0) || MODULATION.contains(&c.modulated_by.0);
        check(sounding().all(modulated), &format!("{word} is not modulated by 10 to 60 Hz"));
    }
    check(period <= PERIOD, &format!("{word} takes longer than 20 s to come round"));
}

/// Tones that tell the end or the progress of a call have pauses and go on; a confirmation ends.
fn repeats(tone: Tone, program: &ToneProgram, check: &mut impl FnMut(bool, &str)) {
    let word = tone.word();
    let goes_on = program.repeat_from().is_some() || program.steps().is_empty();
    match tone {
        Tone::Ringback | Tone::Busy | Tone::Congestion | Tone::CallWaiting => {
            let pauses = program.steps().iter().any(ToneStep::is_pause);
            check(pauses || program.steps().is_empty(), &format!("{word} never pauses"));
            check(goes_on, &format!("{word} ends by itself"));
        }
        Tone::Dial | Tone::Stutter | Tone::Outside | Tone::Howler | Tone::SpecialInformation => {
            check(goes_on, &format!("{word} ends by itself"));
        }
        Tone::Confirmation => check(program.repeat_from().is_none(), &format!("{word} never ends")),
    }
}

/// The highest value of a component relative to a sine of 0 dBm0, near enough: no sound depends on its bits.
fn peak(component: &Component) -> f32 {
    let depth = if component.modulated_by == Hz(0.0) { 1.0 } else { MODULATED };
    depth * 10f32.powf(component.level.0 / 20.0)
}
