//! From a description to bytes.

use core::fmt;
use core::net::IpAddr;

use super::media::Media;
use super::session::{Attribute, Bandwidth, Connection, SessionDescription};
use crate::message::Host;

impl SessionDescription {
    /// The description as it goes into a body.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(512);
        let origin = &self.origin;
        line(&mut out, "v=", "0");
        let user = if origin.username.is_empty() { "-" } else { &origin.username };
        let address = Address(&origin.address);
        line(&mut out, "o=", &format!("{user} {} {} {address}", origin.id, origin.version));
        raw_line(&mut out, b"s=", if self.name.is_empty() { b"-" } else { &self.name });
        write_connection(&mut out, self.connection.as_ref());
        write_bandwidth(&mut out, &self.bandwidth);
        line(&mut out, "t=", &format!("{} {}", self.time.start, self.time.stop));
        if let Some(direction) = self.direction {
            line(&mut out, "a=", direction.as_str());
        }
        write_attributes(&mut out, &self.attributes);
        for media in &self.media {
            write_media(&mut out, media);
        }
        out
    }
}

impl fmt::Display for SessionDescription {
    /// Bytes that are not UTF-8 show as Latin-1.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::message::text(&self.to_bytes()))
    }
}

fn write_media(out: &mut Vec<u8>, media: &Media) {
    let count = if media.port_count == 1 { String::new() } else { format!("/{}", media.port_count) };
    let formats = media.formats.join(" ");
    let head = format!("{} {}{count} {} {formats}", media.kind, media.port, media.proto);
    line(out, "m=", head.trim_end());
    write_connection(out, media.connection.as_ref());
    write_bandwidth(out, &media.bandwidth);
    for map in &media.rtpmaps {
        let channels = map.channels.map(|channels| format!("/{channels}")).unwrap_or_default();
        let value = format!("{} {}/{}{channels}", map.payload_type, map.encoding, map.clock_rate);
        line(out, "a=rtpmap:", &value);
    }
    for fmtp in &media.fmtps {
        line(out, "a=fmtp:", format!("{} {}", fmtp.format, fmtp.params).trim_end());
    }
    if let Some(ptime) = media.ptime {
        line(out, "a=ptime:", &ptime.0.to_string());
    }
    if let Some(maxptime) = media.maxptime {
        line(out, "a=maxptime:", &maxptime.0.to_string());
    }
    if let Some(rtcp) = &media.rtcp {
        let address = rtcp.address.as_ref().map(|host| format!(" {}", Address(host))).unwrap_or_default();
        line(out, "a=rtcp:", &format!("{}{address}", rtcp.port));
    }
    if media.rtcp_mux {
        line(out, "a=", "rtcp-mux");
    }
    if let Some(direction) = media.direction {
        line(out, "a=", direction.as_str());
    }
    write_attributes(out, &media.attributes);
}

fn write_connection(out: &mut Vec<u8>, connection: Option<&Connection>) {
    if let Some(connection) = connection {
        let ttl = connection.ttl.map(|ttl| format!("/{ttl}")).unwrap_or_default();
        line(out, "c=", &format!("{}{ttl}", Address(&connection.address)));
    }
}

fn write_bandwidth(out: &mut Vec<u8>, bandwidth: &[Bandwidth]) {
    for Bandwidth { kind, value } in bandwidth {
        line(out, "b=", &format!("{kind}:{value}"));
    }
}

fn write_attributes(out: &mut Vec<u8>, attributes: &[Attribute]) {
    for attribute in attributes {
        match &attribute.value {
            Some(value) => {
                let mut whole = attribute.name.clone().into_bytes();
                whole.push(b':');
                whole.extend_from_slice(value);
                raw_line(out, b"a=", &whole);
            }
            None => line(out, "a=", &attribute.name),
        }
    }
}

fn line(out: &mut Vec<u8>, prefix: &str, value: &str) {
    raw_line(out, prefix.as_bytes(), value.as_bytes());
}

/// A line break in a value would start a line of its own, so it becomes a blank.
fn raw_line(out: &mut Vec<u8>, prefix: &[u8], value: &[u8]) {
    out.extend_from_slice(prefix);
    out.extend(value.iter().map(|&b| if matches!(b, b'\r' | b'\n') { b' ' } else { b }));
    out.extend_from_slice(b"\r\n");
}

/// `IN IP4 192.0.2.1`
struct Address<'a>(&'a Host);

impl fmt::Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Host::Ip(IpAddr::V4(ip)) => write!(f, "IN IP4 {ip}"),
            Host::Ip(IpAddr::V6(ip)) => write!(f, "IN IP6 {ip}"),
            Host::Name(name) => write!(f, "IN IP4 {name}"),
        }
    }
}
