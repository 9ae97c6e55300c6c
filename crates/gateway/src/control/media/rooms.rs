//! Who hears whom: rooms.
//!
//! # How
//! A path joins two parties. All who are joined by paths, one behind the other, are in one room and hear each other: two as a
//! rule, three where a telephone has made a conference. A room has a bridge on each shard on which somebody of it lives; the
//! first of them is the hub, and a pair of crossing legs joins it to each other one. Who enters or leaves disturbs nobody else.
//!
//! # Limits
//! `tipring_media::MAX_MEMBERS` on a bridge, crossing legs included.

use std::collections::BTreeSet;

use tipring_call::{Party, Way};
use tipring_port::{Command, CrossSpec, LegSpec, MediaCommand};
use tipring_units::{BridgeId, LegId, ShardId};

use super::{FarMedia, MediaDesk};

/// Two parties who hear each other.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Path {
    a: Party,
    b: Party,
    way: Way,
}

impl Path {
    fn has(&self, party: Party) -> bool {
        self.a == party || self.b == party
    }
}

/// A bridge of a room.
#[derive(Debug)]
struct Bridge {
    shard: ShardId,
    id: BridgeId,
    /// The crossing leg on the hub, and the one here; the hub itself has none.
    crossing: Option<(LegId, LegId)>,
}

/// All who hear each other.
#[derive(Debug, Default)]
pub(super) struct Room {
    paths: Vec<Path>,
    members: Vec<(Party, ShardId)>,
    /// The hub first.
    bridges: Vec<Bridge>,
}

impl Room {
    fn has(&self, party: Party) -> bool {
        self.members.iter().any(|(member, _)| *member == party)
    }

    fn bridge_on(&self, shard: ShardId) -> Option<BridgeId> {
        self.bridges.iter().find(|bridge| bridge.shard == shard).map(|bridge| bridge.id)
    }

    /// The crossing legs, each with its shard.
    fn crossings(&self) -> impl Iterator<Item = (ShardId, LegId)> + '_ {
        let hub = self.bridges.first().map(|bridge| bridge.shard);
        let ends = move |bridge: &Bridge| {
            let (near, far) = bridge.crossing?;
            Some([(hub?, near), (bridge.shard, far)])
        };
        self.bridges.iter().filter_map(ends).flatten()
    }

    /// True if all paths hang together.
    fn is_whole(&self) -> bool {
        let Some(first) = self.paths.first() else { return true };
        let mut reached = vec![first.a];
        let mut place = 0;
        while let Some(party) = reached.get(place).copied() {
            for path in self.paths.iter().filter(|path| path.has(party)) {
                for end in [path.a, path.b] {
                    if !reached.contains(&end) {
                        reached.push(end);
                    }
                }
            }
            place += 1;
        }
        self.paths.iter().all(|path| reached.contains(&path.a))
    }
}

impl MediaDesk {
    /// Lets two hear each other; again with another `way`: changes it.
    pub(super) fn connect(&mut self, a: Party, b: Party, way: Way) {
        let room = match (self.room_of(a), self.room_of(b)) {
            (None, None) => {
                self.rooms.push(Room::default());
                self.rooms.len() - 1
            }
            (Some(room), None) | (None, Some(room)) => room,
            (Some(room), Some(other)) if room == other => room,
            (Some(_), Some(other)) => {
                // Two conferences become one.
                let paths = self.dissolve(other);
                let Some(room) = self.room_of(a) else { return };
                for path in paths {
                    self.add(room, path);
                }
                room
            }
        };
        self.add(room, Path { a, b, way });
    }

    /// Ends what [`Self::connect`] began.
    pub(super) fn disconnect(&mut self, a: Party, b: Party) {
        let is_it = |path: &Path| (path.a, path.b) == (a, b);
        let Some(place) = self.rooms.iter().position(|room| room.paths.iter().any(is_it)) else { return };
        self.rooms[place].paths.retain(|path| !is_it(path));
        if self.rooms[place].paths.is_empty() {
            self.dissolve(place);
        } else if self.rooms[place].is_whole() {
            for party in [a, b] {
                if !self.rooms[place].paths.iter().any(|path| path.has(party)) {
                    self.leave(place, party);
                }
            }
        } else {
            for path in self.dissolve(place) {
                self.connect(path.a, path.b, path.way);
            }
        }
    }

    /// A party is gone: all of its paths are.
    pub(super) fn leave_all(&mut self, party: Party) {
        let path = |room: &Room| room.paths.iter().find(|path| path.has(party)).copied();
        while let Some(Path { a, b, .. }) = self.rooms.iter().find_map(path) {
            self.disconnect(a, b);
        }
    }

    /// The streams of a party that is in a room already were agreed.
    pub(super) fn join_late(&mut self, party: Party) {
        let Some(room) = self.room_of(party).and_then(|place| self.rooms.get(place)) else { return };
        let Some((_, shard)) = room.members.iter().find(|(member, _)| *member == party) else { return };
        let (shard, bridge) = (*shard, room.bridge_on(*shard));
        let paths: Vec<Path> = room.paths.iter().filter(|path| path.has(party)).copied().collect();
        if let Some(bridge) = bridge {
            self.join(party, shard, bridge);
            for path in paths {
                self.set_way(path.a, path.b, path.way);
            }
        }
    }

