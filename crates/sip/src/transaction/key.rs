//! Matching messages to transactions, RFC 3261 §17.1.3 and §17.2.3.

use crate::message::{Headers, MAGIC_COOKIE, Method, Request, Response, Via};
use tipring_units::Entropy;

/// What a response must share with the request that it answers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ClientKey {
    branch: String,
    method: String,
}

impl ClientKey {
    /// The key of a request of ours.
    pub fn of_request(request: &Request) -> Option<Self> {
        Some(Self { branch: branch_of(&request.headers)?, method: request.method.as_str().to_owned() })
    }

    /// The key that a response looks for: the topmost branch, and the method of CSeq.
    pub fn of_response(response: &Response) -> Option<Self> {
        let method = response.cseq().ok()?.method;
        Some(Self { branch: branch_of(&response.headers)?, method: method.as_str().to_owned() })
    }
}

/// What repeats of a request, its ACK and its CANCEL share.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ServerKey {
    /// By the branch, the sender's own address in Via and the method (INVITE for ACK).
    Branch {
        /// The branch.
        branch: String,
        /// The sender as it calls itself.
        sent_by: String,
        /// The method that started the transaction.
        method: String,
    },
    /// By everything else, for branches without the cookie (RFC 2543).
    Old {
        /// Request URI.
        uri: String,
        /// Call-ID.
        call_id: String,
        /// Tag of From.
        from_tag: String,
        /// Number of CSeq.
        cseq: u32,
        /// Topmost Via without what we stamped.
        via: String,
        /// The method that started the transaction.
        method: String,
    },
}

impl ServerKey {
    /// The key of `request`; an ACK has the key of its INVITE.
    pub fn of(request: &Request) -> Option<Self> {
        let method = if request.method == Method::Ack { &Method::Invite } else { &request.method };
        Self::with_method(request, method)
    }

    /// The key of the INVITE that a CANCEL wants to stop.
    pub fn of_cancelled(request: &Request) -> Option<Self> {
        Self::with_method(request, &Method::Invite)
    }

    fn with_method(request: &Request, method: &Method) -> Option<Self> {
        let via = request.top_via().ok()?;
        let method = method.as_str().to_owned();
        let sent_by = sent_by(&via);
        if via.has_rfc3261_branch() {
            let branch = via.branch()?.to_ascii_lowercase();
            return Some(Self::Branch { branch, sent_by, method });
        }
        Some(Self::Old {
            uri: request.uri.to_string(),
            call_id: request.call_id().ok()?,
            from_tag: request.from_().ok()?.tag().unwrap_or_default().to_owned(),
            cseq: request.cseq().ok()?.seq,
            via: format!("{sent_by} {}", via.branch().unwrap_or_default()),
            method,
        })
    }
}

/// The branch of the topmost Via, without case.
pub fn branch_of(headers: &Headers) -> Option<String> {
    Some(headers.top_via().ok()?.branch()?.to_ascii_lowercase())
}

/// A branch that nobody can guess.
pub fn new_branch(entropy: &mut Entropy) -> String {
    format!("{MAGIC_COOKIE}{:016x}", entropy.u64())
}

fn sent_by(via: &Via) -> String {
    match via.port {
        Some(port) => format!("{}:{port}", via.host).to_ascii_lowercase(),
        None => via.host.to_string().to_ascii_lowercase(),
    }
}
