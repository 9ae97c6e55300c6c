//! What people do with features: star codes, second calls, digits behind a flash.

use core::fmt::Write as _;

use tipring_media::Processing;
use tipring_units::{Entropy, Millis};

use super::agenda::Deed;
use super::run::Explorer;
use crate::lab::Place;
use crate::phone::{Action, Dialling};
use crate::plant::Fidelity;

/// The PIN of all telephones.
const PIN: &str = "4711";
/// Codes of North America; `N` stands for a number, `K` for a key.
const NORTH_AMERICA: &[&str] = &[
    "*72N", "*73", "*73", "*90N", "*91", "*92N", "*93", "*94N", "*95", "*78", "*79", "*79", "*77", "*87",
    "*67N", "*82N", "*66", "*69", "*57", "*70N", "*50", "*51", "*51", "*74KN", "#K", "*33*P#", "*34*P#",
    "*34*P#", "*98N", "*66", "*66", "*86",
];
/// Codes of the ETSI countries.
const ETSI: &[&str] = &[
    "*21*N#", "#21#", "*#21#", "*67*N#", "#67#", "*61*N#", "#61#", "*62*N#", "#62#", "#002#", "#002#",
    "*26#", "#26#", "#26#", "*99#", "#99#", "*31#N", "#31#N", "*32#", "#32#", "**0", "*10#", "*39#", "*43#",
    "#43#", "*43#", "*51*K*N#", "**K", "*33*P#", "#33*P#", "#33*P#", "*37#", "*37#", "#37#",
];
/// Those of the United Kingdom that are not ETSI's.
const UK: &[&str] = &["141N", "1470N", "1471"];

/// What the configuration says of each telephone's features.
pub(super) fn habits(text: &mut String, entropy: &mut Entropy, phones: u32) {
    for n in 1..=phones {
        let _ = writeln!(text, "line {n} config pin = \"{PIN}\"");
        if entropy.chance(30.0) {
            let _ = writeln!(text, "line {n} config test = \"09:{:02}\"", 31 + entropy.below(29));
        }
        if entropy.chance(40.0) {
            let recall = ["swap", "conference", "keys"][entropy.below(3) as usize];
            let _ = writeln!(text, "line {n} config recall = \"{recall}\"");
        }
        for (chance, key) in [(20.0, "waiting"), (25.0, "transfer"), (10.0, "star_codes")] {
            if entropy.chance(chance) {
                let _ = writeln!(text, "line {n} config {key} = false");
            }
        }
        for (chance, key) in [(4.0, "forward"), (8.0, "forward_busy"), (8.0, "forward_no_answer")] {
            if entropy.chance(chance) {
                let to = (101 + entropy.below(phones)).to_string();
                // one that forwards to itself is refused
                if to != (100 + n).to_string() {
                    let _ = writeln!(text, "line {n} config {key} = \"{to}\"");
                }
            }
        }
    }
}

/// Groups: 300 rings some of the telephones, 301 is where it overflows to.
pub(super) fn groups(text: &mut String, entropy: &mut Entropy) {
    for (number, members) in [(300, "\"101\", \"102\", \"104\""), (301, "\"103\", \"105\", \"201\"")] {
        let hunt = ["linear", "circular", "least-recent", "simultaneous"][entropy.below(4) as usize];
        let _ = writeln!(text, "table group.{number} members = [{members}]");
        let _ = writeln!(text, "table group.{number} hunt = \"{hunt}\"");
        let _ = writeln!(text, "table group.{number} ring_time = \"8 s\"");
    }
    if entropy.chance(50.0) {
        text.push_str("table group.300 no_answer = \"301\"\n");
    }
    text.push_str("dial 30x to phones\n");
}

impl<A: Processing + Fidelity> Explorer<A> {
    /// A star code of the country, whole.
    pub(super) fn star_code(&mut self) -> String {
        let is_british = self.house.land == "gb" && self.entropy.chance(20.0);
        let codes = match self.house.land {
            "us" => NORTH_AMERICA,
            _ if is_british => UK,
            _ => ETSI,
        };
        let code = codes[self.entropy.below(codes.len() as u32) as usize];
        let (number, key) = (self.number(), self.entropy.below(10).to_string());
        code.replace('N', &number).replace('K', &key).replace('P', PIN)
    }

    /// Somebody who knows how it is done asks a second one into a call, and lets one of them go.
    pub(super) fn bring_together(&mut self, place: Place, how: Dialling) {
        let length = Millis(match self.house.land {
            "us" => 450,
            "fr" => 270,
            _ => 100,
        });
        let (number, key) = (self.number(), self.entropy.below(5).to_string());
        let mut at = self.some(10_000, 20_000);
        for (dialled, then) in [
            (number, self.some(6_000, 20_000)),
            ("3".to_owned(), self.some(3_000, 10_000)),
            (key, Millis::ZERO),
        ] {
            self.later(at, Deed::Phone(place, Action::Flash(length)));
            self.later(at + Millis(1), Deed::Phone(place, Action::Wait(Millis(700))));
            self.later(at + Millis(2), Deed::Phone(place, Action::Dial(dialled, how)));
            at = at + then;
        }
    }

    /// Somebody in a call flashes, once or more often, and dials behind it or does not.
    pub(super) fn perhaps_flash(&mut self, place: Place, lasts: Millis, how: Dialling) {
        if !self.entropy.chance(30.0) {
            return;
        }
        let mut at = self.some(500, lasts.0.max(1000));
        for _ in 0..1 + self.entropy.below(5) {
            // some countries take a short break only, some a long one
            let length = match self.entropy.below(10) {
                0 => self.some(30, 90),
                1 => self.some(900, 1500),
                2..6 => self.some(85, 125),
                _ => self.some(150, 600),
            };
            self.later(at, Deed::Phone(place, Action::Flash(length)));
            let dialled = match self.entropy.below(10) {
                0..4 => Some(self.number()),
                4..6 => Some(self.entropy.below(5).to_string()),
                6 => Some(self.star_code()),
                _ => None,
            };
            if let Some(dialled) = dialled {
                self.later(at + Millis(1), Deed::Phone(place, Action::Wait(Millis(700))));
                self.later(at + Millis(2), Deed::Phone(place, Action::Dial(dialled, how)));
            }
            at = at + self.some(1_000, 12_000);
        }
    }
}
