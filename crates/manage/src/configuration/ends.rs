//! The telephones and outside lines of a configuration, and which of them have a line before the next start.

use tipring_config::Effective;
use tipring_gateway::{LineKind, LineSite, Site};

/// A telephone or an outside line of a configuration, on a port that is driven.
pub(super) struct End {
    kind: LineKind,
    number: String,
    port: String,
}

impl End {
    /// True if the gateway serves its port.
    pub(super) fn is_open(&self, site: &Site) -> bool {
        site.lines.iter().any(|line| line.port == self.port && line.kind == self.kind)
    }

    fn label(&self) -> String {
        match self.kind {
            LineKind::Phone => self.number.clone(),
            LineKind::Outside => format!("line {}", self.number),
        }
    }

    /// What its keys begin with.
    pub(super) fn prefix(&self) -> String {
        match self.kind {
            LineKind::Phone => format!("phone.{}.", self.number),
            LineKind::Outside => format!("line.{}.", self.number),
        }
    }
}

/// All of a configuration.
pub(super) fn ends(effective: &Effective) -> Vec<End> {
    let end = |kind, number: &tipring_config::Number, port: tipring_config::PortName| End {
        kind,
        number: number.to_string(),
        port: port.to_string(),
    };
    let phones = effective.phone.iter().filter(|(_, phone)| phone.service.is_used());
    let lines = effective.line.iter().filter(|(_, line)| line.service.is_used());
    let phones = phones.map(|(number, phone)| end(LineKind::Phone, number, phone.port));
    phones.chain(lines.map(|(number, line)| end(LineKind::Outside, number, line.port))).collect()
}

/// Who has the port of the line that `end` has, if it is another's in the new configuration; `Ok` if it keeps the line.
pub(super) fn line_until_start<'a>(end: &End, new: &'a [End], site: &Site) -> Result<(), Option<&'a End>> {
    let is_its = |line: &&LineSite| line.kind == end.kind && line.number == end.number;
    let line = site.lines.iter().find(is_its).ok_or(None)?;
    let taker = new.iter().find(|other| other.kind == line.kind && other.port == line.port);
    taker.map_or(Ok(()), |taker| Err(Some(taker)))
}

/// The telephones and outside lines that have no line before the next start, in words that follow "at the next start".
pub(super) fn without_line(new: &Effective, site: &Site) -> Vec<String> {
    let ends = ends(new);
    let told = ends.iter().filter(|end| !end.is_open(site)).filter_map(|end| {
        let (label, port) = (end.label(), &end.port);
        let taken = match line_until_start(end, &ends, site) {
            Ok(()) => return None,
            Err(None) => String::new(),
            Err(Some(taker)) => format!(", and its old port is {}'s", taker.label()),
        };
        Some(match end.kind {
            LineKind::Phone => {
                format!("{label} gets a line; until then it has none: {port} was not opened at the last start{taken}")
            }
            LineKind::Outside => {
                format!("{label} gets its port; until then it has none: {port} was not opened at the last start{taken}")
            }
        })
    });
    told.collect()
}
