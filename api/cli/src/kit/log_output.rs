//! Starts the log of the process on standard error, and changes its level while it runs.

use host::clock::SystemClock;
use host::log_level::capped;
use host::log_writer::{LogFormat, LogWriter};
use std::io;
use std::path::Path;
use std::sync::Arc;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::reload::Handle;

/// Changes the filter of the log; returns why that is not possible.
type FilterChange = dyn Fn(EnvFilter) -> Result<(), String> + Send + Sync;

/// The control of the running log: its level, and the file of recent lines.
#[derive(Clone)]
pub(crate) struct LogControl {
    change: Arc<FilterChange>,
    writer: LogWriter,
}

impl std::fmt::Debug for LogControl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LogControl(..)")
    }
}

impl LogControl {
    /// Sets the level, or a filter by module, with the caps of every level.
    pub(crate) fn set_level(&self, level: &str) -> Result<(), String> {
        (self.change)(EnvFilter::new(capped(level)))
    }

    /// From now on also writes each line to the files of recent lines in a data directory.
    pub(crate) fn keep_in(&self, directory: &Path) -> io::Result<()> {
        self.writer.keep_in(directory)
    }
}

/// Starts the log with this filter and format.
pub(crate) fn start(filter: String, format: LogFormat) -> LogControl {
    let writer = LogWriter::to_stderr(Arc::new(SystemClock::default()), format);
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer.clone());
    let change = match format {
        LogFormat::Json => {
            let logs = logs.json().with_filter_reloading();
            let change = filter_change(logs.reload_handle());
            logs.init();
            change
        }
        LogFormat::Text => {
            let logs = logs.with_ansi(false).with_filter_reloading();
            let change = filter_change(logs.reload_handle());
            logs.init();
            change
        }
    };
    LogControl { change, writer }
}

fn filter_change<S: 'static>(handle: Handle<EnvFilter, S>) -> Arc<FilterChange> {
    Arc::new(move |filter| handle.reload(filter).map_err(|error| error.to_string()))
}
