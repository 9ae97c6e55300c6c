//! Nobody hears a party that he is not connected with.
//!
//! # What it does
//! Everybody has a voice of his own. Whose voice an ear names is compared with who is connected with whom by the
//! journal.
//!
//! # How
//! Telephones are known by their lines, far ends by the server or user that a call went out by, or by the number that a
//! call came in from.
//!
//! # Limits
//! Where a call rings several, the line that begins to talk as it is answered has answered it; else any far end among them
//! may have.
//! Far ends are told apart, the calls of one far end are not. An ear and the way to it are late: [`LATE`].
//!
//! # Standard
//! None.

use std::collections::{BTreeMap, VecDeque};

use tipring_call::{CallEvent, FarId, LineDoing, Party, Side, Via};
use tipring_units::{CallId, Instant, Millis};

/// How long after the end of a connection a voice may still be heard: jitter buffers, and the ear's own time.
pub const LATE: Millis = Millis(1500);
/// Two voices at once, one's own echo among them, look like a third to an ear over true samples, for less than this.
const MOMENT: Millis = Millis(1000);
/// Connections that are over and remembered, at the most.
const MAX_PAST: usize = 256;
/// Conferences one behind the other that are looked through, at the most.
const MAX_HOPS: usize = 4;
/// Parties that one call rings, at the most.
const MAX_CALLED: usize = 64;

/// Somebody who hears or speaks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Who {
    /// The telephones of a line.
    Line(usize),
    /// A far end, by its name.
    Far(String),
    /// A far end of which nobody knows which.
    AnyFar,
}

impl Who {
    fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::AnyFar, Self::Far(_)) | (Self::Far(_), Self::AnyFar) => true,
            (Self::Line(_) | Self::Far(_) | Self::AnyFar, _) => self == other,
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Line(line) => format!("phone {}", line + 1),
            Self::Far(name) => name.clone(),
            Self::AnyFar => "a far end".to_owned(),
        }
    }
}

#[derive(Clone, Debug)]
struct Link {
    caller: Who,
    /// Whoever is rung; once it is answered, only who may have done that.
    called: Vec<Who>,
    /// When they were called.
    routed: Option<Instant>,
    early: bool,
    /// The one who is called talks already, and was told.
    waits: bool,
    answered: bool,
    /// A telephone on a line of ours holds the call: caller, called.
    held: [bool; 2],
}

impl Link {
    /// Who is at that end.
    fn end(&self, side: Side) -> Option<&Who> {
        match side {
            Side::Caller => Some(&self.caller),
            Side::Called => self.called.first(),
        }
    }

    /// True if `ear` may hear `mouth` now.
    fn joins(&self, ear: &Who, mouth: &Who) -> bool {
        if self.held != [false, false] {
            return false;
        }
        let is_called = |who: &Who| self.called.iter().any(|called| called.is_like(who));
        let to_caller = self.caller.is_like(ear) && is_called(mouth);
        let to_called = is_called(ear) && self.caller.is_like(mouth);
        (to_caller && (self.early || self.answered)) || (to_called && self.answered)
    }
}

/// The checker.
#[derive(Clone, Debug, Default)]
pub struct Voices {
    links: BTreeMap<CallId, Link>,
    past: VecDeque<(Instant, Link)>,
    numbers: BTreeMap<String, String>,
    heard: BTreeMap<(Who, Who), Instant>,
    /// For how long a voice is not believed yet: ears over true samples take two at once for a third.
    moment: Millis,
    /// What somebody has begun to hear a moment ago.
    begun: BTreeMap<(Who, Who), Instant>,
    /// Lines that are said to talk, and since when.
    talking: BTreeMap<usize, Instant>,
    /// Lines that have made a conference of these calls, and when it ended.
    hosts: BTreeMap<usize, ([CallId; 2], Option<Instant>)>,
    /// By call: the one that it was joined to, and where in that one its called party is now.
    joints: BTreeMap<CallId, (CallId, Side)>,
}

