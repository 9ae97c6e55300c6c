//! The head of a flow: what the world is made of.

use tipring_port::LoopStart;
use tipring_units::Millis;

use super::outside::{self, Outside, usual_subscribers};
use super::text::{Cursor, FlowError, Kind, nearest};
use crate::ear::Land;
use crate::office::SubscriberSpec;
use crate::phone::DialSpec;

/// Lines of a flow's world, at the most.
pub const MAX_FLOW_LINES: usize = 64;
/// Far ends, at the most.
pub const MAX_PEERS: usize = 16;
/// Shards, at the most.
pub const MAX_SHARDS: usize = 8;
/// Further lines of configuration, at the most.
const MAX_RAW: usize = 64;

const WORDS: [&str; 16] = [
    "outside",
    "subscriber",
    "seed",
    "country",
    "phones",
    "line",
    "shard",
    "server",
    "user",
    "dial",
    "offline",
    "emergency",
    "config",
    "table",
    "delay",
    "stranger",
];

/// One line of the world.
#[derive(Clone, PartialEq, Debug)]
pub struct LineHead {
    /// The telephone's number.
    pub number: String,
    /// Its name.
    pub name: Option<String>,
    /// The shard that ticks it.
    pub shard: usize,
    /// Telephones on it.
    pub phones: usize,
    /// Resistance of the loop.
    pub ohms: Option<f32>,
    /// Ringers on it, in REN, all telephones together.
    pub ren: Option<f32>,
    /// Its telephones show neither who waits in a call nor waiting messages by neon.
    pub plain: bool,
    /// The rotary dial.
    pub dial: DialSpec,
    /// The trunk port of a private exchange is in the telephone's place, and asks for service like this.
    pub trunk: Option<LoopStart>,
    /// Further lines of its table in the configuration.
    pub raw: Vec<String>,
    /// An exchange is behind it.
    pub outside: Option<Box<Outside>>,
}

/// A server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerHead {
    /// Its name, which is also its domain.
    pub name: String,
    /// The account that registers there: user, password, and the one that the server knows.
    pub account: Option<(String, String, String)>,
    /// By TCP.
    pub tcp: bool,
    /// Found by SRV records; else by its address.
    pub srv: bool,
    /// It asks callers for credentials.
    pub asks: bool,
    /// Far ends at which it has further addresses.
    pub also: Vec<String>,
    /// Further lines of its table in the configuration.
    pub raw: Vec<String>,
}

/// The head of a flow.
#[derive(Clone, PartialEq, Debug)]
pub struct Head {
    /// The seed.
    pub seed: u64,
    /// The country of lines, gateway and ears.
    pub land: Land,
    /// The lines.
    pub lines: Vec<LineHead>,
    /// Parts of a million by which each shard's clock is fast.
    pub shards: Vec<i32>,
    /// Subscribers of the exchange, where there are others than the usual ones.
    pub subscribers: Vec<SubscriberSpec>,
    /// The servers.
    pub servers: Vec<ServerHead>,
    /// Telephones that register at the gateway: number, password, and the one that the telephone has.
    pub users: Vec<(String, String, String)>,
    /// Far ends that the gateway does not know.
    pub strangers: Vec<String>,
    /// Rows of `[dial]`.
    pub dial: Vec<(String, String)>,
    /// Rows of `[offline]`.
    pub offline: Vec<(String, String)>,
    /// Ways for emergency calls.
    pub emergency: Vec<String>,
    /// Further lines at the top of the configuration.
    pub raw: Vec<String>,
    /// Further tables of the configuration: their names and lines.
    pub tables: Vec<(String, Vec<String>)>,
    /// Delay of the network.
    pub delay: Millis,
}

impl Default for Head {
    /// Two telephones 101 and 102 and a server `pbx`.
    fn default() -> Self {
        let mut head = Self::bare();
        head.set_phones(&["101".to_owned(), "102".to_owned()]);
        head.servers.push(server_named("pbx"));
        head
    }
}

fn line_named(number: &str, phones: usize) -> LineHead {
    LineHead {
        number: number.to_owned(),
        name: None,
        shard: 0,
        phones,
        ohms: None,
        ren: None,
        plain: false,
        dial: DialSpec::TEN_PPS,
        trunk: None,
        raw: Vec::new(),
        outside: None,
    }
}

fn server_named(name: &str) -> ServerHead {
    ServerHead {
        name: name.to_owned(),
        account: None,
        tcp: false,
        srv: false,
        asks: false,
        also: Vec::new(),
        raw: Vec::new(),
    }
}

