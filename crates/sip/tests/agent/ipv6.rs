//! SIP over IPv6: two agents call each other by UDP and TCP, and the kinds of RFC 5118 are read and written.

use core::net::{IpAddr, Ipv6Addr, SocketAddr};

use crate::world::accounts::{account, server};
use crate::world::{World, address};
use tipring_sip::agent::{AgentConfig, Command, Destination, Event, Network};
use tipring_sip::digest::Secret;
use tipring_sip::message::{Host, Message, Method, Request, Uri, parse_datagram};
use tipring_sip::offer_answer::LocalMedia;
use tipring_sip::registrar::User;
use tipring_sip::registration::RegistrationState;
use tipring_sip::sdp::SessionDescription;

const ONE: &str = "[2001:db8::1]:5060";
const TWO: &str = "[2001:db8::2]:5060";
const PEER: &str = "[2001:db8::9]:5070";

fn config(at: &str) -> AgentConfig {
    let mut config = AgentConfig::new(address(at));
    config.tcp = Some(config.udp);
    config.trust.networks.push(Network { address: address(at).ip(), prefix: 64 });
    config
}

fn media(n: u16) -> LocalMedia {
    let ip = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, n);
    LocalMedia::g711(SocketAddr::new(IpAddr::V6(ip), 40_000))
}

#[test]
fn a_call_is_made_and_ended_over_ipv6_by_udp_and_by_tcp() {
    for (parameter, transport) in [("", "UDP"), (";transport=tcp", "TCP")] {
        let mut world = World::new(6, vec![config(ONE), config(TWO)]);
        let to = format!("sip:102@{TWO}{parameter}").parse().expect("a URI");
        let caller = world.call_with(0, Destination::Uri(to), Some(media(1)));
        world.run_for(100);
        let called = world.incoming(1).unwrap_or_else(|| panic!("a call by {transport}"));
        let offered = world.events(1).into_iter().find_map(|event| match event {
            Event::Incoming(incoming) => incoming.offer.clone(),
            _ => None,
        });
        let remote = offered.and_then(|offer| offer.first().and_then(|media| media.remote));
        assert_eq!(remote, Some(media(1).rtp), "the offer's address is read");
        world.command(1, Command::Accept { session: called, media: media(2) });
        world.run_for(100);
        assert!(world.answered(0), "{transport}");
        // In the dialog requests go to the Contact, back over the same address.
        world.command(0, Command::Hangup { session: caller, cause: None });
        world.run_for(100);
        assert!(world.events(1).iter().any(|event| matches!(event, Event::Ended { .. })), "{transport}");
        world.check_answers();
        world.run_for(70_000);
        world.check_idle();
    }
}

#[test]
fn an_address_is_written_in_brackets_in_headers_and_without_in_sdp() {
    let mut world = World::new(6, vec![config(ONE)]);
    world.peers.insert(address(PEER), Vec::new());
    let to = format!("sip:102@{PEER}").parse().expect("a URI");
    world.call_with(0, Destination::Uri(to), Some(media(1)));
    world.run_for(20);
    let invite = world.got(PEER, &Method::Invite).expect("an INVITE");
    assert!(invite.to_bytes().starts_with(b"INVITE sip:102@[2001:db8::9]:5070 SIP/2.0\r\n"));
    let via = invite.top_via().expect("a Via");
    assert_eq!((via.host.to_string().as_str(), via.host.ip()), ("[2001:db8::1]", Some(address(ONE).ip())));
    let contact = invite.contacts().expect("a Contact").remove(0);
    assert_eq!(contact.uri.host().expect("a host").to_string(), "[2001:db8::1]");
    let sdp = String::from_utf8(invite.body.clone()).expect("text");
    assert!(sdp.contains("\r\nc=IN IP6 2001:db8::1\r\n") && sdp.contains(" IN IP6 2001:db8::1\r\n"), "{sdp}");
}

#[test]
fn a_phone_registers_over_ipv6_and_learns_the_address_that_the_registrar_sees() {
    let mut world = World::new(6, vec![config(ONE), config(TWO)]);
    world.command(1, Command::SetUsers(vec![User { name: "201".to_owned(), password: Secret::new("lamo") }]));
    world.command(0, Command::SetServer(server(&[TWO])));
    world.command(0, Command::Register(account("201", "lamo")));
    world.run_for(100);
    let public = world.events(0).into_iter().find_map(|event| match event {
        Event::Registration { state: RegistrationState::Registered { public, .. }, .. } => *public,
        _ => None,
    });
    assert_eq!(public, Some(address(ONE)), "received is read without brackets, as it is written");
    world.call_with(1, Destination::Registered { user: "201".to_owned() }, Some(media(2)));
    world.run_for(100);
    assert!(world.incoming(0).is_some());
}

