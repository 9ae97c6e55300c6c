//! From the effective configuration to the site that the two planes run.

mod routes;

use core::net::SocketAddr;

use tipring_call::{
    CauseTones, CodeFinding, CodeRow, CodeSet, Desk, DialRow, Disa, Door, Duty, Emergency, Features, Flag,
    Forward, ForwardWhen, Group, GroupHunt, Hotline, Hunt, Night, NightClass, Number, OutsideLine, Page,
    Permission, Plan, RingFor, RingKind, SelfTest, Setup, Timers, code_plan_findings, code_table,
};
use tipring_config::{
    Codec, Connects, Destination, Digest, Digits, Effective, FromUser, JitterDepth, JitterMode, Line,
    MayCall, NightHours, Overflow, Phone, RingCaller, RingWord, Rule, Server, Service, StarCodes, Target,
};
use tipring_country::Hours;
use tipring_port::{CodecName, DtmfMode, G726Packing, G726Rate, JitterSpec, Text, Tone};
use tipring_sip::agent::{
    AccountConfig, AccountId, AgentConfig, HostPort, Network, ServerConfig, ServerId, Transport, Trust,
};
use tipring_sip::digest::{Algorithm, Secret};
use tipring_sip::offer_answer::TELEPHONE_EVENT_TYPE;
use tipring_sip::registrar::User;
use tipring_units::{LineId, MediaSlot, Millis, ShardId};

use crate::site::{AccountSite, LineKind, LineMedia, LineSite, MediaSite, ServerSite, SipSite, Site, Unused};

