//! A port: how it is, and what can be done with it.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tipring_gateway::{LineKind, LineSite, LineStatus, Request, Response, TestRow, test_rows};
use tipring_store::CallRow;
use tipring_units::{CallId, LineId};
use utoipa::ToSchema;

use super::document::{Conflict, Unknown};
use super::records::rows;
use super::{Body, Path, Told};
use crate::web::Face;
use crate::web::access::Who;
use crate::web::lessons::Learning;
use crate::web::problem::{Answer, Problem};

/// Calls of a port that are shown.
const LATEST: usize = 20;

/// A port.
#[derive(Debug, Serialize, ToSchema)]
pub struct Port {
    /// How it is, measured now.
    pub port: LineStatus,
    /// Its telephone, or its exchange, is simulated.
    pub simulated: bool,
    /// Its latest calls, the newest first.
    pub records: Vec<CallRow>,
}

/// Whether a port serves.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// It is to serve.
    pub in_service: bool,
}

/// What a line returns under each network that its card can present.
#[derive(Debug, Serialize, ToSchema)]
pub struct Balance {
    /// Each network, in the order of measurement.
    pub networks: Vec<NetworkLoss>,
    /// The network that the line has by its configuration.
    pub own: String,
    /// The network under which the least comes back.
    pub best: Option<String>,
}

/// What a line returns under a network.
#[derive(Debug, Serialize, ToSchema)]
pub struct NetworkLoss {
    /// The network.
    pub name: String,
    /// Echo return loss over the band (ITU-T G.122), in dB.
    pub loss_db: f32,
}

/// What the test of a telephone's line found.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tested {
    /// `passed`, `failed` or `not measured`.
    #[schema(example = "passed")]
    pub verdict: String,
    /// Item by item.
    pub items: Vec<TestRow>,
    /// The figures.
    pub measured: TestFigures,
}

/// The figures of a line test; `null`: not measured.
#[derive(Debug, Serialize, ToSchema)]
pub struct TestFigures {
    /// Tip minus ring on battery, on-hook.
    pub battery_volts: Option<f32>,
    /// Direct voltage without battery.
    pub foreign_direct_volts: Option<f32>,
    /// Alternating voltage without battery (RMS).
    pub foreign_alternating_volts: Option<f32>,
    /// Between the wires on-hook, up to 1 Mohm; of a loop that is closed, its own.
    pub resistance_ohms: Option<f32>,
    /// A receiver is off the hook, or the wires touch.
    pub loop_closed: Option<bool>,
    /// What the ringing source sees.
    pub ringers_ren: Option<f32>,
}

/// A number that a telephone would dial.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Dialled {
    /// The telephone's number.
    #[schema(example = "101")]
    pub number: String,
    /// What it dials.
    #[schema(example = "9911")]
    pub digits: String,
    /// The time of day, as 18:30; without it now.
    #[serde(default)]
    #[schema(example = "18:30")]
    pub at: Option<String>,
    /// As while no server answers.
    #[serde(default)]
    pub offline: bool,
}

/// The line of a name: a telephone's number, a port (`sim/1`, with its slash written %2F), or `line-1` for outside line 1.
fn find(face: &Face, name: &str) -> Answer<(LineId, LineSite)> {
    let site = face.desk.asker.site();
    let outside = name.strip_prefix("line-").map(|number| format!("line.{number}"));
    let found = site.find(outside.as_deref().unwrap_or(name)).map(|(line, place)| (line, place.clone()));
    found.ok_or_else(|| {
        Problem::unknown("telephone or line", name).field("number").remedy("GET /api/v1/ports lists them.")
    })
}

async fn measured(face: &Face, line: &LineSite) -> Answer<LineStatus> {
    let lines = face.desk.picture(Request::Lines).await?.lines;
    lines
        .into_iter()
        .find(|other| other.port == line.port)
        .ok_or_else(|| Problem::unknown("line", &line.port))
}

