//! `tipring user`: who may use the web page and the API.

use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::{Subcommand, ValueEnum};
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
use tipring_manage::protocol::{Password, UserAct};
use tipring_manage::web::access::Role;

use crate::client;

/// What is to be done with users.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// List users and tokens
    List,
    /// Add a user; the password is asked for, or read as a line of the standard input
    Add {
        /// The name
        name: String,
        /// What the user may do
        #[arg(long, value_enum, default_value_t = Of::Administrator)]
        role: Of,
    },
    /// Give a user another password, which is asked for, or read as a line of the standard input
    Password {
        /// The name
        name: String,
    },
    /// Take a user out
    Remove {
        /// The name
        name: String,
    },
    /// Make a token for a program, which is printed this once
    Token {
        /// The name
        name: String,
        /// What it lets do
        #[arg(long, value_enum, default_value_t = Of::Viewer)]
        role: Of,
    },
    /// Take a token out
    Revoke {
        /// The name
        name: String,
    },
}

/// A role by its word.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Of {
    /// Look
    Viewer,
    /// Also test lines and put them in and out of service
    Operator,
    /// Everything
    Administrator,
}

impl From<Of> for Role {
    fn from(of: Of) -> Self {
        match of {
            Of::Viewer => Self::Viewer,
            Of::Operator => Self::Operator,
            Of::Administrator => Self::Administrator,
        }
    }
}

/// Does it.
pub fn command(dir: Option<&Path>, command: UserCommand) -> Result<ExitCode> {
    let act = match command {
        UserCommand::List => UserAct::List,
        UserCommand::Add { name, role } => UserAct::Add { name, role: role.into(), password: password()? },
        UserCommand::Password { name } => UserAct::Password { name, password: password()? },
        UserCommand::Remove { name } => UserAct::Remove { name },
        UserCommand::Token { name, role } => UserAct::Token { name, role: role.into() },
        UserCommand::Revoke { name } => UserAct::Revoke { name },
    };
    client::people(dir, act)
}

/// The password: asked for twice on a terminal, without showing it; else a line.
fn password() -> Result<Password> {
    if !std::io::stdin().is_terminal() {
        return line().map(Password);
    }
    let first = unseen("Password: ")?;
    ensure!(unseen("Once more: ")? == first, "the two are not the same; nothing is changed");
    Ok(Password(first))
}

fn line() -> Result<String> {
    let mut text = String::new();
    let read = std::io::stdin().lock().read_line(&mut text).context("the password cannot be read")?;
    ensure!(read > 0, "no password: write it as a line of the standard input");
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

/// A line of the terminal, not shown while it is typed.
fn unseen(prompt: &str) -> Result<String> {
    let terminal = std::io::stdin();
    eprint!("{prompt}");
    std::io::stderr().flush()?;
    let before = tcgetattr(&terminal)?;
    let mut quiet = before.clone();
    quiet.local_flags.remove(LocalFlags::ECHO);
    quiet.local_flags.insert(LocalFlags::ECHONL);
    tcsetattr(&terminal, SetArg::TCSAFLUSH, &quiet)?;
    let text = line();
    // Even where nothing could be read.
    tcsetattr(&terminal, SetArg::TCSAFLUSH, &before)?;
    text
}
