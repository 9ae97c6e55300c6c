//! A port: how it is, and what can be done with it.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tipring_gateway::{LineSite, LineStatus, Request, Response};
use tipring_store::CallRow;
use tipring_units::{CallId, LineId};

use super::Body;
use super::records::rows;
use crate::explain::{Moment, explained};
use crate::web::Face;
use crate::web::access::{Role, Who};
use crate::web::problem::{Answer, Problem};

/// Calls of a port that are shown.
const LATEST: usize = 20;

/// A port.
#[derive(Debug, Serialize)]
pub struct Port {
    /// How it is, measured now.
    pub port: LineStatus,
    /// Its telephone, or its exchange, is simulated.
    pub simulated: bool,
    /// Its latest calls, the newest first.
    pub records: Vec<CallRow>,
}

/// Whether a port serves.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// It is to serve.
    pub in_service: bool,
}

/// A number that a telephone would dial.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dialled {
    /// The telephone's number.
    pub number: String,
    /// What it dials.
    pub digits: String,
    /// The time of day, as 18:30; without it now.
    #[serde(default)]
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

/// `GET /ports/{number}`.
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

/// `POST /ports/{number}/service`: in or out of service.
pub async fn service(
    State(face): State<Face>,
    who: Who,
    Path(number): Path<String>,
    Body(body): Body<Service>,
) -> Answer<Json<LineStatus>> {
    who.needs(Role::Operator)?;
    let (id, line) = find(&face, &number)?;
    done(face.desk.asker.ask(Request::InService(id, body.in_service)).await?)?;
    let word = if body.in_service { "in" } else { "out of" };
    face.audit(&who, &format!("puts {} {word} service", line.label()));
    Ok(Json(measured(&face, &line).await?))
}

/// `POST /ports/{number}/balance`: what the line returns under each network, in dB; takes some six seconds.
pub async fn balance(State(face): State<Face>, who: Who, Path(number): Path<String>) -> Answer<Json<Value>> {
    who.needs(Role::Operator)?;
    let (id, _) = find(&face, &number)?;
    match face.desk.asker.ask(Request::Balance(id)).await? {
        Response::Balance(report) => {
            let network = |loss: &tipring_port::EchoLoss| json!({ "name": loss.network.to_string(), "loss_db": loss.loss.0 });
            Ok(Json(json!({
                "networks": report.losses.iter().map(network).collect::<Vec<_>>(),
                "own": report.own.to_string(),
                "best": report.best().map(|best| best.network.to_string()),
            })))
        }
        other => Err(done(other).err().unwrap_or_else(unexpected)),
    }
}

/// `DELETE /calls/{call}`: ends a call.
pub async fn clear(State(face): State<Face>, who: Who, Path(call): Path<u64>) -> Answer<StatusCode> {
    who.needs(Role::Operator)?;
    let calls = face.desk.picture(Request::Status).await?.calls;
    if !calls.iter().any(|other| other.call == call) {
        return Err(Problem::unknown("call under way of number", &call.to_string()).field("call"));
    }
    done(face.desk.asker.ask(Request::Clear(CallId(call))).await?)?;
    face.audit(&who, &format!("ends call {call}"));
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /explain`: where a number goes, digit by digit.
pub async fn explain(State(face): State<Face>, Body(body): Body<Dialled>) -> Answer<Json<Value>> {
    let site = face.desk.asker.site();
    let offline = body.offline || face.desk.is_offline().await?;
    let moment = Moment::new(body.at.as_deref(), offline, site.calls.offset_minutes)
        .map_err(|why| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, format!("{why:#}")).field("at"))?;
    match explained(&site.calls, &body.number, &body.digits, moment) {
        Some(lines) => Ok(Json(json!({ "lines": lines }))),
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
