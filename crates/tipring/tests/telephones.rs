//! What is configured of telephones, by form and by table; ports that begin anew or learn.

#[path = "common/browser.rs"]
mod browser;
mod common;

use browser::Browser;
use common::{Demo, stdout, until};
use serde_json::{Value, json};

#[test]
fn a_form_edits_one_telephone_and_its_forwarding_holds_at_once() {
    let demo = Demo::start("form");
    let browser = Browser::at(&demo);
    let patch = |number: &str, form: Value| browser.ask("PATCH", &format!("/phones-config/{number}"), &form);
    let base = browser.get("/configuration").json()["revision"].as_u64().unwrap();
    let done = patch("102", json!({ "forward": "103", "name": "Desk, left", "base_revision": base }));
    assert_eq!((done.status, done.json()["revision"].as_u64()), (200, Some(base + 1)), "{}", done.text());
    let text = browser.get("/configuration").json()["text"].as_str().unwrap().to_owned();
    assert!(text.contains("[phone.102]\nforward = \"103\"\nname = \"Desk, left\"\n"), "{text}");
    assert!(text.contains("whose calls are accepted"), "comments stay: {text}");
    demo.phone("101", &["off-hook"]);
    demo.hears_line("101", "dial-tone");
    demo.phone("101", &["dial", "102"]);
    demo.hears_line("103", "ringing");
    demo.phone("101", &["on-hook"]);
    // Taken away again, with what it was read at.
    assert_eq!(patch("102", json!({ "forward": "", "base_revision": base })).status, 409);
    assert_eq!(patch("102", json!({ "forward": "" })).status, 200);
    demo.hears_line("103", "silence");
    for (number, form, status, field) in [
        ("102", json!({ "type": "hotle" }), 422, "type"),
        ("102", json!({ "nmae": "x" }), 422, "nmae"),
        ("102", json!({ "number": "103" }), 422, "number"),
        ("102", json!({ "name": { "a": 1 } }), 422, "name"),
        ("999", json!({ "name": "x" }), 404, "number"),
    ] {
        let told = patch(number, form);
        assert_eq!((told.status, told.json()["field"].as_str()), (status, Some(field)), "{}", told.text());
        assert!(told.status == 404 || told.json()["remedy"].is_string(), "{}", told.text());
    }
    // Another number, out of the range that it was in.
    assert_eq!(patch("103", json!({ "number": "133", "name": "Hall" })).status, 200);
    let numbers: Vec<String> = until("133 is there", || {
        let lines = browser.get("/status").json()["lines"].clone();
        let numbers: Vec<String> =
            lines.as_array()?.iter().map(|line| line["number"].as_str().unwrap().to_owned()).collect();
        numbers.contains(&"133".to_owned()).then_some(numbers)
    });
    assert!(!numbers.contains(&"103".to_owned()) && numbers.contains(&"104".to_owned()), "{numbers:?}");
}

#[test]
fn three_hundred_telephones_come_by_a_table_as_one_edit_and_a_wrong_row_changes_nothing() {
    let demo = Demo::start("table");
    let browser = Browser::at(&demo);
    let send = |path: &str, csv: &str| browser.send("POST", path, "", "text/csv", csv.as_bytes());
    let revision = || browser.get("/configuration").json()["revision"].as_u64().unwrap();
    let base = revision();
    let rows: String =
        (0..300).map(|step| format!("{},sim/{},Room {0},internal\r\n", 1000 + step, 10 + step)).collect();
    let csv = format!("number,port,name,may_call\r\n{rows}");
    let wrong =
        send("/batch", &csv.replace("1299,sim/309,Room 1299,internal", "1299,sim/309,Room 1299,everybody"));
    let told = wrong.json();
    assert_eq!((wrong.status, told["field"].as_str()), (422, Some("may_call")), "{told}");
    assert!(
        told["detail"].as_str().unwrap().starts_with("line 301, may_call: everybody: expected"),
        "{told}"
    );
    let twice = send("/batch", &csv.replace("sim/309", "sim/1")).json();
    assert!(
        twice["detail"].as_str().unwrap().starts_with("line 301, port: phone 1299 is on sim/1"),
        "{twice}"
    );
    let look = send("/batch?dry_run=true", &csv);
    assert_eq!((look.status, revision()), (200, base), "{}", look.text());
    let changes = look.json()["changes"].as_array().unwrap().clone();
    assert!(changes.iter().any(|change| change["path"] == "phone.1299.name"), "{}", changes.len());
    let done = send("/batch", &csv);
    assert_eq!((done.status, done.json()["revision"].as_u64()), (200, Some(base + 1)), "{}", done.text());
    let text = browser.get("/configuration").json()["text"].as_str().unwrap().to_owned();
    assert!(text.contains("[phone.1299]\n") && text.contains("whose calls are accepted"), "{}", text.len());
    // The table that comes back changes nothing; edited, it changes that.
    let table = browser.get("/batch");
    assert_eq!(table.header("content-type"), Some("text/csv; charset=utf-8"));
    let table = table.text();
    assert_eq!(table.lines().count(), 305, "{table}");
    assert_eq!(send("/batch?dry_run=true", &table).json()["changes"], json!([]));
    let file = demo.dir.file("telephones.csv", &table.replace("Room 1000", "Bar"));
    let file = file.to_str().unwrap();
    let told = demo.ask(&["batch", file, "--dry-run"]);
    assert!(
        told.contains("phone.1000.name: \"Room 1000\" -> \"Bar\"") && told.contains("Nothing has"),
        "{told}"
    );
    assert_eq!(revision(), base + 1);
    assert!(demo.ask(&["batch", file]).contains(&format!("Configuration {} in force.", base + 2)));
    let broken = demo.dir.file("broken.csv", "number,nmae\n101,x\n");
    let output = demo.command(&["batch", broken.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).starts_with("line 1, nmae: "), "{}", stdout(&output));
    assert_eq!(demo.ask(&["batch"]).lines().count(), 305);
}

