//! What happened and what needs a person: the switch's news for status, ladder and log.

use tipring_port::{DigitSource, LineFault, LineTest, Signal, TestEnd};
use tipring_units::{CallId, LineId};

use crate::{
    Cause, Clearer, FarId, ForwardWhen, Given, Identity, MovedTo, Number, Party, Priority, ReferEnd, Side,
    StayWhy, Via,
};

/// What happened, for people and tests to see. The owner adds sequence and times.
#[derive(Clone, Copy, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // made and consumed one at a time
pub enum CallEvent {
    /// A line went off-hook to call and hears dial tone.
    Seized(LineId),
    /// A line dialled a digit of a number.
    Dialled {
        /// The line.
        line: LineId,
        /// The digit.
        digit: u8,
        /// How.
        source: DigitSource,
    },
    /// A line gave up dialling, or took too long, before a number was whole.
    Abandoned {
        /// The line.
        line: LineId,
        /// What it had dialled.
        dialled: Number,
    },
    /// A call began.
    Created {
        /// The call.
        call: CallId,
        /// Who calls.
        from: Party,
        /// The caller as it is shown to the called.
        shown: Identity,
        /// The number as dialled or as it came.
        dialled: Number,
        /// Its priority.
        priority: Priority,
    },
    /// The call goes there now. Again for each further way of an emergency call.
    Routed {
        /// The call.
        call: CallId,
        /// The called party.
        to: Party,
        /// By what, for a far leg.
        via: Option<Via>,
        /// The number as sent.
        sent: Number,
    },
    /// The call goes to another number than that of the telephone that was called: its subscriber has forwarded it.
    Forwarded {
        /// The call.
        call: CallId,
        /// The telephone's number.
        by: Number,
        /// When it forwards.
        when: ForwardWhen,
        /// To this number.
        to: Number,
    },
    /// The call goes to another number than that of the telephone that was called, and the caller's server was told so: it
    /// calls there itself.
    SentOn {
        /// The call.
        call: CallId,
        /// The number as the server was told it.
        to: Number,
    },
    /// The far end that was called says that somebody is to be found elsewhere.
    Moved {
        /// The call.
        call: CallId,
        /// Under this number,
        to: Number,
        /// there.
        at: MovedTo,
        /// Why the call does not go there.
        stays: Option<StayWhy>,
    },
    /// Nobody of a group took the call, which goes where the group sends such calls.
    Overflow {
        /// The call.
        call: CallId,
        /// The group's number.
        group: Number,
        /// Nobody was free, or nobody answered.
        when: ForwardWhen,
    },
    /// A telephone parked its held call.
    Parked {
        /// The call.
        call: CallId,
        /// The number under which it is found.
        slot: Number,
    },
    /// Somebody else answers a call that rings, or takes one that was parked.
    PickedUp {
        /// The call.
        call: CallId,
        /// Who.
        party: Party,
        /// In whose place.
        side: Side,
    },
    /// A subscriber dialled a star code.
    Feature {
        /// The line.
        line: LineId,
        /// What it asks for, without a PIN.
        given: Given,
        /// It was done; of a question: it is on.
        done: bool,
    },
    /// A subscriber marks the last call that came in as malicious.
    Traced {
        /// The line.
        line: LineId,
        /// Who had called, as far as known; what was hidden from the subscriber too.
        caller: Identity,
    },
    /// Who maps the rooms has dialled the number of this one.
    Walked {
        /// The line.
        line: LineId,
        /// The number.
        number: Number,
        /// The other line on which it was dialled before: it is refused.
        other: Option<LineId>,
    },
    /// Who talks to a door station has dialled what opens.
    Opened(LineId),
    /// The call that the gateway made for a telephone to show that it can is over.
    SelfTest {
        /// The telephone's line.
        line: LineId,
        /// Why nobody answered; `None`: somebody did.
        cause: Option<Cause>,
    },
    /// A telephone's line was tested, or why it was not.
    LineTested {
        /// The line.
        line: LineId,
        /// What was found.
        outcome: Result<LineTest, TestEnd>,
    },
    /// The called telephone rings.
    Alerting(CallId),
    /// The caller hears the far end before it answers.
    EarlyMedia(CallId),
    /// The called party answered.
    Answered(CallId),
    /// The call is offered to a line that is in another one, whose subscriber is told.
    Waits {
        /// The call.
        call: CallId,
        /// The line.
        line: LineId,
    },
    /// A line is in two calls at once, and all three hear each other.
    Conference {
        /// The line.
        line: LineId,
        /// The call that it was in first, and the one that came to it.
        calls: [CallId; 2],
    },
    /// One end holds the other.
    Held {
        /// The call.
        call: CallId,
        /// Who holds.
        by: Side,
    },
    /// It took the other back.
    Resumed {
        /// The call.
        call: CallId,
        /// Who held.
        by: Side,
    },
    /// The call carries a fax or a modem, and its sound goes through untouched.
    PassedThrough {
        /// The call.
        call: CallId,
        /// What showed it, and who sounded it; none where the configuration says so.
        by: Option<(Side, Signal)>,
    },
    /// A telephone that hung up on a held party is rung back.
    Recalled {
        /// The call.
        call: CallId,
        /// The line that rings.
        line: LineId,
    },
    /// A telephone that was in both calls hung up, and the other two parties talk to each other. Both calls go on
    /// until one of the two clears.
    Joined {
        /// The call that was held.
        call: CallId,
        /// The one in which it hung up.
        with: CallId,
    },
    /// A telephone hands its call on: the other party of it is sent elsewhere.
    Transfers {
        /// The call.
        call: CallId,
        /// Who is sent.
        party: Side,
        /// To this number; of `with` to whoever is there.
        to: Number,
        /// To the party of this call, which it is joined to.
        with: Option<CallId>,
    },
    /// A far end sends the other party of its call elsewhere, which goes there by `with`.
    Referred {
        /// The call.
        call: CallId,
        /// Who wants it.
        by: Side,
        /// Where it goes.
        to: Number,
        /// The call there.
        with: CallId,
    },
    /// What became of it.
    TransferEnded {
        /// The call.
        call: CallId,
        /// How.
        end: ReferEnd,
    },
    /// The desk of `[emergency]` is rung by `notice` to be told of the emergency call.
    EmergencyNotice {
        /// The emergency call.
        call: CallId,
        /// The call to the desk.
        notice: CallId,
        /// What the desk is shown: the number of the telephone that called, and its name.
        shown: Identity,
    },
    /// The call is over.
    Cleared {
        /// The call.
        call: CallId,
        /// Why.
        cause: Cause,
        /// By whom.
        by: Clearer,
    },
    /// A line's calls came and went; this is what it is doing now.
    Line {
        /// The line.
        line: LineId,
        /// In a word.
        doing: LineDoing,
    },
}

