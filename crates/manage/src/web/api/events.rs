//! What happens, as it happens (server-sent events).

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_core::Stream;
use serde::Serialize;
use tipring_gateway::Depth;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use utoipa::ToSchema;

use crate::web::{Face, stopped};

/// Pictures in a second: two.
const EACH: Duration = Duration::from_millis(500);

/// An event.
#[derive(Debug, Serialize, ToSchema)]
pub struct Happening {
    /// What: `status`, `log` or `lost`.
    #[schema(example = "log")]
    pub event: String,
    /// The whole picture as JSON, a line of the log, or a number.
    #[schema(example = "12:03:07.120 101 off-hook")]
    pub data: String,
}

/// What happens, as it happens.
///
/// Server-sent events, each as it is described, that end when the gateway stops: `status` with the whole picture (that of `GET /status`), at once and then
/// twice a second where it changed; `log` with a line of the log as text; `lost` with the number of lines that were not sent, since
/// the reader was too slow.
#[utoipa::path(get, path = "/events", responses(
    (status = 200, description = "The stream.", body = Happening, content_type = "text/event-stream"),
))]
pub async fn stream(State(face): State<Face>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let (sender, mut events) = tokio::sync::mpsc::channel(64);
    tokio::spawn(feed(face, sender));
    Sse::new(futures_util::stream::poll_fn(move |cx| events.poll_recv(cx).map(|event| event.map(Ok))))
        .keep_alive(KeepAlive::default())
}

async fn feed(face: Face, out: tokio::sync::mpsc::Sender<Event>) {
    let (_, mut lines) = face.desk.logbook.read(0, |_| false);
    let mut ticks = interval_at(Instant::now(), EACH);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let stops = stopped(face.stopping.clone());
    tokio::pin!(stops);
    let mut last = String::new();
    loop {
        let event = tokio::select! {
            () = &mut stops => return,
            () = out.closed() => return,
            line = lines.recv() => match line {
                Ok(line) if line.depth == Depth::Plain => Event::default().event("log").data(&line.text),
                Ok(_) => continue,
                Err(RecvError::Lagged(lost)) => Event::default().event("lost").data(lost.to_string()),
                Err(RecvError::Closed) => return,
            },
            _ = ticks.tick() => {
                let Ok(status) = face.desk.whole().await else { return };
                let Ok(text) = serde_json::to_string(&status) else { return };
                if text == last {
                    continue;
                }
                last.clone_from(&text);
                Event::default().event("status").data(text)
            }
        };
        if out.send(event).await.is_err() {
            return;
        }
    }
}