impl Voices {
    /// Ears are over true samples from now on.
    pub fn doubt_ears(&mut self) {
        self.moment = MOMENT;
    }

    /// Calls from this number come from this far end.
    pub fn number(&mut self, number: &str, far: &str) {
        self.numbers.insert(number.to_owned(), far.to_owned());
    }

    /// The journal tells of a call.
    pub fn event(&mut self, now: Instant, event: &CallEvent) {
        match event {
            CallEvent::Created { call, from, shown, .. } => {
                let known = self.numbers.get(shown.number.as_str());
                let caller = match from {
                    Party::Line(line) => Who::Line(usize::from(line.0)),
                    Party::Far(_) => known.map_or(Who::AnyFar, |name| Who::Far(name.clone())),
                };
                let link = Link {
                    caller,
                    called: Vec::new(),
                    routed: None,
                    early: false,
                    waits: false,
                    answered: false,
                    held: [false; 2],
                };
                self.links.insert(*call, link);
            }
            CallEvent::Routed { call, to, via, .. } => {
                let called = match (to, via) {
                    (Party::Line(line), _) => Who::Line(usize::from(line.0)),
                    (Party::Far(FarId::In(_) | FarId::Out(_)), Some(Via::Server(name))) => {
                        Who::Far(name.as_str().to_owned())
                    }
                    (Party::Far(_), Some(Via::User(user))) => Who::Far(user.as_str().to_owned()),
                    (Party::Far(_), None) => Who::AnyFar,
                };
                self.change(now, *call, |link| {
                    (link.early, link.waits) = (false, false);
                    // those who are rung together are called in one moment
                    if link.routed.replace(now) != Some(now) {
                        link.called.clear();
                    }
                    if !link.called.contains(&called) && link.called.len() < MAX_CALLED {
                        link.called.push(called);
                    }
                });
                self.follow(now, *call);
            }
            CallEvent::Alerting(_)
            | CallEvent::Forwarded { .. }
            | CallEvent::SentOn { .. }
            | CallEvent::Moved { .. }
            | CallEvent::Overflow { .. }
            | CallEvent::Parked { .. }
            | CallEvent::Feature { .. }
            | CallEvent::Traced { .. }
            | CallEvent::Opened(_)
            | CallEvent::Walked { .. }
            | CallEvent::SelfTest { .. }
            | CallEvent::LineTested { .. } => {}
            CallEvent::EarlyMedia(call) => self.change(now, *call, |link| link.early = true),
            CallEvent::Answered(call) => {
                let talking = self.talking.clone();
                self.change(now, *call, |link| {
                    link.answered = true;
                    // one that was tried before may talk by now in another call
                    let began = |line: &usize| talking.get(line) == Some(&now);
                    let waits = link.waits;
                    let answers = |who: &Who| matches!(who, Who::Line(line) if waits || began(line));
                    let by_line = link.called.iter().any(answers);
                    link.called
                        .retain(|who| if by_line { answers(who) } else { !matches!(who, Who::Line(_)) });
                });
                self.follow(now, *call);
            }
            CallEvent::PickedUp { call, party: Party::Line(line), side } => {
                let who = Who::Line(usize::from(line.0));
                self.change(now, *call, |link| match side {
                    Side::Caller => link.caller = who,
                    Side::Called => link.called = vec![who],
                });
            }
            CallEvent::PickedUp { .. } => {} // only a telephone picks up
            CallEvent::Waits { call, .. } => self.change(now, *call, |link| link.waits = true),
            CallEvent::Conference { line, calls } => {
                self.hosts.insert(usize::from(line.0), (*calls, None));
            }
            CallEvent::Held { call, by } => {
                // A guest who holds comes back into the conference.
                let holder = self.links.get(call).and_then(|link| link.end(*by)).cloned();
                self.leave_conference(now, *call, holder.as_ref());
                self.change(now, *call, |link| hold(link, *by, true));
            }
            CallEvent::Resumed { call, by } => self.change(now, *call, |link| hold(link, *by, false)),
            CallEvent::Recalled { .. } | CallEvent::PassedThrough { .. } => {}
            CallEvent::Joined { call, with } => self.join(now, *call, *with),
            CallEvent::Transfers { .. } | CallEvent::Referred { .. } | CallEvent::TransferEnded { .. } => {}
            // Who is told hears nothing but a tone.
            CallEvent::EmergencyNotice { .. } => {}
            CallEvent::Cleared { call, .. } => {
                self.leave_conference(now, *call, None);
                self.joints.retain(|with, (joined, _)| with != call && joined != call);
                if let Some(link) = self.links.remove(call) {
                    self.remember(now, link);
                }
            }
            CallEvent::Line { line, doing } => {
                let line = usize::from(line.0);
                if *doing == LineDoing::Talking {
                    self.talking.entry(line).or_insert(now);
                } else {
                    self.talking.remove(&line);
                }
            }
            CallEvent::Seized(_) | CallEvent::Dialled { .. } | CallEvent::Abandoned { .. } => {}
        }
    }

