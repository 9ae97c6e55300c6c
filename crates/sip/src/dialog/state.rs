//! The state that two user agents share: RFC 3261 §12.

use crate::message::{CSeq, HeaderName, Method, NameAddr, Request, Response, Uri};
use crate::transaction::Target;

/// Route entries kept of one dialog.
pub const MAX_ROUTES: usize = 32;

/// Whether the dialog is settled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// Made by a provisional answer.
    Early,
    /// Made or settled by a 2xx.
    Confirmed,
}

/// Where a request within the dialog goes next.
#[derive(Clone, PartialEq, Debug)]
pub enum NextHop {
    /// To the host of this URI, found by RFC 3263.
    Uri(Uri),
    /// Back over the flow on which the far end came to us, because its Contact does not work from here.
    Flow(Target),
}

/// One dialog.
#[derive(Clone, PartialEq, Debug)]
pub struct Dialog {
    /// Call-ID.
    pub call_id: String,
    /// Our address with our tag.
    pub local: NameAddr,
    /// The far end's address with its tag, if it gave one.
    pub remote: NameAddr,
    /// Where the far end wants requests.
    pub remote_target: Uri,
    /// The proxies on the way, nearest first.
    pub routes: Vec<NameAddr>,
    /// The number of our latest request.
    pub local_seq: u32,
    /// The number of the far end's latest request.
    pub remote_seq: Option<u32>,
    /// Whether it is settled.
    pub stage: Stage,
    /// The way to a far end that is behind NAT and has no proxy.
    pub flow: Option<Target>,
}

impl Dialog {
    /// The dialog that `response` to our `request` makes (§12.1.2). None without a usable To or Contact.
    pub fn of_response(request: &Request, response: &Response) -> Option<Self> {
        let contact = response.contacts().ok().and_then(|c| c.into_iter().next());
        let mut routes = response.record_routes().ok()?;
        routes.reverse();
        routes.truncate(MAX_ROUTES);
        let mut dialog = Self {
            call_id: request.call_id().ok()?,
            local: request.from_().ok()?,
            remote: response.to().ok()?,
            // A provisional answer may lack Contact; then the request URI must do until the 2xx.
            remote_target: contact.map_or_else(|| request.uri.clone(), |c| c.uri),
            routes,
            local_seq: request.cseq().ok()?.seq,
            remote_seq: None,
            stage: Stage::Early,
            flow: None,
        };
        if response.is_success() {
            dialog.stage = Stage::Confirmed;
        }
        Some(dialog)
    }

    /// The dialog that an INVITE makes at our side with `tag` in our To (§12.1.1).
    pub fn of_request(request: &Request, tag: &str) -> Option<Self> {
        let remote = request.from_().ok()?;
        let remote_target = match request.contacts().ok()?.into_iter().next() {
            Some(contact) => contact.uri,
            // RFC 2543 §6.13 leaves Contact to the caller's choice and knows no tag: From is where it is reached then.
            None if remote.tag().is_none() => remote.uri.clone(),
            None => return None,
        };
        let mut routes = request.record_routes().ok()?;
        routes.truncate(MAX_ROUTES);
        Some(Self {
            call_id: request.call_id().ok()?,
            local: request.to().ok()?.with_tag(tag),
            remote,
            remote_target,
            routes,
            local_seq: 0,
            remote_seq: request.cseq().ok().map(|cseq| cseq.seq),
            stage: Stage::Early,
            flow: None,
        })
    }

    /// The far end's tag; empty if it gave none (RFC 2543).
    pub fn remote_tag(&self) -> &str {
        self.remote.tag().unwrap_or_default()
    }

    /// Takes over what a 2xx settles: the route set is computed again (§13.2.2.4).
    pub fn confirm(&mut self, response: &Response) {
        if self.stage == Stage::Early {
            self.stage = Stage::Confirmed;
            if let Ok(mut routes) = response.record_routes() {
                routes.reverse();
                routes.truncate(MAX_ROUTES);
                self.routes = routes;
            }
        }
        self.refresh_target(response.contacts().ok());
    }

    /// Target refresh by a message of INVITE or UPDATE (§12.2).
    pub fn refresh_target(&mut self, contacts: Option<Vec<NameAddr>>) {
        if let Some(contact) = contacts.and_then(|c| c.into_iter().next()) {
            self.remote_target = contact.uri;
        }
    }

    /// Checks the number of a request of the far end (§12.2.2). False if it is out of order.
    pub fn accept_seq(&mut self, seq: u32) -> bool {
        if self.remote_seq.is_some_and(|last| seq < last) {
            return false;
        }
        self.remote_seq = Some(seq);
        true
    }

