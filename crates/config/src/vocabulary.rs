//! The closed lists of words that keys may have.

use core::fmt;

use serde::{Serialize, Serializer};

/// A closed list of words that a key may have.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $variant:ident = $word:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum $name { $($(#[$word_doc])* $variant,)* }

        impl $name {
            /// All words in order.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// The word for it.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// What the word means.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.word())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.word())
            }
        }
    )*};
}

words! {
    /// What a phone port serves.
    PhoneType {
        /// A telephone.
        Plain = "plain",
        /// A guest room's telephone.
        Hotel = "hotel",
        /// A fax machine.
        Fax = "fax",
        /// A modem or a card terminal.
        Modem = "modem",
        /// A lift's emergency telephone.
        Lift = "lift",
        /// An alarm panel.
        Alarm = "alarm",
        /// A door station.
        Door = "door",
        /// An amplifier with loudspeakers.
        Paging = "paging",
        /// The trunk port of a private exchange.
        Trunk = "trunk",
    }

    /// How a device on a port takes a call.
    Connects {
        /// It is rung and answers.
        Ring = "ring",
        /// It is off-hook all the time, and has the call at once.
        AtOnce = "at once",
    }

    /// Which star codes there are.
    StarCodes {
        /// `*72` and its kin.
        NorthAmerica = "north-america",
        /// `*21*n#` and its kin.
        Etsi = "etsi",
        /// Those of the United Kingdom.
        Uk = "uk",
        /// None.
        Off = "off",
    }

    /// What a hook flash does while a phone has two calls.
    Recall {
        /// Goes to the other one.
        Swap = "swap",
        /// All three talk together.
        Conference = "conference",
        /// Waits for a digit.
        Keys = "keys",
    }

    /// How a line asks for service.
    Start {
        /// By closing the loop.
        Loop = "loop",
        /// By grounding ring.
        Ground = "ground",
    }

    /// How an exchange is dialled.
    Dialling {
        /// By touch tones.
        Dtmf = "dtmf",
        /// By loop pulses, as many for a digit as in the country.
        Pulse = "pulse",
        /// By loop pulses, one for 0 and one more than its value for any other digit.
        PulseSweden = "pulse-sweden",
        /// By loop pulses, ten for 0 and ten less its value for any other digit.
        PulseNewZealand = "pulse-new-zealand",
    }

    /// How many loop pulses stand for a digit.
    PulseDigits {
        /// Ten for 0, its value for any other digit.
        Standard = "standard",
        /// One for 0, one more than its value for any other digit.
        Sweden = "sweden",
        /// Ten for 0, ten less its value for any other digit (also Oslo).
        NewZealand = "new-zealand",
    }

    /// What tells that the called party answered.
    Answer {
        /// Nothing: the call counts as answered when its number is dialled.
        AtOnce = "at once",
        /// Polarity reversal.
        Reversal = "reversal",
        /// A metering pulse.
        Metering = "metering",
        /// A voice after ringback.
        Voice = "voice",
    }

    /// In which order outside lines are tried.
    Hunt {
        /// From the first on.
        Linear = "linear",
        /// From the one after the last that was taken.
        Circular = "circular",
        /// The one whose last call is the longest ago.
        LeastRecent = "least-recent",
    }

    /// What became of a call, as far as a route asks.
    Failure {
        /// The server or the line is not there, or says nothing.
        Unreachable = "unreachable",
        /// No circuit, no room, a temporary failure.
        Congestion = "congestion",
        /// It cannot carry the call.
        Unable = "unable",
        /// The called is busy.
        Busy = "busy",
        /// Nobody answers.
        NoAnswer = "no-answer",
        /// The called is not there.
        Absent = "absent",
        /// It was refused.
        Rejected = "rejected",
        /// Nobody has the number.
        Unknown = "unknown",
    }

    /// In which order a group rings its members.
    GroupHunt {
        /// From the first on.
        Linear = "linear",
        /// From the one after the one that answered last.
        Circular = "circular",
        /// The one whose last call is the longest ago, then the next.
        LeastRecent = "least-recent",
        /// All at once.
        Simultaneous = "simultaneous",
    }

    /// How caller identity comes on an outside line, where not as in the rest of the country.
    CallerIdWord {
        /// Bell 202 FSK after the first ring (GR-30).
        Bellcore = "bellcore",
        /// V.23 FSK after the first ring (EN 300 659-1).
        EtsiBetween = "etsi-between",
        /// V.23 FSK before the first ring, after DT-AS.
        EtsiDtas = "etsi-dtas",
        /// V.23 FSK before the first ring, after a ringing pulse.
        EtsiRpas = "etsi-rpas",
        /// BT SIN 227.
        Bt = "bt",
        /// DTMF digits before the first ring.
        Dtmf = "dtmf",
        /// NTT: the line is answered for it.
        Ntt = "ntt",
        /// It does not come.
        Off = "off",
    }

    /// What a phone may call; emergency numbers always.
    MayCall {
        /// Other phones.
        Internal = "internal",
        /// The own area.
        Local = "local",
        /// The own country.
        National = "national",
        /// All but other countries, and what could be there.
        NoInternational = "no-international",
        /// All but numbers charged above the usual, and what could be one.
        NoPremium = "no-premium",
        /// Everything.
        All = "all",
    }

    /// How SIP is carried.
    Transport {
        /// Over UDP.
        Udp = "udp",
        /// Over TCP.
        Tcp = "tcp",
        /// Over TLS.
        Tls = "tls",
    }

    /// Who stands in the From of calls to a server where the gateway registers.
    FromUser {
        /// The account; the caller is named beside it (P-Asserted-Identity).
        Account = "account",
        /// The caller.
        Caller = "caller",
    }

    /// How digits are sent in a call.
    Digits {
        /// As telephone events (RFC 4733), else as sound.
        Rfc4733 = "rfc4733",
        /// As sound.
        Inband = "inband",
        /// As SIP INFO.
        Info = "info",
    }

    /// Whether the jitter buffer's depth follows the network.
    JitterMode {
        /// It does, within its limits.
        Adaptive = "adaptive",
        /// It stays at the least.
        Fixed = "fixed",
    }

    /// In which directions speech is brought to one level.
    Agc {
        /// In neither.
        Off = "off",
        /// From the phone to the network.
        In = "in",
        /// From the network to the phone.
        Out = "out",
        /// In both.
        Both = "both",
    }

    /// What is taken for a DTMF digit, by the columns of ITU-T Q.24, Annex A.
    DtmfColumn {
        /// More than most of them want.
        Wide = "wide",
        /// AT&T.
        NorthAmerica = "north-america",
        /// NTT.
        Japan = "japan",
        /// Denmark.
        Denmark = "denmark",
        /// Australia.
        Australia = "australia",
        /// Brazil.
        Brazil = "brazil",
    }

    /// How a SIP phone proves its password.
    Digest {
        /// MD5.
        Md5 = "md5",
        /// SHA-256.
        Sha256 = "sha-256",
        /// SHA-512/256.
        Sha512Half = "sha-512-256",
    }

    /// How voice is coded.
    Codec {
        /// G.711 mu-law.
        Pcmu = "pcmu",
        /// G.711 A-law.
        Pcma = "pcma",
        /// G.722, wideband at 64 kbit/s.
        G722 = "g722",
        /// G.726 at 16 kbit/s.
        G726R16 = "g726-16",
        /// G.726 at 24 kbit/s.
        G726R24 = "g726-24",
        /// G.726 at 32 kbit/s.
        G726R32 = "g726-32",
        /// G.726 at 40 kbit/s.
        G726R40 = "g726-40",
        /// The same, packed as AAL2 has it.
        Aal2G726R16 = "aal2-g726-16",
        /// The same, packed as AAL2 has it.
        Aal2G726R24 = "aal2-g726-24",
        /// The same, packed as AAL2 has it.
        Aal2G726R32 = "aal2-g726-32",
        /// The same, packed as AAL2 has it.
        Aal2G726R40 = "aal2-g726-40",
        /// G.729 with Annex A, 8 kbit/s.
        G729 = "g729",
        /// 16-bit linear at 8 kHz.
        L16 = "l16",
        /// Opus, about 16 kbit/s; not in every build.
        Opus = "opus",
    }

    /// Who carries out what a phone forwards.
    ForwardsAt {
        /// The gateway, by a call of its own.
        Gateway = "gateway",
        /// The server that the call came from.
        Server = "server",
    }

    /// How a phone rings.
    RingWord {
        /// Bellcore cadence 1.
        Dr1 = "dr1",
        /// Bellcore cadence 2.
        Dr2 = "dr2",
        /// Bellcore cadence 3.
        Dr3 = "dr3",
        /// Bellcore cadence 4.
        Dr4 = "dr4",
        /// Bellcore cadence 5.
        Dr5 = "dr5",
        /// As for a call of the house.
        Internal = "internal",
        /// As for a call from outside.
        External = "external",
    }

    /// What drives a line port.
    Driver {
        /// A simulated card.
        Sim = "sim",
        /// A card under DAHDI.
        Dahdi = "dahdi",
        /// A line circuit on the board.
        Slic = "slic",
    }
}
