//! The gateway of a seed, and who is around it.

use core::fmt::Write as _;

use tipring_units::Entropy;

use super::features;
use crate::flow::{Fidelity, Flow, FlowError, Head};

/// Telephones on lines at signal fidelity, at the least and at the most.
const LINES: (u32, u32) = (8, 14);
/// The same at true samples, which cost more.
const AUDIO_LINES: (u32, u32) = (4, 6);
/// Countries whose tones and signals are tried.
const LANDS: [&str; 4] = ["us", "gb", "de", "fr"];

/// What a seed decides once and for all.
#[derive(Clone, PartialEq, Debug)]
pub struct House {
    /// Its head as in a flow.
    pub text: String,
    /// Its country.
    pub land: &'static str,
    /// Its country's emergency number.
    pub emergency: &'static str,
    /// Which lines have a rotary dial.
    pub rotary: Vec<bool>,
    /// Outside lines; they come after the telephones.
    pub outside: usize,
    /// What a caller from outside dials before the number on each of them: nothing, or the PIN of direct access.
    pub pins: Vec<Option<&'static str>>,
    /// Which of them have ground start: a telephone beside the port cannot use them.
    pub ground: Vec<bool>,
    /// Names of the servers.
    pub servers: Vec<&'static str>,
    /// Numbers of the SIP telephones.
    pub users: Vec<&'static str>,
}

impl House {
    /// The house of a seed.
    pub fn new(entropy: &mut Entropy, fidelity: Fidelity) -> Self {
        let land = LANDS[entropy.below(LANDS.len() as u32) as usize];
        let (least, most) = match fidelity {
            Fidelity::Signal => LINES,
            Fidelity::Audio => AUDIO_LINES,
        };
        let count = least + entropy.below(most - least + 1);
        let mut text = format!("country {land}\nphones");
        for n in 0..count {
            let _ = write!(text, " {}", 101 + n);
        }
        text.push('\n');
        let two_shards = entropy.chance(40.0);
        let mut rotary = Vec::new();
        for n in 1..=count {
            let is_rotary = entropy.chance(20.0);
            rotary.push(is_rotary);
            let mut rest = String::new();
            if two_shards && n > count / 2 {
                rest.push_str(" shard 2");
            }
            if entropy.chance(15.0) {
                rest.push_str(" telephones 2");
            }
            if entropy.chance(20.0) {
                let _ = write!(rest, " loop {}ohm", 100 + entropy.below(13) * 100);
            }
            if is_rotary && entropy.chance(30.0) {
                rest.push_str(" 20pps");
            }
            if !rest.is_empty() {
                let _ = writeln!(text, "line {n}{rest}");
            }
        }
        if two_shards {
            let _ = writeln!(text, "shard 2 {} ppm", if entropy.chance(50.0) { "+100" } else { "-100" });
        }
        let (pins, ground) = outside_lines(&mut text, entropy, land, count, two_shards);
        let outside = pins.len();
        relays(&mut text, entropy, count, two_shards, outside);
        let tcp = if entropy.chance(25.0) { " tcp" } else { "" };
        let asks = if entropy.chance(25.0) { " asks" } else { "" };
        let srv = if entropy.chance(25.0) { " srv" } else { "" };
        let _ = writeln!(text, "server pbx account gw s3cret{asks}");
        let _ = writeln!(text, "server alt{tcp}{srv}");
        text.push_str("user 201 pass201\nuser 202 pass202\n");
        text.push_str(
            "dial 4xxx to pbx\ndial 5xx to alt\ndial 6xxx to pbx\ndial 1xx to phones\ndial 20x to phones\n",
        );
        text.push_str(if outside > 0 && entropy.chance(60.0) {
            "emergency lines pbx alt\n"
        } else {
            "emergency pbx alt\n"
        });
        if outside > 0 {
            text.push_str("dial <9:>,555xxxx to lines\n");
        }
        let emergency = if land == "us" { "911" } else { "112" };
        features::habits(&mut text, entropy, count);
        if count >= 5 {
            features::groups(&mut text, entropy);
        }
        Self {
            text,
            land,
            emergency,
            rotary,
            outside,
            pins,
            ground,
            servers: vec!["pbx", "alt"],
            users: vec!["201", "202"],
        }
    }

