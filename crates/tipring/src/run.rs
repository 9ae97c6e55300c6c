//! `tipring run`: the gateway of a configuration.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};
use tipring_config::Level;
use tipring_manage::parts::{self, SipSockets};
use tipring_manage::serve::{self, Claimed, Screen};
use tipring_manage::{check, state};

/// Runs the gateway of `config` until it is told to stop.
pub fn run(config: &Path, shards: usize, watches: bool, dir: Option<&Path>) -> Result<ExitCode> {
    let dir = dir.map_or_else(state::default_dir, Path::to_owned);
    // First: a restore that was interrupted is finished before the configuration is read.
    let claimed = Claimed::take(&dir)?;
    let claimed = if watches { claimed.watching() } else { claimed };
    let report = check::read(config)?;
    for finding in &report.findings {
        eprintln!("{finding}");
    }
    let Some(effective) = report.effective.clone() else {
        let count = report.of(Level::Error).count() + report.unlisted;
        bail!("{}: not accepted ({count} mistakes); nothing was started", config.display());
    };
    let (udp, tcp) = tipring_host::listen_sip(effective.listen)?;
    let bound = udp.local_addr()?;
    let reached = SocketAddr::new(parts::reached(&effective, bound.ip())?, bound.port());
    let welcome = vec![format!(
        "{} runs: {}, SIP on {reached}, state in {}.",
        effective.name,
        check::census(&effective),
        dir.display()
    )];
    serve::run(
        claimed,
        &effective,
        Some(config),
        SipSockets { udp, tcp },
        shards,
        None,
        Screen { welcome, live: false, page: true },
    )?;
    Ok(ExitCode::SUCCESS)
}
