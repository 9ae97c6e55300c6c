//! What the media plane does to sound, over both kinds of frame.
//!
//! # What it does
//! Names the seven things that touch sound: a line's voice path, a player of tones and bursts, a bank of detectors for
//! the signals of machines, a coder for RTP payloads, a waiting room that stretches what was decoded, a crossing between two clocks, and a meter of a line's
//! balance. The legs and bridges are written over these and know nothing of
//! samples.
//!
//! # How
//! [`tipring_port::Samples`] implements them by the signal processing of `tipring-dsp` and the codecs;
//! [`tipring_port::Symbols`] by passing names of sounds along with the same delays.
//!
//! # Limits
//! 8 kHz; a 16 kHz kind of frame would be a third implementation.

use std::sync::Arc;
use tipring_port::{
    Announcement, Audio, CallerId, CallerIdSignal, CodecName, EchoLoss, Impedance, LearnedTone, LineProfile,
    OpusWish, Overheard, Signal, Tone, ToneProgram,
};

use tipring_units::{Db, Dbm0, Millis, Samples};
use tipring_voice::PhraseBank;

/// Bytes of the payload of one tick, at the most (L16).
pub const MAX_UNIT: usize = 160;
/// Bytes of a packet that a codec makes whole, at the most: 60 ms of Opus.
pub const MAX_WHOLE: usize = 480;

/// A kind of frame that the media plane can process.
pub trait Processing: Audio + Sized {
    /// A line's voice path.
    type Voice: LineVoice<Self> + Send;
    /// A player of tones and bursts.
    type Player: Player<Self> + Send;
    /// A bank of detectors for the signals of machines.
    type Bank: Bank<Self> + Send;
    /// The ear of an outside line.
    type LineEar: LineEar<Self> + Send;
    /// A coder for RTP payloads.
    type Coder: Coder<Self> + Send;
    /// Where decoded sound waits.
    type Stretch: Stretch<Self> + Send;
    /// A receiver across clocks.
    type Crossing: Crossing<Self> + Send;
    /// Measures a line's balance.
    type Meter: Meter<Self> + Send;

    /// Adds `other` to `into`.
    fn mix(into: &mut Self::Frame, other: &Self::Frame);
}

/// What a line's voice path makes of one frame.
#[derive(Clone, Copy, Debug)]
pub struct Heard<A: Audio> {
    /// The sound without echo, after gain.
    pub clean: A::Frame,
    /// A digit sounds now or did so a moment ago: the frame is to be muted where digits travel another way.
    pub muted: bool,
    /// A digit began.
    pub began: Option<u8>,
    /// A digit ended, after this long.
    pub ended: Option<(u8, Millis)>,
}

/// A line's voice path: dc block, echo canceller, digit detector, gains, level control.
pub trait LineVoice<A: Audio> {
    /// A path for a line of this profile.
    fn new(profile: &LineProfile) -> Self;
    /// A path without echo and gains, for what comes from another shard: it only hears digits.
    fn plain() -> Self;
    /// Takes a frame from the line. `sent` is the frame that was given to the card one tick before;
    /// `bulk_delay` is what the card adds to that.
    fn hear(&mut self, frame: &A::Frame, sent: &A::Frame, bulk_delay: Samples) -> Heard<A>;
    /// How much weaker than what the network said the echo of it goes back to the network, lately; `None` where that was
    /// not measured.
    fn echo_loss(&self) -> Option<Db>;
    /// Gives the frame for the line its gain; `played`: it is the gateway's own tone or digit.
    fn speak(&mut self, frame: &A::Frame, played: bool) -> A::Frame;
    /// Lets sound through as it is from now on, both ways: no canceller, no digits, no level control; or no longer. The gains stay: without
    /// the loss that they are, the echo of two hybrids fills the pauses by which modems tell signals apart.
    fn pass_through(&mut self, on: bool);
    /// Forgets the digit and the echo path; the line has a new call.
    fn reset(&mut self);
    /// Becomes what [`LineVoice::new`] gives for `profile`, without allocating: the line was given another profile.
    fn renew(&mut self, profile: &LineProfile);
}

