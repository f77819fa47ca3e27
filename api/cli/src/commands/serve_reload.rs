//! SIGHUP of `serve`: reads the configuration again, applies what it can, and says what needs a restart.

use crate::commands::serve_configuration::ServerConfiguration;
use crate::kit::failure::Failure;
use crate::kit::log_output::LogLevelControl;
use crate::kit::output;
use host::configuration::effective::Configuration;
use host::signals::ReloadSignal;
use http::proxies::Proxies;

/// The loaded configuration, and the control of the log level.
#[derive(Debug)]
pub(crate) struct LoadedServer {
    pub(crate) configuration: ServerConfiguration,
    pub(crate) log_level: LogLevelControl,
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

    /// Returns the configuration with which the server starts.
    pub(crate) const fn started(&self) -> &Configuration {
        self.loaded.configuration.started()
    }

    /// Applies the changed settings that can change while the server runs, and names the others. An invalid
    /// configuration changes nothing. Returns the line that says so.
    pub(crate) fn apply(&mut self) -> String {
        let LoadedServer {
            configuration,
            log_level,
        } = &mut self.loaded;
        let report = match configuration.reload(log_level, &self.proxies) {
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