impl Head {
    fn bare() -> Self {
        Self {
            seed: 1,
            land: Land::Us,
            lines: Vec::new(),
            shards: vec![0],
            subscribers: Vec::new(),
            servers: Vec::new(),
            users: Vec::new(),
            strangers: Vec::new(),
            dial: Vec::new(),
            offline: Vec::new(),
            emergency: Vec::new(),
            raw: Vec::new(),
            tables: Vec::new(),
            delay: Millis(2),
        }
    }

    fn set_phones(&mut self, numbers: &[String]) {
        self.lines = numbers.iter().map(|number| line_named(number, 1)).collect();
    }

    /// The subscribers of the exchange, if there is one.
    pub fn all_subscribers(&self) -> Vec<SubscriberSpec> {
        let any = self.lines.iter().any(|line| line.outside.is_some());
        match (any, self.subscribers.is_empty()) {
            (false, _) => Vec::new(),
            (true, true) => usual_subscribers(),
            (true, false) => self.subscribers.clone(),
        }
    }

    /// The names of the far ends, servers first.
    pub fn peer_names(&self) -> Vec<String> {
        let servers = self.servers.iter().map(|server| server.name.clone());
        let users = self.users.iter().map(|(number, _, _)| format!("user {number}"));
        servers.chain(users).chain(self.strangers.iter().cloned()).collect()
    }
}

/// Reads a head, line by line.
#[derive(Debug, Default)]
pub struct HeadReader {
    head: Head,
    /// The head names its servers or users itself.
    own_servers: bool,
}

impl HeadReader {
    /// The head that was read.
    pub fn finish(self) -> Head {
        self.head
    }

    /// Reads one line.
    pub fn line(&mut self, cursor: &mut Cursor<'_>, raw: &str) -> Result<(), FlowError> {
        while let Some(word) = cursor.peek() {
            let text = word.text.as_str();
            if !WORDS.contains(&text) || word.kind != Kind::Plain {
                let remedy = match nearest(text, WORDS) {
                    Some(known) => format!("Did you mean {known}?"),
                    None => format!("The head of a flow has {}; statements have a colon.", WORDS.join(", ")),
                };
                return Err(
                    cursor.error(format!("\"{text}\" is nothing that the head of a flow has"), remedy)
                );
            }
            cursor.take();
            self.key(text, cursor, raw)?;
        }
        Ok(())
    }

