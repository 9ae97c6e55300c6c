//! Whole dial plans of other gateways: what their rows do with random digits, against a matcher that reads the plan's own
//! text and tries every way there is.

use crate::common::{house, to_server};
use tipring_call::{DialRow, Plan, Reader, Setup, Verdict, Why};
use tipring_country::{DialPlan, NumberPlan, Pattern};
use tipring_units::{Entropy, Millis};

/// Numbers dialled for each plan.
const NUMBERS: usize = 3000;

const CISCO: [&str; 6] = [
    "([1-8]xx|9,xxxxxxxxxx|<:1>xxxxxxxxxx|1900xxxxxxx!|01.|*xx)",
    "(911S0|<9:>xx.|[2-8]xx)",
    "L:12,S:6,(xx.|[1-3]xS0|<00:+>[1-9]xx.|0[13]!)",
    "(*x.|#xx|<*1:555>12|1xxS2L8|12xx)",
    "(<3,:1>x.|3[0-4]5|<45:>[*#]|4x)",
    "(x.1|2.3.|[12*]3x.)",
];
const GRANDSTREAM: [&str; 5] = [
    "{ x+ | *x+ | *xx*x+ }",
    "{^1900x. | <=1617>[2-9]xxxxxx | 1[2-9]xx[2-9]xxxxxx | 011[2-9]x. | [3469]11}",
    "{1xxT | 1xxxx | <2=011>x+ | ^21x+ | [x*]+}",
    "{12x?3? | 4,x+ | <3=>1x?}",
    r"{\*1x+ | \#x | 123 | 1[2-4]}",
];
const MGCP: [&str; 5] = [
    "(0T|00T|[1-7]xxx|8xxxxxxx|#xxxxxxx|*xx|91xxxxxxxxxx|9011x.T)",
    "(x11|xxxxxxx)",
    "(1xT|1xxx|2x.T|*x.#)",
    "(0|01.|[34]x.T|[34]xx*)",
    "1[2-4].5",
];

/// How a language is written.
#[derive(Clone, Copy, PartialEq)]
enum Language {
    Cisco,
    Grandstream,
    Mgcp,
}

/// A part of an alternative: digits any of which is taken `least` to `most` times; what is sent if not the same.
#[derive(Clone, Debug)]
struct Atom {
    set: String,
    least: usize,
    most: usize,
    swallow: bool,
    /// Sent before.
    insert: String,
}

#[derive(Clone, Debug, Default)]
struct Alternative {
    atoms: Vec<Atom>,
    barred: bool,
    /// Seconds of the short timer, if it has its own.
    short: Option<u32>,
    long: Option<u32>,
    /// Sent at the end.
    tail: String,
}

fn class(text: &mut &str) -> String {
    let first = text.chars().next().unwrap();
    if first != '[' {
        *text = &text[first.len_utf8()..];
        return if first == 'x' { "0123456789".into() } else { first.to_string() };
    }
    let end = text.find(']').unwrap();
    let inside: Vec<char> = text[1..end].chars().collect();
    *text = &text[end + 1..];
    let mut set = String::new();
    for (place, letter) in inside.iter().enumerate() {
        if *letter == '-' {
            let (from, to) = (inside[place - 1], inside[place + 1]);
            set.extend((from..=to).skip(1));
        } else if *letter == 'x' {
            set.push_str("0123456789");
        } else {
            set.push(*letter);
        }
    }
    set
}

