//! The caller-ID burst and the room that it takes.
//!
//! # What it does
//! Makes the message for a [`CallerId`], tells how long its burst lasts, and makes it shorter where a pause between
//! two rings has no room for all of it.
//!
//! # How
//! The message is built as it is sent ([`caller_frame`] is what the voice path sends, too), so that there is one
//! truth about its length. What does not fit loses the name first, then the date; the number, or the reason why
//! there is none, stays.
//!
//! # Limits
//! A single data message has no name and cannot do without its date: it is sent whole or not at all.
//!
//! # Standard
//! Telcordia GR-30 (physical layer) and GR-31 (messages).

use tipring_dsp::{CallerIdFormat, CallerIdFrame, FskBurst};
use tipring_port::{CallerId, CallerIdShown};
use tipring_units::{Millis, TICK};

/// Samples in a millisecond.
const PER_MILLI: u64 = 8;

/// The message that is sent for `caller`: a multiple data message (MDMF) where `multiple`, else a single one (SDMF).
/// A single one without a date cannot be built; it goes as a multiple one.
pub fn caller_frame(caller: &CallerId, multiple: bool) -> Option<CallerIdFrame> {
    let format = if multiple { CallerIdFormat::Multiple } else { CallerIdFormat::Single };
    CallerIdFrame::call(caller, format)
        .or_else(|_| CallerIdFrame::call(caller, CallerIdFormat::Multiple))
        .ok()
}

/// How long the burst for `caller` keeps the line, to the end of the tick in which it ends. Zero: there is none.
pub fn frame_length(caller: &CallerId, multiple: bool) -> Millis {
    let burst = caller_frame(caller, multiple).and_then(|frame| FskBurst::on_hook(frame.bytes()));
    burst.map_or(Millis::ZERO, |burst| {
        let millis = burst.duration().0.div_ceil(PER_MILLI);
        Millis(u32::try_from(millis).unwrap_or(u32::MAX)) + TICK
    })
}

/// What of a caller's identity can be sent, all of it first.
pub(crate) fn forms(caller: CallerId, multiple: bool) -> impl Iterator<Item = (CallerId, CallerIdShown)> {
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
    use tipring_port::{Absence, DateTime, MAX_CALLER_NAME, Text};

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
        assert_eq!(frame_length(&caller, false), of_bytes(21));
        // Two parameters of type and length more.
        assert_eq!(frame_length(&caller, true), of_bytes(25));
        let private =
            CallerId { date: None, number: Err(Absence::Private), name: Some(Err(Absence::Unavailable)) };
        assert_eq!(frame_length(&private, true), of_bytes(9));
        assert_eq!(frame_length(&private, false), of_bytes(9), "a single one needs a date");
    }

    #[test]
    fn a_name_counts_with_the_characters_that_are_sent() {
        let fifteen = frame_length(&named("ACME WIDGETS LT"), true);
        assert_eq!(fifteen, of_bytes(25 + 2 + 15));
        assert_eq!(frame_length(&named(&"X".repeat(MAX_CALLER_NAME)), true), fifteen);
        // Bytes of UTF-8 are not characters.
        assert_eq!(frame_length(&named("Jürgen"), true), of_bytes(25 + 2 + 6));
    }

    #[test]
    fn the_name_goes_before_the_date_and_the_number_never() {
        let all: Vec<_> = forms(named("JANE"), true).collect();
        let shown: Vec<_> = all.iter().map(|(_, shown)| *shown).collect();
        assert_eq!(shown, [CallerIdShown::Whole, CallerIdShown::WithoutName, CallerIdShown::NumberOnly]);
        assert!(all.iter().all(|(caller, _)| caller.number == named("").number));
        assert_eq!(all[1].0, CallerId { name: None, ..named("") });
        assert_eq!(all[2].0, CallerId { name: None, date: None, ..named("") });
        let lengths: Vec<_> = all.iter().map(|(caller, _)| frame_length(caller, true)).collect();
        assert!(lengths.is_sorted_by(|a, b| a > b), "{lengths:?}");
    }

    #[test]
    fn what_cannot_be_shorter_has_one_form() {
        assert_eq!(forms(named("JANE"), false).count(), 1, "a single message has date and number only");
        let bare = CallerId { date: None, number: Err(Absence::Private), name: None };
        assert_eq!(forms(bare, true).count(), 1);
    }
}
