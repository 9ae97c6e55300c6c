//! The web face of a running gateway, asked over its socket as a browser or a program asks it.

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use common::{Demo, until};

/// An answer.
struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|why| panic!("{why}: {}", self.body))
    }

    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// Who asks: an address, a host to name, a cookie and a token.
#[derive(Clone)]
struct Browser {
    address: String,
    host: String,
    cookie: String,
    csrf: String,
}

impl Browser {
    /// One that has opened the address which the demo printed, and what its key is.
    fn at(demo: &Demo) -> (Self, String) {
        Self::of(&demo.process.shows("Hear them:"))
    }

    fn of(line: &str) -> (Self, String) {
        let address = line.split("http://").nth(1).expect("an address").split_whitespace().next().unwrap();
        let (address, key) =
            address.split_once("/telephones#key=").or_else(|| address.split_once("/#key=")).expect("a key");
        let host = address.to_owned();
        (Self { address: host.clone(), host, cookie: String::new(), csrf: String::new() }, key.to_owned())
    }

    fn open(&self, method: &str, path: &str, headers: &str, body: &str) -> BufReader<TcpStream> {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let Self { host, cookie, csrf, .. } = self;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nCookie: other=1; {cookie}\r\nX-Tipring-Csrf: {csrf}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n{body}",
            body.len()
        )
        .unwrap();
        BufReader::new(stream)
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Reply {
        let mut all = String::new();
        self.open(method, path, "", body).read_to_string(&mut all).unwrap();
        let (head, body) = all.split_once("\r\n\r\n").expect("an answer");
        let status = head.split_whitespace().nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Reply { status, head: head.to_owned(), body: body.to_owned() }
    }

    fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, "")
    }

    fn log_in(&mut self, key: &str) -> Reply {
        let reply = self.ask("POST", "/api/v1/session", &format!("{{\"key\":\"{key}\"}}"));
        if let Some(cookie) = reply.header("set-cookie") {
            self.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
            self.csrf = reply.json()["csrf"].as_str().unwrap_or_default().to_owned();
        }
        reply
    }
}

#[test]
fn the_printed_key_lets_one_browser_in_once_and_what_it_asks_is_answered() {
    let demo = Demo::start("web-key");
    let (mut browser, key) = Browser::at(&demo);
    let stranger = browser.get("/api/v1/status");
    assert_eq!((stranger.status, stranger.json()["status"].as_u64()), (401, Some(401)));
    assert_eq!(stranger.header("content-type"), Some("application/problem+json"));
    assert!(stranger.json()["remedy"].as_str().unwrap().contains("tipring web"));
    let entered = browser.log_in(&key);
    assert_eq!((entered.status, entered.json()["role"].as_str()), (201, Some("administrator")));
    let set = entered.header("set-cookie").unwrap();
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Strict"), "{set}");
    let status = browser.get("/api/v1/status").json();
    assert_eq!(status["lines"][0]["number"], "101");
    let ports = browser.get("/api/v1/ports").json();
    assert!(ports[0]["volts"].as_i64().unwrap().abs() > 40, "an idle line has its battery: {ports}");
    // The key is used up; another one is printed on demand.
    let (mut second, key) = (Browser { cookie: String::new(), ..browser.clone() }, key);
    assert_eq!(second.log_in(&key).status, 401);
    let (_, fresh) = Browser::of(&demo.ask(&["web"]));
    assert_eq!(second.log_in(&fresh).status, 201);
    // Who logs out is out, and the other one stays.
    assert_eq!(second.ask("DELETE", "/api/v1/session", "").status, 204);
    assert_eq!((second.get("/api/v1/status").status, browser.get("/api/v1/status").status), (401, 200));
}

