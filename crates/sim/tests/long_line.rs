//! A long-line extension over IP: gateway A has an outside line (FXO), gateway B a telephone (FXS), and between them is a
//! network. The telephone is to be as if it hung on the exchange's line: ring-down both ways, with the caller's number and
//! name, answer reversal and disconnect carried over.
//!
//! Each test compares its ladder with the golden one in `long_line/`; `TIPRING_BLESS=1` writes them anew. At audio fidelity
//! the same has to happen within the tolerance of flows.

use std::path::Path;

use tipring_media::Processing;
use tipring_port::{CallerId, Samples, Symbols, Text};
use tipring_sim::ear::Land;
use tipring_sim::flow::{Ladder, Rung, TOLERANCE};
use tipring_sim::mouth::Talk;
use tipring_sim::office::{Manner, OfficeSpec, Order, SubscriberSpec, Supervision};
use tipring_sim::pair::{End, Outside, PairOf, PairSpec, Seen};
use tipring_sim::phone::{Action, Dialling};
use tipring_sim::plant::Fidelity;
use tipring_units::{Instant, Millis};

/// The subscriber's voice and the telephone's.
const VOICES: [(u16, &str); 2] = [(63, "subscriber"), (1, "phone")];
/// A tone that sounds no longer was on its way to become another.
const MOMENT: Millis = Millis(600);

/// What a step lets happen.
enum Do {
    Phone(Action),
    Exchange(Order),
}

