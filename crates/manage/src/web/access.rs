//! Who may ask: one-time keys, users, sessions, tokens, roles.
//!
//! # How
//! A key is shown once, in the address that the program prints on a loopback, and is good for one session. A session is a
//! cookie that scripts cannot read, with a token beside it that each change must carry (CSRF). Of keys and cookies only
//! digests are kept.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::throttle::Throttle;
use super::users::Users;

/// A session that nobody uses for so long is over.
const IDLE: Duration = Duration::from_secs(12 * 3600);
/// Sessions at a time; the one that was used longest ago makes room.
const MAX_SESSIONS: usize = 64;
/// One-time keys at a time.
const MAX_KEYS: usize = 16;
/// A one-time key is good so long.
const KEY_LIFE: Duration = Duration::from_secs(24 * 3600);

/// What somebody may do; each may what those before may.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Look.
    Viewer,
    /// Use telephones of the laboratory, test lines, put ports in and out of service.
    Operator,
    /// Everything.
    Administrator,
}

impl Role {
    /// As it is written in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Administrator => "administrator",
        }
    }

    /// With its article.
    pub const fn titled(self) -> &'static str {
        match self {
            Self::Viewer => "a viewer",
            Self::Operator => "an operator",
            Self::Administrator => "an administrator",
        }
    }
}

/// Who asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Who {
    /// The name in the audit log.
    pub name: String,
    /// What he may do.
    pub role: Role,
    /// He came by a key and has yet to make himself the first user; nothing else is his.
    pub first: bool,
    /// The token that a change must carry; `None`: it needs none, since no cookie let him in.
    pub csrf: Option<String>,
}

type Seal = [u8; 32];

#[derive(Debug)]
struct Session {
    who: Who,
    used: Instant,
}

#[derive(Debug, Default)]
struct Doors {
    keys: Vec<(Seal, Instant)>,
    sessions: BTreeMap<Seal, Session>,
    throttle: Throttle,
}

/// Keys, sessions and users.
#[derive(Debug)]
pub struct Access {
    doors: Mutex<Doors>,
    users: Users,
}

/// Why somebody is not let in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shut {
    /// The name or the password is wrong.
    Wrong,
    /// He failed too often; he is listened to after this.
    Wait(Duration),
}

impl Access {
    /// With these users.
    pub fn new(users: Users) -> Self {
        Self { doors: Mutex::default(), users }
    }

    /// The users and tokens.
    pub const fn users(&self) -> &Users {
        &self.users
    }

    /// The cookie of a new session for a user with his password. Takes a tenth of a second of computing.
    ///
    /// # Errors
    /// If he is not let in.
    pub fn log_in(&self, address: IpAddr, name: &str, password: &str) -> Result<(String, Who), Shut> {
        let wait = self.doors().throttle.wait(Instant::now(), address, name);
        if wait > Duration::ZERO {
            return Err(Shut::Wait(wait));
        }
        let Some(role) = self.users.role(name, password) else {
            self.doors().throttle.failed(Instant::now(), address, name);
            return Err(Shut::Wrong);
        };
        self.doors().throttle.succeeded(name);
        Ok(self.open(name, role))
    }

    /// Who has this token.
    pub fn token(&self, token: &str) -> Option<Who> {
        self.users.token(token).map(|(name, role)| Who {
            name: format!("token {name}"),
            role,
            first: false,
            csrf: None,
        })
    }

    /// Ends the sessions of a user who is one no more, or has another password.
    pub fn expel(&self, name: &str) {
        self.doors().sessions.retain(|_, session| session.who.name != name);
    }

    /// Ends all sessions but that with this token, if there is one.
    pub fn expel_all_but(&self, csrf: Option<&str>) {
        let stays = |session: &Session| csrf.is_some() && session.who.csrf.as_deref() == csrf;
        self.doors().sessions.retain(|_, session| stays(session));
    }

    /// A new one-time key.
    pub fn invite(&self) -> String {
        let key = secret();
        let mut doors = self.doors();
        if doors.keys.len() == MAX_KEYS {
            doors.keys.remove(0);
        }
        doors.keys.push((seal(&key), Instant::now()));
        key
    }

    /// The cookie of a new session for who has a one-time key; the key is good no more. Where `needs_user` he makes himself the
    /// first administrator before all else, if there is none.
    pub fn redeem(&self, key: &str, needs_user: bool) -> Option<(String, Who)> {
        self.redeem_at(Instant::now(), key, needs_user)
    }

    fn redeem_at(&self, now: Instant, key: &str, needs_user: bool) -> Option<(String, Who)> {
        let mut doors = self.doors();
        doors.keys.retain(|(_, made)| now.duration_since(*made) < KEY_LIFE);
        let seal = seal(key);
        let place = doors.keys.iter().position(|(known, _)| *known == seal)?;
        doors.keys.remove(place);
        drop(doors);
        let first = needs_user && !self.users.has_administrator();
        Some(self.begin("key", Role::Administrator, first))
    }