#[test]
fn pages_are_kept_to_themselves_and_a_change_needs_the_sessions_token() {
    let demo = Demo::start("web-narrow");
    let (mut browser, key) = Browser::at(&demo);
    let page = browser.get("/ports/101");
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    assert_eq!((browser.get("/nothing.js").status, browser.get("/api/v1/nothing").status), (404, 404));
    // Another name that leads to this machine is not ours.
    let rebound = Browser { host: "evil.example".to_owned(), ..browser.clone() };
    assert_eq!(rebound.get("/").status, 421);
    browser.log_in(&key);
    let without = Browser { csrf: String::new(), ..browser.clone() };
    assert_eq!(without.ask("DELETE", "/api/v1/session", "").status, 403);
    assert_eq!(browser.get("/api/v1/status").status, 200, "it is still logged in");
    for nonsense in ["", "{", "{\"key\":1}", "{\"keys\":\"\"}"] {
        let status = browser.ask("POST", "/api/v1/session", nonsense).status;
        assert!((400..500).contains(&status), "{nonsense}: {status}");
    }
}

#[test]
fn events_show_a_receiver_lifted_and_end_when_the_gateway_stops() {
    let demo = Demo::start("web-events");
    let (mut browser, key) = Browser::at(&demo);
    browser.log_in(&key);
    let mut events = browser.open("GET", "/api/v1/events", "", "");
    let mut next = |what: &str| {
        until(what, || {
            let mut line = String::new();
            events.read_line(&mut line).unwrap();
            line.contains(what).then_some(line)
        })
    };
    next("event: status");
    demo.phone("101", &["off-hook"]);
    let shown = next("\"state\":\"dialling\"");
    assert!(shown.starts_with("data: {"), "{shown}");
    demo.process.signal(nix::sys::signal::Signal::SIGTERM);
    let mut rest = String::new();
    events.read_to_string(&mut rest).unwrap();
}

#[test]
fn an_edit_is_checked_compared_applied_on_its_base_and_taken_back_and_shows_no_password() {
    let demo = Demo::start("web-edit");
    let (mut browser, key) = Browser::at(&demo);
    browser.log_in(&key);
    let read = browser.get("/api/v1/configuration").json();
    let (text, base) = (read["text"].as_str().unwrap(), read["revision"].as_u64().unwrap());
    assert!(text.contains("password = \"(secret)\"") && text.contains("# "), "{text}");
    let body = |text: &str| serde_json::json!({ "text": text, "base_revision": base }).to_string();
    let only = |text: &str| serde_json::json!({ "text": text }).to_string();
    let edited = text.replacen("name = \"Phone {number}\"", "name = \"Room {number}\"", 1);
    assert_ne!(edited, text, "the demo's telephones have names");
    let changes = browser.ask("POST", "/api/v1/configuration/diff", &only(&edited)).json();
    assert_eq!(changes["changes"][0]["path"], "phone.101.name", "{changes}");
    assert_eq!(changes["changes"][0]["new"], "\"Room 101\"");
    // What is not right is told by its line, and changes nothing.
    let wrong = edited.replacen("country = \"us\"", "country = \"atlantis\"", 1);
    let checked = browser.ask("POST", "/api/v1/configuration/check", &only(&wrong)).json();
    assert_eq!(checked["accepted"], false);
    assert!(checked["findings"][0]["line"].as_u64().unwrap() > 0, "{checked}");
    let refused = browser.ask("PUT", "/api/v1/configuration", &body(&wrong));
    assert_eq!((refused.status, refused.json()["field"].as_str()), (422, Some("text")));
    assert_eq!(browser.get("/api/v1/configuration").json()["text"], text);
    // Applied: what runs has it, and the password is what it was.
    let password = demo.process.shows("SIP phone:").split("password ").nth(1).unwrap().to_owned();
    let applied = browser.ask("PUT", "/api/v1/configuration", &body(&edited));
    assert_eq!(
        (applied.status, applied.json()["revision"].as_u64()),
        (200, Some(base + 1)),
        "{}",
        applied.body
    );
    assert_eq!(browser.get("/api/v1/status").json()["lines"][0]["name"], "Room 101");
    let file = std::fs::read_to_string(demo.dir.path().join("demo.toml")).unwrap();
    assert!(file.contains(password.split_whitespace().next().unwrap()), "{file}");
    // Somebody who read before that edits nothing.
    let stale = browser.ask("PUT", "/api/v1/configuration", &body(text));
    assert_eq!((stale.status, stale.json()["field"].as_str()), (409, Some("base_revision")));
    let history = browser.get("/api/v1/configuration/history").json();
    assert_eq!((history[0]["revision"].as_u64(), history[0]["by"].as_str()), (Some(base + 1), Some("key")));
    assert!(history[0]["summary"].as_str().unwrap().contains("phone.101.name"), "{history}");
    let past = browser.get(&format!("/api/v1/configuration/history/{base}")).json();
    assert!(past["text"].as_str().unwrap().contains("(secret)"));
    let back = browser.ask("POST", "/api/v1/configuration/rollback", &format!("{{\"revision\":{base}}}"));
    assert_eq!(back.status, 200, "{}", back.body);
    assert_eq!(browser.get("/api/v1/status").json()["lines"][0]["name"], "Phone 101");
    assert_eq!(browser.ask("POST", "/api/v1/configuration/rollback", "{\"revision\":999}").status, 404);
    demo.process.shows("web: key puts configuration");
}

