//! From the effective configuration to the site that the two planes run.

use core::net::SocketAddr;

use tipring_call::{CauseTones, DialRow, Emergency, Hunt, Number, Permission, Setup, Timers};
use tipring_config::{
    Codec, Destination, Digest, Digits, Effective, JitterMode, MayCall, Phone, PhoneType, Rule, Server,
    Service, Target,
};
use tipring_port::{CodecName, DtmfMode, G726Packing, G726Rate, JitterSpec, Text, Tone};
use tipring_sip::agent::{
    AccountConfig, AccountId, AgentConfig, HostPort, Network, ServerConfig, ServerId, Transport, Trust,
};
use tipring_sip::digest::{Algorithm, Secret};
use tipring_sip::offer_answer::TELEPHONE_EVENT_TYPE;
use tipring_sip::registrar::User;
use tipring_units::{LineId, MediaSlot, Millis, ShardId};

use crate::site::{AccountSite, LineMedia, LineSite, MediaSite, ServerSite, SipSite, Site, Unused};

/// How often a far end is asked whether it is still in the call, twice over: what RFC 4028 §4.2 recommends.
const SESSION_INTERVAL: Millis = Millis::from_secs(1800);
/// Depth of jitter buffers: a LAN needs the least, a bad path gets up to the most.
const JITTER: JitterSpec = JitterSpec { min: Millis(20), max: Millis(200), fixed: false };
/// Packet time that we send and ask for.
const PTIME: Millis = Millis(20);
/// Sessions that the agent keeps beyond two for each telephone.
const SPARE_SESSIONS: usize = 64;

/// What the host adds to the configuration.
#[derive(Clone, Debug)]
pub struct Wiring {
    /// The media sockets that it has opened.
    pub slots: Vec<(MediaSlot, SocketAddr)>,
    /// The address of the SIP socket as peers reach it.
    pub sip: SocketAddr,
    /// Lines of one shard, at the most.
    pub lines_per_shard: usize,
    /// Minutes that local time is east of UTC.
    pub utc_offset_minutes: i32,
    /// The revision of the configuration.
    pub revision: u64,
}

impl Site {
    /// How many pairs of media sockets the configuration needs: two for each telephone, so that each can hold one call
    /// and talk in another.
    pub fn slots_needed(effective: &Effective) -> usize {
        (2 * (effective.phone.len() + effective.sip.len()) + 2).min(usize::from(effective.media.pairs()))
    }

