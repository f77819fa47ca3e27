//! `ledgerline completions` and `ledgerline man`: shell completions and manual pages, generated from the
//! commands as clap knows them.

use crate::Cli;
use crate::commands::examples::with_examples;
use crate::kit::failure::Failure;
use crate::kit::output;
use clap::{Command, CommandFactory};
use clap_complete::Shell;
use std::path::{Path, PathBuf};

/// Name of the program in shells.
const NAME: &str = "ledgerline";

/// Print the completions of a shell (命令补全); source them, or save them where the shell looks for them
#[derive(Debug, clap::Args)]
pub(crate) struct CompletionsArgs {
    /// Shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Write manual pages (手册页), one per command, to a folder; it is created if missing
#[derive(Debug, clap::Args)]
pub(crate) struct ManArgs {
    /// Folder to write to
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

fn commands() -> Command {
    with_examples(Cli::command())
}

pub(super) fn completions(args: &CompletionsArgs) -> Result<(), Failure> {
    output::line(&String::from_utf8_lossy(&completed(args.shell)))
}

fn completed(shell: Shell) -> Vec<u8> {
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut commands(), NAME, &mut bytes);
    bytes
}

pub(super) fn man(args: &ManArgs) -> Result<(), Failure> {
    let count = write_pages(&args.directory)
        .map_err(|error| Failure::unavailable(format!("{}: {error}", args.directory.display())))?;
    output::line(&format!("{count} pages: {}", args.directory.display()))
}

/// Writes the pages. Returns the number of files in the folder.
fn write_pages(directory: &Path) -> std::io::Result<usize> {
    std::fs::create_dir_all(directory)?;
    clap_mangen::generate_to(commands(), directory)?;
    Ok(std::fs::read_dir(directory)?.count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_completes_every_command() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let text = String::from_utf8(completed(shell)).unwrap();
            for command in commands().get_subcommands() {
                assert!(
                    text.contains(command.get_name()),
                    "{shell} {}",
                    command.get_name()
                );
            }
        }
    }

    #[test]
    fn every_command_has_its_page_with_its_example() {
        let folder = tempfile::tempdir().unwrap();
        let count = write_pages(folder.path()).unwrap();
        assert!(count > commands().get_subcommands().count(), "{count}");
        let page = std::fs::read_to_string(folder.path().join("ledgerline-campaign-show.1")).unwrap();
        assert!(
            page.contains("LOAN_REMIND") && page.contains("Exit codes"),
            "{page}"
        );
    }
}
