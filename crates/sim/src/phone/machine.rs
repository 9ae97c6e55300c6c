//! A machine in place of a telephone's mouth and ear: a fax terminal, a modem.

use core::fmt::Debug;

use tipring_port::Audio;

/// Something that speaks and listens by itself while its receiver is lifted.
pub trait Machine<A: Audio>: Debug + Send {
    /// The sound of the next tick.
    fn speak(&mut self) -> A::Frame;

    /// Takes the sound of a tick.
    fn hear(&mut self, frame: &A::Frame);
}
