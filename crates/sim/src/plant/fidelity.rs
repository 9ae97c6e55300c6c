//! The two fidelities: everything that touches sound, once for true samples and once for symbols.

use std::collections::VecDeque;

use tipring_port::{Audio, Frame, Impedance, SAMPLE_SILENCE, Samples as TrueSamples, Symbol, Symbols};
use tipring_units::{Db, Entropy, Samples, TICK_SAMPLES};

use super::hybrid::{Hybrid, HybridSpec};
use super::impedance::Cable;
use super::noise::{Disturbance, Noise};
use crate::ear::{Land, Listener, SampleListener, SymbolListener};
use crate::mouth::{SampleSpeaker, Speaker, SymbolSpeaker};
use crate::office::{Part, Sounder};

/// What a kind of audio needs of the laboratory.
pub trait Fidelity: Audio + Sized {
    /// Makes sounds.
    type Speaker: Speaker<Self>;
    /// Analyses sounds.
    type Listener: Listener<Self>;
    /// Carries sounds between card and telephones.
    type Wire: Wire<Self>;

    /// True if the frame carries nothing.
    fn is_silent(frame: &Self::Frame) -> bool;

    /// A speaker of its own voice.
    fn speaker(entropy: &mut Entropy) -> Self::Speaker;

    /// A listener of `land`.
    fn listener(land: Land) -> Self::Listener;

    /// A wire with its disturbances.
    fn wire(spec: &WireSpec, entropy: &mut Entropy) -> Self::Wire;

    /// What an exchange sounds in a tick: `parts` of a score, one after the other.
    fn sound(parts: &[Part<'_>], sounder: &mut Sounder) -> Self::Frame;

    /// What is left of a frame where it sounds only in the samples of which `live` has the bits.
    fn gated(frame: &Self::Frame, live: u128) -> Self::Frame;
}

/// What a wire does to sound.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct WireSpec {
    /// The hybrid.
    pub hybrid: HybridSpec,
    /// The cable behind it.
    pub cable: Cable,
    /// Loss of the loop in each direction.
    pub loss: Db,
    /// Noise and hum.
    pub disturbance: Disturbance,
    /// Samples from the gateway's hand-over to the wire.
    pub delay: u16,
    /// Samples from the wire to the hand-over to the gateway: what a slip can drop.
    pub cushion: u16,
}

/// What a telephone gives to the wire in one tick and what it gets.
#[derive(Clone, Copy, Debug)]
pub struct Tap<F> {
    /// What its mouth gives.
    pub spoken: F,
    /// What its ear gets.
    pub heard: F,
    /// The samples of the tick in which it is connected (off-hook and fed): bit n for sample n.
    pub live: u128,
    /// True if its listening circuit is on the line although it is on-hook (caller ID).
    pub bridged: bool,
    /// It is at the card's end of the loop: on an outside line the telephones beside the port, not the exchange.
    pub near: bool,
}

/// All bits of a tick.
pub const WHOLE_TICK: u128 = (1 << TICK_SAMPLES) - 1;

/// Carries sound between a card and the telephones of its line.
pub trait Wire<A: Audio>: core::fmt::Debug + Send {
    /// One tick: `sent` goes to every telephone; the card gets what they speak, and the echo.
    fn carry(&mut self, sent: &A::Frame, taps: &mut [Tap<A::Frame>]) -> A::Frame;

    /// The card presents this network and balances against it.
    fn present(&mut self, network: Impedance);

    /// Noise and hum are these from now on.
    fn disturb(&mut self, disturbance: Disturbance, entropy: &mut Entropy);

    /// The cable is this one from now on, and its loss in each direction.
    fn lengthen(&mut self, cable: Cable, loss: Db);

    /// True if a silent frame on an idle line gives a silent frame.
    fn is_quiet(&self) -> bool;

    /// Inserts (positive) or drops (negative) samples towards the gateway; returns how many it did. No more can be
    /// dropped than the cushion holds.
    fn slip(&mut self, samples: i16) -> i16;

    /// Samples from hand-over to the wire and back now.
    fn bulk_delay(&self) -> Samples;
}

impl Fidelity for TrueSamples {
    type Speaker = SampleSpeaker;
    type Listener = SampleListener;
    type Wire = SampleWire;

    fn is_silent(frame: &Self::Frame) -> bool {
        frame.iter().all(|&sample| sample == 0)
    }

