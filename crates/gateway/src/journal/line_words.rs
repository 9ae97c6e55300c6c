//! What lines and streams tell, in words for people.

use tipring_port::{
    Absence, AnswerSign, BalanceEnd, BalanceEvent, CallerId, CallerIdShown, ClearSign, DigitSource,
    LineEvent, LineFault, MediaEvent, Refusal, RohStage,
};
use tipring_units::Millis;

use super::words::{Depth, LineName};

/// What is wrong with a line, in words.
pub const fn fault_words(fault: LineFault) -> &'static str {
    match fault {
        LineFault::CardSilent => "its card does not answer",
        LineFault::Panicked => "a defect in the program stopped it; it was started again",
        LineFault::Leakage => {
            "the loop draws current while on-hook: a wet pair, or a device off-hook in part"
        }
        LineFault::NoBattery => "no battery on the line: unplugged, or the exchange is down",
        LineFault::NoDialTone => "no dial tone came when the line was seized",
        LineFault::ForeignVoltage => "a voltage on the line that no exchange feeds",
    }
}

/// An outside line was let go by the last of all signs: its far end may have hung up long ago, and the exchange told it in
/// a way that nobody listens for.
pub fn silence_words(length: Millis, number: &str) -> String {
    format!(
        "Line {number}: released after {} s of silence both ways; no loop break, reversal or busy tone was seen. \
         If the caller had hung up: tipring line learn {number}, call in, hang up.",
        length.0 / 1000
    )
}

/// `from 5550177 MARY`.
pub(super) fn display_words(caller: &CallerId) -> String {
    let absent = |why| match why {
        Absence::Private => "by somebody private",
        Absence::Unavailable => "by somebody unknown",
    };
    let number = caller.number.map_or_else(|why| absent(why).to_owned(), |number| format!("from {number}"));
    match caller.name {
        Some(Ok(name)) => format!("{number} {name}"),
        Some(Err(_)) | None => number,
    }
}

/// What a line told.
pub(super) fn line_words(event: &LineEvent, name: &LineName) -> Option<(Depth, String)> {
    let plain = |text: String| Some((Depth::Plain, text));
    let detail = |text: String| Some((Depth::Detail, text));
    match event {
        // The switch tells these better: it knows whether there is dial tone, and the number.
        LineEvent::Seized
        | LineEvent::DigitBegan(_)
        | LineEvent::Fault(_)
        | LineEvent::FaultCleared(_)
        | LineEvent::Tested(_) => None,
        LineEvent::Answered => plain(format!("{name} off-hook, answers")),
        LineEvent::Released => plain(format!("{name} on-hook")),
        LineEvent::Flash(length) => plain(format!("{name} flash, {length}")),
        LineEvent::Digit { digit, source: DigitSource::Dtmf, length } => {
            detail(format!("{name} heard {} for {length}", char::from(*digit)))
        }
        LineEvent::Digit { digit, source: DigitSource::Pulse, .. } => {
            detail(format!("{name} counted pulses for {}", char::from(*digit)))
        }
        LineEvent::Ringing => plain(format!("{name} rings")),
        LineEvent::CallerIdSent(CallerIdShown::Whole) => detail(format!("{name} got the caller ID")),
        LineEvent::CallerIdSent(CallerIdShown::WithoutName) => {
            plain(format!("{name} got the caller ID without the name: the pause is too short for both"))
        }
        LineEvent::CallerIdSent(CallerIdShown::NumberOnly) => {
            plain(format!("{name} got the caller's number alone: the pause is too short for more"))
        }
        LineEvent::CallerIdOmitted { needs, pause } => {
            plain(format!("{name}: caller ID not sent: needs {needs}, the pause has {pause}"))
        }
        LineEvent::RingStopped => plain(format!("{name} rings no more")),
        LineEvent::Refused(Refusal::OffHook) => detail(format!("{name} was lifted as it was to ring")),
        LineEvent::Refused(Refusal::Stale) => {
            detail(format!("{name} refused an order for a call that is over"))
        }
        LineEvent::Refused(Refusal::OutOfService) => detail(format!("{name} is out of service")),
        LineEvent::Roh(RohStage::Supervision) => detail(format!("{name} is told that the far end hung up")),
        LineEvent::Roh(RohStage::Reorder) => plain(format!("{name} still off-hook: reorder tone")),
        LineEvent::Roh(RohStage::Howler) => plain(format!("{name} still off-hook: howler")),
        LineEvent::Roh(RohStage::Quiet) => plain(format!("{name} still off-hook: quiet until it hangs up")),
        LineEvent::Announced => detail(format!("{name} was told by a voice")),
        LineEvent::SupervisionDone => detail(format!("{name} was told by the line")),
        LineEvent::Refused(Refusal::Incoming) => {
            plain(format!("{name} was called in the moment in which it was to be seized"))
        }
        LineEvent::Refused(Refusal::InUse) => plain(format!("{name} is in use by another telephone on it")),
        LineEvent::Refused(Refusal::Guard) => detail(format!("{name} has not been on-hook long enough")),
        LineEvent::Incoming => detail(format!("{name} is rung by the exchange")),
        LineEvent::Caller(Ok(caller)) => detail(format!("{name} is called {}", display_words(caller))),
        LineEvent::Caller(Err(fault)) => plain(format!("{name}: caller ID not understood: {}", fault.word())),
        LineEvent::Offered => plain(format!("{name} is rung by the exchange")),
        LineEvent::GaveUp => plain(format!("{name}: the caller gave up")),
        LineEvent::ExchangeReady(true) => detail(format!("{name} has the exchange's dial tone")),
        LineEvent::ExchangeReady(false) => detail(format!("{name} dials without dial tone")),
        LineEvent::Dialled => detail(format!("{name} has dialled")),
        LineEvent::Exchange(tone) => detail(format!("{name} hears {} from the exchange", tone.word())),
        LineEvent::FarAnswered(AnswerSign::AtOnce) => {
            detail(format!("{name}: all is dialled, which counts as the answer"))
        }
        LineEvent::FarAnswered(sign) => {
            plain(format!("{name}: the called party answered, by {}", sign.word()))
        }
        LineEvent::FarCleared(ClearSign::Silence(length)) => plain(silence_words(*length, &name.number)),
        LineEvent::FarCleared(ClearSign::LoopBreak(length)) => {
            plain(format!("{name} cleared by the exchange: loop break of at least {length}"))
        }
        LineEvent::FarCleared(sign) => plain(format!("{name} cleared by the exchange: {}", sign.word())),
        LineEvent::Metered(count) => detail(format!("{name} metered {count}")),
        LineEvent::InUse(true) => plain(format!("{name} is in use by another telephone on it")),
        // Said at the start, too.
        LineEvent::InUse(false) => detail(format!("{name} is free")),
        LineEvent::Waiting(true) => plain(format!("{name}: messages wait at the exchange")),
        LineEvent::Waiting(false) => plain(format!("{name}: no messages wait at the exchange")),
        LineEvent::WaitingShown(true) => detail(format!("{name} was sent who waits")),
        LineEvent::WaitingShown(false) => detail(format!("{name} does not acknowledge that a call waits")),
        LineEvent::LampShown(true) => detail(format!("{name} was told that messages wait")),
        LineEvent::LampShown(false) => detail(format!("{name} was told that no messages wait")),
        LineEvent::Lifeline(true) => plain(format!("{name} is joined to its outside line")),
        LineEvent::Lifeline(false) => plain(format!("{name} is served by the gateway again")),
        LineEvent::InService(true) => plain(format!("{name} in service")),
        LineEvent::InService(false) => plain(format!("{name} out of service")),
    }
}

