//! The whole stack in real time, without the program around it: four simulated telephones on one shard.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use tipring_driver::Card;
use tipring_gateway::{LineSite, Request, Response, ShardSetup, Site, What, Wiring};
use tipring_host::{Asker, Clock, Gateway, MediaSockets, Parts, listen_sip};
use tipring_sim::lab::{Lab, Place};
use tipring_sim::mouth::Talk;
use tipring_sim::phone::{Action, Dialling, PhoneSpec};
use tipring_sim::plant::LineSpec;
use tipring_units::{Dbm0, Entropy, Hz, LineId, ShardId};

const CONFIG: &str = r#"
country = "us"
listen  = "127.0.0.1:0"
[phone.101-104]
port = "sim/1-4"
name = "Phone {number}"
"#;

fn start() -> Gateway {
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let report = tipring_config::check(CONFIG, "test.toml");
    let effective = report.effective.unwrap_or_else(|| panic!("{:?}", report.findings));
    let (sip_udp, sip_tcp) = listen_sip(SocketAddr::new(loopback, 0)).unwrap();
    let media = MediaSockets::open(loopback, 24_000, 25_999, Site::slots_needed(&effective)).unwrap();
    let clock = Clock::new();
    let wiring = Wiring {
        slots: media.slots(),
        sip: sip_udp.local_addr().unwrap(),
        lines_per_shard: 16,
        utc_offset_minutes: 0,
        revision: 1,
    };
    let site = Site::configured(&effective, &wiring);
    let line = LineSpec { phones: vec![PhoneSpec::default()], ..LineSpec::default() };
    let lab = Lab::new(&vec![line; site.lines.len()], &mut Entropy::for_simulation(1));
    let shard = ShardSetup {
        id: ShardId(0),
        first_line: LineId(0),
        lines: site.lines.iter().map(|line: &LineSite| (line.profile, line.in_service)).collect(),
        streams: site.media.slots.len(),
        tones: site.media.tones,
        started: clock.started(),
    };
    Gateway::start(Parts {
        site,
        shards: vec![(shard, Card::Simulated(Box::new(lab)))],
        sip_udp,
        sip_tcp: Some(sip_tcp),
        media,
        bank: std::sync::Arc::default(),
        clock,
        features: Vec::new(),
        store: Box::new(|_| Ok(())),
    })
    .unwrap()
}

fn place(line: u16) -> Place {
    Place { line: LineId(line), phone: 0 }
}

async fn tell(asker: &Asker, line: u16, action: Action) {
    asker.phone(place(line), Some(action)).await.unwrap().unwrap();
}

/// Waits until a telephone hears something whose words contain `what`.
async fn hears(asker: &Asker, line: u16, what: &str) -> String {
    let limit = Instant::now() + Duration::from_secs(15);
    let mut last = String::new();
    while Instant::now() < limit {
        let heard = asker.phone(place(line), None).await.unwrap().unwrap();
        last = heard.iter().map(|heard| heard.what.to_string()).collect::<Vec<_>>().join("; ");
        if last.contains(what) {
            return last;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("line {line} does not hear {what}, but: {last}");
}

#[tokio::test]
async fn two_telephones_call_each_other_and_hear_each_other() {
    let gateway = start();
    let asker = gateway.asker();
    let mut journal = asker.follow();
    tokio::spawn(async move {
        while let Ok(entry) = journal.recv().await {
            // Shown only when the test fails.
            println!("{} {:?}", entry.at, entry.what);
        }
    });
    tell(&asker, 0, Action::OffHook).await;
    hears(&asker, 0, "dial-tone").await;
    tell(&asker, 0, Action::Dial("102".to_owned(), Dialling::Dtmf)).await;
    hears(&asker, 1, "ringing").await;
    hears(&asker, 0, "ringback").await;
    hears(&asker, 1, "101").await;
    tell(&asker, 1, Action::OffHook).await;
    tell(&asker, 0, Action::Say(Talk::Tone(Hz(1004.0), Dbm0(-10.0)))).await;
    hears(&asker, 1, "1004 Hz").await;
    tell(&asker, 0, Action::Hush).await;
    tell(&asker, 1, Action::Say(Talk::Tone(Hz(700.0), Dbm0(-10.0)))).await;
    hears(&asker, 0, "700 Hz").await;
    tell(&asker, 0, Action::OnHook).await;
    hears(&asker, 1, "reorder").await;
    tell(&asker, 1, Action::OnHook).await;
    let Ok(Response::Calls(calls)) = asker.ask(Request::Calls(10)).await else { panic!("no calls") };
    assert_eq!(calls.len(), 1);
    assert_eq!((calls[0].dialled.as_str(), calls[0].cause.q850()), ("102", 16));
    gateway.stop().await;
}

#[tokio::test]
async fn the_journal_has_what_happened_before_anybody_followed() {
    let mut gateway = start();
    // An answer shows that control has been at work already.
    gateway.asker().ask(Request::Status).await.unwrap();
    let first = gateway.journal().recv().await.unwrap();
    assert_eq!(first.what, What::Configured(1));
    gateway.stop().await;
}

#[tokio::test]
async fn a_shard_that_stops_is_an_alarm_and_its_telephones_are_out_of_service() {
    let gateway = start();
    let asker = gateway.asker();
    let mut journal = asker.follow();
    tell(&asker, 0, Action::OffHook).await;
    hears(&asker, 0, "dial-tone").await;
    asker.injure_shard_of(LineId(1)).await;
    let limit = Duration::from_secs(15);
    tokio::time::timeout(limit, async {
        while journal.recv().await.unwrap().what != What::ShardStopped(ShardId(0)) {}
    })
    .await
    .unwrap();
    let Ok(Response::Status(status)) = asker.ask(Request::Status).await else { panic!("no status") };
    assert!(status.alarms[0].text.starts_with("shard 0 has stopped"), "{:?}", status.alarms);
    assert!(status.lines.iter().all(|line| line.state == "out of service"), "{:?}", status.lines);
    assert!(asker.phone(place(0), None).await.is_err());
    gateway.stop().await;
}
