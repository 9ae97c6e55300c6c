//! A SIP message by datagram, and the same bytes by stream.

use tipring_sip::digest::{Authorization, Challenge};
use tipring_sip::message::{
    Capabilities, Message, StreamFramer, StreamItem, body_of_type, is_keep_alive, parse_datagram, text,
    validate_request, validate_response,
};
use tipring_sip::sdp::SessionDescription;

/// What is read can be asked everything, what we write we can read, and a stream gives the same messages however it
/// is cut.
pub fn run(data: &[u8]) {
    let _ = is_keep_alive(data);
    match parse_datagram(data) {
        Ok(message) => {
            ask(&message);
            let written = message.to_bytes();
            let again = parse_datagram(&written).expect("what we write we can read");
            assert_eq!(text(&again.to_bytes()), text(&written), "what we wrote is read otherwise");
        }
        Err(error) => {
            assert!(error.offset <= data.len(), "an error beyond the end");
            if let Some(answer) = error.answer("t") {
                parse_datagram(&answer.to_bytes()).expect("our answer can be read");
            }
        }
    }
    let _ = (Challenge::parse_all(&text(data)), Authorization::parse(&text(data)));
    let piece = 1 + usize::from(data.first().copied().unwrap_or(0)) % 64;
    assert_eq!(stream(data, piece), stream(data, data.len().max(1)), "the cut at {piece} bytes matters");
}

/// The messages of a stream that comes in pieces, and whether it was lost.
fn stream(data: &[u8], piece: usize) -> (Vec<StreamItem>, bool) {
    let mut framer = StreamFramer::new();
    let mut items = Vec::new();
    for chunk in data.chunks(piece) {
        if framer.push(chunk).is_err() {
            return (items, true);
        }
        loop {
            match framer.pop() {
                Ok(Some(StreamItem::Ping | StreamItem::Pong)) => {} // a ping in two pieces is seen as both
                Ok(Some(item)) => items.push(item),
                Ok(None) => break,
                Err(_) => return (items, true),
            }
        }
    }
    (items, false)
}

fn ask(message: &Message) {
    let h = message.headers();
    let _ = (h.top_via(), h.vias(), h.from_(), h.to(), h.contacts(), h.cseq(), h.call_id(), h.max_forwards());
    let _ = (h.routes(), h.record_routes(), h.expires(), h.min_expires(), h.content_type(), h.allow());
    let _ =
        (h.accept(), h.supported(), h.require(), h.unsupported(), h.rack(), h.rseq(), h.session_expires());
    let _ = (h.min_se(), h.retry_after(), h.reasons(), h.q850_cause(), h.alert_info(), h.diversion());
    let _ = (h.p_asserted_identity(), h.remote_party_id(), h.privacy(), h.refer_to(), h.path());
    let _ = (h.alerts(), h.history_info(), h.diversions(), h.replaces(), h.referred_by(), h.event());
    let _ = SessionDescription::parse(message.body());
    let _ = body_of_type(h, message.body(), "application", "sdp");
    match message {
        Message::Request(request) => {
            let ours = Capabilities {
                methods: vec![request.method.clone()],
                extensions: request.headers.require(),
                schemes: vec![request.uri.scheme().to_owned()],
                content_types: vec!["application/sdp".into()],
                forwards: true,
            };
            if let Err(rejection) = validate_request(request, &ours) {
                let answer = rejection.response(request, "tag").to_bytes();
                parse_datagram(&answer).expect("our rejection can be read");
            }
            request.clone().stamp_source(core::net::SocketAddr::from(([192, 0, 2, 1], 5060)));
        }
        Message::Response(response) => drop(validate_response(response)),
    }
}
