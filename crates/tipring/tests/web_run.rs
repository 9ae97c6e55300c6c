//! The web page of `tipring run`: where it listens, HTTPS, the first administrator, who may come.

mod common;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Demo, Dir, PATIENCE, Process, stderr, stdout, until};
use rcgen::{CertificateParams, KeyPair};
use sha2::{Digest, Sha256};
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{
    WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme, StreamOwned,
};

/// A client that takes whatever certificate it is shown, and remembers it: its fingerprint is compared by hand.
#[derive(Debug)]
struct Seen {
    algorithms: WebPkiSupportedAlgorithms,
    fingerprint: Mutex<String>,
}

impl ServerCertVerifier for Seen {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        *self.fingerprint.lock().unwrap() = fingerprint(shown);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

fn fingerprint(certificate: &[u8]) -> String {
    let bytes: Vec<String> = Sha256::digest(certificate).iter().map(|byte| format!("{byte:02X}")).collect();
    bytes.join(":")
}

/// An answer.
#[derive(Debug)]
struct Reply {
    status: u16,
    head: String,
    body: String,
    fingerprint: String,
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

/// A browser at an address.
#[derive(Clone)]
struct Browser {
    address: SocketAddr,
    secure: bool,
    host: String,
    cookie: String,
    csrf: String,
}

impl Browser {
    fn at(address: SocketAddr, secure: bool) -> Self {
        let (cookie, csrf) = (String::new(), String::new());
        Self { address, secure, host: address.to_string(), cookie, csrf }
    }

    /// At the address that was printed, by the loopback; and its key.
    fn of(line: &str) -> (Self, String) {
        let address = line.split_whitespace().find(|word| word.contains("://")).expect("an address");
        let secure = address.starts_with("https://");
        let (address, key) = address.split_once("/#key=").unwrap_or((address.trim_end_matches('/'), ""));
        let port = address.rsplit_once(':').unwrap().1.parse().unwrap();
        (Self::at(SocketAddr::from(([127, 0, 0, 1], port)), secure), key.to_owned())
    }

    /// The answer, if the connection holds until it is there.
    fn try_ask(&self, method: &str, path: &str, body: &str) -> std::io::Result<Reply> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let Self { host, cookie, csrf, .. } = self;
        let text = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nX-Tipring-Csrf: {csrf}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let (mut all, mut fingerprint) = (Vec::new(), String::new());
        if self.secure {
            let algorithms = ring::default_provider().signature_verification_algorithms;
            let seen = Arc::new(Seen { algorithms, fingerprint: Mutex::default() });
            let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .dangerous()
                .with_custom_certificate_verifier(Arc::clone(&seen) as Arc<dyn ServerCertVerifier>)
                .with_no_client_auth();
            let name = ServerName::try_from("gateway.example").unwrap();
            let client = ClientConnection::new(Arc::new(config), name).unwrap();
            let mut tls = StreamOwned::new(client, stream);
            tls.write_all(text.as_bytes())?;
            tls.read_to_end(&mut all)?;
            fingerprint.clone_from(&seen.fingerprint.lock().unwrap());
        } else {
            stream.write_all(text.as_bytes())?;
            stream.read_to_end(&mut all)?;
        }
        let all = String::from_utf8_lossy(&all).into_owned();
        let ended = std::io::ErrorKind::UnexpectedEof;
        let (head, body) = all.split_once("\r\n\r\n").ok_or_else(|| std::io::Error::from(ended))?;
        let status = head.split_whitespace().nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Ok(Reply { status, head: head.to_owned(), body: body.to_owned(), fingerprint })
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Reply {
        self.try_ask(method, path, body).unwrap()
    }

    fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, "")
    }

    /// Asks what gives a session, and keeps that.
    fn enters(&mut self, path: &str, body: serde_json::Value) -> Reply {
        let reply = self.ask("POST", path, &body.to_string());
        if let Some(cookie) = reply.header("set-cookie") {
            self.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
            self.csrf = reply.json()["csrf"].as_str().unwrap_or_default().to_owned();
        }
        reply
    }

    fn redeems(&mut self, key: &str) -> Reply {
        self.enters("/api/v1/session", serde_json::json!({ "key": key }))
    }
}

