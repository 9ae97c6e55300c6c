//! Status tells of a conference as long as there is one.

#[path = "reload/house.rs"]
#[allow(dead_code, reason = "each test uses a part of it")]
mod house;

use house::House;
use tipring_port::{DigitSource, LineEvent};
use tipring_units::Millis;

const TEXT: &str = "country = \"us\"
[phone.101-103]
port = \"sim/1-3\"
[dial]
\"1xx\" = \"phones\"
";

#[test]
fn a_conference_is_shown_until_one_of_them_leaves() {
    let mut house = House::talking(TEXT);
    house.line(0, LineEvent::Flash(Millis(400)));
    assert_eq!(house.states(), ["held"]);
    for digit in *b"103" {
        house.line(0, LineEvent::Digit { digit, source: DigitSource::Dtmf, length: Millis(80) });
    }
    house.line(2, LineEvent::Ringing);
    house.line(2, LineEvent::Answered);
    assert_eq!(house.states(), ["held", "talking"]);
    house.line(0, LineEvent::Flash(Millis(400)));
    assert_eq!(house.states(), ["conference", "conference"]);
    // A flash drops the last, unless a second one follows.
    house.line(0, LineEvent::Flash(Millis(400)));
    assert_eq!(house.states(), ["talking", "held"]);
    house.wait(Millis(1600));
    assert_eq!(house.states(), ["talking"]);
}
