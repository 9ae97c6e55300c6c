//! What an agent answers to the 49 messages of RFC 4475 on the wire, as datagrams and on a stream, from a peer whom it
//! trusts; and the same of messages of our own, of each kind one, which are there without the vectors.
//!
//! The table is written from the text of the RFC and of RFC 3261, for an agent with what it can do in truth. A row says
//! why where the RFC leaves a choice, or where we are no proxy.

use core::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use tipring_sip::agent::{Agent, AgentConfig, Answer, Command, ConnId, Event, Input, Network, Output};
use tipring_sip::digest::{Challenge, ClientAuth, Secret};
use tipring_sip::message::{HeaderName, Message, Method, Response, StreamFramer, StreamItem, parse_datagram};
use tipring_sip::offer_answer::LocalMedia;
use tipring_sip::registrar::User;
use tipring_units::{Entropy, Instant, Millis};

/// The statuses that go out, in order.
type Statuses = &'static [u16];

/// A new call: it is tried and, as the gateway takes it, accepted.
const CALL: Statuses = &[100, 200];
/// Not a word.
const NOTHING: Statuses = &[];

/// What goes out for one message.
struct Row {
    clause: &'static str,
    file: &'static str,
    /// To a datagram.
    datagram: Statuses,
    /// To the same bytes on a stream.
    stream: Statuses,
    /// Whether the stream is closed then.
    closes: bool,
    /// Where the agent is a registrar, if that makes a difference: first without, then with a password.
    registrar: Option<Statuses>,
    why: &'static str,
}

/// Answered alike however it comes.
const fn row(clause: &'static str, file: &'static str, statuses: Statuses, why: &'static str) -> Row {
    Row { clause, file, datagram: statuses, stream: statuses, closes: false, registrar: None, why }
}

impl Row {
    /// On a stream its end is not known: it is answered so, and the stream is over (RFC 3261 §18.3).
    const fn ends(self, stream: Statuses) -> Self {
        Self { stream, closes: true, ..self }
    }

    /// On a stream something else is answered.
    const fn on_stream(self, stream: Statuses) -> Self {
        Self { stream, ..self }
    }

    const fn registers(self, statuses: Statuses) -> Self {
        Self { registrar: Some(statuses), ..self }
    }
}

const NOBODY_REGISTERS: &str =
    "well formed; nobody registers at an agent without users (§10.3), a registrar challenges";
const SYNTAX: &str = "a request that cannot be read is answered 400 where its Vias can (§16.3, §21.4.1)";