/// A step: what it is called, what it lets happen, and how long it is looked at.
type Step = (&'static str, Do, Millis);

fn spec() -> PairSpec {
    let mary = SubscriberSpec {
        number: "5550177".to_owned(),
        name: Some("MARY".to_owned()),
        voice: VOICES[0].0,
        manner: Manner::Waits,
    };
    let office =
        OfficeSpec { subscribers: vec![mary], answer: Supervision::Reversal, ..OfficeSpec::of(Land::Us) };
    let config = "rings = \"other:4001\"\nanswer = \"reversal\"\n[dial]\n\"<9:>\" = \"lines\"".to_owned();
    PairSpec {
        phones: [String::new(), "dials = \"other:9\"\nreversal = true".to_owned()],
        outside: [Some(Outside { office, config }), None],
        ..PairSpec::calm(7)
    }
}

fn run<A: Processing + Fidelity>(steps: Vec<Step>) -> Ladder {
    let mut pair: PairOf<A> = PairOf::new(&spec()).expect("a configuration");
    let mut rungs = Vec::new();
    pair.run(Millis(1000));
    for (words, deed, length) in steps {
        rungs.push(Rung { at: pair.now(), who: String::new(), words: words.to_owned() });
        match deed {
            Do::Phone(action) => pair.act(End::Far, action).expect("a telephone can"),
            Do::Exchange(order) => {
                let done = pair.order(End::Near, order);
                assert!(done.is_ok(), "{words}: {done:?}\n{}", ladder_of(&pair, rungs).to_text());
            }
        }
        pair.run(length);
    }
    ladder_of(&pair, rungs)
}

fn ladder_of<A: Processing + Fidelity>(pair: &PairOf<A>, mut rungs: Vec<Rung>) -> Ladder {
    for (end, name) in [(End::Near, "A"), (End::Far, "B")] {
        rungs.extend(pair.told(end).iter().filter_map(|(at, words)| told(name, *at, words)));
        rungs.extend(pair.seen(end).iter().filter_map(seen));
    }
    rungs.sort_by_key(|rung| rung.at.as_millis());
    Ladder { rungs }
}

/// An entry of a gateway's journal: who it is about is its first word, or the first two.
fn told(gateway: &str, at: Instant, words: &str) -> Option<Rung> {
    let mut parts = words.splitn(3, ' ');
    let (first, second, rest) = (parts.next()?, parts.next()?, parts.next().unwrap_or_default());
    let (who, words) = match first {
        "line" | "call" => (format!("{gateway} {first} {second}"), rest.to_owned()),
        _ => (format!("{gateway} {first}"), format!("{second} {rest}").trim_end().to_owned()),
    };
    Some(Rung { at, who, words })
}

fn seen(seen: &Seen) -> Option<Rung> {
    let mut words = seen.words.clone();
    for (voice, name) in VOICES {
        if words == format!("hears voice {voice}") {
            words = format!("hears {name}");
        }
    }
    let is_short = seen.until.is_some_and(|until| until.since(seen.at) < MOMENT.into());
    let own_echo = seen.who.split(' ').next() == words.strip_prefix("hears ");
    let is_moment = is_short && words.starts_with("hears ");
    let is_aside = ["hears silence", "hears speech"].contains(&words.as_str()) || own_echo || is_moment;
    (!is_aside).then(|| Rung { at: seen.at, who: seen.who.clone(), words })
}

/// Runs the steps at both fidelities. What has to be in the ladder in this order, whatever else is.
fn check(name: &str, steps: fn() -> Vec<Step>, expected: &[&str]) {
    let signal = run::<Symbols>(steps());
    let text = signal.to_text();
    let mut lines = text.lines();
    for wanted in expected {
        let line = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(lines.any(|found| line(found).contains(wanted)), "{name}: no \"{wanted}\" in\n{text}");
    }
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/long_line/{name}.ladder"));
    if std::env::var_os("TIPRING_BLESS").is_some() {
        std::fs::write(&golden, &text).expect("a ladder is written");
    }
    let before = std::fs::read_to_string(&golden).unwrap_or_default();
    assert!(before == text, "{name}: not its golden ladder, but\n{text}");
    let audio = run::<Samples>(steps());
    let differences = signal.differences(&audio, TOLERANCE);
    assert!(
        differences.is_empty(),
        "{name}: audio differs:\n  {}\n{}",
        differences.join("\n  "),
        audio.to_text()
    );
}

fn calls_in() -> Do {
    let caller = CallerId { date: None, number: Ok(Text::new("5550177")), name: Some(Ok(Text::new("MARY"))) };
    Do::Exchange(Order::Call(0, Some(caller)))
}

fn phone(action: Action) -> Do {
    Do::Phone(action)
}

const SECOND: Millis = Millis(1000);

#[test]
fn who_calls_the_exchanges_line_rings_the_far_telephone_and_clears_it() {
    check(
        "call-in",
        || {
            vec![
                ("exchange: calls, from MARY", calls_in(), Millis(9000)),
                ("phone: off-hook", phone(Action::OffHook), SECOND),
                ("phone: says voice", phone(Action::Say(Talk::Voice(1))), SECOND),
                ("subscriber: says voice", Do::Exchange(Order::Say(0, Talk::Voice(63))), SECOND),
                ("subscriber: hangs up", Do::Exchange(Order::HangUp(0)), Millis(4000)),
                ("phone: on-hook", phone(Action::OnHook), Millis(3000)),
            ]
        },
        &[
            "phone rings",
            "A line 1 caller 5550177 \"MARY\"",
            "B sip <- near INVITE sip:4001@far",
            "phone shows 5550177 \"MARY\"",
            "exchange answered",
            "subscriber 5550177 hears phone",
            "phone hears subscriber",
            "A line 1 far end cleared by loop break",
            "line CPC 500ms",
            "A line 1 released",
            "B line 1 released",
        ],
    );
}

#[test]
fn who_gives_up_rings_no_longer() {
    check(
        "caller-gives-up",
        || {
            vec![
                ("exchange: calls, from MARY", calls_in(), Millis(9000)),
                ("subscriber: hangs up", Do::Exchange(Order::HangUp(0)), Millis(12_000)),
            ]
        },
        &["phone rings", "A line 1 caller gave up", "B sip <- near CANCEL", "B line 1 ring stopped"],
    );
}

#[test]
fn the_far_telephone_is_lifted_and_hears_the_exchange_and_its_line_reverses_when_the_called_answers() {
    check(
        "call-out",
        || {
            let digits = Action::Dial("5550177".to_owned(), Dialling::Dtmf);
            vec![
                ("phone: off-hook", phone(Action::OffHook), Millis(4000)),
                ("phone: dials 5550177", phone(digits), Millis(10_000)),
                ("subscriber: answers", Do::Exchange(Order::Answer(0)), Millis(2000)),
                ("subscriber: says voice", Do::Exchange(Order::Say(0, Talk::Voice(63))), SECOND),
                ("phone: says voice", phone(Action::Say(Talk::Voice(1))), SECOND),
                ("subscriber: hangs up", Do::Exchange(Order::HangUp(0)), Millis(4000)),
                ("phone: on-hook", phone(Action::OnHook), Millis(3000)),
            ]
        },
        &[
            "exchange seized",
            "phone hears dial-tone",
            "exchange dialled 5550177",
            "subscriber 5550177 rings",
            "phone hears ringback",
            "A line 1 far end answered by reversal",
            "line reversed",
            "phone hears subscriber",
            "subscriber 5550177 hears phone",
            "A line 1 far end cleared by loop break",
            "line CPC 500ms",
            "B line 1 released",
        ],
    );
}

#[test]
fn the_far_telephone_that_is_hung_up_gives_the_exchange_its_line_back() {
    check(
        "phone-clears",
        || {
            let digits = Action::Dial("5550177".to_owned(), Dialling::Dtmf);
            vec![
                ("phone: off-hook", phone(Action::OffHook), Millis(4000)),
                ("phone: dials 5550177", phone(digits), Millis(10_000)),
                ("phone: on-hook", phone(Action::OnHook), Millis(5000)),
            ]
        },
        &[
            "exchange seized",
            "phone hears dial-tone",
            "subscriber 5550177 rings",
            "B line 1 released",
            "exchange released",
            "A line 1 released",
        ],
    );
}