/// A gateway with two telephones; `web` is its table, `media` are ports that no other test uses.
struct Running {
    gateway: Demo,
    file: PathBuf,
}

impl Running {
    fn start(name: &str, media: &str, web: &str) -> Self {
        Self::start_in(Dir::new(name), media, web)
    }

    fn start_in(dir: Dir, media: &str, web: &str) -> Self {
        let file = dir.file("tipring.toml", &Self::text(media, web));
        let state = dir.path().to_str().unwrap();
        let process = Process::start(&["--dir", state, "run", "--config", file.to_str().unwrap()]);
        process.shows(" runs: ");
        let running = Self { gateway: Demo { process, dir }, file };
        until("it answers", || (running.gateway.command(&["status"]).status.code() != Some(2)).then_some(()));
        running
    }

    fn text(media: &str, web: &str) -> String {
        format!(
            "country = \"us\"\nlisten = \"127.0.0.1:0\"\nmedia = \"{media}\"\n[phone.101-102]\nport = \"sim/1-2\"\n[web]\n{web}\n"
        )
    }

    /// Another table for the web page, applied while it runs.
    fn edit(&self, media: &str, web: &str) {
        std::fs::write(&self.file, Self::text(media, web)).unwrap();
        self.gateway.ask(&["config", "apply"]);
    }

    fn status(&self) -> String {
        stdout(&self.gateway.command(&["status"]))
    }

    fn status_shows(&self, part: &str) -> String {
        until(&format!("status shows {part:?}"), || Some(self.status()).filter(|told| told.contains(part)))
    }

    /// What `tipring web` prints.
    fn page(&self) -> String {
        self.gateway.ask(&["web"])
    }

    fn stop(mut self) -> Dir {
        self.gateway.process.signal(nix::sys::signal::Signal::SIGTERM);
        self.gateway.process.ends();
        self.gateway.dir
    }
}

#[test]
fn elsewhere_it_is_https_by_a_certificate_that_is_kept_and_printed() {
    let media = "29000-29049";
    let running = Running::start("web-https", media, "listen = \"0.0.0.0:0\"");
    let (browser, _) = Browser::of(&running.gateway.process.shows("Web page: https://"));
    let printed = running.gateway.process.shows("certificate SHA-256 ");
    let page = browser.get("/");
    assert_eq!((page.status, page.header("strict-transport-security")), (200, None));
    assert!(printed.ends_with(&format!("SHA-256 {}", page.fingerprint)), "{printed}: {}", page.fingerprint);
    assert!(running.page().contains(&page.fingerprint));
    // Who speaks in the clear is told so, and gets nothing else.
    let plain = Browser { secure: false, ..browser.clone() }.get("/api/v1/session");
    assert_eq!(plain.status, 400);
    assert!(plain.body.contains("https://") && !plain.body.contains("{"), "{}", plain.body);
    // Monitoring asks for a word without a login; figures are for who has one.
    assert_eq!((browser.get("/health").status, browser.get("/metrics").status), (200, 401));
    let kept = std::fs::read_to_string(running.gateway.dir.path().join("web-certificate.pem")).unwrap();
    assert!(kept.contains("BEGIN CERTIFICATE") && kept.contains("PRIVATE KEY"));
    let again = Running::start_in(running.stop(), media, "listen = \"0.0.0.0:0\"");
    assert!(again.gateway.process.shows("certificate SHA-256 ").ends_with(&page.fingerprint));
}

