//! The balance of a line measured in virtual time with true samples: against the figures of the networks, and what
//! becomes of it when it cannot be.
#![allow(missing_docs)]

use tipring_gateway::{BalanceReport, Request, RequestId, Response, Site, Wiring};
use tipring_port::{Impedance, Samples};
use tipring_sim::lab::Place;
use tipring_sim::mouth::Talk;
use tipring_sim::network::{Dns, Weather};
use tipring_sim::phone::{Action, Dialling, PhoneSpec};
use tipring_sim::plant::impedance::{Cable, at, into_line, return_loss};
use tipring_sim::plant::{Disturbance, HybridSpec, LineSpec};
use tipring_sim::world::{Fault, GATEWAY, START, ShardClock, World, WorldSpec, media_slots};
use tipring_units::{Dbm0, Farads, Hz, LineId, Millis, Ohms};

const FIRST: Place = Place { line: LineId(0), phone: 0 };
const SECOND: Place = Place { line: LineId(1), phone: 0 };

fn site(country: &str, keys: &str) -> Site {
    let text = format!(
        "country = \"{country}\"\nlisten = \"{GATEWAY}\"\n[phone.101-102]\nport = \"sim/1-2\"\n{keys}\n"
    );
    let report = tipring_config::check(&text, "test.toml");
    let wiring =
        Wiring { slots: media_slots(), sip: GATEWAY, lines_per_shard: 8, utc_offset_minutes: 0, revision: 1 };
    Site::configured(&report.effective.unwrap_or_else(|| panic!("{:?}", report.findings)), &wiring)
}

/// Two such lines, settled.
fn world(country: &str, line: &LineSpec) -> World<Samples> {
    configured(country, "", line)
}

/// The same with further keys of both telephones.
fn configured(country: &str, keys: &str, line: &LineSpec) -> World<Samples> {
    let mut world = World::new(&WorldSpec {
        seed: 3,
        site: site(country, keys),
        shards: vec![ShardClock::default()],
        lines: vec![line.clone(); 2],
        peers: Vec::new(),
        dns: Dns::default(),
        weather: Weather::default(),
        start: START,
    });
    run(&mut world, 1000);
    world
}

fn line(telephone: Impedance, cable: Cable) -> LineSpec {
    LineSpec {
        hybrid: HybridSpec { telephone: telephone.elements(), ..HybridSpec::default() },
        circuit: cable.into(),
        phones: vec![PhoneSpec::default()],
        ..LineSpec::default()
    }
}

fn run(world: &mut World<Samples>, millis: u32) {
    let until = world.now() + Millis(millis);
    world.run_until(until);
}

fn presents(world: &World<Samples>) -> Option<Impedance> {
    world.lab().line(LineId(0)).unwrap().presents()
}

fn lift(world: &mut World<Samples>) {
    world.act(FIRST, Action::OffHook).unwrap();
    run(world, 1000);
}

/// Lifts the receiver and has the line measured; the answer, and how long it took.
fn measure(world: &mut World<Samples>) -> (Response, u32) {
    lift(world);
    answer(world)
}

/// A line that has been measured for 2 s, and the request's id.
fn in_the_middle_of_it() -> (World<Samples>, RequestId) {
    let mut world = world("us", &line(Impedance::R600C, Cable::NONE));
    lift(&mut world);
    let id = world.ask(Request::Balance(LineId(0)));
    run(&mut world, 2000);
    (world, id)
}

fn answer(world: &mut World<Samples>) -> (Response, u32) {
    let id = world.ask(Request::Balance(LineId(0)));
    for tenths in 0..200 {
        if let Some(response) = world.answer(id) {
            return (response, tenths * 100);
        }
        run(world, 100);
    }
    panic!("no answer in 20 s");
}

fn report(response: Response) -> BalanceReport {
    match response {
        Response::Balance(report) => report,
        other => panic!("{other:?}"),
    }
}

