//! Connections: a URL read and refused, named time-outs, and a link whose task also drives its connection.
//!
//! Whether TLS is spoken, and who is trusted, stands in the URL (crate `tls`).

use super::confirmation::{self, Warnings};
use crate::error::OpenError;
use domain::ports::clock::Clock;
use domain::ports::event_store::StoreError;
use futures_util::FutureExt;
use std::future::Future;
use std::ops::Deref;
use std::path::PathBuf;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tls::postgres::{Connector, Stream};
use tokio_postgres::config::Host;
use tokio_postgres::error::{Severity, SqlState};
use tokio_postgres::{Client, Config, Error, Socket};

/// How long one attempt to connect may take: a server that is up answers within milliseconds.
pub(super) const CONNECT_MS: u64 = 5_000;

/// How long one statement may run: a page of the largest records takes a tenth of it on a slow disk.
pub(super) const STATEMENT_MS: u64 = 30_000;

/// How long an append may wait for the log's lock: groups of other processes take milliseconds each.
pub(super) const LOCK_MS: u64 = 5_000;

/// Beyond the server's own limit, how long its answer may take before the connection counts as lost.
pub(super) const ANSWER_GRACE_MS: u64 = 5_000;

/// Idle time before TCP asks whether the other side is still there.
const KEEPALIVE_IDLE_MS: u64 = 10_000;
/// Between such questions, once one was not answered.
const KEEPALIVE_INTERVAL_MS: u64 = 5_000;

/// Unanswered questions after which TCP gives the connection up: 25 s after the last sign of life.
const KEEPALIVE_QUESTIONS_MAX: u32 = 3;

/// First wait between two attempts to reach the server again; each further one is twice as long.
const BACK_OFF_FIRST_MS: u64 = 50;

/// Longest such wait: how much later than the server everybody is back at most.
const BACK_OFF_MS_MAX: u64 = 2_000;

/// The time-outs that a store's owner may choose; the defaults suit a server in the same building.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    pub connect_ms: u64,
    pub statement_ms: u64,
    pub lock_ms: u64,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect_ms: CONNECT_MS,
            statement_ms: STATEMENT_MS,
            lock_ms: LOCK_MS,
        }
    }
}

/// Where a database is and how it is reached.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) config: Config,
    pub(super) connector: Connector,
}

impl Deref for Address {
    type Target = Config;

    fn deref(&self) -> &Config {
        &self.config
    }
}

/// Reads a `postgres://` URL and sets what every connection of ours shares.
pub(super) fn configure(url: &str, timeouts: &Timeouts) -> Result<Address, OpenError> {
    let unreadable = |why: &str| OpenError::Unavailable {
        file: PathBuf::from("postgres://"),
        why: why.to_owned(),
    };
    let read = tls::postgres::read(url).map_err(|error| unreadable(&error.to_string()))?;
    // The parser's own words may repeat part of the URL, and with it a password.
    let Ok(mut config) = Config::from_str(&read.url) else {
        return Err(unreadable(
            "the URL cannot be read: postgres://user@db.example.com/ledgerline",
        ));
    };
    if config.get_application_name().is_none() {
        config.application_name("ledgerline");
    }
    let before = config.get_options().unwrap_or_default();
    let options = format!(
        "{before} -c statement_timeout={} -c lock_timeout={} -c default_transaction_isolation=read\\ committed \
         -c tcp_keepalives_idle={} -c tcp_keepalives_interval={} -c tcp_keepalives_count={}",
        timeouts.statement_ms,
        timeouts.lock_ms,
        KEEPALIVE_IDLE_MS / 1_000,
        KEEPALIVE_INTERVAL_MS / 1_000,
        KEEPALIVE_QUESTIONS_MAX
    );
    config
        .options(options.trim_start())
        .connect_timeout(Duration::from_millis(timeouts.connect_ms))
        .tcp_user_timeout(Duration::from_millis(timeouts.statement_ms))
        .keepalives_idle(Duration::from_millis(KEEPALIVE_IDLE_MS))
        .keepalives_interval(Duration::from_millis(KEEPALIVE_INTERVAL_MS))
        .keepalives_retries(KEEPALIVE_QUESTIONS_MAX);
    Ok(Address {
        config,
        connector: read.connector,
    })
}

/// The database as it may be shown: without user options and password.
pub(super) fn shown(config: &Config) -> PathBuf {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        Some(Host::Unix(path)) => path.display().to_string(),
        None => "localhost".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5_432);
    let database = config.get_dbname().or(config.get_user()).unwrap_or("");
    PathBuf::from(format!("postgres://{host}:{port}/{database}"))
}

pub(super) fn unavailable(config: &Config, why: &str) -> OpenError {
    OpenError::Unavailable {
        file: shown(config),
        why: why.to_owned(),
    }
}

/// A client and its connection, driven by whoever waits on the client: no task of its own to lose.
pub(super) struct Link {
    pub(super) client: Client,
    pub(super) connection: Connection,
}

/// A connection, plain or secured.
pub(super) type Connection = tokio_postgres::Connection<Socket, Stream<Socket>>;

