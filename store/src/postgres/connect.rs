//! Connections: parses the URL, sets the timeouts, and drives a connection together with its client.
//!
//! The URL decides about TLS and the trusted certificates (crate `tls`).

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
use tls::postgres::{ClientTlsStream, Connector};
use tokio_postgres::config::Host;
use tokio_postgres::error::{Severity, SqlState};
use tokio_postgres::{Client, Config, Error, Socket};

/// The timeout of one attempt to connect, in milliseconds. A running server answers within milliseconds.
pub(super) const CONNECT_MS: u64 = 5_000;

/// The timeout of one SQL statement, in milliseconds. A page of the largest records takes a tenth of it on
/// a slow disk.
pub(super) const STATEMENT_MS: u64 = 30_000;

/// The longest wait of an append for the log's lock, in milliseconds; after that it fails. Groups of other
/// processes take milliseconds each.
pub(super) const LOCK_MS: u64 = 5_000;

/// The wait for a response beyond the server's statement timeout before the connection counts as lost, in
/// milliseconds.
pub(super) const ANSWER_GRACE_MS: u64 = 5_000;

/// The idle time after which TCP sends a keepalive probe, in milliseconds.
const KEEPALIVE_IDLE_MS: u64 = 10_000;
/// The time between keepalive probes without a response, in milliseconds.
const KEEPALIVE_INTERVAL_MS: u64 = 5_000;

/// The number of unanswered probes after which TCP closes the connection: 25 s after the last response.
const KEEPALIVE_QUESTIONS_MAX: u32 = 3;

/// The first wait between two attempts to reconnect, in milliseconds; each further one is twice as long.
const BACK_OFF_FIRST_MS: u64 = 50;

/// The longest wait between two attempts to reconnect, in milliseconds, so the store is connected at most
/// this long after the server is back.
const BACK_OFF_MS_MAX: u64 = 2_000;

/// The timeouts that a store's owner may choose. The defaults suit a server in the same building.
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

/// The address of a database and how to connect to it.
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

/// Parses a `postgres://` URL and sets the options that all our connections share.
pub(super) fn configure(url: &str, timeouts: &Timeouts) -> Result<Address, OpenError> {
    let unreadable = |why: &str| OpenError::Unavailable {
        file: PathBuf::from("postgres://"),
        why: why.to_owned(),
    };
    let read = tls::postgres::read(url).map_err(|error| unreadable(&error.to_string()))?;
    // The parser's message may repeat part of the URL, and with it a password.
    let Ok(mut config) = Config::from_str(&read.url) else {
        return Err(unreadable(
            "the URL is not valid; an example is postgres://user@db.example.com/ledgerline",
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

/// Returns the database's address for messages: without user, options and password.
pub(super) fn display_address(config: &Config) -> PathBuf {
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
        file: display_address(config),
        why: why.to_owned(),
    }
}

/// A client and its connection to PostgreSQL. The task that uses the client also drives the connection, so
/// there is no separate task that could fail.
pub(super) struct Link {
    pub(super) client: Client,
    pub(super) connection: Connection,
}

/// A connection, with or without TLS.
pub(super) type Connection = tokio_postgres::Connection<Socket, ClientTlsStream<Socket>>;

/// A future that drives a connection and completes when the connection ends.
pub(super) type ConnectionDriver = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Link {
    pub(super) async fn open(address: &Address) -> Result<Self, Error> {
        let (client, connection) = address.config.connect(address.connector.clone()).await?;
        Ok(Self { client, connection })
    }

    /// Splits the link into the client and the future that drives its connection, for `drive`.
    pub(super) fn split(self) -> (Client, ConnectionDriver) {
        let connection = self.connection;
        let driven = async move {
            if let Err(error) = connection.await {
                tracing::debug!(error = %text(&error), "a connection ended");
            }
        };
        // Fused, because a connection that has ended is polled again by the next request, which then sees
        // its end.
        (self.client, Box::pin(driven.fuse()))
    }

    /// Like `split`, and also returns where the server's warnings are stored.
    pub(super) fn split_with_warnings(self) -> (Client, ConnectionDriver, Arc<Warnings>) {
        let warnings = Arc::<Warnings>::default();
        let driven = confirmation::drive_keeping(self.connection, Arc::clone(&warnings));
        (self.client, driven, warnings)
    }
}

/// Runs `work` on a client while driving its connection. `None` if it was not done within `within_ms`
/// milliseconds.
pub(super) async fn drive<T>(
    connection: &mut ConnectionDriver,
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
    // The connection has ended, so the client's future completes at once, also with responses received before
    // the end.
    Some(work.await)
}

/// Returns true if the error came from the network or from a server that ends the connection. The statement
/// may then have been executed.
pub(super) fn is_lost(error: &Error) -> bool {
    error.as_db_error().is_none_or(|said| {
        let code = said.code().code();
        let ends = matches!(said.parsed_severity(), Some(Severity::Fatal | Severity::Panic));
        // Connection exceptions, and shutdowns or crashes of the server.
        ends || code.starts_with("08") || code.starts_with("57P")
    })
}

/// Returns the error's text without the server's detail, which may repeat stored values.
pub(super) fn text(error: &Error) -> String {
    if let Some(said) = error.as_db_error() {
        return format!("{} ({})", said.message(), said.code().code());
    }
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// Converts the error of a read, or of an append that was certainly not stored, to the port's error.
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

/// Growing waits between attempts: from 50 ms, doubled up to 2 s. `reset` starts again.
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
            assert!(!display_address(&config).display().to_string().contains("s3cret"));
        }
    }

    #[test]
    fn waits_grow_to_their_limit_and_are_reset() {
        let mut back_off = BackOff::default();
        let waits: Vec<_> = (0..8).map(|_| back_off.next_ms()).collect();
        assert_eq!(waits, [50, 100, 200, 400, 800, 1_600, 2_000, 2_000]);
        back_off.reset();
        assert_eq!(back_off.next_ms(), 50);
    }
}