#[test]
fn the_first_visit_is_by_the_printed_key_and_sets_name_and_password() {
    let media = "29050-29099";
    let running = Running::start("web-first", media, "listen = \"0.0.0.0:0\"");
    let (nobody, key) = Browser::of(&running.gateway.process.shows("Web page: https://"));
    assert_eq!(nobody.get("/api/v1/session").status, 401);
    let guess = serde_json::json!({ "user": "admin", "password": "admin" });
    assert_eq!(nobody.clone().enters("/api/v1/session", guess).status, 401, "there is no default password");
    let ann = serde_json::json!({ "name": "ann", "password": "correct horse" });
    assert_eq!(nobody.clone().enters("/api/v1/first", ann.clone()).status, 401, "only the key lets in");
    let mut first = nobody.clone();
    let entered = first.redeems(&key);
    assert_eq!((entered.status, entered.json()["first"].as_bool()), (201, Some(true)), "{}", entered.body);
    let cookie = entered.header("set-cookie").unwrap();
    assert!(cookie.contains("; Secure") && cookie.contains("HttpOnly"), "{cookie}");
    assert_eq!(nobody.clone().redeems(&key).status, 401, "the key is used up");
    // Nothing else is his before he has a name.
    assert_eq!((first.get("/api/v1/status").status, first.get("/metrics").status), (403, 401));
    let user = serde_json::json!({ "name": "eve", "role": "administrator", "password": "battery staple" });
    assert_eq!(first.ask("POST", "/api/v1/users", &user.to_string()).status, 403);
    let short = serde_json::json!({ "name": "ann", "password": "short" });
    assert_eq!(first.ask("POST", "/api/v1/first", &short.to_string()).status, 422);
    let before = first.clone();
    let settled = first.enters("/api/v1/first", ann.clone());
    assert_eq!(
        (settled.status, settled.json()["name"].as_str(), settled.json()["first"].as_bool()),
        (201, Some("ann"), Some(false))
    );
    assert_eq!((first.get("/api/v1/status").status, first.get("/metrics").status), (200, 200));
    assert_eq!(before.get("/api/v1/session").status, 401, "the session of the key is over");
    assert_eq!(first.ask("POST", "/api/v1/first", &ann.to_string()).status, 409);
    // Who has the gateway's own command line gets in without a password, as on a loopback.
    let mut second = nobody.clone();
    let entered = second.redeems(&Browser::of(&running.page()).1);
    assert_eq!((entered.status, entered.json()["first"].as_bool()), (201, Some(false)));
    // From now on no key is printed at the start: it would be in the system's journal.
    let again = Running::start_in(running.stop(), media, "listen = \"0.0.0.0:0\"");
    let line = again.gateway.process.shows("Web page: https://");
    assert!(!line.contains("key="), "{line}");
    let (mut browser, _) = Browser::of(&line);
    let entered =
        browser.enters("/api/v1/session", serde_json::json!({ "user": "ann", "password": "correct horse" }));
    assert_eq!((entered.status, browser.get("/api/v1/status").status), (201, 200));
}

#[test]
fn a_port_that_is_taken_is_an_alarm_while_calls_go_on_and_is_had_when_it_is_free() {
    let media = "29100-29149";
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap();
    let running = Running::start("web-taken", media, &format!("listen = \"{address}\""));
    let told = running.status_shows("NEEDS YOU");
    assert!(
        told.contains(&format!("web page: cannot listen at {address}: something else has that port")),
        "{told}"
    );
    assert!(told.contains("ss -ltnp"), "{told}");
    let output = running.gateway.command(&["web"]);
    assert!(
        output.status.code() != Some(0) && stderr(&output).contains("listens nowhere"),
        "{}",
        stderr(&output)
    );
    running.gateway.phone("101", &["off-hook"]);
    running.gateway.hears_line("101", "dial-tone");
    running.gateway.phone("101", &["dial", "102"]);
    running.gateway.hears_line("102", "ringing");
    drop(other);
    until("the page is there", || {
        Browser::at(address, false).try_ask("GET", "/health", "").ok().filter(|reply| reply.status == 200)
    });
    until("the alarm is over", || (!running.status().contains("web page: ")).then_some(()));
    let log = running.gateway.ask(&["log"]);
    assert!(log.contains("ALARM web page: cannot listen") && log.contains("web page: no more: "), "{log}");
}

