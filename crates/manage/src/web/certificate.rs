//! The certificate of HTTPS: one that the gateway makes, or the user's.
//!
//! # What it does
//! Keeps the one in force, which each connection asks for, and looks after it: its own is made at the first start and again before it
//! expires; the user's is read again when its file changes. What cannot be used leaves the one in force where it is.
//!
//! # How
//! The own one is a file of certificate and key in the state directory, written whole or not at all. Who opens the page compares its
//! fingerprint.
//!
//! # Standard
//! RFC 5280 (certificates), RFC 7468 (their text).

use std::fmt::Write as _;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use anyhow::{Context, Result, anyhow, ensure};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, date_time_ymd};
use sha2::{Digest, Sha256};
use tipring_config::Web;
use tipring_units::WallTime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;

use super::validity::Validity;
use crate::alarms::Alarm;
use crate::state;

/// The file of the own one in the state directory.
pub const CERTIFICATE_FILE: &str = "web-certificate.pem";
/// How long the own one holds. Browsers refuse those of more than 825 days.
const OWN_DAYS: u64 = 800;
/// It holds from before it is made: other clocks are behind.
const OWN_BEFORE_DAYS: u64 = 2;
/// The own one is made anew, the user's is told of, when so many days are left.
const OWN_LEFT_DAYS: u64 = 30;
const LEFT_DAYS: u64 = 14;
const DAY: u64 = 86_400;
/// Bytes of a file of certificates, at the most.
const MAX_BYTES: u64 = 1 << 20;

/// The certificate in force, and where the own one is kept.
#[derive(Debug)]
pub struct Certificates {
    dir: PathBuf,
    shown: Arc<Shown>,
    tls: Arc<ServerConfig>,
}

/// What each connection is shown.
#[derive(Debug, Default)]
struct Shown(RwLock<Option<Arc<Held>>>);

#[derive(Debug)]
struct Held {
    key: Arc<CertifiedKey>,
    fingerprint: String,
    validity: Option<Validity>,
    origin: Origin,
}

/// Where a certificate is from.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Origin {
    /// Made here, for these names.
    Own(Vec<String>),
    /// The user's files, as they were when they were read.
    Users([Stamp; 2]),
}

/// A file at a moment.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Stamp {
    path: PathBuf,
    modified: Option<SystemTime>,
    length: u64,
    inode: u64,
}

impl Stamp {
    fn of(path: &str) -> Self {
        let found = std::fs::metadata(path).ok();
        let modified = found.as_ref().and_then(|found| found.modified().ok());
        let (length, inode) = found.map_or((0, 0), |found| (found.len(), found.ino()));
        Self { path: PathBuf::from(path), modified, length, inode }
    }
}

impl Shown {
    fn now(&self) -> Option<Arc<Held>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put(&self, held: Held) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(held));
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.now().map(|held| Arc::clone(&held.key))
    }
}

