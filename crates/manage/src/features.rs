//! What subscribers have set by star code: from the switch's to what is kept, and back.

use tipring_call::{Features, Flag, Forward, ForwardWhen, Number};
use tipring_store::FeatureRow;

/// As it is kept.
pub fn row(features: &Features) -> FeatureRow {
    let mut row = FeatureRow::default();
    for when in ForwardWhen::ALL {
        let to = match features.forward(when) {
            Some(Forward::To(number)) => number.as_str().to_owned(),
            Some(Forward::Off) => String::new(),
            None => continue,
        };
        row.forward.insert(when.word().to_owned(), to);
    }
    for flag in Flag::ALL {
        if let Some(on) = features.flag(flag) {
            row.flags.insert(flag.word().to_owned(), on);
        }
    }
    row.speed = features.speeds().map(|(key, number)| (key, number.as_str().to_owned())).collect();
    row
}

/// As the switch has it; words that it does not know are left out.
pub fn features(row: &FeatureRow) -> Features {
    let mut features = Features::default();
    for when in ForwardWhen::ALL {
        match row.forward.get(when.word()).map(String::as_str) {
            Some("") => features.set_forward(when, Forward::Off),
            Some(to) => features.set_forward(when, Forward::To(Number::new(to))),
            None => {}
        }
    }
    for flag in Flag::ALL {
        if let Some(on) = row.flags.get(flag.word()) {
            features.set_flag(flag, *on);
        }
    }
    for (key, number) in &row.speed {
        features.set_speed(*key, Number::new(number));
    }
    features
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_set_comes_back_as_it_was() {
        let mut set = Features::default();
        set.set_forward(ForwardWhen::Always, Forward::Off);
        set.set_forward(ForwardWhen::NoAnswer, Forward::To(Number::new("5550123")));
        set.set_flag(Flag::DoNotDisturb, true);
        set.set_flag(Flag::Lock, false);
        set.set_flag(Flag::Waiting, false);
        set.set_speed(109, Number::new("9911"));
        assert_eq!(features(&row(&set)), set);
        assert_eq!(features(&FeatureRow::default()), Features::default());
    }
}