/// A port, measured now, with its latest calls.
#[utoipa::path(
    get,
    path = "/ports/{number}",
    params(("number" = String, Path, description = "A telephone's number, a line port (`sim/1`, with its slash written `%2F`), or `line-1` for outside line 1.", example = "101")),
    responses((status = 200, description = "The port.", body = Port), Unknown, Conflict),
)]
pub async fn one(State(face): State<Face>, Path(number): Path<String>) -> Answer<Json<Port>> {
    let (_, line) = find(&face, &number)?;
    let port = measured(&face, &line).await?;
    let (own, label) = (line.port.clone(), line.label());
    let is_its = |row: &CallRow| {
        [&row.from_port, &row.to_port].contains(&&own) || [&row.came_by, &row.went_by].contains(&&label)
    };
    let records = rows(&face, LATEST, is_its).await?;
    Ok(Json(Port { simulated: port.port.starts_with("sim/"), port, records }))
}

/// Put a port in or out of service.
#[utoipa::path(
    post,
    path = "/ports/{number}/service",
    security(("role" = ["operator"])),
    params(("number" = String, Path, description = "The port, as in `GET /ports/{number}`.", example = "101")),
    request_body = Service,
    responses((status = 200, description = "The port as it is then.", body = LineStatus), Unknown, Conflict),
)]
pub async fn service(
    State(face): State<Face>,
    who: Who,
    Path(number): Path<String>,
    Body(body): Body<Service>,
) -> Answer<Json<LineStatus>> {
    let (id, line) = find(&face, &number)?;
    done(face.desk.asker.ask(Request::InService(id, body.in_service)).await?)?;
    let word = if body.in_service { "in" } else { "out of" };
    face.audit(&who, &format!("puts {} {word} service", line.label()));
    Ok(Json(measured(&face, &line).await?))
}

/// What the line returns under each network.
///
/// Lift the receiver first: an open line returns everything. Takes some six seconds; the telephone hears the test.
#[utoipa::path(
    post,
    path = "/ports/{number}/balance",
    security(("role" = ["operator"])),
    params(("number" = String, Path, description = "The port, as in `GET /ports/{number}`.", example = "101")),
    responses((status = 200, description = "The measurement.", body = Balance), Unknown, Conflict),
)]
pub async fn balance(State(face): State<Face>, Path(number): Path<String>) -> Answer<Json<Balance>> {
    let (id, line) = find(&face, &number)?;
    let report = crate::balance::report(&face.desk.asker, id, &line).await?;
    let network =
        |loss: &tipring_port::EchoLoss| NetworkLoss { name: loss.network.to_string(), loss_db: loss.loss.0 };
    Ok(Json(Balance {
        networks: report.losses.iter().map(network).collect(),
        own: report.own.to_string(),
        best: report.best().map(|best| best.network.to_string()),
    }))
}

/// Begin anew with a port.
///
/// Its calls end, and it is as at the start.
#[utoipa::path(
    post,
    path = "/ports/{number}/restart",
    security(("role" = ["operator"])),
    params(("number" = String, Path, description = "The port, as in `GET /ports/{number}`.", example = "101")),
    responses((status = 200, description = "How it is.", body = LineStatus), Unknown, Conflict),
)]
pub async fn restart(
    State(face): State<Face>,
    who: Who,
    Path(number): Path<String>,
) -> Answer<Json<LineStatus>> {
    let (id, line) = find(&face, &number)?;
    done(face.desk.asker.ask(Request::Restart(id)).await?)?;
    face.audit(&who, &format!("restarts {}", line.label()));
    Ok(Json(measured(&face, &line).await?))
}

/// Learn how an exchange clears.
///
/// How the exchange of an outside line tells that its far end hung up is recorded at the next call that comes in, within five
/// minutes; `GET` tells how far that is.
#[utoipa::path(
    post,
    path = "/ports/{number}/learn",
    security(("role" = ["operator"])),
    params(("number" = String, Path, description = "The outside line, as in `GET /ports/{number}`.", example = "line-1")),
    responses((status = 202, description = "It listens.", body = Learning), Unknown, Conflict),
)]
pub async fn learn(
    State(face): State<Face>,
    who: Who,
    Path(number): Path<String>,
) -> Answer<(StatusCode, Json<Learning>)> {
    let (_, line) = find(&face, &number)?;
    if line.kind != LineKind::Outside {
        let detail =
            format!("{} is a telephone; how an exchange clears is learned on an outside line.", line.label());
        return Err(Problem::new(StatusCode::CONFLICT, detail).field("number"));
    }
    let begun = face.lessons.begin(&face.desk, &line.number);
    let Some(begun) = begun else {
        return Err(Problem::new(StatusCode::CONFLICT, format!("{} is learning already.", line.label()))
            .remedy("Call in on it, wait for three short tones, hang up."));
    };
    face.audit(&who, &format!("has {} learn how its exchange clears", line.label()));
    Ok((StatusCode::ACCEPTED, Json(begun)))
}

