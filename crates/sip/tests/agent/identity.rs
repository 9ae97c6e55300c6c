//! Who calls, and how it should ring: what goes out to whom, and what is believed of what comes in.

use crate::world::accounts::invite as call;
use crate::world::by_hand::{SDP, message};
use crate::world::{A, P, World};
use tipring_sip::agent::{
    CallDetails, Command, Destination, Event, Identity, Incoming, Invite, Privacy, ServerId, VouchBy,
};
use tipring_sip::message::{Alert, HeaderName, Method, Request};

const S: &str = "10.0.0.8:5060";

fn sent(to: Destination, at: &str, change: impl FnOnce(&mut Invite)) -> Request {
    let mut world = World::with_account(&[S]);
    let session = world.nodes[0].agent.new_session();
    let mut invite = call(session, to);
    invite.asserted = Some(Identity { display: Some("Ann".to_owned()), user: "4930123".to_owned() });
    change(&mut invite);
    world.command(0, Command::Invite(Box::new(invite)));
    world.run_for(20);
    world.got(at, &Method::Invite).expect("an INVITE")
}

fn server() -> Destination {
    Destination::Server { server: ServerId(0), user: "102".to_owned() }
}

fn text(request: &Request, name: &HeaderName) -> Option<String> {
    request.headers.text(name).map(|value| value.into_owned())
}

fn received(extra: &str, from: &str) -> Incoming {
    let mut world = World::with_peer(1);
    let text = message("INVITE", "i1", extra, SDP).replace("<sip:peer@10.0.0.9>;tag", &format!("{from};tag"));
    world.inject(P, A, &text);
    world.run_for(20);
    let told = world.events(0).into_iter().find_map(|event| match event {
        Event::Incoming(incoming) => Some((**incoming).clone()),
        _ => None,
    });
    told.unwrap_or_else(|| panic!("{extra}: {:?}", world.statuses(P)))
}

#[test]
fn each_server_is_told_in_its_way() {
    for (vouch_by, name, value) in [
        (VouchBy::Asserted, HeaderName::PAssertedIdentity, "\"Ann\" <sip:4930123@10.0.0.1>"),
        (VouchBy::Preferred, HeaderName::PPreferredIdentity, "\"Ann\" <sip:4930123@10.0.0.1>"),
        (
            VouchBy::RemoteParty,
            HeaderName::RemotePartyId,
            "\"Ann\" <sip:4930123@10.0.0.1>;party=calling;screen=yes;privacy=off",
        ),
    ] {
        let request = sent(server(), S, |invite| invite.details.vouch_by = vouch_by);
        assert_eq!(text(&request, &name).as_deref(), Some(value));
        let all = [HeaderName::PAssertedIdentity, HeaderName::PPreferredIdentity, HeaderName::RemotePartyId];
        assert_eq!(all.iter().filter(|name| request.headers.has(name)).count(), 1);
        assert!(!request.headers.has(&HeaderName::Privacy));
    }
}

#[test]
fn an_anonymous_call_names_nobody_but_to_its_server() {
    for (vouch_by, name) in [
        (VouchBy::Asserted, HeaderName::PAssertedIdentity),
        (VouchBy::RemoteParty, HeaderName::RemotePartyId),
    ] {
        let request = sent(server(), S, |invite| {
            invite.privacy = Privacy::Id;
            invite.details.vouch_by = vouch_by;
        });
        let from = request.from_().unwrap();
        assert_eq!(from.uri.to_string(), "sip:anonymous@anonymous.invalid");
        assert_eq!(from.display.as_deref(), Some("Anonymous"));
        assert_eq!(text(&request, &HeaderName::Privacy).as_deref(), Some("id"));
        let vouched = text(&request, &name).expect("the server is told");
        assert!(vouched.contains("4930123"));
        assert_eq!(name == HeaderName::RemotePartyId, vouched.contains("privacy=full"));
        assert_eq!(request.contacts().unwrap()[0].uri.user().as_deref(), Some("anonymous"));
    }
}

#[test]
fn an_anonymous_call_to_anybody_else_tells_nothing_at_all() {
    for vouch_by in [VouchBy::Asserted, VouchBy::Preferred, VouchBy::RemoteParty] {
        let request = sent(World::uri(P), P, |invite| {
            invite.privacy = Privacy::Id;
            invite.details.vouch_by = vouch_by;
        });
        let whole = String::from_utf8(request.to_bytes()).unwrap();
        assert!(!whole.contains("4930123") && !whole.contains("Ann\"") && !whole.contains("101@"), "{whole}");
        assert_eq!(text(&request, &HeaderName::Privacy).as_deref(), Some("id"));
    }
    let shown = sent(World::uri(P), P, |_| {});
    assert!(shown.headers.has(&HeaderName::PAssertedIdentity));
}

