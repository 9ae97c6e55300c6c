//! The simulated line as a line for the trials of cancellers.

use tipring_dsp::echo_trial::Plant;
use tipring_port::{Elements, Impedance, Samples as TrueSamples};
use tipring_sim::plant::impedance::Cable;
use tipring_sim::plant::{Disturbance, Fidelity, HybridSpec, Tap, WHOLE_TICK, Wire, WireSpec};
use tipring_units::{Db, Dbm0, Entropy, Farads, Ohms, TICK_SAMPLES};

/// A line of the laboratory with telephones off-hook.
#[derive(Clone, Copy)]
pub struct Loop {
    name: &'static str,
    hybrid: HybridSpec,
    phones: usize,
}

impl Loop {
    /// A card for 600 ohm, a telephone of 900 ohm + 2.16 uF, echo return loss 12 dB.
    pub fn matched() -> Self {
        let telephone = Impedance::R900C.elements();
        let hybrid = HybridSpec { telephone, echo_return_loss: Some(Db(12.0)), ..HybridSpec::default() };
        Self { name: "loop, 12 dB", hybrid, phones: 1 }
    }

    /// The wrong impedance behind a long cable, echo return loss 6 dB.
    pub fn mismatched() -> Self {
        let telephone = Elements {
            series: Ohms(1200.0),
            parallel: Ohms(0.0),
            across: Farads(0.0),
            blocking: Some(Farads(0.5e-6)),
        };
        let hybrid = HybridSpec { telephone, echo_return_loss: Some(Db(6.0)), ..HybridSpec::default() };
        Self { name: "loop, 6 dB", hybrid, phones: 1 }
    }

    /// The first one with a second telephone off-hook.
    pub fn with_two_telephones() -> Self {
        Self { name: "loop, two telephones", phones: 2, ..Self::matched() }
    }
}

impl Plant for Loop {
    fn name(&self) -> &str {
        self.name
    }

    fn back(&self, entropy: &mut Entropy, far: &[i16], talk: &[i16], noise: Dbm0) -> Vec<i16> {
        let spec = WireSpec {
            hybrid: self.hybrid,
            cable: Cable::NONE,
            loss: Db(0.0),
            disturbance: Disturbance { noise: Some(noise), hum: None },
            delay: 0,
            cushion: 0,
        };
        let mut wire = TrueSamples::wire(&spec, &mut entropy.fork());
        let mut out = Vec::with_capacity(far.len());
        let mut talk = talk.iter().copied().chain(std::iter::repeat(0));
        for sent in far.as_chunks::<TICK_SAMPLES>().0 {
            let silent = [0; TICK_SAMPLES];
            let mut taps =
                vec![
                    Tap { spoken: silent, heard: silent, live: WHOLE_TICK, bridged: false, near: false };
                    self.phones
                ];
            if let Some(tap) = taps.first_mut() {
                tap.spoken = std::array::from_fn(|_| talk.next().unwrap_or(0));
            }
            out.extend(wire.carry(sent, &mut taps));
        }
        out
    }
}
