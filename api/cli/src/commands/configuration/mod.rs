//! `ledgerline config`: shows and checks the configuration of `serve`, and describes its settings.

#[cfg(test)]
mod tests;

use crate::commands::serve;
use crate::commands::serve_configuration::{ServerConfiguration, printed, serve_command};
use crate::kit::failure::Failure;
use crate::kit::output;
use application::format_localized;
use clap::FromArgMatches;
use clap::error::ErrorKind;
use host::configuration::print::{SourceDisplay, json_value, toml_lines};
use host::configuration::setting::MaskRule;
use host::configuration::{example, reference, schema};
use std::ffi::OsString;
use std::path::PathBuf;

/// Configuration (配置) of serve: show it, check a file, describe all settings
///
/// A value comes from the first source that has it: a flag of `serve`, an environment variable such as
/// LEDGERLINE__HTTP__LISTEN, the configuration file, the default.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Print the effective configuration as TOML; secrets are shown as ***
    Print {
        /// Configuration file; default: /etc/ledgerline/ledgerline.toml if it exists
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Show the source of each value, and the values that it overrides
        #[arg(long)]
        with_source: bool,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
        /// Flags of `serve`, after `--`
        #[arg(last = true, value_name = "FLAGS")]
        flags: Vec<OsString>,
    },
    /// Check a file together with the environment; exit code 1 and every error with its line
    Check {
        /// Configuration file
        file: PathBuf,
    },
    /// Print the JSON Schema of the file
    Schema,
    /// Print a file with every setting, commented out
    Example,
    /// Print the reference page in Markdown
    Reference,
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    match args.action {
        Action::Print {
            config,
            with_source,
            json,
            flags,
        } => {
            let sources = match with_source {
                true => SourceDisplay::Shown,
                false => SourceDisplay::Hidden,
            };
            let loaded = ServerConfiguration::load(&flags, config, MaskRule::Accept);
            let loaded = loaded.map_err(|faults| printed(&faults))?;
            check_flags(&flags)?;
            if json {
                return output::json(&json_value(loaded.started(), sources));
            }
            let lines = toml_lines(loaded.started(), sources);
            lines.iter().try_for_each(|line| output::line(line))
        }
        Action::Check { file } => check(file),
        Action::Schema => output::pretty(&schema::schema(&serve_command())),
        Action::Example => example::lines().iter().try_for_each(|line| output::line(line)),
        Action::Reference => output::line(reference::page(&serve_command()).trim_end()),
    }
}

/// Checks a file as `serve` does before it opens anything.
fn check(file: PathBuf) -> Result<(), Failure> {
    let shown = file.display().to_string();
    let loaded = ServerConfiguration::load(&[], Some(file), MaskRule::Refuse).map_err(|faults| {
        printed(&faults);
        Failure::found("")
    })?;
    let settings = parsed(&loaded).and_then(|args| args.check());
    if let Err(failure) = settings {
        output::notice(&format!("{shown}: {failure}"));
        return Err(Failure::found(""));
    }
    output::line(&format_localized!("{shown}：正确", "{shown}: no errors"))
}

/// Refuses flags that `serve` refuses. One that needs another may have it in the file.
fn check_flags(flags: &[OsString]) -> Result<(), Failure> {
    let all = std::iter::once(OsString::from("serve")).chain(flags.iter().cloned());
    match serve_command().try_get_matches_from(all) {
        Err(error) if error.kind() != ErrorKind::MissingRequiredArgument => {
            Err(Failure::usage(error.to_string()))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Parses the file and the environment as `serve` does.
fn parsed(loaded: &ServerConfiguration) -> Result<serve::Args, Failure> {
    let mut all = vec![OsString::from("serve")];
    all.extend(loaded.started().arguments());
    let matches = serve_command().try_get_matches_from(all);
    let args = matches.and_then(|matches| serve::Args::from_arg_matches(&matches));
    args.map_err(|error| Failure::usage(error.to_string()))
}
