//! What a far end is told to do.

use tipring_port::CodecName;

use crate::mouth::Talk;

/// Which of a far end's calls is meant: the latest that fits, or the n-th, counted from 1; and which early dialog.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Which {
    /// The n-th call that came or went.
    pub call: Option<usize>,
    /// The early dialog, counted from 1.
    pub fork: Option<u8>,
}

/// A habit that can be switched off or on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Manner {
    /// Acknowledges a 200 to its INVITE.
    Acks,
    /// Repeats a 200 until the ACK comes.
    Repeats,
    /// Answers BYE, CANCEL, INFO, OPTIONS, re-INVITE by itself.
    Answers,
    /// Offers and accepts telephone events.
    Events,
    /// Lets those register who ask.
    Registers,
    /// Answers INFO and OPTIONS.
    Informs,
    /// Stays on the way of dialogs by Record-Route; not so at the start.
    Routes,
    /// Registers again with the nonce that it has; not so at the start.
    Remembers,
    /// Offers and accepts comfort noise, and describes its own silence in place of sending it; not so at the start.
    Noise,
    /// Goes where REFER sends it, and can be replaced at; not so at the start.
    Transfers,
    /// Tells of waiting messages who subscribes to that.
    Mailboxes,
    /// Offers to tell when whom it rings in vain can be reached, and takes requests for it; not so at the start.
    Completes,
}

impl Manner {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Acks,
        Self::Repeats,
        Self::Answers,
        Self::Events,
        Self::Registers,
        Self::Informs,
        Self::Routes,
        Self::Remembers,
        Self::Noise,
        Self::Transfers,
        Self::Mailboxes,
        Self::Completes,
    ];

    /// Its word in flows.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Acks => "acks",
            Self::Repeats => "repeats",
            Self::Answers => "answers",
            Self::Events => "events",
            Self::Registers => "registers",
            Self::Informs => "informs",
            Self::Routes => "routes",
            Self::Remembers => "remembers",
            Self::Noise => "noise",
            Self::Transfers => "transfers",
            Self::Mailboxes => "mailboxes",
            Self::Completes => "completes",
        }
    }
}

/// Who a call says it is from.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct From {
    /// The number; the far end's own name where there is none.
    pub number: Option<String>,
    /// The display name.
    pub name: Option<String>,
    /// The identity is withheld.
    pub private: bool,
    /// Asserted apart from From.
    pub asserted: Option<String>,
    /// How it should ring: the value of Alert-Info.
    pub alert: Option<String>,
    /// Who sent the call on: the value of Diversion.
    pub diverted: Option<String>,
    /// Which of its own calls this one takes the place of.
    pub replacing: Option<usize>,
}

/// Whose turn it is of those who wait for a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// Another one's.
    Queued,
    /// His.
    Ready,
    /// He waits no more.
    Over,
}

/// What a far end is told to do.
#[derive(Clone, PartialEq, Debug)]
pub enum Order {
    /// Answers the INVITE that waits.
    Answer {
        /// 100 to 699.
        status: u16,
        /// Which call and early dialog.
        which: Which,
        /// Sound from now on (183, or 180 with a description).
        sound: bool,
        /// Where to go instead (3xx).
        to: Option<String>,
    },
    /// Calls a number at the gateway.
    Invite {
        /// The number.
        to: String,
        /// Who calls.
        from: From,
        /// With a description of its media.
        offers: bool,
        /// Max-Forwards.
        hops: u8,
    },
    /// Its INVITE comes a second time, by another proxy.
    Merge(Which),
    /// Its nonce is stale from now on.
    NewNonce,
    /// Gives up its call.
    Cancel(Which),
    /// Ends a call.
    Bye(Which),
    /// Acknowledges, where it does not do so by itself.
    Ack(Which),
    /// Sends the last ACK or answer again.
    Again(Which),
    /// Puts the gateway on hold.
    Hold(Which),
    /// Takes it back.
    Resume(Which),
    /// Offers sound in this codec alone.
    Offers(CodecName, Which),
    /// Offers fax relay (T.38) in place of sound.
    Relay(Which),
    /// Sends a digit by INFO.
    Info(char, Which),
    /// Asks OPTIONS.
    Options,
    /// Sends a request of any method within the call.
    Request(String, Which),
    /// Registers at the gateway for so many seconds; 0 takes it back.
    Register(u32),
    /// Sends digits as telephone events.
    Digits(String, Which),
    /// Sends digits as sound.
    Keys(String, Which),
    /// Says this from now on.
    Say(Talk, Which),
    /// Says nothing any more.
    Hush(Which),
    /// Has a habit, or not.
    Manner(Manner, bool),
    /// Sends the gateway elsewhere (REFER).
    Refer {
        /// To whom.
        to: String,
        /// In the place of this call of its own.
        replacing: Option<usize>,
        /// Within this call.
        which: Which,
    },
    /// Reports how what it was sent to do goes.
    Notify(u16, Which),
    /// So many messages wait for this user: new, old.
    Mail(String, (u32, u32)),
    /// Tells who waits for a call to be completed.
    Turn(Turn),
    /// Asks callers for credentials.
    Asks(bool),
}
