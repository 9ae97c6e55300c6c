//! From bytes to a description.

use super::media::{Direction, Fmtp, Media, MediaKind, Proto, RtcpAddress, Rtpmap};
use super::session::{Attribute, Bandwidth, Connection, Origin, SessionDescription, Time};
use crate::message::{Host, text};
use tipring_units::Millis;

/// Longest description that is parsed, in bytes.
pub const MAX_SDP: usize = 32 * 1024;
/// Most media sections.
pub const MAX_MEDIA: usize = 16;
/// Most formats of a media section.
pub const MAX_FORMATS: usize = 64;
/// Most attributes of the session or of a media section.
pub const MAX_ATTRIBUTES: usize = 256;

/// Why bytes are no session description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("SDP line {line}, offset {offset}: expected {expected}")]
pub struct SdpError {
    /// Line, from 1.
    pub line: usize,
    /// Byte offset in the description.
    pub offset: usize,
    /// What the parser looked for.
    pub expected: &'static str,
}

pub(super) fn parse(bytes: &[u8]) -> Result<SessionDescription, SdpError> {
    let fail = |line, offset, expected| SdpError { line, offset, expected };
    if bytes.len() > MAX_SDP {
        return Err(fail(1, MAX_SDP, "a shorter description"));
    }
    let mut draft = Draft::default();
    let mut offset = 0;
    let mut lines = 0;
    for (at, raw) in bytes.split(|&b| b == b'\n').enumerate() {
        let line = raw.strip_suffix(b"\r").unwrap_or(raw);
        lines = at + 1;
        if !line.iter().all(|b| matches!(b, b' ' | b'\t' | 0)) {
            match line {
                [kind, b'=', value @ ..] if kind.is_ascii_alphabetic() => {
                    draft.line(*kind, value).map_err(|(skip, what)| fail(lines, offset + skip, what))?;
                }
                _ => return Err(fail(lines, offset, "a letter and an equals sign")),
            }
        }
        offset += raw.len() + 1;
    }
    draft.finish().map_err(|expected| fail(lines, bytes.len(), expected))
}

/// Offset within the line and what was expected there.
type LineError = (usize, &'static str);

/// Offset of a value within its line.
const VALUE: usize = 2;

#[derive(Default)]
struct Draft {
    version: bool,
    origin: Option<Origin>,
    name: Option<Vec<u8>>,
    connection: Option<Connection>,
    time: Option<Time>,
    bandwidth: Vec<Bandwidth>,
    direction: Option<Direction>,
    attributes: Vec<Attribute>,
    media: Vec<Media>,
}

impl Draft {
    fn line(&mut self, kind: u8, value: &[u8]) -> Result<(), LineError> {
        if !self.version && kind != b'v' {
            return Err((0, "v= on the first line"));
        }
        let words = text(value);
        match kind {
            b'v' if words.trim() == "0" => self.version = true,
            b'v' => return Err((VALUE, "version 0")),
            b'o' if self.media.is_empty() => self.origin = Some(origin(&words)?),
            b's' if self.media.is_empty() => self.name = Some(value.to_vec()),
            b'c' => {
                let connection = connection(&words)?;
                match self.media.last_mut() {
                    // Several c= lines are for layered multicast: the first counts.
                    Some(media) => media.connection = media.connection.take().or(Some(connection)),
                    None => self.connection = Some(connection),
                }
            }
            b't' if self.time.is_none() => self.time = Some(time(&words)?),
            b'b' => {
                let bandwidth = bandwidth(&words)?;
                let list = self.media.last_mut().map_or(&mut self.bandwidth, |media| &mut media.bandwidth);
                if list.len() >= MAX_ATTRIBUTES {
                    return Err((0, "fewer bandwidths"));
                }
                list.push(bandwidth);
            }
            b'm' if self.media.len() >= MAX_MEDIA => return Err((0, "fewer media")),
            b'm' => self.media.push(media(&words)?),
            b'a' => self.attribute(value, &words)?,
            // Later time lines, words for people, keys, and letters to come (RFC 8866 §5 lets us ignore them).
            _ => {}
        }
        Ok(())
    }

    fn attribute(&mut self, value: &[u8], words: &str) -> Result<(), LineError> {
        let (name, rest) = match words.split_once(':') {
            Some((name, rest)) => (name.trim(), Some(rest.trim())),
            None => (words.trim(), None),
        };
        if name.is_empty() {
            return Err((VALUE, "an attribute name"));
        }
        if !name.is_ascii() {
            return Ok(()); // no token (RFC 8866 §9): it means nothing to anybody
        }
        if let Some(direction) = direction(name, rest) {
            match self.media.last_mut() {
                Some(media) => media.direction = Some(direction),
                None => self.direction = Some(direction),
            }
            return Ok(());
        }
        if let Some(media) = self.media.last_mut()
            && media_attribute(media, name, rest.unwrap_or(""))?
        {
            return Ok(());
        }
        let list = self.media.last_mut().map_or(&mut self.attributes, |media| &mut media.attributes);
        if list.len() >= MAX_ATTRIBUTES {
            return Err((0, "fewer attributes"));
        }
        let colon = value.iter().position(|&b| b == b':');
        let raw = colon.and_then(|colon| value.get(colon + 1..)).map(<[u8]>::to_vec);
        list.push(Attribute { name: name.to_owned(), value: raw });
        Ok(())
    }

    fn finish(self) -> Result<SessionDescription, &'static str> {
        if !self.version {
            return Err("v= on the first line");
        }
        Ok(SessionDescription {
            origin: self.origin.ok_or("an o= line")?,
            // RFC 8866 asks for s= and t=; phones that leave them out mean nothing by it.
            name: self.name.unwrap_or_else(|| b"-".to_vec()),
            connection: self.connection,
            time: self.time.unwrap_or_default(),
            bandwidth: self.bandwidth,
            direction: self.direction,
            attributes: self.attributes,
            media: self.media,
        })
    }
}

