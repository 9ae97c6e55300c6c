//! Two gateways, a telephone at each, and a network between them: what a call goes through from handset to handset.
//!
//! # What it does
//! Runs both planes of both gateways, each with its own clock of samples, on lines of the loop plant, and writes down in
//! words what the journals say and what is to be seen at the lines. A [`Machine`] can stand in for a telephone's mouth and
//! ear; in place of a telephone an exchange can be behind a gateway's line.
//!
//! # How
//! [`Pair::run`] goes from one moment at which something is due to the next: an arrival, a deadline, a tick. Each
//! gateway is configured by a text, as the program is. All randomness comes from the seed.
//!
//! # Limits
//! UDP only, one line and one shard each; storage takes no time. [`MAX_TOLD`] words are kept.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::collections::BTreeMap;

use tipring_call::CallRecord;
use tipring_config::Level;
use tipring_gateway::{Control, Input, LineIn, LineOut, Output, Shard, ShardSetup, Site, Wiring};
use tipring_media::{Channel, Packets, Processing};
use tipring_port::{Feed, LoopReading, Samples};
use tipring_units::{Entropy, Instant, LineId, MediaSlot, Millis, SampleTime, ShardId, TICK, WallTime};

use crate::ear::{Heard, HeardEvent, What};
use crate::lab::{Lab, Place, Refused};
use crate::network::{Arrival, Network, Weather};
use crate::office::{OfficeEvent, OfficeSpec, Order, SubscriberEvent};
use crate::phone::{Action, Machine, PhoneEvent, PhoneSpec};
use crate::plant::{Fidelity, LineSpec};
use crate::world::{FIRST_MEDIA, Names, START, of_entry};

/// Words of the journals that are kept, at the most.
pub const MAX_TOLD: usize = 10_000;
/// The number of the telephone at each gateway.
pub const NUMBERS: [&str; 2] = ["101", "4001"];
/// Pairs of media sockets of each gateway.
const SLOTS: u16 = 4;
/// Packets of a tick, at the most.
const BATCH: usize = 64;
/// An opening of the loop beyond this is battery off, not disconnect supervision.
const LONGEST_CPC: Millis = Millis(2000);
const LINE: Place = Place { line: LineId(0), phone: 0 };

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// The one whose telephone is [`NUMBERS`]`[0]`.
    Near,
    /// The other one.
    Far,
}

/// A pair as it is built.
#[derive(Clone, Debug)]
pub struct PairSpec {
    /// The seed of all random numbers.
    pub seed: u64,
    /// The country's code.
    pub country: String,
    /// Codecs that each gateway offers and takes, in its order.
    pub codecs: Vec<String>,
    /// Further lines of the configuration of each telephone, such as `type = "fax"`.
    pub phones: [String; 2],
    /// What a gateway has in place of a telephone.
    pub outside: [Option<Outside>; 2],
    /// How fast each gateway's clock of samples runs, in parts of a million.
    pub ppm: [i32; 2],
    /// The network.
    pub weather: Weather,
}

impl PairSpec {
    /// Two American gateways that talk G.711 over a calm network, with clocks that agree.
    pub fn calm(seed: u64) -> Self {
        Self {
            seed,
            country: "us".to_owned(),
            codecs: ["pcmu", "pcma"].map(str::to_owned).to_vec(),
            phones: Default::default(),
            outside: Default::default(),
            ppm: [0; 2],
            weather: Weather::CALM,
        }
    }
}

/// An outside line in place of a telephone.
#[derive(Clone, Debug)]
pub struct Outside {
    /// The exchange behind it.
    pub office: OfficeSpec,
    /// What follows in the configuration: `[line.1]` has its port already.
    pub config: String,
}

/// One of the two.
struct Gateway<A: Processing + Fidelity> {
    address: SocketAddr,
    control: Control,
    shard: Shard<A>,
    lab: Lab<A>,
    slots: BTreeMap<SocketAddr, (MediaSlot, Channel)>,
    ticks: u64,
    ppm: i32,
    rx: [LineIn<A>; 1],
    tx: [LineOut<A>; 1],
    packets: Packets,
    told: Vec<(Instant, String)>,
    seen: Vec<Seen>,
    feed: (Feed, Instant),
    records: Vec<CallRecord>,
}