    /// Lines.
    pub fn lines(&self) -> usize {
        self.rotary.len()
    }

    /// Lines of telephones and outside lines.
    pub fn all_lines(&self) -> usize {
        self.lines() + self.outside
    }
}

/// Outside lines, each with an exchange of its own habits, and what the gateway is told of them; the PIN of direct access
/// on each, and whether it has ground start.
fn outside_lines(
    text: &mut String,
    entropy: &mut Entropy,
    land: &str,
    phones: u32,
    two_shards: bool,
) -> (Vec<Option<&'static str>>, Vec<bool>) {
    let count = entropy.below(4);
    let (mut pins, mut ground) = (Vec::new(), Vec::new());
    if count == 0 {
        return (pins, ground);
    }
    let emergency = if land == "us" { "911" } else { "112" };
    text.push_str("outside");
    for n in 1..=count {
        let _ = write!(text, " {n}");
    }
    text.push('\n');
    let _ = writeln!(text, "subscriber 5550177 \"MARY\"\nsubscriber 5550188 \"JOHN\"");
    let _ = writeln!(text, "subscriber {emergency} answers 2s");
    for n in phones + 1..=phones + count {
        let shard = if two_shards { " shard 2" } else { "" };
        let _ = write!(text, "line {n}{shard}");
        let is_ground = land == "us" && entropy.chance(20.0);
        ground.push(is_ground);
        if is_ground {
            text.push_str(" ground");
        } else if entropy.chance(40.0) {
            text.push_str(" telephones 1");
        }
        if entropy.chance(30.0) {
            let _ = write!(text, " loop {}ohm", 200 + entropy.below(13) * 100);
        }
        supervision(text, entropy, n);
        if is_ground {
            let _ = writeln!(text, "line {n} config start = \"ground\"");
        }
        who_rings(text, entropy, n);
        pins.push(direct_access(text, entropy, n));
        if entropy.chance(20.0) {
            let _ = writeln!(text, "line {n} config suffix = \"#\"");
        }
        let ways = match land {
            "us" => [("bellcore", "bellcore"), ("sdmf", "bellcore"), ("ntt", "ntt"), ("off", "off")],
            "gb" => [("bt", "bt"), ("cca", "etsi-rpas"), ("dtmf-dk", "dtmf"), ("off", "off")],
            _ => [
                ("etsi-between", "etsi-between"),
                ("etsi-dtas", "etsi-dtas"),
                ("dtmf-se", "dtmf"),
                ("off", "off"),
            ],
        };
        let (sent, expected) = ways[entropy.below(4) as usize];
        let _ = writeln!(text, "line {n} caller-id {sent}");
        let expected = if expected == "off" { "false".to_owned() } else { format!("\"{expected}\"") };
        let _ = writeln!(text, "line {n} config caller_id = {expected}");
    }
    (pins, ground)
}