    /// The others in the calls that the journal has on this line.
    pub fn partners(&self, line: usize) -> Vec<Who> {
        let own = Who::Line(line);
        let mut all = Vec::new();
        for link in self.links.values() {
            let ends = || core::iter::once(&link.caller).chain(&link.called);
            if ends().any(|who| *who == own) {
                all.extend(ends().filter(|who| **who != own).cloned());
            }
        }
        all
    }

    fn change(&mut self, now: Instant, call: CallId, change: impl FnOnce(&mut Link)) {
        let Some(link) = self.links.get_mut(&call) else { return };
        let before = link.clone();
        change(link);
        self.remember(now, before);
    }

    /// Who was in both calls has left; the other end of `with` is in its place.
    fn join(&mut self, now: Instant, call: CallId, with: CallId) {
        let (Some(held), Some(other)) = (self.links.get(&call), self.links.get(&with).cloned()) else {
            return;
        };
        let ends = |link: &Link| [vec![link.caller.clone()], link.called.clone()].concat();
        let (held, others) = (ends(held), ends(&other));
        let Some(left) = held.iter().find(|who| others.contains(who)).cloned() else { return };
        // of several that were tried in one moment the last has the call
        let Some(new) = others.into_iter().rfind(|who| *who != left) else { return };
        let mut side = Side::Called;
        self.change(now, call, |link| {
            if link.caller == left {
                side = Side::Caller;
                link.caller = new;
            } else {
                link.called = vec![new];
            }
            link.held = [false; 2];
        });
        if other.caller == left {
            self.joints.insert(with, (call, side));
        }
    }

    /// A call that was joined while it rang goes to the next of its group, or is answered by one.
    fn follow(&mut self, now: Instant, with: CallId) {
        let Some((call, side)) = self.joints.get(&with).copied() else { return };
        let Some(called) = self.links.get(&with).map(|link| link.called.clone()) else { return };
        self.change(now, call, |link| match side {
            Side::Called => link.called = called,
            Side::Caller => {
                if let Some(last) = called.last() {
                    link.caller = last.clone();
                }
            }
        });
    }

    fn remember(&mut self, now: Instant, link: Link) {
        while self.past.front().is_some_and(|(at, _)| now > *at + LATE) || self.past.len() >= MAX_PAST {
            self.past.pop_front();
        }
        self.past.push_back((now, link));
    }

    /// A call is over, or held by `holder`: who has made a conference of it has none any more.
    fn leave_conference(&mut self, now: Instant, call: CallId, holder: Option<&Who>) {
        for (line, (calls, ended)) in &mut self.hosts {
            let leaves = holder.is_none_or(|holder| *holder == Who::Line(*line));
            if leaves && calls.contains(&call) && ended.is_none() {
                *ended = Some(now);
            }
        }
    }

