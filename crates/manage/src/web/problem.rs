//! Errors of the API (RFC 9457): what is wrong, with which field, and what to do.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// An error as a client gets it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(transparent)]
pub struct Problem(Box<Body>);

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
struct Body {
    /// What kind of problem it is: `about:blank`, whose title is that of the status.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What is wrong.
    detail: String,
    /// The parameter or key that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
    /// Each mistake, where there are several: those of a configuration.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<String>,
}

/// What a handler gives.
pub type Answer<T> = Result<T, Problem>;

impl Problem {
    /// A problem.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self(Box::new(Body {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("error").to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            field: None,
            remedy: None,
            findings: Vec::new(),
        }))
    }

    /// With what to do about it.
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.0.remedy = Some(remedy.into());
        self
    }

    /// With the parameter or key.
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.0.field = Some(field.into());
        self
    }

    /// With each mistake.
    pub fn findings(mut self, findings: Vec<String>) -> Self {
        self.0.findings = findings;
        self
    }

    /// There is nothing of that name.
    pub fn unknown(what: &str, name: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("There is no {what} {name}."))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, [(header::CONTENT_TYPE, "application/problem+json")], Json(self)).into_response()
    }
}

impl From<tipring_host::Gone> for Problem {
    fn from(why: tipring_host::Gone) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, why.to_string()).remedy("Ask again in a moment.")
    }
}

/// What the desk could not do, in its own words.
impl From<anyhow::Error> for Problem {
    fn from(why: anyhow::Error) -> Self {
        Self::new(StatusCode::CONFLICT, format!("{why:#}"))
    }
}
