//! The 49 messages of RFC 4475 and what the RFC asks to be done with each.
//!
//! What goes out on the wire is in `rfc4475_wire.rs`. The table is written from the text of the RFC. Where the RFC leaves a choice the row says which was taken.
//! The messages are found in a folder of test vectors; without it the test says so and passes.

use std::path::PathBuf;

use tipring_sip::agent::capabilities;
use tipring_sip::digest::Authorization;
use tipring_sip::message::{
    Capabilities, HeaderName, Host, Message, Method, Request, Response, Seconds, Transport, Uri,
    parse_datagram, validate_request, validate_response,
};
use tipring_sip::sdp::SessionDescription;

/// What is to be done with a message.
enum Treatment {
    /// A request that is served; its fields are checked.
    Served(fn(&Request)),
    /// A request that is answered with this status.
    Answered(u16),
    /// A response that is taken; its fields are checked.
    Taken(fn(&Response)),
    /// A response that is dropped.
    Dropped,
}

use Treatment::{Answered, Dropped, Served, Taken};

struct Row {
    file: &'static str,
    clause: &'static str,
    treatment: Treatment,
}

const fn row(clause: &'static str, file: &'static str, treatment: Treatment) -> Row {
    Row { file, clause, treatment }
}

fn table() -> Vec<Row> {
    vec![
        row("3.1.1.1", "wsinv", Served(short_tortuous_invite)),
        // The method is not ours, so 501; the parser test is in `wide_range_of_characters`.
        row("3.1.1.2", "intmeth", Answered(501)),
        row("3.1.1.3", "esc01", Served(escaped_user)),
        row("3.1.1.4", "escnull", Served(escaped_nulls)),
        // The escapes in method and header name mean nothing: an unknown method and an unknown header.
        row("3.1.1.5", "esc02", Answered(501)),
        row("3.1.1.6", "lwsdisp", Served(no_blank_after_display)),
        row("3.1.1.7", "longreq", Served(long_values)),
        row("3.1.1.8", "dblreq", Served(bytes_after_the_body)),
        row("3.1.1.9", "semiuri", Served(semicolon_in_user)),
        row("3.1.1.10", "transports", Served(every_transport)),
        // Short messages are not ours; the parser test is in `a_multipart_body_with_binary_bytes`.
        row("3.1.1.11", "mpart01", Answered(405)),
        row("3.1.1.12", "unreason", Taken(unusual_reason)),
        row("3.1.1.13", "noreason", Taken(empty_reason)),
        row("3.1.2.1", "badinv01", Answered(400)),
        row("3.1.2.2", "clerr", Answered(400)),
        row("3.1.2.3", "ncl", Answered(400)),
        row("3.1.2.4", "scalar02", Answered(400)),
        row("3.1.2.5", "scalarlg", Dropped),
        row("3.1.2.6", "quotbal", Answered(400)),
        row("3.1.2.7", "ltgtruri", Answered(400)),
        row("3.1.2.8", "lwsruri", Answered(400)),
        row("3.1.2.9", "lwsstart", Answered(400)),
        row("3.1.2.10", "trws", Answered(400)),
        row("3.1.2.11", "escruri", Answered(400)),
        // An element that does not use Date may ignore it, and should then not reject.
        row("3.1.2.12", "baddate", Served(date_is_ignored)),
        row("3.1.2.13", "regbadct", Answered(400)),
        row("3.1.2.14", "badaspec", Answered(400)),
        row("3.1.2.15", "baddn", Answered(400)),
        row("3.1.2.16", "badvers", Answered(505)),
        row("3.1.2.17", "mismatch01", Answered(400)),
        // 400 would do as well, 501 is the better choice.
        row("3.1.2.18", "mismatch02", Answered(501)),
        row("3.1.2.19", "bigcode", Dropped),
        // Served like a request of RFC 2543: the branch identifies nothing.
        row("3.2.1", "badbranch", Served(branch_without_identifier)),
        row("3.3.1", "insuf", Answered(400)),
        row("3.3.2", "unkscm", Answered(416)),
        row("3.3.3", "novelsc", Answered(416)),
        row("3.3.4", "unksm2", Answered(400)),
        row("3.3.5", "bext01", Answered(420)),
        row("3.3.6", "invut", Answered(415)),
        // Served here; `rfc4475_wire` has the registrar's 401.
        row("3.3.7", "regaut01", Served(unknown_authorization)),
        row("3.3.8", "multi01", Answered(400)),
        row("3.3.9", "mcl01", Answered(400)),
        // Well formed; it is dropped because its Via is not ours, which is for the transport to see.
        row("3.3.10", "bcast", Taken(broadcast_via)),
        // An endpoint serves it; `max_forwards_zero_is_not_forwarded` has the proxy.
        row("3.3.11", "zeromf", Served(no_hops_left)),
        row("3.3.12", "cparam01", Served(contact_parameter)),
        row("3.3.13", "cparam02", Served(uri_parameter)),
        row("3.3.14", "regescrt", Served(contact_with_route)),
        row("3.3.15", "sdp01", Answered(406)),
        row("3.4.1", "inv2543", Served(rfc_2543_invite)),
    ]
}

