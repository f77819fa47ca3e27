//! Schema migrations, which are part of the binary. Each runs in one transaction; several processes that
//! start at once migrate one after another.

use super::connect::{ConnectionDriver, display_address, drive, text, unavailable};
use crate::error::OpenError;
use domain::ports::clock::Clock;
use std::path::PathBuf;
use tokio_postgres::{Client, Config, Error};

/// The migrations to version 1, 2, …; a released one is never edited.
const MIGRATIONS: &[&str] = &[include_str!("migrations/0001_event_log.sql")];

/// The number of the advisory lock that serializes migrations of several processes. Chosen by us: advisory
/// locks have no names.
const MIGRATION_LOCK: i64 = 0x4c45_4447_4552;

/// The time limit of all migrations together, including the wait for another process, in milliseconds.
const MIGRATE_MS: u64 = 120_000;

/// Returns the schema version that this build writes, which is the newest that it reads.
pub(super) fn known() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Upgrades the database to the newest schema. Fails if the database has a newer one.
pub(super) async fn migrate(
    client: &Client,
    connection: &mut ConnectionDriver,
    config: &Config,
    clock: &dyn Clock,
) -> Result<(), OpenError> {
    let outcome = drive(connection, clock, MIGRATE_MS, run(client)).await;
    found(config, outcome)
}

/// Checks, for a reader, that the database has a log with a schema version that this build knows. Writes
/// nothing.
pub(super) async fn check(
    client: &Client,
    connection: &mut ConnectionDriver,
    config: &Config,
    clock: &dyn Clock,
) -> Result<(), OpenError> {
    let outcome = drive(connection, clock, MIGRATE_MS, version(client)).await;
    if matches!(outcome, Some(Ok(0))) {
        return Err(OpenError::Missing(PathBuf::from(format!(
            "a ledgerline log in {}",
            display_address(config).display()
        ))));
    }
    found(config, outcome)
}

fn found(config: &Config, outcome: Option<Result<i64, Error>>) -> Result<(), OpenError> {
    match outcome {
        Some(Ok(found)) if found > known() => Err(OpenError::NewerSchema {
            file: display_address(config),
            found,
            known: known(),
        }),
        Some(Ok(_)) => Ok(()),
        Some(Err(error)) => Err(unavailable(config, &text(&error))),
        None => Err(unavailable(config, "the database did not answer in time")),
    }
}

/// Runs the missing migrations, each in one transaction. Returns the version before them; if it is newer
/// than this build's, nothing is changed.
async fn run(client: &Client) -> Result<i64, Error> {
    // The end of a connection frees the lock, so a killed process blocks no other.
    client
        .batch_execute(&format!(
            "SET statement_timeout = {MIGRATE_MS}; SET lock_timeout = {MIGRATE_MS};
             SELECT pg_advisory_lock({MIGRATION_LOCK})"
        ))
        .await?;
    let before = version(client).await?;
    for (sql, next) in MIGRATIONS.iter().zip(1_i64..) {
        if next <= before {
            continue;
        }
        client
            .batch_execute(&format!(
                "BEGIN;
                 CREATE SCHEMA IF NOT EXISTS ledgerline;
                 CREATE TABLE IF NOT EXISTS ledgerline.schema_version (version bigint NOT NULL);
                 {sql}
                 DELETE FROM ledgerline.schema_version;
                 INSERT INTO ledgerline.schema_version (version) VALUES ({next});
                 COMMIT"
            ))
            .await?;
    }
    client
        .batch_execute(&format!(
            "SELECT pg_advisory_unlock({MIGRATION_LOCK}); RESET statement_timeout; RESET lock_timeout"
        ))
        .await?;
    Ok(before)
}

/// Returns the log's schema version in the database; 0 if it contains no log.
async fn version(client: &Client) -> Result<i64, Error> {
    let there = client
        .query_one("SELECT to_regclass('ledgerline.schema_version') IS NOT NULL", &[])
        .await?;
    if !there.try_get::<_, bool>(0)? {
        return Ok(0);
    }
    let row = client
        .query_opt("SELECT version FROM ledgerline.schema_version", &[])
        .await?;
    row.map_or(Ok(0), |row| row.try_get(0))
}
