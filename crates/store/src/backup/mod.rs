//! A backup: files of a gateway in one, encrypted by a password.
//!
//! # What it does
//! [`Backup::seal`] makes the file, [`Backup::open`] reads it. What is wrong with one is told apart as far as that can be:
//! no backup, a newer one, cut off, another password, damaged.
//!
//! # How
//! A header with a digest of itself, then one sealed piece. The key comes from the password by Argon2id; half of what that gives
//! is the key, of the other half the header has a digest, so that a wrong password is told from damage. It helps nobody who
//! guesses: the seal itself would tell him as much.
//!
//! # Limits
//! [`MAX_BACKUP`] bytes; a header that asks for more than [`MAX_MEMORY_KIB`] or [`MAX_PASSES`] is refused before the work is done.
//!
//! # Standard
//! RFC 9106 (Argon2id), RFC 8439 (ChaCha20-Poly1305).

mod archive;

use argon2::{Algorithm, Argon2, Params, Version};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, MAX_TAG_LEN, NONCE_LEN, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};

pub use archive::{Backup, MAX_NAME, Stored};

/// Bytes of a backup, at the most.
pub const MAX_BACKUP: usize = 64 << 20;
/// Characters of its password, at the least.
pub const LEAST_PASSWORD: usize = 10;
/// Memory that a header may ask for.
pub const MAX_MEMORY_KIB: u32 = 256 * 1024;
/// Passes over it that a header may ask for.
pub const MAX_PASSES: u32 = 16;
/// What every backup begins with.
const MAGIC: &[u8; 8] = b"TIPRINGB";
/// The version of the form.
const VERSION: u8 = 1;
/// RFC 9106 clause 4, the second recommended option, with one lane: a gateway has few cores.
const COST: Cost = Cost { memory_kib: 64 * 1024, passes: 3, lanes: 1 };
const MAX_LANES: u32 = 8;
const SALT: usize = 16;
const KEY: usize = 32;
const CHECK: usize = 16;
/// Magic, version, cost, salt, nonce, digest of the password's other half, length of what follows, digest of all that.
const HEADER: usize = 8 + 1 + 12 + SALT + NONCE_LEN + CHECK + 8 + CHECK;

/// Why a file is no backup that can be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BackupError {
    /// It is something else.
    #[error(
        "this is no backup of Tipring. Choose a file that `tipring config backup` or the backup page made"
    )]
    Foreign,
    /// A later version made it.
    #[error(
        "this backup has form {0}, which this version does not know. Restore it with the version that made it, or a newer one"
    )]
    Newer(u8),
    /// It is not as long as it says.
    #[error("the backup is cut off: {found} of {wanted} bytes are there. Copy it again")]
    Short {
        /// Bytes that are there.
        found: usize,
        /// Bytes that should be.
        wanted: usize,
    },
    /// There is more than it says.
    #[error("the backup is damaged: something follows its end. Copy it again, or take another one")]
    Long,
    /// The header is not what was written.
    #[error("the backup is damaged at its beginning. Copy it again, or take another one")]
    Header,
    /// Another password.
    #[error("the password is not the one that the backup was made with")]
    Password,
    /// What is sealed is not what was written.
    #[error("the password is right, but the backup is damaged. Copy it again, or take another one")]
    Damaged,
    /// A password that is too short to be used for one.
    #[error("the password of a backup has {LEAST_PASSWORD} characters at the least")]
    Weak,
    /// Too large.
    #[error("{0} bytes; a backup has {MAX_BACKUP} at the most")]
    Large(usize),
    /// This machine could not do the work.
    #[error("the key could not be made: {0}. Free memory and try again")]
    Key(String),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// The beginning of a backup, which anybody can read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    cost: Cost,
    salt: [u8; SALT],
    nonce: [u8; NONCE_LEN],
    check: [u8; CHECK],
    length: usize,
}

/// Takes the next `N` bytes.
fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*first)
}

/// The beginning of the digest of `bytes`.
fn short(bytes: &[u8]) -> [u8; CHECK] {
    let mut short = [0; CHECK];
    short.copy_from_slice(digest(&SHA256, bytes).as_ref().get(..CHECK).unwrap_or(&[0; CHECK]));
    short
}

