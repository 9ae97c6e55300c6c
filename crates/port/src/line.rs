//! Commands to a line and events from it.

use tipring_units::{Milliamps, Millis, Volts};

use crate::{Announcement, AnswerSign, CallerId, CallerIdFault, LineTest, RingPattern, TestEnd, Text, Tone};

/// Digits that are dialled to an exchange in one order, at the most.
pub const MAX_OUT_DIGITS: usize = 40;

/// How a digit was dialled.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum DigitSource {
    /// Touch tone.
    Dtmf,
    /// Loop breaks of a rotary dial.
    Pulse,
}

/// How a telephone is rung.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct RingRequest {
    /// The cadence.
    pub pattern: RingPattern,
    /// What the display shows; sent in the slot that the line's profile gives it.
    pub caller: Option<CallerId>,
}

/// What the control plane orders of a line. Each carries the line's epoch in [`crate::Command`].
#[derive(Clone, Copy, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // copied through a ring of fixed slots; a box would allocate in the tick
pub enum LineCommand {
    /// Ring the telephone. Refused if the line is off-hook: the shard decides glare.
    Ring(RingRequest),
    /// Stop ringing; the caller gave up.
    StopRing,
    /// Play a tone to the telephone until told otherwise.
    Play(Tone),
    /// Say something to whoever listens on the line, once; [`LineEvent::Announced`] comes when it has been said, not when
    /// something else was ordered before. Then `then` is played as by [`Self::Play`], without it what [`Self::Quiet`] lets hear.
    Announce {
        /// What.
        words: Announcement,
        /// The tone that follows.
        then: Option<Tone>,
    },
    /// Play nothing.
    Quiet,
    /// The far end answered: show it by reversal where the profile says so.
    Answered,
    /// The far end cleared: disconnect supervision, then `tone`, then the receiver-off-hook sequence.
    Cleared {
        /// The tone that follows the supervision.
        tone: Tone,
    },
    /// No call is coming of this: receiver-off-hook sequence at once (reorder, howler, quiet).
    Park,
    /// The line is idle as far as control is concerned although it is off-hook: stay as it is until hung up.
    Release,
    /// FXS: another call waits for the subscriber, who talks. The telephone hears the tone for that at once and then as often
    /// as the country repeats it, and is sent who waits where that is given and the profile has a way
    /// ([`LineEvent::WaitingShown`]). While the line hears another tone it begins when that is over. It ends by
    /// [`Self::StopWaiting`], a flash, hanging up, or an order to play a tone, to clear or to park.
    /// Nobody on the bridge hears the line or is heard on it while tone and message sound.
    Waiting(Option<CallerId>),
    /// FXS: nobody waits any more; the telephone hears its bridge at once.
    StopWaiting,
    /// FXS: messages wait for the telephone, or none do. Taken in any epoch. It shows as the profile says; a message to the
    /// telephone is sent while it is on-hook and its line quiet, again where a call cut it off, and again each time that this
    /// is ordered ([`LineEvent::LampShown`]).
    Lamp(bool),
    /// Tell what is true of the line ([`LineSummary`]), in whatever epoch: control has lost sight of it.
    Report,
    /// Administrative state: in service (battery on) or out of service (battery off; an FXO port on-hook).
    InService(bool),
    /// FXO: seize the line, wait for the exchange and dial these digits; without any the caller hears the exchange and dials.
    /// `,` is a pause of a second; digits that begin with one are dialled even where dial tone is to be waited for and does
    /// not come. Refused where the line rings, is in use or dead: the shard decides glare.
    Seize(Text<MAX_OUT_DIGITS>),
    /// FXO: dial more, behind what is being dialled or waits for the exchange to be ready.
    Dial(Text<MAX_OUT_DIGITS>),
    /// FXO: answer the exchange's ringing.
    Answer,
    /// FXO: a flash towards the exchange.
    FlashOut,
    /// FXO: the call is over: go on-hook. [`LineEvent::Released`] comes when the guard time has passed.
    HangUp,
    /// FXO: silence of both sides is no end of this call.
    IgnoreSilence,
    /// FXS: the relay joins the telephone to its outside line, or gives it back to the port. Taken in any epoch.
    Lifeline(bool),
    /// FXS: test an idle line; it takes some two seconds. Taken in any epoch, and answered by [`LineEvent::Tested`]. Whoever lifts
    /// the telephone or calls it goes before.
    Test,
}

/// Where the receiver-off-hook sequence is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RohStage {
    /// Disconnect supervision is being given.
    Supervision,
    /// Reorder (or the tone of [`LineCommand::Cleared`]) sounds.
    Reorder,
    /// The howler sounds.
    Howler,
    /// Nothing sounds until the receiver is hung up.
    Quiet,
}

/// Why a command was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// Ring: the line is off-hook.
    OffHook,
    /// The command's epoch is not the line's.
    Stale,
    /// The line is out of service or faulted.
    OutOfService,
    /// FXO: a call comes in on the line that was to be seized (glare).
    Incoming,
    /// FXO: another telephone uses the line.
    InUse,
    /// FXO: the guard time after the last call has not passed.
    Guard,
}

/// What of a call's identity a telephone was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallerIdShown {
    /// All that its format carries.
    Whole,
    /// The pause had no room for the name.
    WithoutName,
    /// Nor for the date: the number alone, or why there is none.
    NumberOnly,
}

