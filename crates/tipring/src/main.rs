//! Tipring joins analog telephone lines to SIP: the one binary, its commands and their words.
#![forbid(unsafe_code)]

mod acts;
mod bench;
mod bench_callerid;
mod bench_codec;
mod bench_curves;
mod bench_disconnect;
mod bench_dtmf;
mod bench_echo;
mod bench_fax;
mod bench_loss;
mod bench_tick;
mod cancel;
mod check;
mod cli;
mod client;
mod demo;
mod explain;
mod explore;
mod files;
mod flow;
mod import_plan;
mod listen;
mod manual;
mod run;
mod tracks;
mod transcode;
mod user;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let words = tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_writer(std::io::stderr);
    if tipring_manage::service::is_journal() {
        // It has a time of its own, and no colours.
        words.without_time().with_ansi(false).init();
    } else {
        words.init();
    }
    match cli.command.execute(cli.dir.as_deref()) {
        Ok(code) => code,
        Err(why) => {
            eprintln!("{why:#}");
            ExitCode::from(cli::TROUBLE)
        }
    }
}