/// What a line is doing, in a word.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LineDoing {
    /// On-hook, no call.
    Idle,
    /// Being rung.
    Ringing,
    /// Off-hook, dial tone or digits.
    Dialling,
    /// Called somebody who has not answered yet.
    Waiting,
    /// In a call.
    Talking,
    /// Off-hook; hears why there is no call (any more).
    Told,
    /// Off-hook too long, or left off-hook after a call.
    Parked,
    /// Out of service or faulted.
    OutOfService,
    /// An outside line: another telephone on it uses it.
    InUse,
    /// An outside line: on-hook after a call, until its guard time has passed.
    Releasing,
}

impl LineDoing {
    /// The word for it in status and ladders.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Ringing => "ringing",
            Self::Dialling => "dialling",
            Self::Waiting => "waiting",
            Self::Talking => "talking",
            Self::Told => "told",
            Self::Parked => "parked",
            Self::OutOfService => "out of service",
            Self::InUse => "in use",
            Self::Releasing => "releasing",
        }
    }
}

/// What needs a person.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Alarm {
    /// Something is wrong with a line.
    LineFault(LineId, LineFault),
    /// It is right again.
    LineFaultCleared(LineId, LineFault),
    /// A program fault ended this line's calls ([`crate::Switch::recover`]).
    LineAbandoned(LineId),
    /// A program fault ended this call.
    CallAbandoned(CallId),
    /// A program fault ended this far leg.
    LegAbandoned(FarId),
    /// An emergency call could not be delivered.
    EmergencyFailed {
        /// The call.
        call: CallId,
        /// Why the last way failed.
        cause: Cause,
    },
    /// The desk of `[emergency]` could not be told of an emergency call.
    DeskNotTold {
        /// The call that was to tell it.
        notice: CallId,
        /// Who made the emergency call.
        shown: Identity,
        /// Why.
        cause: Cause,
    },
    /// Nobody answered the call that the gateway makes for this telephone each day.
    SelfTestFailed(LineId, Cause),
    /// Somebody did, later.
    SelfTestPassed(LineId),
    /// The daily test of this telephone's line found something wrong.
    LineTestFailed(LineId, LineTest),
    /// It could not be made within its hour, last for this reason.
    LineTestMissed(LineId, TestEnd),
    /// A later test passed.
    LineTestPassed(LineId),
    /// The line is not tested any more.
    LineTestOver(LineId),
    /// Calls that come in on this line may not dial for a while: too many wrong PINs.
    DisaLocked(LineId),
    /// They may again.
    DisaUnlocked(LineId),
    /// A call was refused because a table is full ([`crate::MAX_CALLS`], [`crate::MAX_LEGS`]), or more came of one
    /// input than the switch can keep.
    Full,
}