    /// True if `ear` may hear `mouth` now, or could until a moment ago: in a call, or by a conference that somebody makes.
    fn may_hear(&self, now: Instant, ear: &Who, mouth: &Who) -> bool {
        let recent = self.past.iter().filter(|(until, _)| now <= *until + LATE).map(|(_, link)| link);
        let links: Vec<&Link> = self.links.values().chain(recent).collect();
        let joins = |ear: &Who, mouth: &Who| links.iter().any(|link| link.joins(ear, mouth));
        let is_on = |ended: &Option<Instant>| ended.is_none_or(|ended| now <= ended + LATE);
        let hosts = self.hosts.iter().filter(|(_, (_, ended))| is_on(ended));
        let hosts: Vec<Who> = hosts.map(|(line, _)| Who::Line(*line)).collect();
        let mut ears = vec![ear.clone()];
        for _ in 0..MAX_HOPS {
            if ears.iter().any(|ear| joins(ear, mouth)) {
                return true;
            }
            let further = hosts.iter().filter(|host| !ears.contains(host));
            let further: Vec<Who> =
                further.filter(|host| ears.iter().any(|ear| joins(ear, host))).cloned().collect();
            if further.is_empty() {
                break;
            }
            ears.extend(further);
        }
        ear == mouth
    }

    /// An ear begins or ceases to hear a voice.
    pub fn heard(&mut self, now: Instant, ear: Who, mouth: Who, begins: bool, wrong: &mut Vec<String>) {
        let key = (ear, mouth);
        let is_known = self.heard.remove(&key).is_some();
        // the ear of a far end falls silent with its call, and several calls share its name: nothing is kept
        let is_far = !matches!(key.0, Who::Line(_));
        let since = self.begun.remove(&key);
        let at_once = begins && self.moment == Millis::ZERO;
        let lasted = at_once || since.is_some_and(|since| now >= since + self.moment);
        if lasted || (!begins && since.is_none() && (is_far || is_known)) {
            self.judge(now, &key.0, &key.1, wrong);
        }
        if begins && !at_once {
            self.begun.insert(key.clone(), now);
        }
        if begins && !is_far {
            self.heard.insert(key, now);
        }
    }

    /// A relay joins the telephones of this line to another one, or lets them go: whom they hear from now on they begin to hear.
    pub fn moved(&mut self, line: usize) {
        let is_of = |(ear, mouth): &(Who, Who)| [ear, mouth].contains(&&Who::Line(line));
        self.heard.retain(|pair, _| !is_of(pair));
        self.begun.retain(|pair, _| !is_of(pair));
    }

    /// Looks at what is heard now.
    pub fn look(&mut self, now: Instant, wrong: &mut Vec<String>) {
        let bad: Vec<(Who, Who)> =
            self.heard.keys().filter(|(ear, mouth)| !self.may_hear(now, ear, mouth)).cloned().collect();
        for key in bad.into_iter().filter(|key| !self.begun.contains_key(key)) {
            self.judge(now, &key.0, &key.1, wrong);
            self.heard.remove(&key);
        }
        let begun = core::mem::take(&mut self.begun);
        let (old, fresh) = begun.into_iter().partition(|(_, since)| now >= *since + self.moment);
        self.begun = fresh;
        let old: BTreeMap<(Who, Who), Instant> = old;
        for (ear, mouth) in old.into_keys() {
            self.judge(now, &ear, &mouth, wrong);
        }
    }

    fn judge(&self, now: Instant, ear: &Who, mouth: &Who, wrong: &mut Vec<String>) {
        if !self.may_hear(now, ear, mouth) {
            wrong.push(format!("{} hears {} and is not connected with it", ear.name(), mouth.name()));
        }
    }
}

/// A line that holds is not connected; a far end that holds may play what it likes.
fn hold(link: &mut Link, by: Side, holds: bool) {
    if matches!(link.end(by), Some(Who::Line(_))) {
        link.held[by as usize] = holds;
    }
}

