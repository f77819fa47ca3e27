//! Options of the PostgreSQL store: queue length, connections, timeouts.

use super::connect::Timeouts;
use super::writer;

/// The default number of connections for reads: enough for two cores, and twelve processes stay within the
/// server's usual limit of a hundred.
const READ_CONNECTIONS: usize = 6;

/// The default of `away_ms`, in milliseconds: a restart of the database takes a few seconds.
const AWAY_MS: u64 = 10_000;

/// The options of a connection to a PostgreSQL store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresOptions {
    /// The most appends that wait for the writer; a further one is answered `Busy`.
    pub append_queue_max: usize,
    /// The most connections for reads, opened as needed.
    pub read_connections_max: usize,
    /// The time after the first failure to reach the database for which appends and reads wait, in
    /// milliseconds. After it they return `Unavailable` at once until the database is back.
    pub away_ms: u64,
    pub timeouts: Timeouts,
    /// Also writes to a server with `fsync`, `full_page_writes` or `synchronous_commit` off. For tests only.
    pub allow_unsafe: bool,
    /// Also opens a log that is incomplete. For the command that fills it.
    pub half_filled: bool,
}

impl Default for PostgresOptions {
    /// Returns the defaults; the queue holds one group of single events.
    fn default() -> Self {
        Self {
            append_queue_max: writer::GROUP_APPENDS_MAX,
            read_connections_max: READ_CONNECTIONS,
            away_ms: AWAY_MS,
            timeouts: Timeouts::default(),
            allow_unsafe: false,
            half_filled: false,
        }
    }
}
