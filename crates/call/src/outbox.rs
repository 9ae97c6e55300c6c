//! What the small machines say to each other and to the world.
//!
//! A machine never calls another one: it leaves a message, and the switch runs them one after the other. So
//! at any time one machine runs, and if it fails the others are whole.

use std::collections::VecDeque;

use tipring_port::Signal;
use tipring_units::{CallId, Epoch, LineId, Millis};

use crate::call::JointInput;
use crate::features::Given;
use crate::plan::Selection;
use crate::{
    Alarm, CallEvent, Cause, Diverter, Diverters, FarAction, FarId, Identity, MediaAction, Moves, Number,
    Output, Party, Permission, Priority, ReferEnd, ReferTo, RingKind, ServerName, Via,
};

/// Messages between machines that can wait, at the most: clearing the whole box at once takes a few for each
/// call. Beyond it messages would be lost, which the switch reports.
pub const MAX_MESSAGES: usize = 16 * crate::MAX_CALLS;

/// Outputs that wait for [`crate::Switch::poll`], at the most; they are taken after each input.
pub const MAX_OUTPUTS: usize = 32 * crate::MAX_CALLS;

/// A message from one machine to another.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Message {
    /// A party wants a call.
    Begin { call: CallId, caller: Party, wish: Wish },
    /// To a call, from one of its parties.
    Call { call: CallId, from: Party, input: CallInput },
    /// To a call, from the one that it is joined to or is to be.
    Joint { to: CallId, of: CallId, input: JointInput },
    /// A party of this call has dialled an emergency number on an exchange's own dial tone.
    EmergencyDialled { call: CallId, caller: Party, dialled: Number },
    /// A telephone asks something of the house.
    Ask { line: LineId, given: Given, ask: Ask },
    /// A telephone is idle, and somebody may wait for that.
    Freed(LineId),
    /// Who was called for this call is to be found elsewhere: may it go there?
    Moved { call: CallId, by: Party, to: Moves },
    /// To a party, from a call.
    Party { party: Party, call: CallId, order: Order },
}

/// What a telephone asks of the house.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Ask {
    /// To answer a call that rings at that number, or in its groups.
    PickUp(Option<Number>),
    /// To leave this call, which it holds, parked.
    Park(CallId),
    /// To take the call that is parked there.
    Unpark(Number),
    /// To be rung when whom it dialled so is free; the far side that offered to tell when.
    CallBack(Number, Option<FarId>),
    /// Not to be.
    CallBackOff,
}

/// Whom a party wants to call.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Wish {
    /// A line dialled this; `shown`: with or without its own number, where a code said so for this call. It completes the call
    /// of that leg.
    Selected { selection: Selection, shown: Option<bool>, completes: Option<FarId> },
    /// A line dialled this and it comes to nothing.
    Nothing { dialled: Number, cause: Cause },
    /// A far leg asks for this.
    Incoming { to: Number, from: Identity, via: Via, ring: Option<RingKind>, diverted: Diverters },
    /// A telephone was lifted that dials by itself.
    Lifted,
    /// The far end `leg` of the call `of` sends this party elsewhere.
    Referred { of: CallId, leg: FarId, server: Option<ServerName>, from: Identity, to: Number, place: bool },
    /// A telephone's key for the desk.
    Desk { key: Number },
    /// An exchange rings.
    Outside { from: Identity },
    /// Who called in on an outside line dialled this; `trusted` with the right PIN.
    Disa { selection: Selection, from: Identity, may_call: Permission, trusted: bool },
}

/// What a party tells its call.
#[derive(Clone, Copy, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // lives for one message
pub(crate) enum CallInput {
    /// The called is being looked for: the way is alive.
    Proceeding,
    /// The called cannot be reached now, and its side would tell when it can.
    Completable,
    /// The called telephone rings.
    Alerting,
    /// What the called sounds says that nobody will answer.
    Hopeless(Cause),
    /// The called sends sound before the answer; `both`: and hears the caller, who dials on it.
    Early { both: bool },
    /// The called answered; `told`: somebody said so, else it is only assumed.
    Answered { told: bool },
    /// The called cannot be reached. It knows nothing of the call any more.
    Failed(Cause),
    /// The called is to be found elsewhere. It knows nothing of the call any more.
    Moved(Moves),
    /// This party is gone from the call and knows nothing of it any more.
    Gone(Cause),
    /// This party holds the other.
    Hold,
    /// It takes the other back.
    Retrieve,
    /// This party is in another call at the same time, and all hear each other; or no longer is.
    Confer(bool),
    /// This party hung up on the held other and is to be rung back.
    Recall,
    /// This party leaves while it holds that other call: the two others may be joined. `keeps`: if they may not, all is as
    /// it was; else it has hung up.
    Join { held: CallId, keeps: bool },
    /// This party is not heard by the other one.
    OneWay,
    /// This party (a far one) holds us, or no longer does.
    FarHold(bool),
    /// This party sends a digit.
    Digit(Sent),
    /// This party sounds as a machine does.
    Signal(Signal),
    /// This party, which holds the other, sends it to this number.
    Transfer(Selection),
    /// This party (a far one) goes where it was sent.
    ReferGoes,
    /// What became of it.
    ReferEnded(ReferEnd),
    /// This party (a far one) sends the other to `to`.
    Referred { to: Number, place: bool },
    /// This party, a telephone, cannot be rung back now.
    NotRung,
}

/// A digit that one party sends to the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Sent {
    /// `0`-`9`, `*`, `#`, `A`-`D`.
    pub digit: u8,
    /// How long it sounded.
    pub length: Millis,
    /// It is in the sound already: only who does not hear tones is told.
    pub sounded: bool,
}