fn table() -> Vec<Row> {
    vec![
        row(
            "3.1.1.1",
            "wsinv",
            &[481],
            "well formed, but its To has the tag of a dialog that is not ours (§12.2.2)",
        ),
        row("3.1.1.2", "intmeth", &[501], "well formed, of an unknown method (§8.2.1)"),
        row("3.1.1.3", "esc01", CALL, "the escaped user is a user; the rest is ordinary"),
        row("3.1.1.4", "escnull", &[405], NOBODY_REGISTERS).registers(&[401, 200]),
        row("3.1.1.5", "esc02", &[501], "escapes mean nothing in a method: it is unknown"),
        row("3.1.1.6", "lwsdisp", &[200], "no blank is needed before <"),
        row("3.1.1.7", "longreq", CALL, "long values are ordinary"),
        row("3.1.1.8", "dblreq", &[405], "bytes behind the body of a datagram are passed over (§18.3); on a stream they are a call whose m= line is broken, and end in what is no message")
            .ends(&[405, 100, 400])
            .registers(&[401, 200]),
        row("3.1.1.9", "semiuri", &[200], "the semicolon belongs to the user"),
        row("3.1.1.10", "transports", &[200], "Vias below the top may name any transport"),
        row("3.1.1.11", "mpart01", &[405], "MESSAGE is known, not served (§8.2.1)"),
        row("3.1.1.12", "unreason", NOTHING, "an answer to no request of ours is dropped (§18.1.2)"),
        row("3.1.1.13", "noreason", NOTHING, "an answer to no request of ours is dropped (§18.1.2)"),
        row("3.1.2.1", "badinv01", &[400], SYNTAX),
        row(
            "3.1.2.2",
            "clerr",
            &[400],
            "the body is shorter than its length (§18.3); a stream waits for the rest",
        )
        .on_stream(NOTHING),
        row("3.1.2.3", "ncl", &[400], SYNTAX).ends(&[400]),
        row("3.1.2.4", "scalar02", &[400], "numbers out of their range; no password mends that"),
        row("3.1.2.5", "scalarlg", NOTHING, "a response is never answered"),
        row("3.1.2.6", "quotbal", &[400], SYNTAX),
        row("3.1.2.7", "ltgtruri", &[400], SYNTAX),
        row("3.1.2.8", "lwsruri", &[400], SYNTAX),
        row("3.1.2.9", "lwsstart", &[400], SYNTAX),
        row("3.1.2.10", "trws", &[400], SYNTAX),
        row("3.1.2.11", "escruri", &[400], "no headers in a Request-URI (§19.1.1)"),
        row("3.1.2.12", "baddate", CALL, "who does not read Date should not reject it"),
        row("3.1.2.13", "regbadct", &[400], "a Contact that cannot be told from its parameters"),
        row("3.1.2.14", "badaspec", &[400], SYNTAX),
        row("3.1.2.15", "baddn", &[400], SYNTAX),
        row("3.1.2.16", "badvers", &[505], "another version (§21.5.6)"),
        row("3.1.2.17", "mismatch01", &[400], "CSeq names another method (§8.1.1.5)"),
        row("3.1.2.18", "mismatch02", &[501], "400 would do; the RFC finds 501 better"),
        row("3.1.2.19", "bigcode", NOTHING, "a response is never answered"),
        row("3.2.1", "badbranch", &[200], "served like a request of RFC 2543"),
        row("3.3.1", "insuf", &[400], "Call-ID, From and To are missing"),
        row("3.3.2", "unkscm", &[416], "an unknown scheme (§8.2.2.1)"),
        row("3.3.3", "novelsc", &[416], "a known scheme that is not SIP's (§8.2.2.1)"),
        row("3.3.4", "unksm2", &[400], "To is no address of record of SIP"),
        row("3.3.5", "bext01", &[420], "Require is ours to answer, Proxy-Require is not (§8.2.2.3)"),
        row("3.3.6", "invut", &[415], "an unknown type of body (§8.2.3)"),
        row("3.3.7", "regaut01", &[405], NOBODY_REGISTERS).registers(&[401, 200]),
        row("3.3.8", "multi01", &[400], "CSeq, To and others are there twice"),
        row("3.3.9", "mcl01", &[400], "two lengths: the end is not known").ends(&[400]),
        row("3.3.10", "bcast", NOTHING, "its Via is not ours (§18.1.2)"),
        row("3.3.11", "zeromf", &[200], "an endpoint answers OPTIONS whatever hops are left (§11)"),
        row("3.3.12", "cparam01", &[405], NOBODY_REGISTERS).registers(&[401, 200]),
        row("3.3.13", "cparam02", &[405], NOBODY_REGISTERS).registers(&[401, 200]),
        row("3.3.14", "regescrt", &[405], NOBODY_REGISTERS).registers(&[401, 200]),
        row("3.3.15", "sdp01", &[406], "it accepts no session description: 406 (§8.2.3)"),
        row("3.4.1", "inv2543", CALL, "a call of RFC 2543: no tag, no Contact, no branch; a stream needs its length").ends(&[400]),
    ]
}

/// Our own, in the corpus of the fuzz target: each of the kinds above.
fn own() -> Vec<Row> {
    vec![
        row("3.1.1.1", "folded", CALL, "folds, blanks, short names, unknown headers: ordinary"),
        row("3.1.1.1", "no-such-dialog", &[481], "the same with the tag of a dialog that is not ours"),
        row("3.1.1.5", "escaped-method", &[501], "escapes mean nothing in a method"),
        row("3.1.2.1", "commas-in-via", &[400], SYNTAX),
        row("3.1.2.3", "negative-length", &[400], SYNTAX).ends(&[400]),
        row("3.1.2.16", "other-version", &[505], "another version"),
        row("3.1.2.19", "large-status", NOTHING, "a response is never answered"),
        row("3.3.1", "without-the-needed", &[400], "Call-ID, From and To are missing"),
        row("3.3.2", "unknown-scheme", &[416], "an unknown scheme"),
        row("3.3.5", "extensions", &[420], "two of three are not ours"),
        row("3.3.6", "unknown-body", &[415], "an unknown type of body"),
        row("3.3.7", "unknown-credentials", &[405], NOBODY_REGISTERS).registers(&[401, 200]),
        row("3.3.8", "twice", &[400], "CSeq, To and Max-Forwards are there twice"),
        row("3.3.9", "two-lengths", &[400], "two lengths: the end is not known").ends(&[400]),
        row("3.3.11", "no-hops", &[200], "an endpoint answers OPTIONS"),
        row("3.3.15", "unwanted-answer", &[406], "it accepts no session description"),
    ]
}

