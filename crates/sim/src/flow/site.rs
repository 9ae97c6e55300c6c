//! From the head of a flow to a world: by the same configuration that the program reads.

use core::fmt::Write as _;
use core::net::{IpAddr, SocketAddr};

use tipring_config::Level;
use tipring_gateway::{Site, Wiring};
use tipring_units::{Ohms, Ren, ShardId};

use super::header::Head;
use crate::network::{Dns, Weather};
use crate::peer::{PeerSpec, VOICES};
use crate::phone::PhoneSpec;
use crate::plant::LineSpec;
use crate::world::{GATEWAY, START, ShardClock, WorldSpec, media_slots};
use tipring_sip::agent::SrvRecord;

/// The first voice of far ends; telephones have the ones below.
const FIRST_VOICE: u16 = 16;

/// The address of a far end.
pub fn peer_address(place: usize) -> SocketAddr {
    SocketAddr::new(IpAddr::from([10, 0, 1, 1 + (place % 250) as u8]), 5060)
}

/// The configuration of a flow's gateway.
pub fn config_of(head: &Head) -> String {
    let mut text = String::new();
    let code = head.land.code();
    // writing to a String does not fail
    let _ = writeln!(text, "country = \"{code}\"\nlisten = \"{GATEWAY}\"");
    for raw in &head.raw {
        let _ = writeln!(text, "{raw}");
    }
    for server in &head.servers {
        let port = if server.srv { "" } else { ":5060" };
        let all: Vec<String> = core::iter::once(&server.name)
            .chain(&server.also)
            .map(|name| format!("\"{name}{port}\""))
            .collect();
        let _ = writeln!(text, "[server.{}]\naddress = [{}]", server.name, all.join(", "));
        if let Some((user, password, _)) = &server.account {
            let _ = writeln!(text, "user = \"{user}\"\npassword = \"{password}\"");
        }
        if server.tcp {
            let _ = writeln!(text, "transport = \"tcp\"");
        }
        for raw in &server.raw {
            let _ = writeln!(text, "{raw}");
        }
    }
    for (place, line) in head.lines.iter().enumerate() {
        let table = if line.outside.is_some() { "line" } else { "phone" };
        let _ = writeln!(text, "[{table}.{}]\nport = \"sim/{}\"", line.number, place + 1);
        if let Some(name) = &line.name {
            let _ = writeln!(text, "name = \"{name}\"");
        }
        for raw in &line.raw {
            let _ = writeln!(text, "{raw}");
        }
    }
    for (number, password, _) in &head.users {
        let _ = writeln!(text, "[sip.{number}]\npassword = \"{password}\"");
    }
    for (table, rows) in &head.tables {
        let _ = writeln!(text, "[{table}]\n{}", rows.join("\n"));
    }
    for (table, rows) in [("dial", &head.dial), ("offline", &head.offline)] {
        if !rows.is_empty() {
            let _ = writeln!(text, "[{table}]");
        }
        for (pattern, to) in rows {
            let _ = writeln!(text, "\"{pattern}\" = \"{to}\"");
        }
    }
    if !head.emergency.is_empty() {
        let via: Vec<String> = head.emergency.iter().map(|way| format!("\"{way}\"")).collect();
        let _ = writeln!(text, "[emergency]\nvia = [{}]", via.join(", "));
    }
    text
}

