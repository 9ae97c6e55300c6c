//! The API's own description.
//!
//! # What it does
//! `GET /openapi.json` and `tipring openapi` give what every operation takes and answers, who may ask it, and what can go wrong.
//!
//! # How
//! The router is made of the same items as the description ([`super::router`]), so that neither has what the other has not. Here
//! is added what operations have in common: their names, how one logs in, and the problems that come before a handler is
//! reached. [`role`] is what the guard asks: the role that is written is the one that is needed.
//!
//! # Limits
//! The description is open to everybody, since the book has it, too: it tells nothing of this gateway. Streams (server-sent events,
//! WebSocket) are described in words.
//!
//! # Standard
//! OpenAPI 3.1; RFC 9457 (problems).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{IntoResponses, PartialSchema};

use crate::web::access::Role;
use crate::web::guard::CSRF;
use crate::web::problem::{self, KIND};

/// Where the paths begin.
pub const BASE: &str = "/api/v1";
/// The methods that an operation may have.
const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

/// The problems that an operation names, as responses of the document.
macro_rules! problems {
    ($($name:ident $status:literal $what:literal)*) => {
        $(
            #[doc = $what]
            #[derive(Debug)]
            pub struct $name;

            impl IntoResponses for $name {
                fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
                    let named = Ref::from_response_name(stringify!($name));
                    BTreeMap::from([(stringify!($status).to_owned(), RefOr::Ref(named))])
                }
            }
        )*
        const PROBLEMS: &[(&str, u16, &str)] = &[$((stringify!($name), $status, $what)),*];
    };
}

problems! {
    Malformed 400 "A parameter is not as it should be, or the body is no JSON."
    Stranger 401 "Nobody is logged in, or the token is unknown."
    Forbidden 403 "The role does not suffice, or a change does not carry the session's token."
    Unknown 404 "There is nothing of that name."
    Conflict 409 "It cannot be done as things are; the detail tells why."
    TooLong 413 "The body is longer than is taken."
    NotJson 415 "The body's type is not application/json."
    NoUpgrade 426 "The connection does not become a WebSocket."
    Misdirected 421 "On a loopback: the request names another host."
    Wrong 422 "The body does not say what is needed, or a value is out of its range; the field is named where it is known."
    TooMany 429 "Too many have failed; the header Retry-After has the seconds to wait."
    Stopping 503 "The gateway stops, or does not answer in time."
}

/// What the tags of the operations are about.
const TAGS: &[(&str, &str)] = &[
    ("audit", "What people did."),
    ("backup", "Everything in one encrypted file."),
    ("batch", "Telephones by the hundred, as a table."),
    ("calls", "The calls under way."),
    ("configuration", "Read, checked, compared, edited on the revision that it was read at, and taken back."),
    ("countries", "Country packs and their tones."),
    ("events", "What happens, as it happens."),
    ("exchanges", "The exchanges behind simulated outside lines."),
    ("explain", "The dial plan, digit by digit."),
    ("first", "The first administrator."),
    ("log", "The log in words."),
    ("openapi", "This description."),
    ("phones-config", "What is configured of a telephone."),
    ("phones", "Telephones of the laboratory."),
    ("ports", "Line ports and what can be done with them."),
    ("records", "Calls that are over."),
    ("restore", "A backup put back."),
    ("session", "Who is logged in."),
    ("status", "How everything is."),
    ("tokens", "What lets programs in."),
    ("users", "Who may do what."),
];

const ABOUT: &str = "Everything that the pages of the gateway do is done by this API.

A program sends a token (`Authorization: Bearer tipring_…`, made by an administrator: `POST /tokens`). A browser has a session: a \
cookie that `POST /session` sets, and a token beside it (`csrf`) that each change carries in the header `X-Tipring-Csrf`.

Roles are viewer, operator and administrator; each may what those before may. What goes wrong is a problem (RFC 9457, \
`application/problem+json`) that names the field and the remedy where they are known. A field that is not described is refused, and so is a parameter where \
the operation takes any. Numbers of telephones and lines are text.";

/// The document.
pub fn text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| format!("{:#}\n", *DOCUMENT));
    &TEXT
}

static DOCUMENT: LazyLock<Value> = LazyLock::new(build);

/// The role that an operation needs, by its path as the router has it; an administrator's for one that is not described.
pub fn role(method: &Method, path: &str) -> Role {
    static ROLES: LazyLock<BTreeMap<(String, String), Role>> = LazyLock::new(|| {
        let mut all = BTreeMap::new();
        for (path, method, operation) in operations(&DOCUMENT) {
            let role = operation["security"][0]["token"][0].as_str();
            let role = [Role::Viewer, Role::Operator].into_iter().find(|known| role == Some(known.word()));
            all.insert((method.to_uppercase(), format!("{BASE}{path}")), role.unwrap_or(Role::Administrator));
        }
        all
    });
    let method = if *method == Method::HEAD { &Method::GET } else { method };
    ROLES.get(&(method.to_string(), path.to_owned())).copied().unwrap_or(Role::Administrator)
}

