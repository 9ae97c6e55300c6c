//! The command line.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, CommandFactory, Parser, Subcommand};
use tipring_manage::protocol::Ask;

use crate::{
    acts, bench, bench_callerid, bench_codec, bench_curves, bench_disconnect, bench_dtmf, bench_echo,
    bench_fax, bench_loss, bench_tick, cancel, check, client, demo, explain, explore, files, flow,
    import_plan, listen, manual, run, transcode, user,
};

/// Exit code where the command itself could not do its work.
pub const TROUBLE: u8 = 2;

/// Joins analog telephone lines to SIP.
#[derive(Debug, Parser)]
#[command(
    name = "tipring",
    version,
    arg_required_else_help = true,
    after_help = "No hardware at hand? `tipring demo` starts four simulated telephones and an outside line; it tells what to try.\n\
                  Commands of the laboratory: `tipring laboratory`."
)]
pub struct Cli {
    /// State directory: control socket, call records, event log. Without it: $XDG_RUNTIME_DIR/tipring, or
    /// /run/tipring for root; the demo's ends in tipring-demo
    #[arg(long, global = true, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start four simulated telephones, an outside line and a SIP registrar; needs no file and no network
    Demo {
        /// Address for SIP phones, UDP and TCP; the next free port is taken if this one is in use
        #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:5060")]
        sip: SocketAddr,
        /// Address of the web page, a loopback; the next free port is taken if this one is in use
        #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
        web: SocketAddr,
    },
    /// Check a configuration: each mistake with file, line and remedy. Exit code 0: it may run; 1: it is not
    /// accepted; 2: it could not be read
    Check {
        /// The file; without it ./tipring.toml, else /etc/tipring/tipring.toml
        file: Option<PathBuf>,
    },
    /// Run the gateway until SIGTERM or Ctrl-C; then calls are released and ports deregistered. An edited
    /// configuration is applied as soon as its files are whole, and at SIGHUP
    Run {
        /// The configuration
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Apply edits of the configuration's files only at SIGHUP and by `config apply`, not as they come
        #[arg(long)]
        no_watch: bool,
        /// Threads for the simulated lines
        #[arg(long, value_name = "N", default_value_t = 1, hide = true)]
        shards: usize,
    },
    /// Show how everything is, first what needs a person. Exit code 1 while something does
    Status {
        /// Only this telephone, or outside line (1, line.1)
        number: Option<String>,
        /// As JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Show the latest calls, the newest last
    Calls {
        /// Go on with each call as it ends
        #[arg(short, long)]
        follow: bool,
        /// How many
        #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
        count: usize,
        /// As JSON, a call a line
        #[arg(long)]
        json: bool,
    },
    /// Show what happened, in words
    Log {
        /// Only what concerns this telephone, or outside line
        number: Option<String>,
        /// Go on as it happens
        #[arg(short, long)]
        follow: bool,
        /// How many lines
        #[arg(short = 'n', long, value_name = "N", default_value_t = 50)]
        count: usize,
        /// Also digits, SIP messages and media
        #[arg(short, long)]
        verbose: bool,
    },
    /// Tell where a number goes that a telephone dials, digit by digit, without a call
    Explain {
        /// The telephone's number
        number: String,
        /// What it dials
        digits: String,
        /// By this configuration, without a gateway
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// At this time of day, not now
        #[arg(long, value_name = "HH:MM")]
        at: Option<String>,
        /// As while no server answers
        #[arg(long)]
        offline: bool,
    },
    /// Compare an edited configuration with the one that runs, or apply it without a restart
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Make and edit telephones by a table, hundreds at once, as one edit. Without a file the telephones as such a table. Exit
    /// code 1: a row is wrong, and nothing changes
    Batch {
        /// The table as CSV: its first line names the columns, which are keys of [phone.N] and number; an empty cell takes a
        /// value away
        #[arg(value_name = "FILE.csv")]
        file: Option<PathBuf>,
        /// Only tell what would change
        #[arg(long, requires = "file")]
        dry_run: bool,
    },
    /// List the line ports: telephones (FXS) and outside lines (FXO), and what each does
    Lines {
        /// As JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Print the addresses of the running gateway's web page with a key that lets one browser in, once; by HTTPS also the
    /// fingerprint of its certificate
    Web,
    /// Add users of the web page and the API, change their passwords, make tokens for programs
    #[command(subcommand)]
    User(user::UserCommand),
    /// Map rooms: lift each telephone, dial the number of its room and #; it is said back. Prints which port has which
    /// room as they come, and the tables of the configuration at the end: when all have told theirs, *# was dialled, or no
    /// number came for some time
    Walk {
        /// Write them into the configuration, and apply it
        #[arg(long)]
        write: bool,
        /// How long no number may come
        #[arg(long, value_name = "MINUTES", default_value_t = 30)]
        minutes: u32,
    },
    /// Measure a line port
    #[command(subcommand)]
    Line(LineCommand),
    /// List the commands of the laboratory: simulated telephones, flows, measurements
    Laboratory,
    /// Print the manual page, or write one of each command into a folder
    #[command(hide = true)]
    Man {
        /// The folder; without it the page of the program goes to the screen
        folder: Option<PathBuf>,
    },
    /// Print what lets a shell complete commands: tipring completions bash > /etc/bash_completion.d/tipring
    #[command(hide = true)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the description of the REST API (OpenAPI 3.1)
    #[command(hide = true)]
    Openapi,
    /// Use a simulated telephone of a running gateway
    #[command(hide = true)]
    Phone(PhoneArgs),
    /// Let random calls and faults happen in virtual time while checkers watch. Exit code 0: nothing was
    /// found; 1: something was, with the command that shows it again
    #[command(hide = true)]
    Explore {
        /// The seed of all that is random; the same seed gives the same run
        #[arg(long, value_name = "N", default_value_t = 1)]
        seed: u64,
        /// Virtual hours
        #[arg(long, value_name = "H", default_value_t = 1.0)]
        hours: f64,
        /// So many seeds, from the first upward
        #[arg(long, value_name = "K", default_value_t = 1)]
        seeds: u64,
        /// With true samples in place of the names of sounds
        #[arg(long)]
        audio: bool,
        /// Only the users of the first so many lines do something
        #[arg(long, value_name = "N")]
        lines: Option<u16>,
        /// Only the first so many faults happen
        #[arg(long, value_name = "N")]
        faults: Option<u64>,
        /// Where something is found: look for the shortest run that still finds something
        #[arg(long)]
        shrink: bool,
    },
    /// Run calls written as text in virtual time. Exit code 0: all came as expected; 1: something did
    /// not; 2: a file could not be read
    #[command(hide = true)]
    Flow {
        /// The flows; a ladder of the same name beside one is compared
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Another seed for all that is random (ladders are not compared then)
        #[arg(long, value_name = "N")]
        seed: Option<u64>,
        /// With true samples in place of the names of sounds
        #[arg(long)]
        audio: bool,
        /// Print each ladder
        #[arg(long)]
        ladder: bool,
    },
    /// Tell what is in a recording, with times: digits, tones, caller ID, fax and modem signals, levels, clipping, hum, echo
    #[command(hide = true)]
    Listen {
        /// A WAV file (PCM, float, A-law or mu-law, 8 to 192 kHz, one or two channels)
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// One JSON object a line: at_ms, kind, value and what else is known
        #[arg(long)]
        json: bool,
        /// Name tones as they are in this country only (us, gb, de, ...)
        #[arg(long, value_name = "CODE")]
        country: Option<String>,
    },
    /// Code and decode sound in files by the gateway's own codecs
    #[command(hide = true)]
    Transcode(transcode::Settings),
    /// Measure what the gateway costs on this machine and how long it takes
    #[command(hide = true)]
    Bench {
        /// One part of it; without it lines, delays and memory
        #[command(subcommand)]
        part: Option<BenchPart>,
    },
    /// Take the echo out of a recording: channel 1 went to the line, channel 2 came from it. The linear canceller
    /// alone, so that what it leaves can be measured; --suppress adds the suppressor that calls have
    #[command(hide = true)]
    Cancel {
        /// How far the echo may spread, in milliseconds
        #[arg(long, value_name = "MS", default_value_t = 32, value_parser = clap::value_parser!(u32).range(cancel::TAILS))]
        tail: u32,
        /// Samples before the earliest echo that are skipped
        #[arg(long, value_name = "SAMPLES", default_value_t = 0)]
        delay: u64,
        /// Replace what is left by comfort noise while only the far end talks
        #[arg(long)]
        suppress: bool,
        /// A WAV file, 8 kHz, 16 bit, two channels (more are not looked at)
        #[arg(value_name = "STIM.wav")]
        stimulus: PathBuf,
        /// The near end without echo, mono, 16 bit
        #[arg(value_name = "OUT.wav")]
        out: PathBuf,
    },
}

/// What is to be done with a configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Show what is in force, with where each value comes from: the file and line, the country, or the default
    Show {
        /// Only this telephone, line or server
        #[arg(value_name = "NUMBER|NAME|PORT")]
        name: Option<String>,
        /// Of a telephone (204) or its line port (sim/4): every value that holds for it, also those of its type, the
        /// country and the house
        #[arg(long, requires = "name")]
        effective: bool,
    },
    /// Show what would change, and when each change takes effect: at once, when the line is idle, or at the next
    /// start. Exit code 1: the file is not accepted
    Diff {
        /// The edited file; without it the gateway's own as it is now
        file: Option<PathBuf>,
    },
    /// Apply it; calls in progress go on. Exit code 1: the file is not accepted and nothing changes
    Apply {
        /// The edited file: it takes the place of the gateway's own, which is kept beside it as FILE.before. Without it
        /// the gateway's own as it is now (as at SIGHUP)
        file: Option<PathBuf>,
    },
    /// List the configurations that were in force, the newest last
    History,
    /// Put an earlier configuration in force again, as a new one; calls in progress go on
    Rollback {
        /// Its number, of `config history`
        #[arg(value_name = "REVISION")]
        revision: u64,
    },
    /// Put configuration, the files beside it, its history, users, tokens and what is set by star code into one encrypted file
    Backup {
        /// The file; it must not be there yet
        file: PathBuf,
        /// Take the password from this file, or from standard input (-), in place of asking for it
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    /// Put everything as it is in a backup: checked as any edit is, whole or not at all
    Restore {
        /// The backup
        file: PathBuf,
        /// Only tell what would change
        #[arg(long)]
        dry_run: bool,
        /// Take the password from this file, or from standard input (-), in place of asking for it
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    /// Print the rows of [dial] that are the same as a dial plan of another gateway, and what of it is lost. Needs no
    /// running gateway
    ImportPlan {
        /// The plan, after the word of its language: "cisco: (...)", "grandstream: {...}", "mgcp: (...)"
        plan: String,
        /// Where its numbers go: a server, lines, line.2
        #[arg(long, value_name = "DESTINATION")]
        to: String,
    },
}

/// What can be done with a line port.
#[derive(Debug, Subcommand)]
pub enum LineCommand {
    /// Measure how much of its sound a line returns under each network that its card can present, and name the best. Lift the
    /// receiver first: an open line returns everything. The telephone hears the test for some six seconds
    Balance {
        /// The line port (sim/1), the telephone's number (101), or the port's place in the list of lines (1)
        port: String,
    },
    /// Test the line of a telephone that is on-hook: battery, foreign voltage, leaks, whether a receiver is off the hook, how many
    /// ringers are there. Takes two seconds; whoever lifts it or calls it goes before. Exit code 1: something is wrong
    Test {
        /// The line port (sim/1), the telephone's number (101), or the port's place in the list of lines (1)
        port: String,
    },
    /// Learn how an exchange tells that the far end hung up: call in on the line from a telephone of another exchange, wait for
    /// three short tones, hang up. Tells what was seen and heard, how certain it is, and what to write into the configuration. Exit
    /// code 1: nothing was learned
    Learn {
        /// The line port (sim/9), or the outside line's number (1)
        port: String,
    },
    /// Begin anew with a port, as at the start: a call on it ends
    Restart {
        /// The line port (sim/1), the telephone's number (101), or line.1
        port: String,
    },
}

/// A telephone and what it is to do.
#[derive(Debug, Args)]
pub struct PhoneArgs {
    /// The telephone's number (101), or its line port (sim/1)
    pub port: String,
    /// What it is to do
    #[command(subcommand)]
    pub act: PhoneCommand,
}

/// What a telephone can do.
#[derive(Debug, Subcommand)]
pub enum PhoneCommand {
    /// Lift the receiver
    OffHook,
    /// Hang up
    OnHook,
    /// Press the hook for a moment
    Flash {
        /// For how long, in milliseconds
        #[arg(value_name = "MS", default_value_t = 500)]
        length: u32,
    },
    /// Dial; wait for the dial tone first (`hear`). A comma is a pause of a second
    Dial {
        /// 0-9 * # A-D and commas
        digits: String,
        /// By rotary dial, 10 pulses a second
        #[arg(long)]
        pulse: bool,
    },
    /// Speak: a recording once, a voice or a tone until `hush`
    Say {
        /// A WAV file (8 kHz, 16 bit, mono), a .raw file of such samples, tone:1004 (at -10 dBm0; tone:1004:-20 is
        /// softer), or voice:1
        #[arg(value_name = "FILE")]
        what: String,
    },
    /// Stop speaking
    Hush,
    /// Tell what is heard now, a line each: dial-tone, ringback, busy, reorder, howler, speech, `tone 1004 Hz -10
    /// dBm0`, silence; on-hook: ringing, and the caller on the display
    Hear,
}

/// What is measured by itself.
#[derive(Debug, Subcommand)]
pub enum BenchPart {
    /// DTMF detection: the rows of ITU-T Q.24 beside libspandsp's figures. Exit code 1: a limit is missed
    Dtmf(bench_dtmf::Settings),
    /// How soon the end of a call on an outside line is heard, and how often by mistake, beside libspandsp. Exit code 1:
    /// something was taken for the end of a call that was none
    Disconnect(bench_disconnect::Settings),
    /// Caller ID in every variant, over noisy, soft and tilted lines, beside libspandsp's receiver; exit code 1: a cell that is
    /// sure to be understood is not, or a damaged message is shown
    #[command(name = "callerid")]
    CallerId(bench_callerid::Settings),
    /// The curves of the book's chapter on voice quality, as comma-separated values; bench/plots.py draws them
    Curves(bench_curves::Settings),
    /// The echo canceller on the tests of G.168 and on harder ones, beside libspeexdsp and OSLEC. Exit code 1: a limit is missed
    Echo(bench_echo::Settings),
    /// Faxes of two pages between libspandsp's terminals on two lines, through two gateways: the share of clean pages
    Fax(bench_fax::Settings),
    /// What is left of a voice when packets get lost, for each codec. Exit code 1: in a row concealment is worse than silence
    Loss {
        /// The seed of the sound and of what gets lost
        #[arg(long, value_name = "N", default_value_t = 1)]
        seed: u64,
        /// Speech in place of the synthetic voice: 8 kHz, 16 bit, mono
        #[arg(long, value_name = "SPEECH.wav")]
        speech: Option<PathBuf>,
        /// Write each sound to this folder
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// A tick of many lines in calls: its mean and its worst, what each block takes of it, sockets apart
    Tick(bench_tick::Settings),
    /// Each codec's cost beside libspandsp and libbcg729 on the same sound
    Codec {
        /// The seed of the sound
        #[arg(long, value_name = "N", default_value_t = 1)]
        seed: u64,
    },
}

impl Command {
    /// Does it.
    pub fn execute(self, dir: Option<&Path>) -> Result<ExitCode> {
        match self {
            Self::Demo { sip, web } => demo::demo(sip, web, dir),
            Self::Check { file } => check::command(file.as_deref()),
            Self::Run { config, no_watch, shards } => run::run(&config, shards, !no_watch, dir),
            Self::Status { number, json } => client::ask(dir, Ask::Status { number, json }),
            Self::Calls { follow, count, json } => client::calls(dir, follow, count, json),
            Self::Log { number, follow, count, verbose } => client::log(dir, number, follow, count, verbose),
            Self::Config(ConfigCommand::ImportPlan { plan, to }) => import_plan::command(&plan, &to),
            Self::Config(ConfigCommand::Backup { file, password_file }) => {
                files::backup(dir, &file, password_file.as_deref())
            }
            Self::Config(ConfigCommand::Restore { file, dry_run, password_file }) => {
                files::restore(dir, &file, dry_run, password_file.as_deref())
            }
            Self::Batch { file: Some(file), dry_run } => files::batch(dir, &file, dry_run),
            Self::Batch { file: None, .. } => client::ask(dir, Ask::Phones),
            Self::Config(command) => client::ask(dir, Ask::Config(acts::config(command)?)),
            Self::Web => client::ask(dir, Ask::Web),
            Self::User(command) => user::command(dir, command),
            Self::Walk { write, minutes } => client::ask(dir, Ask::Walk { write, minutes }),
            Self::Line(LineCommand::Balance { port }) => client::ask(dir, Ask::Balance { port }),
            Self::Line(LineCommand::Restart { port }) => client::ask(dir, Ask::Restart { port }),
            Self::Line(LineCommand::Test { port }) => client::ask(dir, Ask::Test { port }),
            Self::Line(LineCommand::Learn { port }) => client::ask(dir, Ask::Learn { port }),
            Self::Explain { number, digits, config: Some(file), at, offline } => {
                explain::by_file(&file, &number, &digits, at.as_deref(), offline)
            }
            Self::Explain { number, digits, config: None, at, offline } => {
                client::ask(dir, Ask::Explain { number, digits, at, offline })
            }
            Self::Lines { json } => client::ask(dir, Ask::Lines { json }),
            Self::Laboratory => {
                for line in laboratory() {
                    client::print(&line)?;
                }
                Ok(ExitCode::SUCCESS)
            }
            Self::Man { folder } => manual::man(Cli::command(), folder.as_deref()),
            Self::Completions { shell } => manual::completions(Cli::command(), shell),
            Self::Openapi => {
                for line in tipring_manage::web::api::document::text().lines() {
                    client::print(line)?;
                }
                Ok(ExitCode::SUCCESS)
            }
            Self::Phone(PhoneArgs { port, act }) => {
                client::ask(dir, Ask::Phone { port, act: acts::phone(act)? })
            }
            Self::Explore { seed, hours, seeds, audio, lines, faults, shrink } => {
                explore::run(explore::Settings { seed, seeds, hours, audio, lines, faults, shrink })
            }
            Self::Flow { files, seed, audio, ladder } => {
                flow::run(&files, flow::Settings { seed, audio, ladder })
            }
            Self::Listen { file, json, country } => listen::run(&file, json, country.as_deref()),
            Self::Bench { part: Some(BenchPart::Dtmf(settings)) } => bench_dtmf::run(&settings),
            Self::Bench { part: Some(BenchPart::Disconnect(settings)) } => bench_disconnect::run(&settings),
            Self::Bench { part: Some(BenchPart::CallerId(settings)) } => bench_callerid::run(&settings),
            Self::Transcode(settings) => transcode::run(&settings),
            Self::Bench { part: Some(BenchPart::Fax(settings)) } => bench_fax::run(&settings),
            Self::Bench { part: None } => bench::run(),
            Self::Bench { part: Some(BenchPart::Tick(settings)) } => bench_tick::run(&settings),
            Self::Bench { part: Some(BenchPart::Codec { seed }) } => bench_codec::run(seed),
            Self::Bench { part: Some(BenchPart::Loss { seed, speech, out }) } => {
                bench_loss::run(seed, speech.as_deref(), out.as_deref())
            }
            Self::Bench { part: Some(BenchPart::Curves(settings)) } => bench_curves::run(&settings),
            Self::Bench { part: Some(BenchPart::Echo(settings)) } => bench_echo::run(&settings),
            Self::Cancel { tail, delay, suppress, stimulus, out } => {
                cancel::run(&stimulus, &out, &cancel::Settings { tail, delay, suppress })
            }
        }
    }
}

/// The second help page: the commands that the first one leaves out.
fn laboratory() -> Vec<String> {
    let command = Cli::command();
    let mut lines = vec!["Commands of the laboratory (each has --help):".to_owned()];
    lines.extend(command.get_subcommands().filter(|command| command.is_hide_set()).map(|command| {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        format!("  {:<12} {about}", command.get_name())
    }));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_help_page_lists_what_the_first_leaves_out() {
        let first = Cli::command().render_help().to_string();
        let second = laboratory().join("\n");
        assert!(
            first.contains("  status ")
                && !first.contains("  phone ")
                && first.contains("tipring laboratory")
        );
        assert!(second.contains("  phone ") && second.contains("  flow ") && !second.contains("  status "));
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_book_has_every_act_of_config() {
        let book = include_str!("../../../book/src/configuration.md");
        let config = Cli::command().find_subcommand("config").cloned().expect("config");
        for act in config.get_subcommands() {
            let written = format!("    tipring config {} ", act.get_name());
            assert!(book.contains(&written), "{written}");
        }
    }

    #[test]
    fn every_command_has_help() {
        for command in Cli::command().get_subcommands() {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
                assert!(argument.get_help().is_some(), "{} {}", command.get_name(), argument.get_id());
            }
        }
    }
}