/// A player of tones, digits and caller-ID bursts: one at a time.
pub trait Player<A: Audio> {
    /// A player that is silent, and has no phrases.
    fn new() -> Self;
    /// From now on announcements are said by the phrases of `bank`.
    fn set_bank(&mut self, bank: &Arc<PhraseBank>);
    /// Plays a tone until stopped or ended.
    fn tone(&mut self, tone: Tone, program: &ToneProgram);
    /// Plays a DTMF digit, after those that play or wait already, for `length`; without one until
    /// [`Player::finish_digit`] tells it.
    fn digit(&mut self, digit: u8, length: Option<Millis>);
    /// The digit of unknown length is to last `total` in all, but never less than it already has.
    fn finish_digit(&mut self, total: Millis);
    /// Forgets digits, but lets a tone or burst go on.
    fn drop_digits(&mut self);
    /// Sends who calls as this signal, then nothing.
    fn caller_id(&mut self, caller: &CallerId, signal: CallerIdSignal);
    /// Sends that messages wait or none do as this signal, then nothing.
    fn lamp(&mut self, on: bool, signal: CallerIdSignal);
    /// Sounds the dual-tone alerting signal (2130 and 2750 Hz) for so long, then nothing.
    fn alert(&mut self, length: Millis);
    /// Says something, then nothing.
    fn announce(&mut self, words: &Announcement);
    /// True once after an announcement was said to its end.
    fn take_announced(&mut self) -> bool;
    /// Caller identity or its alerting signal plays: its level is that of the port, whatever the line's gains.
    fn is_burst(&self) -> bool;
    /// Digits play: what comes back of them by the hybrid is no digit of the subscriber's.
    fn is_digit(&self) -> bool;
    /// Plays nothing.
    fn stop(&mut self);
    /// The next frame; `None` when nothing plays.
    fn next_frame(&mut self) -> Option<A::Frame>;
}

/// What is to be sent of a tick where silence is not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sifted {
    /// The sound.
    Sound,
    /// A description of so many bytes.
    Description(usize),
    /// Nothing.
    Nothing,
}

/// What a codec that makes whole packets has after a tick.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whole {
    /// The packet is not full.
    Collecting,
    /// A packet of so many bytes.
    Packet(usize),
    /// Nothing of it is to be sent.
    Nothing,
}

/// Hears the signals of fax terminals and modems in one direction, at the same cost whatever sounds.
pub trait Bank<A: Audio> {
    /// A bank that has heard nothing.
    fn new() -> Self;
    /// Forgets what it has heard.
    fn reset(&mut self);
    /// Takes a frame; the signal that is certain now, once.
    fn listen(&mut self, frame: &A::Frame) -> Option<Signal>;
}

/// Things that an ear may tell of one tick, at the most.
pub const MAX_OVERHEARD: usize = 3;

/// Hears on an outside line what its signalling needs: tones of the exchange, voices and silence, the caller's identity.
pub trait LineEar<A: Audio> {
    /// An ear for an outside line of this profile.
    fn new(profile: &LineProfile) -> Self;
    /// Becomes what [`LineEar::new`] gives for `profile`, without allocating.
    fn renew(&mut self, profile: &LineProfile);
    /// Forgets what it has heard: the line goes on-hook or off-hook.
    fn reset(&mut self);
    /// Takes what comes from the line (without echo, off-hook) and what goes to it from who listens at our end; `None`:
    /// nobody does, as while the caller is on hold, and his silence means nothing. On-hook it listens
    /// for the caller's identity, off-hook for tones, voices and silence (and for the identity where a terminal answers to
    /// get it).
    fn listen(
        &mut self,
        off_hook: bool,
        line: &A::Frame,
        network: Option<&A::Frame>,
    ) -> [Option<Overheard>; MAX_OVERHEARD];
    /// True while a message from an on-hook line is under way: silence is then part of it.
    fn is_receiving(&self) -> bool;
    /// Studies the tones in what comes from the line.
    fn study(&mut self, line: &A::Frame);
    /// The tone that came again and again in what was studied; forgets it.
    fn studied(&mut self) -> Option<LearnedTone>;
}

