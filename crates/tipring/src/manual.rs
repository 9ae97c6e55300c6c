//! `tipring man` and `tipring completions`: what a package installs beside the program.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;

/// Prints the manual page, or writes one of each command into `folder`.
pub fn man(command: Command, folder: Option<&Path>) -> Result<ExitCode> {
    let command = whole(command);
    match folder {
        Some(folder) => {
            std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
            for (name, page) in pages(&command)? {
                let file = folder.join(format!("{name}.1"));
                std::fs::write(&file, page).with_context(|| file.display().to_string())?;
            }
        }
        None => put(&page(&command)?)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the completions of `shell`.
pub fn completions(command: Command, shell: Shell) -> Result<ExitCode> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut whole(command), "tipring", &mut text);
    put(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// The commands with those of the laboratory, which a help page leaves out but a manual does not.
fn whole(command: Command) -> Command {
    let mut command = command.disable_help_subcommand(true).mut_subcommands(|inner| inner.hide(false));
    command.build();
    command
}

/// The page of each command and of those below it, by name.
fn pages(command: &Command) -> Result<Vec<(String, Vec<u8>)>> {
    let mut all = Vec::new();
    collect(command, command.get_name().to_owned(), &mut all)?;
    Ok(all)
}

fn collect(command: &Command, name: String, all: &mut Vec<(String, Vec<u8>)>) -> Result<()> {
    for inner in command.get_subcommands() {
        collect(inner, format!("{name}-{}", inner.get_name()), all)?;
    }
    all.push((name, page(command)?));
    Ok(())
}

fn page(command: &Command) -> Result<Vec<u8>> {
    let mut page = Vec::new();
    let version = concat!("tipring ", env!("CARGO_PKG_VERSION"));
    Man::new(command.clone()).source(version).manual("Tipring").render(&mut page)?;
    Ok(page)
}

/// A reader who has read enough is no trouble.
fn put(text: &[u8]) -> Result<()> {
    match std::io::stdout().write_all(text) {
        Err(why) if why.kind() != std::io::ErrorKind::BrokenPipe => Err(why.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    fn names() -> Vec<String> {
        Cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect()
    }

    #[test]
    fn every_command_has_a_manual_page_and_stands_in_that_of_the_program() {
        let pages = pages(&whole(Cli::command())).unwrap();
        let text = |name: &str| {
            let (_, page) = pages.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("{name}"));
            String::from_utf8(page.clone()).unwrap().replace("\\-", "-")
        };
        for name in names() {
            assert!(text("tipring").contains(&format!("tipring-{name}(1)")), "{name}");
            assert!(text(&format!("tipring-{name}")).contains(".SH SYNOPSIS"), "{name}");
        }
        assert!(text("tipring-run").contains("--config"), "{}", text("tipring-run"));
        assert!(text("tipring-phone-dial").contains("--pulse"));
    }

    #[test]
    fn every_command_is_completed_by_every_shell() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut whole(Cli::command()), "tipring", &mut text);
            let text = String::from_utf8(text).unwrap();
            for name in names() {
                assert!(text.contains(&name), "{shell}: {name}");
            }
        }
    }
}