/// Why a timer runs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Why {
    /// Dial tone sounds and no digit came.
    FirstDigit,
    /// The digit behind a flash.
    Key,
    /// A second flash, which lets the other party of a conference go.
    SecondFlash,
    /// Digits are missing.
    MoreDigits,
    /// The number is whole but could be longer.
    NumberWhole,
    /// A hotline dials by itself after its pause.
    Hotline,
    /// A telephone that calls by itself begins again.
    Redial,
    /// A call has lasted as long as it may.
    CallLimit,
    /// The tone before an announcement is over.
    PreTone,
    /// A telephone's daily call is due.
    SelfTest,
    /// The test of a line is due, or its answer is.
    LineTest,
    /// A tone that says why there is no call sounds long enough.
    ToneLimit,
    /// The called party does not answer.
    NoAnswer,
    /// The far end does not react at all to a placed call.
    NoReaction,
    /// A telephone is rung back for a held party and does not answer.
    Recall,
    /// A line does not say that it stopped ringing.
    RingStop,
    /// The far end that sounds a fax or a modem does not change the codec by itself.
    Codec,
    /// Who was rung for an outside call has had the time to answer; the next one is rung.
    RingTime,
    /// An outside line does not say that it is released, or refused to be seized so soon.
    Guard,
    /// Who calls in is told that it may not dial, or has to wait after a wrong PIN.
    Pin,
    /// The desk that was told of an emergency call has heard it.
    Notice,
    /// A call was parked long enough.
    Park,
    /// A party that was sent elsewhere tells nothing, or its telephone cannot be rung back now.
    Transfer,
}

impl Why {
    /// The words for it in logs and `explain`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::FirstDigit => "first digit",
            Self::Key => "key",
            Self::SecondFlash => "second flash",
            Self::MoreDigits => "more digits",
            Self::NumberWhole => "number whole",
            Self::Hotline => "hotline",
            Self::Redial => "redial",
            Self::CallLimit => "call limit",
            Self::PreTone => "tone before",
            Self::SelfTest => "self-test",
            Self::LineTest => "line test",
            Self::ToneLimit => "tone limit",
            Self::NoAnswer => "no answer",
            Self::NoReaction => "no reaction",
            Self::Recall => "recall",
            Self::RingStop => "ring stop",
            Self::Codec => "codec",
            Self::RingTime => "ring time",
            Self::Guard => "guard",
            Self::Pin => "pin",
            Self::Notice => "notice",
            Self::Park => "park",
            Self::Transfer => "transfer",
        }
    }
}
