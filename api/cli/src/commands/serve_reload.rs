//! SIGHUP of `serve`: reads the configuration again, applies what it can, and says what needs a restart.

use crate::commands::serve_configuration::ServerConfiguration;
use crate::kit::failure::Failure;
use crate::kit::log_output::LogControl;
use crate::kit::output;
use host::configuration::effective::Configuration;
use host::signals::ReloadSignal;
use http::proxies::Proxies;
use std::path::Path;

/// The loaded configuration, and the control of the log.
#[derive(Debug)]
pub(crate) struct LoadedServer {
    pub(crate) configuration: ServerConfiguration,
    pub(crate) log: LogControl,
}

/// What a server needs to read its configuration again.
pub(crate) struct ReloadTask {
    pub(crate) signal: ReloadSignal,
    pub(crate) proxies: Proxies,
    loaded: LoadedServer,
}

impl ReloadTask {
    /// Starts to receive SIGHUP, and prints a warning for each secret on the command line.
    pub(crate) fn start(loaded: LoadedServer, proxies: Proxies) -> Result<Self, Failure> {
        for warning in loaded.configuration.started().argument_warnings() {
            output::notice(&warning);
        }
        Ok(Self {
            signal: ReloadSignal::listen()?,
            proxies,
            loaded,
        })
    }

    /// From now on keeps recent log lines in the data directory. Without that the server runs all the same.
    pub(crate) fn keep_log_in(&self, directory: &Path) {
        if let Err(error) = self.loaded.log.keep_in(directory) {
            tracing::warn!(%error, "recent log lines cannot be kept in the data directory");
        }
    }

    /// Returns the configuration with which the server starts.
    pub(crate) const fn started(&self) -> &Configuration {
        self.loaded.configuration.started()
    }

    /// Applies the changed settings that can change while the server runs, and names the others. An invalid
    /// configuration changes nothing. Returns the line that says so.
    pub(crate) fn apply(&mut self) -> String {
        let LoadedServer { configuration, log } = &mut self.loaded;
        let report = match configuration.reload(log, &self.proxies) {
            Ok(report) => report,
            Err(faults) => {
                tracing::error!(faults, "the configuration has errors; nothing is reloaded");
                return format!("not reloaded: {faults}");
            }
        };
        let (applied, restart) = (report.applied.join(", "), report.restart.join(", "));
        tracing::info!(applied, "configuration reloaded");
        if !restart.is_empty() {
            tracing::warn!(settings = restart, "changed settings need a restart");
        }
        format!("reloaded; applied: [{applied}]; restart needed: [{restart}]")
    }
}
