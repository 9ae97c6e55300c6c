use std::collections::{BTreeMap, BTreeSet};

use core::net::SocketAddr;

use tipring_port::{Command, LegSpec, MediaCommand};
use tipring_units::{LegId, LineId, MediaSlot, ShardId};

use super::*;
use crate::{Site, Wiring};

const BOTH: Way = Way::Both;

/// What the shards make of the desk's commands.
struct Shards {
    desk: MediaDesk,
    legs: BTreeMap<(ShardId, LegId), LegSpec>,
    joined: BTreeMap<(ShardId, LegId), BridgeId>,
    /// Bridges that legs were put on since it was asked last.
    moves: usize,
}

/// Six telephones, `per_shard` to a shard.
fn shards(per_shard: usize) -> Shards {
    let text = "country = \"us\"\n[phone.101-106]\nport = \"sim/1-6\"\n";
    let effective = tipring_config::check(text, "tipring.toml").effective.expect("it is right");
    let wiring = Wiring {
        slots: (0..4).map(|n| (MediaSlot(n), SocketAddr::from(([127, 0, 0, 1], 20_000 + 2 * n)))).collect(),
        sip: SocketAddr::from(([127, 0, 0, 1], 5060)),
        lines_per_shard: per_shard,
        utc_offset_minutes: 0,
        revision: 1,
    };
    let desk = MediaDesk::new(&Site::configured(&effective, &wiring), "test");
    Shards { desk, legs: BTreeMap::new(), joined: BTreeMap::new(), moves: 0 }
}

fn line(line: u16) -> Party {
    Party::Line(LineId(line))
}

impl Shards {
    fn connect(&mut self, a: u16, b: u16) {
        self.desk.connect(line(a), line(b), BOTH);
        self.run();
    }

    fn disconnect(&mut self, a: u16, b: u16) {
        self.desk.disconnect(line(a), line(b));
        self.run();
    }

    fn run(&mut self) {
        while let Some((shard, command)) = self.desk.poll() {
            let Command::Media(command) = command else { continue };
            match command {
                MediaCommand::Open(leg, spec) => {
                    assert!(self.legs.insert((shard, leg), spec).is_none(), "{leg:?} is open already");
                }
                MediaCommand::Join(bridge, leg) => {
                    assert!(self.legs.contains_key(&(shard, leg)), "{leg:?} is not open");
                    self.joined.insert((shard, leg), bridge);
                    self.moves += 1;
                }
                MediaCommand::Leave(leg) => {
                    self.joined.remove(&(shard, leg));
                }
                MediaCommand::Close(leg) => {
                    assert!(self.legs.remove(&(shard, leg)).is_some(), "{leg:?} is not open");
                    self.joined.remove(&(shard, leg));
                }
                _ => {}
            }
        }
    }

    /// The lines whose sound arrives at `line`, each as often as it does.
    fn heard_by(&self, own: u16) -> Vec<u16> {
        let leg =
            self.legs.iter().find(|(_, spec)| **spec == LegSpec::Line(LineId(own))).map(|(leg, _)| *leg);
        let Some(leg) = leg else { return Vec::new() };
        let mut all = Vec::new();
        self.walk(leg, &mut all, 0);
        all.sort_unstable();
        all
    }

    fn walk(&self, from: (ShardId, LegId), all: &mut Vec<u16>, depth: usize) {
        assert!(depth < 8, "the bridges are joined in a circle");
        let Some(bridge) = self.joined.get(&from) else { return };
        let others =
            self.joined.iter().filter(|(leg, own)| leg.0 == from.0 && *own == bridge && **leg != from);
        for (leg, _) in others {
            match self.legs.get(leg) {
                Some(LegSpec::Line(line)) => all.push(line.0),
                Some(LegSpec::Cross(spec)) => self.walk((spec.peer, spec.peer_leg), all, depth + 1),
                Some(LegSpec::Rtp(_)) | None => {}
            }
        }
    }

    fn moves(&mut self) -> usize {
        core::mem::take(&mut self.moves)
    }
}

#[test]
fn three_hear_each_other_once_wherever_they_live() {
    for per_shard in [1, 2, 3, 6] {
        let mut shards = shards(per_shard);
        shards.connect(0, 1);
        shards.moves();
        shards.connect(0, 2);
        assert!(shards.moves() <= 3, "who talks already is not moved");
        for (own, others) in [(0, [1, 2]), (1, [0, 2]), (2, [0, 1])] {
            assert_eq!(shards.heard_by(own), others, "{per_shard} to a shard");
        }
    }
}

#[test]
fn who_leaves_is_heard_no_more_and_the_others_are_not_moved() {
    for per_shard in [1, 2, 6] {
        for gone in [1, 2] {
            let mut shards = shards(per_shard);
            shards.connect(0, 1);
            shards.connect(0, 2);
            shards.moves();
            shards.disconnect(0, gone);
            assert_eq!(shards.moves(), 0);
            let left = 3 - gone;
            assert_eq!((shards.heard_by(0), shards.heard_by(left)), (vec![left], vec![0]));
            assert!(shards.heard_by(gone).is_empty());
            shards.disconnect(0, left);
            assert!(shards.legs.is_empty(), "{:?}", shards.legs);
        }
    }
}

#[test]
fn two_conferences_that_share_somebody_are_one_and_fall_apart_again() {
    for per_shard in [1, 2, 6] {
        let mut shards = shards(per_shard);
        shards.connect(0, 1);
        shards.connect(2, 3);
        shards.connect(1, 2);
        for own in 0..4 {
            let others: Vec<u16> = (0..4).filter(|other| *other != own).collect();
            assert_eq!(shards.heard_by(own), others);
        }
        shards.disconnect(1, 2);
        assert_eq!((shards.heard_by(0), shards.heard_by(3)), (vec![1], vec![2]));
        shards.disconnect(0, 1);
        shards.disconnect(2, 3);
        assert!(shards.legs.is_empty());
    }
}

#[test]
fn whatever_is_connected_is_heard_and_nothing_else() {
    let mut seed = 7_u64;
    let mut random = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let mut shards = shards(2);
    let mut edges: BTreeSet<(u16, u16)> = BTreeSet::new();
    for _ in 0..2000 {
        let (a, b) = (random(6) as u16, random(6) as u16);
        let edge = (a.min(b), a.max(b));
        if edges.remove(&edge) {
            shards.disconnect(edge.0, edge.1);
        } else if a != b && edges.len() < 4 {
            edges.insert(edge);
            shards.connect(edge.0, edge.1);
        }
        for own in 0..6 {
            let mut reached = BTreeSet::from([own]);
            for _ in 0..6 {
                for (a, b) in &edges {
                    if reached.contains(a) || reached.contains(b) {
                        reached.extend([*a, *b]);
                    }
                }
            }
            reached.remove(&own);
            assert_eq!(shards.heard_by(own), Vec::from_iter(reached), "{own} of {edges:?}");
        }
    }
}