#[test]
fn a_port_that_is_restarted_ends_its_call_and_serves_on() {
    let demo = Demo::start("restart");
    let browser = Browser::at(&demo);
    demo.talk();
    let done = browser.ask("POST", "/ports/101/restart", &Value::Null);
    assert_eq!(done.status, 200, "{}", done.text());
    until("the call is over", || (browser.get("/calls").json().as_array()?.is_empty()).then_some(()));
    // Its receiver still is off: it hears dial tone, as at the start.
    demo.hears_line("101", "dial-tone");
    demo.phone("101", &["on-hook"]);
    assert!(demo.ask(&["line", "restart", "102"]).contains("102 was restarted."));
    assert_eq!(browser.ask("POST", "/ports/999/restart", &Value::Null).status, 404);
    assert_eq!(browser.ask("POST", "/ports/104/service", &json!({ "in_service": false })).status, 200);
    until("104 is out of service", || {
        (browser.get("/ports/104").json()["port"]["state"] == "out of service").then_some(())
    });
    let refused = browser.ask("POST", "/ports/104/restart", &Value::Null);
    assert_eq!(refused.status, 409, "{}", refused.text());
}

#[test]
fn an_outside_line_learns_for_who_asked_and_looks_again() {
    let demo = Demo::start("learn");
    let browser = Browser::at(&demo);
    let learned = || browser.get("/ports/line-1/learn").json();
    assert_eq!(learned()["state"], "none");
    assert_eq!(browser.ask("POST", "/ports/101/learn", &Value::Null).status, 409);
    // A line that has just been put in service is not free at once.
    let mut waits = 0;
    until("it learns", || {
        if learned()["state"] == "waiting" {
            waits += 1;
        } else {
            waits = 0;
            let begun = browser.ask("POST", "/ports/line-1/learn", &Value::Null);
            assert_eq!(
                (begun.status, begun.json()["state"].as_str()),
                (202, Some("waiting")),
                "{}",
                begun.text()
            );
        }
        (waits == 10).then_some(())
    });
    assert_eq!(browser.ask("POST", "/ports/line-1/learn", &Value::Null).status, 409, "once at a time");
    until("it tells what to do", || learned()["lines"].to_string().contains("call in on it").then_some(()));
    // MARY calls in, is answered, and hangs up.
    demo.phone("5550177", &["dial", "1"]);
    until("the line is taken", || {
        (browser.get("/ports/line-1").json()["port"]["state"] != "idle").then_some(())
    });
    demo.hears("5550177", "three tones", |heard| heard.starts_with("tone"));
    demo.phone("5550177", &["on-hook"]);
    let done = until("it has learned", || Some(learned()).filter(|told| told["state"] == "done"));
    let lines = done["lines"].as_array().unwrap();
    assert!(lines.len() > 1, "{done}");
    assert!(demo.ask(&["log", "-n", "200"]).contains("line 1 learns: "));
}
