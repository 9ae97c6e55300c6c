use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::*;

fn source(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The lines of a source file that are no comments.
fn code(name: &str) -> String {
    let text = source(name);
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_route_of_the_router_is_described_and_the_reverse() {
    // What `routes!` takes is described; nothing else may add a route, and no handler is left out.
    let routers = code("src/web/api/mod.rs");
    assert!(!routers.contains(".route("), "a route by .route( is not in the document: use routes!");
    assert_eq!(code("src/web/mod.rs").matches(".route(").count(), 0);
    let mut handlers = 0;
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web/api")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap();
            handlers += code(name.to_str().unwrap()).matches("#[utoipa::path(").count();
        }
    }
    assert_eq!(operations(&DOCUMENT).count(), handlers, "a handler is in no routes!, or two have one name");
    // The book's table and the document speak of the same resources.
    let page = source("../../book/src/web.md");
    for (path, ..) in operations(&DOCUMENT) {
        let first = path.split(['/', '.', '{']).nth(1).unwrap();
        assert!(page.contains(&format!("/{first}")), "book/src/web.md does not tell of /{first}");
    }
}

#[test]
fn every_operation_tells_who_may_ask_what_it_takes_and_what_it_answers() {
    let mut names = BTreeSet::new();
    for (path, method, operation) in operations(&DOCUMENT) {
        let at = format!("{method} {path}");
        assert!(names.insert(operation["operationId"].as_str().unwrap()), "{at}: the name is another's");
        let summary = operation["summary"].as_str().unwrap_or_default();
        assert!(
            !summary.is_empty() && !summary.contains('`'),
            "{at}: its comment begins with a line in words"
        );
        let responses = operation["responses"].as_object().unwrap();
        let good = responses.keys().filter(|status| status.starts_with(['1', '2'])).count();
        assert!(good > 0, "{at}: no answer");
        for (status, response) in responses {
            let is_told = response.get("$ref").is_some()
                || response["description"].as_str().is_some_and(|text| !text.is_empty());
            assert!(is_told, "{at}: {status} has no description");
        }
        let told: BTreeSet<&str> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|parameter| {
                let name = parameter["name"].as_str().unwrap();
                assert!(parameter["description"].as_str().is_some(), "{at}: {name} has no description");
                let example = parameter.get("example").or(parameter["schema"].get("example"));
                assert!(example.is_some(), "{at}: {name} has no example");
                name
            })
            .collect();
        for part in path.split('/').filter_map(|part| part.strip_prefix('{')) {
            assert!(told.contains(part.trim_end_matches('}')), "{at}: {part} is not described");
        }
    }
}

#[test]
fn every_field_is_described_and_every_reference_leads_somewhere() {
    for (name, schema) in DOCUMENT["components"]["schemas"].as_object().unwrap() {
        assert!(schema["description"].as_str().is_some(), "{name}");
        for (field, inner) in schema["properties"].as_object().into_iter().flatten() {
            let told = |schema: &Value| schema["description"].as_str().is_some_and(|text| !text.is_empty());
            let is_told = told(inner) || inner["oneOf"].as_array().is_some_and(|all| all.iter().any(told));
            assert!(is_told, "{name}.{field} has no description: {inner}");
        }
    }
    let text = text();
    for target in text.split("\"$ref\": \"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(DOCUMENT.pointer(target).is_some(), "{target}");
    }
}

#[test]
fn the_role_that_is_written_is_the_one_that_is_needed() {
    let role = |method, path: &str| role(&method, &format!("{BASE}{path}"));
    assert_eq!(role(Method::GET, "/ports"), Role::Viewer);
    assert_eq!(role(Method::HEAD, "/ports"), Role::Viewer);
    assert_eq!(role(Method::POST, "/ports/{number}/service"), Role::Operator);
    assert_eq!(role(Method::PUT, "/configuration"), Role::Administrator);
    assert_eq!(role(Method::GET, "/users"), Role::Administrator);
    assert_eq!(role(Method::POST, "/nothing"), Role::Administrator);
    // What changes something says whom it is for: none is left to viewers by being forgotten.
    let for_viewers: Vec<String> = operations(&DOCUMENT)
        .filter(|(_, method, operation)| *method != "get" && operation["security"][0]["token"][0] == "viewer")
        .map(|(path, method, _)| format!("{method} {path}"))
        .collect();
    assert_eq!(
        for_viewers,
        [
            "post /configuration/check",
            "post /configuration/diff",
            "post /explain",
            "post /first",
            "delete /session",
            "put /users/{name}/password",
        ]
    );
}

#[test]
fn the_copy_in_the_book_is_that_of_the_program() {
    let copy: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../book/src/openapi.json"].iter().collect();
    if std::env::var_os("TIPRING_BLESS").is_some() {
        std::fs::write(&copy, text()).unwrap();
    }
    let kept = std::fs::read_to_string(&copy).unwrap_or_default();
    let differs = kept.lines().zip(text().lines()).find(|(kept, now)| kept != now);
    assert!(kept == text(), "book/src/openapi.json is another one: TIPRING_BLESS=1 writes it. {differs:?}");
}