/// Something that is to be seen or heard at a gateway's line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    /// When.
    pub at: Instant,
    /// Who or what: `phone`, `exchange`, `subscriber 5550177`, `line`.
    pub who: String,
    /// What: in the words of ladders.
    pub words: String,
    /// When it ended, of what is heard and has ended.
    pub until: Option<Instant>,
}

/// The two and their network, with true samples.
pub type Pair = PairOf<Samples>;

/// The two and their network.
pub struct PairOf<A: Processing + Fidelity> {
    now: Instant,
    gateways: [Gateway<A>; 2],
    network: Network,
    names: Names,
}

impl<A: Processing + Fidelity> PairOf<A> {
    /// A pair at its start, both receivers on their hooks.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    pub fn new(spec: &PairSpec) -> Result<Self, String> {
        let mut entropy = Entropy::for_simulation(spec.seed);
        let mut network = Network::new(spec.seed, spec.weather);
        let near = Gateway::new(spec, End::Near, &mut network, &mut entropy)?;
        let far = Gateway::new(spec, End::Far, &mut network, &mut entropy)?;
        let names = [(near.address, "near".to_owned()), (far.address, "far".to_owned())].into();
        let mut pair = Self { now: Instant::ZERO, gateways: [near, far], network, names };
        for end in [End::Near, End::Far] {
            pair.drain(end);
        }
        Ok(pair)
    }

    /// The time.
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// Lets a telephone do something when it has done all earlier things.
    ///
    /// # Errors
    /// When the telephone cannot do that.
    pub fn act(&mut self, end: End, action: Action) -> Result<(), Refused> {
        self.gateways[end as usize].lab.act(LINE, action)
    }

    /// Puts a machine in place of a telephone's mouth and ear.
    ///
    /// # Errors
    /// None: both telephones exist.
    pub fn attach(&mut self, end: End, machine: Box<dyn Machine<A>>) -> Result<(), Refused> {
        self.gateways[end as usize].lab.attach(LINE, machine)
    }

    /// What a telephone hears now.
    pub fn hears(&self, end: End) -> Vec<Heard> {
        self.gateways[end as usize].lab.phone(LINE).map(|phone| phone.hears()).unwrap_or_default()
    }

    /// What a gateway's journal has said, in the words of ladders, with the time.
    pub fn told(&self, end: End) -> &[(Instant, String)] {
        &self.gateways[end as usize].told
    }

    /// What was to be seen and heard at a gateway's line, in order of the time at which it became known.
    pub fn seen(&self, end: End) -> &[Seen] {
        &self.gateways[end as usize].seen
    }

    /// Tells a gateway's exchange something.
    ///
    /// # Errors
    /// Where there is no exchange, or when it cannot do that.
    pub fn order(&mut self, end: End, order: Order) -> Result<(), Refused> {
        self.gateways[end as usize].lab.order(LINE.line, order)
    }

    /// The records of a gateway's calls.
    pub fn records(&self, end: End) -> &[CallRecord] {
        &self.gateways[end as usize].records
    }

    /// Another weather from now on.
    pub fn set_weather(&mut self, weather: Weather) {
        self.network.set_weather(weather, None);
    }

    /// Lets this much time pass.
    pub fn run(&mut self, length: Millis) {
        let end = self.now + length;
        loop {
            let due = [self.network.deadline()]
                .into_iter()
                .chain(self.gateways.iter().map(|gateway| gateway.control.deadline().map(|(at, _)| at)))
                .chain(self.gateways.iter().map(|gateway| Some(gateway.next_tick())))
                .flatten()
                .min();
            let next = due.unwrap_or(end).max(self.now);
            if next > end {
                break;
            }
            self.now = next;
            self.let_happen();
        }
        self.now = end;
    }

    fn let_happen(&mut self) {
        let now = self.now;
        while let Some(arrival) = self.network.arrive(now) {
            match arrival {
                Arrival::Datagram { from, to, bytes } => self.arrive(from, to, &bytes),
                Arrival::Unreachable { to, remote } => {
                    if let Some(end) = self.end_of(to) {
                        self.tell(end, Input::Unreachable(remote));
                    }
                }
                // Nobody here connects.
                Arrival::Opened(..) | Arrival::Bytes(..) | Arrival::Closed(..) | Arrival::Failed(..) => {}
            }
        }
        for end in [End::Near, End::Far] {
            if self.gateways[end as usize].control.deadline().is_some_and(|(at, _)| at <= now) {
                self.tell(end, Input::Tick);
            }
            if self.gateways[end as usize].next_tick() <= now {
                self.tick(end);
            }
        }
    }

    fn end_of(&self, address: SocketAddr) -> Option<End> {
        let own = |end: &End| self.gateways[*end as usize].address.ip() == address.ip();
        [End::Near, End::Far].into_iter().find(own)
    }

    fn arrive(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        let Some(end) = self.end_of(to) else { return };
        let gateway = &mut self.gateways[end as usize];
        match gateway.slots.get(&to) {
            Some((slot, _)) => gateway.shard.receive(self.now, *slot, from, bytes),
            None => self.tell(end, Input::Datagram { local: to, remote: from, bytes }),
        }
    }

    fn tick(&mut self, end: End) {
        let now = self.now;
        let gateway = &mut self.gateways[end as usize];
        gateway.packets.clear();
        gateway.shard.tick(now, &gateway.rx, &mut gateway.tx, &mut gateway.packets, |_| {});
        gateway.ticks += 1;
        let [out] = &mut gateway.tx;
        let (frame, report) = gateway.lab.exchange(LINE.line, out.frame, out.order.take());
        gateway.rx = [LineIn { frame, report }];
        gateway.look(now);
        for packet in gateway.packets.iter() {
            let own = (packet.slot, packet.channel);
            if let Some((from, _)) = gateway.slots.iter().find(|(_, known)| **known == own) {
                self.network.send(now, *from, packet.remote, packet.bytes.to_vec());
            }
        }
        while let Some(event) = self.gateways[end as usize].shard.poll() {
            self.tell(end, Input::Shard(ShardId(0), event));
        }
    }

    fn tell(&mut self, end: End, input: Input<'_>) {
        let wall = wall(self.now);
        self.gateways[end as usize].control.handle(self.now, wall, input);
        self.drain(end);
    }

    fn drain(&mut self, end: End) {
        let now = self.now;
        while let Some(output) = self.gateways[end as usize].control.poll() {
            let gateway = &mut self.gateways[end as usize];
            match output {
                Output::Send { to, bytes } => self.network.send(now, gateway.address, to, bytes),
                Output::Shard(_, command) => gateway.shard.command(now, command),
                // Nothing is restarted here.
                Output::Features(..) => {}
                Output::Store(id, record) => {
                    gateway.records.push(record);
                    gateway.control.handle(now, wall(now), Input::Stored(id, Ok(())));
                }
                Output::Journal(entry) => {
                    if gateway.told.len() < MAX_TOLD
                        && let Some((who, words)) = of_entry(&entry, &self.names)
                    {
                        gateway.told.push((now, format!("{who} {words}")));
                    }
                }
                // Addresses are plain, and UDP is all there is.
                Output::StreamSend { .. }
                | Output::StreamConnect { .. }
                | Output::StreamClose(_)
                | Output::Resolve(..)
                | Output::Reply(..)
                | Output::InForce(_) => {}
            }
        }
    }
}