    /// What these two say goes through untouched.
    pub(super) fn pass_through(&mut self, a: Party, b: Party) {
        let is_it = |path: &Path| (path.a, path.b) == (a, b);
        let Some(room) = self.rooms.iter().find(|room| room.paths.iter().any(is_it)) else { return };
        let crossings: Vec<(ShardId, LegId)> = room.crossings().collect();
        for (shard, leg) in [self.leg_of(a), self.leg_of(b)].into_iter().flatten().chain(crossings) {
            self.out.push_back((shard, Command::Media(MediaCommand::PassThrough(leg))));
        }
    }

    /// Who is at the other end of a party's path; of several the first.
    pub(crate) fn other_end(&self, party: Party) -> Option<Party> {
        let path = self.rooms.iter().flat_map(|room| &room.paths).find(|path| path.has(party))?;
        Some(if path.a == party { path.b } else { path.a })
    }

    /// A party of the room that this crossing leg is of.
    pub(super) fn party_across(&self, leg: LegId) -> Option<Party> {
        let room = self.rooms.iter().find(|room| room.crossings().any(|(_, own)| own == leg))?;
        room.paths.first().map(|path| path.a)
    }

    fn room_of(&self, party: Party) -> Option<usize> {
        self.rooms.iter().position(|room| room.has(party))
    }

    fn add(&mut self, place: usize, path: Path) {
        let Path { a, b, way } = path;
        let known = self.rooms[place].paths.iter().position(|own| (own.a, own.b) == (a, b));
        match known {
            Some(known) => self.rooms[place].paths[known].way = way,
            None => {
                let entering = [(a, self.shard_of(a, b)), (b, self.shard_of(b, a))];
                let entering = entering.map(|(party, shard)| {
                    let bridge = self.bridge(place, shard);
                    let is_new = !self.rooms[place].has(party);
                    if is_new {
                        self.rooms[place].members.push((party, shard));
                    }
                    (party, shard, bridge, is_new)
                });
                for (party, shard, bridge, is_new) in entering {
                    if is_new {
                        self.join(party, shard, bridge);
                    }
                }
                self.rooms[place].paths.push(path);
            }
        }
        self.set_way(a, b, way);
    }

    /// The bridge of a room on a shard; a new one is joined to the hub.
    fn bridge(&mut self, place: usize, shard: ShardId) -> BridgeId {
        if let Some(bridge) = self.rooms[place].bridge_on(shard) {
            return bridge;
        }
        let id = self.next_bridge();
        let hub = self.rooms[place].bridges.first().map(|hub| (hub.shard, hub.id));
        let crossing = hub.map(|(hub_shard, hub)| {
            let (near, far) = (self.next_leg(), self.next_leg());
            for (shard, leg, peer, peer_leg, bridge) in
                [(hub_shard, near, shard, far, hub), (shard, far, hub_shard, near, id)]
            {
                let spec = LegSpec::Cross(CrossSpec { peer, peer_leg });
                self.out.push_back((shard, Command::Media(MediaCommand::Open(leg, spec))));
                self.out.push_back((shard, Command::Media(MediaCommand::Join(bridge, leg))));
            }
            (near, far)
        });
        self.rooms[place].bridges.push(Bridge { shard, id, crossing });
        id
    }

    /// A party leaves a room in which others stay.
    fn leave(&mut self, place: usize, party: Party) {
        self.let_out(party);
        let room = &mut self.rooms[place];
        room.members.retain(|(member, _)| *member != party);
        let lived_on: BTreeSet<ShardId> = room.members.iter().map(|(_, shard)| *shard).collect();
        let Some(hub) = room.bridges.first().map(|hub| hub.shard) else { return };
        let mut closed = Vec::new();
        room.bridges.retain(|bridge| match bridge.crossing {
            Some((near, far)) if !lived_on.contains(&bridge.shard) => {
                closed.extend([(hub, near), (bridge.shard, far)]);
                false
            }
            Some(_) | None => true,
        });
        self.close(closed);
    }

    /// All leave; the paths that there were.
    fn dissolve(&mut self, place: usize) -> Vec<Path> {
        let room = self.rooms.remove(place);
        for (party, _) in &room.members {
            self.let_out(*party);
        }
        self.close(room.crossings().collect());
        room.paths
    }

    fn let_out(&mut self, party: Party) {
        match party {
            Party::Line(line) => {
                if let Some(leg) = self.lines.remove(&line) {
                    let shard = self.line_shard(line);
                    self.out.push_back((shard, Command::Media(MediaCommand::Close(leg))));
                }
            }
            Party::Far(far) => {
                if let Some(FarMedia { leg, shard: Some(shard), .. }) = self.far.get(&far) {
                    self.out.push_back((*shard, Command::Media(MediaCommand::Leave(*leg))));
                }
            }
        }
    }

    fn close(&mut self, legs: Vec<(ShardId, LegId)>) {
        for (shard, leg) in legs {
            self.out.push_back((shard, Command::Media(MediaCommand::Close(leg))));
        }
    }

    fn next_bridge(&mut self) -> BridgeId {
        self.last_bridge += 1;
        BridgeId(self.last_bridge)
    }
}

#[cfg(test)]
mod tests;
