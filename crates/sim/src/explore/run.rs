//! The run: people, far ends and fate in turn, and rests in which everything has to fall idle.

use core::time::Duration;

use tipring_media::Processing;
use tipring_units::{Entropy, Instant, LineId, Millis};

use super::agenda::{Agenda, Deed};
use super::house::{House, head_of};
use super::{ExploreReport, Scope};
use crate::check::{Checks, Used, panics};
use crate::flow::world_of;
use crate::lab::Place;
use crate::peer::{Order, Which};
use crate::plant::Fidelity;
use crate::world::World;

/// When faults have stopped and all have hung up, everything is idle within 2 * 64 * T1 + 5 s.
pub const IDLE_WITHIN: Millis = Millis::from_secs(69);
/// From power-on to the first deed: lines settle, accounts register.
const PROLOGUE: Millis = Millis(2000);
/// People are busy for so long, then rest.
const BUSY: (u32, u32) = (300_000, 1_200_000);
/// The shortest interval of a session (RFC 4028 §4): half of it is less than [`IDLE_WITHIN`].
const SESSION_INTERVAL: Millis = Millis::from_secs(90);
/// Rests without anything going on.
const REST: (u32, u32) = (1_000, 400_000);
/// SIP telephones register again within this.
const REGISTER: (u32, u32) = (40_000, 100_000);
/// Telephones that rang and were told of are remembered this far back.
const FACTS: usize = 5_000;
/// Calls of a far end that are hung up in a rest.
const CALLS_BACK: usize = 64;

/// A run.
pub(super) struct Explorer<A: Processing + Fidelity> {
    pub world: World<A>,
    pub house: House,
    pub entropy: Entropy,
    pub faults: u64,
    scope: Scope,
    /// Calls of each far end that its users know of.
    pub known: Vec<usize>,
    agenda: Agenda,
    report: ExploreReport,
    end: Instant,
    seen: u64,
    names: Vec<String>,
    /// Names of the subscribers of the exchange.
    subscribers: Vec<String>,
}

impl<A: Processing + Fidelity> Explorer<A> {
    /// A run at its start.
    pub fn new(scope: Scope) -> Self {
        let Scope { seed, hours, fidelity, .. } = scope;
        let mut entropy = Entropy::for_simulation(seed);
        let house = House::new(&mut entropy, fidelity);
        panics::watch(true);
        let head = head_of(&house).expect("the head of a house is in order");
        let mut spec = world_of(&head, seed).expect("a house makes a gateway");
        // So that calls whose far ends vanished are found within a rest.
        spec.site.sip.agent.session_interval = Some(SESSION_INTERVAL);
        let mut world: World<A> = World::new(&spec);
        let mut checks = Checks::new(seed, scope.to_string());
        if matches!(fidelity, crate::flow::Fidelity::Audio) {
            checks.doubt_ears();
        }
        let names: Vec<String> = spec.peers.iter().map(|peer| peer.name.clone()).collect();
        for (place, name) in names.iter().enumerate() {
            let number = name.strip_prefix("user ").unwrap_or(name);
            checks.number(number, number);
            if place < house.servers.len() {
                for n in 0..100 {
                    checks.number(&Self::caller(place, n), name);
                }
            }
        }
        world.watch(checks);
        for (place, server) in head.servers.iter().enumerate() {
            if server.asks {
                // a far end that has just been made takes every order
                let _ = world.order(place, Order::Asks(true));
            }
        }
        let report = ExploreReport {
            seed,
            fidelity,
            calls: 0,
            answered: 0,
            used: Used::default(),
            events: 0,
            faults: 0,
            panics: 0,
            rests: 0,
            virtual_time: Duration::ZERO,
            violations: Vec::new(),
            hash: 0,
        };
        let end = Instant::ZERO + Duration::from_secs_f64((hours * 3600.0).clamp(0.0, 1e9));
        let known = vec![0; names.len()];
        Self {
            world,
            house,
            entropy,
            faults: 0,
            scope,
            known,
            agenda: Agenda::default(),
            report,
            end,
            seen: 0,
            names,
            subscribers: head
                .all_subscribers()
                .iter()
                .map(|one| format!("subscriber {}", one.number))
                .collect(),
        }
    }

