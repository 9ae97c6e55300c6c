//! What the port of a telephone is for, beyond calling and ringing: a guest room, a lift, an alarm panel, a door, an amplifier.

use tipring_units::Millis;

use crate::{Destination, Number};

/// What a port does; the default is a plain telephone's.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Duty {
    /// Its calls have the priority [`crate::Priority::High`].
    pub priority: bool,
    /// Calls between it and another such telephone are not allowed.
    pub closed: bool,
    /// A key that calls at once.
    pub desk: Option<Desk>,
    /// How the numbers of [`crate::Phone::dials`] are called.
    pub hotline: Hotline,
    /// A call ends after this.
    pub limit: Option<Millis>,
    /// Who talks to it can open.
    pub door: Option<Door>,
    /// How it takes calls.
    pub page: Page,
    /// The call that shows each day that calls can be made.
    pub self_test: Option<SelfTest>,
    /// The minute of the local day in which its line is tested.
    pub line_test: Option<u16>,
}

/// The front desk.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Desk {
    /// `0`-`9`, `*` or `#`: dialled first.
    pub key: u8,
    /// Who is called.
    pub to: Destination,
}

/// Off-hook automatic dialling.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Hotline {
    /// Dial tone for so long first, and a digit makes it an ordinary call; zero: at once.
    pub after: Millis,
    /// So long each has to answer; `None`: as any call.
    pub each: Option<Millis>,
    /// From the beginning again when nobody has answered, for as long as it is off-hook.
    pub repeat: bool,
}

/// A door station.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Door {
    /// What who talks to it dials.
    pub release: Number,
    /// What the station is sent for that.
    pub opens: Number,
}

/// How calls reach the device.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Page {
    /// It is off-hook all the time, and has a call at once.
    pub at_once: bool,
    /// A tone for so long before the caller is heard; zero: none.
    pub tone: Millis,
    /// The caller does not hear it.
    pub one_way: bool,
    /// A call of a higher priority takes the place of one in progress.
    pub gives_way: bool,
}

/// A call that the gateway makes for a telephone.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct SelfTest {
    /// The minute of the local day.
    pub minute: u16,
    /// Who is called.
    pub to: Destination,
}