#[test]
fn it_is_switched_off_and_moved_while_the_gateway_runs() {
    let media = "29150-29199";
    let running = Running::start("web-off", media, "listen = \"off\"");
    assert!(!running.status().contains("web page: "));
    assert!(stderr(&running.gateway.command(&["web"])).contains("listen = \"off\""));
    running.edit(media, "listen = \"lo:0\"");
    let (mut browser, key) = until("the page", || {
        let output = running.gateway.command(&["web"]);
        let line = stdout(&output).lines().find(|line| line.contains("127.0.0.1")).map(str::to_owned);
        line.filter(|_| output.status.success()).map(|line| Browser::of(&line))
    });
    assert!(!browser.secure, "a loopback is plain");
    assert_eq!(browser.redeems(&key).json()["first"], false);
    // An edit that closes the door behind itself is answered.
    let text = browser.get("/api/v1/configuration").json();
    let edited = text["text"].as_str().unwrap().replace("\"lo:0\"", "\"off\"");
    let body = serde_json::json!({ "text": edited, "base_revision": text["revision"] });
    assert_eq!(browser.ask("PUT", "/api/v1/configuration", &body.to_string()).status, 200);
    until("it is closed", || browser.try_ask("GET", "/health", "").is_err().then_some(()));
    running.edit(media, "listen = \"none77:8080\"");
    let told = running.status_shows("NEEDS YOU");
    assert!(told.contains("there is no interface none77; there are "), "{told}");
}

/// The address by which others reach this machine, if any do. Nothing is sent.
fn own_address() -> Option<std::net::IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    socket
        .local_addr()
        .ok()
        .map(|address| address.ip())
        .filter(|ip| !ip.is_loopback() && !ip.is_unspecified())
}

#[test]
fn who_is_not_on_the_list_is_hung_up_on_and_other_names_are_turned_away() {
    let media = "29200-29249";
    let running = Running::start("web-allow", media, "listen = \"0.0.0.0:0\"\nallow = \"198.51.100.7/32\"");
    let (here, _) = Browser::of(&running.page());
    assert_eq!(here.get("/health").status, 200, "this machine itself always may");
    if let Some(ip) = own_address() {
        let far = Browser { address: SocketAddr::new(ip, here.address.port()), ..here.clone() };
        assert!(far.try_ask("GET", "/health", "").is_err());
        let plain = Browser { secure: false, ..far.clone() };
        assert!(plain.try_ask("GET", "/health", "").is_err(), "not even what speaks in the clear is told");
        until("it is in the log", || {
            running.gateway.ask(&["log"]).contains("is not in web.allow").then_some(())
        });
        running.edit(media, &format!("listen = \"0.0.0.0:0\"\nallow = [\"198.51.100.7/32\", \"{ip}\"]"));
        until("it may come", || far.try_ask("GET", "/health", "").ok().filter(|reply| reply.status == 200));
        running.edit(media, "listen = \"0.0.0.0:0\"");
    }
    let named = |host: &str| Browser { host: host.to_owned(), ..here.clone() };
    assert_eq!(named("gw.example.net").get("/").status, 200);
    running.edit(media, "listen = \"0.0.0.0:0\"\nnames = \"gw.example.net\"");
    until("it has a name", || (named("evil.example").get("/").status == 421).then_some(()));
    assert_eq!((named("gw.example.net").get("/").status, here.get("/").status), (200, 200));
}

#[test]
fn the_users_certificate_is_shown_and_stays_while_another_cannot_be_used() {
    let media = "29250-29299";
    let dir = Dir::new("web-users-tls");
    let make = || {
        let key = KeyPair::generate().unwrap();
        let made =
            CertificateParams::new(vec!["gw.example.net".to_owned()]).unwrap().self_signed(&key).unwrap();
        (made.pem(), key.serialize_pem(), fingerprint(made.der()))
    };
    let put = |dir: &std::path::Path, name: &str, text: &str| {
        std::fs::write(dir.join("fresh"), text).unwrap();
        std::fs::rename(dir.join("fresh"), dir.join(name)).unwrap();
    };
    let (certificate, key, first) = make();
    put(dir.path(), "web.crt", &certificate);
    put(dir.path(), "web.key", &key);
    let web = "listen = \"0.0.0.0:0\"\ncertificate = \"web.crt\"\nkey = \"web.key\"";
    let running = Running::start_in(dir, media, web);
    let (browser, _) = Browser::of(&running.page());
    let page = browser.get("/");
    assert_eq!(page.fingerprint, first);
    assert_eq!(page.header("strict-transport-security"), Some("max-age=31536000"));
    // One that does not fit its key.
    let (next, key, second) = make();
    put(running.gateway.dir.path(), "web.crt", &next);
    let told = running.status_shows("the one before stays in force");
    assert!(told.contains("NEEDS YOU") && told.contains("web.crt"), "{told}");
    assert_eq!(browser.get("/").fingerprint, first);
    put(running.gateway.dir.path(), "web.key", &key);
    until("the next one is shown", || (browser.get("/").fingerprint == second).then_some(()));
    until("the alarm is over", || (!running.status().contains("web page: ")).then_some(()));
    // A gateway that finds a bad one at its start shows one of its own; telephones ring.
    let dir = running.stop();
    put(dir.path(), "web.crt", "nothing");
    let running = Running::start_in(dir, media, web);
    let told = running.status_shows("NEEDS YOU");
    assert!(
        told.contains("one of the gateway's own is shown") && told.contains("phones 2: 2 idle"),
        "{told}"
    );
    let (browser, _) = Browser::of(&running.page());
    assert_eq!(browser.get("/health").status, 200);
}