#[test]
fn every_message_gets_its_treatment() {
    let Some(folder) = vectors() else { return };
    let table = table();
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder of vectors can be listed")
        .map(|entry| entry.expect("an entry").path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    files.sort();
    let mut rows: Vec<_> = table.iter().map(|row| row.file.to_owned()).collect();
    rows.sort();
    assert_eq!(files, rows, "each message has one row");
    assert_eq!(rows.len(), 49);
    for Row { file, clause, treatment } in table {
        let bytes = read(&folder, file);
        let name = format!("{file} ({clause})");
        match (treatment, parse_datagram(&bytes)) {
            (Served(check), Ok(Message::Request(request))) => {
                assert_eq!(validate_request(&request, &capabilities()), Ok(()), "{name}");
                check(&request);
                round_trip(&name, request.into());
            }
            (Answered(status), Ok(Message::Request(request))) => {
                let rejection = validate_request(&request, &capabilities()).expect_err(&name);
                assert_eq!(rejection.status, status, "{name}: {rejection}");
                check_answer(&name, &request_headers(&bytes), &rejection.response(&request, "t1"));
            }
            (Answered(status), Err(error)) => {
                assert_eq!(error.status, status, "{name}: {error}");
                assert!(error.offset <= bytes.len(), "{name}");
                check_answer(&name, &request_headers(&bytes), &error.answer("t1").expect(&name));
            }
            (Taken(check), Ok(Message::Response(response))) => {
                assert_eq!(validate_response(&response), Ok(()), "{name}");
                check(&response);
                round_trip(&name, response.into());
            }
            (Dropped, Ok(Message::Response(response))) => {
                assert!(validate_response(&response).is_err(), "{name}")
            }
            (Dropped, Err(error)) => assert_eq!(error.answer("t1"), None, "{name}"),
            (_, other) => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn wide_range_of_characters() {
    let Some(request) = request("intmeth") else { return };
    assert_eq!(request.method, Method::Other("!interesting-Method0123456789_*+`.%indeed'~".into()));
    let user = request.uri.user().unwrap();
    assert_eq!(user, "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*");
    assert_eq!(
        request.uri.as_sip().unwrap().password.as_deref(),
        Some("&it+has=1,weird!*pas$wo~d_too.(doesn't-it)")
    );
    assert_eq!(request.to().unwrap().display.unwrap(), "BEL:\u{7} NUL:\0 DEL:\u{7f}");
    let from = request.from_().unwrap();
    assert_eq!(from.display.as_deref(), Some("token1~` token2'+_ token3*%!.-"));
    assert_eq!(from.params.get("fromParam''~+*_!.-%"), Some("работающий"));
    assert_eq!(from.tag(), Some("_token~1'+`*%!-."));
    assert_eq!(request.call_id().unwrap(), "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{");
    assert_eq!(request.max_forwards().unwrap(), Some(255));
    let extension = HeaderName::from_name("extensionHeader-!.%*+_`'~");
    assert_eq!(request.headers.text(&extension).unwrap(), "\u{feff}大停電");
}

#[test]
fn escapes_in_method_and_header_name_mean_nothing() {
    let Some(request) = request("esc02") else { return };
    assert_eq!(request.method, Method::Other("RE%47IST%45R".into()));
    assert_eq!(request.to().unwrap().display.as_deref(), Some("%Z%45"));
    assert_eq!(request.contacts().unwrap().len(), 2);
    assert!(request.headers.has(&HeaderName::from_name("c%6fntact")));
}

#[test]
fn max_forwards_zero_is_not_forwarded() {
    let Some(request) = request("zeromf") else { return };
    let proxy = Capabilities { forwards: true, ..capabilities() };
    assert_eq!(validate_request(&request, &proxy).unwrap_err().status, 483);
}

#[test]
fn unsupported_extensions_are_all_named() {
    let Some(request) = request("bext01") else { return };
    let unsupported = |ours: &Capabilities| {
        let rejection = validate_request(&request, ours).unwrap_err();
        rejection.response(&request, "t").unsupported()
    };
    assert_eq!(unsupported(&capabilities()), ["nothingSupportsThis", "nothingSupportsThisEither"]);
    let proxy = Capabilities { forwards: true, ..capabilities() };
    assert_eq!(unsupported(&proxy).len(), 4, "a proxy answers Proxy-Require too");
}

fn short_tortuous_invite(request: &Request) {
    assert_eq!(request.uri.user().unwrap(), "vivekg");
    assert_eq!(request.uri.param("unknownparam"), Some(""));
    let to = request.to().unwrap();
    assert_eq!((to.uri.user().unwrap().as_ref(), to.tag()), ("vivekg", Some("1918181833n")));
    let from = request.from_().unwrap();
    assert_eq!(from.display.as_deref(), Some("J Rosenberg \\\""));
    assert_eq!(from.tag(), Some("98asjd8"));
    assert_eq!(request.max_forwards().unwrap(), Some(68));
    assert_eq!(request.call_id().unwrap(), "wsinv.ndaksdj@192.0.2.1");
    assert_eq!(request.cseq().unwrap().seq, 9);
    let vias = request.vias().unwrap();
    assert_eq!(vias.len(), 3);
    assert_eq!((&vias[0].transport, vias[0].branch()), (&Transport::Udp, Some("390skdjuw")));
    assert_eq!((&vias[1].transport, vias[1].branch()), (&Transport::Tcp, Some("z9hG4bK9ikj8")));
    assert_eq!(vias[2].host, Host::Ip("192.168.255.111".parse().unwrap()));
    assert_eq!(request.headers.text(&HeaderName::Subject).unwrap(), "");
    assert_eq!(
        request.headers.text(&HeaderName::from_name("NewFangledHeader")).unwrap(),
        "newfangled value continued newfangled value"
    );
    assert_eq!(
        request.routes().unwrap()[0].uri.to_string(),
        "sip:services.example.com;lr;unknownwith=value;unknown-no-value"
    );
    let contact = &request.contacts().unwrap()[0];
    assert_eq!(contact.display.as_deref(), Some("Quoted string \"\""));
    assert_eq!(contact.uri.user().unwrap(), "jdrosen");
    assert_eq!(contact.params.get("secondparam"), Some(""));
    let sdp = SessionDescription::parse(&request.body).unwrap();
    assert_eq!(sdp.media[0].port, 49217);
}

fn escaped_user(request: &Request) {
    assert_eq!(request.uri.user().unwrap(), "sips:user@example.com");
    assert_eq!(request.uri.host(), Some(&Host::Name("example.net".into())));
    let Uri::Sip(from) = request.from_().unwrap().uri else { panic!("not sip") };
    assert_eq!(from.user.as_deref(), Some("I%20have%20spaces"));
    assert_eq!(request.from_().unwrap().uri.user().unwrap(), "I have spaces");
    let contact = &request.contacts().unwrap()[0];
    assert_eq!(contact.uri.param("lr"), Some(""), "its name is escaped");
    assert_eq!(contact.uri.param("name"), Some("v%61lue%25%34%31"));
}

fn escaped_nulls(request: &Request) {
    assert_eq!(request.to().unwrap().uri.user().unwrap(), "null-\0-null");
    let contacts = request.contacts().unwrap();
    assert_eq!(contacts[0].uri.user().unwrap(), "\0");
    assert_eq!(contacts[1].uri.user().unwrap(), "\0\0");
    assert!(!contacts[0].uri.equivalent(&contacts[1].uri));
}

fn no_blank_after_display(request: &Request) {
    assert_eq!(request.from_().unwrap().display.as_deref(), Some("caller"));
}

fn long_values(request: &Request) {
    assert_eq!(request.vias().unwrap().len(), 34);
    assert!(request.to().unwrap().display.unwrap().starts_with("I have a user name of extreme"));
    assert!(request.call_id().unwrap().contains("longreq.one"));
    assert!(request.from_().unwrap().tag().unwrap().len() > 100);
}

fn bytes_after_the_body(request: &Request) {
    assert_eq!(request.method, Method::Register);
    assert!(request.body.is_empty(), "the INVITE behind it is passed over");
}

fn semicolon_in_user(request: &Request) {
    assert_eq!(request.uri.user().unwrap(), "user;par=u@example.net");
    assert!(request.uri.params().unwrap().is_empty());
}

fn every_transport(request: &Request) {
    let transports: Vec<_> = request.vias().unwrap().into_iter().map(|via| via.transport).collect();
    let unknown = Transport::Other("UNKNOWN".into());
    assert_eq!(transports, [Transport::Udp, Transport::Sctp, Transport::Tls, unknown, Transport::Tcp]);
}

#[test]
fn a_multipart_body_with_binary_bytes() {
    let Some(request) = request("mpart01") else { return };
    assert!(request.content_type().unwrap().unwrap().is("multipart", "mixed"));
    assert!(request.body.contains(&0), "binary bytes survive");
    assert_eq!(request.routes().unwrap().len(), 1);
}

fn unusual_reason(response: &Response) {
    assert_eq!(response.status, 200);
    assert_eq!(response.reason, "= 2**3 * 5**2 но сто девяносто девять - простое");
}

fn empty_reason(response: &Response) {
    assert_eq!((response.status, response.reason.as_str()), (100, ""));
}

fn date_is_ignored(request: &Request) {
    assert!(request.headers.text(&HeaderName::Date).unwrap().ends_with("EST"));
}

fn branch_without_identifier(request: &Request) {
    let via = request.top_via().unwrap();
    assert_eq!(via.branch(), Some("z9hG4bK"));
    assert!(!via.has_rfc3261_branch());
}

fn unknown_authorization(request: &Request) {
    let value = request.headers.text(&HeaderName::Authorization).unwrap();
    assert_eq!(Authorization::parse(&value), Ok(None));
}

fn broadcast_via(response: &Response) {
    let hosts: Vec<_> = response.vias().unwrap().into_iter().map(|via| via.host.to_string()).collect();
    assert_eq!(hosts, ["192.0.2.198", "255.255.255.255"]);
}

fn no_hops_left(request: &Request) {
    assert_eq!(request.max_forwards().unwrap(), Some(0));
}

fn contact_parameter(request: &Request) {
    let contact = &request.contacts().unwrap()[0];
    assert!(contact.params.has("unknownparam") && contact.uri.params().unwrap().is_empty());
}

fn uri_parameter(request: &Request) {
    let contact = &request.contacts().unwrap()[0];
    assert!(contact.params.is_empty() && contact.uri.param("unknownparam").is_some());
}

fn contact_with_route(request: &Request) {
    let contact = &request.contacts().unwrap()[0];
    assert_eq!(contact.uri.as_sip().unwrap().headers, [("Route".into(), "%3Csip:sip.example.com%3E".into())]);
    assert!(request.routes().unwrap().is_empty());
}

fn rfc_2543_invite(request: &Request) {
    assert_eq!(request.from_().unwrap().tag(), None);
    assert_eq!(request.top_via().unwrap().branch(), None);
    assert_eq!(request.max_forwards(), Ok(None));
    let record_routes = request.record_routes().unwrap();
    assert!(record_routes[0].uri.param("lr").is_none());
    assert_eq!(request.expires(), Ok(None::<Seconds>));
    assert!(!request.body.is_empty(), "without Content-Length the body goes to the end");
}

/// Vias, Call-ID and CSeq lines that an answer has to return, taken from the raw text.
fn request_headers(bytes: &[u8]) -> Vec<(HeaderName, String)> {
    let text = String::from_utf8_lossy(bytes);
    let mut found: Vec<(HeaderName, String)> = Vec::new();
    for line in text.lines().skip(1).take_while(|line| !line.is_empty()) {
        let Some((name, value)) = line.split_once(':') else { continue };
        let name = HeaderName::from_name(name.trim());
        if [HeaderName::Via, HeaderName::CSeq, HeaderName::CallId].contains(&name)
            && (name == HeaderName::Via || !found.iter().any(|(n, _)| *n == name))
        {
            found.push((name, value.trim().to_owned()));
        }
    }
    found
}

fn check_answer(name: &str, expected: &[(HeaderName, String)], answer: &Response) {
    for (header, value) in expected {
        let values: Vec<_> =
            answer.headers.get_all(header).map(|v| String::from_utf8_lossy(v).into_owned()).collect();
        assert!(values.contains(value), "{name}: {header}: {value} is not in {values:?}");
    }
    let back = parse_datagram(&answer.to_bytes());
    assert!(matches!(back, Ok(Message::Response(_))), "{name}: the answer is SIP: {back:?}");
}

fn round_trip(name: &str, message: Message) {
    let bytes = message.to_bytes();
    let again = parse_datagram(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(again.to_bytes(), bytes, "{name}");
    assert_eq!(again.body(), message.body(), "{name}");
}

fn request(file: &str) -> Option<Request> {
    match parse_datagram(&read(&vectors()?, file)) {
        Ok(Message::Request(request)) => Some(request),
        other => panic!("{file}: {other:?}"),
    }
}

fn read(folder: &std::path::Path, file: &str) -> Vec<u8> {
    std::fs::read(folder.join(file).with_extension("dat")).expect(file)
}

fn vectors() -> Option<PathBuf> {
    let root = match std::env::var_os("TIPRING_VECTORS") {
        Some(path) => PathBuf::from(path),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"),
    };
    let folder = root.join("sip/rfc4475");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no vectors");
    None
}
