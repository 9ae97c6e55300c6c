//! The files of a backup, one behind the other.

use super::take;

/// Bytes of a file's name, at the most.
pub const MAX_NAME: usize = 512;
/// Files, at the most.
const MAX_FILES: usize = 4096;

/// A file of a backup.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stored {
    /// What it is: `users.json`, `history/17.json`, `configuration/rooms.csv`.
    pub name: String,
    /// Its permission bits.
    pub mode: u32,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// A gateway's files at one moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Backup {
    /// The gateway's name.
    pub gateway: String,
    /// When: microseconds since 1970.
    pub made: u64,
    /// The configuration that was in force.
    pub revision: u64,
    /// The name of its configuration's own file.
    pub main: String,
    /// The files.
    pub files: Vec<Stored>,
}

impl Backup {
    /// The file of that name.
    pub fn file(&self, name: &str) -> Option<&Stored> {
        self.files.iter().find(|file| file.name == name)
    }

    /// As bytes: times and counts as big-endian numbers, texts and files behind their lengths.
    pub(super) fn packed(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend(self.made.to_be_bytes());
        out.extend(self.revision.to_be_bytes());
        let piece = |out: &mut Vec<u8>, bytes: &[u8]| {
            out.extend((bytes.len() as u32).to_be_bytes());
            out.extend(bytes);
        };
        piece(&mut out, self.gateway.as_bytes());
        piece(&mut out, self.main.as_bytes());
        out.extend((self.files.len() as u32).to_be_bytes());
        for file in &self.files {
            piece(&mut out, file.name.as_bytes());
            out.extend(file.mode.to_be_bytes());
            piece(&mut out, &file.bytes);
        }
        out
    }

    /// From bytes; `None` if they are none of that.
    pub fn unpacked(mut rest: &[u8]) -> Option<Self> {
        let bytes = &mut rest;
        let (made, revision) = (u64::from_be_bytes(take(bytes)?), u64::from_be_bytes(take(bytes)?));
        let (gateway, main) = (text(bytes)?, text(bytes)?);
        let count =
            usize::try_from(u32::from_be_bytes(take(bytes)?)).ok().filter(|count| *count <= MAX_FILES)?;
        let mut files: Vec<Stored> = Vec::new();
        for _ in 0..count {
            let name = text(bytes).filter(|name| is_name(name))?;
            let mode = u32::from_be_bytes(take(bytes)?) & 0o777;
            let content = piece(bytes)?.to_vec();
            if files.iter().any(|file| file.name == name) {
                return None;
            }
            files.push(Stored { name, mode, bytes: content });
        }
        bytes.is_empty().then_some(Self { gateway, made, revision, main, files })
    }
}

/// True if it leads nowhere but downwards.
fn is_name(name: &str) -> bool {
    !name.contains(['\\', '\0']) && name.split('/').all(|part| !["", ".", ".."].contains(&part))
}

fn piece<'b>(bytes: &mut &'b [u8]) -> Option<&'b [u8]> {
    let length = usize::try_from(u32::from_be_bytes(take(bytes)?)).ok()?;
    let (piece, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(piece)
}

fn text(bytes: &mut &[u8]) -> Option<String> {
    let piece = piece(bytes).filter(|piece| piece.len() <= MAX_NAME)?;
    Some(core::str::from_utf8(piece).ok()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Backup {
        let files = vec![Stored { name: name.to_owned(), mode: 0o640, bytes: vec![1, 2, 3] }];
        Backup { gateway: "g".to_owned(), made: 1, revision: 2, main: "m".to_owned(), files }
    }

    #[test]
    fn what_is_packed_is_unpacked_and_nothing_else_is() {
        let packed = named("a/b").packed();
        assert_eq!(Backup::unpacked(&packed), Some(named("a/b")));
        for length in 0..packed.len() {
            assert_eq!(Backup::unpacked(&packed[..length]), None, "{length}");
        }
        assert_eq!(Backup::unpacked(&[packed.as_slice(), &[0]].concat()), None);
    }

    #[test]
    fn a_name_that_leads_out_of_its_place_is_none() {
        for name in ["../a", "a/../../b", "/etc/passwd", "a//b", "", ".", "a\\b", "a\0"] {
            assert_eq!(Backup::unpacked(&named(name).packed()), None, "{name:?}");
        }
        let twice = Backup { files: [named("a").files, named("a").files].concat(), ..named("a") };
        assert_eq!(Backup::unpacked(&twice.packed()), None);
    }
}