#[cfg(test)]
mod tests {
    use tipring_call::{Cause, Clearer, Identity, Priority};
    use tipring_port::Text;
    use tipring_units::LineId;

    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    /// Line 0 calls line 1 at 0 and is answered at 1 s.
    fn connected() -> Voices {
        let mut voices = Voices::default();
        let call = CallId(1);
        voices.event(
            at(0),
            &CallEvent::Created {
                call,
                from: Party::Line(LineId(0)),
                shown: Identity::new("101", ""),
                dialled: Text::new("102"),
                priority: Priority::Normal,
            },
        );
        let to = Party::Line(LineId(1));
        voices.event(at(0), &CallEvent::Routed { call, to, via: None, sent: Text::EMPTY });
        voices.event(at(1000), &CallEvent::Line { line: LineId(1), doing: LineDoing::Talking });
        voices.event(at(1000), &CallEvent::Answered(call));
        voices
    }

    #[test]
    fn a_stranger_and_a_far_end_are_seen_and_partners_are_not() {
        let (mut voices, mut wrong) = (connected(), Vec::new());
        voices.heard(at(1200), Who::Line(0), Who::Line(1), true, &mut wrong);
        voices.heard(at(1200), Who::Line(1), Who::Line(1), true, &mut wrong);
        voices.look(at(5000), &mut wrong);
        assert!(wrong.is_empty(), "{wrong:?}");
        voices.heard(at(1200), Who::Line(0), Who::Line(2), true, &mut wrong);
        voices.heard(at(1200), Who::Far("pbx".to_owned()), Who::Line(0), true, &mut wrong);
        assert_eq!(wrong.len(), 2);
    }

    #[test]
    fn who_is_held_or_has_been_left_and_still_hears_is_seen() {
        for held in [true, false] {
            let (mut voices, mut wrong) = (connected(), Vec::new());
            voices.heard(at(1200), Who::Line(1), Who::Line(0), true, &mut wrong);
            let call = CallId(1);
            voices.event(
                at(3000),
                &if held {
                    CallEvent::Held { call, by: Side::Caller }
                } else {
                    CallEvent::Cleared { call, cause: Cause::NORMAL, by: Clearer::Gateway }
                },
            );
            voices.look(at(4000), &mut wrong);
            assert!(wrong.is_empty(), "{wrong:?}");
            voices.look(at(4600), &mut wrong);
            assert_eq!(wrong.len(), 1, "{wrong:?}");
        }
    }

    #[test]
    fn those_in_a_conference_hear_each_other_until_it_ends_and_no_others_do() {
        let conference = CallEvent::Conference { line: LineId(0), calls: [CallId(1), CallId(2)] };
        for (confers, ended, expected) in
            [(false, None, 1), (true, None, 0), (true, Some(3000), 1), (true, Some(4500), 0)]
        {
            let (mut voices, mut wrong) = (connected(), Vec::new());
            let (call, from) = (CallId(2), Party::Line(LineId(0)));
            let created = CallEvent::Created {
                call,
                from,
                shown: Identity::default(),
                dialled: Text::EMPTY,
                priority: Priority::Normal,
            };
            voices.event(at(1500), &created);
            let to = Party::Line(LineId(2));
            voices.event(at(1500), &CallEvent::Routed { call, to, via: None, sent: Text::EMPTY });
            voices.event(at(1600), &CallEvent::Line { line: LineId(2), doing: LineDoing::Talking });
            voices.event(at(1600), &CallEvent::Answered(call));
            if confers {
                voices.event(at(1700), &conference);
            }
            if let Some(ended) = ended {
                voices.event(at(ended), &CallEvent::Held { call: CallId(1), by: Side::Caller });
            }
            voices.heard(at(5000), Who::Line(1), Who::Line(2), true, &mut wrong);
            assert_eq!(wrong.len(), expected, "{confers} {ended:?} {wrong:?}");
            voices.heard(at(5000), Who::Line(1), Who::Line(3), true, &mut wrong);
            assert_eq!(wrong.len(), expected + 1);
        }
    }