    /// Runs to the end.
    pub fn run(mut self) -> ExploreReport {
        self.go_to(Instant::ZERO + PROLOGUE);
        loop {
            let now = self.world.now();
            // what is left for a rest at the end
            let last =
                Instant::from_nanos(self.end.as_nanos().saturating_sub(u64::from(IDLE_WITHIN.0) * 1_000_000));
            let busy = self.some(BUSY.0, BUSY.1);
            self.begin();
            self.go_to((now + busy).min(last));
            self.rest();
            if self.world.now() >= last || self.is_bad() {
                break;
            }
            let rest = self.some(REST.0, REST.1);
            let until = self.world.now() + rest;
            self.go_to(until.min(last));
        }
        self.finish()
    }

    fn begin(&mut self) {
        for line in 0..self.house.lines() {
            let pause = self.some(100, 30_000);
            self.later(pause, Deed::User(LineId(line as u16)));
        }
        for place in 0..self.far_ends() {
            let pause = self.some(100, 40_000);
            self.later(pause, Deed::Far(place));
            if place >= self.house.servers.len() {
                let soon = self.some(1, 3_000);
                self.later(soon, Deed::Register(place));
            }
        }
        for place in 0..self.subscribers.len() {
            let pause = self.some(100, 60_000);
            self.later(pause, Deed::SubscriberUser(place));
        }
        let pause = self.some(5_000, 60_000);
        self.later(pause, Deed::Trouble);
    }

    /// Faults stop, all hang up; sees whether everything falls idle.
    fn rest(&mut self) {
        self.agenda.clear();
        self.all_well();
        let deadline = self.world.now() + IDLE_WITHIN;
        let mut again = self.world.now();
        loop {
            let now = self.world.now();
            if now >= again {
                self.all_hang_up();
                // An injected panic may have taken the order.
                self.all_in_service();
                again = now + Millis::from_secs(4);
            }
            if now >= deadline || (self.world.is_idle() && self.is_over()) {
                break;
            }
            self.step(again.min(deadline), false);
        }
        let left = if self.world.is_idle() { Vec::new() } else { self.world.left() };
        let now = self.world.now();
        if let Some(checks) = self.world.checks() {
            checks.quiesced(now, left);
        }
        self.world.show_rungs();
        self.report.rests += 1;
        for place in 0..self.far_ends() {
            self.world.restart_peer(place);
        }
        self.world.forget_facts();
    }

    /// True if nothing is under way at far ends and telephones any more.
    fn is_over(&mut self) -> bool {
        let phones = (0..self.house.all_lines()).all(|line| {
            (0..2).all(|phone| {
                let place = Place { line: LineId(line as u16), phone };
                self.world.lab().phone(place).is_none_or(crate::phone::Phone::is_idle)
            })
        });
        phones && self.world.left().is_empty() && self.world.are_lines_idle() && self.are_exchanges_idle()
    }

    fn all_hang_up(&mut self) {
        self.world.subscribers_hang_up();
        for line in 0..self.house.all_lines() {
            for phone in 0..2 {
                let place = Place { line: LineId(line as u16), phone };
                if self.world.lab().phone(place).is_some_and(|phone| phone.is_lifted() || phone.is_busy()) {
                    self.world.hang_up(place);
                }
            }
        }
        for place in 0..self.far_ends() {
            let calls = self.world.peer(place).map_or(0, crate::peer::Peer::calls);
            for call in calls.saturating_sub(CALLS_BACK)..=calls {
                let which = Which { call: Some(call), fork: None };
                // whatever state the call is in, one of these fits
                let answer = Order::Answer { status: 486, which, sound: false, to: None };
                for order in [Order::Bye(which), Order::Cancel(which), answer] {
                    let _ = self.world.order(place, order);
                }
            }
        }
    }

    /// Goes to `until`, doing what is due on the way.
    fn go_to(&mut self, until: Instant) {
        while self.world.now() < until && !self.is_bad() {
            let next = self.agenda.next().unwrap_or(until).min(until);
            self.step(next, true);
            let now = self.world.now();
            while let Some(deed) = self.agenda.take(now) {
                self.act(deed);
            }
        }
    }