/// The world of a flow, or what its configuration says against it.
pub fn world_of(head: &Head, seed: u64) -> Result<WorldSpec, String> {
    let text = config_of(head);
    let report = tipring_config::check(&text, "flow");
    let Some(effective) = &report.effective else {
        let errors: Vec<String> = report.of(Level::Error).map(|finding| finding.message.clone()).collect();
        return Err(errors.join("; "));
    };
    let wiring = Wiring {
        slots: media_slots(),
        sip: GATEWAY,
        lines_per_shard: usize::MAX,
        utc_offset_minutes: 0,
        revision: 1,
    };
    let mut site = Site::configured(effective, &wiring);
    if site.lines.len() != head.lines.len() {
        return Err("two telephones have the same number".to_owned());
    }
    // The configuration orders telephones by number; a flow's lines are in the order of the flow.
    for (line, head) in site.lines.iter_mut().zip(&head.lines) {
        if line.number != head.number {
            return Err(format!("the telephones are not in the order of their numbers: {}", head.number));
        }
        line.shard = ShardId(head.shard as u8);
    }
    let order: Vec<usize> = head.lines.iter().map(|line| line.shard).collect();
    if order.windows(2).any(|pair| pair[0] > pair[1]) {
        return Err("the lines of a shard have to follow each other".to_owned());
    }
    let lines = head
        .lines
        .iter()
        .zip(&site.lines)
        .map(|(line, configured)| {
            let lifeline = configured.lifeline.map(|line| line.0);
            let mut spec = LineSpec { lifeline, ..LineSpec::default() };
            if let Some(outside) = &line.outside {
                spec.office = Some(outside.spec(head.land, &head.all_subscribers()));
                spec.disturbance.noise = outside.noise;
            }
            if let Some(ohms) = line.ohms {
                spec.circuit.loop_resistance = Ohms(ohms);
            }
            for _ in 0..line.phones {
                let mut phone =
                    PhoneSpec { dial: line.dial, land: head.land, trunk: line.trunk, ..PhoneSpec::default() };
                (phone.shows_waiting, phone.neon) = (!line.plain, !line.plain);
                if let Some(ren) = line.ren {
                    phone.terminal.ren = Ren(ren / line.phones as f32);
                }
                spec.phones.push(phone);
            }
            spec
        })
        .collect();
    Ok(WorldSpec {
        seed,
        site,
        shards: head.shards.iter().map(|ppm| ShardClock { ppm: *ppm }).collect(),
        lines,
        peers: peers_of(head),
        dns: names_of(head),
        weather: Weather { delay: head.delay, ..Weather::CALM },
        start: START,
    })
}

fn peers_of(head: &Head) -> Vec<PeerSpec> {
    let names = head.peer_names();
    let mut peers = Vec::new();
    for (place, name) in names.into_iter().enumerate() {
        let base = PeerSpec {
            name,
            user: String::new(),
            password: String::new(),
            accounts: Vec::new(),
            address: peer_address(place),
            gateway: GATEWAY,
            tcp: false,
            voice: FIRST_VOICE + place as u16 * VOICES % 48,
            land: head.land,
        };
        let user = place.checked_sub(head.servers.len()).and_then(|place| head.users.get(place));
        peers.push(match (head.servers.get(place), user) {
            (Some(server), _) => PeerSpec {
                user: server.name.clone(),
                accounts: server.account.iter().map(|(user, _, own)| (user.clone(), own.clone())).collect(),
                tcp: server.tcp,
                ..base
            },
            (None, Some((number, _, own))) => {
                PeerSpec { user: number.clone(), password: own.clone(), ..base }
            }
            (None, None) => PeerSpec { user: base.name.clone(), ..base },
        });
    }
    peers
}

/// The names of a flow's servers.
fn names_of(head: &Head) -> Dns {
    let mut dns = Dns::default();
    for (place, name) in head.peer_names().iter().enumerate().skip(head.servers.len()) {
        if head.strangers.contains(name) {
            dns.add_address(name, peer_address(place).ip());
        }
    }
    for (place, server) in head.servers.iter().enumerate() {
        let address = peer_address(place);
        dns.add_address(&server.name, address.ip());
        if server.srv {
            for service in ["_sip._udp", "_sip._tcp"] {
                let record =
                    SrvRecord { priority: 10, weight: 10, port: address.port(), target: server.name.clone() };
                dns.add_service(&format!("{service}.{}", server.name), record);
            }
        }
    }
    dns
}
