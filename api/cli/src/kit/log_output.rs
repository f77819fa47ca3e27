//! Starts the log of the process on standard error, and changes its level while it runs.

use host::clock::SystemClock;
use host::log_level::capped;
use host::log_writer::LogWriter;
use std::sync::Arc;
use tracing_subscriber::EnvFilter;

/// Changes the filter of the log; returns why that is not possible.
type FilterChange = dyn Fn(EnvFilter) -> Result<(), String> + Send + Sync;

/// The control of the log level.
#[derive(Clone)]
pub(crate) struct LogLevelControl(Arc<FilterChange>);

impl std::fmt::Debug for LogLevelControl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LogLevelControl(..)")
    }
}

impl LogLevelControl {
    /// Sets the level, or a filter by module, with the caps of every level.
    pub(crate) fn set(&self, level: &str) -> Result<(), String> {
        (self.0)(EnvFilter::new(capped(level)))
    }
}

/// Starts the log with this filter.
pub(crate) fn start(filter: String) -> LogLevelControl {
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(LogWriter::to_stderr(Arc::new(SystemClock::default())))
        .json()
        .with_filter_reloading();
    let handle = logs.reload_handle();
    logs.init();
    LogLevelControl(Arc::new(move |filter| {
        handle.reload(filter).map_err(|error| error.to_string())
    }))
}