impl<A: Processing + Fidelity> Gateway<A> {
    fn new(spec: &PairSpec, end: End, network: &mut Network, entropy: &mut Entropy) -> Result<Self, String> {
        let address = address_of(end);
        let other = address_of(if end == End::Near { End::Far } else { End::Near });
        let codecs: Vec<String> = spec.codecs.iter().map(|codec| format!("\"{codec}\"")).collect();
        let (own, others) = (NUMBERS[end as usize], NUMBERS[1 - end as usize]);
        let outside = spec.outside[end as usize].as_ref();
        let line = match outside {
            Some(outside) => format!("may_call = \"all\"\n[line.1]\nport = \"sim/1\"\n{}", outside.config),
            None => format!(
                "[phone.{own}]\nport = \"sim/1\"\n{}\n[dial]\n\"{others}\" = \"other\"",
                spec.phones[end as usize]
            ),
        };
        let text = format!(
            "country = \"{}\"\nlisten = \"{address}\"\n[server.other]\naddress = [\"{other}\"]\ncodecs = [{}]\n{line}\n",
            spec.country,
            codecs.join(", "),
        );
        let report = tipring_config::check(&text, "pair");
        let Some(effective) = &report.effective else {
            let errors: Vec<String> = report.of(Level::Error).map(|found| found.message.clone()).collect();
            return Err(errors.join("; "));
        };
        let slots: Vec<(MediaSlot, SocketAddr)> =
            (0..SLOTS).map(|n| (MediaSlot(n), SocketAddr::new(address.ip(), FIRST_MEDIA + 2 * n))).collect();
        let wiring = Wiring {
            slots: slots.clone(),
            sip: address,
            lines_per_shard: usize::MAX,
            utc_offset_minutes: 0,
            revision: 1,
        };
        let site = Site::configured(effective, &wiring);
        network.open(address);
        let mut sockets = BTreeMap::new();
        for (slot, rtp) in slots {
            let rtcp = SocketAddr::new(rtp.ip(), rtp.port() + 1);
            for (socket, channel) in [(rtp, Channel::Rtp), (rtcp, Channel::Rtcp)] {
                network.open(socket);
                sockets.insert(socket, (slot, channel));
            }
        }
        let setup = ShardSetup {
            id: ShardId(0),
            first_line: LineId(0),
            lines: site.lines.iter().map(|line| (line.profile, line.in_service)).collect(),
            streams: usize::from(SLOTS),
            tones: site.media.tones,
            started: START,
        };
        let phones = if outside.is_none() { vec![PhoneSpec::default()] } else { Vec::new() };
        let office = outside.map(|outside| outside.office.clone());
        let line = LineSpec { phones, office, ..LineSpec::default() };
        Ok(Self {
            address,
            shard: Shard::new(&setup, entropy.fork()),
            lab: Lab::new(&[line], &mut entropy.fork()),
            control: Control::new(Instant::ZERO, START, site, entropy.fork()),
            slots: sockets,
            ticks: 0,
            ppm: spec.ppm[end as usize],
            rx: [LineIn::steady(LoopReading::default())],
            tx: [LineOut::SILENT],
            packets: Packets::with_capacity(BATCH),
            told: Vec::new(),
            seen: Vec::new(),
            feed: (Feed::Open, Instant::ZERO),
            records: Vec::new(),
        })
    }

