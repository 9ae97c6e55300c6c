//! What the checkers are shown of a world.

use tipring_media::Processing;
use tipring_units::{LineId, Millis};

use super::World;
use crate::check::{Checks, Counts, Held, Seen, Who};
use crate::lab::Place;
use crate::plant::Fidelity;

/// Between two closer looks.
const LOOKS: Millis = Millis(500);

impl<A: Processing + Fidelity> World<A> {
    /// Lets checkers watch from now on.
    pub fn watch(&mut self, checks: Checks) {
        self.checks = Some(Box::new(checks));
        self.rung = 0;
        self.show_rungs();
    }

    /// The checkers that watch.
    pub fn checks(&mut self) -> Option<&mut Checks> {
        self.checks.as_deref_mut()
    }

    /// Shows the checkers what has come to the ladder.
    pub(crate) fn show_rungs(&mut self) {
        let Some(checks) = &mut self.checks else { return };
        for fact in self.facts.since(self.rung) {
            checks.rung(fact.at, &fact.who, &fact.words);
        }
        checks.rungs_told();
        self.rung = self.facts.count();
    }

    /// Shows the checkers a shard's lines after a tick.
    pub(super) fn show_tick(&mut self, place: usize) {
        let now = self.now;
        let (first, lines) = (self.shards[place].first, self.shards[place].lines);
        let is_blind = self.card_stopped.is_some();
        let Some(checks) = &mut self.checks else { return };
        for line in (first..first + lines).map(LineId) {
            let Some(real) = self.lab.card().line(line) else { continue };
            let ringing = matches!(real.feed(), tipring_port::Feed::Ringing { .. });
            let closed = real.is_closed();
            checks.tick(now, line, ringing, closed, is_blind);
        }
    }

    /// Shows the checkers everything, if it is time.
    pub(super) fn perhaps_show_all(&mut self) {
        if self.checks.is_some() && self.now >= self.next_look {
            self.next_look = self.now + LOOKS;
            self.show_all();
        }
    }

    fn show_all(&mut self) {
        let now = self.now;
        for place in 0..self.shards.len() {
            let (first, lines) = (self.shards[place].first, self.shards[place].lines);
            for line in (first..first + lines).map(LineId) {
                let (seen, counts) = (self.seen(line), self.counts(place, line));
                let held = self.held(line);
                if let Some(checks) = &mut self.checks {
                    checks.line(now, line, seen, counts);
                    if let Some(held) = held {
                        checks.outside(now, line, held);
                    }
                }
            }
        }
        let flights = self.network.flights();
        if let Some(checks) = &mut self.checks {
            checks.look(now, flights);
        }
    }

    fn seen(&mut self, line: LineId) -> Seen {
        let blind = self.card_stopped.is_some();
        let ringing = self.is_rung_aloud(line);
        let Some(real) = self.lab.card().line(line) else { return Seen::default() };
        let lifted = real.phones().iter().filter(|phone| phone.is_lifted() && phone.is_plugged());
        let hears = lifted
            .clone()
            .any(|phone| phone.hears().iter().any(|heard| !matches!(heard.what, crate::ear::What::Silence)));
        let outside = real.office().is_some();
        let lifted = match real.office() {
            // an outside line is off-hook when the gateway's port is, and as good as that while it asks for service
            Some(_) => real.is_port_closed() || real.feed() == tipring_port::Feed::RingGround,
            None => lifted.count() > 0,
        };
        let busy = real.phones().iter().any(crate::phone::Phone::is_busy);
        Seen { lifted, busy, ringing, hears, blind, outside }
    }

    fn held(&self, line: LineId) -> Option<Held> {
        let real = self.lab.line(line)?;
        let party = real.office()?.has_party();
        let off_hook = real.is_port_closed();
        // whom to look for is asked only where it matters
        let partners = || self.checks.iter().flat_map(|checks| checks.partners(line));
        let partner = off_hook && !party && partners().any(|who| self.is_there(&who));
        Some(Held { off_hook, party, partner, blind: self.card_stopped.is_some() })
    }

    /// True if somebody is really at that end.
    fn is_there(&self, who: &Who) -> bool {
        match who {
            Who::Line(line) => self.lab.line(LineId(*line as u16)).is_some_and(|real| match real.office() {
                Some(office) => office.has_party(),
                None => real.phones().iter().any(|phone| phone.is_lifted() && phone.is_plugged()),
            }),
            Who::Far(name) => self.peers.iter().any(|peer| {
                let own = &peer.spec().name;
                peer.has_media() && own.strip_prefix("user ").unwrap_or(own) == name
            }),
            Who::AnyFar => self.peers.iter().any(crate::peer::Peer::has_media),
        }
    }

    fn counts(&mut self, place: usize, line: LineId) -> Counts {
        let now = self.now;
        let unit = &self.shards[place];
        let (ticks, slept) = unit.progress(now);
        let (shard, card) = (unit.shard.time().0, self.lab.now(line).0);
        let slept = slept * tipring_units::TICK_SAMPLES as u64;
        Counts {
            due: unit.due_by(now),
            ticks,
            shard: shard + slept,
            card: card + slept,
            dropped: unit.shard.dropped(),
            refused: unit.shard.refused(),
        }
    }

    /// Forgets what a telephone has not begun yet; it hangs up.
    pub fn hang_up(&mut self, place: Place) {
        if let Some(phone) = self.lab.card().phone_mut(place.line, usize::from(place.phone)) {
            phone.forget();
        }
        // a telephone that has been told to forget has room
        let _ = self.act(place, crate::phone::Action::OnHook);
    }

    /// What is not idle, in words.
    pub fn left(&self) -> Vec<String> {
        let mut left = Vec::new();
        for call in self.control.status().calls {
            left.push(format!("call {} from {} to {}: {}", call.call, call.from, call.to, call.state));
        }
        if !self.control.is_idle() && left.is_empty() {
            left.push("the control plane".to_owned());
        }
        for unit in &self.shards {
            if unit.shard.leg_count() > 0 {
                left.push(format!("{} legs of shard {}", unit.shard.leg_count(), unit.id.0));
            } else if !unit.is_idle() {
                left.push(format!("a line of shard {} rings", unit.id.0));
            }
        }
        left
    }

    /// True if the control plane says of every line that it is idle.
    pub fn are_lines_idle(&self) -> bool {
        self.control.status().lines.iter().all(|line| line.state == "idle")
    }

    /// The power of a far end fails for a moment.
    pub fn restart_peer(&mut self, place: usize) {
        if let Some(peer) = self.peers.get_mut(place) {
            peer.restart();
        }
    }

    /// What has become known since the `index`-th fact, and how many there are.
    pub fn news(&self, index: u64) -> (Vec<super::Fact>, u64) {
        (self.facts.since(index).to_vec(), self.facts.count())
    }

    /// Keeps only the latest facts, for worlds that run for days.
    pub fn forget_facts(&mut self) {
        self.show_rungs();
        self.facts.trim();
        self.records.clear();
    }
}