/// What can be wrong with a line.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LineFault {
    /// The card's clock or the card itself is silent.
    CardSilent,
    /// The line's own program failed and was restarted.
    Panicked,
    /// The loop draws current that no telephone draws on-hook.
    Leakage,
    /// FXO: there is no battery on the line.
    NoBattery,
    /// FXO: no dial tone came, or no loop current flowed, when the line was seized. It stands until a seizure hears dial
    /// tone, a call comes in, or the line gets another profile.
    NoDialTone,
    /// FXO: alternating voltage that is no ringing, or more direct voltage than any exchange feeds.
    ForeignVoltage,
}

/// What a line tells the control plane. Each carries the line's epoch in [`crate::Event`].
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum LineEvent {
    /// Off-hook on an idle line: the subscriber wants to call.
    Seized,
    /// Off-hook during ringing (ring trip): the subscriber answers.
    Answered,
    /// Hung up. The epoch that the event carries has ended; the line is idle in the next one.
    Released,
    /// A hook flash of this length.
    Flash(Millis),
    /// A digit began (DTMF only: heard but not yet ended). Its leak into the voice path is muted.
    DigitBegan(u8),
    /// A whole digit: `0`-`9`, `*`, `#`, `A`-`D`.
    Digit {
        /// The character.
        digit: u8,
        /// How it was dialled.
        source: DigitSource,
        /// How long it sounded; zero for pulses.
        length: Millis,
    },
    /// Ringing voltage is on the line for the first time of this call.
    Ringing,
    /// The caller-ID burst has been sent to its end.
    CallerIdSent(CallerIdShown),
    /// Caller identity was not sent: no pause of this ringing has room for even its shortest form, or the card rang
    /// again before the end of the pause.
    CallerIdOmitted {
        /// What the shortest form needs, with its distances to the rings.
        needs: Millis,
        /// What the longest pause has.
        pause: Millis,
    },
    /// Ringing was stopped by [`LineCommand::StopRing`]; the line is idle in the next epoch.
    RingStopped,
    /// A command was refused.
    Refused(Refusal),
    /// The receiver-off-hook sequence moved on.
    Roh(RohStage),
    /// Disconnect supervision or answer reversal was given to the end.
    SupervisionDone,
    /// An announcement was said to its end.
    Announced,
    /// Something is wrong with the line.
    Fault(LineFault),
    /// It is right again.
    FaultCleared(LineFault),
    /// The administrative state took effect.
    InService(bool),
    /// FXO: the exchange rings: a call comes in. Who calls may follow.
    Incoming,
    /// FXO: who calls, or what became of the message that was to tell; it may come before [`Self::Incoming`].
    Caller(Result<CallerId, CallerIdFault>),
    /// FXO: the call is to be shown now: its caller is known, or was waited for long enough.
    Offered,
    /// FXO: the exchange stopped ringing before anybody answered. The epoch has ended.
    GaveUp,
    /// FXO: the line was seized, and the exchange is ready; `true`: by its dial tone, `false`: by time alone.
    ExchangeReady(bool),
    /// FXO: all digits are dialled.
    Dialled,
    /// FXO: a tone of the exchange sounds.
    Exchange(Tone),
    /// FXO: the called party answered, by this sign.
    FarAnswered(AnswerSign),
    /// FXO: the far end cleared. The line goes on-hook by itself; [`Self::Released`] follows.
    FarCleared(ClearSign),
    /// FXO: metering pulses of this call so far.
    Metered(u32),
    /// FXO: another telephone on the line uses it, or no longer does. Also said once of a line that is free at the start.
    InUse(bool),
    /// FXO: the exchange switches the message lamp.
    Waiting(bool),
    /// FXS: the relay joins the telephone to its outside line, or no longer does.
    Lifeline(bool),
    /// FXS: who waits was sent to the telephone (`true`), or it has not acknowledged the alert.
    WaitingShown(bool),
    /// FXS: the telephone was told that messages wait, or that none do, to the end. Nothing was told if the profile has no
    /// message for that.
    LampShown(bool),
    /// FXS: what the test of the line found, or why it was not made.
    Tested(Result<LineTest, TestEnd>),
}

/// By what it was seen that the far end of an outside line cleared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClearSign {
    /// Loop current broke for this long (CPC).
    LoopBreak(Millis),
    /// The polarity went back.
    Reversal,
    /// A tone of the exchange.
    Tone(Tone),
    /// The tone that was learned on this line.
    Learned,
    /// Both ends were silent for this long.
    Silence(Millis),
    /// Battery went and did not come back.
    NoBattery,
}

impl ClearSign {
    /// The words for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::LoopBreak(_) => "loop break",
            Self::Reversal => "reversal",
            Self::Tone(tone) => tone.word(),
            Self::Learned => "learned tone",
            Self::Silence(_) => "silence",
            Self::NoBattery => "no battery",
        }
    }
}

/// The latched state of a line: what is true now, whatever events were lost.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct LineSummary {
    /// Off-hook after debounce.
    pub off_hook: bool,
    /// Ringing voltage is being applied by a ring program.
    pub ringing: bool,
    /// In service.
    pub in_service: bool,
    /// A fault is present.
    pub faulted: bool,
    /// Last measured tip-ring voltage.
    pub voltage: Volts,
    /// Last measured loop current.
    pub current: Milliamps,
}
