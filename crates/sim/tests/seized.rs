//! The checker of seized lines looks at who is really there, not at the gateway's own records.

use tipring_port::Symbols;
use tipring_sim::check::Checks;
use tipring_sim::flow::{Flow, world_of};
use tipring_sim::peer::{Order, Which};
use tipring_sim::world::{SubscriberDeed, World};
use tipring_units::{Instant, LineId, Millis};

/// The subscriber calls in and the PBX answers; then the PBX loses its power and the subscriber hangs up, which the
/// exchange does not show. What the checkers find within three minutes, and whether a call is open then.
fn abandoned(disconnect: &str) -> (Vec<String>, bool) {
    let text = format!(
        "seed 3  country us\nphones 101\noutside 1\nserver pbx\nline 2 clears silence\nline 2 config rings = \"pbx\"\n\
         line 2 config disconnect = {disconnect}\n\nwait 1s\n"
    );
    let flow = Flow::parse(&text).expect("a flow");
    let mut world: World<Symbols> = World::new(&world_of(&flow.head, 3).expect("a gateway"));
    world.watch(Checks::new(3, String::new()));
    let after = |world: &World<Symbols>, millis: u32| world.now() + Millis(millis);
    world.run_until(Instant::from_millis(2000));
    world.subscriber(0, SubscriberDeed::Calls(LineId(1), None)).expect("the line is free");
    world.run_until(after(&world, 15_000));
    let which = Which::default();
    world.order(0, Order::Answer { status: 200, which, sound: false, to: None }).expect("it is called");
    world.run_until(after(&world, 3000));
    assert!(world.office_of(LineId(1)).is_some_and(|office| office.is_seized()), "the line was answered");
    world.restart_peer(0);
    world.subscriber(0, SubscriberDeed::HangsUp).expect("it has a call");
    world.run_until(after(&world, 180_000));
    let open = world.checks().is_some_and(|checks| checks.calls().open() > 0);
    let checks = world.checks().expect("they watch");
    (checks.violations().iter().map(|violation| violation.what.clone()).collect(), open)
}

#[test]
fn a_call_that_nobody_has_part_in_any_more_does_not_excuse_the_line() {
    let (found, open) = abandoned("\"none\"");
    assert!(open, "the gateway still has its call: that is what the checker must not believe");
    assert!(found.iter().any(|what| what.contains("line 2 has been left seized")), "{found:?}");
}

#[test]
fn a_line_that_is_given_up_for_its_silence_is_in_order() {
    assert_eq!(abandoned("[\"silence 20 s\"]"), (Vec::new(), false));
}