fn refusal(response: Response) -> String {
    match response {
        Response::Refused(why) => why,
        other => panic!("{other:?}"),
    }
}

/// Mean of the returned power over the logarithm of the frequency, of the figures of the networks.
fn expected(network: Impedance, telephone: Impedance, cable: &Cable) -> f64 {
    const STEPS: usize = 400;
    let power = |step: usize| {
        let hertz = Hz((325.0 * (3325.0_f64 / 325.0).powf((step as f64 + 0.5) / STEPS as f64)) as f32);
        let seen = into_line(&telephone.elements(), 1, cable, hertz);
        10f64.powf(-f64::from(return_loss(at(&network.elements(), hertz), seen).0) / 10.0)
    };
    -10.0 * ((0..STEPS).map(power).sum::<f64>() / STEPS as f64).log10()
}

#[test]
fn each_network_is_measured_as_its_figures_say_and_the_best_is_the_lines_own() {
    let cables = [
        Cable::NONE,
        Cable { resistance: Ohms(300.0), capacitance: Farads(50e-9) },
        Cable { resistance: Ohms(900.0), capacitance: Farads(140e-9) },
    ];
    let telephones = [Impedance::R600C, Impedance::Tbr21, Impedance::Britain, Impedance::R900C];
    for (place, telephone) in telephones.into_iter().enumerate() {
        let cable = cables[place % cables.len()];
        let mut world = world("us", &line(telephone, cable));
        let (response, took) = measure(&mut world);
        assert!((3000..8000).contains(&took), "{took} ms");
        let report = report(response);
        assert_eq!(report.own, Impedance::R600);
        let measured: Vec<Impedance> = report.losses.iter().map(|loss| loss.network).collect();
        assert_eq!(measured, Impedance::ALL);
        for loss in &report.losses {
            let figure = expected(loss.network, telephone, &cable);
            eprintln!(
                "{telephone} behind {:.0}: {} {:.1} dB for {figure:.1}",
                cable.resistance.0, loss.network, loss.loss.0
            );
            let room = 0.3 + 8.7 * 10f64.powf((figure - 50.0) / 20.0);
            assert!((f64::from(loss.loss.0) - figure).abs() < room, "{telephone} {loss:?} for {figure}");
            assert!(loss.worst.0 <= loss.loss.0 && !loss.disturbed, "{loss:?}");
        }
        let by_figures = Impedance::ALL
            .iter()
            .max_by(|a, b| expected(**a, telephone, &cable).total_cmp(&expected(**b, telephone, &cable)));
        assert_eq!(report.best().map(|best| best.network), by_figures.copied());
        if cable == Cable::NONE {
            assert_eq!(by_figures, Some(&telephone));
        }
        run(&mut world, 100);
        assert_eq!(presents(&world), Some(Impedance::R600), "the line has its own network again");
    }
}

#[test]
fn what_is_found_best_is_what_the_line_has_once_it_is_configured() {
    let line = line(Impedance::Britain, Cable { resistance: Ohms(300.0), capacitance: Farads(50e-9) });
    let mut found = world("us", &line);
    let before = report(measure(&mut found).0);
    let best = before.best().unwrap().network;
    assert_ne!(best, before.own);
    let mut set = configured("us", &format!("impedance = \"{best}\""), &line);
    assert_eq!(presents(&set), Some(best));
    let after = report(measure(&mut set).0);
    assert_eq!((after.own, after.best().unwrap().network), (best, best));
    run(&mut set, 100);
    assert_eq!(presents(&set), Some(best), "the configured network again");
}