#[test]
fn ports_records_log_plan_and_countries_are_read_and_used() {
    let demo = Demo::start("web-read");
    let (mut browser, key) = Browser::at(&demo);
    browser.log_in(&key);
    demo.talk();
    let call = browser.get("/api/v1/calls").json()[0].clone();
    assert_eq!((call["from"].as_str(), call["state"].as_str()), (Some("101"), Some("talking")));
    let end = format!("/api/v1/calls/{}", call["call"]);
    assert_eq!((browser.ask("DELETE", &end, "").status, browser.ask("DELETE", &end, "").status), (204, 404));
    let records = until("the record", || {
        let records = browser.get("/api/v1/records?search=102").json();
        (records.as_array().unwrap().len() == 1).then_some(records)
    });
    assert_eq!(records[0]["dialled"], "102");
    assert_eq!(browser.get("/api/v1/records?search=nobody").json().as_array().unwrap().len(), 0);
    let csv = browser.get("/api/v1/records.csv").body;
    assert!(csv.starts_with("call,started") && csv.lines().count() == 2, "{csv}");
    let port = browser.get("/api/v1/ports/102").json();
    assert_eq!((port["port"]["port"].as_str(), port["simulated"].as_bool()), (Some("sim/2"), Some(true)));
    assert_eq!(port["records"][0]["dialled"], "102");
    assert_eq!(browser.get("/api/v1/ports/line-1").json()["port"]["outside"], true);
    assert_eq!(browser.get("/api/v1/ports/999").status, 404);
    let out = browser.ask("POST", "/api/v1/ports/104/service", "{\"in_service\":false}");
    assert_eq!(out.status, 200, "{}", out.body);
    until("104 out of service", || {
        (browser.get("/api/v1/ports/104").json()["port"]["state"] == "out of service").then_some(())
    });
    let log = browser.get("/api/v1/log?count=500&number=102").json();
    assert!(log.as_array().unwrap().iter().all(|line| line["numbers"].to_string().contains("102")), "{log}");
    assert!(browser.get("/api/v1/log.txt").body.contains("call 1 answered"));
    let plan = browser.ask("POST", "/api/v1/explain", "{\"number\":\"101\",\"digits\":\"95550177\"}").json();
    assert!(plan["lines"].as_array().unwrap().len() > 3, "{plan}");
    assert_eq!(browser.ask("POST", "/api/v1/explain", "{\"number\":\"1\",\"digits\":\"9\"}").status, 404);
    let countries = browser.get("/api/v1/countries").json();
    assert!(countries.as_array().unwrap().len() >= 22);
    let pack = browser.get("/api/v1/countries/de").json();
    assert_eq!(pack["name"], "Germany");
    assert!(
        browser.get("/api/v1/configuration/effective?name=101").json()["lines"].to_string().contains("sim/1")
    );
    let keys = browser.get("/api/v1/configuration/keys").json();
    assert!(keys.as_array().unwrap().iter().any(|key| key["name"] == "flash" && key["place"] == "phone"));
}