/// Sound to RTP payload and back, in units of one tick or, where the codec makes them, in whole packets.
pub trait Coder<A: Audio> {
    /// A coder that sends `codec`.
    fn new(codec: CodecName) -> Self;
    /// True if this build has `codec`.
    fn has(codec: CodecName) -> bool;
    /// True if packets of `codec` cannot be cut into ticks.
    fn is_whole(codec: CodecName) -> bool;
    /// Bytes of one tick under `codec`.
    fn unit(codec: CodecName) -> usize;
    /// Writes the payload of one tick; returns its length, at most [`MAX_UNIT`].
    fn encode(&mut self, frame: &A::Frame, out: &mut [u8]) -> usize;
    /// What was agreed of what is sent, told when the stream opens: the length of packets, what the far end wants of Opus,
    /// and whether the codec may say nothing while nobody talks: [`Coder::encode`] then gives a short unit, its description
    /// of silence, or none.
    fn agree(&mut self, packet: Millis, wish: OpusWish, silent: bool);
    /// Takes in a tick for a whole packet and writes it to `out` when it is full.
    fn encode_whole(&mut self, frame: &A::Frame, out: &mut [u8]) -> Whole;
    /// Decodes a whole packet and gives one of its units, by number.
    fn decode_whole(&mut self, packet: &[u8], unit: usize) -> A::Frame;
    /// Decodes what the next packet repeats of so many units that were lost, and gives the first.
    fn decode_repeated(&mut self, next: &[u8], units: usize) -> A::Frame;
    /// Another unit of what was decoded whole or repeated last.
    fn rest(&mut self, unit: usize) -> A::Frame;
    /// Bytes of the description of silence that `codec` has itself; zero where it has none.
    fn silence_unit(codec: CodecName) -> usize;
    /// Takes in what would be sent and tells whether it is to be: with comfort noise (RFC 3389) silence is described in
    /// place of being sent. The description is written to `out`, at most [`MAX_UNIT`].
    fn sift(&mut self, frame: &A::Frame, out: &mut [u8]) -> Sifted;
    /// Sound of one tick's payload, whatever its bytes.
    fn decode(&mut self, codec: CodecName, unit: &[u8]) -> A::Frame;
    /// Sound in place of a tick that was lost.
    fn conceal(&mut self) -> A::Frame;
    /// Comfort noise begins or changes: a tick of it.
    fn noise(&mut self, description: &[u8]) -> A::Frame;
    /// The far end sends nothing: a tick of the comfort noise that was last described, silence where none was since it
    /// talked.
    fn pause(&mut self) -> A::Frame;
    /// Level of what was decoded while somebody talked, and of the noise in between; `None` while nobody has.
    fn levels(&self) -> Option<(Dbm0, Dbm0)>;
    /// True if what was decoded last is so soft that 10 ms more or less of it will not be noticed.
    fn is_quiet(&self) -> bool;
    /// True if what was decoded last is silence: no modem sends.
    fn is_silent(&self) -> bool;
}

/// Where decoded sound waits to be played; it can be made longer and shorter there, and read at another speed.
pub trait Stretch<A: Audio> {
    /// Nothing waits.
    fn new() -> Self;
    /// Forgets what waits.
    fn reset(&mut self);
    /// How much waits.
    fn held(&self) -> Samples;
    /// Adds a tick of sound.
    fn push(&mut self, frame: &A::Frame);
    /// Parts in a million by which to read faster.
    fn set_speed(&mut self, ppm: f32);
    /// What has to wait before it can be made shorter.
    fn shorten_needs() -> Samples;
    /// Leaves a little out, where it will not be heard or by force.
    fn shorten(&mut self, force: bool);
    /// Puts a little in.
    fn lengthen(&mut self, force: bool);
    /// The frame of this tick, if enough waits.
    fn pull(&mut self) -> Option<A::Frame>;
}

/// Sends a test signal to a line and measures what comes back of it.
pub trait Meter<A: Audio> {
    /// A meter that has heard nothing.
    fn new() -> Self;
    /// True if frames of this kind have an echo.
    fn can_measure() -> bool;
    /// Forgets what was heard; the signal goes on.
    fn restart(&mut self);
    /// The next frame of the test signal.
    fn frame(&mut self) -> A::Frame;
    /// Takes in a frame from the line; the result for `network` when enough was heard.
    fn hear(&mut self, frame: &A::Frame, network: Impedance) -> Option<EchoLoss>;
}

/// The receiving end of a path between two shards: frames come by one clock and go by another.
pub trait Crossing<A: Audio> {
    /// An empty one.
    fn new() -> Self;
    /// A frame from the other shard.
    fn push(&mut self, frame: &A::Frame);
    /// The frame for this tick; silence until enough has come.
    fn pop(&mut self) -> A::Frame;
    /// Frames that were lost or made up because the clocks differ more than can be corrected, since the start.
    fn slips(&self) -> u32;
}