fn alternative(language: Language, text: &str) -> Alternative {
    let squeezed: String = text.chars().filter(|letter| *letter != ' ').collect();
    let mut rest = squeezed.as_str();
    let mut one = Alternative::default();
    let mut insert = String::new();
    let seconds = |rest: &mut &str| -> u32 {
        let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
        let value = rest[..end].parse().unwrap();
        *rest = &rest[end..];
        value
    };
    while let Some(letter) = rest.chars().next() {
        match letter {
            ',' => rest = &rest[1..],
            '!' | '^' => {
                one.barred = true;
                rest = &rest[1..];
            }
            'S' => {
                rest = &rest[1..];
                one.short = Some(seconds(&mut rest));
            }
            'L' => {
                rest = &rest[1..];
                one.long = Some(seconds(&mut rest));
            }
            'T' => {
                one.short = Some(if language == Language::Mgcp { 4 } else { 3 });
                rest = &rest[1..];
            }
            '<' => {
                let end = rest.find('>').unwrap();
                let separator = if language == Language::Cisco { ':' } else { '=' };
                let (dialled, sent) = rest[1..end].split_once(separator).unwrap();
                insert.push_str(sent);
                let dialled: String = dialled.chars().filter(|letter| *letter != ',').collect();
                let mut dialled = dialled.as_str();
                while !dialled.is_empty() {
                    let set = class(&mut dialled);
                    let insert = core::mem::take(&mut insert);
                    one.atoms.push(Atom { set, least: 1, most: 1, swallow: true, insert });
                }
                rest = &rest[end + 1..];
            }
            '\\' => {
                rest = &rest[1..];
            }
            _ => {
                let set = class(&mut rest);
                let (mut least, mut most) = (1, 1);
                match (language, rest.chars().next()) {
                    (Language::Cisco | Language::Mgcp, Some('.')) => (least, most) = (0, usize::MAX),
                    (Language::Grandstream, Some('.' | '+')) => (least, most) = (1, usize::MAX),
                    (Language::Grandstream, Some('?')) => (least, most) = (0, 1),
                    _ => {}
                }
                if (least, most) != (1, 1) {
                    rest = &rest[1..];
                }
                let insert = core::mem::take(&mut insert);
                one.atoms.push(Atom { set, least, most, swallow: false, insert });
            }
        }
    }
    one.tail = insert;
    one
}

fn alternatives(language: Language, text: &str) -> Vec<Alternative> {
    let open = text.find(['(', '{']);
    let (head, body) = text.split_at(open.unwrap_or(0));
    let body = body.trim().trim_start_matches(['(', '{']).trim_end_matches([')', '}']);
    let timer = |letter: &str| -> Option<u32> {
        let (_, after) = head.split_once(letter)?;
        after.split(',').next()?.parse().ok()
    };
    body.split('|')
        .map(|text| {
            let mut one = alternative(language, text);
            one.short = one.short.or(timer("S:"));
            one.long = one.long.or(timer("L:"));
            one
        })
        .collect()
}

/// What is sent if `digits` are all of the number, in every way in which they can be; and whether more may follow.
fn walk(atoms: &[Atom], digits: &[u8], taken: usize, sent: &str, ends: &mut Vec<String>) -> bool {
    let Some((atom, after)) = atoms.split_first() else {
        if digits.is_empty() {
            ends.push(sent.to_owned());
        }
        return false;
    };
    let mut sent = sent.to_owned();
    if taken == 0 {
        sent.push_str(&atom.insert);
    }
    let mut more = false;
    if taken >= atom.least {
        more |= walk(after, digits, 0, &sent, ends);
    }
    if taken < atom.most {
        match digits.split_first() {
            None => more = true,
            Some((digit, rest)) if atom.set.contains(char::from(*digit)) => {
                if !atom.swallow {
                    sent.push(char::from(*digit));
                }
                more |= walk(atoms, rest, taken + 1, &sent, ends);
            }
            Some(_) => {}
        }
    }
    more
}

fn plan_of(rows: impl Iterator<Item = Pattern>) -> Plan {
    let rows = rows.map(|pattern| DialRow { pattern, to: to_server("pbx") }).collect();
    Plan::new(&Setup { dial: Some(rows), numbering: NumberPlan::default(), ..house() })
}

fn number(entropy: &mut Entropy, of: &[Alternative]) -> String {
    // Half of them begin as an alternative does, or most would be dead at once.
    let mut digits = String::new();
    if entropy.below(4) > 0 {
        let one = &of[entropy.below(of.len() as u32) as usize];
        for atom in &one.atoms {
            let times = if atom.most > 1 { atom.least + entropy.below(4) as usize } else { atom.most };
            for _ in 0..times {
                let place = entropy.below(atom.set.len() as u32) as usize;
                digits.push_str(&atom.set[place..=place]);
            }
        }
        digits.truncate(1 + entropy.below(digits.len() as u32 + 1) as usize);
    }
    for _ in 0..entropy.below(4) {
        digits.push(char::from(b"0123456789*"[entropy.below(11) as usize]));
    }
    digits
}

