//! Telephones by WebSocket, as a page uses them: what they sound, what their lines show, and what happens when a connection fails.

mod common;

use std::collections::VecDeque;
use std::f32::consts::TAU;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use common::{Demo, until};
use serde_json::Value;
use tungstenite::client::IntoClientRequest;
use tungstenite::{Message, WebSocket};

const TICK: usize = 80;
/// Ticks by which a sound is judged.
const JUDGED: usize = 40;

/// A browser that is logged in.
struct Browser {
    address: String,
    cookie: String,
    csrf: String,
}

impl Browser {
    fn at(demo: &Demo) -> Self {
        let line = demo.process.shows("Hear them:");
        let address = line.split("http://").nth(1).unwrap().split_whitespace().next().unwrap();
        let (address, key) = address.split_once("/telephones#key=").expect("it opens at the telephones");
        let mut browser = Self { address: address.to_owned(), cookie: String::new(), csrf: String::new() };
        let (head, body) = browser.ask("POST", "/api/v1/session", &format!("{{\"key\":\"{key}\"}}"));
        let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
        browser.cookie = cookie.split(';').next().unwrap().to_owned();
        body["csrf"].as_str().unwrap().clone_into(&mut browser.csrf);
        browser
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> (String, Value) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let Self { address, cookie, csrf } = self;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\nX-Tipring-Csrf: {csrf}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut all = String::new();
        stream.read_to_string(&mut all).unwrap();
        let (head, body) = all.split_once("\r\n\r\n").expect("an answer");
        (head.to_owned(), serde_json::from_str(body).unwrap_or(Value::Null))
    }

    fn status(&self, method: &str, path: &str, body: &str) -> u16 {
        let (head, _) = self.ask(method, path, body);
        head.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// A page at a telephone.
    fn page(&self, number: &str, wish: &str) -> Page {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let url = format!("ws://{}/api/v1/phones/{number}/sound?{wish}", self.address);
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("cookie", self.cookie.parse().unwrap());
        let (socket, _) = tungstenite::client(request, stream).expect("a socket");
        Page {
            socket,
            state: Value::Null,
            marks: Vec::new(),
            answers: Vec::new(),
            sound: VecDeque::new(),
            scope: None,
            tick: None,
            gaps: 0,
            said: 0,
        }
    }
}

/// The latest 10 ms of an oscilloscope.
struct Scope {
    volts: f32,
    milliamps: f32,
}

struct Page {
    socket: WebSocket<TcpStream>,
    state: Value,
    marks: Vec<Value>,
    answers: Vec<Value>,
    /// The latest [`JUDGED`] ticks.
    sound: VecDeque<i16>,
    scope: Option<Scope>,
    tick: Option<u32>,
    gaps: u32,
    /// Samples of a tone that were said.
    said: usize,
}

impl Page {
    fn say(&mut self, text: &str) {
        self.socket.send(Message::text(text)).unwrap();
    }

    /// Takes a message; true if it was a tick of sound.
    fn take(&mut self) -> bool {
        match self.socket.read().expect("a message") {
            Message::Text(text) => {
                let value: Value = serde_json::from_str(&text).unwrap();
                if !value["state"].is_null() {
                    self.state = value["state"].clone();
                } else if !value["mark"].is_null() {
                    self.marks.push(value["mark"].clone());
                } else {
                    self.answers.push(value);
                }
                false
            }
            Message::Binary(bytes) if bytes[0] == 1 => {
                let tick = u32::from_le_bytes(bytes[4..8].try_into().unwrap());
                self.gaps += u32::from(self.tick.is_some_and(|last| tick != last + 1));
                self.tick = Some(tick);
                self.sound
                    .extend(bytes[8..].chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])));
                let excess = self.sound.len().saturating_sub(JUDGED * TICK);
                self.sound.drain(..excess);
                true
            }
            Message::Binary(bytes) => {
                let mean = |from: usize| {
                    let floats = bytes[from..from + 40].chunks_exact(4);
                    floats.map(|four| f32::from_le_bytes(four.try_into().unwrap())).sum::<f32>() / 10.0
                };
                self.scope = Some(Scope { volts: mean(8), milliamps: mean(48) });
                false
            }
            _ => false,
        }
    }

    /// Reads until it is so.
    fn until(&mut self, what: &str, is_it: impl Fn(&Self) -> bool) {
        until(what, || {
            for _ in 0..50 {
                if is_it(self) {
                    return Some(());
                }
                self.take();
            }
            None
        });
    }

    fn is(&self, key: &str, value: &str) -> bool {
        self.state[key] == value
    }

    /// The share of the sound's power that lies at a frequency; none while it is as good as silent.
    fn share(&self, hertz: f32) -> f32 {
        let power: f32 = self.sound.iter().map(|sample| f32::from(*sample).powi(2)).sum();
        if self.sound.len() < JUDGED * TICK || power < 100.0 * self.sound.len() as f32 {
            return 0.0;
        }
        let (mut re, mut im) = (0.0, 0.0);
        for (n, sample) in self.sound.iter().enumerate() {
            let angle = TAU * hertz * n as f32 / 8000.0;
            re += f32::from(*sample) * angle.cos();
            im += f32::from(*sample) * angle.sin();
        }
        2.0 * (re * re + im * im) / (self.sound.len() as f32 * power)
    }

    /// Says 10 ms of a 1000 Hz tone by its microphone for each tick that it hears.
    fn hum(&mut self) {
        if self.take() {
            let tone = (self.said..self.said + TICK).map(|n| (6000.0 * (TAU * n as f32 / 8.0).sin()) as i16);
            let bytes: Vec<u8> = tone.flat_map(i16::to_le_bytes).collect();
            self.socket.send(Message::binary(bytes)).unwrap();
            self.said += TICK;
        }
    }
}