    fn key(&mut self, key: &str, cursor: &mut Cursor<'_>, raw: &str) -> Result<(), FlowError> {
        match key {
            "seed" => self.head.seed = cursor.number("a seed")?,
            "country" => {
                let code = cursor.text("a country")?;
                let land = Land::of_code(code);
                self.head.land = land.ok_or_else(|| {
                    cursor.error_before(format!("there is no country {code} here"), Land::hint())
                })?;
            }
            "phones" => {
                let mut numbers = Vec::new();
                while let Some(text) = cursor.peek_plain().filter(|text| !WORDS.contains(text)) {
                    numbers.push(text.to_owned());
                    cursor.take();
                }
                if numbers.len() > MAX_FLOW_LINES {
                    return Err(
                        cursor.error_before("too many telephones", format!("Up to {MAX_FLOW_LINES}."))
                    );
                }
                self.head.set_phones(&numbers);
            }
            "outside" => {
                while let Some(text) = cursor.peek_plain().filter(|text| !WORDS.contains(text)) {
                    let mut line = line_named(text, 0);
                    line.outside = Some(Box::default());
                    self.head.lines.push(line);
                    cursor.take();
                }
                if self.head.lines.len() > MAX_FLOW_LINES {
                    return Err(cursor.error_before("too many lines", format!("Up to {MAX_FLOW_LINES}.")));
                }
            }
            "subscriber" => outside::subscriber(cursor, &mut self.head.subscribers)?,
            "line" => self.line_head(cursor, raw)?,
            "shard" => {
                let number: usize = cursor.number("the number of a shard")?;
                if !(1..=MAX_SHARDS).contains(&number) {
                    return Err(cursor.error_before("there is no such shard", format!("1 to {MAX_SHARDS}.")));
                }
                let ppm = cursor.number::<i32>("a number of parts of a million, like +100")?;
                if ppm.abs() > 1000 {
                    return Err(cursor.error_before("no clock is that bad", "Write -1000 to +1000."));
                }
                cursor.eat("ppm");
                self.make_shard(number - 1);
                self.head.shards[number - 1] = ppm;
            }
            "server" => self.server(cursor, raw)?,
            "user" => {
                self.own();
                let (number, password) = (cursor.text("a number")?, cursor.text("a password")?);
                self.room(cursor)?;
                let own = if cursor.eat("has") { cursor.text("the password that it has")? } else { password };
                self.head.users.push((number.to_owned(), password.to_owned(), own.to_owned()));
            }
            "stranger" => {
                let name = cursor.text("a name")?.to_owned();
                if !is_name(&name) {
                    return Err(cursor.error_before("this is no name", "Use up to 9 letters and digits."));
                }
                self.room(cursor)?;
                self.head.strangers.push(name);
            }
            "dial" | "offline" => {
                let mut pattern = cursor.text("a dial pattern")?.to_owned();
                // Hours behind it, or the rest of a whole plan.
                while let Some(more) = cursor.peek_plain().filter(|text| *text != "to") {
                    pattern.push(' ');
                    pattern.push_str(more);
                    cursor.take();
                }
                if !cursor.eat("to") {
                    return Err(
                        cursor.error("where it goes is missing", "Write: dial PATTERN to DESTINATION.")
                    );
                }
                let to = cursor.text("a destination")?.to_owned();
                let rows = if key == "dial" { &mut self.head.dial } else { &mut self.head.offline };
                if rows.len() >= MAX_RAW {
                    return Err(cursor.error_before("too many rows", format!("Up to {MAX_RAW}.")));
                }
                rows.push((pattern, to));
            }
            "emergency" => {
                self.head.emergency.clear();
                while let Some(text) = cursor.peek_plain() {
                    self.head.emergency.push(text.to_owned());
                    cursor.take();
                }
            }
            "config" => {
                let text = rest(cursor, raw);
                keep(&mut self.head.raw, text, cursor)?;
            }
            "table" => {
                let name = cursor.text("the name of a table of the configuration")?.to_owned();
                let text = rest(cursor, raw);
                let tables = &mut self.head.tables;
                if tables.len() >= MAX_RAW {
                    return Err(cursor.error_before("too many tables", format!("Up to {MAX_RAW}.")));
                }
                match tables.iter_mut().find(|(own, _)| *own == name) {
                    Some((_, lines)) => keep(lines, text, cursor)?,
                    None => tables.push((name, vec![text])),
                }
            }
            "delay" => self.head.delay = cursor.time("a delay")?,
            _ => {}
        }
        Ok(())
    }

    fn make_shard(&mut self, place: usize) {
        if self.head.shards.len() <= place {
            self.head.shards.resize(place + 1, 0);
        }
    }

    /// The head names far ends itself: the one that is there by default goes.
    fn own(&mut self) {
        if !core::mem::replace(&mut self.own_servers, true) {
            self.head.servers.clear();
        }
    }

    fn room(&self, cursor: &Cursor<'_>) -> Result<(), FlowError> {
        if self.head.servers.len() + self.head.users.len() + self.head.strangers.len() < MAX_PEERS {
            return Ok(());
        }
        Err(cursor.error_before("too many servers and users", format!("Up to {MAX_PEERS}.")))
    }

    fn server(&mut self, cursor: &mut Cursor<'_>, raw: &str) -> Result<(), FlowError> {
        self.own();
        self.room(cursor)?;
        if cursor.eat("none") {
            return Ok(());
        }
        let mut server = server_named(cursor.text("a name")?);
        if !is_name(&server.name) {
            return Err(cursor.error_before("this is no name", "Use up to 9 letters and digits."));
        }
        while let Some(word) = cursor.peek_plain() {
            match word {
                "tcp" => server.tcp = true,
                "srv" => server.srv = true,
                "asks" => server.asks = true,
                "account" => {
                    cursor.take();
                    let user = cursor.text("a user")?.to_owned();
                    let password = cursor.text("a password")?.to_owned();
                    let own = if cursor.eat("knows") {
                        cursor.text("the password that it knows")?
                    } else {
                        &password
                    };
                    server.account = Some((user, password.clone(), own.to_owned()));
                    continue;
                }
                "also" => {
                    cursor.take();
                    let other = cursor.text("a far end")?.to_owned();
                    if !is_name(&other) || server.also.len() >= MAX_PEERS {
                        return Err(cursor.error_before("this is no name", "Name a stranger: also spare."));
                    }
                    server.also.push(other);
                    continue;
                }
                "config" => {
                    cursor.take();
                    let text = rest(cursor, raw);
                    keep(&mut server.raw, text, cursor)?;
                    continue;
                }
                _ => {
                    let what = format!("a server has no \"{word}\"");
                    return Err(cursor.error(
                        what,
                        "It has tcp, srv, asks, also NAME, account USER PASSWORD, config TEXT.",
                    ));
                }
            }
            cursor.take();
        }
        match self.head.servers.iter_mut().find(|known| known.name == server.name) {
            Some(known) => {
                known.raw.extend(server.raw);
                known.tcp |= server.tcp;
            }
            None => self.head.servers.push(server),
        }
        Ok(())
    }

