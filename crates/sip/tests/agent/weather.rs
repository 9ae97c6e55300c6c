//! Two agents on a network that loses, repeats and reorders: every INVITE gets exactly one final answer,
//! every 2xx an ACK, every session one end, and when all have hung up nothing is left.

use std::collections::BTreeMap;

use crate::world::{A, B, Weather, World, media};
use tipring_sip::agent::{By, Cause, Command, Event, SessionId};
use tipring_sip::offer_answer::Direction;
use tipring_units::{Entropy, Millis};

/// What a test's gateway knows of its sessions.
#[derive(Default)]
struct Desk {
    seen: usize,
    live: BTreeMap<SessionId, Kind>,
    ends: BTreeMap<SessionId, u32>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Out,
    In,
    Up,
}

impl Desk {
    fn take(&mut self, world: &World, node: usize) {
        for event in world.events(node).into_iter().skip(self.seen) {
            match event {
                Event::Incoming(incoming) => {
                    self.live.insert(incoming.session, Kind::In);
                }
                Event::Answered { session, .. } => {
                    if let Some(kind) = self.live.get_mut(session) {
                        *kind = Kind::Up;
                    }
                }
                Event::Failed { session, .. } | Event::Ended { session, .. } => {
                    self.live.remove(session);
                    *self.ends.entry(*session).or_default() += 1;
                }
                _ => {}
            }
        }
        self.seen = world.events(node).len();
    }
}

fn random_step(
    world: &mut World,
    rng: &mut Entropy,
    desks: &mut [Desk; 2],
    started: &mut [Vec<SessionId>; 2],
) {
    let node = rng.below(2) as usize;
    let n = node as u8 + 1;
    let sessions: Vec<(SessionId, Kind)> = desks[node].live.iter().map(|(s, k)| (*s, *k)).collect();
    if sessions.len() < 3 && rng.chance(30.0) {
        let to = World::uri(if node == 0 { B } else { A });
        let session = world.call(node, to);
        desks[node].live.insert(session, Kind::Out);
        started[node].push(session);
        return;
    }
    if sessions.is_empty() {
        return;
    }
    let (session, kind) = sessions[rng.below(sessions.len() as u32) as usize];
    let command = match (kind, rng.below(8)) {
        (Kind::In, 0) => Command::Progress { session, status: 180, media: None },
        (Kind::In, 1) => Command::Progress { session, status: 183, media: Some(media(n)) },
        (Kind::In, 2..=4) => Command::Accept { session, media: media(n) },
        (Kind::In, 5) => Command::Reject { session, status: 486, reason: None, retry_after: None },
        (Kind::Up, 0..=1) => {
            Command::Reoffer { session, media: media(n).with_direction(Direction::SendOnly) }
        }
        (Kind::Up, 2..=3) => Command::Reoffer { session, media: media(n) },
        (Kind::Up, 4) => Command::SendInfo { session, digit: '5', duration: Millis(100) },
        (Kind::Out, 0..=5) => return,
        (Kind::Out | Kind::In | Kind::Up, 6) => Command::Hangup { session, cause: Some(Cause::NORMAL) },
        (Kind::In | Kind::Up | Kind::Out, _) => return,
    };
    world.command(node, command);
}

fn run(seed: u64, weather: Weather) {
    run_with(seed, weather, 0.0);
}

/// The same, with a panic in some session in so many of 100 steps.
fn run_with(seed: u64, weather: Weather, panics: f32) {
    let mut world = World::pair(seed);
    let mut rng = Entropy::for_simulation(seed ^ 0x5eed);
    world.weather = weather;
    let mut desks = [Desk::default(), Desk::default()];
    let mut started = [Vec::new(), Vec::new()];
    for _ in 0..60 {
        for node in [0, 1] {
            desks[node].take(&world, node);
        }
        random_step(&mut world, &mut rng, &mut desks, &mut started);
        for node in [0, 1] {
            let live: Vec<SessionId> = desks[node].live.keys().copied().collect();
            if !live.is_empty() && rng.chance(panics) {
                world.nodes[node].agent.sabotage(live[rng.below(live.len() as u32) as usize]);
            }
        }
        world.run_for(rng.below(3000));
    }
    // Everybody hangs up, and the network heals.
    for node in [0, 1] {
        desks[node].take(&world, node);
        for session in desks[node].live.keys().copied().collect::<Vec<_>>() {
            world.command(node, Command::Hangup { session, cause: None });
        }
    }
    world.weather = Weather::FAIR;
    for _ in 0..20 {
        world.run_for(1000);
        for node in [0, 1] {
            desks[node].take(&world, node);
            for session in desks[node].live.keys().copied().collect::<Vec<_>>() {
                world.command(node, Command::Hangup { session, cause: None });
            }
        }
    }
    // 2 x 64*T1 and some.
    world.run_for(2 * 32_000 + 5000 + 40_000);
    for node in [0, 1] {
        desks[node].take(&world, node);
        assert!(desks[node].live.is_empty(), "seed {seed}: sessions live on");
        for session in &started[node] {
            assert_eq!(desks[node].ends.get(session), Some(&1), "seed {seed}: ends of {session:?} at {node}");
        }
        assert!(desks[node].ends.values().all(|ends| *ends == 1), "seed {seed}: {:?}", desks[node].ends);
    }
    world.check_finals();
    if panics == 0.0 {
        // A panic may swallow the one 2xx that came before the BYE that it causes.
        world.check_acks();
    }
    world.check_idle();
}

#[test]
fn a_fair_network_leaves_nothing_behind() {
    for seed in 0..40 {
        run(seed, Weather::FAIR);
    }
}

#[test]
fn loss_leaves_nothing_behind() {
    for seed in 1000..1040 {
        run(seed, Weather { loss: 25.0, twice: 0.0, delay_min: 5, delay_max: 30 });
    }
}

#[test]
fn repeats_and_reordering_leave_nothing_behind() {
    for seed in 2000..2040 {
        run(seed, Weather { loss: 0.0, twice: 30.0, delay_min: 1, delay_max: 800 });
    }
}

#[test]
fn everything_at_once_leaves_nothing_behind() {
    for seed in 3000..3060 {
        run(seed, Weather { loss: 30.0, twice: 20.0, delay_min: 1, delay_max: 1500 });
    }
}

#[test]
fn panics_in_sessions_leave_nothing_behind() {
    // The injected panics would fill the test's output.
    std::panic::set_hook(Box::new(|info| {
        if !info.to_string().contains("sabotage") {
            eprintln!("{info}");
        }
    }));
    for seed in 4000..4060 {
        run_with(seed, Weather { loss: 15.0, twice: 10.0, delay_min: 1, delay_max: 600 }, 20.0);
    }
}

#[test]
fn a_network_that_dies_in_a_call_ends_it_on_both_sides() {
    let mut world = World::pair(7);
    let a = world.call(0, World::uri(B));
    world.run_for(100);
    let b = world.incoming(1).expect("a call");
    world.command(1, Command::Accept { session: b, media: media(2) });
    world.run_for(100);
    world.dead.insert(crate::world::address(B));
    world.command(0, Command::Reoffer { session: a, media: media(1).with_direction(Direction::SendOnly) });
    world.run_for(33_000);
    let ended = world
        .events(0)
        .iter()
        .any(|e| matches!(e, Event::Ended { by: By::Failure, cause: Cause::TIMER, .. }));
    assert!(ended, "{:?}", world.events(0));
}
