//! Users and tokens, as they are kept in the state directory.
//!
//! # How
//! One file, written whole or not at all. Of passwords it has argon2id hashes (RFC 9106), of tokens digests: they are long and
//! random, so that nothing is gained by guessing slowly.

use std::fmt::Write as _;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, bail, ensure};
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::access::{Role, secret};
use crate::state;

/// The file's name in the state directory.
pub const USERS_FILE: &str = "users.json";
/// Users, and tokens, at the most.
const MAX_USERS: usize = 100;
/// Characters of a password, at the least.
const LEAST_PASSWORD: usize = 10;
/// Characters of a name or a password, at the most.
const MOST: usize = 128;
/// What a token begins with, so that one that leaked is found by those who look for such.
const TOKEN: &str = "tipring_";

/// A user, or a token of a program.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct User {
    /// The name.
    pub name: String,
    /// What he may do.
    pub role: Role,
    /// The hash of the password, or the digest of the token.
    hash: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    users: Vec<User>,
    tokens: Vec<User>,
}

/// The users of one gateway.
#[derive(Debug)]
pub struct Users {
    path: PathBuf,
    kept: Mutex<Kept>,
}

impl Users {
    /// Those of `dir`; none in a new one.
    ///
    /// # Errors
    /// If the file is damaged: without it anybody could make himself the first user.
    pub fn open(dir: &Path) -> Result<Self> {
        let path = dir.join(USERS_FILE);
        let kept = match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| {
                format!(
                    "{}: cannot be read as users. Restore it, or remove it and add them anew",
                    path.display()
                )
            })?,
            Err(why) if why.kind() == ErrorKind::NotFound => Kept::default(),
            Err(why) => return Err(why).with_context(|| path.display().to_string()),
        };
        Ok(Self { path, kept: Mutex::new(kept) })
    }

    /// Takes them from the disk again, where somebody else has put them.
    ///
    /// # Errors
    /// If the file is damaged; they stay as they were then.
    pub fn read_again(&self) -> Result<()> {
        let dir = self.path.parent().unwrap_or(Path::new("."));
        let fresh = Self::open(dir)?;
        *self.kept() = fresh.kept.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(())
    }

    /// Their names and roles.
    pub fn list(&self) -> Vec<(String, Role)> {
        named(&self.kept().users)
    }

    /// The tokens' names and roles.
    pub fn tokens(&self) -> Vec<(String, Role)> {
        named(&self.kept().tokens)
    }

    /// True if somebody may add users and edit all.
    pub fn has_administrator(&self) -> bool {
        self.kept().users.iter().any(|user| user.role == Role::Administrator)
    }

    /// Adds the first administrator, if there is none. Takes a tenth of a second of computing.
    pub fn add_first(&self, name: &str, password: &str) -> Result<()> {
        self.put(name, Role::Administrator, password, |kept| {
            let is_ruled = kept.users.iter().any(|user| user.role == Role::Administrator);
            ensure!(!is_ruled, "There is an administrator already: log in as that one.");
            Ok(())
        })
    }

    /// Adds a user. Takes a tenth of a second of computing.
    pub fn add(&self, name: &str, role: Role, password: &str) -> Result<()> {
        self.put(name, role, password, |_| Ok(()))
    }

    fn put(
        &self,
        name: &str,
        role: Role,
        password: &str,
        may: impl FnOnce(&Kept) -> Result<()>,
    ) -> Result<()> {
        let name = checked_name(name)?;
        let hash = hashed(password)?;
        self.change(|kept| {
            may(kept)?;
            ensure!(!kept.users.iter().any(|user| user.name == name), "There is a user {name} already.");
            ensure!(kept.users.len() < MAX_USERS, "There are {MAX_USERS} users; no more are kept.");
            kept.users.push(User { name: name.to_owned(), role, hash });
            Ok(())
        })
    }

    /// Gives a user another password.
    pub fn set_password(&self, name: &str, password: &str) -> Result<()> {
        let hash = hashed(password)?;
        self.change(|kept| {
            let user = kept.users.iter_mut().find(|user| user.name == name);
            user.with_context(|| format!("There is no user {name}."))?.hash = hash;
            Ok(())
        })
    }

    /// Removes a user; the last administrator stays.
    pub fn remove(&self, name: &str) -> Result<()> {
        self.change(|kept| {
            let place = kept.users.iter().position(|user| user.name == name);
            let user = kept.users.remove(place.with_context(|| format!("There is no user {name}."))?);
            let rules = kept.users.iter().any(|other| other.role == Role::Administrator);
            ensure!(rules || user.role != Role::Administrator, "{name} is the last administrator.");
            Ok(())
        })
    }

    /// A new token; it is told this once.
    pub fn add_token(&self, name: &str, role: Role) -> Result<String> {
        let name = checked_name(name)?;
        let token = format!("{TOKEN}{}", secret());
        self.change(|kept| {
            ensure!(!kept.tokens.iter().any(|other| other.name == name), "There is a token {name} already.");
            ensure!(kept.tokens.len() < MAX_USERS, "There are {MAX_USERS} tokens; no more are kept.");
            kept.tokens.push(User { name: name.to_owned(), role, hash: digest(&token) });
            Ok(())
        })?;
        Ok(token)
    }

    /// Removes a token.
    pub fn remove_token(&self, name: &str) -> Result<()> {
        self.change(|kept| {
            let place = kept.tokens.iter().position(|token| token.name == name);
            kept.tokens.remove(place.with_context(|| format!("There is no token {name}."))?);
            Ok(())
        })
    }

    /// The role of a user who has this password; as slow for a name that there is not. Takes a tenth of a second of computing.
    pub fn role(&self, name: &str, password: &str) -> Option<Role> {
        let user = self.kept().users.iter().find(|user| user.name == name).cloned();
        let Some(user) = user else {
            let _ = hashed(password);
            return None;
        };
        let hash = PasswordHash::new(&user.hash).ok()?;
        let matches =
            password.len() <= MOST && Argon2::default().verify_password(password.as_bytes(), &hash).is_ok();
        matches.then_some(user.role)
    }

    /// Whose token this is.
    pub fn token(&self, token: &str) -> Option<(String, Role)> {
        let digest = digest(token);
        let kept = self.kept();
        kept.tokens.iter().find(|known| known.hash == digest).map(|known| (known.name.clone(), known.role))
    }

    /// Changes what is kept if it can be written, and not otherwise.
    fn change(&self, act: impl FnOnce(&mut Kept) -> Result<()>) -> Result<()> {
        let mut kept = self.kept();
        let mut next = kept.clone();
        act(&mut next)?;
        self.write(&next).with_context(|| format!("{}: cannot be written", self.path.display()))?;
        *kept = next;
        Ok(())
    }

    fn write(&self, kept: &Kept) -> Result<()> {
        Ok(state::write_private(&self.path, &serde_json::to_vec_pretty(kept)?)?)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What differs between two such files, in words: users, tokens.
pub fn differences(old: &[u8], new: &[u8]) -> Vec<(&'static str, String, String)> {
    let read = |bytes: &[u8]| serde_json::from_slice::<Kept>(bytes).unwrap_or_default();
    let (old, new) = (read(old), read(new));
    let word = |role: Role| serde_json::to_value(role).ok().and_then(|word| Some(word.as_str()?.to_owned()));
    let told = |users: &[User]| {
        let one = |user: &User| format!("{} ({})", user.name, word(user.role).unwrap_or_default());
        users.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let both = [("users", &old.users, &new.users), ("tokens", &old.tokens, &new.tokens)];
    let differ = both.into_iter().filter(|(_, old, new)| old != new);
    differ
        .map(|(what, old, new)| {
            let (was, mut is) = (told(old), told(new));
            if was == is {
                is.push_str(", other passwords");
            }
            (what, was, is)
        })
        .collect()
}

fn named(users: &[User]) -> Vec<(String, Role)> {
    users.iter().map(|user| (user.name.clone(), user.role)).collect()
}

fn checked_name(name: &str) -> Result<&str> {
    let is_plain = |c: char| c.is_alphanumeric() || "-_.@".contains(c);
    ensure!(
        !name.is_empty() && name.len() <= MOST && name.chars().all(is_plain),
        "\"{name}\" is no name: write letters, digits, - _ . @"
    );
    Ok(name)
}

fn hashed(password: &str) -> Result<String> {
    if password.chars().count() < LEAST_PASSWORD {
        bail!("A password has {LEAST_PASSWORD} characters at the least.");
    }
    ensure!(password.len() <= MOST, "A password has {MOST} bytes at the most.");
    let mut salt = [0; 16];
    tipring_host::system_entropy().fill(&mut salt);
    let hash = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
    Ok(hash.map_err(|why| anyhow::anyhow!("the password cannot be hashed: {why}"))?.to_string())
}

fn digest(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dir(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("tipring-users-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        dir
    }

    #[test]
    fn users_survive_with_hashes_and_the_last_administrator_stays() {
        let dir = dir("survive");
        let users = Users::open(&dir).unwrap();
        assert!(
            users.add("ann", Role::Administrator, "short").unwrap_err().to_string().contains("10 characters")
        );
        assert!(users.add("a b", Role::Viewer, "long enough").unwrap_err().to_string().contains("no name"));
        users.add("ann", Role::Administrator, "correct horse").unwrap();
        users.add("bob", Role::Viewer, "battery staple").unwrap();
        assert!(users.add("bob", Role::Viewer, "battery staple").is_err());
        let text = std::fs::read_to_string(dir.join(USERS_FILE)).unwrap();
        assert!(text.contains("$argon2id$") && !text.contains("horse"), "{text}");
        let users = Users::open(&dir).unwrap();
        assert_eq!(users.role("ann", "correct horse"), Some(Role::Administrator));
        assert_eq!((users.role("ann", "battery staple"), users.role("eve", "correct horse")), (None, None));
        assert!(users.remove("ann").unwrap_err().to_string().contains("last administrator"));
        users.set_password("ann", "another horse").unwrap();
        assert_eq!((users.role("ann", "correct horse"), users.list().len()), (None, 2));
        users.remove("bob").unwrap();
        assert!(users.remove("bob").is_err());
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_token_is_known_until_it_is_removed_and_a_damaged_file_lets_nobody_in() {
        let dir = dir("tokens");
        let users = Users::open(&dir).unwrap();
        let token = users.add_token("grafana", Role::Viewer).unwrap();
        assert_eq!(users.token(&token), Some(("grafana".to_owned(), Role::Viewer)));
        assert_eq!(users.token("tipring_0"), None);
        assert!(!std::fs::read_to_string(dir.join(USERS_FILE)).unwrap().contains(&token));
        users.remove_token("grafana").unwrap();
        assert_eq!(users.token(&token), None);
        std::fs::write(dir.join(USERS_FILE), "{").unwrap();
        assert!(Users::open(&dir).unwrap_err().to_string().contains("users.json"));
        std::fs::remove_dir_all(dir).unwrap();
    }
}