/// What the media plane told.
pub(super) fn media_words(event: &MediaEvent) -> Option<String> {
    match event {
        MediaEvent::Flowing(leg) => Some(format!("{leg}: first packet")),
        MediaEvent::Starved(leg, length) => Some(format!("{leg}: nothing received for {length}")),
        MediaEvent::Announced(leg) => Some(format!("{leg}: was told by a voice")),
        MediaEvent::Digit(leg, digit, length) => {
            Some(format!("{leg}: event {} of {length}", char::from(*digit)))
        }
        MediaEvent::DigitToSignal(leg, digit, _) => {
            Some(format!("{leg}: {} goes by INFO", char::from(*digit)))
        }
        MediaEvent::Stats(leg, stats, true) => Some(format!(
            "{leg}: sent {}, received {}, lost {}, late {}, jitter {}{}",
            stats.sent,
            stats.received,
            stats.lost,
            stats.late,
            stats.jitter,
            stats.quality.here.map_or_else(String::new, |heard| format!(
                ", R {}, MOS {}.{}",
                heard.rating,
                heard.score / 10,
                heard.score % 10
            ))
        )),
        MediaEvent::Signal(leg, signal) => Some(format!("{leg}: hears {}", signal.word())),
        MediaEvent::Failed(leg) => Some(format!("{leg} failed")),
        MediaEvent::Stats(_, _, false) | MediaEvent::Level(..) => None, // for those who watch, not for readers
    }
}

/// How the measurement of a line's balance goes.
pub(super) fn balance_words(event: &BalanceEvent, name: &str) -> (Depth, String) {
    match event {
        BalanceEvent::Measured(echo) => (
            Depth::Detail,
            format!("{name} returns {:.1} dB less than it gets under {}", echo.loss.0, echo.network),
        ),
        BalanceEvent::Ended(BalanceEnd::Done) => (Depth::Plain, format!("{name}: its balance was measured")),
        BalanceEvent::Ended(
            BalanceEnd::OnHook
            | BalanceEnd::InCall
            | BalanceEnd::Interrupted
            | BalanceEnd::Occupied
            | BalanceEnd::OneNetwork
            | BalanceEnd::NoSound,
        ) => (Depth::Plain, format!("{name}: its balance could not be measured")),
    }
}
