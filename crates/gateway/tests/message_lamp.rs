//! What a server tells of waiting messages lights the lamp of the telephone whose account it is.

#[path = "reload/house.rs"]
#[allow(dead_code, reason = "each test uses a part of it")]
mod house;

use std::net::SocketAddr;

use house::House;
use tipring_gateway::Input;
use tipring_port::LineCommand;
use tipring_units::{LineId, Millis};

const TEXT: &str = "country = \"us\"
[server.c]
address = \"10.0.0.7:5060\"
passwords = \"own\"
[dial]
\"xxx\" = \"c\"
[phone.101]
port = \"sim/1\"
[phone.102]
port = \"sim/2\"
[phone.103]
port = \"sim/3\"
";

fn notify(house: &mut House, host: [u8; 4], user: &str, seq: u32, body: &str) {
    let [a, b, c, d] = host;
    let text = format!(
        "NOTIFY sip:{user}@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {a}.{b}.{c}.{d}:5060;branch=z9hG4bK{user}{seq}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:vm@c>;tag=v\r\nTo: <sip:{user}@c>\r\nCall-ID: n{user}\r\nCSeq: {seq} NOTIFY\r\n\
         Contact: <sip:vm@10.0.0.7>\r\nEvent: message-summary\r\nSubscription-State: active\r\n\
         Content-Type: application/simple-message-summary\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let local = SocketAddr::from(([127, 0, 0, 1], 5060));
    house.input(Input::Datagram { local, remote: SocketAddr::from((host, 5060)), bytes: text.as_bytes() });
}

fn lamps(house: &House) -> Vec<(u16, bool)> {
    let lamp = |(LineId(line), command): (LineId, LineCommand)| match command {
        LineCommand::Lamp(on) => Some((line, on)),
        _ => None,
    };
    house.line_commands().into_iter().filter_map(lamp).collect()
}

#[test]
fn the_lamp_of_the_telephone_follows_what_its_server_tells() {
    let mut house = House::new(TEXT);
    house.wait(Millis::from_secs(2));
    house.forget();
    notify(&mut house, [10, 0, 0, 7], "102", 1, "Messages-Waiting: yes\r\nVoice-Message: 1/0\r\n");
    notify(&mut house, [10, 0, 0, 7], "102", 2, "Messages-Waiting: no\r\n");
    notify(&mut house, [10, 0, 0, 7], "101", 1, "Messages-Waiting: yes\r\n");
    assert_eq!(lamps(&house), [(1, true), (1, false), (0, true)], "{:?}", house.sent);
    assert!(house.sent.iter().all(|(_, text)| text.starts_with("SIP/2.0 200")), "{:?}", house.sent);
}

#[test]
fn nobody_else_lights_it() {
    let mut house = House::new(TEXT);
    house.wait(Millis::from_secs(2));
    house.forget();
    notify(&mut house, [203, 0, 113, 9], "101", 1, "Messages-Waiting: yes\r\n");
    notify(&mut house, [10, 0, 0, 7], "999", 1, "Messages-Waiting: yes\r\n");
    notify(&mut house, [10, 0, 0, 7], "101", 2, "nonsense");
    assert_eq!(lamps(&house), []);
}