/// A connection as a future that ends when the connection does.
pub(super) type Driven = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Link {
    pub(super) async fn open(address: &Address) -> Result<Self, Error> {
        let (client, connection) = address.config.connect(address.connector.clone()).await?;
        Ok(Self { client, connection })
    }

    /// Client and connection apart, for `drive`.
    pub(super) fn split(self) -> (Client, Driven) {
        let connection = self.connection;
        let driven = async move {
            if let Err(error) = connection.await {
                tracing::debug!(error = %text(&error), "a connection ended");
            }
        };
        // Fused: one that has ended is waited for again by whoever asks next, and is then told so.
        (self.client, Box::pin(driven.fuse()))
    }

    /// The same, and the warnings that come with replies.
    pub(super) fn split_with_warnings(self) -> (Client, Driven, Arc<Warnings>) {
        let warnings = Arc::<Warnings>::default();
        let driven = confirmation::drive_keeping(self.connection, Arc::clone(&warnings));
        (self.client, driven, warnings)
    }
}

/// Waits for `work` on a client while driving its connection; `None` when no answer came in time.
pub(super) async fn drive<T>(
    connection: &mut Driven,
    clock: &dyn Clock,
    within_ms: u64,
    work: impl Future<Output = Result<T, Error>>,
) -> Option<Result<T, Error>> {
    let late = clock.wait_until(clock.now().plus_ms(within_ms));
    tokio::pin!(work, late);
    tokio::select! {
        biased;
        () = &mut late => return None,
        done = &mut work => return Some(done),
        () = connection => {}
    }
    // The connection is over, so its client answers at once, also with what came before the end.
    Some(work.await)
}

/// Whether an error came from the network or a server that ends the connection, so that what was asked may
/// have been done.
pub(super) fn is_lost(error: &Error) -> bool {
    error.as_db_error().is_none_or(|said| {
        let code = said.code().code();
        let ends = matches!(said.parsed_severity(), Some(Severity::Fatal | Severity::Panic));
        // Connection exceptions, shutdowns and crashes of the server.
        ends || code.starts_with("08") || code.starts_with("57P")
    })
}

/// What a server or the network said, without the values that a server's detail repeats.
pub(super) fn text(error: &Error) -> String {
    if let Some(said) = error.as_db_error() {
        return format!("{} ({})", said.message(), said.code().code());
    }
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// The port's error for a failed read or a failed append that is known not to be stored.
pub(super) fn from_postgres(error: &Error) -> StoreError {
    match error.code() {
        Some(code) if *code == SqlState::DATA_CORRUPTED || *code == SqlState::INDEX_CORRUPTED => {
            StoreError::Damaged(text(error))
        }
        Some(code) if *code == SqlState::LOCK_NOT_AVAILABLE => {
            StoreError::Unavailable("another program holds the log's lock for too long".to_owned())
        }
        Some(code) if *code == SqlState::QUERY_CANCELED => {
            StoreError::Unavailable("the database did not answer in time".to_owned())
        }
        _ => StoreError::Unavailable(text(error)),
    }
}

/// Growing waits between attempts; starts anew after a success.
#[derive(Debug, Default)]
pub(super) struct BackOff {
    last_ms: u64,
}

impl BackOff {
    pub(super) async fn wait(&mut self, clock: &dyn Clock) {
        let wait_ms = self.next_ms();
        clock.wait_until(clock.now().plus_ms(wait_ms)).await;
    }

    pub(super) fn next_ms(&mut self) -> u64 {
        self.last_ms = (self.last_ms * 2).clamp(BACK_OFF_FIRST_MS, BACK_OFF_MS_MAX);
        self.last_ms
    }

    pub(super) fn reset(&mut self) {
        self.last_ms = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_that_cannot_be_read_or_kept_to_is_refused_and_no_password_is_shown() {
        for query in ["sslmode=prefer", "sslmode=verify-full&sslrootcert=%2Fabsent"] {
            let url = format!("postgres://robot:s3cret@db.example.com/log?{query}");
            let refused = configure(&url, &Timeouts::default()).err().unwrap().to_string();
            assert!(!refused.contains("s3cret"), "{refused}");
        }
        let unreadable = configure(
            "postgres://robot:s3cret@db.example.com:notaport/x",
            &Timeouts::default(),
        );
        let said = unreadable.err().unwrap().to_string();
        assert!(!said.contains("s3cret"), "{said}");
        for good in [
            "postgres://robot:s3cret@localhost/log",
            "postgresql:///log?sslmode=disable",
        ] {
            let config = configure(good, &Timeouts::default()).unwrap();
            assert!(!shown(&config).display().to_string().contains("s3cret"));
        }
    }

    #[test]
    fn waits_grow_to_their_limit_and_start_anew() {
        let mut back_off = BackOff::default();
        let waits: Vec<_> = (0..8).map(|_| back_off.next_ms()).collect();
        assert_eq!(waits, [50, 100, 200, 400, 800, 1_600, 2_000, 2_000]);
        back_off.reset();
        assert_eq!(back_off.next_ms(), 50);
    }
}
