//! What goes over the control socket: one JSON line asks, JSON lines answer, the last of them says how it ended.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::web::api::values;

use crate::web::access::Role;

/// The version of this protocol. A gateway refuses another one.
pub const VERSION: u32 = 1;
/// Bytes of a question, at the most.
pub const MAX_ASK: usize = 16 * 1024;

/// A question with the version of its language.
#[derive(Debug, Serialize, Deserialize)]
pub struct Envelope {
    /// [`VERSION`].
    pub version: u32,
    /// The question; kept as it came, since that of another version may not be understood.
    pub ask: serde_json::Value,
}

/// A question.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ask {
    /// How everything is, or one telephone.
    Status {
        /// Only this one.
        number: Option<String>,
        /// As JSON.
        json: bool,
    },
    /// The latest calls.
    Calls {
        /// And those that follow.
        follow: bool,
        /// How many.
        count: usize,
        /// As JSON.
        json: bool,
    },
    /// The journal in words.
    Log {
        /// Only what concerns this telephone.
        number: Option<String>,
        /// And what follows.
        follow: bool,
        /// How many lines.
        count: usize,
        /// With details.
        verbose: bool,
    },
    /// A simulated telephone is to do something.
    Phone {
        /// Its number, or its line port.
        port: String,
        /// What.
        act: PhoneAct,
    },
    /// What a line returns under each network is to be measured.
    Balance {
        /// Its telephone's number, or its line port.
        port: String,
    },
    /// A telephone's line is to be tested.
    Test {
        /// Its telephone's number, or its line port.
        port: String,
    },
    /// Every line port and what is on it.
    Lines {
        /// As JSON.
        json: bool,
    },
    /// Where a number goes.
    Explain {
        /// The telephone's number.
        number: String,
        /// What it dials.
        digits: String,
        /// The time of day, as 18:30; without it now.
        #[serde(default)]
        at: Option<String>,
        /// As while no server answers.
        #[serde(default)]
        offline: bool,
    },
    /// One hang-up of an outside line is to be recorded.
    Learn {
        /// Its line port, or the outside line's number.
        port: String,
    },
    /// Rooms are mapped by lifting telephones.
    Walk {
        /// What is found is written into the configuration.
        write: bool,
        /// It ends after so many minutes without a number.
        minutes: u32,
    },
    /// An address of the web page is wanted that lets one browser in.
    Web,
    /// Users of the web page and the API, and tokens of programs, are listed or changed.
    User(UserAct),
    /// Begin anew with a line port.
    Restart {
        /// Its telephone's number, its line port, or the outside line's number.
        port: String,
    },
    /// Make and edit telephones by the table that follows the question.
    Batch {
        /// Only tell what would change.
        dry_run: bool,
        /// Bytes of the table.
        length: usize,
    },
    /// The telephones as such a table.
    Phones,
    /// The configuration is to be compared or applied.
    Config(ConfigAct),
}

/// What is to be done with users and tokens.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UserAct {
    /// Tell all.
    List,
    /// Add one.
    Add {
        /// The name.
        name: String,
        /// What he may do.
        role: Role,
        /// His password.
        password: Password,
    },
    /// Give one another password.
    Password {
        /// The name.
        name: String,
        /// The new one.
        password: Password,
    },
    /// Take one out.
    Remove {
        /// The name.
        name: String,
    },
    /// Make a token for a program.
    Token {
        /// The name.
        name: String,
        /// What it lets do.
        role: Role,
    },
    /// Take a token out.
    Revoke {
        /// The name.
        name: String,
    },
}

/// A password on its way: it is in no log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Password(pub String);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// What is to be done with a configuration.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConfigAct {
    /// Tell what this file, by its full path, would change; without one the gateway's own as it is now.
    Diff(Option<PathBuf>),
    /// Apply it.
    Apply(Option<PathBuf>),
    /// Show what is in force, of everything or of a telephone, line or server.
    Show(Option<String>),
    /// Every value that holds for this telephone, or the one on this line port.
    Port(String),
    /// Those that were in force.
    History,
    /// Put one of them in force again.
    Rollback(u64),
    /// Put everything into one file, encrypted by this password.
    Backup(Password),
    /// Put everything back from the file that follows the question.
    Restore {
        /// The password of the file.
        password: Password,
        /// Only tell what would change.
        dry_run: bool,
        /// Bytes of the file.
        length: usize,
    },
}

/// What a simulated telephone is to do.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum PhoneAct {
    /// Lift the receiver.
    OffHook,
    /// Hang up.
    OnHook,
    /// Open the loop for so many milliseconds.
    #[schema(value_type = values::FlashLength)]
    Flash(u32),
    /// Dial.
    Dial {
        /// The digits.
        digits: String,
        /// By rotary dial.
        pulse: bool,
    },
    /// Speak.
    #[schema(value_type = values::Spoken)]
    Say(Say),
    /// Stop speaking.
    Hush,
    /// Tell what is heard.
    Hear,
}

