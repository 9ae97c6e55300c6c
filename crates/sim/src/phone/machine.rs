//! A machine in place of a telephone's mouth and ear: a fax terminal, a modem; or a person's handset elsewhere.

use core::fmt::Debug;

use tipring_port::Audio;

/// Something that speaks and listens by itself while its receiver is lifted.
pub trait Machine<A: Audio>: Debug + Send {
    /// The sound of the next tick.
    fn speak(&mut self) -> A::Frame;

    /// Takes the sound of a tick.
    fn hear(&mut self, frame: &A::Frame);

    /// True if a person speaks by it: the telephone shows who waits as it does to any user, and what its mouth was told to
    /// say goes before.
    fn is_person(&self) -> bool {
        false
    }

    /// True if it is no longer there: the telephone has its mouth back.
    fn is_gone(&self) -> bool {
        false
    }
}