fn request(uri: &str, via: &str, contact: &str) -> Result<Request, u16> {
    let text = format!(
        "OPTIONS {uri} SIP/2.0\r\nVia: {via}\r\nFrom: <sip:a@example.net>;tag=x\r\nTo: <sip:b@example.net>\r\n\
         Call-ID: six\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContact: <{contact}>\r\nContent-Length: 0\r\n\r\n"
    );
    match parse_datagram(text.as_bytes()) {
        Ok(Message::Request(request)) => Ok(request),
        Ok(Message::Response(_)) => Err(0),
        Err(error) => Err(error.status),
    }
}

const VIA: &str = "SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKsix";
const SIX: &str = "sip:[2001:db8::10]";

#[test]
fn a_reference_needs_its_brackets() {
    // RFC 5118 §4.1, §4.2.
    assert_eq!(
        request(SIX, VIA, SIX).map(|r| r.uri.host().cloned()),
        Ok(Some("2001:db8::10".parse().map(Host::Ip).expect("an address")))
    );
    assert_eq!(request("sip:2001:db8::10", VIA, SIX).err(), Some(400));
    assert_eq!(request("sip:[2001:db8::10", VIA, SIX).err(), Some(400));
    assert_eq!(request("sip:[2001:db8::g]", VIA, SIX).err(), Some(400));
}

#[test]
fn a_port_is_what_follows_the_brackets_and_nothing_within() {
    // RFC 5118 §4.3: without brackets in mind, 5070 would be taken for a port.
    let port = |uri: &str| uri.parse::<Uri>().expect("a URI").as_sip().expect("sip").port;
    assert_eq!(port("sip:user@[2001:db8::10:5070]"), None);
    assert_eq!(port("sip:user@[2001:db8::10]:5070"), Some(5070));
}

#[test]
fn received_is_taken_with_and_without_brackets() {
    // RFC 5118 §4.5: brackets are not in the grammar of 3261, but elements write them.
    for received in ["2001:db8::9:255", "[2001:db8::9:255]"] {
        let request = request(SIX, &format!("{VIA};received={received}"), SIX).expect("a request");
        let via = request.top_via().expect("a Via");
        assert_eq!(via.received(), Some("2001:db8::9:255".parse().expect("an address")), "{received}");
        assert_eq!(via.port, Some(6050));
    }
}

#[test]
fn session_descriptions_mix_both_families() {
    // RFC 5118 §4.6, §4.7: each stream has its own address.
    let text = "v=0\r\no=- 1 1 IN IP6 2001:db8::20\r\ns=-\r\nc=IN IP6 2001:db8::20\r\nt=0 0\r\n\
                m=audio 30000 RTP/AVP 0\r\nm=audio 30002 RTP/AVP 0\r\nc=IN IP4 192.0.2.1\r\n";
    let sdp = SessionDescription::parse(text.as_bytes()).expect("a description");
    let at = |n: usize| sdp.connection_of(&sdp.media[n]).and_then(|connection| connection.address.ip());
    assert_eq!((at(0), at(1)), ("2001:db8::20".parse().ok(), "192.0.2.1".parse().ok()));
}

#[test]
fn one_address_in_two_spellings_is_the_same() {
    // RFC 5118 §4.10 has IPv4 within IPv6; RFC 5952 the spellings.
    let uri = |text: &str| text.parse::<Uri>().expect("a URI");
    assert!(uri("sip:a@[2001:0DB8:0:0::10]").equivalent(&uri("sip:a@[2001:db8::10]")));
    assert!(uri("sip:a@[::ffff:192.0.2.10]").host().is_some_and(|host| host.ip().is_some()));
}

#[test]
fn a_peer_of_ipv4_at_a_socket_of_both_families_is_of_its_network() {
    let network = Network { address: IpAddr::from([192, 0, 2, 0]), prefix: 24 };
    assert!(network.contains("::ffff:192.0.2.7".parse().expect("an address")));
    assert!(!network.contains("::ffff:192.0.3.7".parse().expect("an address")));
}
