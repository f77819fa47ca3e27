//! Checks the server's durability settings, on every connection that writes.

use tokio_postgres::{Client, Error};

/// The server settings that decide about durability, as they apply to one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings {
    fsync: String,
    synchronous_commit: String,
    full_page_writes: String,
}

impl Settings {
    pub(super) async fn read(client: &Client) -> Result<Self, Error> {
        let row = client
            .query_one(
                "SELECT current_setting('fsync'), current_setting('synchronous_commit'),
                   current_setting('full_page_writes')",
                &[],
            )
            .await?;
        Ok(Self {
            fsync: row.try_get(0)?,
            synchronous_commit: row.try_get(1)?,
            full_page_writes: row.try_get(2)?,
        })
    }

    /// Returns true if an acknowledged append survives a crash of the server and its machine: none of the
    /// three settings is `off`. Every other value of `synchronous_commit` waits at least for the server's
    /// own disk.
    pub(super) fn are_durable(&self) -> bool {
        [&self.fsync, &self.synchronous_commit, &self.full_page_writes]
            .iter()
            .all(|setting| setting.as_str() != "off")
    }

    /// Returns an error with the settings if the server may lose acknowledged data. With `allow_unsafe` it
    /// only logs a warning.
    pub(super) fn permit(&self, allow_unsafe: bool) -> Result<(), String> {
        if self.are_durable() {
            return Ok(());
        }
        let why = format!(
            "the server may lose what it acknowledges: fsync={}, synchronous_commit={}, full_page_writes={}",
            self.fsync, self.synchronous_commit, self.full_page_writes
        );
        if allow_unsafe {
            tracing::warn!(why, "writing to an unsafe server, because it is allowed");
            return Ok(());
        }
        Err(format!("{why}; set them to on"))
    }
}