/// How often a far end is asked whether it is still in the call, twice over: what RFC 4028 §4.2 recommends.
const SESSION_INTERVAL: Millis = Millis::from_secs(1800);
/// Depth of jitter buffers: a LAN needs the least, a bad path gets up to the most.
const JITTER: JitterSpec = JitterSpec { min: Millis(20), max: Millis(200), fixed: false };
/// Packet time that we send and ask for.
const PTIME: Millis = Millis(20);
/// Sessions that the agent keeps beyond two for each telephone and outside line.
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
    /// How many pairs of media sockets the configuration needs: two for each telephone and each outside line, so that each
    /// can hold one call and talk in another.
    pub fn slots_needed(effective: &Effective) -> usize {
        (2 * ends(effective) + 2).min(usize::from(effective.media.pairs()))
    }

    /// The site of an effective configuration. Telephones and outside lines on ports that this version does not drive, and
    /// servers that it cannot reach, are left out and told as unused.
    pub fn configured(effective: &Effective, wiring: &Wiring) -> Self {
        let phones: Vec<_> = effective.phone.iter().filter(|(_, phone)| phone.service.is_used()).collect();
        let outside: Vec<_> = effective.line.iter().filter(|(_, line)| line.service.is_used()).collect();
        let first_outside = phones.len();
        let place_of = |name: &tipring_config::Number| {
            let place = outside.iter().position(|(number, _)| *number == name)?;
            Some(line_id(first_outside + place))
        };
        let mut lines: Vec<LineSite> = Vec::with_capacity(phones.len() + outside.len());
        for (number, phone) in &phones {
            lines.push(LineSite {
                port: phone.port.to_string(),
                kind: LineKind::Phone,
                shard: shard_of(lines.len(), wiring),
                number: number.to_string(),
                name: phone.name.clone().unwrap_or_default(),
                profile: effective.profile(phone),
                in_service: true,
                media: line_media(phone.codecs.as_deref(), phone.ptime, phone.jitter, phone.jitter_mode),
                lifeline: phone.lifeline.as_ref().and_then(place_of),
            });
        }
        for (number, line) in &outside {
            lines.push(LineSite {
                port: line.port.to_string(),
                kind: LineKind::Outside,
                shard: shard_of(lines.len(), wiring),
                number: number.to_string(),
                name: line.name.clone().unwrap_or_default(),
                profile: effective.line_profile(line),
                in_service: true,
                media: line_media(line.codecs.as_deref(), line.ptime, line.jitter, line.jitter_mode),
                lifeline: None,
            });
        }
        let outside = outside
            .iter()
            .enumerate()
            .map(|(place, (number, line))| outside_line(line_id(first_outside + place), number, line));
        let phones = phones.iter().enumerate().map(|(place, (number, phone))| tipring_call::Phone {
            line: line_id(place),
            number: Text::new(number.as_str()),
            name: Text::new(phone.name.as_deref().unwrap_or_default()),
            may_call: permission(phone.may_call),
            night: night_class(phone.may_call_night, phone.night_hours),
            ring: effective.profile(phone).ring.pattern,
            ring_for: phone.habits.ring_for.iter().map(ring_for).collect(),
            data: phone.duty.data.unwrap_or(false),
            features: features(&phone.habits),
            no_answer: phone.habits.ring_time,
            codes: phone.habits.star_codes,
            pickup: phone.habits.pickup.iter().map(|name| Text::new(name)).collect(),
            transfer: phone.habits.transfer,
            lamp: phone.duty.lamp != Some(false),
            recall: match phone.habits.recall {
                tipring_config::Recall::Swap => tipring_call::Recall::Swap,
                tipring_config::Recall::Conference => tipring_call::Recall::Conference,
                tipring_config::Recall::Keys => tipring_call::Recall::Keys,
            },
            pin: phone.habits.pin.as_ref().map(|pin| Number::new(pin.reveal())),
            dials: phone.dials.iter().map(destination).collect(),
            duty: duty(phone),
        });
        let (phones, outside) = (phones.collect(), outside.collect());
        let (servers, accounts) = servers(effective);
        let first = servers.first();
        let tones = effective.country.tones;
        Self {
            name: effective.name.clone(),
            calls: calls(effective, phones, outside, wiring),
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
                    max_sessions: 2 * ends(effective) + SPARE_SESSIONS,
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

/// Telephones and outside lines.
fn ends(effective: &Effective) -> usize {
    effective.phone.len() + effective.sip.len() + effective.line.len()
}

fn line_id(place: usize) -> LineId {
    LineId(u16::try_from(place).unwrap_or(u16::MAX))
}

fn line_media(
    codecs: Option<&[Codec]>,
    ptime: Option<Millis>,
    jitter: Option<JitterDepth>,
    mode: Option<JitterMode>,
) -> LineMedia {
    LineMedia {
        codecs: codecs.map(|own| own.iter().copied().map(codec).collect()),
        ptime,
        jitter: jitter.map(|depth| (depth.min, depth.max)),
        jitter_fixed: mode.map(|mode| mode == JitterMode::Fixed),
    }
}

fn outside_line(id: LineId, number: &tipring_config::Number, line: &Line) -> OutsideLine {
    let night = line.night.as_ref().zip(line.night_hours);
    OutsideLine {
        line: id,
        number: Text::new(number.as_str()),
        name: Text::new(line.name.as_deref().unwrap_or_default()),
        rings: line.rings.iter().map(destination).collect(),
        fallback: line.fallback.as_ref().map(destination),
        ring_time: line.ring_time,
        night: night.map(|(rings, hours)| Night {
            from: hours.from,
            to: hours.to,
            rings: destination(rings),
        }),
        disa: line.disa.map(|may_call| Disa {
            pin: line.disa_pin.as_ref().map(|pin| Number::new(pin.reveal())),
            may_call: permission(may_call),
        }),
        suffix: Number::new(line.suffix.as_deref().unwrap_or_default()),
    }
}

fn shard_of(place: usize, wiring: &Wiring) -> ShardId {
    ShardId(u8::try_from(place / wiring.lines_per_shard.max(1)).unwrap_or(u8::MAX))
}

fn night_class(may_call: Option<MayCall>, hours: Option<NightHours>) -> Option<NightClass> {
    let (may_call, NightHours { from, to }) = may_call.zip(hours)?;
    Some(NightClass { hours: Hours { from, to }, may_call: permission(may_call) })
}

fn ring_for(rule: &tipring_config::RingFor) -> RingFor {
    let who = match &rule.who {
        RingCaller::Number(pattern) => tipring_call::RingCaller::Number(pattern.clone()),
        RingCaller::Private => tipring_call::RingCaller::Private,
        RingCaller::Unknown => tipring_call::RingCaller::Unknown,
    };
    let ring = match rule.ring {
        RingWord::Dr1 => RingKind::Bellcore(1),
        RingWord::Dr2 => RingKind::Bellcore(2),
        RingWord::Dr3 => RingKind::Bellcore(3),
        RingWord::Dr4 => RingKind::Bellcore(4),
        RingWord::Dr5 => RingKind::Bellcore(5),
        RingWord::Internal => RingKind::Internal,
        RingWord::External => RingKind::External,
    };
    RingFor { who, ring }
}

fn permission(may_call: MayCall) -> Permission {
    match may_call {
        MayCall::Internal => Permission::Internal,
        MayCall::Local => Permission::Local,
        MayCall::National => Permission::National,
        MayCall::NoInternational => Permission::NoInternational,
        MayCall::NoPremium => Permission::NoPremium,
        MayCall::All => Permission::All,
    }
}

/// What a phone's port is for.
fn duty(phone: &Phone) -> Duty {
    let own = &phone.duty;
    let key = own.desk_key.as_deref().and_then(|key| key.bytes().next());
    let first = phone.dials.first();
    Duty {
        priority: own.priority.unwrap_or(false),
        closed: own.rooms == Some(false),
        desk: key.zip(own.desk.as_ref()).map(|(key, to)| Desk { key, to: destination(to) }),
        hotline: Hotline {
            after: own.dial_after.unwrap_or(Millis::ZERO),
            each: own.dial_time,
            repeat: own.repeat.unwrap_or(false),
        },
        limit: own.call_limit,
        door: own.release.as_deref().map(|release| Door {
            release: Number::new(release),
            opens: Number::new(own.opens.as_deref().unwrap_or(release)),
        }),
        page: Page {
            at_once: own.connects == Some(Connects::AtOnce),
            tone: own.pre_tone.unwrap_or(Millis::ZERO),
            one_way: own.one_way.unwrap_or(false),
            gives_way: own.overrides.unwrap_or(false),
        },
        self_test: own
            .self_test
            .zip(own.self_test_to.as_ref().or(first))
            .map(|(at, to)| SelfTest { minute: at.minute, to: destination(to) }),
        line_test: phone.test.map(|at| at.minute),
    }
}

/// What the configuration sets on a phone.
fn features(habits: &tipring_config::Habits) -> Features {
    let mut features = Features::default();
    for (when, to) in [
        (ForwardWhen::Always, &habits.forward),
        (ForwardWhen::Busy, &habits.forward_busy),
        (ForwardWhen::NoAnswer, &habits.forward_no_answer),
        (ForwardWhen::Unreachable, &habits.forward_unreachable),
    ] {
        if let Some(to) = to {
            features.set_forward(when, Forward::To(Number::new(to)));
        }
    }
    for (flag, on) in [
        (Flag::RejectAnonymous, habits.reject_anonymous),
        (Flag::Hide, habits.hide),
        (Flag::Lock, habits.lock),
        (Flag::Waiting, habits.waiting),
    ] {
        features.set_flag(flag, on);
    }
    features
}

fn calls(
    effective: &Effective,
    phones: Vec<tipring_call::Phone>,
    lines: Vec<OutsideLine>,
    wiring: &Wiring,
) -> Setup {
    let has = |tone| !effective.country.tones.get(tone).steps().is_empty();
    let unknown = if has(Tone::SpecialInformation) { Tone::SpecialInformation } else { Tone::Congestion };
    Setup {
        phones,
        lines,
        hunt: match effective.hunt {
            tipring_config::Hunt::Linear => Hunt::Linear,
            tipring_config::Hunt::Circular => Hunt::Circular,
            tipring_config::Hunt::LeastRecent => Hunt::LeastRecent,
        },
        codes: code_table(code_set(effective), &code_rows(effective)).0,
        users: effective
            .sip
            .iter()
            .map(|(number, phone)| tipring_call::User {
                number: Text::new(number.as_str()),
                name: Text::new(phone.name.as_deref().unwrap_or_default()),
                may_call: permission(phone.may_call),
                night: night_class(phone.may_call_night, phone.night_hours),
            })
            .collect(),
        routes: routes::routes(effective),
        rewrites: routes::rewrites(effective),
        groups: effective.group.iter().map(|(number, own)| group(number, own)).collect(),
        // Those that are not used count as down: what would go to them goes by [offline].
        servers: used_servers(effective)
            .chain(effective.server.iter().filter(|(_, server)| !server.service.is_used()))
            .map(|(name, server)| tipring_call::Server {
                name: Text::new(name),
                may_call: server.may_call.map(permission),
                forwards: match server.forwards {
                    tipring_config::ForwardsAt::Gateway => tipring_call::ForwardsAt::Gateway,
                    tipring_config::ForwardsAt::Server => tipring_call::ForwardsAt::Server,
                },
                rings: server.rings.iter().find_map(|destination| match &destination.target {
                    Target::Phone(number) => Some(Number::new(number.as_str())),
                    Target::Phones
                    | Target::Server(_)
                    | Target::Lines
                    | Target::Line(_)
                    | Target::Route(_) => None,
                }),
            })
            .collect(),
        dial: (!effective.dial_is_implied()).then(|| rows(&effective.dial)),
        offline: rows(&effective.offline),
        numbering: effective.country.numbers.clone(),
        emergency: Emergency {
            via: effective.emergency.via.iter().map(destination).collect(),
            callback: effective.emergency.callback.as_deref().map(Number::new),
            notify: effective.emergency.notify.first().map(destination),
        },
        timers: Timers {
            first_digit: effective.wait_first_digit,
            short: effective.wait_end,
            long: effective.wait_digit,
            answer: effective.wait_answer,
            ..Timers::default()
        },
        tones: CauseTones { unknown, announces: effective.announcements, ..CauseTones::default() },
        says_features: effective.announce_features,
        address: Some(wiring.sip.ip()),
        offset_minutes: wiring.utc_offset_minutes,
    }
}

fn group(number: &tipring_config::Number, group: &tipring_config::Group) -> Group {
    let overflow = |to: &Overflow| match to {
        Overflow::Busy => tipring_call::Overflow::Busy,
        Overflow::Announcement => tipring_call::Overflow::Announcement,
        Overflow::To(to) => tipring_call::Overflow::To(destination(to)),
    };
    Group {
        number: Text::new(number.as_str()),
        name: Text::new(group.name.as_deref().unwrap_or_default()),
        members: group.members.iter().map(destination).collect(),
        hunt: match group.hunt {
            tipring_config::GroupHunt::Linear => GroupHunt::Linear,
            tipring_config::GroupHunt::Circular => GroupHunt::Circular,
            tipring_config::GroupHunt::LeastRecent => GroupHunt::LeastRecent,
            tipring_config::GroupHunt::Simultaneous => GroupHunt::Simultaneous,
        },
        ring_time: group.ring_time,
        busy: overflow(&group.busy),
        no_answer: group.no_answer.as_ref().map(overflow),
    }
}

/// The set of star codes.
fn code_set(effective: &Effective) -> Option<CodeSet> {
    match effective.star_codes {
        StarCodes::NorthAmerica => Some(CodeSet::NorthAmerica),
        StarCodes::Etsi => Some(CodeSet::Etsi),
        StarCodes::Uk => Some(CodeSet::Uk),
        StarCodes::Off => None,
    }
}

fn code_rows(effective: &Effective) -> Vec<CodeRow> {
    let row = |row: &tipring_config::CodeRow| CodeRow { code: row.code.clone(), action: row.action.clone() };
    effective.codes.iter().map(row).collect()
}

/// What is wrong with the rows of `[codes]`, beside each other, the set, the dial plan and emergency numbers.
pub fn code_findings(effective: &Effective, plan: &Plan) -> Vec<CodeFinding> {
    let rows = code_rows(effective);
    let (codes, mut findings) = code_table(code_set(effective), &rows);
    findings.extend(code_plan_findings(plan, &codes, &rows));
    findings
}

fn rows(rules: &[Rule]) -> Vec<DialRow> {
    let row = |rule: &Rule| {
        let to = match routes::of_row(rule) {
            Some(name) => tipring_call::Destination::Route(name),
            None => rule.to.first().map(destination)?,
        };
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
        Target::Lines => tipring_call::Destination::Lines { number },
        Target::Route(name) => tipring_call::Destination::Route(Text::new(name)),
        Target::Line(line) => tipring_call::Destination::Line { line: Text::new(line.as_str()), number },
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
            from_caller: server.from == FromUser::Caller,
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
            let shown = phone.as_deref().unwrap_or(user);
            let mailbox = server.mailbox.as_ref().map(|mailbox| mailbox.replace("{number}", shown));
            let lamp = phone.clone().or_else(|| match &server.rings.first()?.target {
                Target::Phone(number) => Some(number.to_string()),
                _ => None,
            });
            accounts.push(AccountSite {
                mailbox,
                lamp,
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
    let line = |(number, line): (&tipring_config::Number, &Line)| {
        reason(&line.service).map(|why| Unused { subject: format!("line {number} ({})", line.port), why })
    };
    let phones = effective.phone.iter().filter_map(phone);
    let servers = effective.server.iter().filter_map(server);
    phones.chain(servers).chain(effective.line.iter().filter_map(line)).collect()
}
