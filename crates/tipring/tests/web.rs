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
        let (address, key) = address.split_once("/#key=").expect("a key");
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
