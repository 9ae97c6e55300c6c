//! What is set by star code outlives the program; `tipring walk` maps rooms as the book says.

mod common;

use common::{Demo, Dir, Process, stdout};
use nix::sys::signal::Signal;

/// Lifts, dials a code and hears that it was done.
fn sets(demo: &Demo, number: &str, code: &str) {
    demo.phone(number, &["off-hook"]);
    demo.hears_line(number, "dial-tone");
    demo.phone(number, &["dial", code]);
    demo.hears_line(number, "confirmation");
    hangs_up(demo, number);
}

/// Hangs up, and waits until the line is idle: who lifts sooner has flashed.
fn hangs_up(demo: &Demo, number: &str) {
    demo.phone(number, &["on-hook"]);
    common::until("the line is idle", || demo.ask(&["status", number]).contains("): idle").then_some(()));
}

/// Killed, and started again on the same directory.
fn killed_and_started(mut demo: Demo) -> Demo {
    demo.process.signal(Signal::SIGKILL);
    demo.process.ends();
    let Demo { dir, process } = demo;
    drop(process);
    Demo::start_in(dir)
}

#[test]
fn what_was_set_by_star_code_outlives_a_gateway_that_was_killed() {
    let demo = Demo::start("features");
    sets(&demo, "102", "*78");
    demo.phone("103", &["off-hook"]);
    demo.hears_line("103", "dial-tone");
    demo.phone("103", &["dial", "*72"]);
    demo.hears_line("103", "stutter");
    demo.phone("103", &["dial", "104"]);
    demo.hears_line("103", "confirmation");
    sets(&demo, "101", "*50");
    let demo = killed_and_started(demo);

    // 102 is not disturbed, 103 goes to 104.
    demo.phone("101", &["off-hook"]);
    demo.hears_line("101", "dial-tone");
    demo.phone("101", &["dial", "102"]);
    demo.hears_line("101", "busy");
    hangs_up(&demo, "101");
    demo.phone("101", &["off-hook"]);
    demo.hears_line("101", "dial-tone");
    demo.phone("101", &["dial", "103"]);
    demo.hears_line("104", "ringing");
    demo.phone("104", &["off-hook"]);
    demo.process.shows("call 2 answered");

    // 101 has its call waiting switched off.
    demo.phone("103", &["off-hook"]);
    demo.hears_line("103", "dial-tone");
    demo.phone("103", &["dial", "101"]);
    demo.hears_line("103", "busy");
}

#[test]
fn what_was_ended_by_star_code_stays_ended() {
    let demo = Demo::start("ended");
    sets(&demo, "102", "*78");
    let demo = killed_and_started(demo);
    sets(&demo, "102", "*79");
    let demo = killed_and_started(demo);
    demo.talk();
}

/// Three telephones of a plan that is to be proved; `media` are ports that no other test uses.
fn house(name: &str, media: &str) -> Demo {
    let dir = Dir::new(name);
    let text = format!(
        "country = \"us\"\nlisten = \"127.0.0.1:0\"\nmedia = \"{media}\"\n\n\
         [phone.201]\nport = \"sim/1\" # by the window\n\n[phone.202]\nport = \"sim/2\"\nname = \"Second\"\n\n\
         [phone.203]\nport = \"sim/3\"\n\n[web]\nlisten = \"off\"\n"
    );
    let file = dir.file("tipring.toml", &text);
    let process =
        Process::start(&["--dir", dir.path().to_str().unwrap(), "run", "--config", file.to_str().unwrap()]);
    process.shows(" runs: ");
    Demo { process, dir }
}

fn walk(demo: &Demo, arguments: &[&str]) -> Process {
    let mut all = vec!["--dir", demo.dir.path().to_str().unwrap(), "walk"];
    all.extend(arguments);
    let walk = Process::start(&all);
    walk.shows("Lift each telephone");
    walk
}

/// Somebody lifts the telephone on a port, dials and waits for what is said and the tone behind it.
fn tells(demo: &Demo, port: &str, dialled: &str, tone: &str) {
    demo.phone(port, &["off-hook"]);
    demo.hears_line(port, "dial-tone");
    demo.phone(port, &["dial", dialled]);
    demo.hears_line(port, tone);
    demo.phone(port, &["on-hook"]);
}

#[test]
fn a_walk_tells_which_room_is_on_which_port_and_writes_it() {
    let demo = house("walk", "31000-31199");
    let mut walking = walk(&demo, &["--write"]);
    tells(&demo, "sim/1", "202#", "confirmation");
    walking.shows("sim/1      202  (was 201)");
    tells(&demo, "sim/2", "202#", "reorder");
    walking.shows("sim/2  202 REFUSED: it was dialled on sim/1 already");
    tells(&demo, "sim/3", "203#", "confirmation");
    tells(&demo, "sim/2", "201#", "confirmation");
    walking.shows("sim/2      201  (was 202)");
    walking.shows("3 of 3 telephones told their room.");
    assert_eq!(walking.ends(), Some(0), "{:#?}", walking.lines());
    let text = std::fs::read_to_string(demo.dir.path().join("tipring.toml")).unwrap();
    assert!(text.contains("[phone.201]\nport = \"sim/2\" # by the window\n"), "{text}");
    assert!(text.contains("[phone.202]\nport = \"sim/1\"\nname = \"Second\"\n"), "{text}");

    // In force, and calls are calls again.
    common::until("both have moved", || {
        let status = stdout(&demo.command(&["status", "202"]));
        status.starts_with("202 Second (sim/1)").then_some(())
    });
    demo.phone("sim/3", &["off-hook"]);
    demo.hears_line("sim/3", "dial-tone");
    demo.phone("sim/3", &["dial", "202"]);
    demo.hears_line("sim/1", "ringing");
}

#[test]
fn a_walk_ends_by_star_and_hash_and_prints_the_tables() {
    let demo = Demo::start("walk-ends");
    let mut walking = walk(&demo, &[]);
    tells(&demo, "sim/1", "104#", "confirmation");
    walking.shows("sim/1      104  (was 101)");
    tells(&demo, "sim/2", "*#", "confirmation");
    walking.shows("1 of 4 telephones told their room.");
    walking.shows("[phone.104]");
    walking.shows("port = \"sim/1\"");
    assert_eq!(walking.ends(), Some(0));
    // There is no file that could be written.
    let mut walking = walk(&demo, &["--write"]);
    tells(&demo, "sim/1", "104#", "confirmation");
    tells(&demo, "sim/2", "*#", "confirmation");
    assert_ne!(walking.ends(), Some(0));
}