#[test]
fn monitoring_gets_figures_on_the_loopback_and_a_word_on_health() {
    let demo = Demo::start("web-metrics");
    let (browser, _) = Browser::at(&demo);
    let figures = browser.get("/metrics");
    assert_eq!(figures.status, 200);
    assert!(figures.header("content-type").unwrap().starts_with("application/openmetrics-text"));
    let idle = "tipring_lines{kind=\"phone\",state=\"idle\"} 4.0";
    assert!(figures.body.contains(idle), "{}", figures.body);
    demo.talk();
    demo.phone("101", &["on-hook"]);
    demo.phone("102", &["on-hook"]);
    until("the call is counted", || {
        let told = browser.get("/metrics").body;
        told.contains("tipring_calls_ended_total{answered=\"yes\"} 1.0").then_some(())
    });
    for path in ["/health", "/ready"] {
        let reply = browser.get(path);
        assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/plain; charset=utf-8")));
    }
    // Another name that leads here gets neither.
    let rebound = Browser { host: "evil.example".to_owned(), ..browser };
    assert_eq!((rebound.get("/metrics").status, rebound.get("/health").status), (421, 421));
}

#[test]
fn users_log_in_by_password_do_what_their_role_lets_them_and_wait_after_failures() {
    let demo = Demo::start("web-users");
    let (mut admin, key) = Browser::at(&demo);
    admin.log_in(&key);
    let nobody = Browser { cookie: String::new(), csrf: String::new(), ..admin.clone() };
    let add = |name: &str, role: &str, password: &str| {
        let body = serde_json::json!({ "name": name, "role": role, "password": password });
        admin.ask("POST", "/api/v1/users", &body.to_string()).status
    };
    assert_eq!(
        (add("ann", "administrator", "correct horse"), add("vic", "viewer", "battery staple")),
        (201, 201)
    );
    assert_eq!((add("vic", "viewer", "battery staple"), add("bo", "viewer", "short")), (422, 422));
    let enter = |name: &str, password: &str| {
        let body = serde_json::json!({ "user": name, "password": password }).to_string();
        let reply = nobody.ask("POST", "/api/v1/session", &body);
        let mut browser = nobody.clone();
        if reply.status == 201 {
            browser.cookie = reply.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
            browser.csrf = reply.json()["csrf"].as_str().unwrap().to_owned();
        }
        (reply, browser)
    };
    let (_, viewer) = enter("vic", "battery staple");
    assert_eq!(viewer.get("/api/v1/session").json()["role"], "viewer");
    assert_eq!(viewer.get("/api/v1/ports").status, 200);
    let denied = viewer.ask("POST", "/api/v1/ports/101/service", "{\"in_service\":false}");
    assert_eq!(denied.status, 403);
    assert!(denied.json()["detail"].as_str().unwrap().contains("an operator may"), "{}", denied.body);
    assert_eq!((viewer.get("/api/v1/users").status, viewer.get("/api/v1/audit").status), (403, 403));
    assert_eq!(viewer.ask("PUT", "/api/v1/configuration", "{\"base_revision\":1,\"text\":\"\"}").status, 403);
    // A token needs no cookie, and no CSRF token beside it.
    let made = admin.ask("POST", "/api/v1/tokens", "{\"name\":\"grafana\",\"role\":\"operator\"}");
    let bearer = format!("Authorization: Bearer {}\r\n", made.json()["token"].as_str().unwrap());
    let mut answer = String::new();
    let body = "{\"in_service\":true}";
    nobody.open("POST", "/api/v1/ports/101/service", &bearer, body).read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(admin.ask("DELETE", "/api/v1/tokens/grafana", "").status, 204);
    answer.clear();
    nobody.open("GET", "/api/v1/status", &bearer, "").read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    // Who is removed is out at once.
    assert_eq!(admin.ask("DELETE", "/api/v1/users/vic", "").status, 204);
    assert_eq!(viewer.get("/api/v1/status").status, 401);
    for _ in 0..5 {
        assert_eq!(enter("ann", "wrong horse!").0.status, 401);
    }
    let (reply, _) = enter("ann", "correct horse");
    assert_eq!(reply.status, 429, "also with the right one");
    assert!(reply.json()["remedy"].as_str().unwrap().contains("Try again in"));
    let audit = admin.get("/api/v1/audit").json().to_string();
    assert!(audit.contains("key adds user ann") && audit.contains("fails to log in"), "{audit}");
    assert!(!audit.contains("horse") && !demo.process.lines().join("").contains("horse"));
}