/// This description.
///
/// Open to everybody; `tipring openapi` prints the same.
#[utoipa::path(get, path = "/openapi.json", responses((status = 200, description = "An OpenAPI 3.1 document.", body = BTreeMap<String, Value>)))]
pub async fn show() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text()).into_response()
}

/// Each operation with its path and method.
fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        METHODS.iter().filter_map(move |method| Some((path.as_str(), *method, item.get(method)?)))
    })
}

fn build() -> Value {
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    for (api, is_open) in [(super::open(), true), (super::first(), false), (super::router(), false)] {
        // It is made of strings and maps alone.
        let mut part = serde_json::to_value(api.into_openapi()).unwrap_or_default();
        schemas.append(part["components"]["schemas"].as_object_mut().unwrap_or(&mut Map::new()));
        for (path, item) in part["paths"].as_object_mut().into_iter().flatten() {
            let into = paths.entry(path.clone()).or_insert_with(|| json!({}));
            for method in METHODS {
                let Some(mut operation) = item.get_mut(method).map(Value::take) else { continue };
                complete(&mut operation, path, method, is_open);
                into[method] = operation;
            }
        }
    }
    schemas.values_mut().for_each(close);
    let problem = serde_json::to_value(<problem::Body as PartialSchema>::schema());
    schemas.insert("Problem".to_owned(), problem.unwrap_or_default());
    let responses: Map<String, Value> = PROBLEMS
        .iter()
        .map(|(name, _, what)| {
            let schema = json!({ "$ref": "#/components/schemas/Problem" });
            ((*name).to_owned(), json!({ "description": what, "content": { KIND: { "schema": schema } } }))
        })
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Tipring",
            "summary": "Analog telephone lines and SIP: the REST API of a gateway.",
            "description": ABOUT,
            "version": "1",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": BASE, "description": "The gateway that serves this." }],
        "tags": TAGS.iter().map(|(name, what)| json!({ "name": name, "description": what })).collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": responses,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token of a program: `tipring_` and 32 hexadecimal digits.",
                },
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "tipring-8080",
                    "description": "The cookie that `POST /session` sets; the number in its name is the TCP port of the gateway's page.",
                },
                "csrf": {
                    "type": "apiKey",
                    "in": "header",
                    "name": CSRF,
                    "description": "What `GET /session` tells as `csrf`; with each change by a session.",
                },
            },
        },
    })
}

/// What is one of several has the one field that tells which, and the fields of that one.
fn close(schema: &mut Value) {
    for variant in schema["oneOf"].as_array_mut().into_iter().flatten() {
        let Some(fields) = variant.get_mut("properties").and_then(Value::as_object_mut) else { continue };
        for inner in fields.values_mut().filter(|inner| inner.get("properties").is_some()) {
            inner["additionalProperties"] = false.into();
        }
        variant["additionalProperties"] = false.into();
    }
}

/// Adds to an operation what it has in common with others.
fn complete(operation: &mut Value, path: &str, method: &str, is_open: bool) {
    let word = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '_' };
    let plain = path.replace(['{', '}'], "");
    operation["operationId"] = format!("{method}{}", plain.chars().map(word).collect::<String>()).into();
    operation["tags"] = json!([path.split(['/', '.']).nth(1)]);
    if let Some(summary) = operation["summary"].as_str() {
        operation["summary"] = summary.trim_end_matches('.').into();
    }
    let role = operation["security"][0]["role"][0].as_str().unwrap_or(Role::Viewer.word()).to_owned();
    let changes = method != "get";
    let who = if is_open { "Needs no login.".to_owned() } else { format!("Role: {role}.") };
    let more = operation["description"].as_str().map(|more| format!("{more}\n\n")).unwrap_or_default();
    operation["description"] = format!("{more}{who}").into();
    let mut session = json!({ "session": [role] });
    if changes {
        session["csrf"] = json!([]);
    }
    operation["security"] = if is_open { json!([]) } else { json!([{ "token": [role] }, session]) };
    let mut met = vec!["Misdirected"];
    if !is_open {
        met.extend(["Stranger", "Stopping"]);
    }
    if !is_open && (changes || role != Role::Viewer.word()) {
        met.push("Forbidden");
    }
    if operation.get("parameters").is_some() {
        met.push("Malformed");
    }
    if operation["requestBody"]["content"].get("application/json").is_some() {
        met.extend(["Malformed", "TooLong", "NotJson", "Wrong"]);
    } else if operation.get("requestBody").is_some() {
        met.push("TooLong");
    }
    for (name, status, _) in PROBLEMS.iter().filter(|(name, ..)| met.contains(name)) {
        let told = &mut operation["responses"][status.to_string()];
        if told.is_null() {
            *told = json!({ "$ref": format!("#/components/responses/{name}") });
        }
    }
}

#[cfg(test)]
mod tests;
