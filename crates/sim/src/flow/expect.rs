//! What statements expect.

use tipring_port::Tone;
use tipring_units::{LineId, Millis};

use super::subject::{Scene, Subject};
use super::text::{Cursor, FlowError, Kind, nearest};

/// How long an expectation is waited for where the flow does not say.
pub const PATIENCE: Millis = Millis::from_secs(10);
/// How long something must not happen where the flow does not say.
pub const ABSTINENCE: Millis = Millis::from_secs(2);

/// What is expected of facts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mode {
    /// A fact comes within this time; then, for this long, its subject says nothing else of the kind.
    Comes(Millis, Option<Millis>),
    /// No such fact comes for this long.
    Never(Millis),
    /// It is heard now and for this long.
    Still(Millis),
    /// All calls, legs and streams are gone within this time.
    Idle(Millis),
}

/// An expectation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expectation {
    /// The flow's line.
    pub line: usize,
    /// Whose facts.
    pub who: String,
    /// Words that have to stand in the fact in this order, the first one first.
    pub words: Vec<String>,
    /// When.
    pub mode: Mode,
}

/// What holds throughout.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Always {
    /// No such fact comes.
    Never {
        /// The flow's line.
        line: usize,
        /// Whose facts.
        who: String,
        /// Words.
        words: Vec<String>,
    },
    /// The line is not rung while a telephone on it is lifted.
    NoRingOffHook {
        /// The flow's line.
        line: usize,
        /// The line that is meant.
        of: LineId,
    },
}

/// The expectations after the arrow.
pub fn expectations(
    scene: &Scene,
    subject: Option<Subject>,
    cursor: &mut Cursor<'_>,
) -> Result<Vec<Expectation>, FlowError> {
    let mut all = Vec::new();
    loop {
        all.push(one(scene, subject, cursor)?);
        if cursor.is_done() {
            return Ok(all);
        }
        if !cursor.eat_kind(Kind::Semicolon) && !cursor.eat_kind(Kind::Comma) {
            return Err(cursor.error("this does not belong here", "Put ; before a further expectation."));
        }
    }
}

fn one(scene: &Scene, subject: Option<Subject>, cursor: &mut Cursor<'_>) -> Result<Expectation, FlowError> {
    let line = cursor.line;
    let Some(subject) = scene.subject(cursor)?.or(subject) else { return Err(scene.unknown(cursor)) };
    let never = cursor.eat("never");
    let still = !never && cursor.eat("still");
    let start = cursor.clone();
    let words = words(scene, cursor)?;
    check(scene, subject, &words, &start)?;
    let mut within = None;
    let mut lasts = None;
    loop {
        if cursor.eat("within") {
            within = Some(cursor.time("how soon")?);
        } else if cursor.eat("for") {
            lasts = Some(cursor.time("how long")?);
        } else {
            break;
        }
    }
    let is_idle = words.len() == 2 && words[0] == "is" && words[1] == "idle";
    let mode = if never {
        Mode::Never(lasts.or(within).unwrap_or(ABSTINENCE))
    } else if still {
        Mode::Still(lasts.unwrap_or(Millis(500)))
    } else if subject == Subject::Gateway && is_idle {
        Mode::Idle(within.unwrap_or(PATIENCE))
    } else {
        Mode::Comes(within.unwrap_or(PATIENCE), lasts)
    };
    Ok(Expectation { line, who: scene.name(subject), words, mode })
}

/// The words of an expectation, with far ends by their names.
fn words(scene: &Scene, cursor: &mut Cursor<'_>) -> Result<Vec<String>, FlowError> {
    let mut words = Vec::new();
    while let Some(word) = cursor.peek() {
        match word.kind {
            Kind::Comma | Kind::Semicolon | Kind::Arrow => break,
            Kind::Plain if matches!(word.text.as_str(), "within" | "for") => break,
            Kind::Plain if word.text == "peer" && !scene.peers.is_empty() => {
                words.extend(scene.peers[0].split(' ').map(str::to_owned));
            }
            Kind::Plain => {
                let own = word.text.strip_prefix("peer/").filter(|_| !scene.peers.is_empty());
                words.push(own.map_or(word.text.clone(), |nth| format!("{}/{nth}", scene.peers[0])));
            }
            Kind::Quoted => {
                // a display shows a name in quotes; words of a name are compared one by one
                let text = format!("\"{}\"", word.text);
                words.extend(text.split(' ').map(str::to_owned));
            }
        }
        cursor.take();
    }
    if words.is_empty() {
        return Err(
            cursor.error("what is expected is missing", "Write it as a ladder shows it: hears dial-tone.")
        );
    }
    Ok(words)
}

const PHONE: [&str; 10] =
    ["hears", "rings", "stops", "shows", "lamp", "bell", "charged", "polarity", "loop", "battery"];
const PEER: [&str; 2] = ["hears", "gets"];
const LINE: [&str; 48] = [
    "line",
    "not",
    "room",
    "opens",
    "self-test",
    "code",
    "traces",
    "announced",
    "incoming",
    "offered",
    "has",
    "overhears",
    "far",
    "metered",
    "messages",
    "no",
    "lifeline",
    "free",
    "seized",
    "answered",
    "released",
    "flash",
    "digit",
    "rings",
    "caller",
    "ring",
    "refuses:",
    "supervision",
    "receiver",
    "howler",
    "parked",
    "fault",
    "in",
    "out",
    "dial",
    "dialled",
    "abandoned",
    "is",
    "CPC",
    "reversed",
    "normal",
    "battery",
    "fault",
    "ringing",
    "idle",
    "talking",
    "told",
    "waiting",
];
const EXCHANGE: [&str; 10] =
    ["seized", "dialled", "refuses", "rings", "stops", "answered", "flash", "charges", "released", "dead"];
