//! What commands ask of a running gateway.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use tipring_manage::protocol::{ConfigAct, PhoneAct, Say};

use crate::cli::{ConfigCommand, PhoneCommand};

/// What is to be done with a configuration.
pub fn config(command: ConfigCommand) -> Result<ConfigAct> {
    let whole = |file: Option<PathBuf>| {
        let found = |file: PathBuf| {
            std::fs::canonicalize(&file).with_context(|| format!("{}: cannot be read", file.display()))
        };
        file.map(found).transpose()
    };
    Ok(match command {
        ConfigCommand::Diff { file } => ConfigAct::Diff(whole(file)?),
        ConfigCommand::Apply { file } => ConfigAct::Apply(whole(file)?),
        ConfigCommand::Show { name: Some(which), effective: true } => ConfigAct::Port(which),
        ConfigCommand::Show { name, effective: _ } => ConfigAct::Show(name),
        ConfigCommand::History => ConfigAct::History,
        ConfigCommand::Rollback { revision } => ConfigAct::Rollback(revision),
        ConfigCommand::ImportPlan { .. } | ConfigCommand::Backup { .. } | ConfigCommand::Restore { .. } => {
            bail!("no gateway is asked for that")
        }
    })
}

/// What a simulated telephone is to do.
pub fn phone(command: PhoneCommand) -> Result<PhoneAct> {
    Ok(match command {
        PhoneCommand::OffHook => PhoneAct::OffHook,
        PhoneCommand::OnHook => PhoneAct::OnHook,
        PhoneCommand::Flash { length } => PhoneAct::Flash(length),
        PhoneCommand::Dial { digits, pulse } => PhoneAct::Dial { digits, pulse },
        PhoneCommand::Say { what } => PhoneAct::Say(Say::parse(&what)?),
        PhoneCommand::Hush => PhoneAct::Hush,
        PhoneCommand::Hear => PhoneAct::Hear,
    })
}
