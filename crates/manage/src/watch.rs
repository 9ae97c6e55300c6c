//! Files of the configuration that are edited while the gateway runs: applied as soon as nobody writes any more.
//!
//! # How
//! Once a second it is looked whether a file of the configuration, or one that it names, has another time, length or place on the
//! disk. Two looks that find the same say that it is whole. What comes by the gateway's own edits is known already.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::Duration;

use crate::desk::Desk;

/// How often is looked.
const LOOK: Duration = Duration::from_secs(1);

/// What tells that a file is another one than before.
type Sign = (PathBuf, Option<(i64, i64, u64, u64)>);

/// Applies edits until the gateway stops.
pub async fn watch(desk: Desk) {
    let mut last = signs(&desk).await;
    let mut edited = false;
    loop {
        tokio::time::sleep(LOOK).await;
        let now = signs(&desk).await;
        if now != last {
            last = now;
            edited = true;
        } else if core::mem::take(&mut edited) && is_news(&desk).await {
            desk.read_again().await;
        }
    }
}

async fn is_news(desk: &Desk) -> bool {
    desk.configuration.lock().await.as_ref().is_some_and(|configuration| !configuration.has_seen())
}

async fn signs(desk: &Desk) -> Vec<Sign> {
    let files = desk.configuration.lock().await.as_ref().map(|own| own.watched()).unwrap_or_default();
    let sign = |path: PathBuf| {
        let found = std::fs::metadata(&path).ok();
        let sign = found.map(|found| (found.mtime(), found.mtime_nsec(), found.size(), found.ino()));
        (path, sign)
    };
    files.into_iter().map(sign).collect()
}