#[test]
fn what_is_asserted_counts_more_than_remote_party_and_that_more_than_from() {
    let from = "\"F\" <sip:1@f>";
    let pai = "P-Asserted-Identity: \"P\" <sip:3@p>, <tel:+3>\n";
    let rpid = "Remote-Party-ID: <sip:9@r>;party=called\nRemote-Party-ID: \"R\" <sip:2@r>;party=calling;privacy=off\n";
    for (extra, expected) in [
        (format!("{pai}{rpid}"), ("sip:3@p", Some("P"))),
        (rpid.to_owned(), ("sip:2@r", Some("R"))),
        ("Remote-Party-ID: <sip:9@r>;party=called\n".to_owned(), ("sip:1@f", Some("F"))),
        (String::new(), ("sip:1@f", Some("F"))),
        ("P-Asserted-Identity: <\n".to_owned(), ("sip:1@f", Some("F"))),
        ("P-Asserted-Identity: <tel:+49-30>\n".to_owned(), ("tel:+49-30", Some("F"))),
    ] {
        let call = received(&extra, from);
        let (uri, display) = call.caller();
        assert_eq!((uri.to_string().as_str(), display), expected, "{extra}");
        assert!(!call.private);
    }
}

#[test]
fn a_caller_that_hides_is_known_to_hide_however_it_says_so() {
    let shown = "<sip:1@f>";
    for (extra, from, private) in [
        ("Privacy: id\n", shown, true),
        ("Privacy: header;user\n", shown, true),
        ("Privacy: none\n", shown, false),
        ("Privacy: critical\n", shown, false),
        ("Remote-Party-ID: <sip:2@r>;privacy=full\n", shown, true),
        ("Remote-Party-ID: <sip:2@r>;privacy=uri-network\n", shown, true),
        ("Remote-Party-ID: <sip:2@r>;privacy=off\n", shown, false),
        ("P-Asserted-Identity: <sip:3@p>\n", "\"Anonymous\" <sip:anonymous@anonymous.invalid>", true),
        ("", "<sip:Anonymous@provider.example>", true),
        ("", "<sip:thisis@anonymous.invalid>", true),
        ("", shown, false),
    ] {
        assert_eq!(received(extra, from).private, private, "{extra} {from}");
    }
    let hidden =
        received("P-Asserted-Identity: <sip:3@p>\nPrivacy: id\n", "<sip:anonymous@anonymous.invalid>");
    assert_eq!(hidden.caller().0.to_string(), "sip:3@p", "known here, though not to be shown");
}

#[test]
fn how_to_ring_is_told_in_every_form() {
    for (extra, expected) in [
        ("Alert-Info: <urn:alert:source:internal>\n", vec![Alert::Urn("source:internal".to_owned())]),
        ("Alert-Info: Bellcore-dr3\n", vec![Alert::Bellcore(3)]),
        ("Alert-Info: <http://127.0.0.1/Bellcore-dr2>\n", vec![Alert::Bellcore(2)]),
        ("Alert-Info: info=alert-internal\n", vec![Alert::Info("alert-internal".to_owned())]),
        (
            "Alert-Info: <http://x>;info=alert-group\nAlert-Info: <http://x/y.wav>\n",
            vec![Alert::Info("alert-group".to_owned()), Alert::Uri("http://x/y.wav".to_owned())],
        ),
        ("Alert-Info: <<<\n", vec![]),
        ("", vec![]),
    ] {
        assert_eq!(received(extra, "<sip:1@f>").alerts, expected, "{extra}");
    }
}

#[test]
fn how_to_ring_goes_out_as_it_is_ordered() {
    for (alert, value) in [
        (Alert::Bellcore(2), "<http://127.0.0.1>;info=Bellcore-dr2"),
        (Alert::Urn("source:internal".to_owned()), "<urn:alert:source:internal>"),
        (Alert::Info("alert-external".to_owned()), "<http://127.0.0.1>;info=alert-external"),
    ] {
        let request = sent(World::uri(P), P, |invite| {
            invite.details = CallDetails { alert: Some(alert.clone()), ..CallDetails::default() };
        });
        assert_eq!(text(&request, &HeaderName::AlertInfo).as_deref(), Some(value));
    }
}
