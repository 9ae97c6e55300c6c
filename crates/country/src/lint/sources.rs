//! Whether each value of a pack says where it comes from, the common defaults above all.

use tipring_port::{HookTiming, Impedance};
use tipring_units::{Dbr, Hz, Millis, Volts};

use crate::{Country, Provenance};

/// The hook of common line cards.
const HOOK: HookTiming = HookTiming { seize: Millis(64), release: Millis(64), bounce: Millis(12) };
/// ITU-T Q.552, typical.
const LEVELS: (Dbr, Dbr) = (Dbr(0.0), Dbr(-7.0));
/// What line circuits towards an exchange take for ringing.
const RINGING: (Hz, Hz, Volts, Millis) = (Hz(14.0), Hz(68.0), Volts(15.0), Millis(256));

/// Sources are there, two or a note; a value that equals the default is looked up, not inherited.
pub(super) fn sources(country: &Country, check: &mut impl FnMut(bool, &str)) {
    for value in &country.provenance {
        let Provenance { key, source, second, unverified } = value;
        if is_default(country, key) {
            check(!source.is_empty(), &format!("{key} equals the common default and has no source"));
        } else {
            check(!source.is_empty(), &format!("{key} has no source"));
        }
        check(
            second.is_some() || unverified.is_some(),
            &format!("{key} has neither a second source nor a note that there is none"),
        );
        check(
            !source.starts_with("none found") || unverified.is_some(),
            &format!("{key} has no source and does not say that it is a choice"),
        );
        check(
            source.is_empty() || second.as_ref() != Some(source),
            &format!("{key} has the same source twice"),
        );
    }
}

/// True if the table `key` holds what any country would get that was not looked up.
fn is_default(country: &Country, key: &str) -> bool {
    let ringing = &country.outside.ringing;
    match key {
        "hook" => country.hook == HOOK,
        "levels" => (country.level_in, country.level_out) == LEVELS,
        "impedance" => country.impedance == Impedance::R600,
        "outside_ringing" => (ringing.lowest, ringing.highest, ringing.least, ringing.validate) == RINGING,
        _ => false,
    }
}
