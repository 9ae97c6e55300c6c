//! `tipring explain --config FILE`: where a number goes by a file, without a gateway.

use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Result, bail};
use tipring_manage::explain::{Moment, explained};
use tipring_manage::{check, plan_check, zone};
use tipring_units::WallTime;

use crate::client::print;

/// `tipring explain --config FILE`: by the file, without a gateway.
pub fn by_file(file: &Path, number: &str, digits: &str, at: Option<&str>, offline: bool) -> Result<ExitCode> {
    let report = check::read(file)?;
    let Some(effective) = &report.effective else {
        bail!("{} is not accepted: tipring check {0} tells why", file.display())
    };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let offset = zone::offset_minutes(WallTime(u64::try_from(now.as_micros()).unwrap_or_default()));
    let setup = plan_check::setup(effective, offset);
    let moment = Moment::new(at, offline, offset)?;
    let Some(lines) = explained(&setup, number, digits, moment) else {
        bail!("{}: there is no telephone {number}", file.display())
    };
    for line in lines {
        print(&line)?;
    }
    Ok(ExitCode::SUCCESS)
}