    #[test]
    fn whom_a_relay_takes_to_another_line_is_looked_at_anew() {
        let (mut voices, mut wrong) = (connected(), Vec::new());
        voices.heard(at(1200), Who::Line(1), Who::Line(0), true, &mut wrong);
        let cause = Cause::TEMPORARY;
        voices.event(at(2000), &CallEvent::Cleared { call: CallId(1), cause, by: Clearer::Gateway });
        voices.moved(1);
        voices.look(at(9000), &mut wrong);
        assert!(wrong.is_empty(), "{wrong:?}");
        voices.heard(at(9000), Who::Line(1), Who::Line(0), true, &mut wrong);
        assert_eq!(wrong.len(), 1);
    }

    #[test]
    fn who_was_joined_while_a_group_rings_talks_to_the_member_that_answers() {
        // Line 0 talks to line 1, calls a group and hangs up; line 2 is rung first, line 3 answers.
        let (mut voices, mut wrong) = (connected(), Vec::new());
        let call = CallId(2);
        let routed =
            |line| CallEvent::Routed { call, to: Party::Line(LineId(line)), via: None, sent: Text::EMPTY };
        let created = CallEvent::Created {
            call,
            from: Party::Line(LineId(0)),
            shown: Identity::default(),
            dialled: Text::EMPTY,
            priority: Priority::Normal,
        };
        voices.event(at(1500), &created);
        voices.event(at(1500), &routed(2));
        voices.event(at(2000), &CallEvent::Joined { call: CallId(1), with: call });
        voices.event(at(4000), &routed(3));
        voices.event(at(5000), &CallEvent::Line { line: LineId(3), doing: LineDoing::Talking });
        voices.event(at(5000), &CallEvent::Answered(call));
        voices.heard(at(7000), Who::Line(1), Who::Line(3), true, &mut wrong);
        voices.heard(at(7000), Who::Line(3), Who::Line(1), true, &mut wrong);
        assert!(wrong.is_empty(), "{wrong:?}");
        voices.heard(at(7000), Who::Line(2), Who::Line(1), true, &mut wrong);
        assert_eq!(wrong.len(), 1);
    }

    #[test]
    fn a_voice_over_true_samples_is_believed_when_it_lasts() {
        for (until, expected) in [(1800, 0), (3000, 1)] {
            let (mut voices, mut wrong) = (connected(), Vec::new());
            voices.doubt_ears();
            let pbx = || Who::Far("pbx".to_owned());
            voices.heard(at(1200), pbx(), Who::Line(0), true, &mut wrong);
            if until > 2200 {
                voices.look(at(2300), &mut wrong);
            }
            voices.heard(at(until), pbx(), Who::Line(0), false, &mut wrong);
            assert_eq!(wrong.len().min(1), expected, "{until} {wrong:?}");
        }
    }

    #[test]
    fn a_called_party_hears_nobody_before_it_answers() {
        let (mut voices, mut wrong) = (connected(), Vec::new());
        let call = CallId(2);
        voices.event(
            at(0),
            &CallEvent::Created {
                call,
                from: Party::Line(LineId(4)),
                shown: Identity::new("105", ""),
                dialled: Text::new("4001"),
                priority: Priority::Normal,
            },
        );
        let (to, via) = (Party::Far(FarId::Out(1)), Some(Via::Server(Text::new("pbx"))));
        voices.event(at(0), &CallEvent::Routed { call, to, via, sent: Text::EMPTY });
        voices.event(at(0), &CallEvent::EarlyMedia(call));
        let pbx = || Who::Far("pbx".to_owned());
        voices.heard(at(500), Who::Line(4), pbx(), true, &mut wrong);
        assert!(wrong.is_empty(), "{wrong:?}");
        voices.heard(at(500), pbx(), Who::Line(4), true, &mut wrong);
        assert_eq!(wrong.len(), 1);
    }
}