#[test]
fn the_line_goes_on_as_it_was_and_can_be_used() {
    let mut world = world("fr", &line(Impedance::R600C, Cable::NONE));
    assert_eq!(presents(&world), Some(Impedance::Tbr21), "by the country");
    let (response, _) = measure(&mut world);
    assert_eq!(report(response).own, Impedance::Tbr21);
    world.act(FIRST, Action::Dial("102".to_owned(), Dialling::Dtmf)).unwrap();
    run(&mut world, 8000);
    world.act(SECOND, Action::OffHook).unwrap();
    run(&mut world, 2000);
    let states: Vec<&str> = world.control().status().calls.iter().map(|call| call.state).collect();
    assert_eq!(states, ["talking"]);
    let (response, took) = answer(&mut world);
    assert!(refusal(response).contains("is in a call"));
    assert_eq!(took, 0);
}

#[test]
fn an_open_line_is_refused_at_once() {
    let mut world = world("us", &LineSpec { phones: vec![PhoneSpec::default()], ..LineSpec::default() });
    let (response, took) = answer(&mut world);
    assert!(refusal(response).contains("101 is on-hook: an open line returns everything. Lift the receiver"));
    assert_eq!(took, 0);
}

#[test]
fn a_card_with_one_network_is_told_after_a_second() {
    let spec = LineSpec { one_network: true, ..line(Impedance::R600C, Cable::NONE) };
    let mut world = world("us", &spec);
    let (response, took) = measure(&mut world);
    assert!(refusal(response).contains("did not take another network within a second"));
    assert!((900..1500).contains(&took), "{took}");
}

#[test]
fn whoever_hangs_up_ends_it_and_the_line_has_its_own_network_again() {
    let (mut world, id) = in_the_middle_of_it();
    assert_ne!(presents(&world), Some(Impedance::R600), "in the middle of it");
    let second = world.ask(Request::Balance(LineId(0)));
    run(&mut world, 100);
    assert!(refusal(world.answer(second).unwrap()).contains("being measured already"));
    assert!(world.answer(id).is_none());
    world.act(FIRST, Action::OnHook).unwrap();
    run(&mut world, 2000);
    assert!(refusal(world.answer(id).unwrap()).contains("was hung up"));
    assert_eq!(presents(&world), Some(Impedance::R600));
    run(&mut world, 1000);
    assert!(matches!(measure(&mut world).0, Response::Balance(_)), "another time it can be measured");
}

#[test]
fn a_card_that_stops_ends_it_and_gets_its_network_when_it_runs_again() {
    let (mut world, id) = in_the_middle_of_it();
    world.fault(Fault::Card(false));
    run(&mut world, 1000);
    assert!(refusal(world.answer(id).unwrap()).contains("its card fell silent"));
    world.fault(Fault::Card(true));
    run(&mut world, 1000);
    assert_eq!(presents(&world), Some(Impedance::R600));
}

#[test]
fn a_defect_in_the_line_ends_it() {
    let (mut world, id) = in_the_middle_of_it();
    world.fault(Fault::PanicLine(LineId(0)));
    run(&mut world, 1000);
    assert!(matches!(world.answer(id), Some(Response::Refused(_))));
    assert_eq!(presents(&world), Some(Impedance::R600));
}

#[test]
fn talking_and_noise_are_told_and_soft_noise_and_hum_change_nothing() {
    let cable = Cable { resistance: Ohms(300.0), capacitance: Farads(50e-9) };
    let mut spec = line(Impedance::R600C, cable);
    spec.disturbance = Disturbance { noise: Some(Dbm0(-60.0)), hum: Some((Hz(60.0), Dbm0(-50.0))) };
    let mut world = world("us", &spec);
    let report_of = |response| report(response);
    let quiet = report_of(measure(&mut world).0);
    for loss in &quiet.losses {
        let figure = expected(loss.network, Impedance::R600C, &cable);
        assert!(!loss.disturbed && (f64::from(loss.loss.0) - figure).abs() < 1.0, "{loss:?} for {figure}");
    }
    world.act(FIRST, Action::Say(Talk::Voice(4))).unwrap();
    run(&mut world, 100);
    let loud = report_of(answer(&mut world).0);
    assert!(loud.losses.iter().any(|loss| loss.disturbed), "{loud:?}");
}