/// What is said.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Say {
    /// A recording, by its full path.
    File(PathBuf),
    /// A tone.
    Tone {
        /// Its frequency.
        hertz: f32,
        /// Its level.
        dbm0: f32,
    },
    /// A voice by its number.
    Voice(u16),
}

/// A line of an answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// A line to print.
    Line(String),
    /// The command came to its end; this is its exit code.
    End(u8),
    /// A part of a file, in hexadecimal digits.
    Part(String),
    /// It could not be done, and why.
    Failed(String),
}

impl Ask {
    /// Bytes that follow the question.
    pub const fn length(&self) -> usize {
        match self {
            Self::Batch { length, .. } | Self::Config(ConfigAct::Restore { length, .. }) => *length,
            _ => 0,
        }
    }
}

impl Say {
    /// `tone:1004`, `tone:1004:-20`, `voice:1`, or a file.
    pub fn parse(what: &str) -> Result<Self> {
        if let Some(tone) = what.strip_prefix("tone:") {
            let (hertz, dbm0) = tone.split_once(':').unwrap_or((tone, "-10"));
            let hertz: f32 = hertz.parse().with_context(|| format!("{what}: write tone:1004, in hertz"))?;
            let dbm0: f32 = dbm0.parse().with_context(|| format!("{what}: write tone:1004:-10, in dBm0"))?;
            ensure!((20.0..4000.0).contains(&hertz), "{what}: a line carries 20 to 4000 Hz");
            ensure!((-70.0..=3.0).contains(&dbm0), "{what}: a level is from -70 to 3 dBm0");
            return Ok(Self::Tone { hertz, dbm0 });
        }
        if let Some(voice) = what.strip_prefix("voice:") {
            let voices = tipring_sim::mouth::VOICES;
            let number: u16 = voice.parse().with_context(|| format!("{what}: write voice:1"))?;
            ensure!(number < voices, "{what}: voices are 0 to {}", voices - 1);
            return Ok(Self::Voice(number));
        }
        let path = std::fs::canonicalize(what)
            .with_context(|| format!("{what}: no such recording; tone:1004 and voice:1 need no file"))?;
        // Read here too: a mistake is told before the gateway is asked.
        crate::wav::read(&path)?;
        Ok(Self::File(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tones_and_voices_are_said_by_name() {
        assert_eq!(Say::parse("tone:1004").unwrap(), Say::Tone { hertz: 1004.0, dbm0: -10.0 });
        assert_eq!(Say::parse("tone:404:-20").unwrap(), Say::Tone { hertz: 404.0, dbm0: -20.0 });
        assert_eq!(Say::parse("voice:1").unwrap(), Say::Voice(1));
        for (wrong, told) in [
            ("tone:high", "in hertz"),
            ("tone:9000", "20 to 4000"),
            ("tone:1004:90", "-70 to 3"),
            ("voice:999", "voices are"),
            ("nothing.wav", "no such recording"),
        ] {
            let error = format!("{:#}", Say::parse(wrong).unwrap_err());
            assert!(error.contains(told), "{error}");
        }
    }

    #[test]
    fn a_password_on_its_way_is_not_shown() {
        let password = Password("correct horse".to_owned());
        let act = UserAct::Add { name: "ann".to_owned(), role: Role::Viewer, password };
        assert!(!format!("{act:?}").contains("horse"));
        let text = serde_json::to_string(&Ask::User(act.clone())).unwrap();
        assert_eq!(serde_json::from_str::<Ask>(&text).unwrap(), Ask::User(act));
    }

    #[test]
    fn a_password_on_its_way_is_shown_to_nobody() {
        let password = Password("lamo kuch 41".to_owned());
        let act = ConfigAct::Restore { password, dry_run: true, length: 7 };
        let ask = Ask::Config(act);
        assert!(!format!("{ask:?}").contains("lamo") && ask.length() == 7);
        assert!(serde_json::to_string(&ask).unwrap().contains("lamo kuch 41"));
    }

    #[test]
    fn questions_travel_as_json() {
        let ask =
            Ask::Phone { port: "101".into(), act: PhoneAct::Dial { digits: "102".into(), pulse: false } };
        let text = serde_json::to_string(&ask).unwrap();
        assert_eq!(text, r#"{"phone":{"port":"101","act":{"dial":{"digits":"102","pulse":false}}}}"#);
        assert_eq!(serde_json::from_str::<Ask>(&text).unwrap(), ask);
    }
}