/// How answers and clearing show on line `n`, and what the gateway is told to go by.
fn supervision(text: &mut String, entropy: &mut Entropy, n: u32) {
    let (answers, answer) = match entropy.below(5) {
        0 => ("none", "at once"),
        1 => ("reversal", "reversal"),
        2 => ("metering every 5s", "metering"),
        // the exchange shows it, and the gateway does not wait for it
        3 => ("reversal", "at once"),
        _ => ("none", "voice"),
    };
    let (clears, disconnect) = match entropy.below(9) {
        0 | 1 => ("cpc 600ms", "[\"cpc 200 ms\", \"tones\"]"),
        2 | 3 => ("reversal", "[\"reversal\"]"),
        4 => ("busy", "[\"tones\"]"),
        5 => ("reorder", "[\"tones\", \"silence 60 s\"]"),
        6 => ("strange", "[\"tones\"]"),
        7 => ("silence", "[\"silence 20 s\"]"),
        _ => ("dial-tone", "[\"tones\"]"),
    };
    let _ = writeln!(text, " answers {answers} clears {clears}");
    let _ = writeln!(text, "line {n} config answer = \"{answer}\"");
    let _ = writeln!(text, "line {n} config disconnect = {disconnect}");
    if clears == "strange" {
        let _ = writeln!(text, "line {n} config learned = \"1111 300/150 ms\"");
    }
}

/// Who rings for calls that come in on line `n`, by day and by night.
fn who_rings(text: &mut String, entropy: &mut Entropy, n: u32) {
    if entropy.chance(30.0) {
        let _ = writeln!(text, "line {n} config rings = [\"101\", \"102\"]");
        let _ = writeln!(text, "line {n} config fallback = \"103\"");
        let _ = writeln!(text, "line {n} config ring_time = \"8 s\"");
    } else {
        let to = ["101", "102", "103", "pbx", "201"][entropy.below(5) as usize];
        let _ = writeln!(text, "line {n} config rings = \"{to}\"");
    }
    if entropy.chance(30.0) {
        let to = ["104", "pbx", "202"][entropy.below(3) as usize];
        let hours = ["18:00-08:00", "09:25-09:40"][entropy.below(2) as usize];
        let _ = writeln!(text, "line {n} config night = \"{to}\"");
        let _ = writeln!(text, "line {n} config night_hours = \"{hours}\"");
    }
}

/// Callers on line `n` may dial by themselves; what they dial first.
fn direct_access(text: &mut String, entropy: &mut Entropy, n: u32) -> Option<&'static str> {
    let reach = ["internal", "local", "all"][entropy.below(3) as usize];
    match entropy.below(10) {
        0 | 1 => {
            let _ = writeln!(text, "line {n} config disa = \"{reach}\"");
            let _ = writeln!(text, "line {n} config disa_pin = \"4711\"");
            Some("4711#")
        }
        2 => {
            let _ = writeln!(text, "line {n} config disa = \"internal\"");
            Some("")
        }
        _ => None,
    }
}

/// Relays that join telephones to outside lines on the same card.
fn relays(text: &mut String, entropy: &mut Entropy, phones: u32, two_shards: bool, outside: usize) {
    let first = if two_shards { phones / 2 + 1 } else { 1 };
    for n in 0..outside as u32 {
        if entropy.chance(30.0) {
            let _ = writeln!(text, "line {} config lifeline = \"{}\"", first + n, n + 1);
        }
    }
}

/// The head as a world takes it.
pub fn head_of(house: &House) -> Result<Head, FlowError> {
    Flow::parse(&house.text).map(|flow| flow.head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::world_of;

    #[test]
    fn every_seed_gives_a_gateway() {
        let (mut two_shards, mut tcp, mut outside) = (0, 0, 0);
        for seed in 0..60 {
            let house = House::new(&mut Entropy::for_simulation(seed), Fidelity::Signal);
            let head = head_of(&house).unwrap_or_else(|error| panic!("seed {seed}: {error}\n{}", house.text));
            let spec =
                world_of(&head, seed).unwrap_or_else(|why| panic!("seed {seed}: {why}\n{}", house.text));
            assert_eq!(spec.lines.len(), house.all_lines());
            outside += usize::from(house.outside > 0);
            two_shards += usize::from(spec.shards.len() == 2);
            tcp += usize::from(head.servers[1].tcp);
        }
        assert!((12..48).contains(&two_shards) && tcp > 5, "{two_shards} {tcp}");
        assert!((30..58).contains(&outside), "{outside}");
    }
}