    fn speaker(entropy: &mut Entropy) -> SampleSpeaker {
        SampleSpeaker::new(entropy.u32())
    }

    fn listener(land: Land) -> SampleListener {
        SampleListener::new(land)
    }

    fn wire(spec: &WireSpec, entropy: &mut Entropy) -> SampleWire {
        SampleWire::new(spec, entropy)
    }

    fn sound(parts: &[Part<'_>], sounder: &mut Sounder) -> Frame {
        sounder.samples(parts)
    }

    fn gated(frame: &Frame, live: u128) -> Frame {
        core::array::from_fn(|n| if live >> n & 1 != 0 { frame[n] } else { 0 })
    }
}

impl Fidelity for Symbols {
    type Speaker = SymbolSpeaker;
    type Listener = SymbolListener;
    type Wire = SymbolWire;

    fn is_silent(frame: &Symbol) -> bool {
        frame.is_silent()
    }

    fn speaker(_: &mut Entropy) -> SymbolSpeaker {
        SymbolSpeaker
    }

    fn listener(land: Land) -> SymbolListener {
        SymbolListener::new(land)
    }

    fn wire(spec: &WireSpec, _: &mut Entropy) -> SymbolWire {
        SymbolWire { loss: spec.loss }
    }

    fn sound(parts: &[Part<'_>], _: &mut Sounder) -> Symbol {
        Sounder::symbol(parts)
    }

    fn gated(frame: &Symbol, live: u128) -> Symbol {
        if is_most(live) { *frame } else { Symbol::SILENCE }
    }
}

/// The wire of true samples: delay, hybrid, loss, noise.
#[derive(Clone, Debug)]
pub struct SampleWire {
    hybrid: Hybrid,
    noise: Noise,
    gain: f32,
    off_hook: usize,
    delay: Vec<f32>,
    place: usize,
    /// What waits to be handed over.
    cushion: VecDeque<i16>,
    /// Ticks since anything but silence was sent: until the line has rung out, echo is computed.
    quiet_ticks: u8,
}

/// Samples in the cushion, at the most.
const MAX_CUSHION: usize = 4000;
/// Ticks after which neither delay nor hybrid hold any sound.
const RUNG_OUT: u8 = 100;

impl SampleWire {
    fn new(spec: &WireSpec, entropy: &mut Entropy) -> Self {
        Self {
            hybrid: Hybrid::new(spec.hybrid, spec.cable),
            noise: Noise::new(spec.disturbance, entropy),
            gain: gain(spec.loss),
            off_hook: 0,
            delay: vec![0.0; usize::from(spec.delay) + 1],
            place: 0,
            cushion: std::iter::repeat_n(0, usize::from(spec.cushion)).collect(),
            quiet_ticks: RUNG_OUT,
        }
    }
}

impl Wire<TrueSamples> for SampleWire {
    fn carry(&mut self, sent: &Frame, taps: &mut [Tap<Frame>]) -> Frame {
        let off_hook = taps.iter().filter(|tap| tap.live != 0).count();
        if off_hook != self.off_hook {
            self.off_hook = off_hook;
            self.hybrid.terminate(off_hook);
        }
        let is_silent = TrueSamples::is_silent(sent);
        self.quiet_ticks = if is_silent { self.quiet_ticks.saturating_add(1).min(RUNG_OUT) } else { 0 };
        let mut from_line = SAMPLE_SILENCE;
        if self.quiet_ticks == RUNG_OUT && off_hook == 0 && self.noise.is_silent() {
            for tap in taps.iter_mut() {
                tap.heard = SAMPLE_SILENCE;
            }
            self.hand_over(&mut from_line);
            return from_line;
        }
        for (n, (sample, place)) in sent.iter().zip(&mut from_line).enumerate() {
            self.delay[self.place] = f32::from(*sample);
            self.place = (self.place + 1) % self.delay.len();
            let arrived = self.delay[self.place];
            let noise = self.noise.sample();
            // what is said at the card's end of the loop, and at the other
            let (mut here, mut there) = (0.0_f32, 0.0_f32);
            for tap in taps.iter().filter(|tap| tap.live >> n & 1 != 0) {
                *(if tap.near { &mut here } else { &mut there }) += f32::from(tap.spoken[n]);
            }
            *place = to_i16(self.hybrid.echo(arrived) + here + there * self.gain + noise);
            for tap in taps.iter_mut() {
                let live = tap.live >> n & 1 != 0;
                // side tone is left out: an ear hears the others
                let own = if live { f32::from(tap.spoken[n]) } else { 0.0 };
                tap.heard[n] = if live || tap.bridged {
                    let sound = if tap.near {
                        arrived + (here - own) + there * self.gain
                    } else {
                        (arrived + here) * self.gain + (there - own)
                    };
                    to_i16(sound + noise)
                } else {
                    0
                };
            }
        }
        self.hand_over(&mut from_line);
        from_line
    }