    fn line_head(&mut self, cursor: &mut Cursor<'_>, raw: &str) -> Result<(), FlowError> {
        let number: usize = cursor.number("the number of a line")?;
        let count = self.head.lines.len();
        if !(1..=count).contains(&number) {
            let remedy = format!("There are {count}; name more telephones before: phones 101 102 103.");
            return Err(cursor.error_before(format!("there is no line {number}"), remedy));
        }
        while let Some(word) = cursor.peek_plain() {
            cursor.take();
            match word {
                "shard" => {
                    let shard: usize = cursor.number("the number of a shard")?;
                    if !(1..=MAX_SHARDS).contains(&shard) {
                        return Err(cursor.error_before("there is no such shard", "Write 1 to 8."));
                    }
                    self.make_shard(shard - 1);
                    self.head.lines[number - 1].shard = shard - 1;
                }
                "name" => self.head.lines[number - 1].name = Some(cursor.text("a name")?.to_owned()),
                "telephones" => {
                    let phones: usize = cursor.number("a number of telephones")?;
                    if !(1..=crate::plant::MAX_PHONES).contains(&phones) {
                        return Err(cursor.error_before("a line has 1 to 5 telephones", "Write 1 to 5."));
                    }
                    self.head.lines[number - 1].phones = phones;
                }
                "loop" => {
                    let ohms = cursor.quantity("ohm", "a resistance like 900ohm")?;
                    self.head.lines[number - 1].ohms = Some(ohms.clamp(0.0, 20_000.0));
                }
                "ren" => {
                    let ren = cursor.number::<f32>("a ringer equivalence number")?;
                    self.head.lines[number - 1].ren = Some(ren.clamp(0.0, 10.0));
                }
                "trunk" => {
                    let ground = cursor.eat("ground");
                    let start = if ground { LoopStart::Ground } else { LoopStart::Loop };
                    self.head.lines[number - 1].trunk = Some(start);
                }
                "plain" => self.head.lines[number - 1].plain = true,
                "10pps" => self.head.lines[number - 1].dial = DialSpec::TEN_PPS,
                "20pps" => self.head.lines[number - 1].dial = DialSpec::TWENTY_PPS,
                "config" => {
                    let text = rest(cursor, raw);
                    keep(&mut self.head.lines[number - 1].raw, text, cursor)?;
                }
                _ => {
                    if let Some(line) = &mut self.head.lines[number - 1].outside
                        && outside::setting(word, cursor, line)?
                    {
                        continue;
                    }
                    let what = format!("a line has no \"{word}\"");
                    let remedy = "It has shard N, name TEXT, telephones N, loop OHM, ren N, plain, 10pps, 20pps, trunk [ground], config TEXT; an outside line country, ground, dial-tone, answers, clears, caller-id, unknown, noise too.";
                    return Err(cursor.error_before(what, remedy));
                }
            }
        }
        Ok(())
    }
}

/// A name that is a word of a flow and a host name too.
fn is_name(name: &str) -> bool {
    let taken = [
        "phone", "line", "call", "user", "exchange", "network", "clock", "card", "gateway", "media", "peer",
        "none",
    ];
    (1..=9).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !taken.contains(&name)
}

/// The rest of the line as it stands, without a comment.
fn rest(cursor: &mut Cursor<'_>, raw: &str) -> String {
    let start = cursor.peek().map_or(usize::MAX, |word| word.column - 1);
    while cursor.take().is_some() {}
    raw.chars().skip(start).collect::<String>().split(" # ").next().unwrap_or("").trim().to_owned()
}

fn keep(list: &mut Vec<String>, text: String, cursor: &Cursor<'_>) -> Result<(), FlowError> {
    if list.len() >= MAX_RAW {
        return Err(cursor.error_before("too many lines of configuration", format!("Up to {MAX_RAW}.")));
    }
    list.push(text);
    Ok(())
}
