//! What a browser or a program asks of the web face, with bodies of any bytes.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::common::Demo;

/// An answer.
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|why| panic!("{why}: {}", self.text()))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// An administrator who came by the printed key.
pub struct Browser {
    address: String,
    pub cookie: String,
    pub csrf: String,
}

impl Browser {
    pub fn at(demo: &Demo) -> Self {
        Self::of(&demo.process.shows("Hear them:"))
    }

    /// By a line with an address and a key in it.
    pub fn of(line: &str) -> Self {
        let url = line.split("http://").nth(1).expect("an address").split_whitespace().next().unwrap();
        let (address, key) = url.split_once("#key=").expect("a key");
        let address = address.split('/').next().unwrap().to_owned();
        let mut browser = Self { address, cookie: String::new(), csrf: String::new() };
        let reply = browser.ask("POST", "/session", &serde_json::json!({ "key": key }));
        assert_eq!(reply.status, 201, "{}", reply.text());
        browser.cookie = reply.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        browser.csrf = reply.json()["csrf"].as_str().unwrap().to_owned();
        browser
    }

    pub fn send(&self, method: &str, path: &str, headers: &str, kind: &str, body: &[u8]) -> Reply {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let Self { address, cookie, csrf } = self;
        write!(
            stream,
            "{method} /api/v1{path} HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\nX-Tipring-Csrf: {csrf}\r\n\
             Content-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n",
            body.len()
        )
        .unwrap();
        stream.write_all(body).unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        let end = all.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer");
        let head = String::from_utf8_lossy(&all[..end]).into_owned();
        let status = head.split_whitespace().nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Reply { status, head, body: all.split_off(end + 4) }
    }

    pub fn ask(&self, method: &str, path: &str, body: &serde_json::Value) -> Reply {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(method, path, "", "application/json", body.as_bytes())
    }

    pub fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &serde_json::Value::Null)
    }
}
