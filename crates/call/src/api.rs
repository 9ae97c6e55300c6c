//! What goes into the switch and what comes out of it.
//!
//! The owner gives each event to [`crate::Switch::handle`] and then takes outputs from
//! [`crate::Switch::poll`] until there are none. Line commands and the line's events are the contract of
//! `tipring_port`; far legs are whatever carries a call that is not on a line of this box.

use core::fmt;

use tipring_port::{LineCommand, LineEvent, LineSummary, Signal, Text, Tone};
use tipring_units::{CallId, Epoch, LineId, Millis};

use crate::{Alarm, CallEvent, CallRecord, Cause, Identity, Setup};
use crate::{Diverter, Diverters, Features, Moves, RingKind};

/// Characters of a number, at the most. Longer ones that a far leg brings are cut and so reach nobody.
pub const MAX_NUMBER: usize = 40;
/// Characters of a server's name, at the most.
pub const MAX_SERVER_NAME: usize = 32;

/// Digits as dialled or sent (`0`-`9`, `*`, `#`, `+`), or the user part that a far leg brought.
pub type Number = Text<MAX_NUMBER>;
/// The name of a server in the configuration (`[server.NAME]`).
pub type ServerName = Text<MAX_SERVER_NAME>;

/// One far leg. Who makes the leg numbers it, so that the two never meet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FarId {
    /// Made by the owner for [`FarEvent::Incoming`]. Never reused.
    In(u64),
    /// Made by the switch with [`FarAction::Place`]. Never reused.
    Out(u64),
}

impl fmt::Display for FarId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::In(number) => write!(f, "in {number}"),
            Self::Out(number) => write!(f, "out {number}"),
        }
    }
}

/// One end of a call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Party {
    /// A line of this box: the telephone on it, or the exchange of an outside line.
    Line(LineId),
    /// Anything else.
    Far(FarId),
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => line.fmt(f),
            Self::Far(leg) => leg.fmt(f),
        }
    }
}

/// Which of a call's two ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Side {
    /// The end that called.
    Caller,
    /// The end that was called.
    Called,
}

impl Side {
    /// The opposite end.
    pub const fn other(self) -> Self {
        match self {
            Self::Caller => Self::Called,
            Self::Called => Self::Caller,
        }
    }
}

/// Who ended a call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Clearer {
    /// One of its ends.
    Side(Side),
    /// This box: a timer, the plan, management, a fault.
    Gateway,
}

/// By what a far leg comes or goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Via {
    /// A server of the configuration.
    Server(ServerName),
    /// A telephone with its own signalling that is registered here under this number.
    User(Number),
}

/// How urgent a call is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Priority {
    /// Any call.
    #[default]
    Normal,
    /// Of a telephone that is there for help: has room where others find none, is not forwarded, refused or pre-empted.
    High,
    /// To an emergency number: never barred, never refused for lack of room, ahead of others.
    Emergency,
}

/// What the switch is told.
#[derive(Clone, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // an input lives for one call of `handle`
pub enum Input {
    /// An event of a line, in this epoch.
    Line {
        /// The line.
        line: LineId,
        /// The epoch that the event carries.
        epoch: Epoch,
        /// The event.
        event: LineEvent,
    },
    /// Events of a line were lost for lack of room; this is what is true now.
    LineSummary {
        /// The line.
        line: LineId,
        /// The line's epoch now.
        epoch: Epoch,
        /// Its latched state.
        summary: LineSummary,
    },
    /// An event of a far leg.
    Far {
        /// The leg.
        leg: FarId,
        /// The event.
        event: FarEvent,
    },
    /// A machine's signal was heard in what a party says.
    Signal {
        /// The party.
        party: Party,
        /// The signal.
        signal: Signal,
    },
    /// A server can or cannot take calls now. Servers are taken to be up until told otherwise.
    Server {
        /// The server.
        name: ServerName,
        /// It takes calls.
        up: bool,
    },
    /// The configuration is now this. Calls in progress stay, but for those of lines that are gone.
    Reconfigure(Box<Setup>),
    /// Administrative state of a line. Out of service clears its calls.
    SetInService {
        /// The line.
        line: LineId,
        /// In service.
        on: bool,
    },
    /// A line that talks holds that call and gets dial tone for one more, whatever it holds already: what a flash
    /// does only while nothing is held. Nothing happens where the line is not in a call, or has
    /// [`crate::MAX_CALLS_PER_LINE`] already.
    Consult(LineId),
    /// A flash goes out to the exchange on an outside line that is in a call; nothing happens elsewhere.
    FlashOut(LineId),
    /// What was kept of a telephone's features, at the start.
    Features {
        /// The telephone's number.
        number: Number,
        /// What was set.
        features: Box<Features>,
    },
    /// Somebody begins to walk through the house, or ends it: what is dialled is the number of a room.
    Walk(bool),
    /// Messages wait for a telephone, or none do.
    Mail {
        /// Its number.
        number: Number,
        /// They wait.
        waiting: bool,
    },
    /// How it goes with what [`FarAction::Complete`] asked for.
    Completion {
        /// The leg that came to nothing.
        leg: FarId,
        /// How.
        news: Completion,
    },
    /// Management wants a telephone's line tested; [`crate::CallEvent::LineTested`] answers.
    TestLine(LineId),
    /// Management ends a call.
    Clear(CallId),
    /// The box stops: every call is cleared (cause 41), new ones are refused from here on.
    Stop,
    /// Nothing happened but time: a deadline has come.
    Tick,
}

