//! Errors of the API (RFC 9457): what is wrong, with which field, and what to do.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// The media type of a problem.
pub const KIND: &str = "application/problem+json";

/// An error as a client gets it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(transparent)]
pub struct Problem(Box<Body>);

/// What is wrong, with which field, and what to do (RFC 9457).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Body {
    /// What kind of problem it is: `about:blank`, whose title is that of the status.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    kind: &'static str,
    /// The status in words.
    title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599, example = 404)]
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
    /// The header of that name.
    #[serde(skip)]
    retry_after: Option<u64>,
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
            retry_after: None,
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

    /// With the seconds after which it may be asked again.
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after = Some(seconds);
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
        let retry_after = self.0.retry_after;
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(KIND));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
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
        if let Some(gone) = why.downcast_ref::<tipring_host::Gone>() {
            return (*gone).into();
        }
        Self::new(StatusCode::CONFLICT, format!("{why:#}"))
    }
}
