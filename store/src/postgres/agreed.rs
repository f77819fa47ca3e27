//! What the processes on one log agree on, kept beside its events: what the log is for life, and whether it
//! is only half filled.

use super::PostgresEventStore;
use super::connect::{from_postgres, shown};
use crate::error::OpenError;
use domain::ports::event_store::StoreError;
use domain::time::Timestamp;
use tokio_postgres::{Client, Config, Error};

/// The name under which a command that fills the log stands until it is done.
const RESTORING: &str = "restoring";

impl PostgresEventStore {
    /// What the installation is for life: the first start writes `mode` (`real` or `rehearsal`), every
    /// later one is answered what was written then.
    pub async fn hold_mode(&self, mode: &str) -> Result<String, StoreError> {
        self.hold("mode", mode).await
    }

    /// What a name stands for in this log, for life: the first to ask writes `value`, every later one is
    /// answered what was written then.
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

    /// From now on the log counts as half filled by the command `by`: whoever opens it is refused, but for
    /// those with `half_filled`. Answers false when it did before.
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

    /// The log is whole: everybody may open it.
    pub async fn end_filling(&self) -> Result<(), StoreError> {
        let client = self.reader.connection().await?;
        let ended = client
            .execute("DELETE FROM ledgerline.meta WHERE name = $1", &[&RESTORING])
            .await;
        ended.map(|_| ()).map_err(|error| from_postgres(&error))
    }

    /// What time it is by the database's clock, now and not when a transaction began.
    pub async fn clock_now(&self) -> Result<Timestamp, StoreError> {
        let client = self.reader.connection().await?;
        let failed = |error: Error| from_postgres(&error);
        let asked = "SELECT cast(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)";
        let row = client.query_one(asked, &[]).await.map_err(failed)?;
        row.try_get(0).map(Timestamp::from_micros).map_err(failed)
    }

    /// The command that fills the log, or was cut off while it did.
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

/// Refuses a log that was filled half, unless the asker is about to fill it.
pub(super) fn permit(config: &Config, by: Option<String>, half_filled: bool) -> Result<(), OpenError> {
    match by {
        Some(by) if !half_filled => Err(OpenError::HalfFilled {
            file: shown(config),
            by,
        }),
        Some(_) | None => Ok(()),
    }
}