/// Takes an attribute into its place in `media`; false if it has none or its value cannot be read. One bad
/// attribute (`a=rtpmap:31 LPC` in RFC 4475) must not cost the call, so it is kept as it is and means nothing.
fn media_attribute(media: &mut Media, name: &str, value: &str) -> Result<bool, LineError> {
    match name.to_ascii_lowercase().as_str() {
        "rtpmap" => {
            let Some(map) = rtpmap(value) else { return Ok(false) };
            if media.rtpmaps.len() >= MAX_FORMATS {
                return Err((0, "fewer rtpmap lines"));
            }
            media.rtpmaps.push(map);
        }
        "fmtp" => {
            if media.fmtps.len() >= MAX_FORMATS {
                return Err((0, "fewer fmtp lines"));
            }
            let (format, params) = value.split_once([' ', '\t']).unwrap_or((value, ""));
            media.fmtps.push(Fmtp { format: format.to_owned(), params: params.trim().to_owned() });
        }
        "ptime" => {
            let Some(ptime) = millis(value) else { return Ok(false) };
            media.ptime = Some(ptime);
        }
        "maxptime" => {
            let Some(maxptime) = millis(value) else { return Ok(false) };
            media.maxptime = Some(maxptime);
        }
        "rtcp-mux" => media.rtcp_mux = true,
        "rtcp" => {
            let mut words = value.split_ascii_whitespace();
            let Some(port) = words.next().and_then(|port| port.parse().ok()) else { return Ok(false) };
            let address = words.nth(2).and_then(|address| address.parse().ok());
            media.rtcp = Some(RtcpAddress { port, address });
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn origin(words: &str) -> Result<Origin, LineError> {
    // A user name with blanks in it occurs: the five other fields count from the end.
    let fields: Vec<&str> = words.split_ascii_whitespace().collect();
    let [user @ .., id, version, _net, kind, address] = fields.as_slice() else {
        return Err((VALUE, "user, identifier, version, IN, IP4 or IP6 and address"));
    };
    let digits = |field: &str| !field.is_empty() && field.bytes().all(|b| b.is_ascii_digit());
    // Identifiers that are not numeric occur too and do no harm; a version must be, to be compared.
    if !digits(version) {
        return Err((VALUE, "a version of digits"));
    }
    let username = if user.is_empty() { "-".to_owned() } else { user.join(" ") };
    let address = address.parse().map_err(|_| (VALUE, "an address of the origin"))?;
    let _ = kind;
    Ok(Origin { username, id: (*id).to_owned(), version: (*version).to_owned(), address })
}

fn connection(words: &str) -> Result<Connection, LineError> {
    let mut fields = words.split_ascii_whitespace();
    let (Some(net), Some(kind), Some(address)) = (fields.next(), fields.next(), fields.next()) else {
        return Err((VALUE, "IN, IP4 or IP6 and address"));
    };
    if !net.eq_ignore_ascii_case("IN") || !["IP4", "IP6"].iter().any(|k| k.eq_ignore_ascii_case(kind)) {
        return Err((VALUE, "IN and IP4 or IP6"));
    }
    let (address, ttl) = match address.split_once('/') {
        Some((address, rest)) => (address, rest.split('/').next().and_then(|ttl| ttl.parse().ok())),
        None => (address, None),
    };
    let address = address.parse::<Host>().map_err(|_| (VALUE, "an address"))?;
    Ok(Connection { address, ttl })
}

fn time(words: &str) -> Result<Time, LineError> {
    let mut fields = words.split_ascii_whitespace().map(|field| {
        let digits = field.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| field.parse().unwrap_or(u64::MAX))
    });
    match (fields.next().flatten(), fields.next().flatten()) {
        (Some(start), Some(stop)) => Ok(Time { start, stop }),
        (Some(_) | None, _) => Err((VALUE, "start and stop times")),
    }
}

fn bandwidth(words: &str) -> Result<Bandwidth, LineError> {
    let parsed = words.split_once(':').and_then(|(kind, value)| {
        let value = value.trim();
        let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| Bandwidth { kind: kind.to_owned(), value: value.parse().unwrap_or(u64::MAX) })
    });
    parsed.ok_or((VALUE, "a kind, a colon and a bandwidth"))
}

fn media(words: &str) -> Result<Media, LineError> {
    let mut fields = words.split_ascii_whitespace();
    let (Some(kind), Some(port), Some(proto)) = (fields.next(), fields.next(), fields.next()) else {
        return Err((VALUE, "kind, UDP port, transport and formats"));
    };
    let (port, count) = match port.split_once('/') {
        Some((port, count)) => (port, count.parse().map_err(|_| (VALUE, "a count of UDP ports"))?),
        None => (port, 1),
    };
    let port = port.parse().map_err(|_| (VALUE, "a UDP port from 0 to 65535"))?;
    let formats: Vec<String> = fields.map(str::to_owned).collect();
    if formats.len() > MAX_FORMATS {
        return Err((VALUE, "fewer formats"));
    }
    // No format at all occurs in refusals.
    if formats.is_empty() && port != 0 {
        return Err((VALUE, "a format"));
    }
    Ok(Media {
        kind: MediaKind::from_name(kind),
        port_count: count,
        proto: Proto::from_name(proto),
        formats,
        ..Media::audio(port)
    })
}

fn rtpmap(value: &str) -> Option<Rtpmap> {
    let (payload_type, encoding) = value.split_once([' ', '\t'])?;
    let payload_type = payload_type.parse().ok().filter(|&pt: &u8| pt < 128)?;
    let mut parts = encoding.trim().split('/');
    let name = parts.next().filter(|name| !name.is_empty())?;
    let clock_rate = parts.next()?.trim().parse().ok()?;
    let channels = parts.next().and_then(|channels| channels.trim().parse().ok());
    Some(Rtpmap { payload_type, encoding: name.to_owned(), clock_rate, channels })
}

/// Whole milliseconds; a fraction, as some phones send, is cut off.
fn millis(value: &str) -> Option<Millis> {
    value.split('.').next()?.trim().parse().ok().map(Millis)
}

fn direction(name: &str, value: Option<&str>) -> Option<Direction> {
    const ALL: [Direction; 4] =
        [Direction::SendRecv, Direction::SendOnly, Direction::RecvOnly, Direction::Inactive];
    let plain = value.is_none_or(str::is_empty);
    ALL.into_iter().find(|direction| plain && direction.as_str().eq_ignore_ascii_case(name))
}
