//! What monitoring asks: figures for Prometheus, health and readiness.
//!
//! # What it does
//! `GET /metrics` for who is logged in or has a token, and without a login where both the listener and the asker are on a loopback. `GET /health`: the
//! control plane answers. `GET /ready`: the media threads tick, too. Both are for anybody: they tell one word.
//!
//! # How
//! The figures are taken from the same picture as the status, when they are asked for.
//!
//! # Standard
//! OpenMetrics 1.0, which Prometheus reads by its content type.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tipring_gateway::{ReachStatus, Request, ServerStatus, Status};

use super::Face;
use super::bounded::Remote;
use super::guard::who;
use super::problem::{Answer, Problem};
use crate::desk::Totals;
use crate::service::Pulse;

/// A gateway that takes longer to answer is not well.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often is looked whether media threads tick.
const LOOK: Duration = Duration::from_millis(20);
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The resources of monitoring.
pub fn router() -> Router<Face> {
    Router::new().route("/metrics", get(show)).route("/health", get(health)).route("/ready", get(ready))
}

async fn show(
    State(face): State<Face>,
    ConnectInfo(Remote(from)): ConnectInfo<Remote>,
    headers: HeaderMap,
) -> Answer<Response> {
    let is_known = || who(&face, &headers).is_some_and(|who| !who.first);
    let is_here = face.here.address.ip().is_loopback() && from.ip().is_loopback();
    if !is_here && !is_known() {
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "Nobody is logged in here.")
            .remedy("Log in, bring a token (Authorization: Bearer), or ask from the gateway's own machine where the page is on a loopback."));
    }
    let status = face.desk.whole().await?;
    let text = text(&status, face.desk.ledger.totals());
    Ok(([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response())
}

async fn health(State(face): State<Face>) -> Response {
    match tokio::time::timeout(PATIENCE, face.desk.asker.ask(Request::Status)).await {
        Ok(Ok(_)) => word(StatusCode::OK, "healthy\n"),
        Ok(Err(_)) | Err(_) => word(StatusCode::SERVICE_UNAVAILABLE, "the control plane does not answer\n"),
    }
}

async fn ready(State(face): State<Face>) -> Response {
    let asker = &face.desk.asker;
    let first = Pulse::of(asker);
    let ticking = async {
        loop {
            tokio::time::sleep(LOOK).await;
            // All of them since the first look.
            if first.clone().feel(asker, PATIENCE).await.is_ok() {
                return;
            }
        }
    };
    if *face.stopping.borrow() {
        return word(StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    match tokio::time::timeout(PATIENCE, ticking).await {
        Ok(()) => word(StatusCode::OK, "ready\n"),
        Err(_) => word(StatusCode::SERVICE_UNAVAILABLE, "a thread of the gateway stands still\n"),
    }
}

fn word(status: StatusCode, text: &'static str) -> Response {
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

type Labels = Vec<(&'static str, String)>;

/// The figures of one scrape.
struct Sheet(Registry);

impl Sheet {
    fn gauges(&mut self, name: &str, help: &str, rows: impl IntoIterator<Item = (Labels, f64)>) {
        let family = Family::<Labels, Gauge<f64, std::sync::atomic::AtomicU64>>::default();
        for (labels, value) in rows {
            family.get_or_create(&labels).set(value);
        }
        self.0.register(name, help, family);
    }

    fn counters(&mut self, name: &str, help: &str, rows: impl IntoIterator<Item = (Labels, f64)>) {
        let family = Family::<Labels, Counter<f64, std::sync::atomic::AtomicU64>>::default();
        for (labels, value) in rows {
            family.get_or_create(&labels).inc_by(value);
        }
        self.0.register(name, help, family);
    }

    fn gauge(&mut self, name: &str, help: &str, value: f64) {
        self.gauges(name, help, [(Vec::new(), value)]);
    }
}

fn text(status: &Status, totals: Totals) -> String {
    let mut sheet = Sheet(Registry::with_prefix("tipring"));
    let version = vec![("version", env!("CARGO_PKG_VERSION").to_owned()), ("name", status.name.clone())];
    sheet.gauges("build_info", "The program's version and the gateway's name", [(version, 1.0)]);
    sheet.gauge("up_seconds", "Seconds since the start", status.up_seconds as f64);
    sheet.gauge("configuration_revision", "The configuration in force", status.revision as f64);
    sheet.gauge("alarms", "What needs a person", status.alarms.len() as f64);
    let lines = count(status.lines.iter().map(|line| {
        let kind = if line.outside { "outside" } else { "phone" };
        vec![("kind", kind.to_owned()), ("state", line.state.to_owned())]
    }));
    sheet.gauges("lines", "Line ports by what they do", lines);
    let faults = status.lines.iter().filter(|line| line.fault).count();
    sheet.gauge("line_faults", "Lines with a fault, or left off-hook", faults as f64);
    let users = status.users.iter().filter(|user| user.contact.is_some()).count();
    sheet.gauge("sip_phones_registered", "SIP phones that are registered here", users as f64);
    let calls = count(status.calls.iter().map(|call| vec![("state", call.state.to_owned())]));
    sheet.gauges("calls", "Calls under way", calls);
    let heard = |quality: &str| {
        let word = quality.split(':').next().unwrap_or_default();
        vec![("quality", word.to_ascii_lowercase())]
    };
    let rated = status.calls.iter().filter(|call| !call.quality.is_empty());
    sheet.gauges(
        "calls_by_quality",
        "Calls under way by their worse direction",
        count(rated.map(|call| heard(call.quality))),
    );
    let ended = [("yes", totals.answered), ("no", totals.ended - totals.answered)];
    let ended = ended.map(|(word, count)| (vec![("answered", word.to_owned())], count as f64));
    sheet.counters("calls_ended", "Calls that are over", ended);
    let talked = totals.talked_ms as f64 / 1000.0;
    sheet.counters("talk_seconds", "Time talked in calls that are over", [(Vec::new(), talked)]);
    servers(&mut sheet, &status.servers);
    let refused = status.refused_requests as f64;
    sheet.counters("refused_requests", "SIP requests that were refused", [(Vec::new(), refused)]);
    media(&mut sheet, status);
    let mut text = String::new();
    // A string takes all.
    let _ = encode(&mut text, &sheet.0);
    text
}

fn servers(sheet: &mut Sheet, servers: &[ServerStatus]) {
    let named = |server: &ServerStatus| vec![("server", server.name.clone())];
    let rows = |of: fn(&ServerStatus) -> f64| servers.iter().map(move |server| (named(server), of(server)));
    sheet.gauges(
        "server_accounts",
        "Accounts that should be registered",
        rows(|server| server.accounts as f64),
    );
    sheet.gauges("server_registered", "Accounts that are", rows(|server| server.registered as f64));
    let answers =
        |server: &ServerStatus| server.addresses.iter().any(|address| address.reach == ReachStatus::Answers);
    sheet.gauges(
        "server_answers",
        "1 while an address of the server answers",
        servers.iter().map(|server| (named(server), f64::from(u8::from(answers(server))))),
    );
    let latency = servers.iter().filter_map(|server| {
        let used = server.addresses.iter().find(|address| address.in_use)?;
        Some((named(server), used.latency_micros? as f64 / 1e6))
    });
    sheet.gauges("server_latency_seconds", "How long the address in use took to answer", latency);
}

fn media(sheet: &mut Sheet, status: &Status) {
    let shards = || status.media.iter().map(|media| (vec![("shard", media.shard.clone())], media));
    let rows = |of: fn(&tipring_gateway::MediaStatus) -> f64| {
        shards().map(move |(labels, media)| (labels, of(media)))
    };
    sheet.counters("media_ticks", "Ticks of 10 ms that were done", rows(|media| media.ticks as f64));
    sheet.counters(
        "media_late_ticks",
        "Ticks that began more than 5 ms late",
        rows(|media| media.late as f64),
    );
    sheet.counters("media_unsent", "Datagrams that the system refused", rows(|media| media.unsent as f64));
    let longest = rows(|media| media.longest_micros as f64 / 1e6);
    sheet.gauges("media_longest_tick_seconds", "The longest tick since the start", longest);
}

fn count(labels: impl Iterator<Item = Labels>) -> Vec<(Labels, f64)> {
    let mut counts = BTreeMap::<Labels, f64>::new();
    for labels in labels {
        *counts.entry(labels).or_default() += 1.0;
    }
    counts.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use tipring_gateway::{AddressStatus, CallStatus, LineStatus, MediaStatus, UserStatus};

    use super::*;

    /// One of everything.
    fn full() -> Status {
        let line = LineStatus {
            number: "101".into(),
            name: "Room \"1\"\n".into(),
            port: "sim/1".into(),
            state: "talking",
            for_seconds: 1,
            fault: true,
            messages: false,
            outside: false,
            volts: None,
            milliamps: None,
        };
        let address = AddressStatus {
            name: "pbx".into(),
            address: ([192, 0, 2, 1], 5060).into(),
            in_use: true,
            reach: ReachStatus::Answers,
            latency_micros: Some(4_000),
        };
        let server = ServerStatus {
            name: "pbx \"1\"".into(),
            transport: "UDP",
            address: Some(address.address),
            addresses: vec![address],
            registered: 1,
            accounts: 2,
            trouble: Vec::new(),
        };
        let call = CallStatus {
            call: 1,
            from: "101".into(),
            to: "102".into(),
            via: String::new(),
            by: String::new(),
            state: "talking",
            for_seconds: 3,
            codec: "G.711u",
            loss: Some(0),
            quality: "FAIR: network",
            here: None,
            there: None,
        };
        let media = MediaStatus {
            shard: "shard-0".into(),
            ticks: 100,
            late: 2,
            late_last_minute: 0,
            late_full_minute: 0,
            troubled_seconds: None,
            longest_micros: 1500,
            unsent: 1,
        };
        Status {
            name: "tower-a".into(),
            up_seconds: 9,
            revision: 3,
            waiting: Vec::new(),
            next_start: Vec::new(),
            alarms: Vec::new(),
            servers: vec![server],
            lines: vec![LineStatus { state: "idle", fault: false, ..line.clone() }, line],
            users: vec![UserStatus { number: "201".into(), contact: Some(([192, 0, 2, 2], 5060).into()) }],
            calls: vec![call],
            refused_requests: 7,
            media: vec![media],
        }
    }

    #[test]
    fn figures_of_the_picture_are_told_and_names_are_quoted() {
        let told = text(&full(), Totals { ended: 5, answered: 3, talked_ms: 61_500 });
        for line in [
            "tipring_lines{kind=\"phone\",state=\"idle\"} 1.0",
            "tipring_line_faults 1.0",
            "tipring_calls_by_quality{quality=\"fair\"} 1.0",
            "tipring_calls_ended_total{answered=\"no\"} 2.0",
            "tipring_talk_seconds_total 61.5",
            "tipring_server_registered{server=\"pbx \\\"1\\\"\"} 1.0",
            "tipring_server_answers{server=\"pbx \\\"1\\\"\"} 1.0",
            "tipring_server_latency_seconds{server=\"pbx \\\"1\\\"\"} 0.004",
            "tipring_media_late_ticks_total{shard=\"shard-0\"} 2.0",
            "tipring_media_longest_tick_seconds{shard=\"shard-0\"} 0.0015",
            "tipring_refused_requests_total 7.0",
        ] {
            assert!(told.lines().any(|known| known.replace("{} ", " ") == line), "{line} is not in\n{told}");
        }
        assert!(told.ends_with("# EOF\n"));
    }

    #[test]
    fn every_metric_of_the_dashboard_exists_and_every_metric_is_on_it() {
        let dashboard = include_str!("../../../../packaging/grafana.json");
        let board: serde_json::Value = serde_json::from_str(dashboard).unwrap();
        let panels = board["panels"].as_array().unwrap();
        let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
        let asked: String = targets.map(|target| format!("{} ", target["expr"].as_str().unwrap())).collect();
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let asked: std::collections::BTreeSet<&str> =
            asked.split(|letter| !is_part(letter)).filter(|word| word.starts_with("tipring_")).collect();
        let told = text(&full(), Totals::default());
        let samples = told.lines().filter(|line| !line.starts_with('#'));
        let known: std::collections::BTreeSet<&str> =
            samples.filter_map(|line| line.split(['{', ' ']).next()).collect();
        assert_eq!(asked, known);
    }
}
