//! The ear for symbols.

use tipring_port::{Sound, Symbol, Symbols, Tone};
use tipring_units::{Dbm0, Hz, TICK_SAMPLES};

use super::percept::{ALERT_TONES, Class, Datum, Listener, MAX_DATA, Percept};
use super::plan::{Land, Plan};
use crate::mouth::{RECORDING, VOICES};

/// What counts as silence.
const SILENCE: f32 = -48.0;

/// Reads what frames name.
#[derive(Clone, Debug)]
pub struct SymbolListener {
    receiving: bool,
    /// Tones of the country that sound as another one does.
    alike: Vec<(Tone, Tone)>,
}

impl SymbolListener {
    /// A listener; names are the same in every country, but for tones of `land` that nobody can tell apart.
    pub fn new(land: Land) -> Self {
        Self { receiving: false, alike: Plan::of(land).alike }
    }

    fn heard_as(&self, tone: Tone) -> Tone {
        self.alike.iter().find(|(one, _)| *one == tone).map_or(tone, |(_, other)| *other)
    }
}

impl Listener<Symbols> for SymbolListener {
    fn perceive(&mut self, frame: &Symbol) -> Percept {
        let mut percept = Percept { window: TICK_SAMPLES as u16, ..Percept::NOTHING };
        for (sound, level) in frame.sounds().filter(|(_, level)| level.0 > SILENCE) {
            percept.sounding = [true; 4];
            let class = match sound {
                // an outside dial tone is the dial tone again: nobody can hear a difference
                Sound::Tone(Tone::Outside) => Class::Named(Tone::Dial, level),
                Sound::Tone(tone) => Class::Named(self.heard_as(tone), level),
                Sound::Dtmf(digit) => Class::Digit(digit),
                Sound::Sine(hertz) => Class::Sine(Hz(f32::from(hertz)), level),
                Sound::Fsk(..) => Class::Other,
                Sound::Phrase(phrase) => {
                    percept.phrase = Some((phrase, 1));
                    Class::Other
                }
                Sound::Voice(id) => {
                    if id != RECORDING
                        && let Some(place) = percept.voices.iter_mut().find(|place| place.is_none())
                    {
                        *place = Some(id % VOICES);
                    }
                    Class::Other
                }
            };
            // a tone is heard before a voice
            if percept.class.is_none_or(|known| known == Class::Other) {
                percept.class = Some(class);
            }
        }
        percept
    }

    fn data(&mut self, frame: &Symbol) -> [Option<Datum>; MAX_DATA] {
        let mut data = [None; MAX_DATA];
        let burst = frame.sounds().find_map(|(sound, _)| match sound {
            Sound::Fsk(bytes, count) => Some((bytes, count)),
            Sound::Tone(_) | Sound::Dtmf(_) | Sound::Voice(_) | Sound::Sine(_) | Sound::Phrase(_) => None,
        });
        match burst {
            Some((bytes, count)) => {
                self.receiving = true;
                for (place, byte) in data.iter_mut().zip(bytes.iter().take(usize::from(count))) {
                    *place = Some(Datum::Byte(*byte));
                }
            }
            None if self.receiving => {
                self.receiving = false;
                data[0] = Some(Datum::Idle);
            }
            None => {}
        }
        data
    }

    fn is_alert(frame: &Symbol) -> bool {
        let sounds = |tone: &Hz| frame.sounds().any(|(sound, _)| sound == Sound::Sine(tone.0 as u16));
        ALERT_TONES.iter().all(sounds)
    }

    fn forget_speech(&mut self) {} // a frame tells all

    fn level(frame: &Symbol) -> Dbm0 {
        frame
            .sounds()
            .fold(Dbm0(-99.0), |loudest, (_, level)| if level.0 > loudest.0 { level } else { loudest })
    }
}