impl Certificates {
    /// None is in force yet; the own one is kept in `dir`.
    pub fn new(dir: &Path) -> Result<Self> {
        let shown = Arc::<Shown>::default();
        let mut tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&shown) as Arc<dyn ResolvesServerCert>);
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { dir: dir.to_owned(), shown, tls: Arc::new(tls) })
    }

    /// What begins TLS on a connection.
    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.tls))
    }

    /// True if there is one.
    pub fn is_there(&self) -> bool {
        self.shown.now().is_some()
    }

    /// True if the one in force is the user's.
    pub fn is_users(&self) -> bool {
        self.shown.now().is_some_and(|held| matches!(held.origin, Origin::Users(_)))
    }

    /// The SHA-256 of the one in force, as browsers show it.
    pub fn fingerprint(&self) -> Option<String> {
        self.shown.now().map(|held| held.fingerprint.clone())
    }

    /// Puts the right one in force for these settings; what needs a person, if anything.
    pub fn look_after(&self, web: &Web, wall: WallTime) -> Option<Alarm> {
        let now = wall.0 / 1_000_000;
        let Some((certificate, key)) = web.certificate.as_deref().zip(web.key.as_deref()) else {
            return self.own(&web.names, now).err().map(|why| not_made(&why));
        };
        let stamps = Origin::Users([Stamp::of(certificate), Stamp::of(key)]);
        if self.shown.now().is_none_or(|held| held.origin != stamps) {
            match read(certificate, key) {
                Ok((key, fingerprint, validity)) => {
                    self.shown.put(Held { key: Arc::new(key), fingerprint, validity, origin: stamps });
                }
                Err(why) => {
                    // One that is in force stays.
                    if !self.is_there()
                        && let Err(why) = self.own(&web.names, now)
                    {
                        return Some(not_made(&why));
                    }
                    let stays = if self.is_users() {
                        "the one before stays in force"
                    } else {
                        "one of the gateway's own is shown"
                    };
                    return Some(Alarm {
                        subject: SUBJECT,
                        text: format!("the certificate cannot be used, {stays}: {why:#}"),
                        next: "put both files right; they are looked at every few seconds".to_owned(),
                    });
                }
            }
        }
        let until = self.shown.now()?.validity?.until;
        (until < now + LEFT_DAYS * DAY).then(|| {
            let text = match until.checked_sub(now) {
                Some(left) => format!("the certificate {certificate} expires in {} days", left / DAY),
                None => format!("the certificate {certificate} has expired: browsers refuse the page"),
            };
            let next = "put another one in its place; it is read at once".to_owned();
            Alarm { subject: SUBJECT, text, next }
        })
    }

    /// Puts one of the gateway's own in force, unless a good one is.
    fn own(&self, names: &[String], now: u64) -> Result<()> {
        let is_good = |held: &Held| {
            let lasts = held
                .validity
                .is_some_and(|validity| validity.from <= now && now + OWN_LEFT_DAYS * DAY <= validity.until);
            lasts && held.origin == Origin::Own(names.to_vec())
        };
        if self.shown.now().is_some_and(|held| is_good(&held)) {
            return Ok(());
        }
        let path = self.dir.join(CERTIFICATE_FILE);
        // One that was damaged is made anew, as one that there is not.
        if let Some(kept) = std::fs::read_to_string(&path).ok().and_then(|text| kept(&text, names).ok())
            && is_good(&kept)
        {
            self.shown.put(kept);
            return Ok(());
        }
        let text = made(names, now)?;
        let fresh = kept(&text, names)?;
        let written = state::write_private(&path, text.as_bytes());
        self.shown.put(fresh);
        written.with_context(|| format!("{}: another one is made at the next start", path.display()))
    }
}

const SUBJECT: &str = "web page";

fn not_made(why: &anyhow::Error) -> Alarm {
    let next = "make room on the disk, and see who owns the state directory".to_owned();
    Alarm { subject: SUBJECT, text: format!("no certificate is kept: {why:#}"), next }
}

/// What a file of an own one begins with; the names follow.
const MADE_FOR: &str = "Made by Tipring for:";

/// The own one of a file, if it is for these names.
fn kept(text: &str, names: &[String]) -> Result<Held> {
    ensure!(text.lines().next() == Some(first_line(names).as_str()), "it is for other names");
    let (key, fingerprint, validity) = of_text(text.as_bytes(), text.as_bytes())?;
    let origin = Origin::Own(names.to_vec());
    Ok(Held { key: Arc::new(key), fingerprint, validity, origin })
}

fn first_line(names: &[String]) -> String {
    format!("{MADE_FOR} {}", names.join(" ")).trim_end().to_owned()
}