#[test]
fn who_begins_no_tls_holds_no_seat_for_long() {
    let running = Running::start("web-silent", "29300-29349", "listen = \"0.0.0.0:0\"");
    let (browser, _) = Browser::of(&running.page());
    // More than there are seats; some have begun and go on no more.
    let silent: Vec<TcpStream> = (0..300)
        .map(|n| {
            let mut stream = TcpStream::connect(browser.address).unwrap();
            if n % 2 == 0 {
                stream.write_all(&[22, 3, 1]).unwrap();
            }
            stream
        })
        .collect();
    assert_eq!(browser.get("/health").status, 200);
    let mut first = &silent[0];
    first.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    assert!(matches!(first.read(&mut [0; 16]), Ok(0) | Err(_)), "he is hung up on");
}

/// `tipring user` with a line on its standard input.
fn user(dir: &Dir, arguments: &[&str], password: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tipring"))
        .args(["--dir", dir.path().to_str().unwrap(), "user"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may have refused before it read.
    let _ = writeln!(child.stdin.take().unwrap(), "{password}");
    child.wait_with_output().unwrap()
}

#[test]
fn the_command_line_adds_users_while_it_runs_and_while_it_does_not() {
    let media = "29350-29399";
    let running = Running::start("web-cli", media, "listen = \"127.0.0.1:0\"");
    let (nobody, _) = Browser::of(&running.page());
    let enters = |browser: &Browser, name: &str, password: &str| {
        let mut browser = browser.clone();
        let reply =
            browser.enters("/api/v1/session", serde_json::json!({ "user": name, "password": password }));
        (reply.status, browser)
    };
    let dir = &running.gateway.dir;
    let added = user(dir, &["add", "ann"], "correct horse");
    assert!(added.status.success() && stdout(&added).contains("an administrator"), "{}", stderr(&added));
    let short = user(dir, &["add", "bo", "--role", "viewer"], "short");
    assert!(!short.status.success() && stderr(&short).contains("10 characters"), "{}", stderr(&short));
    let (status, ann) = enters(&nobody, "ann", "correct horse");
    assert_eq!(status, 201);
    assert!(user(dir, &["password", "ann"], "battery staple").status.success());
    assert_eq!(ann.get("/api/v1/status").status, 401, "the old session is over");
    assert_eq!(enters(&nobody, "ann", "battery staple").0, 201);
    let token = stdout(&user(dir, &["token", "grafana"], ""));
    assert!(token.starts_with("tipring_"), "{token}");
    let log = running.gateway.ask(&["log"]);
    assert!(log.contains("web: the command line adds user ann") && !log.contains("horse"), "{log}");
    let dir = running.stop();
    assert!(user(&dir, &["add", "vic", "--role", "viewer"], "over the hills").status.success());
    let listed = stdout(&user(&dir, &["list"], ""));
    assert!(listed.contains("user  vic  a viewer") && listed.contains("token grafana  a viewer"), "{listed}");
    let last = user(&dir, &["remove", "ann"], "");
    assert!(!last.status.success() && stderr(&last).contains("last administrator"), "{}", stderr(&last));
    let running = Running::start_in(dir, media, "listen = \"127.0.0.1:0\"");
    let line = running.gateway.process.shows("Web page: http://127.0.0.1:");
    assert!(!line.contains("key="), "{line}");
    let (status, vic) = enters(&Browser::of(&line).0, "vic", "over the hills");
    assert_eq!((status, vic.get("/api/v1/session").json()["role"].as_str()), (201, Some("viewer")));
}