    /// The site of an effective configuration. Telephones on ports that this version does not drive, and servers that
    /// it cannot reach, are left out and told as unused.
    pub fn configured(effective: &Effective, wiring: &Wiring) -> Self {
        let used: Vec<_> = effective.phone.iter().filter(|(_, phone)| phone.service.is_used()).collect();
        let lines: Vec<LineSite> = used
            .iter()
            .enumerate()
            .map(|(place, (number, phone))| LineSite {
                port: phone.port.to_string(),
                shard: shard_of(place, wiring),
                number: number.to_string(),
                name: phone.name.clone().unwrap_or_default(),
                profile: effective.profile(phone),
                in_service: true,
                media: LineMedia {
                    codecs: phone.codecs.as_ref().map(|own| own.iter().copied().map(codec).collect()),
                    ptime: phone.ptime,
                    jitter: phone.jitter.map(|depth| (depth.min, depth.max)),
                    jitter_fixed: phone.jitter_mode.map(|mode| mode == JitterMode::Fixed),
                },
            })
            .collect();
        let phones = used.iter().enumerate().map(|(place, (number, phone))| tipring_call::Phone {
            line: LineId(u16::try_from(place).unwrap_or(u16::MAX)),
            number: Text::new(number.as_str()),
            name: Text::new(phone.name.as_deref().unwrap_or_default()),
            may_call: permission(phone.may_call),
            ring: effective.profile(phone).ring.pattern,
            data: matches!(phone.r#type, PhoneType::Fax | PhoneType::Modem),
            dials: Vec::new(),
        });
        let (servers, accounts) = servers(effective);
        let first = servers.first();
        let tones = effective.country.tones;
        Self {
            name: effective.name.clone(),
            calls: calls(effective, phones.collect(), wiring),
            media: MediaSite {
                slots: wiring.slots.clone(),
                host_shard: ShardId(0),
                codecs: first.map_or_else(|| default_codecs(effective), |server| server.codecs.clone()),
                data_codecs: default_codecs(effective),
                ptime: PTIME,
                dtmf: DtmfMode::Events(TELEPHONE_EVENT_TYPE),
                jitter: JITTER,
                tones,
            },
            sip: SipSite {
                agent: AgentConfig {
                    tcp: Some(wiring.sip),
                    product: concat!("Tipring/", env!("CARGO_PKG_VERSION")).to_owned(),
                    realm: effective.name.clone(),
                    digest: effective.digest.iter().copied().map(algorithm).collect(),
                    session_interval: Some(SESSION_INTERVAL),
                    max_sessions: 2 * (effective.phone.len() + effective.sip.len()) + SPARE_SESSIONS,
                    ..AgentConfig::new(wiring.sip)
                },
                servers,
                accounts,
                users: effective
                    .sip
                    .iter()
                    .filter_map(|(number, phone)| {
                        let password = phone.password.as_ref()?;
                        Some(User { name: number.to_string(), password: Secret::new(password.reveal()) })
                    })
                    .collect(),
                trust: Trust {
                    networks: effective
                        .trust
                        .iter()
                        .map(|network| Network { address: network.address, prefix: network.prefix })
                        .collect(),
                    ..Trust::default()
                },
            },
            unused: unused(effective),
            lines,
            revision: wiring.revision,
        }
    }
}

fn shard_of(place: usize, wiring: &Wiring) -> ShardId {
    ShardId(u8::try_from(place / wiring.lines_per_shard.max(1)).unwrap_or(u8::MAX))
}

fn permission(may_call: MayCall) -> Permission {
    match may_call {
        MayCall::Internal => Permission::Internal,
        MayCall::Local => Permission::Local,
        MayCall::National => Permission::National,
        MayCall::All => Permission::All,
    }
}

fn calls(effective: &Effective, phones: Vec<tipring_call::Phone>, wiring: &Wiring) -> Setup {
    let has = |tone| !effective.country.tones.get(tone).steps().is_empty();
    let unknown = if has(Tone::SpecialInformation) { Tone::SpecialInformation } else { Tone::Congestion };
    Setup {
        phones,
        lines: Vec::new(),
        hunt: Hunt::default(),
        users: effective
            .sip
            .iter()
            .map(|(number, phone)| tipring_call::User {
                number: Text::new(number.as_str()),
                name: Text::new(phone.name.as_deref().unwrap_or_default()),
                may_call: permission(phone.may_call),
            })
            .collect(),
        // Those that are not used count as down: what would go to them goes by [offline].
        servers: used_servers(effective)
            .chain(effective.server.iter().filter(|(_, server)| !server.service.is_used()))
            .map(|(name, server)| tipring_call::Server {
                name: Text::new(name),
                may_call: None,
                rings: server.rings.iter().find_map(|destination| match &destination.target {
                    Target::Phone(number) => Some(Number::new(number.as_str())),
                    Target::Phones | Target::Server(_) | Target::Lines | Target::Line(_) => None,
                }),
            })
            .collect(),
        dial: (!effective.dial_is_implied()).then(|| rows(&effective.dial)),
        offline: rows(&effective.offline),
        numbering: effective.country.numbers.clone(),
        emergency: Emergency {
            via: effective.emergency.via.iter().map(destination).collect(),
            callback: effective.emergency.callback.as_deref().map(Number::new),
            notify: None,
        },
        timers: Timers {
            first_digit: effective.wait_first_digit,
            short: effective.wait_end,
            long: effective.wait_digit,
            answer: effective.wait_answer,
            ..Timers::default()
        },
        tones: CauseTones { unknown, ..CauseTones::default() },
        offset_minutes: wiring.utc_offset_minutes,
    }
}

fn rows(rules: &[Rule]) -> Vec<DialRow> {
    // Of several destinations the first that is used; `check` has told that the others wait for a later version.
    let row = |rule: &Rule| {
        let to = rule.to.first().map(destination)?;
        Some(DialRow { pattern: rule.pattern.clone(), to })
    };
    rules.iter().filter_map(row).collect()
}

fn destination(destination: &Destination) -> tipring_call::Destination {
    let number = destination.number.as_deref().map(Number::new);
    match &destination.target {
        Target::Phone(number) => tipring_call::Destination::Number(Text::new(number.as_str())),
        Target::Phones => tipring_call::Destination::Phones,
        Target::Server(name) => tipring_call::Destination::Server { name: Text::new(name), number },
        Target::Lines => tipring_call::Destination::Lines { number: None },
        Target::Line(line) => {
            tipring_call::Destination::Line { line: Text::new(line.as_str()), number: None }
        }
    }
}

fn used_servers(effective: &Effective) -> impl Iterator<Item = (&String, &Server)> {
    effective.server.iter().filter(|(_, server)| server.service.is_used())
}

fn servers(effective: &Effective) -> (Vec<ServerSite>, Vec<AccountSite>) {
    let mut sites = Vec::new();
    let mut accounts = Vec::new();
    for (index, (name, server)) in used_servers(effective).enumerate() {
        let id = ServerId(u16::try_from(index).unwrap_or(u16::MAX));
        sites.push(ServerSite {
            name: name.clone(),
            config: ServerConfig {
                id,
                addresses: server
                    .address
                    .iter()
                    .map(|address| HostPort { host: address.host.clone(), port: address.port })
                    .collect(),
                domain: None,
                transport: match server.transport {
                    tipring_config::Transport::Udp => Transport::Udp,
                    // A server that wants TLS is not used in this version, and so is not here.
                    tipring_config::Transport::Tcp | tipring_config::Transport::Tls => Transport::Tcp,
                },
            },
            codecs: server.codecs.iter().copied().map(codec).collect(),
            dtmf: match server.dtmf {
                Digits::Rfc4733 => DtmfMode::Events(TELEPHONE_EVENT_TYPE),
                Digits::Inband => DtmfMode::InBand,
                Digits::Info => DtmfMode::Signalling,
            },
            vad: server.vad,
            ptime: server.ptime,
            jitter: JitterSpec {
                min: server.jitter.min,
                max: server.jitter.max,
                fixed: server.jitter_mode == JitterMode::Fixed,
            },
        });
        let mut account = |phone: Option<String>, user: &str, password: &str| {
            let number = u16::try_from(accounts.len()).unwrap_or(u16::MAX);
            accounts.push(AccountSite {
                phone,
                config: AccountConfig {
                    id: AccountId(number),
                    server: id,
                    user: user.to_owned(),
                    auth_user: None,
                    password: Secret::new(password),
                    expires: server.expires,
                    register: true,
                },
            });
        };
        if let Some(user) = &server.user {
            let password = server.password.as_ref().map_or("", |password| password.reveal());
            account(None, user, password);
        }
        let here = |number: &str| effective.phone.iter().any(|(phone, _)| phone.as_str() == number);
        for (number, own) in server.accounts.iter().filter(|(number, _)| here(number.as_str())) {
            account(Some(number.to_string()), &own.user, own.password.reveal());
        }
    }
    (sites, accounts)
}

fn codec(codec: Codec) -> CodecName {
    match codec {
        Codec::Pcmu => CodecName::Pcmu,
        Codec::Pcma => CodecName::Pcma,
        Codec::L16 => CodecName::L16,
        Codec::G722 => CodecName::G722,
        Codec::G729 => CodecName::G729,
        Codec::Opus => CodecName::Opus,
        Codec::G726R16 => CodecName::G726(G726Rate::R16, G726Packing::Rfc3551),
        Codec::Aal2G726R16 => CodecName::G726(G726Rate::R16, G726Packing::Aal2),
        Codec::G726R24 => CodecName::G726(G726Rate::R24, G726Packing::Rfc3551),
        Codec::Aal2G726R24 => CodecName::G726(G726Rate::R24, G726Packing::Aal2),
        Codec::G726R32 => CodecName::G726(G726Rate::R32, G726Packing::Rfc3551),
        Codec::Aal2G726R32 => CodecName::G726(G726Rate::R32, G726Packing::Aal2),
        Codec::G726R40 => CodecName::G726(G726Rate::R40, G726Packing::Rfc3551),
        Codec::Aal2G726R40 => CodecName::G726(G726Rate::R40, G726Packing::Aal2),
    }
}

fn algorithm(digest: Digest) -> Algorithm {
    match digest {
        Digest::Md5 => Algorithm::Md5,
        Digest::Sha256 => Algorithm::Sha256,
        Digest::Sha512Half => Algorithm::Sha512Half,
    }
}

/// Where no server says otherwise: the law of the country first.
fn default_codecs(effective: &Effective) -> Vec<CodecName> {
    match effective.country.code.as_str() {
        "us" | "ca" | "jp" => vec![CodecName::Pcmu, CodecName::Pcma],
        _ => vec![CodecName::Pcma, CodecName::Pcmu],
    }
}

fn unused(effective: &Effective) -> Vec<Unused> {
    let reason = |service: &Service| match service {
        Service::Used => None,
        Service::Unused(why) => Some(why.clone()),
    };
    let phone = |(number, phone): (&tipring_config::Number, &Phone)| {
        reason(&phone.service).map(|why| Unused { subject: format!("{number} ({})", phone.port), why })
    };
    let server = |(name, server): (&String, &Server)| {
        reason(&server.service).map(|why| Unused { subject: format!("server {name}"), why })
    };
    let line = |(number, line): (&tipring_config::Number, &tipring_config::Line)| {
        reason(&line.service).map(|why| Unused { subject: format!("line {number} ({})", line.port), why })
    };
    let phones = effective.phone.iter().filter_map(phone);
    let servers = effective.server.iter().filter_map(server);
    phones.chain(servers).chain(effective.line.iter().filter_map(line)).collect()
}
