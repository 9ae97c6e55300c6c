//! What every request passes: whom it is addressed to, who asks, and what the browser may do with the answer.

use axum::extract::{ConnectInfo, FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Face;
use super::access::{Role, Who};
use super::api::document;
use super::bounded::Remote;
use super::problem::Problem;

/// The header of the token that a change carries.
pub const CSRF: &str = "x-tipring-csrf";
/// A page loads what comes with it, and nothing else; no other page shows it in a frame.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                              connect-src 'self'; media-src 'self'; worker-src 'self'; manifest-src 'self'; \
                              base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// A year of HTTPS alone (RFC 6797).
const ALWAYS_TLS: &str = "max-age=31536000";

/// The name of the cookie: cookies know no ports, so that it has the port in it.
pub fn cookie_name(face: &Face) -> String {
    format!("tipring-{}", face.here.address.port())
}

/// The value of our cookie.
pub fn cookie(face: &Face, headers: &HeaderMap) -> Option<String> {
    let name = cookie_name(face);
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
}

/// A cookie's attributes: for no script, no other site, and not in the clear where there is TLS.
pub const fn cookie_attributes(face: &Face) -> &'static str {
    if face.here.secure {
        "Path=/; HttpOnly; SameSite=Strict; Secure"
    } else {
        "Path=/; HttpOnly; SameSite=Strict"
    }
}

/// A request is for a name of ours, and from one who may come: the list may have changed since he came.
pub async fn host(
    State(face): State<Face>,
    ConnectInfo(Remote(from)): ConnectInfo<Remote>,
    request: Request,
    next: Next,
) -> Response {
    if !face.door.allows(from.ip()) {
        return Problem::new(StatusCode::FORBIDDEN, "Your address is not on the list of those who may come.")
            .remedy("Whoever configures this gateway adds it: allow in [web].")
            .into_response();
    }
    if !face.door.answers_to(face.here, host_of(request.headers())) {
        let (told, remedy) = if face.here.address.ip().is_loopback() {
            ("This address is for this machine alone.", format!("Open http://{}/", face.here.address))
        } else {
            (
                "This gateway has another name.",
                "Open it by that, or by its address: names in [web].".to_owned(),
            )
        };
        return Problem::new(StatusCode::MISDIRECTED_REQUEST, told).remedy(remedy).into_response();
    }
    next.run(request).await
}

/// The host that a request is for, without its port.
fn host_of(headers: &HeaderMap) -> &str {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    }
}

/// Headers that keep the browser narrow.
pub async fn headers(State(face): State<Face>, request: Request, next: Next) -> Response {
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
    // A certificate that the gateway made itself has to be accepted by hand, which this would forbid.
    if face.here.secure && face.door.certificates().is_users() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(ALWAYS_TLS));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Who asks: by a token, or by the cookie of a session.
pub fn who(face: &Face, headers: &HeaderMap) -> Option<Who> {
    let access = face.door.access();
    match headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) {
        Some(bearer) => bearer.strip_prefix("Bearer ").and_then(|token| access.token(token)),
        None => cookie(face, headers).and_then(|cookie| access.session(&cookie)),
    }
}

/// Lets in who is somebody: not one who has yet to make himself the first user.
pub async fn settled(request: Request, next: Next) -> Response {
    if request.extensions().get::<Who>().is_none_or(|who| who.first) {
        return Problem::new(StatusCode::FORBIDDEN, "Nobody is an administrator of this gateway yet.")
            .remedy("Set your name and password first: POST /api/v1/first, or open the page.")
            .into_response();
    }
    next.run(request).await
}

/// Lets in who has a session or a token, and the role that is written at the route; a change has to carry the session's token.
pub async fn authenticate(State(face): State<Face>, mut request: Request, next: Next) -> Response {
    let Some(who) = who(&face, request.headers()) else {
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
        let told = format!("{} may not do that; {} may.", self.name, role.titled());
        Err(Problem::new(StatusCode::FORBIDDEN, told))
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
    fn the_host_of_a_request_is_without_its_port() {
        for (host, name) in [
            ("127.0.0.1:8080", "127.0.0.1"),
            ("gw.example", "gw.example"),
            ("[::1]:8080", "::1"),
            ("[::1]", "::1"),
            ("", ""),
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]);
            assert_eq!(host_of(&headers), name, "{host}");
        }
        assert_eq!(host_of(&HeaderMap::new()), "");
    }
}
