//! The star codes that subscribers know from their own network.
//!
//! # Standard
//! North America: the vertical service codes of the NANPA list. ETSI: ETS 300 738 (forwarding, hiding, lock, all by
//! `*SC*n#`, `#SC#`, `*#SC#`). United Kingdom: the network codes of the former public operator (141, 1470, 1471 and the ETSI
//! form for the rest). Codes that no list has (speed dials by `#`, the last number) are those that adapters use.

use super::codes::{Action, Code};

/// A ready set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CodeSet {
    /// `*72` and its kin.
    NorthAmerica,
    /// `*21*n#` and its kin.
    Etsi,
    /// The British ones.
    Uk,
}

const NORTH_AMERICA: &[(&str, &str)] = &[
    ("*72{number}", "forward"),
    ("*73", "forward off"),
    ("*90{number}", "forward busy"),
    ("*91", "forward busy off"),
    ("*92{number}", "forward no answer"),
    ("*93", "forward no answer off"),
    ("*94{number}", "forward unreachable"),
    ("*95", "forward unreachable off"),
    ("*78", "do not disturb"),
    ("*79", "do not disturb off"),
    ("*77", "reject anonymous"),
    ("*87", "reject anonymous off"),
    ("*67", "hide next"),
    ("*82", "show next"),
    ("*51", "waiting"),
    ("*50", "waiting off"),
    ("*70", "no waiting"),
    ("*57", "trace"),
    ("*44", "say number"),
    ("*45", "say address"),
    ("*07", "redial"),
    ("*66", "call back"),
    ("*86", "call back off"),
    ("*36{number}", "pick up"),
    ("*37", "pick up group"),
    ("*68", "park"),
    ("*88{number}", "unpark"),
    ("*69", "return"),
    ("*98{number}", "transfer"),
    ("*74{digit}{number}", "set speed dial"),
    ("*75{digits}{number}", "set speed dial"),
    ("#{digit}", "speed dial"),
    ("##{digits}", "speed dial"),
    ("*33*{pin}#", "lock"),
    ("*34*{pin}#", "lock off"),
];

const ETSI: &[(&str, &str)] = &[
    ("*21*{number}#", "forward"),
    ("#21#", "forward off"),
    ("*#21#", "forward ask"),
    ("*67*{number}#", "forward busy"),
    ("#67#", "forward busy off"),
    ("*#67#", "forward busy ask"),
    ("*61*{number}#", "forward no answer"),
    ("#61#", "forward no answer off"),
    ("*#61#", "forward no answer ask"),
    ("*62*{number}#", "forward unreachable"),
    ("#62#", "forward unreachable off"),
    ("*#62#", "forward unreachable ask"),
    ("#002#", "forward none"),
    ("*26#", "do not disturb"),
    ("#26#", "do not disturb off"),
    ("*#26#", "do not disturb ask"),
    ("*99#", "reject anonymous"),
    ("#99#", "reject anonymous off"),
    ("*31#", "hide next"),
    ("#31#", "show next"),
    ("*32#", "hide"),
    ("#32#", "hide off"),
    ("*#32#", "hide ask"),
    ("*43#", "waiting"),
    ("#43#", "waiting off"),
    ("*#43#", "waiting ask"),
    ("*39#", "trace"),
    ("*44#", "say number"),
    ("*45#", "say address"),
    ("*37#", "call back"),
    ("#37#", "call back off"),
    ("*59*{number}#", "pick up"),
    ("*57#", "pick up group"),
    ("*56#", "park"),
    ("#56*{number}#", "unpark"),
    ("**0", "redial"),
    ("*10#", "return"),
    ("*51*{digit}*{number}#", "set speed dial"),
    ("*52*{digits}*{number}#", "set speed dial"),
    ("**{digit}", "speed dial"),
    ("***{digits}", "speed dial"),
    ("*33*{pin}#", "lock"),
    ("#33*{pin}#", "lock off"),
];

const UK: &[(&str, &str)] = &[
    ("141", "hide next"),
    ("1470", "show next"),
    ("1471", "return"),
    ("17070", "say number"),
    ("5", "call back now"),
];

impl CodeSet {
    /// The names by which the configuration knows them.
    pub const WORDS: [&'static str; 3] = ["north-america", "etsi", "uk"];

    /// The set of that name.
    pub fn of_word(word: &str) -> Option<Self> {
        match word {
            "north-america" => Some(Self::NorthAmerica),
            "etsi" => Some(Self::Etsi),
            "uk" => Some(Self::Uk),
            _ => None,
        }
    }

    /// Its codes.
    pub fn codes(self) -> Vec<Code> {
        let more = match self {
            Self::NorthAmerica | Self::Etsi => None,
            Self::Uk => Some(Self::Etsi),
        };
        self.own_codes().chain(more.into_iter().flat_map(Self::own_codes)).collect()
    }

    /// Those that it does not have from another set.
    pub(super) fn own_codes(self) -> impl Iterator<Item = Code> {
        let own = match self {
            Self::NorthAmerica => NORTH_AMERICA,
            Self::Etsi => ETSI,
            Self::Uk => UK,
        };
        own.iter().filter_map(|(text, word)| Code::new(text, Action::of_word(word)?).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::{Judged, judge};

    #[test]
    fn every_code_of_every_set_is_read_as_what_it_is() {
        for (set, count) in [
            (CodeSet::NorthAmerica, NORTH_AMERICA.len()),
            (CodeSet::Etsi, ETSI.len()),
            (CodeSet::Uk, UK.len() + ETSI.len()),
        ] {
            let codes = set.codes();
            assert_eq!(codes.len(), count, "{set:?}");
            for code in codes.iter().filter(|code| code.action() != Action::CallBackNow) {
                let typed = code
                    .as_str()
                    .replace("{digits}", "42")
                    .replace("{digit}", "4")
                    .replace("{pin}", "1234")
                    .replace("{number}#", "5550123#")
                    .replace("{number}", "");
                match judge(&codes, &typed) {
                    Judged::Whole(given) | Judged::NumberFollows(given) => {
                        assert_eq!(given.action, code.action(), "{set:?} {code} {typed}");
                    }
                    Judged::Not | Judged::More { .. } => panic!("{set:?} {code} {typed}"),
                }
            }
        }
    }
}
