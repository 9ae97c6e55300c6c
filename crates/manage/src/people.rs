//! Users and tokens as the command line changes them: in a running gateway, or in the state directory of one that does not run.

use std::path::Path;

use anyhow::Result;

use crate::protocol::{Password, UserAct};
use crate::web::access::Role;
use crate::web::users::Users;

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Done {
    /// To be printed.
    pub lines: Vec<String>,
    /// For the log of what people did; nothing where nothing changed.
    pub audit: Option<String>,
    /// Whose sessions end.
    pub expelled: Option<String>,
}

/// Does it. A password takes a tenth of a second of computing.
pub fn act(users: &Users, act: UserAct) -> Result<Done> {
    let changed =
        |line: String, audit: String| Done { lines: vec![line], audit: Some(audit), expelled: None };
    Ok(match act {
        UserAct::List => {
            let row = |kind: &str, (name, role): (String, Role)| format!("{kind} {name}  {}", role.titled());
            let named = users.list().into_iter().map(|user| row("user ", user));
            let lines: Vec<String> =
                named.chain(users.tokens().into_iter().map(|token| row("token", token))).collect();
            let none = || vec!["Nobody. Add somebody: tipring user add NAME".to_owned()];
            Done { lines: if lines.is_empty() { none() } else { lines }, audit: None, expelled: None }
        }
        UserAct::Add { name, role, password: Password(password) } => {
            users.add(&name, role, &password)?;
            changed(format!("{name} is {}.", role.titled()), format!("adds user {name}"))
        }
        UserAct::Password { name, password: Password(password) } => {
            users.set_password(&name, &password)?;
            let line = format!("{name} has another password; whoever was logged in by the old one is out.");
            Done { expelled: Some(name.clone()), ..changed(line, format!("changes the password of {name}")) }
        }
        UserAct::Remove { name } => {
            users.remove(&name)?;
            let line = format!("{name} is no user any more.");
            Done { expelled: Some(name.clone()), ..changed(line, format!("removes user {name}")) }
        }
        UserAct::Token { name, role } => {
            let token = users.add_token(&name, role)?;
            let mut done = changed(token, format!("makes token {name}"));
            done.lines.push(format!(
                "It is shown this once. A program sends it as: Authorization: Bearer TOKEN. It may what {} may.",
                role.titled()
            ));
            done
        }
        UserAct::Revoke { name } => {
            users.remove_token(&name)?;
            changed(format!("Token {name} is good no more."), format!("removes token {name}"))
        }
    })
}

/// Does it in the state directory of a gateway that does not run.
pub fn act_in(dir: &Path, what: UserAct) -> Result<Vec<String>> {
    Ok(act(&Users::open(dir)?, what)?.lines)
}