/// What an outside line learned.
#[utoipa::path(
    get,
    path = "/ports/{number}/learn",
    params(("number" = String, Path, description = "The outside line, as in `GET /ports/{number}`.", example = "line-1")),
    responses((status = 200, description = "How far it is, and what was learned.", body = Learning), Unknown),
)]
pub async fn learned(State(face): State<Face>, Path(number): Path<String>) -> Answer<Json<Learning>> {
    let (_, line) = find(&face, &number)?;
    Ok(Json(face.lessons.of(&line.number)))
}

/// Test a telephone's line.
///
/// Battery, foreign voltage, leak, receiver and ringers; takes some two seconds. Refused while the line is in use; whoever lifts the
/// telephone or calls it goes before.
#[utoipa::path(
    post,
    path = "/ports/{number}/test",
    security(("role" = ["operator"])),
    params(("number" = String, Path, description = "The port, as in `GET /ports/{number}`.", example = "101")),
    responses((status = 200, description = "What was found.", body = Tested), Unknown, Conflict),
)]
pub async fn test(State(face): State<Face>, who: Who, Path(number): Path<String>) -> Answer<Json<Tested>> {
    let (id, line) = find(&face, &number)?;
    let tested = crate::line_test::report(&face.desk.asker, id, &line).await?;
    face.audit(&who, &format!("tests {}", line.label()));
    Ok(Json(Tested {
        verdict: tested.whole().word().to_owned(),
        items: test_rows(&tested),
        measured: TestFigures {
            battery_volts: tested.battery.map(|volts| volts.0),
            foreign_direct_volts: tested.foreign.map(|foreign| foreign.direct.0),
            foreign_alternating_volts: tested.foreign.map(|foreign| foreign.alternating.0),
            resistance_ohms: tested.resistance.map(|ohms| ohms.0),
            loop_closed: tested.closed,
            ringers_ren: tested.ringers.map(|ren| ren.0),
        },
    }))
}

/// End a call.
#[utoipa::path(
    delete,
    path = "/calls/{call}",
    security(("role" = ["operator"])),
    params(("call" = u64, Path, description = "Its number.", example = 2)),
    responses((status = 204, description = "It is over."), Unknown, Conflict),
)]
pub async fn clear(State(face): State<Face>, who: Who, Path(call): Path<u64>) -> Answer<StatusCode> {
    let calls = face.desk.picture(Request::Status).await?.calls;
    if !calls.iter().any(|other| other.call == call) {
        return Err(Problem::unknown("call under way of number", &call.to_string()).field("call"));
    }
    done(face.desk.asker.ask(Request::Clear(CallId(call))).await?)?;
    face.audit(&who, &format!("ends call {call}"));
    Ok(StatusCode::NO_CONTENT)
}

/// Where a number goes, digit by digit.
///
/// Without a call.
#[utoipa::path(post, path = "/explain", security(("role" = ["viewer"])), request_body = Dialled, responses((status = 200, description = "The way of the number.", body = Told), Unknown))]
pub async fn explain(State(face): State<Face>, Body(body): Body<Dialled>) -> Answer<Json<Told>> {
    let Dialled { number, digits, at, offline } = &body;
    let explained = face.desk.explain(number, digits, at.as_deref(), *offline).await;
    let explained = explained.map_err(|why| match why.downcast::<tipring_host::Gone>() {
        Ok(gone) => gone.into(),
        Err(why) => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, format!("{why:#}")).field("at"),
    })?;
    match explained {
        Some(lines) => Ok(Json(Told { lines })),
        None => Err(Problem::unknown("telephone", &body.number).field("number")),
    }
}

fn done(response: Response) -> Answer<()> {
    match response {
        Response::Done => Ok(()),
        Response::Refused(why) => Err(Problem::new(StatusCode::CONFLICT, why)),
        _ => Err(unexpected()),
    }
}

fn unexpected() -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "The gateway answered something else.")
}
