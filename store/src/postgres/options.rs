//! What whoever opens a store on PostgreSQL may choose: how much waits, and for how long.

use super::connect::Timeouts;
use super::writer;

/// Connections that read: enough for two cores, and twelve processes within the server's usual hundred.
const READ_CONNECTIONS: usize = 6;

/// How long appends and reads wait for a database that is away, from when it was missed: a restart takes
/// a few seconds. Beyond it they are answered `Unavailable` at once until it is back.
const AWAY_MS: u64 = 10_000;

/// What may be chosen when a store is connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresOptions {
    /// Appends that may wait for the writer; one more is answered `Busy`.
    pub append_queue_max: usize,
    /// Connections that read, made as they are needed.
    pub read_connections_max: usize,
    /// How long an append or a read waits for a database that is away before it is answered `Unavailable`.
    pub away_ms: u64,
    pub timeouts: Timeouts,
    /// Writes to a server with `fsync`, `full_page_writes` or `synchronous_commit` off: for tests only.
    pub allow_unsafe: bool,
    /// Opens a log that is half filled, too: for whoever is about to fill it.
    pub half_filled: bool,
}

impl Default for PostgresOptions {
    /// One group of single events may wait.
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
