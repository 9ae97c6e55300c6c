//! Another telephone takes the place of the far end of a call (Replaces): the line goes on talking, and the switch has one call.

#[path = "reload/house.rs"]
#[allow(dead_code, reason = "each test uses a part of it")]
mod house;

use std::net::SocketAddr;

use house::House;
use tipring_gateway::Input;
use tipring_port::{Command, DigitSource, LineEvent, MediaCommand};
use tipring_units::Millis;

const TEXT: &str = "country = \"us\"
trust = [\"10.0.0.0/8\"]
[server.m]
address = \"10.0.0.5:5060\"
rings = \"101\"
[dial]
\"xxx\" = \"m\"
[phone.101]
port = \"sim/1\"
";

const OLD: [u8; 4] = [10, 0, 0, 5];
const NEW: [u8; 4] = [10, 0, 0, 77];

fn sdp(host: [u8; 4]) -> String {
    let [a, b, c, d] = host;
    format!(
        "v=0\r\no=- 1 1 IN IP4 {a}.{b}.{c}.{d}\r\ns=-\r\nc=IN IP4 {a}.{b}.{c}.{d}\r\nt=0 0\r\nm=audio 30000 RTP/AVP 0\r\n"
    )
}

fn from(house: &mut House, host: [u8; 4], text: &str) {
    let local = SocketAddr::from(([127, 0, 0, 1], 5060));
    house.input(Input::Datagram { local, remote: SocketAddr::from((host, 5060)), bytes: text.as_bytes() });
}

fn message(start: &str, headers: &str, body: &str) -> String {
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    format!("{start}\r\n{headers}{kind}Content-Length: {}\r\n\r\n{body}", body.len())
}

fn invite(host: [u8; 4], call: &str, extra: &str) -> String {
    let [a, b, c, d] = host;
    let at = format!("{a}.{b}.{c}.{d}:5060");
    let headers = format!(
        "Via: SIP/2.0/UDP {at};branch=z9hG4bK{call}\r\nMax-Forwards: 70\r\nFrom: <sip:555@{at}>;tag=f{call}\r\n\
         To: <sip:101@127.0.0.1>\r\nCall-ID: {call}\r\nCSeq: 1 INVITE\r\nContact: <sip:555@{at}>\r\n{extra}"
    );
    message("INVITE sip:101@127.0.0.1 SIP/2.0", &headers, &sdp(host))
}

/// The header of the latest message to a host that starts so.
fn sent(house: &House, host: [u8; 4], start: &str, name: &str) -> Option<String> {
    let to = SocketAddr::from((host, 5060));
    let text =
        house.sent.iter().rev().find(|(at, text)| *at == to && text.starts_with(start)).map(|(_, t)| t)?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.get(name.len()..)?.trim().to_owned())
}

fn tag(address: &str) -> String {
    address.split("tag=").nth(1).expect("a tag").to_owned()
}

/// Where the RTP legs were last told to send.
fn media_to(house: &House) -> Vec<String> {
    let of = |command: &Command| match command {
        Command::Media(MediaCommand::Change(_, spec)) => Some(format!("{spec:?}")),
        _ => None,
    };
    house.commands.iter().filter_map(of).collect()
}

/// The server's call to 101 stands; the Replaces that takes its place.
fn talking() -> (House, String) {
    let mut house = House::new(TEXT);
    house.wait(Millis::from_secs(2));
    from(&mut house, OLD, &invite(OLD, "old", ""));
    house.line(0, LineEvent::Ringing);
    house.line(0, LineEvent::Answered);
    let ours = tag(&sent(&house, OLD, "SIP/2.0 200", "To:").expect("a 200"));
    let ack = format!(
        "Via: SIP/2.0/UDP 10.0.0.5:5060;branch=z9hG4bKack\r\nMax-Forwards: 70\r\nFrom: <sip:555@10.0.0.5:5060>;tag=fold\r\n\
         To: <sip:101@127.0.0.1>;tag={ours}\r\nCall-ID: old\r\nCSeq: 1 ACK\r\n"
    );
    from(&mut house, OLD, &message("ACK sip:101@127.0.0.1 SIP/2.0", &ack, ""));
    assert_eq!(house.states(), ["talking"]);
    house.forget();
    (house, format!("Require: replaces\r\nReplaces: old;to-tag={ours};from-tag=fold\r\n"))
}