    /// A new request with the next number; `contact` for methods that refresh the target.
    pub fn request(&mut self, method: Method, contact: Option<&NameAddr>) -> Request {
        self.local_seq = self.local_seq.saturating_add(1);
        let mut request = self.skeleton(method, self.local_seq);
        if let Some(contact) = contact {
            request.headers.push(HeaderName::Contact, contact.to_string());
        }
        request
    }

    /// The ACK of a 2xx to the INVITE with number `seq`. It is sent once for each 2xx, by no transaction.
    pub fn ack(&self, seq: u32) -> Request {
        self.skeleton(Method::Ack, seq)
    }

    /// Where requests go next.
    pub fn next_hop(&self) -> NextHop {
        match (self.flow, self.routes.first()) {
            (Some(flow), None) => NextHop::Flow(flow),
            (Some(_) | None, Some(route)) => NextHop::Uri(route.uri.clone()),
            (None, None) => NextHop::Uri(self.remote_target.clone()),
        }
    }

    fn skeleton(&self, method: Method, seq: u32) -> Request {
        let mut target = self.remote_target.clone();
        // Headers of a Contact URI do not belong in a request URI (§19.1.5).
        if let Uri::Sip(sip) = &mut target {
            sip.headers.clear();
            sip.params.remove("method");
        }
        let loose = self.routes.first().is_none_or(|route| route.uri.params().is_some_and(|p| p.has("lr")));
        let (uri, routes) = if loose {
            (target, self.routes.clone())
        } else {
            // A strict router (RFC 2543) wants itself in the request URI and the target last.
            let mut routes: Vec<NameAddr> = self.routes.iter().skip(1).cloned().collect();
            routes.push(NameAddr::new(target.clone()));
            (self.routes.first().map_or(target, |first| first.uri.clone()), routes)
        };
        let mut request = Request::new(method.clone(), uri);
        for route in routes {
            request.headers.push(HeaderName::Route, route.to_string());
        }
        request.headers.push(HeaderName::MaxForwards, "70");
        request.headers.push(HeaderName::From, self.local.to_string());
        request.headers.push(HeaderName::To, self.remote.to_string());
        request.headers.push(HeaderName::CallId, &self.call_id);
        request.headers.push(HeaderName::CSeq, CSeq { seq, method }.to_string());
        request
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Message, parse_datagram};

    fn request(text: &str) -> Request {
        match parse_datagram(text.replace('\n', "\r\n").as_bytes()) {
            Ok(Message::Request(request)) => request,
            other => panic!("not a request: {other:?}"),
        }
    }

    fn incoming(routes: &str) -> Dialog {
        let invite = request(&format!(
            "INVITE sip:me@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1\n{routes}\
             From: <sip:a@x.example>;tag=aa\nTo: <sip:me@x.example>\nCall-ID: c1\nCSeq: 7 INVITE\n\
             Contact: <sip:a@192.0.2.9:5070>\nMax-Forwards: 70\nContent-Length: 0\n\n"
        ));
        Dialog::of_request(&invite, "bb").expect("a dialog")
    }

    #[test]
    fn loose_routes_keep_the_target_in_the_request_uri() {
        let mut dialog = incoming("Record-Route: <sip:p1.example;lr>, <sip:p2.example;lr>\n");
        let bye = dialog.request(Method::Bye, None);
        assert_eq!(bye.uri.to_string(), "sip:a@192.0.2.9:5070");
        let routes: Vec<String> = bye.routes().expect("routes").iter().map(ToString::to_string).collect();
        assert_eq!(routes, ["<sip:p1.example;lr>", "<sip:p2.example;lr>"]);
        assert_eq!(bye.to().expect("to").tag(), Some("aa"));
        assert_eq!(bye.from_().expect("from").tag(), Some("bb"));
    }

    #[test]
    fn a_strict_router_gets_itself_as_request_uri_and_the_target_last() {
        let mut dialog = incoming("Record-Route: <sip:p1.example>, <sip:p2.example;lr>\n");
        let bye = dialog.request(Method::Bye, None);
        assert_eq!(bye.uri.to_string(), "sip:p1.example");
        let routes: Vec<String> = bye.routes().expect("routes").iter().map(ToString::to_string).collect();
        assert_eq!(routes, ["<sip:p2.example;lr>", "<sip:a@192.0.2.9:5070>"]);
    }

    #[test]
    fn numbers_of_the_far_end_may_skip_but_not_fall() {
        let mut dialog = incoming("");
        assert!(dialog.accept_seq(9));
        assert!(!dialog.accept_seq(8));
        assert!(dialog.accept_seq(9));
    }

    #[test]
    fn without_routes_a_flow_beats_the_contact() {
        let mut dialog = incoming("");
        assert!(matches!(dialog.next_hop(), NextHop::Uri(_)));
        let flow = Target::new(crate::transaction::Transport::Udp, ([198, 51, 100, 1], 40_000).into());
        dialog.flow = Some(flow);
        assert_eq!(dialog.next_hop(), NextHop::Flow(flow));
    }
}