impl Header {
    /// Reads it; what follows it too.
    ///
    /// # Errors
    /// Whatever can be said without the password.
    pub fn read(bytes: &[u8]) -> Result<(Self, &[u8]), BackupError> {
        let short_of = |wanted| BackupError::Short { found: bytes.len(), wanted };
        if !bytes.starts_with(MAGIC) {
            let begins = !bytes.is_empty() && MAGIC.starts_with(bytes);
            return Err(if begins { short_of(HEADER) } else { BackupError::Foreign });
        }
        match bytes.get(MAGIC.len()) {
            None => return Err(short_of(HEADER)),
            Some(&VERSION) => {}
            Some(other) => return Err(BackupError::Newer(*other)),
        }
        let (head, body) = bytes.split_at_checked(HEADER).ok_or_else(|| short_of(HEADER))?;
        let (plain, seal) = head.split_at_checked(HEADER - CHECK).ok_or(BackupError::Header)?;
        if short(plain) != seal {
            return Err(BackupError::Header);
        }
        let header =
            Self::fields(plain.get(MAGIC.len() + 1..).unwrap_or_default()).ok_or(BackupError::Header)?;
        let Cost { memory_kib, passes, lanes } = header.cost;
        let is_bearable = memory_kib <= MAX_MEMORY_KIB
            && passes <= MAX_PASSES
            && lanes <= MAX_LANES
            && header.length <= MAX_BACKUP;
        if !is_bearable {
            return Err(BackupError::Header);
        }
        match body.len().cmp(&header.length) {
            core::cmp::Ordering::Less => Err(short_of(HEADER + header.length)),
            core::cmp::Ordering::Greater => Err(BackupError::Long),
            core::cmp::Ordering::Equal => Ok((header, body)),
        }
    }

    fn fields(mut rest: &[u8]) -> Option<Self> {
        let bytes = &mut rest;
        let cost = Cost {
            memory_kib: u32::from_be_bytes(take(bytes)?),
            passes: u32::from_be_bytes(take(bytes)?),
            lanes: u32::from_be_bytes(take(bytes)?),
        };
        let (salt, nonce, check) = (take(bytes)?, take(bytes)?, take(bytes)?);
        let length = usize::try_from(u64::from_be_bytes(take(bytes)?)).ok()?;
        Some(Self { cost, salt, nonce, check, length })
    }

    fn written(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.push(VERSION);
        for number in [self.cost.memory_kib, self.cost.passes, self.cost.lanes] {
            bytes.extend(number.to_be_bytes());
        }
        bytes.extend(self.salt);
        bytes.extend(self.nonce);
        bytes.extend(self.check);
        bytes.extend((self.length as u64).to_be_bytes());
        bytes.extend(short(&bytes));
        bytes
    }

    /// The key, and the digest of the rest of what the password gives.
    fn key(&self, password: &str) -> Result<(LessSafeKey, [u8; CHECK]), BackupError> {
        let Cost { memory_kib, passes, lanes } = self.cost;
        let told = |why: argon2::Error| BackupError::Key(why.to_string());
        let params =
            Params::new(memory_kib, passes, lanes, Some(2 * KEY)).map_err(|_| BackupError::Header)?;
        let mut made = [0; 2 * KEY];
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon.hash_password_into(password.as_bytes(), &self.salt, &mut made).map_err(told)?;
        let (key, rest) = made.split_at(KEY);
        let key = UnboundKey::new(&CHACHA20_POLY1305, key).map_err(|_| BackupError::Header)?;
        Ok((LessSafeKey::new(key), short(rest)))
    }
}

impl Backup {
    /// Encrypts it. `random` is fresh randomness of the system. Takes a tenth of a second of computing.
    ///
    /// # Errors
    /// The password is too short, or the whole too large.
    pub fn seal(&self, password: &str, random: [u8; SALT + NONCE_LEN]) -> Result<Vec<u8>, BackupError> {
        self.seal_at(COST, password, random)
    }

    fn seal_at(
        &self,
        cost: Cost,
        password: &str,
        random: [u8; SALT + NONCE_LEN],
    ) -> Result<Vec<u8>, BackupError> {
        if password.chars().count() < LEAST_PASSWORD {
            return Err(BackupError::Weak);
        }
        let mut body = self.packed();
        let length = body.len() + MAX_TAG_LEN;
        if length > MAX_BACKUP {
            return Err(BackupError::Large(length));
        }
        let (mut salt, mut nonce) = ([0; SALT], [0; NONCE_LEN]);
        salt.copy_from_slice(&random[..SALT]);
        nonce.copy_from_slice(&random[SALT..]);
        let mut header = Header { cost, salt, nonce, check: [0; CHECK], length };
        let (key, check) = header.key(password)?;
        header.check = check;
        let mut file = header.written();
        let nonce = Nonce::assume_unique_for_key(nonce);
        key.seal_in_place_append_tag(nonce, Aad::from(&file), &mut body).map_err(|_| BackupError::Damaged)?;
        file.extend(body);
        Ok(file)
    }