    fn present(&mut self, network: Impedance) {
        self.hybrid.present(network);
    }

    fn disturb(&mut self, disturbance: Disturbance, entropy: &mut Entropy) {
        self.noise = Noise::new(disturbance, entropy);
    }

    fn lengthen(&mut self, cable: Cable, loss: Db) {
        self.hybrid.lengthen(cable);
        self.gain = gain(loss);
    }

    fn is_quiet(&self) -> bool {
        self.noise.is_silent() && self.quiet_ticks == RUNG_OUT
    }

    fn slip(&mut self, samples: i16) -> i16 {
        let count = usize::from(samples.unsigned_abs());
        if samples >= 0 {
            let count = count.min(MAX_CUSHION.saturating_sub(self.cushion.len()));
            let held = self.cushion.front().copied().unwrap_or(0);
            self.cushion.extend(std::iter::repeat_n(held, count));
            self.cushion.rotate_right(count);
            count as i16
        } else {
            let count = count.min(self.cushion.len());
            self.cushion.drain(..count);
            -(count as i16)
        }
    }

    fn bulk_delay(&self) -> Samples {
        Samples((self.delay.len() - 1 + self.cushion.len()) as u64)
    }
}

impl SampleWire {
    /// Passes a frame through the cushion.
    fn hand_over(&mut self, frame: &mut Frame) {
        if self.cushion.is_empty() {
            return;
        }
        self.cushion.extend(*frame);
        for (sample, waiting) in frame.iter_mut().zip(self.cushion.drain(..TICK_SAMPLES)) {
            *sample = waiting;
        }
    }
}

fn gain(loss: Db) -> f32 {
    libm::powf(10.0, -loss.0 / 20.0)
}

fn to_i16(value: f32) -> i16 {
    // a cast saturates
    (value + 0.5f32.copysign(value)) as i16
}

/// What is connected for the greater part of a tick counts for all of it.
const fn is_most(live: u128) -> bool {
    live.count_ones() as usize > TICK_SAMPLES / 2
}

/// The wire of symbols: loss only.
#[derive(Clone, Debug)]
pub struct SymbolWire {
    loss: Db,
}

impl Wire<Symbols> for SymbolWire {
    fn carry(&mut self, sent: &Symbol, taps: &mut [Tap<Symbol>]) -> Symbol {
        let mut from_line = Symbol::SILENCE;
        for place in 0..taps.len() {
            let (near, is_live) = (taps[place].near, is_most(taps[place].live));
            let loss = |apart: bool| if apart { self.loss } else { Db(0.0) };
            if is_live {
                for (sound, level) in taps[place].spoken.sounds() {
                    from_line.add(sound, level - loss(!near));
                }
            }
            let mut heard = Symbol::SILENCE;
            if is_live || taps[place].bridged {
                for (sound, level) in sent.sounds() {
                    heard.add(sound, level - loss(!near));
                }
                for (other, tap) in taps.iter().enumerate() {
                    if other != place && is_most(tap.live) {
                        for (sound, level) in tap.spoken.sounds() {
                            heard.add(sound, level - loss(near != tap.near));
                        }
                    }
                }
            }
            taps[place].heard = heard;
        }
        from_line
    }

    fn present(&mut self, _: Impedance) {} // symbols have no echo

    fn disturb(&mut self, _: Disturbance, _: &mut Entropy) {} // and no noise

    fn lengthen(&mut self, _: Cable, loss: Db) {
        self.loss = loss;
    }

    fn is_quiet(&self) -> bool {
        true
    }

    fn slip(&mut self, samples: i16) -> i16 {
        // frames of symbols have no samples: only the report tells of the slip
        samples
    }

    fn bulk_delay(&self) -> Samples {
        Samples(0)
    }
}