/// A new certificate with its key, as text.
fn made(names: &[String], now: u64) -> Result<String> {
    let mut all: Vec<String> = names.to_vec();
    let host = nix::unistd::gethostname().ok().and_then(|host| host.into_string().ok());
    all.extend(host.filter(|host| host.is_ascii() && !host.is_empty()));
    all.extend(super::interfaces::reached().iter().map(ToString::to_string));
    all.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|name| seen.insert(name.clone()));
    let mut params = CertificateParams::new(all)?;
    params.distinguished_name.push(DnType::CommonName, "Tipring");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let date = |seconds: u64| {
        let civil = WallTime(seconds * 1_000_000).civil(0);
        date_time_ymd(i32::try_from(civil.year).unwrap_or(2000), civil.month, civil.day)
    };
    params.not_before = date(now.saturating_sub(OWN_BEFORE_DAYS * DAY));
    params.not_after = date(now + OWN_DAYS * DAY);
    // A new key each time: two certificates of one key would have one serial number, which browsers refuse.
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok(format!("{}\n{}{}", first_line(names), certificate.pem(), key.serialize_pem()))
}

/// A certificate with its key, its fingerprint, and how long it holds.
type Read = (CertifiedKey, String, Option<Validity>);

/// The user's, from its files.
pub fn read(certificate: &str, key: &str) -> Result<Read> {
    let bytes = |path: &str| {
        let length = std::fs::metadata(path).with_context(|| format!("{path}: cannot be read"))?.len();
        ensure!(length <= MAX_BYTES, "{path}: {length} bytes; {MAX_BYTES} are the most");
        std::fs::read(path).with_context(|| format!("{path}: cannot be read"))
    };
    let (chain, key_bytes) = (bytes(certificate)?, bytes(key)?);
    ensure!(PrivateKeyDer::from_pem_slice(&key_bytes).is_ok(), "{key}: there is no private key in it (PEM)");
    of_text(&chain, &key_bytes).with_context(|| certificate.to_owned())
}

fn of_text(chain: &[u8], key: &[u8]) -> Result<Read> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<_, _>>()
        .map_err(|why| anyhow!("no certificates: {why}"))?;
    let first = chain.first().context("there is no certificate in it (PEM)")?;
    let (fingerprint, validity) = (fingerprint(first), Validity::of(first));
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|why| anyhow!("no private key: {why}"))?;
    let certified = CertifiedKey::from_der(chain, key, &ring::default_provider())
        .map_err(|why| anyhow!("the key is of another certificate, or of a kind that is not known: {why}"))?;
    Ok((certified, fingerprint, validity))
}

