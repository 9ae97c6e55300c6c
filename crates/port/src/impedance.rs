//! The impedance networks that line cards imitate.

use tipring_units::{Farads, Hz, Ohms};

/// What a network is made of: a resistor, in series with a resistor and a capacitor in parallel, in series with a capacitor.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Elements {
    /// In series.
    pub series: Ohms,
    /// In parallel; zero for a plain resistance.
    pub parallel: Ohms,
    /// Across the parallel resistor; zero for a plain resistance.
    pub across: Farads,
    /// In series; `None` where direct current passes.
    pub blocking: Option<Farads>,
}

impl Elements {
    /// A plain resistance.
    pub const fn resistance(ohms: Ohms) -> Self {
        Self { series: ohms, parallel: Ohms(0.0), across: Farads(0.0), blocking: None }
    }

    /// Resistance and reactance at a frequency above zero.
    pub fn at(&self, frequency: Hz) -> (Ohms, Ohms) {
        let omega = core::f64::consts::TAU * f64::from(frequency.0);
        let parallel = f64::from(self.parallel.0);
        let turn = omega * parallel * f64::from(self.across.0);
        let below = 1.0 + turn * turn;
        let blocking = self.blocking.map_or(0.0, |farads| 1.0 / (omega * f64::from(farads.0)));
        let resistance = f64::from(self.series.0) + parallel / below;
        (Ohms(resistance as f32), Ohms((-parallel * turn / below - blocking) as f32))
    }
}

/// Declares the networks with their words and elements.
macro_rules! networks {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $series:literal, $parallel:literal, $nano:literal, $micro:literal;)*) => {
        /// A network that a line port can present and balance against. They are those of the national requirements.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Impedance { $($(#[$doc])* $name,)* }

        impl Impedance {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
            /// The words for them: ohms, `||` in parallel, n and u for nanofarads and microfarads.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// The word for it.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// What it is made of.
            pub const fn elements(self) -> Elements {
                match self {
                    $(Self::$name => Elements {
                        series: Ohms($series),
                        parallel: Ohms($parallel),
                        across: Farads($nano * 1e-9),
                        blocking: if $micro > 0.0 { Some(Farads($micro * 1e-6)) } else { None },
                    },)*
                }
            }
        }
    };
}

networks! {
    /// North America and most private exchanges.
    R600 = "600", 600.0, 0.0, 0.0, 0.0;
    /// North America, loaded loops.
    R900 = "900", 900.0, 0.0, 0.0, 0.0;
    /// 600 ohm with the capacitor that keeps direct current away.
    R600C = "600 + 2.16u", 600.0, 0.0, 0.0, 2.16;
    /// 900 ohm with the capacitor that keeps direct current away: the compromise network of North America.
    R900C = "900 + 2.16u", 900.0, 0.0, 0.0, 2.16;
    /// The European reference impedance (TBR 21).
    Tbr21 = "270 + 750 || 150n", 270.0, 750.0, 150.0, 0.0;
    /// Australia, New Zealand.
    Australia = "220 + 820 || 120n", 220.0, 820.0, 120.0, 0.0;
    /// Germany, South Africa.
    Germany = "220 + 820 || 115n", 220.0, 820.0, 115.0, 0.0;
    /// The British network, New Zealand, India.
    Britain = "370 + 620 || 310n", 370.0, 620.0, 310.0, 0.0;
    /// The United Kingdom's terminals.
    BritainTerminal = "320 + 1050 || 230n", 320.0, 1050.0, 230.0, 0.0;
    /// A complex network of short European lines.
    C370 = "370 + 820 || 110n", 370.0, 820.0, 110.0, 0.0;
    /// A complex network of short European lines.
    C275 = "275 + 780 || 115n", 275.0, 780.0, 115.0, 0.0;
    /// China.
    China = "200 + 680 || 100n", 200.0, 680.0, 100.0, 0.0;
}

impl Impedance {
    /// The network that a word names.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|network| network.word() == word)
    }

    /// Its magnitude at 1 kHz, without what only blocks direct current.
    pub fn nominal(self) -> Ohms {
        let elements = Elements { blocking: None, ..self.elements() };
        let (resistance, reactance) = elements.at(Hz(1000.0));
        Ohms((resistance.0 * resistance.0 + reactance.0 * reactance.0).sqrt())
    }
}

impl core::fmt::Display for Impedance {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.pad(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_names_one_network_and_says_what_it_is_made_of() {
        assert_eq!(Impedance::ALL.len(), Impedance::WORDS.len());
        for network in Impedance::ALL {
            assert_eq!(Impedance::parse(network.word()), Some(*network));
            let elements = network.elements();
            assert!(network.word().starts_with(&format!("{}", elements.series.0)), "{network}");
            assert_eq!(network.word().contains("||"), elements.parallel.0 > 0.0, "{network}");
            assert_eq!(network.word().ends_with('u'), elements.blocking.is_some(), "{network}");
        }
        assert_eq!(Impedance::parse("601"), None);
    }

    #[test]
    fn a_complex_impedance_has_its_value_at_1_khz() {
        // 270 + 750 || 150 nF: 270 + 750 / (1 + j 0.7069) = 770.1 - j 353.5.
        let (resistance, reactance) = Impedance::Tbr21.elements().at(Hz(1000.0));
        assert!((resistance.0 - 770.1).abs() < 0.2 && (reactance.0 + 353.5).abs() < 0.2);
        assert!((Impedance::Tbr21.nominal().0 - 847.4).abs() < 0.5);
        // 2.16 uF at 1 kHz: 73.7 ohm.
        let (resistance, reactance) = Impedance::R900C.elements().at(Hz(1000.0));
        assert!((resistance.0 - 900.0).abs() < 0.1 && (reactance.0 + 73.68).abs() < 0.05);
        assert_eq!(Impedance::R900C.nominal(), Ohms(900.0));
    }
}
