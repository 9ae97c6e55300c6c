//! The language of flows: what is wrong is told with its place and a remedy, nothing makes it panic, and what does not
//! come true is seen.

use std::path::Path;

use tipring_port::Symbols;
use tipring_sim::flow::{Fidelity, Flow, Scene, run_flow, world_of};
use tipring_sim::world::World;
use tipring_units::{Entropy, Instant, Millis};

fn error_of(text: &str) -> String {
    Flow::parse(text).expect_err("it is wrong").to_string()
}

#[test]
fn mistakes_are_told_with_their_place_and_a_remedy() {
    for (text, expected) in [
        ("phone 1: of-hook", "1:10: a telephone does not do \"of-hook\". Did you mean off-hook?"),
        ("phone 9: off-hook", "1:7: there is no phone 9. The head has 2 lines."),
        ("phon 1: off-hook", "1:1: \"phon\" is nobody in this flow. Did you mean phone?"),
        ("phone 1 off-hook", "1:1: \"phone\" is nothing that the head of a flow has. Did you mean phones?"),
        ("seed x", "1:6: \"x\" is not a seed. Write a number."),
        ("contry us", "1:1: \"contry\" is nothing that the head of a flow has. Did you mean country?"),
        (
            "country xx",
            "1:9: there is no country xx here. Write one of us, uk, de, fr, at, au, be, br, ca, ch, cn, dk, es, fi, ie, in, it, jp, nl, no, nz, pl, pt, se.",
        ),
        ("phone 1: off-hook -> hears dail-tone", "1:28: nobody hears \"dail-tone\". Did you mean dial-tone?"),
        (
            "phone 1: off-hook -> heers dial-tone",
            "1:22: phone 1 is never said to be \"heers\". Did you mean hears?",
        ),
        (
            "phone 1: off-hook -> hears dial-tone within 5",
            "1:45: \"5\" is not how soon. Write a time like 300ms",
        ),
        ("\nwait 5 parsecs", "2:6: \"5\" is not how long. Write a time like 300ms"),
        ("phone 1: off-hook\nseed 5", "2:1: \"seed\" is nobody in this flow."),
        ("phone 1: dials 4x01", "1:16: \"4x01\" cannot be dialled."),
        ("phone 1: dials *1 pulse", "1:19: a rotary dial has digits only. Dial 0 to 9."),
        ("peer: 99", "1:7: 99 is no status. Write 100 to 699."),
        ("peer: says \"hello", "1:12: this quote is not closed. Write \" at its end."),
        ("always: phone 1 hears busy", "1:17: never is missing."),
        ("phone 1: off-hook -> hears dial-tone oops: x ->", "1:46: this does not belong here."),
    ] {
        let error = error_of(text);
        assert!(error.starts_with(expected), "{text}\n  gives {error}\n  not   {expected}");
    }
}

#[test]
fn a_head_that_makes_no_gateway_says_why() {
    let error =
        run_flow("phones 101\nline 1 config colour = \"red\"\nphone 1: off-hook", Fidelity::Signal, None);
    let error = error.expect_err("there is no such key").to_string();
    assert!(error.contains("colour"), "{error}");
}

#[test]
fn what_does_not_come_true_is_shown_with_what_was_seen_instead() {
    let report = run_flow(
        "phones 101\nserver none\n\nphone 1: off-hook -> hears busy within 1s",
        Fidelity::Signal,
        None,
    )
    .expect("a flow");
    let [failure] = &report.failures[..] else { panic!("{:?}", report.failures) };
    assert_eq!(failure.line, 4);
    let text = failure.to_string();
    assert!(text.contains("expected: phone 1 hears busy within 1000 ms"), "{text}");
    assert!(text.contains("phone 1   hears dial-tone"), "{text}");
}

#[test]
fn a_rule_that_holds_always_is_watched_throughout() {
    let flow = "phones 101\nserver none\nalways: phone 1 never hears dial-tone\nphone 1: off-hook -> line 1 seized\nwait 1s";
    let report = run_flow(flow, Fidelity::Signal, None).expect("a flow");
    assert_eq!(report.failures.len(), 1, "{:?}", report.failures);
    assert_eq!(report.failures[0].line, 3);
}

#[test]
fn the_same_seed_gives_the_same_ladder_and_another_seed_another_fate() {
    let flow = "phones 101\nserver pbx\nnetwork: loses 60%\npeer: INVITE 101 from 5\nwait 20s";
    let ladder = |seed| run_flow(flow, Fidelity::Signal, Some(seed)).expect("a flow").ladder.to_text();
    assert_eq!(ladder(1), ladder(1));
    let others: Vec<String> = (1..6).map(ladder).collect();
    assert!(others.iter().any(|other| *other != others[0]), "losses do not hang on the seed");
}

#[test]
fn random_texts_never_panic() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../flows");
    let mut texts: Vec<String> = std::fs::read_dir(folder)
        .expect("the folder of flows")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "flow"))
        .map(|path| std::fs::read_to_string(path).expect("a flow"))
        .collect();
    texts.sort();
    let mut entropy = Entropy::for_simulation(5);
    let pieces = [
        "->",
        ";",
        ",",
        "\"",
        ":",
        "&",
        "#",
        "é",
        "\u{0}",
        "-1",
        "9999999999",
        "phone",
        "peer/",
        "1zz",
        "within",
    ];
    for _ in 0..4000 {
        let text = &texts[entropy.below(texts.len() as u32) as usize];
        let mut chars: Vec<char> = text.chars().collect();
        for _ in 0..=entropy.below(6) {
            let at = entropy.below(chars.len() as u32 + 1) as usize;
            match entropy.below(4) {
                0 if at < chars.len() => {
                    chars.remove(at);
                }
                1 => chars.truncate(at),
                2 => {
                    let piece = pieces[entropy.below(pieces.len() as u32) as usize];
                    chars.splice(at..at, piece.chars());
                }
                _ => chars.insert(at, char::from_u32(entropy.below(0x250)).unwrap_or('?')),
            }
        }
        let text: String = chars.into_iter().collect();
        if let Err(error) = Flow::parse(&text) {
            assert!(error.line >= 1 && error.column >= 1 && !error.remedy.is_empty(), "{error:?}");
        }
    }
}

#[test]
fn an_idle_day_costs_few_steps() {
    let flow = Flow::parse("phones 101 102\nserver pbx account 100 secret").expect("a flow");
    assert_eq!(Scene::of(&flow.head).peers, ["pbx"]);
    let mut world: World<Symbols> = World::new(&world_of(&flow.head, 1).expect("a world"));
    let end = Instant::ZERO + Millis::from_secs(24 * 3600);
    let mut steps = 0;
    while world.now() < end {
        world.advance(end);
        steps += 1;
        assert!(steps < 20_000, "{steps} steps until {}", world.now());
    }
    assert!(world.facts().all().iter().any(|fact| fact.at > Instant::ZERO + Millis::from_secs(23 * 3600)));
}