#[test]
fn the_line_goes_on_talking_to_whoever_takes_the_place_of_its_far_end() {
    let (mut house, replaces) = talking();
    from(&mut house, NEW, &invite(NEW, "new", &replaces));
    assert!(sent(&house, NEW, "SIP/2.0 200", "To:").is_some(), "{:?}", house.sent);
    assert!(sent(&house, OLD, "BYE", "Call-ID:").is_some_and(|id| id == "old"));
    assert_eq!(house.states(), ["talking"]);
    let media = media_to(&house);
    assert!(media.last().is_some_and(|spec| spec.contains("10.0.0.77")), "{media:?}");
    assert!(house.line_commands().is_empty(), "the telephone notices nothing: {:?}", house.line_commands());
    // And the new far end is now the one that hangs up.
    house.forget();
    house.line(0, LineEvent::Released);
    house.wait(Millis::from_secs(1));
    let ours = sent(&house, NEW, "BYE", "Call-ID:");
    assert!(ours.is_none(), "BYE waits for the ACK (RFC 3261 §15)");
    assert_eq!(house.states(), [""; 0]);
}

#[test]
fn whoever_names_no_call_that_stands_gets_no_line() {
    let (mut house, replaces) = talking();
    from(&mut house, NEW, &invite(NEW, "new", &replaces.replace("old;", "other;")));
    assert!(sent(&house, NEW, "SIP/2.0 481", "To:").is_some(), "{:?}", house.sent);
    house.line(0, LineEvent::Released);
    house.wait(Millis::from_secs(1));
    from(&mut house, NEW, &invite(NEW, "late", &replaces));
    let refused = ["SIP/2.0 481", "SIP/2.0 603"]
        .iter()
        .any(|s| sent(&house, NEW, s, "Call-ID:") == Some("late".into()));
    assert!(refused, "{:?}", house.sent);
    assert_eq!(house.states(), [""; 0]);
}

#[test]
fn a_call_that_rings_elsewhere_may_be_picked_up_by_another() {
    let mut house = House::new(TEXT);
    house.wait(Millis::from_secs(2));
    house.line(0, LineEvent::Seized);
    for digit in *b"555" {
        house.line(0, LineEvent::Digit { digit, source: DigitSource::Dtmf, length: Millis(80) });
    }
    house.wait(Millis::from_secs(10));
    let call = sent(&house, OLD, "INVITE", "Call-ID:").expect("an INVITE");
    let ours = tag(&sent(&house, OLD, "INVITE", "From:").expect("an INVITE"));
    let header = |name: &str| format!("{name} {}\r\n", sent(&house, OLD, "INVITE", name).expect("a header"));
    let to = header("To:").trim_end().to_owned() + ";tag=ringing\r\n";
    let ringing = ["Via:", "From:", "Call-ID:", "CSeq:"].map(header).concat() + &to;
    from(&mut house, OLD, &message("SIP/2.0 180 Ringing", &ringing, ""));
    assert_eq!(house.states(), ["ringing"]);
    let replaces = format!("Replaces: {call};to-tag={ours};from-tag=ringing;early-only\r\n");
    from(&mut house, NEW, &invite(NEW, "new", &replaces));
    assert!(sent(&house, NEW, "SIP/2.0 200", "To:").is_some(), "{:?}", house.sent);
    assert!(sent(&house, OLD, "CANCEL", "Call-ID:").is_some_and(|id| id == call));
    assert_eq!(house.states(), ["talking"]);
}
