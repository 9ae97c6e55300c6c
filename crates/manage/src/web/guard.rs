//! What every request passes: whom it is addressed to, who asks, and what the browser may do with the answer.

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Face;
use super::access::{Role, Who};
use super::api::document;
use super::problem::Problem;

/// The header of the token that a change carries.
pub const CSRF: &str = "x-tipring-csrf";
/// A page loads what comes with it, and nothing else; no other page shows it in a frame.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                              connect-src 'self'; media-src 'self'; worker-src 'self'; manifest-src 'self'; \
                              base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The name of the cookie: cookies know no ports, so that it has the port in it.
pub fn cookie_name(face: &Face) -> String {
    format!("tipring-{}", face.door.address.port())
}

/// The value of our cookie.
pub fn cookie(face: &Face, headers: &HeaderMap) -> Option<String> {
    let name = cookie_name(face);
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
}

/// A request on a loopback is for a name of it: a page of somebody else's whose name leads here (DNS rebinding) gets nothing.
pub async fn host(State(face): State<Face>, request: Request, next: Next) -> Response {
    if face.door.address.ip().is_loopback() && !is_loopback(request.headers()) {
        return Problem::new(StatusCode::MISDIRECTED_REQUEST, "This address is for this machine alone.")
            .remedy(format!("Open http://{}/", face.door.address))
            .into_response();
    }
    next.run(request).await
}

fn is_loopback(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Headers that keep the browser narrow.
pub async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Lets in who has a session or a token, and the role that is written at the route; a change has to carry the session's token.
pub async fn authenticate(State(face): State<Face>, mut request: Request, next: Next) -> Response {
    let bearer = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let who = match bearer {
        Some(bearer) => bearer.strip_prefix("Bearer ").and_then(|token| face.door.access.token(token)),
        None => cookie(&face, request.headers()).and_then(|cookie| face.door.access.session(&cookie)),
    };
    let Some(who) = who else {
        return Problem::new(StatusCode::UNAUTHORIZED, "Nobody is logged in here.")
            .remedy("Open the address that the gateway printed, or ask for one: tipring web")
            .into_response();
    };
    let token = request.headers().get(CSRF).and_then(|token| token.to_str().ok());
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    if changes && who.csrf.as_deref().is_some_and(|wanted| token != Some(wanted)) {
        return Problem::new(
            StatusCode::FORBIDDEN,
            format!("A change carries the session's token in {CSRF}."),
        )
        .remedy("GET /api/v1/session tells it.")
        .into_response();
    }
    // A WebSocket opened by another page would come with our cookie.
    let origin = request.headers().get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    if request.headers().contains_key(header::UPGRADE)
        && !origin.is_none_or(|origin| is_own(origin, &request))
    {
        return Problem::new(StatusCode::FORBIDDEN, "Only a page of this gateway may open that.")
            .into_response();
    }
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    if let Err(problem) = who.needs(document::role(request.method(), path)) {
        return problem.into_response();
    }
    request.extensions_mut().insert(who);
    next.run(request).await
}

fn is_own(origin: &str, request: &Request) -> bool {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    origin.split_once("://").map(|(_, host)| host) == host
}

impl Who {
    /// An error unless he has that role.
    pub fn needs(&self, role: Role) -> Result<(), Problem> {
        if self.role >= role {
            return Ok(());
        }
        let word = match role {
            Role::Viewer => "a viewer",
            Role::Operator => "an operator",
            Role::Administrator => "an administrator",
        };
        Err(Problem::new(StatusCode::FORBIDDEN, format!("{} may not do that; {word} may.", self.name)))
    }
}

impl FromRequestParts<Face> for Who {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Face) -> Result<Self, Problem> {
        let who = parts.extensions.get::<Self>().cloned();
        who.ok_or_else(|| Problem::new(StatusCode::UNAUTHORIZED, "Nobody is logged in here."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loopback_answers_to_its_own_names_only() {
        for (host, own) in [
            ("127.0.0.1:8080", true),
            ("localhost:8080", true),
            ("[::1]:8080", true),
            ("127.9.9.9", true),
            ("evil.example:8080", false),
            ("localhost.evil.example", false),
            ("10.0.0.1:8080", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]);
            assert_eq!(is_loopback(&headers), own, "{host}");
        }
        assert!(!is_loopback(&HeaderMap::new()));
    }
}