/// Dials random numbers; how many were sent at once, waited for the short timer, for the long one, and were dead.
fn compare(language: Language, word: &str, text: &str, entropy: &mut Entropy) -> [usize; 4] {
    let read = DialPlan::parse(&format!("{word}: {text}")).unwrap_or_else(|error| panic!("{text}: {error}"));
    let whole = plan_of(read.rows.iter().map(|row| row.pattern.clone()));
    // As they come back from the table that was written of them.
    let table = plan_of(read.rows.iter().map(|row| Pattern::parse(row.pattern.as_str()).unwrap()));
    let own = alternatives(language, text);
    let timers = house().timers;
    let mut counts = [0; 4];
    for _ in 0..NUMBERS {
        let dialled = number(entropy, &own);
        let (mut reader, mut again) = (Reader::new(&whole, false), Reader::new(&table, false));
        for place in 0..dialled.len() {
            let (digits, digit) = (&dialled[..=place], dialled.as_bytes()[place]);
            reader.push(&whole, digit);
            again.push(&table, digit);
            let about = format!("{text} {digits}");
            assert_eq!(reader.verdict(&whole), again.verdict(&table), "{about}");
            assert_eq!(reader.timeout(&whole), again.timeout(&table), "{about}");
            let mut more = false;
            let mut fits: Vec<(&Alternative, String)> = Vec::new();
            for one in &own {
                let mut ends = Vec::new();
                more |= walk(&one.atoms, digits.as_bytes(), 0, "", &mut ends);
                fits.extend(ends.into_iter().map(|sent| (one, sent + &one.tail)));
            }
            let at_once = |one: &Alternative| match language {
                Language::Mgcp => one.short.is_none(),
                Language::Cisco | Language::Grandstream => one.short == Some(0),
            };
            let is_one =
                |sent: &str, barred: bool| fits.iter().any(|(one, own)| own == sent && one.barred == barred);
            match reader.verdict(&whole) {
                Verdict::Whole(selection) => {
                    assert!(!more || fits.iter().any(|(one, _)| at_once(one)), "{about}: too soon");
                    assert!(is_one(selection.sent.as_str(), selection.barred), "{about}: {selection:?}");
                    counts[0] += 1;
                    break;
                }
                Verdict::More { why: Why::NumberWhole, after, .. } => {
                    assert!(more && !fits.is_empty(), "{about}");
                    assert!(fits.iter().any(|(one, _)| !at_once(one)), "{about}: too late");
                    let own = |one: &Alternative| one.short.map_or(timers.short, Millis::from_secs);
                    assert!(fits.iter().any(|(one, _)| own(one) == after), "{about}: {after}");
                    let Verdict::Whole(selection) = reader.timeout(&whole) else { panic!("{about}") };
                    assert!(is_one(selection.sent.as_str(), selection.barred), "{about}: {selection:?}");
                    counts[1] += 1;
                }
                Verdict::More { after, outside_tone, .. } => {
                    assert!(more && fits.is_empty(), "{about}");
                    let own = own.iter().filter_map(|one| one.long).map(Millis::from_secs);
                    let tpar = (language == Language::Mgcp).then(|| Millis::from_secs(16));
                    let gateway = if outside_tone { timers.first_digit } else { timers.long };
                    assert!(own.chain(tpar).chain([gateway]).any(|time| time == after), "{about}: {after}");
                    assert!(tpar.is_none_or(|time| time == after), "{about}: {after}");
                    counts[2] += 1;
                }
                Verdict::Dead(_) => {
                    assert!(!more && fits.is_empty(), "{about}");
                    counts[3] += 1;
                    break;
                }
            }
        }
    }
    counts
}

fn all(language: Language, word: &str, plans: &[&str]) {
    let mut entropy = Entropy::for_simulation(5);
    let mut sum = [0; 4];
    for text in plans {
        let counts = compare(language, word, text, &mut entropy);
        println!("{text}: at once, short, long, dead {counts:?}");
        sum = core::array::from_fn(|place| sum[place] + counts[place]);
    }
    assert!(sum.iter().all(|count| *count > 300), "{sum:?}");
}

#[test]
fn plans_of_cisco_do_what_they_say() {
    all(Language::Cisco, "cisco", &CISCO);
}

#[test]
fn plans_of_grandstream_do_what_they_say() {
    all(Language::Grandstream, "grandstream", &GRANDSTREAM);
}

#[test]
fn digit_maps_do_what_they_say() {
    all(Language::Mgcp, "mgcp", &MGCP);
}
