//! Published checkpoints in the database of the log, so that the next holder of the lease sees them.
//!
//! The row is replaced only by whoever read what it replaces: the second fence behind the lease. A copy is
//! in the publisher's own directory, for readers.

use super::checkpoint::SignedCheckpoint;
use super::error::ProofError;
use super::shelf::{CheckpointShelf, FileShelf};
use async_trait::async_trait;
use domain::ports::tasks::Tasks;
use domain::time::Timestamp;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error};

/// Made on first use; a log that nobody signs has none.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS proof_checkpoint (
    origin text PRIMARY KEY,
    signed_text text NOT NULL,
    note text NOT NULL
)";

/// The shelf of one origin in a PostgreSQL database.
pub struct PostgresShelf {
    url: String,
    origin: String,
    copy: FileShelf,
    tasks: Arc<dyn Tasks>,
    client: Mutex<Option<Arc<Client>>>,
}

impl PostgresShelf {
    /// `copy` is the publisher's own directory; `tasks` runs the connection.
    pub fn new(url: &str, origin: &str, copy: FileShelf, tasks: Arc<dyn Tasks>) -> Self {
        Self {
            url: url.to_owned(),
            origin: origin.to_owned(),
            copy,
            tasks,
            client: Mutex::new(None),
        }
    }

    /// The open connection, or a new one.
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
            // What ends the connection is told to whoever asks next.
            Box::pin(async move { drop(connection.await) }),
        );
        client.batch_execute(TABLE).await.map_err(away)?;
        let client = Arc::new(client);
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&client));
        Ok(client)
    }

    /// Ends the connection: its task ends with it.
    fn hang_up(&self) {
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[async_trait]
impl CheckpointShelf for PostgresShelf {
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
    // Its own text names no cause; the server's does.
    let why = error
        .as_db_error()
        .map_or_else(|| error.to_string(), ToString::to_string);
    ProofError::Unavailable(why)
}