    /// Writes down what the last tick showed of the line.
    fn look(&mut self, now: Instant) {
        while let Some(entry) = self.lab.event() {
            match entry.event {
                PhoneEvent::Heard(event) => self.heard("phone", &event),
                // The bell is told by what is heard.
                PhoneEvent::Lamp(..)
                | PhoneEvent::BurstBegan(_)
                | PhoneEvent::BurstEnded(_)
                | PhoneEvent::Trunk(..) => {}
            }
        }
        while let Some((at, event)) = self.office_event() {
            self.at_exchange(at, event);
        }
        // What an outside line is fed is its exchange's affair.
        let own = self.lab.line(LINE.line).filter(|line| line.office().is_none());
        let Some(feed) = own.map(crate::plant::Line::feed) else { return };
        let (last, since) = self.feed;
        if core::mem::discriminant(&last) == core::mem::discriminant(&feed) {
            return;
        }
        self.feed = (feed, now);
        let broken = now.since(since).as_millis() as u32;
        match (last, feed) {
            (Feed::Normal, Feed::Reversed) => self.note(now, "line", "reversed".to_owned()),
            (Feed::Reversed, Feed::Normal) => self.note(now, "line", "normal polarity".to_owned()),
            (Feed::Open, _) if broken <= LONGEST_CPC.0 && since > Instant::ZERO => {
                self.note(since, "line", format!("CPC {}ms", (broken + 5) / 10 * 10));
            }
            _ => {}
        }
    }

