//! The pages: files that are part of the program.

use axum::extract::Request;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use super::problem::Problem;

#[derive(RustEmbed)]
#[folder = "pages/"]
struct Files;

/// Gives a file; a path without a dot is a page, and all pages are in one file.
pub async fn serve(request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    if path.starts_with("api/") {
        return Problem::unknown("resource", &format!("/{path}")).into_response();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "A page is only read.");
        return ([(header::ALLOW, "GET, HEAD")], problem).into_response();
    }
    let name = if path.contains('.') { path } else { "index.html" };
    let Some(file) = Files::get(name) else { return Problem::unknown("file", name).into_response() };
    let tag = format!("\"{}\"", hex(&Sha256::digest(&file.data)[..8]));
    let known = request.headers().get(header::IF_NONE_MATCH).and_then(|tag| tag.to_str().ok());
    // What the program serves changes with the program: the browser asks each time, and mostly gets no body.
    let headers = [(header::CACHE_CONTROL, "no-cache"), (header::CONTENT_TYPE, kind(name))];
    if known == Some(tag.as_str()) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, [(header::ETAG, tag)], file.data.into_owned()).into_response()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