/// The status of an answer, of which nothing else is read: it may be a stream.
fn status(browser: &Browser, token: &str, method: &str, path: &str) -> u16 {
    let headers = if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
    let mut line = String::new();
    browser.open(method, path, &headers, "{}").read_line(&mut line).unwrap();
    line.split_whitespace().nth(1).and_then(|status| status.parse().ok()).expect("a status")
}

#[test]
fn the_api_describes_itself_and_every_operation_is_for_the_role_that_is_written_there() {
    const ROLES: [&str; 3] = ["viewer", "operator", "administrator"];
    let demo = Demo::start("web-openapi");
    let (mut admin, key) = Browser::at(&demo);
    let told = admin.get("/api/v1/openapi.json");
    assert_eq!((told.status, told.header("content-type")), (200, Some("application/json")));
    assert_eq!(told.body, common::stdout(&common::tipring(&["openapi"])));
    let nobody = admin.clone();
    admin.log_in(&key);
    let tokens = ROLES.map(|role| {
        let made =
            admin.ask("POST", "/api/v1/tokens", &format!("{{\"name\":\"{role}\",\"role\":\"{role}\"}}"));
        made.json()["token"].as_str().unwrap().to_owned()
    });
    let mut count = 0;
    for (path, item) in told.json()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            count += 1;
            // No telephone, call or user is named so: nothing happens.
            let (method, path) = (method.to_uppercase(), path.replace('{', "999").replace('}', ""));
            let path = format!("/api/v1{}", path.replace("999call", "999").replace("999revision", "999"));
            let role = operation["security"][0]["token"][0].as_str();
            let needs = role.map(|role| ROLES.iter().position(|known| *known == role).unwrap());
            let stranger = status(&nobody, "", &method, &path);
            assert_eq!(stranger == 401, needs.is_some(), "{method} {path}: {stranger} without a login");
            for (has, token) in tokens.iter().enumerate() {
                let got = status(&nobody, token, &method, &path);
                let refused = needs.is_some_and(|needs| has < needs);
                assert_eq!(got == 403, refused, "{method} {path}: {got} as {}", ROLES[has]);
                assert_ne!(got, 405, "{method} {path}");
            }
        }
    }
    assert!(count > 40, "{count}");
}

#[test]
fn what_is_asked_wrongly_is_answered_by_a_problem_each_time() {
    let demo = Demo::start("web-problems");
    let (mut browser, key) = Browser::at(&demo);
    let stranger = browser.get("/api/v1/status");
    assert_eq!((stranger.status, stranger.header("www-authenticate")), (401, Some("Bearer")));
    browser.log_in(&key);
    for (method, path, body, status) in [
        ("GET", "/records?count=-1", "", 400),
        ("GET", "/records?colour=red", "", 400),
        ("GET", "/log?count=10001", "", 400),
        ("DELETE", "/tokens/nobody", "", 404),
        ("PUT", "/users/nobody/password", "{\"password\":\"long enough\"}", 404),
        ("GET", "/configuration/effective?names=101", "", 400),
        ("DELETE", "/calls/abc", "", 400),
        ("DELETE", "/calls/99999999999999999999", "", 400),
        ("POST", "/explain", "no json", 400),
        ("POST", "/explain", "{\"number\":101}", 422),
        ("POST", "/explain", "[\"101\",\"9\"]", 422),
        ("POST", "/exchanges/1", "{\"noise\":[null,null]}", 422),
        ("POST", "/phones/101", "{\"dial\":{\"digits\":\"1\",\"pulse\":false,\"loud\":true}}", 422),
        ("POST", "/explain", "{\"number\":\"101\",\"digits\":\"1\",\"at\":\"noon\"}", 422),
        ("PATCH", "/status", "", 405),
        ("POST", "/nothing", "{}", 404),
        ("GET", "/phones/101/sound", "", 400),
    ] {
        let reply = browser.ask(method, &format!("/api/v1{path}"), body);
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.body);
        assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{method} {path}");
        assert_eq!(reply.json()["status"], status, "{method} {path}");
        assert_eq!(reply.header("allow").is_some(), status == 405, "{method} {path}");
    }
}