#[test]
fn every_message_of_the_rfc_has_its_answer_on_the_wire() {
    let root = std::env::var_os("TIPRING_VECTORS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"),
        PathBuf::from,
    );
    let folder = root.join("sip/rfc4475");
    if !folder.is_dir() {
        println!("skipped: no vectors");
        return;
    }
    assert_eq!(table().len(), std::fs::read_dir(&folder).expect("a folder").count());
    check(table(), |file| std::fs::read(folder.join(file).with_extension("dat")));
}

#[test]
fn every_kind_of_strange_message_has_its_answer_on_the_wire() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/sip_message");
    check(own(), |file| std::fs::read(folder.join(format!("torture-{file}"))));
}

fn check(table: Vec<Row>, read: impl Fn(&str) -> std::io::Result<Vec<u8>>) {
    let mut wrong = Vec::new();
    for Row { clause, file, datagram, stream, closes, registrar, why } in table {
        let bytes = read(file).unwrap_or_else(|error| panic!("{file}: {error}"));
        let mut expect = |what: &str,
                          found: Vec<Response>,
                          closed: bool,
                          statuses: Statuses,
                          closes: bool| {
            let found_statuses: Vec<u16> = found.iter().map(|answer| answer.status).collect();
            if (found_statuses.as_slice(), closed) != (statuses, closes) {
                wrong.push(format!(
                    "{file} ({clause}) {what}: {found_statuses:?} closed {closed}, not {statuses:?} closed {closes}: {why}"
                ));
            }
            found.iter().for_each(|answer| belongs(file, &bytes, answer));
        };
        let mut gateway = Gateway::new();
        expect("by datagram", gateway.datagram(&bytes), gateway.closed, datagram, false);
        gateway.comes_to_rest(file);
        let mut gateway = Gateway::new();
        expect("by stream", gateway.stream(&bytes), gateway.closed, stream, closes);
        gateway.comes_to_rest(file);
        let mut gateway = Gateway::new();
        gateway.becomes_registrar();
        let found = gateway.registers(&bytes);
        expect("at a registrar", found, false, registrar.unwrap_or(datagram), false);
        gateway.comes_to_rest(file);
    }
    assert!(wrong.is_empty(), "{} answers are not those of the table:\n{}", wrong.len(), wrong.join("\n"));
}

/// An answer that whoever asked can make something of.
fn belongs(file: &str, request: &[u8], answer: &Response) {
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let asked = squeezed(&String::from_utf8_lossy(request));
    for name in [HeaderName::CallId, HeaderName::CSeq] {
        if let Some(value) = answer.headers.text(&name) {
            assert!(asked.contains(&squeezed(&value)), "{file}: {name}: {value} is not of the request");
        }
    }
    assert!(answer.headers.has(&HeaderName::Via), "{file}: an answer without Via finds no way");
    if answer.status > 100
        && let Ok(to) = answer.to()
    {
        assert!(to.tag().is_some(), "{file}: {} without a tag (§8.2.6.2)", answer.status);
    }
    let needed = match answer.status {
        401 => Some(HeaderName::WwwAuthenticate),
        405 | 501 => Some(HeaderName::Allow),
        415 => Some(HeaderName::Accept),
        420 => Some(HeaderName::Unsupported),
        _ => None,
    };
    assert!(
        needed.is_none_or(|name| answer.headers.has(&name)),
        "{file}: {} does not say why",
        answer.status
    );
}

const HERE: &str = "192.0.2.10:5060";
const PEER: &str = "192.0.2.40:5060";
const PASSWORD: &str = "lamo";

/// An agent that trusts the peer, and takes every call.
struct Gateway {
    agent: Agent,
    now: Instant,
    closed: bool,
}

impl Gateway {
    fn new() -> Self {
        let mut config = AgentConfig::new(HERE.parse().expect("an address"));
        config.tcp = Some(config.udp);
        config.trust.networks.push(Network { address: IpAddr::from([192, 0, 2, 0]), prefix: 24 });
        let agent = Agent::new(config, Entropy::for_simulation(4475));
        Self { agent, now: Instant::from_millis(1000), closed: false }
    }

    fn becomes_registrar(&mut self) {
        let users = ["user", "j.user", "watson", "null-\0-null", "6001"];
        let user = |name: &str| User { name: name.to_owned(), password: Secret::new(PASSWORD) };
        let users = users.iter().map(|name| user(name)).collect();
        self.agent.handle(self.now, Input::Command(Command::SetUsers(users)));
        assert_eq!(self.drain(), []);
    }

