//! The caller-ID burst and the room that it takes.
//!
//! # What it does
//! Tells how long the burst for a [`CallerId`] lasts, and makes it shorter where a pause between two rings has no room for all
//! of it.
//!
//! # How
//! The burst is built as it is sent ([`CallerIdBurst`] is what the voice path sends, too), so that there is one truth about its
//! length. What does not fit loses the name first, then the date; the number, or the reason why
//! there is none, stays.
//!
//! # Limits
//! A single data message has no name and cannot do without its date, digits and NTT's frame have a number and nothing else:
//! they are sent whole or not at all.
//!
//! # Standard
//! Those of [`CallerIdBurst`].

use tipring_dsp::CallerIdBurst;
use tipring_port::{CallerId, CallerIdShown, CallerIdSignal};
use tipring_units::{Millis, TICK};

/// Samples in a millisecond.
const PER_MILLI: u64 = 8;

/// How long what is sent for `caller` by `signal` keeps the line, to the end of the tick in which it ends. Zero: there is none.
pub fn frame_length(caller: &CallerId, signal: CallerIdSignal) -> Millis {
    CallerIdBurst::new(caller, signal).map_or(Millis::ZERO, |burst| kept(&burst))
}

/// How long the message for the lamp keeps the line, to the end of the tick in which it ends. Zero: `signal` has none.
pub fn lamp_length(on: bool, signal: CallerIdSignal) -> Millis {
    CallerIdBurst::lamp(on, signal).map_or(Millis::ZERO, |burst| kept(&burst))
}

fn kept(burst: &CallerIdBurst) -> Millis {
    let millis = burst.duration().0.div_ceil(PER_MILLI);
    Millis(u32::try_from(millis).unwrap_or(u32::MAX)) + TICK
}

/// What of a caller's identity can be sent, all of it first.
pub(crate) fn forms(
    caller: CallerId,
    signal: CallerIdSignal,
) -> impl Iterator<Item = (CallerId, CallerIdShown)> {
    let multiple = match signal {
        CallerIdSignal::Fsk { multiple, .. } => multiple,
        CallerIdSignal::Dtmf(_) | CallerIdSignal::Ntt => false,
    };
    let nameless = CallerId { name: None, ..caller };
    let bare = CallerId { date: None, ..nameless };
    let whole = (caller, CallerIdShown::Whole);
    let shorter = [(nameless, CallerIdShown::WithoutName), (bare, CallerIdShown::NumberOnly)];
    let allowed = if multiple { shorter.len() } else { 0 };
    let differs = move |form: &(CallerId, CallerIdShown)| match form.1 {
        CallerIdShown::Whole => true,
        CallerIdShown::WithoutName => caller.name.is_some(),
        CallerIdShown::NumberOnly => caller.date.is_some(),
    };
    core::iter::once(whole).chain(shorter.into_iter().take(allowed)).filter(differs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tipring_port::{Absence, DateTime, FskStandard, MAX_CALLER_NAME, Text};

    const MULTIPLE: CallerIdSignal = CallerIdSignal::GR30;
    const SINGLE: CallerIdSignal =
        CallerIdSignal::Fsk { standard: FskStandard::Bell202, multiple: false, seizure: 300, mark: 180 };

    const DATE_TIME: DateTime = DateTime { month: 3, day: 30, hour: 12, minute: 15 };

    fn named(name: &str) -> CallerId {
        CallerId { date: Some(DATE_TIME), number: Ok("6095551212".into()), name: Some(Ok(Text::new(name))) }
    }

    /// 480 bits of lead-in, ten for each byte, ten of mark at the end, 1200 a second.
    fn of_bytes(bytes: u32) -> Millis {
        Millis(((490 + bytes * 10) * 1000).div_ceil(1200)) + TICK
    }

    #[test]
    fn single_and_multiple_messages_have_the_length_of_their_bits() {
        let caller = CallerId { name: None, ..named("") };
        // Type, length, 8 of date, 10 digits, checksum.
        assert_eq!(frame_length(&caller, SINGLE), of_bytes(21));
        // Two parameters of type and length more.
        assert_eq!(frame_length(&caller, MULTIPLE), of_bytes(25));
        let private =
            CallerId { date: None, number: Err(Absence::Private), name: Some(Err(Absence::Unavailable)) };
        assert_eq!(frame_length(&private, MULTIPLE), of_bytes(9));
        assert_eq!(frame_length(&private, SINGLE), of_bytes(9), "a single one needs a date");
    }

    #[test]
    fn a_name_counts_with_the_characters_that_are_sent() {
        let fifteen = frame_length(&named("ACME WIDGETS LT"), MULTIPLE);
        assert_eq!(fifteen, of_bytes(25 + 2 + 15));
        assert_eq!(frame_length(&named(&"X".repeat(MAX_CALLER_NAME)), MULTIPLE), fifteen);
        // Bytes of UTF-8 are not characters.
        assert_eq!(frame_length(&named("Jürgen"), MULTIPLE), of_bytes(25 + 2 + 6));
    }

    #[test]
    fn the_name_goes_before_the_date_and_the_number_never() {
        let all: Vec<_> = forms(named("JANE"), MULTIPLE).collect();
        let shown: Vec<_> = all.iter().map(|(_, shown)| *shown).collect();
        assert_eq!(shown, [CallerIdShown::Whole, CallerIdShown::WithoutName, CallerIdShown::NumberOnly]);
        assert!(all.iter().all(|(caller, _)| caller.number == named("").number));
        assert_eq!(all[1].0, CallerId { name: None, ..named("") });
        assert_eq!(all[2].0, CallerId { name: None, date: None, ..named("") });
        let lengths: Vec<_> = all.iter().map(|(caller, _)| frame_length(caller, MULTIPLE)).collect();
        assert!(lengths.is_sorted_by(|a, b| a > b), "{lengths:?}");
    }

    #[test]
    fn what_cannot_be_shorter_has_one_form() {
        assert_eq!(forms(named("JANE"), SINGLE).count(), 1, "a single message has date and number only");
        let bare = CallerId { date: None, number: Err(Absence::Private), name: None };
        assert_eq!(forms(bare, MULTIPLE).count(), 1);
    }
}