/// How it stands with a call that is to be completed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Completion {
    /// The far side has taken the request.
    Taken,
    /// It is not its turn, or no longer.
    Queued,
    /// It is its turn.
    Ready,
    /// Refused, or ended.
    Over,
}

/// What a far leg tells.
#[derive(Clone, Copy, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // lives for one call of `handle`
pub enum FarEvent {
    /// A new leg calls. Answered by `Reject`, or by `Alert`/`Progress` and `Accept`.
    Incoming {
        /// The number that it wants, as it came.
        to: Number,
        /// Who calls.
        from: Identity,
        /// Where it comes from.
        via: Via,
        /// How it asks to be rung.
        ring: Option<RingKind>,
        /// Who has sent it on before it came.
        diverted: Diverters,
    },
    /// The far end has the call, and nobody rings yet.
    Proceeding,
    /// Who is called cannot be reached now, and the far side would tell when he can be: [`FarAction::Complete`], also when
    /// the leg is gone.
    Completable,
    /// The called telephone rings, and the caller is to hear ringback made here.
    Ringing,
    /// The far end sends sound before it answers.
    EarlyMedia,
    /// The far end answered.
    Answered,
    /// A placed leg came to nothing. The leg is gone.
    Failed {
        /// Why.
        cause: Cause,
    },
    /// Who was called is to be found elsewhere. The leg is gone.
    Moved {
        /// Where, best first.
        to: Moves,
    },
    /// The far end cleared, or gave up before the answer. The leg is gone.
    Ended {
        /// Why; 16 is the normal one.
        cause: Cause,
    },
    /// The far end holds us.
    Held,
    /// The far end talks to us again.
    Resumed,
    /// The far end wants the other party of its call to go elsewhere. Answered by [`FarAction::AnswerRefer`].
    Referred {
        /// The number, as it came.
        to: Number,
        /// In the far end's own place in another call, which the owner knows.
        place: bool,
    },
    /// The far end goes where [`FarAction::Refer`] sent it; said again for each sign of life.
    ReferGoes,
    /// How a [`FarAction::Refer`] ended: one for each.
    ReferEnded {
        /// How.
        end: ReferEnd,
    },
    /// A digit arrived by telephone event or by signalling.
    Digit {
        /// `0`-`9`, `*`, `#`, `A`-`D`.
        digit: u8,
        /// How long it sounded.
        length: Millis,
    },
}

/// What the switch wants done.
#[derive(Clone, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // made and consumed one at a time
pub enum Output {
    /// A command to a line, valid in this epoch.
    Line {
        /// The line.
        line: LineId,
        /// The epoch to send it in.
        epoch: Epoch,
        /// The command.
        command: LineCommand,
    },
    /// An order to a far leg.
    Far {
        /// The leg.
        leg: FarId,
        /// The order.
        action: FarAction,
    },
    /// An order to the media plane.
    Media(MediaAction),
    /// A call ended. Exactly one for each [`CallEvent::Created`].
    Record(CallRecord),
    /// Something happened that status, ladder and log show.
    Event(CallEvent),
    /// Something needs a person, or no longer does.
    Alarm(Alarm),
    /// A subscriber has set features: they are to be kept.
    Features {
        /// The telephone's number.
        number: Number,
        /// All that is set now.
        features: Box<Features>,
    },
}