    fn datagram(&mut self, bytes: &[u8]) -> Vec<Response> {
        let (local, remote) = ends();
        self.agent.handle(self.now, Input::Datagram { local, remote, bytes });
        self.drain()
    }

    fn stream(&mut self, bytes: &[u8]) -> Vec<Response> {
        let (local, remote) = ends();
        let conn = ConnId(1);
        self.agent.handle(self.now, Input::StreamOpened { conn, local, remote });
        self.agent.handle(self.now, Input::Stream { conn, bytes });
        self.drain()
    }

    /// The answers to a datagram, and to the same with a password if one is asked for.
    fn registers(&mut self, bytes: &[u8]) -> Vec<Response> {
        let mut answers = self.datagram(bytes);
        let Some(challenge) = answers.iter().find_map(|answer| {
            let value = answer.headers.text(&HeaderName::WwwAuthenticate)?;
            Challenge::parse_all(&value).ok()?.into_iter().next()
        }) else {
            return answers;
        };
        let Ok(Message::Request(mut request)) = parse_datagram(bytes) else { panic!("a challenged request") };
        assert_eq!(request.method, Method::Register, "calls of trusted networks are not challenged");
        let to = request.to().expect("a To").uri;
        let user = to.user().map_or_else(|| "user".to_owned(), |user| user.into_owned());
        let uri = request.uri.to_string();
        let mut auth = ClientAuth::new(challenge, &mut Entropy::for_simulation(1));
        let proof = auth.authorize(&user, &Secret::new(PASSWORD), "REGISTER", &uri, &request.body);
        request.headers.set(HeaderName::Authorization, proof.to_string());
        let mut via = request.top_via().expect("a Via").clone();
        via.params.set("branch", "z9hG4bKproven");
        request.headers.set(HeaderName::Via, via.to_string());
        answers.extend(self.datagram(&request.to_bytes()));
        answers
    }

    /// What goes to the peer. Calls are accepted.
    fn drain(&mut self) -> Vec<Response> {
        let mut answers = Vec::new();
        let mut framer = StreamFramer::new();
        while let Some(output) = self.agent.poll() {
            match output {
                Output::Send { to, bytes } => {
                    assert_eq!(to.ip(), ends().1.ip(), "an answer goes to whoever asked");
                    match parse_datagram(&bytes) {
                        Ok(Message::Response(answer)) => answers.push(answer),
                        // The BYE of a call whose ACK never came.
                        Ok(Message::Request(request)) => assert_eq!(request.method, Method::Bye),
                        Err(error) => panic!("what goes out cannot be read: {error}"),
                    }
                }
                Output::StreamSend { conn, bytes } => {
                    assert!(conn == ConnId(1) && !self.closed);
                    framer.push(&bytes).expect("room");
                    while let Some(item) = framer.pop().expect("what goes out can be followed") {
                        match item {
                            StreamItem::Message(Message::Response(answer)) => answers.push(answer),
                            StreamItem::Message(Message::Request(request)) => {
                                assert_eq!(request.method, Method::Bye);
                            }
                            StreamItem::Pong | StreamItem::Ping => {}
                            StreamItem::Malformed(error) => panic!("what goes out cannot be read: {error}"),
                        }
                    }
                }
                Output::StreamClose { .. } => self.closed = true,
                Output::Event(Event::Incoming(incoming)) => {
                    let media = LocalMedia::g711(SocketAddr::from(([192, 0, 2, 10], 40_000)));
                    let accept = Command::Accept { session: incoming.session, media };
                    self.agent.handle(self.now, Input::Command(accept));
                }
                Output::Event(_) | Output::Resolve { .. } => {}
                Output::StreamConnect { to, .. } => panic!("a connection to {to}"),
            }
        }
        answers
    }

    /// Nothing of it stays: all timers run out.
    fn comes_to_rest(mut self, file: &str) {
        let end = self.now + Millis(200_000);
        for _ in 0..1000 {
            let Some((at, _)) = self.agent.deadline().filter(|(at, _)| *at <= end) else { break };
            self.now = self.now.max(at);
            self.agent.handle(self.now, Input::Tick);
            while let Some(output) = self.agent.poll() {
                // The BYE of a call whose ACK never came wants to know where its Contact is.
                if let Output::Resolve { query, .. } = output {
                    self.agent.handle(self.now, Input::Resolved { query, answer: Answer::NotFound });
                }
            }
        }
        assert!(self.agent.is_idle(), "{file}: something is left: {:?}", self.agent.deadline());
    }
}

fn ends() -> (SocketAddr, SocketAddr) {
    (HERE.parse().expect("an address"), PEER.parse().expect("an address"))
}
