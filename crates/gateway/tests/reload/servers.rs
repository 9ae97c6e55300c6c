//! Servers and accounts: only those that differ are touched.

use std::net::SocketAddr;

use tipring_gateway::Input;
use tipring_units::Millis;

use crate::house::House;

const BASE: &str = "country = \"us\"
[server.m]
address = \"10.0.0.5:5060\"
user = \"house\"
password = \"pass-m\"
[server.n]
address = \"10.0.0.6:5060\"
user = \"other\"
password = \"pass-n\"
[dial]
\"xx.\" = \"m\"
[phone.101]
port = \"sim/1\"
";

/// A house whose accounts are registered.
fn registered() -> House {
    let mut house = House::new(BASE);
    house.wait(Millis::from_secs(2));
    answer(&mut house);
    let status = house.status();
    assert!(status.servers.iter().all(|server| server.registered == 1), "{status:?}");
    house.forget();
    house
}

/// The servers answer every request with 200.
fn answer(house: &mut House) {
    for (to, request) in std::mem::take(&mut house.sent) {
        let take = |name: &str| {
            request
                .lines()
                .filter(|line| line.starts_with(name))
                .map(|line| format!("{line}\r\n"))
                .collect::<String>()
        };
        let head: String = ["Via:", "From:", "Call-ID:", "CSeq:", "Contact:", "Expires:"].map(take).concat();
        let to_tag = take("To:").trim_end().to_owned() + ";tag=x\r\n";
        let text = format!("SIP/2.0 200 OK\r\n{head}{to_tag}Content-Length: 0\r\n\r\n");
        let local = SocketAddr::from(([127, 0, 0, 1], 5060));
        house.input(Input::Datagram { local, remote: to, bytes: text.as_bytes() });
    }
}

#[test]
fn only_the_account_whose_password_changed_registers_again() {
    let mut house = registered();
    house.edit(&BASE.replace("pass-n", "pass-o"));
    assert_eq!(house.registers(), ["+other@10.0.0.6"]);
}

#[test]
fn an_edit_of_something_else_registers_nothing_again() {
    let mut house = registered();
    // A server with a name before the others must not take their numbers.
    let text = BASE.replace("[server.m]", "[server.a]\naddress = \"10.0.0.9:5060\"\n[server.m]");
    house.edit(&format!("{text}name = \"Desk\"\n"));
    assert_eq!(house.registers(), [""; 0]);
    let status = house.status();
    let servers: Vec<_> =
        status.servers.iter().map(|server| (server.name.as_str(), server.registered)).collect();
    assert_eq!(servers, [("a", 0), ("m", 1), ("n", 1)]);
}

#[test]
fn a_user_that_changed_deregisters_and_the_new_one_registers() {
    let mut house = registered();
    house.edit(&BASE.replace("\"house\"", "\"home\""));
    assert_eq!(house.registers(), ["-house@10.0.0.5", "+home@10.0.0.5"]);
    answer(&mut house);
    let status = house.status();
    assert_eq!((status.servers[0].registered, status.servers[0].accounts), (1, 1));
    assert!(status.alarms.is_empty(), "{:?}", status.alarms);
}

#[test]
fn a_server_with_another_address_is_left_in_order() {
    let mut house = registered();
    house.edit(&BASE.replace("10.0.0.5", "10.0.0.8"));
    house.wait(Millis(100));
    assert_eq!(house.registers(), ["-house@10.0.0.5", "+house@10.0.0.8"]);
    answer(&mut house);
    let status = house.status();
    assert_eq!(status.servers[0].registered, 1);
    assert_eq!(status.servers[0].address, Some(SocketAddr::from(([10, 0, 0, 8], 5060))));
    // Nothing goes to the old one any more.
    house.forget();
    house.wait(Millis::from_secs(7200));
    assert!(house.sent.iter().all(|(to, _)| to.ip() != std::net::IpAddr::from([10, 0, 0, 5])));
}

#[test]
fn a_server_that_is_taken_away_is_left_and_its_alarm_ends() {
    let mut house = registered();
    let without = BASE
        .replace("[server.n]\naddress = \"10.0.0.6:5060\"\nuser = \"other\"\npassword = \"pass-n\"\n", "");
    house.edit(&without);
    assert_eq!(house.registers(), ["-other@10.0.0.6"]);
    answer(&mut house);
    assert_eq!(house.status().servers.len(), 1);
    assert!(house.status().alarms.is_empty());
}
