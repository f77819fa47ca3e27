//! The configuration of `serve`: loaded before its command line is parsed, and again at SIGHUP.

use crate::commands::serve;
use crate::kit::failure::Failure;
use crate::kit::log_output::LogControl;
use crate::kit::output;
use clap::{Args, Command};
use host::config::named_variable;
use host::configuration::effective::{ChangedSetting, Configuration};
use host::configuration::environment::own_variables;
use host::configuration::fault::ConfigurationFaults;
use host::configuration::load::{ConfigurationSources, FileChoice, load};
use host::configuration::setting::{MaskRule, ReloadRule};
use host::log_writer::LogFormat;
use http::proxies::Proxies;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// The place of the command in the arguments of the process.
const COMMAND_INDEX: usize = 1;

/// The configuration of a server, with what is needed to load it again.
#[derive(Debug)]
pub(crate) struct ServerConfiguration {
    /// The flags of `serve`, as they were given.
    flags: Vec<OsString>,
    file: FileChoice,
    /// The configuration with which the server started.
    started: Configuration,
    /// The configuration that was loaded last.
    loaded: Configuration,
}

/// What SIGHUP changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ReloadReport {
    /// Settings that apply now.
    pub(crate) applied: Vec<String>,
    /// Settings that differ from those of the start and need a restart.
    pub(crate) restart: Vec<String>,
}

/// Returns the command `serve` alone, with all its arguments; none is required, because the configuration
/// may give it.
pub(crate) fn serve_command() -> Command {
    serve::Args::augment_args(Command::new("serve")).mut_group("LogArgs", |group| group.required(false))
}

/// Loads the configuration for the arguments of the process, if they are those of `serve`. `None` also if
/// they ask for help. Every error is printed on a line of its own.
pub(crate) fn of_process(arguments: &[OsString]) -> Result<Option<ServerConfiguration>, Failure> {
    if arguments
        .get(COMMAND_INDEX)
        .is_none_or(|command| command != "serve")
    {
        return Ok(None);
    }
    let flags = arguments.get(COMMAND_INDEX + 1..).unwrap_or_default();
    let Ok(matches) = parse_leniently(flags) else {
        return Ok(None);
    };
    let file = matches.get_one::<PathBuf>("config").cloned();
    ServerConfiguration::load(flags, file, MaskRule::Refuse)
        .map(Some)
        .map_err(|faults| printed(&faults))
}

/// Prints each fault. Returns the failure of a wrong configuration, which has no other text.
pub(crate) fn printed(faults: &ConfigurationFaults) -> Failure {
    for line in faults.lines() {
        output::notice(&line);
    }
    Failure::usage("")
}

fn parse_leniently(flags: &[OsString]) -> Result<clap::ArgMatches, clap::Error> {
    let all = std::iter::once(OsStr::new("serve")).chain(flags.iter().map(OsString::as_os_str));
    serve_command().ignore_errors(true).try_get_matches_from(all)
}

impl ServerConfiguration {
    /// Loads the configuration for these flags of `serve`, with this file or the default one.
    pub(crate) fn load(
        flags: &[OsString],
        file: Option<PathBuf>,
        masks: MaskRule,
    ) -> Result<Self, ConfigurationFaults> {
        let file = file.map_or(FileChoice::Default, FileChoice::Named);
        let started = load_from(flags, &file, masks)?;
        Ok(Self {
            flags: flags.to_vec(),
            loaded: started.clone(),
            started,
            file,
        })
    }

    /// Returns the configuration with which the server starts.
    pub(crate) const fn started(&self) -> &Configuration {
        &self.started
    }

    /// Returns the log level.
    pub(crate) fn log_level(&self) -> &str {
        self.loaded
            .values("log.level")
            .first()
            .map_or("warn", String::as_str)
    }

    /// Returns the form of log lines.
    pub(crate) fn log_format(&self) -> LogFormat {
        let word = self.started.values("log.format").first().cloned();
        word.and_then(|word| word.parse().ok()).unwrap_or_default()
    }

    /// Returns the arguments of the process with those that stand for the file and the environment after the
    /// command. Only this process sees them.
    pub(crate) fn complete(&self, mut arguments: Vec<OsString>) -> Vec<OsString> {
        let after = arguments.split_off((COMMAND_INDEX + 1).min(arguments.len()));
        arguments.extend(self.started.arguments());
        arguments.extend(after);
        arguments
    }

    /// Loads the configuration again and applies what can change while the server runs. If it has an error,
    /// nothing changes.
    pub(crate) fn reload(&mut self, log: &LogControl, proxies: &Proxies) -> Result<ReloadReport, String> {
        let later = load_from(&self.flags, &self.file, MaskRule::Refuse);
        let later = later.map_err(|faults| faults.lines().join("; "))?;
        let networks = Proxies::parse(later.values("http.trusted_proxies"));
        let networks = networks.map_err(|problem| problem.detail)?;
        let is_reloaded = |change: &ChangedSetting| change.reload == ReloadRule::Reload;
        let applied = self.loaded.changes(&later).into_iter().filter(is_reloaded);
        let restart = self
            .started
            .changes(&later)
            .into_iter()
            .filter(|change| !is_reloaded(change));
        let report = ReloadReport {
            applied: applied.map(|change| change.key).collect(),
            restart: restart.map(|change| change.key).collect(),
        };
        self.loaded = later;
        log.set_level(self.log_level())?;
        proxies.replace(&networks);
        Ok(report)
    }
}

fn load_from(
    flags: &[OsString],
    file: &FileChoice,
    masks: MaskRule,
) -> Result<Configuration, ConfigurationFaults> {
    let serve = serve_command();
    // Only a request for help fails here; it was answered before.
    let matches = parse_leniently(flags).unwrap_or_default();
    load(&ConfigurationSources {
        serve: &serve,
        matches: &matches,
        file: file.clone(),
        variables: own_variables(),
        variable: &named_variable,
        masks,
    })
}