    fn step(&mut self, limit: Instant, reacts: bool) {
        self.world.advance(limit);
        if self.world.facts().count() == self.seen {
            return;
        }
        if reacts {
            let (news, _) = self.world.news(self.seen);
            for fact in news {
                self.react(&fact.who, &fact.words);
            }
        }
        self.seen = self.world.facts().count();
        if self.world.facts().all().len() > FACTS {
            self.world.forget_facts();
        }
    }

    fn react(&mut self, who: &str, words: &str) {
        if let Some(subscriber) = self.subscribers.iter().position(|name| name == who) {
            self.of_subscriber(subscriber, words);
            return;
        }
        let place = who.strip_prefix("phone ").and_then(place_of);
        match (place, words) {
            (Some(place), "rings") if place.phone == 0 && usize::from(place.line.0) < self.house.lines() => {
                self.rings(place.line)
            }
            (Some(place), "hears busy" | "hears reorder" | "hears howler" | "hears unobtainable") => {
                self.is_told(place);
            }
            (Some(_), _) => {}
            (None, words) => {
                let far = self.names.iter().position(|name| name == who);
                if let (Some(far), true) = (far, words.starts_with("gets INVITE")) {
                    self.is_called(far);
                }
            }
        }
    }

    fn act(&mut self, deed: Deed) {
        match deed {
            // a user who does nothing has no further plans
            Deed::User(line) if self.scope.lines.is_some_and(|lines| line.0 >= lines) => {}
            Deed::User(line) => self.user(line),
            Deed::Phone(place, action) => {
                // a telephone with too much to do is left alone
                let _ = self.world.act(place, action);
            }
            Deed::HangUp(place) => self.world.hang_up(place),
            Deed::Far(place) => self.far_user(place),
            Deed::Order(place, order) => {
                // the call may be over
                let _ = self.world.order(place, order);
            }
            Deed::SubscriberUser(place) => self.subscriber_user(place),
            Deed::Subscriber(place, deed) => self.deed(place, deed),
            Deed::Office(line, order) => self.tell_office(line, order),
            Deed::Fault(fault) => self.world.fault(fault),
            Deed::Trouble if self.scope.faults.is_some_and(|faults| self.faults >= faults) => {}
            Deed::Trouble => self.trouble(),
            Deed::Register(place) => {
                let seconds = if self.entropy.chance(5.0) { 0 } else { 120 };
                let _ = self.world.order(place, Order::Register(seconds));
                let pause = self.some(REGISTER.0, REGISTER.1);
                self.later(pause, Deed::Register(place));
            }
        }
    }

    fn is_bad(&mut self) -> bool {
        self.world.checks().is_some_and(|checks| checks.violations().len() >= 3)
    }

    fn finish(mut self) -> ExploreReport {
        let mut report = self.report;
        report.virtual_time = self.world.now().since(Instant::ZERO);
        report.faults = self.faults;
        report.panics = panics::injected();
        if let Some(checks) = self.world.checks() {
            report.calls = checks.calls().created();
            report.answered = checks.calls().answered();
            report.used = checks.calls().used();
            report.events = checks.events();
            report.violations = checks.violations().to_vec();
            report.hash = checks.hash();
        }
        panics::watch(false);
        report
    }

    /// Far ends.
    pub fn far_ends(&self) -> usize {
        self.names.len()
    }

    /// Does `deed` after `pause`.
    pub fn later(&mut self, pause: Millis, deed: Deed) {
        self.agenda.put(self.world.now() + pause, deed);
    }

    /// A length between `least` and `most` milliseconds; short ones are likelier.
    pub fn some(&mut self, least: u32, most: u32) -> Millis {
        let unit = self.entropy.unit();
        Millis(least + (unit * unit * most.saturating_sub(least) as f32) as u32)
    }
}

/// `3` or `3b`.
fn place_of(text: &str) -> Option<Place> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let line: u16 = digits.parse().ok()?;
    let phone = text.as_bytes().get(digits.len()).map_or(0, |letter| letter.wrapping_sub(b'a'));
    Some(Place { line: LineId(line.checked_sub(1)?), phone })
}
