use std::io::Write;

use rcgen::{CertificateParams, Issuer, KeyPair};
use tipring_store::EventLog;
use tokio::io::AsyncBufReadExt;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::*;

const SOON: Duration = Duration::from_secs(20);
const WALL: WallTime = WallTime(1_709_210_096_000_123);

struct Bench {
    dir: std::path::PathBuf,
    book: Arc<Logbook>,
}

impl Bench {
    fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("tipring-syslog-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let book = Arc::new(Logbook::new(EventLog::open(&dir).unwrap()));
        Self { dir, book }
    }

    /// Sends to these ports of this machine, with what the table says beside.
    fn send(&self, table: &str) {
        let text = format!(
            "country = \"us\"\nname = \"tower a\"\n[phone.101]\nport = \"sim/1\"\n[syslog]\n{table}\n"
        );
        let report = tipring_config::check(&text, "tipring.toml");
        let effective = report.effective.clone().unwrap_or_else(|| panic!("{report}"));
        let mut sender = Sender::of(&effective).unwrap().unwrap();
        sender.pauses = (Duration::from_millis(10), Duration::from_millis(50));
        let (_, lines) = self.book.read(0, |_| false);
        tokio::spawn(sender.run(lines, Arc::clone(&self.book), Clock::new()));
    }

    fn log(&self) -> Vec<String> {
        let (lines, _) = self.book.read(100, |_| true);
        lines.iter().map(|line| line.what().to_owned()).collect()
    }