    /// Makes the first administrator; the cookie of his session. Takes a tenth of a second of computing.
    ///
    /// # Errors
    /// If there is one already, or name and password are none.
    pub fn settle(&self, name: &str, password: &str) -> anyhow::Result<(String, Who)> {
        self.users.add_first(name, password)?;
        self.doors().sessions.retain(|_, session| !session.who.first);
        Ok(self.open(name, Role::Administrator))
    }

    /// A new session.
    pub fn open(&self, name: &str, role: Role) -> (String, Who) {
        self.begin(name, role, false)
    }

    fn begin(&self, name: &str, role: Role, first: bool) -> (String, Who) {
        let cookie = secret();
        let who = Who { name: name.to_owned(), role, first, csrf: Some(secret()) };
        let mut doors = self.doors();
        if doors.sessions.len() == MAX_SESSIONS {
            let oldest = doors.sessions.iter().min_by_key(|(_, session)| session.used).map(|(seal, _)| *seal);
            oldest.and_then(|oldest| doors.sessions.remove(&oldest));
        }
        doors.sessions.insert(seal(&cookie), Session { who: who.clone(), used: Instant::now() });
        (cookie, who)
    }

    /// Whose session this cookie is.
    pub fn session(&self, cookie: &str) -> Option<Who> {
        let mut doors = self.doors();
        doors.sessions.retain(|_, session| session.used.elapsed() < IDLE);
        let session = doors.sessions.get_mut(&seal(cookie))?;
        session.used = Instant::now();
        Some(session.who.clone())
    }

    /// Ends a session.
    pub fn close(&self, cookie: &str) {
        self.doors().sessions.remove(&seal(cookie));
    }

    fn doors(&self) -> MutexGuard<'_, Doors> {
        self.doors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// 128 bits of the system's randomness, in hexadecimal digits.
pub fn secret() -> String {
    let mut entropy = tipring_host::system_entropy();
    format!("{:016x}{:016x}", entropy.u64(), entropy.u64())
}

fn seal(secret: &str) -> Seal {
    Sha256::digest(secret.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(name: &str) -> Access {
        Access::new(Users::open(&std::env::temp_dir().join(format!("tipring-none-{name}"))).unwrap())
    }

    #[test]
    fn a_key_is_good_for_one_session() {
        let access = access("nobody");
        let key = access.invite();
        assert!(access.redeem("0", false).is_none());
        let (cookie, who) = access.redeem(&key, false).expect("the key");
        assert_eq!((who.role, access.session(&cookie)), (Role::Administrator, Some(who)));
        assert!(access.redeem(&key, false).is_none(), "once");
        access.close(&cookie);
        assert_eq!(access.session(&cookie), None);
    }

    #[test]
    fn a_key_is_good_for_a_day() {
        let access = access("nobody");
        let (early, late) = (access.invite(), access.invite());
        let now = Instant::now();
        assert!(access.redeem_at(now + KEY_LIFE - Duration::from_secs(60), &early, false).is_some());
        assert!(access.redeem_at(now + KEY_LIFE, &late, false).is_none());
    }

    #[test]
    fn who_comes_first_makes_himself_the_administrator_and_others_that_came_meanwhile_are_out() {
        let dir = std::env::temp_dir().join(format!("tipring-first-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let access = Access::new(Users::open(&dir).unwrap());
        let (first, who) = access.redeem(&access.invite(), true).unwrap();
        let (second, _) = access.redeem(&access.invite(), true).unwrap();
        assert!(who.first);
        assert!(access.settle("ann", "short").is_err());
        assert!(access.session(&first).is_some(), "he tries again");
        let (cookie, who) = access.settle("ann", "correct horse").unwrap();
        assert_eq!((who.name.as_str(), who.role, who.first), ("ann", Role::Administrator, false));
        assert!(access.session(&cookie).is_some());
        assert!(access.session(&first).is_none() && access.session(&second).is_none());
        let told = access.settle("eve", "battery staple").unwrap_err().to_string();
        assert!(told.contains("already"), "{told}");
        // From now on a key is what it is on a loopback.
        assert!(!access.redeem(&access.invite(), true).unwrap().1.first);
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn keys_and_sessions_are_bounded_and_the_oldest_make_room() {
        let access = access("nobody");
        let first = access.invite();
        (0..MAX_KEYS).for_each(|_| drop(access.invite()));
        assert!(access.redeem(&first, false).is_none());
        let (oldest, _) = access.open("a", Role::Viewer);
        let (used, _) = access.open("b", Role::Viewer);
        let others: Vec<String> = (2..MAX_SESSIONS).map(|_| access.open("c", Role::Viewer).0).collect();
        assert!(access.session(&used).is_some());
        access.open("d", Role::Viewer);
        assert!(access.session(&oldest).is_none() && access.session(&used).is_some());
        assert!(others.iter().all(|cookie| access.session(cookie).is_some()));
    }
}