/// `3A:0F:…`.
fn fingerprint(certificate: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(certificate) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{}{byte:02X}", if text.is_empty() { "" } else { ":" });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_763_856_000;

    struct Bench(PathBuf);

    impl Bench {
        fn new(name: &str) -> Self {
            let dir = std::env::temp_dir().join(format!("tipring-tls-{}-{name}", std::process::id()));
            std::fs::create_dir_all(&dir).unwrap();
            Self(dir)
        }

        fn web(&self, names: &[&str], users: bool) -> Web {
            let path = |name: &str| users.then(|| self.0.join(name).display().to_string());
            Web {
                listen: Vec::new(),
                certificate: path("web.crt"),
                key: path("web.key"),
                allow: Vec::new(),
                names: names.iter().map(|name| (*name).to_owned()).collect(),
            }
        }

        /// Puts a file in the place of another, as those do who renew certificates.
        fn put(&self, name: &str, text: &str) {
            let fresh = self.0.join("fresh");
            std::fs::write(&fresh, text).unwrap();
            std::fs::rename(&fresh, self.0.join(name)).unwrap();
        }

        /// Writes the user's files: one that holds for so many days.
        fn users(&self, days: u64) -> String {
            let now = NOW + days * DAY - OWN_DAYS * DAY;
            let text = made(&["users.example".to_owned()], now).unwrap();
            let (certificate, key) = text.split_at(text.find("-----BEGIN PRIVATE").unwrap());
            self.put("web.crt", certificate);
            self.put("web.key", key);
            of_text(certificate.as_bytes(), key.as_bytes()).unwrap().1
        }
    }

    impl Drop for Bench {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn at(now: u64) -> WallTime {
        WallTime(now * 1_000_000)
    }

    #[test]
    fn the_own_one_is_kept_over_starts_and_made_anew_before_it_expires() {
        use std::os::unix::fs::PermissionsExt;
        let bench = Bench::new("own");
        let web = bench.web(&[], false);
        let start = |now| {
            let certificates = Certificates::new(&bench.0).unwrap();
            assert!(!certificates.is_there());
            assert_eq!(certificates.look_after(&web, at(now)), None);
            certificates
        };
        let first = start(NOW);
        let fingerprint = first.fingerprint().unwrap();
        assert_eq!(fingerprint.len(), 32 * 3 - 1);
        let path = bench.0.join(CERTIFICATE_FILE);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let later = NOW + (OWN_DAYS - OWN_LEFT_DAYS - 1) * DAY;
        assert_eq!(start(later).fingerprint().unwrap(), fingerprint);
        // In a gateway that runs so long, too.
        assert_eq!(first.look_after(&web, at(later + 2 * DAY)), None);
        let renewed = first.fingerprint().unwrap();
        assert_ne!(renewed, fingerprint);
        assert_eq!(start(later + 2 * DAY).fingerprint().unwrap(), renewed);
        // A clock that was wrong when it was made.
        assert_ne!(start(NOW).fingerprint().unwrap(), renewed);
    }

    #[test]
    fn other_names_or_a_damaged_file_have_another_one_made() {
        let bench = Bench::new("names");
        let certificates = Certificates::new(&bench.0).unwrap();
        let mut all = Vec::new();
        for names in [&[][..], &["gw.example.net"], &["gw.example.net", "gw"]] {
            assert_eq!(certificates.look_after(&bench.web(names, false), at(NOW)), None);
            all.push(certificates.fingerprint().unwrap());
        }
        std::fs::write(bench.0.join(CERTIFICATE_FILE), "Made by Tipring for:\nnothing").unwrap();
        let again = Certificates::new(&bench.0).unwrap();
        assert_eq!(again.look_after(&bench.web(&[], false), at(NOW)), None);
        all.push(again.fingerprint().unwrap());
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 4);
    }

    #[test]
    fn the_users_is_taken_told_of_before_it_expires_and_stays_while_another_cannot_be_used() {
        let bench = Bench::new("users");
        let web = bench.web(&[], true);
        let certificates = Certificates::new(&bench.0).unwrap();
        let told = certificates.look_after(&web, at(NOW)).unwrap().text;
        assert!(told.contains("of the gateway's own") && told.contains("web.crt: cannot be read"), "{told}");
        assert!(certificates.is_there() && !certificates.is_users());
        let good = bench.users(100);
        assert_eq!(certificates.look_after(&web, at(NOW)), None);
        assert_eq!((certificates.is_users(), certificates.fingerprint()), (true, Some(good.clone())));
        let told = certificates.look_after(&web, at(NOW + 90 * DAY)).unwrap().text;
        assert!(told.contains("expires in 10 days") || told.contains("expires in 9 days"), "{told}");
        let told = certificates.look_after(&web, at(NOW + 101 * DAY)).unwrap().text;
        assert!(told.contains("has expired"), "{told}");
        // The key of another certificate.
        let key = std::fs::read_to_string(bench.0.join("web.key")).unwrap();
        bench.users(300);
        bench.put("web.key", &key);
        for damage in
            [None, Some("nothing"), Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")]
        {
            if let Some(text) = damage {
                bench.put("web.crt", text);
            }
            let told = certificates.look_after(&web, at(NOW)).unwrap().text;
            assert!(told.contains("the one before stays in force"), "{told}");
            assert_eq!(certificates.fingerprint(), Some(good.clone()));
        }
        let next = bench.users(400);
        assert_eq!(certificates.look_after(&web, at(NOW)), None);
        assert_eq!(certificates.fingerprint(), Some(next));
        // Without it, one of our own.
        assert_eq!(certificates.look_after(&bench.web(&[], false), at(NOW)), None);
        assert!(!certificates.is_users());
    }
}