    /// Reads one. Takes a tenth of a second of computing.
    ///
    /// # Errors
    /// What is wrong with the file or the password.
    pub fn open(bytes: &[u8], password: &str) -> Result<Self, BackupError> {
        let (header, body) = Header::read(bytes)?;
        let (key, check) = header.key(password)?;
        if check != header.check {
            return Err(BackupError::Password);
        }
        let mut body = body.to_vec();
        let nonce = Nonce::assume_unique_for_key(header.nonce);
        let written = bytes.get(..HEADER).unwrap_or_default();
        let plain =
            key.open_in_place(nonce, Aad::from(written), &mut body).map_err(|_| BackupError::Damaged)?;
        Self::unpacked(plain).ok_or(BackupError::Damaged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost { memory_kib: 64, passes: 1, lanes: 1 };
    const PASSWORD: &str = "lamo kuch 41";

    fn backup() -> Backup {
        let stored =
            |name: &str, bytes: &[u8]| Stored { name: name.to_owned(), mode: 0o600, bytes: bytes.to_vec() };
        Backup {
            gateway: "annex".to_owned(),
            made: 1_700_000_000_000_000,
            revision: 17,
            main: "tipring.toml".to_owned(),
            files: vec![
                stored("configuration/tipring.toml", b"country = \"us\"\n"),
                stored("users.json", b"{}"),
            ],
        }
    }

    fn sealed() -> Vec<u8> {
        backup().seal_at(CHEAP, PASSWORD, [7; SALT + NONCE_LEN]).unwrap()
    }

    #[test]
    fn what_was_sealed_is_opened_by_its_password_and_shows_nothing_without() {
        let file = sealed();
        assert_eq!(Backup::open(&file, PASSWORD), Ok(backup()));
        let text = String::from_utf8_lossy(&file);
        assert!(!text.contains("country") && !text.contains("users") && !text.contains("annex"), "{text}");
        assert_eq!(Backup::open(&file, "lamo kuch 42"), Err(BackupError::Password));
        assert_eq!(backup().seal_at(CHEAP, "too short", [0; 28]), Err(BackupError::Weak));
        let other = backup().seal_at(CHEAP, PASSWORD, [8; SALT + NONCE_LEN]).unwrap();
        assert_ne!(file.get(HEADER..), other.get(HEADER..));
    }

    #[test]
    fn the_real_cost_opens_too() {
        let file = backup().seal(PASSWORD, [9; SALT + NONCE_LEN]).unwrap();
        assert_eq!(Backup::open(&file, PASSWORD), Ok(backup()));
    }

    #[test]
    fn each_kind_of_damage_is_told_as_what_it_is() {
        let file = sealed();
        for length in [0, 5, 8, 9, HEADER - 1, HEADER, file.len() - 1] {
            let told = Backup::open(&file[..length], PASSWORD).unwrap_err();
            let is_right = match length {
                0 => told == BackupError::Foreign,
                length => matches!(told, BackupError::Short { found, .. } if found == length),
            };
            assert!(is_right, "{length}: {told}");
        }
        assert_eq!(Backup::open(b"PK\x03\x04 not ours", PASSWORD), Err(BackupError::Foreign));
        assert_eq!(Backup::open(&[file.as_slice(), b"x"].concat(), PASSWORD), Err(BackupError::Long));
        for place in 0..file.len() {
            let mut damaged = file.clone();
            damaged[place] ^= 1;
            let told = Backup::open(&damaged, PASSWORD).unwrap_err();
            let expected = match place {
                0..8 => BackupError::Foreign,
                8 => BackupError::Newer(0),
                place if place < HEADER => BackupError::Header,
                _ => BackupError::Damaged,
            };
            assert_eq!(told, expected, "at {place}");
        }
    }

    #[test]
    fn a_header_that_asks_for_more_than_can_be_borne_is_refused_at_once() {
        let (header, _) = Header::read(&sealed()).map(|(header, body)| (header, body.len())).unwrap();
        for cost in [
            Cost { memory_kib: MAX_MEMORY_KIB + 1, ..CHEAP },
            Cost { passes: MAX_PASSES + 1, ..CHEAP },
            Cost { lanes: MAX_LANES + 1, ..CHEAP },
        ] {
            let greedy = Header { cost, ..header.clone() }.written();
            assert_eq!(Header::read(&greedy).map(drop), Err(BackupError::Header));
        }
        let endless = Header { length: MAX_BACKUP + 1, ..header }.written();
        assert_eq!(Header::read(&endless).map(drop), Err(BackupError::Header));
    }
}