/// `from` hums until it is heard at `to`.
fn is_heard(from: &mut Page, to: &mut Page) {
    to.sound.clear();
    until("the tone at the other telephone", || {
        for _ in 0..50 {
            from.hum();
            to.take();
        }
        (to.share(1000.0) > 0.9).then_some(())
    });
}

#[test]
fn a_receiver_lifted_from_a_page_gives_the_samples_of_dial_tone_and_closes_the_loop() {
    let demo = Demo::start("tel-dial");
    let browser = Browser::at(&demo);
    let mut page = browser.page("101", "speak=true&page=a&scope=true");
    page.until("the seat", |page| page.answers.iter().any(|answer| answer["speaker"] == true));
    page.until("the idle line", |page| {
        page.scope.as_ref().is_some_and(|scope| scope.volts > 40.0 && scope.milliamps.abs() < 1.0)
    });
    page.say(r#"{"act":"off-hook"}"#);
    page.until("dial tone", |page| {
        let (low, high) = (page.share(350.0), page.share(440.0));
        low > 0.4 && high > 0.4 && low + high > 0.97
    });
    page.until("its name", |page| page.is("hook", "off") && page.state["hears"][0] == "dial-tone");
    let scope = page.scope.as_ref().unwrap();
    assert!(scope.milliamps > 18.0 && scope.volts < 20.0, "{} mA at {} V", scope.milliamps, scope.volts);
    // A rotary dial opens the loop three times, and the gateway takes it for a 3.
    let opened = |page: &Page| page.marks.iter().filter(|mark| mark["what"] == "loop-open").count();
    page.marks.clear();
    page.say(r#"{"act":{"dial":{"digits":"3","pulse":true}}}"#);
    page.until("the digit", |page| {
        page.marks.iter().any(|mark| mark["what"] == "digit" && mark["text"] == "3 by pulses")
    });
    assert!(opened(&page) >= 3, "{:?}", page.marks);
    // Another page hears the same, and does not speak.
    let mut other = browser.page("101", "speak=true&page=b");
    other.until("why not", |page| {
        page.answers
            .iter()
            .any(|answer| answer["why"].as_str().is_some_and(|why| why.contains("Another page")))
    });
    assert_eq!(browser.status("POST", "/api/v1/phones/101", r#"{"say":{"file":"/etc/passwd"}}"#), 422);
    assert_eq!(browser.status("POST", "/api/v1/phones/999", r#""off-hook""#), 404);
    let (_, hears) = browser.ask("POST", "/api/v1/phones/101", r#""on-hook""#);
    assert!(hears["hears"].is_array(), "{hears}");
    other.until("on-hook", |page| page.is("hook", "on"));
}

#[test]
fn two_pages_talk_and_a_connection_that_drops_in_mid_call_is_taken_up_again() {
    let demo = Demo::start("tel-talk");
    let browser = Browser::at(&demo);
    let mut caller = browser.page("101", "speak=true&page=a&keep=true");
    let mut called = browser.page("102", "speak=true&page=b");
    caller.say(r#"{"act":"off-hook"}"#);
    caller.until("dial tone", |page| page.share(350.0) > 0.4);
    caller.say(r#"{"act":{"dial":{"digits":"102","pulse":false}}}"#);
    called.until("ringing", |page| {
        page.state["ringing"] == true && page.state["display"]["caller"]["number"] == "101"
    });
    called.until("the bursts as marks", |page| {
        let has = |is_it: &dyn Fn(&Value) -> bool| page.marks.iter().any(is_it);
        has(&|mark| mark["what"] == "ring-began")
            && has(&|mark| mark["what"] == "caller-id" && mark["until"].as_f64() > mark["at"].as_f64())
    });
    called.say(r#"{"act":"off-hook"}"#);
    called.until("off-hook", |page| page.is("hook", "off"));
    is_heard(&mut caller, &mut called);
    is_heard(&mut called, &mut caller);
    // The connection is gone without a word; the page comes back.
    caller.socket.get_ref().shutdown(std::net::Shutdown::Both).unwrap();
    let mut caller = browser.page("101", "speak=true&page=a&keep=true");
    caller.until("the call as it was", |page| {
        page.is("hook", "off") && page.answers.iter().any(|answer| answer["speaker"] == true)
    });
    is_heard(&mut caller, &mut called);
    // One that does not want it kept hangs up with its connection.
    called.socket.get_ref().shutdown(std::net::Shutdown::Both).unwrap();
    let mut watcher = browser.page("102", "");
    watcher.until("on-hook", |page| page.is("hook", "on"));
}

#[test]
fn a_page_that_does_not_read_is_dropped_and_the_others_miss_nothing() {
    let demo = Demo::start("tel-slow");
    let browser = Browser::at(&demo);
    let mut slow = browser.page("101", "speak=true&page=a&scope=true");
    slow.until("the seat", |page| page.answers.iter().any(|answer| answer["speaker"] == true));
    let taken = || browser.ask("GET", "/api/v1/phones", "").1[0]["taken"].clone();
    assert_eq!(taken(), true);
    let mut good = browser.page("102", "");
    until("the end of the slow one", || {
        (0..100).for_each(|_| {
            good.take();
        });
        (taken() == false).then_some(())
    });
    assert_eq!(good.gaps, 0, "each tick came");
}

#[test]
fn the_exchange_calls_in_with_a_name_of_choice_and_its_line_is_cut() {
    let demo = Demo::start("tel-exchange");
    let browser = Browser::at(&demo);
    let (_, exchanges) = browser.ask("GET", "/api/v1/exchanges", "");
    assert_eq!(
        (&exchanges[0]["line"], &exchanges[0]["subscribers"][0]["name"]),
        (&Value::from("1"), &Value::from("MARY"))
    );
    let order = |body: &str| browser.ask("POST", "/api/v1/exchanges/1", body).1;
    let mut operator = browser.page("104", "speak=true&page=a&keep=true");
    let called = order(r#"{"call":{"subscriber":"5550188","number":"5551234","name":"ALICE"}}"#);
    assert_eq!(called["subscribers"][1]["doing"], "calls", "{called}");
    operator.until("the caller on the display", |page| {
        let caller = &page.state["display"]["caller"];
        caller["number"] == "5551234" && caller["name"] == "ALICE"
    });
    operator.say(r#"{"act":"off-hook"}"#);
    let mut line = browser.page("1", "scope=true");
    line.until("the line held", |page| page.scope.as_ref().is_some_and(|scope| scope.milliamps > 10.0));
    let short = line.scope.as_ref().unwrap().milliamps;
    assert_eq!(order(r#"{"loop":3000}"#)["ohms"], 3000.0);
    line.until("less current on a longer loop", |page| {
        page.scope.as_ref().is_some_and(|scope| scope.milliamps < 0.8 * short && scope.milliamps > 5.0)
    });
    assert_eq!(order(r#"{"noise":{"noise":-30,"hum":null}}"#)["noise"], -30.0);
    let mut operator = browser.page("104", "");
    operator.until("noise", |page| {
        let power: f32 = page.sound.iter().map(|sample| f32::from(*sample).powi(2)).sum();
        page.sound.len() == JUDGED * TICK && power / page.sound.len() as f32 > 150.0_f32.powi(2)
    });
    order(r#"{"cut":true}"#);
    let mut line = browser.page("1", "scope=true");
    line.until("no battery", |page| page.scope.as_ref().is_some_and(|scope| scope.volts.abs() < 3.0));
    assert_eq!(browser.status("POST", "/api/v1/exchanges/1", r#"{"loop":99999}"#), 422);
    assert_eq!(browser.status("POST", "/api/v1/exchanges/7", r#"{"cut":true}"#), 404);
}
