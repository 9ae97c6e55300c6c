//! The control socket: for the user who runs the gateway alone, one question a connection.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tipring_store::MAX_BACKUP;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc};

use crate::desk::Desk;
use crate::protocol::{Ask, Envelope, MAX_ASK, Reply, VERSION};
use crate::state::SOCKET_FILE;

/// Connections at a time; further ones wait.
const MAX_CLIENTS: usize = 64;
/// Lines of an answer on their way, at the most.
const MAX_REPLIES: usize = 64;
/// A question that is not whole within this time is none.
const ASK_PATIENCE: Duration = Duration::from_secs(10);
/// A file that is not whole within this time does not come.
const BODY_PATIENCE: Duration = Duration::from_secs(60);
/// A reader that takes nothing for this long is left.
const READ_PATIENCE: Duration = Duration::from_secs(30);
/// What everybody is told while the gateway stops.
const STOPPING: &str = "The gateway is stopping: it releases its calls and deregisters, and answers no more.";

/// The socket; its file goes with it.
#[derive(Debug)]
pub struct ControlSocket {
    listener: UnixListener,
    _file: SocketFile,
}

#[derive(Debug)]
struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Where it cannot be removed, the next start takes it for one that a killed gateway left.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl ControlSocket {
    /// Opens the socket in `dir`, which is claimed.
    pub fn open(dir: &Path) -> Result<Self> {
        let path = dir.join(SOCKET_FILE);
        let shown = path.display().to_string();
        let listener = UnixListener::bind(&path).with_context(|| format!("{shown}: no control socket"))?;
        let file = SocketFile(path);
        std::fs::set_permissions(&file.0, std::fs::Permissions::from_mode(0o600)).context(shown)?;
        Ok(Self { listener, _file: file })
    }

    /// Serves until it is dropped.
    pub async fn serve(&self, desk: Desk) {
        self.receive(Some(desk)).await;
    }

    /// Tells everybody that the gateway stops, until it is dropped.
    pub async fn turn_away(&self) {
        self.receive(None).await;
    }

    async fn receive(&self, desk: Option<Desk>) {
        let seats = Arc::new(Semaphore::new(MAX_CLIENTS));
        let mut clients = tokio::task::JoinSet::new();
        loop {
            let Ok(seat) = Arc::clone(&seats).acquire_owned().await else { return };
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let desk = desk.clone();
                    clients.spawn(async move {
                        serve(stream, desk).await;
                        drop(seat);
                    });
                }
                Err(why) => {
                    tracing::warn!("the control socket: {why}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
            while clients.try_join_next().is_some() {}
        }
    }
}

async fn serve(stream: UnixStream, desk: Option<Desk>) {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader).take(MAX_ASK as u64);
    let mut line = Vec::new();
    let read = tokio::time::timeout(ASK_PATIENCE, reader.read_until(b'\n', &mut line)).await;
    // Somebody who only looks whether a gateway is here asks nothing.
    if !matches!(read, Ok(Ok(length)) if length > 0) {
        return;
    }
    let ask = match understand(&line) {
        Ok(ask) => ask,
        Err(why) => {
            write(&mut writer, &Reply::Failed(why)).await;
            return;
        }
    };
    let Ok(body) = body(reader.into_inner(), ask.length()).await else {
        write(&mut writer, &Reply::Failed("the file that follows the question did not come".to_owned()))
            .await;
        return;
    };
    let (mut reader, body) = body;
    let Some(desk) = desk else {
        write(&mut writer, &Reply::Failed(STOPPING.to_owned())).await;
        return;
    };
    let (out, mut replies) = mpsc::channel(MAX_REPLIES);
    let answer = async move { desk.answer(ask, body, &out).await };
    let deliver = async {
        let mut rest = [0; 1];
        loop {
            tokio::select! {
                reply = replies.recv() => match reply {
                    Some(reply) => if !write(&mut writer, &reply).await { return },
                    None => return,
                },
                // Who asked has gone: nothing more comes, and nothing more is wanted.
                read = reader.read(&mut rest) => if !matches!(read, Ok(1)) { return },
            }
        }
    };
    tokio::pin!(answer, deliver);
    tokio::select! {
        () = &mut deliver => {}
        () = &mut answer => deliver.await,
    }
}

/// The file that follows a question; what comes behind it is left.
async fn body<R: AsyncBufReadExt + Unpin>(mut reader: R, length: usize) -> Result<(R, Vec<u8>)> {
    ensure!(length <= MAX_BACKUP, "{length} bytes");
    let mut body = vec![0; length];
    tokio::time::timeout(BODY_PATIENCE, reader.read_exact(&mut body)).await??;
    Ok((reader, body))
}

async fn write(writer: &mut (impl AsyncWriteExt + Unpin), reply: &Reply) -> bool {
    let Ok(mut text) = serde_json::to_string(reply) else { return false };
    text.push('\n');
    matches!(tokio::time::timeout(READ_PATIENCE, writer.write_all(text.as_bytes())).await, Ok(Ok(())))
}

fn understand(line: &[u8]) -> Result<Ask, String> {
    if line.len() >= MAX_ASK && !line.ends_with(b"\n") {
        return Err(format!("a question of more than {MAX_ASK} bytes"));
    }
    let envelope: Envelope =
        serde_json::from_slice(line).map_err(|why| format!("this is no question: {why}"))?;
    if envelope.version != VERSION {
        return Err(format!(
            "this gateway speaks version {VERSION} of the control protocol, the command version {}. Use the \
             `tipring` that runs, or start the gateway again",
            envelope.version
        ));
    }
    serde_json::from_value(envelope.ask).map_err(|why| format!("this gateway does not know that: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_in_another_version_is_told_so() {
        let told = understand(br#"{"version":9,"ask":{"dance":{}}}"#).unwrap_err();
        assert!(told.contains("version 1") && told.contains("version 9"), "{told}");
        assert!(understand(b"hello\n").unwrap_err().contains("no question"));
        assert!(understand(br#"{"version":1,"ask":{"dance":{}}}"#).unwrap_err().contains("does not know"));
        assert!(understand(&vec![b' '; MAX_ASK]).unwrap_err().contains("more than"));
        let ask = br#"{"version":1,"ask":{"status":{"number":null,"json":true}}}"#;
        assert_eq!(understand(ask), Ok(Ask::Status { number: None, json: true }));
    }
}
