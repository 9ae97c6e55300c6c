//! Calls that stand, and what the scripted peer sends within them.

use tipring_sip::agent::SessionId;
use tipring_sip::message::{HeaderName, Method, Request, Response};

use super::{P, World};

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\n\
                   m=audio 30000 RTP/AVP 8 0\r\n";

/// An answer of the peer with this tag; an acceptance bears SDP.
pub fn answer(request: &Request, status: u16, tag: &str) -> Response {
    let mut response = request.response(status, "", Some(tag));
    response.headers.push(HeaderName::Contact, format!("<sip:{tag}@{P}>"));
    if status == 200 && request.method == Method::Invite {
        response.set_body("application/sdp", SDP.as_bytes().to_vec());
    }
    response
}

/// A request of the peer within the dialog that `invite` of ours made.
pub fn within(invite: &Request, tag: &str, method: Method, seq: u32) -> Request {
    let mut request = Request::new(method.clone(), invite.contacts().expect("contact").remove(0).uri);
    let call = invite.call_id().expect("call id");
    let headers = &mut request.headers;
    headers.push(HeaderName::Via, format!("SIP/2.0/UDP {P};branch=z9hG4bK{method}{seq}{call}"));
    headers.push(HeaderName::MaxForwards, "70");
    headers.push(HeaderName::From, format!("{};tag={tag}", invite.to().expect("to")));
    headers.push(HeaderName::To, invite.headers.text(&HeaderName::From).expect("from").as_bytes());
    headers.push(HeaderName::CallId, call);
    headers.push(HeaderName::CSeq, format!("{seq} {method}"));
    headers.push(HeaderName::Contact, format!("<sip:{tag}@{P}>"));
    request
}

impl World {
    /// Node 0 calls the peer, which answers with this tag and these headers. The INVITE as the peer got it.
    pub fn stand(&mut self, tag: &str, extra: &[(&str, &str)]) -> (SessionId, Request) {
        let session = self.call(0, Self::uri(P));
        self.run_for(20);
        let invite = self.got(P, &Method::Invite).expect("an INVITE");
        let mut response = answer(&invite, 200, tag);
        for (name, value) in extra {
            response.headers.push(HeaderName::from_name(name), value);
        }
        self.respond(P, &response);
        self.run_for(20);
        (session, invite)
    }
}