    /// Waits until the log has a line with `part`.
    async fn logged(&self, part: &str) -> String {
        let (_, mut next) = self.book.read(0, |_| false);
        loop {
            if let Some(found) = self.log().into_iter().find(|line| line.contains(part)) {
                return found;
            }
            let came = tokio::time::timeout(SOON, next.recv()).await;
            assert!(came.is_ok(), "{part} is not in {:?}", self.log());
        }
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// The next message of a connection, by its length.
async fn framed(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut reader = tokio::io::BufReader::with_capacity(1, stream);
    let mut length = Vec::new();
    tokio::time::timeout(SOON, reader.read_until(b' ', &mut length)).await.unwrap().unwrap();
    let length: usize = String::from_utf8(length).unwrap().trim().parse().unwrap();
    let mut text = vec![0; length];
    tokio::time::timeout(SOON, reader.read_exact(&mut text)).await.unwrap().unwrap();
    String::from_utf8(text).unwrap()
}

fn line(text: &str) -> Line {
    Line::plain(WALL, format!("12:34:56 {text}"))
}

#[test]
fn a_message_has_the_form_of_rfc_5424() {
    let id = std::process::id();
    assert_eq!(
        message(&line("101 off-hook"), "tower-a", 7),
        format!(
            "<30>1 2024-02-29T12:34:56.000123Z tower-a tipring {id} log [meta sequenceId=\"7\"] 101 off-hook"
        )
    );
    let alarm = Line { alarm: true, ..line("101 left off-hook") };
    assert!(message(&alarm, "a", 1).starts_with("<28>1 "));
    let detail = Line { depth: Depth::Detail, ..line("101 digit 5") };
    assert!(message(&detail, "a", 1).starts_with("<31>1 "));
    let odd = message(&line("caf\u{e9}\n<0>1 forged\u{7}"), "a", 1);
    assert!(odd.ends_with("] \u{feff}caf\u{e9} <0>1 forged "), "no second message in it: {odd}");
    let long = message(&line(&"\u{e9}".repeat(5000)), "a", 1);
    assert!((MAX_MESSAGE - 3..=MAX_MESSAGE).contains(&long.len()));
}

#[tokio::test]
async fn datagrams_carry_a_message_each_and_details_only_where_wanted() {
    let far = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let bench = Bench::new("udp");
    bench.send(&format!("address = \"{}\"", far.local_addr().unwrap()));
    // The task follows from its first step on: what was noted before is not lost, for it was subscribed already.
    bench.book.note(WALL, "one");
    bench.book.note(WALL, "two");
    let mut buffer = [0; 4096];
    for (place, what) in ["one", "two"].into_iter().enumerate() {
        let length = tokio::time::timeout(SOON, far.recv(&mut buffer)).await.unwrap().unwrap();
        let text = std::str::from_utf8(&buffer[..length]).unwrap();
        assert!(text.contains(" tower-a tipring "), "{text}");
        assert!(text.ends_with(&format!("[meta sequenceId=\"{}\"] {what}", place + 1)), "{text}");
    }
}

#[tokio::test]
async fn a_connection_counts_octets_is_made_again_and_what_broke_off_is_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let bench = Bench::new("tcp");
    bench.send(&format!("address = \"{address}\"\ntransport = \"tcp\""));
    bench.book.note(WALL, "one");
    let (mut first, _) = listener.accept().await.unwrap();
    assert!(framed(&mut first).await.ends_with("] one"));
    // The collector goes away, and nobody listens: the gateway goes on, and tells it once.
    drop(first);
    drop(listener);
    let told = bench.logged("syslog: ").await;
    assert!(told.contains("Lines wait"), "{told}");
    bench.book.note(WALL, "two");
    let listener = tokio::net::TcpSocket::new_v4().unwrap();
    listener.set_reuseaddr(true).unwrap();
    listener.bind(address).unwrap();
    let listener = listener.listen(8).unwrap();
    let (mut second, _) = tokio::time::timeout(SOON, listener.accept()).await.unwrap().unwrap();
    let mut came = Vec::new();
    while !came.iter().any(|text: &String| text.ends_with("takes the log")) {
        came.push(framed(&mut second).await);
    }
    assert!(came.iter().any(|text| text.ends_with("] two")), "{came:#?}");
    assert_eq!(bench.log().iter().filter(|line| line.contains("Lines wait")).count(), 1, "{:?}", bench.log());
}

#[tokio::test]
async fn tls_is_for_a_collector_that_the_certificates_know_and_no_other() {
    let bench = Bench::new("tls");
    let authority = |name: &str| {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let file = bench.dir.join(name);
        std::fs::File::create(&file)
            .unwrap()
            .write_all(params.self_signed(&key).unwrap().pem().as_bytes())
            .unwrap();
        (Issuer::new(params, key), file)
    };
    let (known, known_file) = authority("known.pem");
    let (_, other_file) = authority("other.pem");
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &known).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let table = |file: &Path| {
        format!("address = \"localhost:{port}\"\ntransport = \"tls\"\nca_file = \"{}\"", file.display())
    };
    bench.send(&table(&other_file));
    let (stream, _) = listener.accept().await.unwrap();
    assert!(acceptor.accept(stream).await.is_err(), "a certificate that nobody vouches for is refused");
    bench.logged("Lines wait").await;
    let trusting = Bench::new("tls-known");
    trusting.send(&table(&known_file));
    trusting.book.note(WALL, "one");
    // The other one goes on trying.
    let mut stream = loop {
        let (stream, _) = tokio::time::timeout(SOON, listener.accept()).await.unwrap().unwrap();
        if let Ok(stream) = acceptor.accept(stream).await {
            break stream;
        }
    };
    assert!(framed(&mut stream).await.ends_with("] one"));
}

#[test]
fn certificates_that_cannot_be_read_are_told_with_their_file() {
    let bench = Bench::new("roots");
    let file = bench.dir.join("ca.pem");
    let told = roots(Some(&file)).unwrap_err().to_string();
    assert!(told.contains("ca.pem: no certificates"), "{told}");
    std::fs::write(&file, "nothing\n").unwrap();
    let told = roots(Some(&file)).unwrap_err().to_string();
    assert!(told.contains("ca.pem: there is no certificate in it"), "{told}");
}