/// What a far leg is to do.
#[derive(Clone, Copy, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // made and consumed one at a time
pub enum FarAction {
    /// Make this leg and call.
    Place {
        /// By which server, or to which user registered here.
        via: Via,
        /// What to ask for. For a user it is the user's number.
        number: Number,
        /// Who calls.
        from: Identity,
        /// Emergency calls go ahead of others.
        priority: Priority,
        /// A fax or a modem calls: only a codec that carries one may be offered.
        data: bool,
        /// In the name of this leg, which sent the caller there by [`FarEvent::Referred`].
        referred: Option<FarId>,
        /// The telephone that sent the call on.
        diverted: Option<Diverter>,
        /// It completes the call of this leg, which came to nothing.
        completes: Option<FarId>,
    },
    /// Ask to be told when whom this leg did not reach can be called. Answered by [`Input::Completion`].
    Complete,
    /// No longer.
    CompleteNot,
    /// Tell the caller that the called telephone rings; the caller makes its own ringback.
    Alert,
    /// Open the sound towards the caller before the answer.
    Progress,
    /// Answer.
    Accept,
    /// Refuse an incoming leg that was not accepted. The leg is gone.
    Reject(Cause),
    /// Send the caller of an incoming leg that was not accepted elsewhere: its server calls there itself. The leg is gone.
    SendOn {
        /// By what it came.
        via: Via,
        /// To this number at the server that it came from.
        to: Number,
        /// The telephone that wants it.
        diverted: Diverter,
    },
    /// End the leg, whatever its state: give up before the answer, or clear after it. The leg is gone.
    End(Cause),
    /// Hold the far end.
    Hold,
    /// Take it back.
    Resume,
    /// The call carries a fax or a modem: agree with the far end on a codec that does, now or when it answers.
    Data,
    /// Send the far end elsewhere: it calls there by itself. Answered by [`FarEvent::ReferEnded`].
    Refer(ReferTo),
    /// The other party goes where the far end sends it, or may not.
    AnswerRefer(Result<(), Cause>),
    /// How it goes there; the leg may be gone by then.
    ReportRefer(ReferStep),
}

/// How far a party is that was sent elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReferStep {
    /// It rings there.
    Rings,
    /// It is there.
    Done,
    /// It did not get there.
    Failed(Cause),
}

/// Where a far end is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReferTo {
    /// To a number at the server that it is at.
    Number(Number),
    /// To the far end of this leg, in whose call it takes our place.
    Leg(FarId),
}

/// What became of a far end that was sent elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReferEnd {
    /// It reached whom it was sent to.
    Done,
    /// It tried, and did not.
    Failed(Cause),
    /// It does not do such things, or not this one.
    Refused(Cause),
    /// It never told.
    Unknown,
}

/// Which way sound goes between two parties.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// Both ways.
    Both,
    /// `a` hears `b`, not the other way: sound before the answer.
    ToA,
    /// `b` hears `a`, not the other way: an announcement.
    ToB,
}

/// What the media plane is to do. A party is on one path at a time.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum MediaAction {
    /// Lets `a` (the caller) and `b` hear each other. Again with another `way`: changes it.
    Connect {
        /// The caller.
        a: Party,
        /// The called.
        b: Party,
        /// Which way.
        way: Way,
    },
    /// Ends what [`MediaAction::Connect`] began. Comes before the legs end, whatever ends the call.
    Disconnect {
        /// The caller.
        a: Party,
        /// The called.
        b: Party,
    },
    /// What these two say goes through untouched from now on; said again after each [`MediaAction::Connect`].
    PassThrough {
        /// The caller.
        a: Party,
        /// The called.
        b: Party,
    },
    /// Plays a tone to a far leg in place of what it hears; `None` ends it, as does the
    /// end of the leg. (A line's tones are line commands.)
    Tone {
        /// The leg.
        leg: FarId,
        /// The tone.
        tone: Option<Tone>,
    },
    /// Sends a digit to a party in the party's own way.
    Digit {
        /// Who gets it.
        to: Party,
        /// `0`-`9`, `*`, `#`, `A`-`D`.
        digit: u8,
        /// How long.
        length: Millis,
    },
}