/// What a call tells a party.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Order {
    /// Here is a call for you: ring, or place the leg.
    Offer(Offer),
    /// Ring for the call that you hold.
    RingBack(Offer),
    /// By this leg the one that you called could be asked when he can be reached; none: no longer.
    Completable(Option<FarId>),
    /// The one that you called rings.
    Alerting,
    /// You hear the one that you called before it answers.
    Early,
    /// The one that you called answered.
    Connected,
    /// The other end holds you.
    Held,
    /// The other end is back.
    Retrieved,
    /// The other end hung up on you while it held you, and is being rung back.
    Recalling,
    /// Who was in this call, which you held, is joined to who was in the other one: you have left both.
    Joined,
    /// It is not: you hold it as before, and have left the other one.
    NotJoined,
    /// Go there by yourself.
    Refer(ReferTo),
    /// The one whom you hold goes where you have sent it.
    Transferring,
    /// You cannot send it by this: call the number yourself, and hand the call on.
    NotTransferring,
    /// It did not get there, and is yours as before.
    TransferFailed(Cause),
    /// The call carries a fax or a modem.
    Data,
    /// The other end sends a digit by signalling.
    Digit(Sent),
    /// The call that you are in has become an emergency call.
    Emergency,
    /// You are told of an emergency call: hear that you were.
    Notice,
    /// You are in this call now: it rang elsewhere and you have to answer, or was parked and you have to take it back.
    TakeOver { answers: bool },
    /// The call goes on to this number without you: your server calls there.
    SendOn { to: Number, diverted: Diverter },
    /// The call is over for you.
    Over(Cause),
}

/// A call that is offered.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Offer {
    /// Who calls.
    pub from: Identity,
    /// The number to ask for.
    pub number: Number,
    /// By what, for a far leg.
    pub via: Option<Via>,
    /// Its priority.
    pub priority: Priority,
    /// It carries a fax or a modem.
    pub data: bool,
    /// An outside line gives up what it is in for this call.
    pub preempt: bool,
    /// In the name of this leg, which sent the caller there.
    pub referred: Option<FarId>,
    /// The telephone that sent it on.
    pub diverted: Option<Diverter>,
    /// How it asks to be rung.
    pub ring: Option<RingKind>,
    /// Others are called at once or in turn: nobody is disturbed in a call for it.
    pub group: bool,
    /// The route by which it goes.
    pub route: Option<ServerName>,
    /// It completes the call of this leg.
    pub completes: Option<FarId>,
}

/// Where machines leave what they have to say.
#[derive(Clone, Default, Debug)]
pub(crate) struct Outbox {
    messages: VecDeque<Message>,
    outputs: VecDeque<Output>,
    calls: u64,
    legs: u64,
    /// A message or an output found no room.
    lost: bool,
}

impl Outbox {
    /// A number for a new call.
    pub fn new_call(&mut self) -> CallId {
        self.calls += 1;
        CallId(self.calls)
    }

    /// A number for a new far leg.
    pub fn new_leg(&mut self) -> FarId {
        self.legs += 1;
        FarId::Out(self.legs)
    }

    pub fn begin(&mut self, call: CallId, caller: Party, wish: Wish) {
        self.message(Message::Begin { call, caller, wish });
    }

    pub fn emergency_dialled(&mut self, call: CallId, caller: Party, dialled: Number) {
        self.message(Message::EmergencyDialled { call, caller, dialled });
    }

    pub fn tell_call(&mut self, call: CallId, from: Party, input: CallInput) {
        self.message(Message::Call { call, from, input });
    }

    pub fn tell_joint(&mut self, to: CallId, of: CallId, input: JointInput) {
        self.message(Message::Joint { to, of, input });
    }

    pub fn ask(&mut self, line: LineId, given: Given, ask: Ask) {
        self.message(Message::Ask { line, given, ask });
    }

    pub fn moved(&mut self, call: CallId, by: Party, to: Moves) {
        self.message(Message::Moved { call, by, to });
    }

    pub fn freed(&mut self, line: LineId) {
        self.message(Message::Freed(line));
    }

    pub fn tell_party(&mut self, party: Party, call: CallId, order: Order) {
        self.message(Message::Party { party, call, order });
    }

    pub fn line(&mut self, line: LineId, epoch: Epoch, command: tipring_port::LineCommand) {
        self.output(Output::Line { line, epoch, command });
    }

    pub fn far(&mut self, leg: FarId, action: FarAction) {
        self.output(Output::Far { leg, action });
    }

    pub fn media(&mut self, action: MediaAction) {
        self.output(Output::Media(action));
    }

    pub fn event(&mut self, event: CallEvent) {
        self.output(Output::Event(event));
    }

    pub fn alarm(&mut self, alarm: Alarm) {
        self.output(Output::Alarm(alarm));
    }

    pub fn output(&mut self, output: Output) {
        if self.outputs.len() < MAX_OUTPUTS {
            self.outputs.push_back(output);
        } else {
            self.lost = true;
        }
    }

    /// True if anything found no room since it was asked last.
    pub fn take_lost(&mut self) -> bool {
        core::mem::take(&mut self.lost)
    }

    pub fn next_message(&mut self) -> Option<Message> {
        self.messages.pop_front()
    }

    pub fn next_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn message(&mut self, message: Message) {
        if self.messages.len() < MAX_MESSAGES {
            self.messages.push_back(message);
        } else {
            self.lost = true;
        }
    }
}