const SUBSCRIBER: [&str; 8] = ["rings", "stops", "connected", "gets", "cleared", "joined", "hears", "no"];
const CALL: [&str; 23] = [
    "moved",
    "sent",
    "parked",
    "picked",
    "waits",
    "referred",
    "transfers",
    "transferred",
    "transfer",
    "forwarded",
    "overflows",
    "from",
    "routed",
    "alerting",
    "early",
    "answered",
    "held",
    "resumed",
    "recalls",
    "pass-through",
    "joined",
    "desk",
    "cleared",
];
const GATEWAY: [&str; 7] = ["account", "server", "user", "refuses", "alarm", "is", "stuck"];
const MEDIA: [&str; 4] = ["stream", "digit", "hears", "leg"];
const HEARD: [&str; 12] = [
    "announcement",
    "silence",
    "speech",
    "tone",
    "digit",
    "phone",
    "user",
    "voice",
    "nothing",
    "cng",
    "ced",
    "subscriber",
];

fn check(scene: &Scene, subject: Subject, words: &[String], at: &Cursor<'_>) -> Result<(), FlowError> {
    let known: &[&str] = match subject {
        Subject::Phone(_) => &PHONE,
        Subject::Peer(_) => &PEER,
        Subject::Line(_) => &LINE,
        Subject::Exchange(_) => &EXCHANGE,
        Subject::Subscriber(_) => &SUBSCRIBER,
        Subject::Call(_) => &CALL,
        Subject::Gateway => &GATEWAY,
        Subject::Media => &MEDIA,
        Subject::Network | Subject::Clock | Subject::Card => &[],
    };
    let verb = words.first().map_or("", String::as_str);
    if !known.contains(&verb) {
        let remedy = match nearest(verb, known.iter().copied()) {
            Some(near) => format!("Did you mean {near}?"),
            None if known.is_empty() => "Expect something of a phone, line, call or far end.".to_owned(),
            None => format!("It can be: {}.", known.join(", ")),
        };
        return Err(at.error(format!("{} is never said to be \"{verb}\"", scene.name(subject)), remedy));
    }
    if verb == "hears" {
        let what = words.get(1).map_or("", String::as_str);
        let tones = Tone::ALL.map(Tone::word);
        let names = scene.peers.iter().map(|name| name.split(' ').next().unwrap_or(""));
        let all: Vec<&str> = tones.into_iter().chain(HEARD).chain(names).collect();
        if !all.contains(&what.split('/').next().unwrap_or(what)) {
            let remedy = match nearest(what, all.iter().copied()) {
                Some(near) => format!("Did you mean {near}?"),
                None => format!("It can be: {}.", all.join(", ")),
            };
            let mut at = at.clone();
            at.take();
            return Err(at.error(format!("nobody hears \"{what}\""), remedy));
        }
    }
    Ok(())
}

/// An `always:` statement.
pub fn always(scene: &Scene, cursor: &mut Cursor<'_>) -> Result<Always, FlowError> {
    let line = cursor.line;
    let Some(subject) = scene.subject(cursor)? else { return Err(scene.unknown(cursor)) };
    if !cursor.eat("never") {
        return Err(cursor.error("never is missing", "Write: always: phone 1 never hears howler."));
    }
    let start = cursor.clone();
    let words = words(scene, cursor)?;
    if let Subject::Line(of) = subject
        && words == ["rings", "while", "off-hook"]
    {
        return Ok(Always::NoRingOffHook { line, of });
    }
    check(scene, subject, &words, &start)?;
    Ok(Always::Never { line, who: scene.name(subject), words })
}

/// True if the words of `expected` stand in `fact` in this order, the first at its start. What follows `with` has to stand
/// right behind it: `with credentials` is not `with wrong credentials`.
pub fn fits(expected: &[String], fact: &str) -> bool {
    let mut words = fact.split(' ');
    let mut expected = expected.iter();
    let Some(first) = expected.next() else { return false };
    if words.next() != Some(first.as_str()) {
        return false;
    }
    let mut before = first;
    expected.all(|word| {
        let follows = core::mem::replace(&mut before, word) == "with";
        if follows { words.next() == Some(word) } else { words.any(|candidate| candidate == word) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_seen(expected: &str, fact: &str) -> bool {
        let words: Vec<String> = expected.split(' ').map(str::to_owned).collect();
        fits(&words, fact)
    }

    #[test]
    fn words_may_be_left_out_but_not_the_first_and_not_behind_with() {
        let fact = "REGISTER 100 with wrong credentials";
        for seen in ["REGISTER", "REGISTER 100", "REGISTER credentials", "REGISTER with wrong credentials"] {
            assert!(is_seen(seen, fact), "{seen}");
        }
        for unseen in ["100", "REGISTER 101", "REGISTER with credentials", "REGISTER credentials with"] {
            assert!(!is_seen(unseen, fact), "{unseen}");
        }
        assert!(is_seen("REGISTER with credentials", "REGISTER 100 with credentials"));
        assert!(!is_seen("REGISTER with credentials", "REGISTER 100 with stale credentials"));
    }
}
