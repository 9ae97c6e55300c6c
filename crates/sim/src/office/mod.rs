//! A simulated exchange behind an outside line.
//!
//! # What it does
//! Feeds the line, watches its loop, gives dial tone, takes digits, rings subscribers and lets them ring the line, tells who
//! calls, shows answers and clearing, and fails as lines do.
//!
//! # How
//! One [`Office`] a line: a line circuit ([`Face`]) and a machine of exhaustive states that is asked once a tick. The
//! subscribers have mouths and ears as far ends do.
//!
//! # Limits
//! Sounds begin with a tick; feeds change at the very sample. Two subscribers that the line joined do not hear each
//! other: it is only told that they are joined.
//!
//! # Standard
//! See the parts.

mod alert;
mod burst;
mod face;
mod hook;
mod machine;
mod message;
mod order;
mod receiver;
mod score;
mod sounder;
mod spec;
mod subscriber;

pub use alert::{Alert, Outcome};
pub use burst::{Burst, Modem};
pub use face::Face;
pub use hook::{Hook, HookEvent, View};
pub use machine::{MAX_EVENTS, Office, OfficeEvent};
pub use message::{Flaw, keys, lamp, multiple, ntt, single};
pub use order::{Cannot, Order, Trouble};
pub use receiver::Receiver;
pub use score::{Note, Part, Score};
pub use sounder::Sounder;
pub use spec::{Clearing, MAX_SUBSCRIBERS, Manner, OfficeSpec, SubscriberSpec, Supervision, Unknown};
pub use subscriber::{Doing, Subscriber, SubscriberEvent};