    fn office_event(&mut self) -> Option<(SampleTime, OfficeEvent)> {
        self.lab.card().line_mut(LINE.line)?.office_mut()?.event()
    }

    fn at_exchange(&mut self, at: SampleTime, event: OfficeEvent) {
        let own = |gateway: &Self, place: usize| {
            let office = gateway.lab.line(LINE.line).and_then(crate::plant::Line::office);
            let own = office.and_then(|office| office.subscribers().get(place));
            own.map_or_else(String::new, |own| format!("subscriber {}", own.spec().number))
        };
        let moment = self.moment_of(at);
        let words = match event {
            OfficeEvent::Seized => "seized".to_owned(),
            OfficeEvent::Dialled(digits) => format!("dialled {digits}"),
            OfficeEvent::Refused(tone) => format!("refuses by {}", tone.word()),
            OfficeEvent::Rings => "rings".to_owned(),
            OfficeEvent::StopsRinging => "stops ringing".to_owned(),
            OfficeEvent::Answered => "answered".to_owned(),
            OfficeEvent::Flash(_) => "flash".to_owned(),
            OfficeEvent::Metered(count) => format!("charges {count}"),
            OfficeEvent::Released => "released".to_owned(),
            OfficeEvent::Subscriber(place, event) => {
                let who = own(self, place);
                let words = match event {
                    SubscriberEvent::Rings => "rings".to_owned(),
                    SubscriberEvent::StopsRinging => "stops ringing".to_owned(),
                    SubscriberEvent::Connected => "connected".to_owned(),
                    SubscriberEvent::HearsBusy => "gets busy".to_owned(),
                    SubscriberEvent::Cleared => "cleared".to_owned(),
                    SubscriberEvent::Joined(number) => format!("joined with {number}"),
                    SubscriberEvent::Heard(event) => return self.heard(&who, &event),
                };
                return self.note(moment, &who, words);
            }
        };
        self.note(moment, "exchange", words);
    }

    fn heard(&mut self, who: &str, event: &HeardEvent) {
        let words = |what: &What| match what {
            What::Ringing => "rings".to_owned(),
            What::Caller(_) => format!("shows {what}").replacen("caller ", "", 1),
            What::Voice(voice) => format!("hears voice {voice}"),
            _ => format!("hears {what}"),
        };
        match event {
            HeardEvent::Began(heard) => self.note(self.moment_of(heard.since), who, words(&heard.what)),
            HeardEvent::Ended(what, at) => {
                let (until, words) = (self.moment_of(*at), words(what));
                let is_it = |seen: &&mut Seen| seen.who == who && seen.words == words;
                if let Some(seen) = self.seen.iter_mut().rev().find(is_it) {
                    seen.until = Some(until);
                }
            }
        }
    }

    fn note(&mut self, at: Instant, who: &str, words: String) {
        if self.seen.len() < MAX_TOLD {
            self.seen.push(Seen { at, who: who.to_owned(), words, until: None });
        }
    }

    /// The moment of a sample of its line.
    fn moment_of(&self, sample: SampleTime) -> Instant {
        let speed = (1_000_000 + i64::from(self.ppm)).max(1) as u128;
        Instant::from_nanos((u128::from(sample.0) * 125_000 * 1_000_000 / speed) as u64)
    }

    /// When its card ticks next.
    fn next_tick(&self) -> Instant {
        let speed = (1_000_000 + i64::from(self.ppm)).max(1) as u128;
        let nanos = u128::from(self.ticks + 1) * u128::from(TICK.0) * 1_000_000 * 1_000_000 / speed;
        // The two do not tick in step.
        let phase = if self.address.ip() == address_of(End::Far).ip() { 3_300_000 } else { 0 };
        Instant::from_nanos(nanos as u64 + phase)
    }
}

fn address_of(end: End) -> SocketAddr {
    let last = match end {
        End::Near => 1,
        End::Far => 2,
    };
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)), 5060)
}

fn wall(now: Instant) -> WallTime {
    WallTime(START.0 + now.as_nanos() / 1000)
}
