//! Values that all processes on one log share, stored in the table `meta`: permanent ones such as the mode,
//! and the mark of a log that is being filled.

use super::PostgresEventStore;
use super::connect::{display_address, from_postgres};
use crate::error::OpenError;
use domain::ports::event_store::StoreError;
use domain::time::Timestamp;
use tokio_postgres::{Client, Config, Error};

/// The name of the row that marks a log while a command fills it.
const RESTORING: &str = "restoring";

impl PostgresEventStore {
    /// Returns the installation's permanent mode (`real` or `rehearsal`). The first call on a log stores
    /// `mode`; every later one returns the stored value.
    pub async fn hold_mode(&self, mode: &str) -> Result<String, StoreError> {
        self.hold("mode", mode).await
    }

    /// Returns this log's permanent value for a name. The first call stores `value`; every later one gets the
    /// stored value.
    pub async fn hold(&self, name: &str, value: &str) -> Result<String, StoreError> {
        let client = self.reader.connection().await?;
        let failed = |error: Error| from_postgres(&error);
        client
            .execute(
                "INSERT INTO ledgerline.meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
                &[&name, &value],
            )
            .await
            .map_err(failed)?;
        let row = client
            .query_one("SELECT value FROM ledgerline.meta WHERE name = $1", &[&name])
            .await
            .map_err(failed)?;
        row.try_get(0).map_err(failed)
    }

    /// Marks the log as being filled by the command `by`. From then on it can be opened only with the
    /// option `half_filled`. If it is marked already, returns false and keeps the mark.
    pub async fn begin_filling(&self, by: &str) -> Result<bool, StoreError> {
        let client = self.reader.connection().await?;
        let marked = client
            .execute(
                "INSERT INTO ledgerline.meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
                &[&RESTORING, &by],
            )
            .await;
        marked.map(|rows| rows > 0).map_err(|error| from_postgres(&error))
    }

    /// Removes the mark of `begin_filling`: the log is complete and may be opened. Does nothing without a
    /// mark.
    pub async fn end_filling(&self) -> Result<(), StoreError> {
        let client = self.reader.connection().await?;
        let ended = client
            .execute("DELETE FROM ledgerline.meta WHERE name = $1", &[&RESTORING])
            .await;
        ended.map(|_| ()).map_err(|error| from_postgres(&error))
    }

    /// Returns the current time of the database's clock, not the time at which a transaction began.
    pub async fn clock_now(&self) -> Result<Timestamp, StoreError> {
        let client = self.reader.connection().await?;
        let failed = |error: Error| from_postgres(&error);
        let asked = "SELECT cast(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)";
        let row = client.query_one(asked, &[]).await.map_err(failed)?;
        row.try_get(0).map(Timestamp::from_micros).map_err(failed)
    }

    /// Returns the command that is filling the log, or was interrupted while filling it. `None` if the log
    /// is complete.
    pub async fn half_filled_by(&self) -> Result<Option<String>, StoreError> {
        let client = self.reader.connection().await?;
        filled_by(&client).await.map_err(|error| from_postgres(&error))
    }
}

pub(super) async fn filled_by(client: &Client) -> Result<Option<String>, Error> {
    let row = client
        .query_opt("SELECT value FROM ledgerline.meta WHERE name = $1", &[&RESTORING])
        .await?;
    row.map(|row| row.try_get(0)).transpose()
}

/// Returns an error if the log is incomplete, unless the caller opens it to fill it (`half_filled`).
pub(super) fn permit(config: &Config, by: Option<String>, half_filled: bool) -> Result<(), OpenError> {
    match by {
        Some(by) if !half_filled => Err(OpenError::HalfFilled {
            file: display_address(config),
            by,
        }),
        Some(_) | None => Ok(()),
    }
}
