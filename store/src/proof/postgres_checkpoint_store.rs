//! The published checkpoints in the log's database, where the next holder of the signing lease finds them.
//!
//! A checkpoint replaces the row only if the publisher has read the previous one: a second safeguard besides
//! the lease. The publisher's own directory has a copy, for readers.

use super::checkpoint::SignedCheckpoint;
use super::checkpoint_store::{CheckpointStore, FileCheckpointStore};
use super::error::ProofError;
use async_trait::async_trait;
use domain::ports::tasks::Tasks;
use domain::time::Timestamp;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error};

/// The SQL that creates the table, on first use; a log that is not signed has none.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS proof_checkpoint (
    origin text PRIMARY KEY,
    signed_text text NOT NULL,
    note text NOT NULL
)";

/// The published checkpoint of one origin, in a PostgreSQL database.
pub struct PostgresCheckpointStore {
    url: String,
    origin: String,
    copy: FileCheckpointStore,
    tasks: Arc<dyn Tasks>,
    client: Mutex<Option<Arc<Client>>>,
}

impl PostgresCheckpointStore {
    /// Makes the store without connecting. `copy` is the publisher's own directory; `tasks` runs the
    /// connection.
    pub fn new(url: &str, origin: &str, copy: FileCheckpointStore, tasks: Arc<dyn Tasks>) -> Self {
        Self {
            url: url.to_owned(),
            origin: origin.to_owned(),
            copy,
            tasks,
            client: Mutex::new(None),
        }
    }

    /// Returns the open connection, or opens one and creates the table if needed.
    async fn client(&self) -> Result<Arc<Client>, ProofError> {
        let open = self.client.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(client) = open.filter(|client| !client.is_closed()) {
            return Ok(client);
        }
        let read =
            tls::postgres::read(&self.url).map_err(|error| ProofError::Unavailable(error.to_string()))?;
        let connected = tokio_postgres::connect(&read.url, read.connector).await;
        let (client, connection) = connected.map_err(away)?;
        self.tasks.spawn(
            "proof checkpoints",
            // The next request sees the end of the connection.
            Box::pin(async move { drop(connection.await) }),
        );
        client.batch_execute(TABLE).await.map_err(away)?;
        let client = Arc::new(client);
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&client));
        Ok(client)
    }

    /// Drops the connection, which ends its task.
    fn hang_up(&self) {
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[async_trait]
impl CheckpointStore for PostgresCheckpointStore {
    async fn published(&self) -> Result<Option<SignedCheckpoint>, ProofError> {
        let client = self.client().await?;
        let row = client
            .query_opt(
                "SELECT note FROM proof_checkpoint WHERE origin = $1",
                &[&self.origin],
            )
            .await
            .inspect_err(|_| self.hang_up())
            .map_err(away)?;
        let Some(row) = row else { return Ok(None) };
        let note: String = row.try_get(0).map_err(away)?;
        SignedCheckpoint::parse_signed(&note).map(Some)
    }

    async fn publish(
        &self,
        previous: Option<&SignedCheckpoint>,
        next: &SignedCheckpoint,
        at: Timestamp,
    ) -> Result<(), ProofError> {
        let client = self.client().await?;
        let (text, note) = (next.signed_text(), next.text());
        let replaced = match previous {
            None => {
                let values: [&(dyn ToSql + Sync); 3] = [&self.origin, &text, &note];
                let insert = "INSERT INTO proof_checkpoint (origin, signed_text, note) VALUES ($1, $2, $3) \
                              ON CONFLICT (origin) DO NOTHING";
                client.execute(insert, &values).await
            }
            Some(previous) => {
                let before = previous.signed_text();
                let values: [&(dyn ToSql + Sync); 4] = [&self.origin, &text, &note, &before];
                let update = "UPDATE proof_checkpoint SET signed_text = $2, note = $3 \
                              WHERE origin = $1 AND signed_text = $4";
                client.execute(update, &values).await
            }
        };
        let rows = replaced.inspect_err(|_| self.hang_up()).map_err(away)?;
        if rows == 0 {
            return Err(ProofError::Overtaken);
        }
        self.copy.put(previous, next, at)
    }
}

fn away(error: Error) -> ProofError {
    // The client's own text names no cause; the server's does.
    let why = error
        .as_db_error()
        .map_or_else(|| error.to_string(), ToString::to_string);
    ProofError::Unavailable(why)
}
