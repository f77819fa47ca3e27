//! Confirms that committed events have reached a synchronous standby, if the server requires one.
//!
//! A commit waits for a synchronous standby. If that wait is cancelled, PostgreSQL commits all the same and
//! says so only in a warning with a successful response: the events are in no standby, and a failover would
//! lose them. An append with a warning, or without a response, is therefore answered only after a later
//! commit has completed its wait without a warning: a standby that has a commit has all earlier ones.

use super::connect::ConnectionDriver;
use futures_util::FutureExt;
use futures_util::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_postgres::error::{DbError, Severity};
use tokio_postgres::{AsyncMessage, Client, Error};

/// A statement that changes nothing but is committed like an append.
const COMMIT_NOTHING: &str = "UPDATE ledgerline.head SET pos = pos";

/// An SQL condition: a synchronous standby is required and none is connected. For a role that may not see the
/// states of others, every standby counts as synchronous.
pub(super) const STANDBY_IS_AWAY: &str = "current_setting('synchronous_standby_names') <> '' AND NOT EXISTS (
       SELECT FROM pg_stat_replication WHERE coalesce(sync_state, 'sync') IN ('sync', 'quorum'))";

/// The reason that the readiness check gives while no standby is connected.
pub(super) const NOT_CONFIRMED: &str = "no synchronous standby is connected: what is stored cannot be \
     confirmed / 没有同步备库连接，写入无法得到确认";

/// The last warning that the server sent on one connection.
#[derive(Default)]
pub(super) struct Warnings(Mutex<Option<String>>);

impl Warnings {
    fn note(&self, said: &DbError) {
        if said.parsed_severity() == Some(Severity::Warning) {
            let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            *last = Some(format!("{} ({})", said.message(), said.code().code()));
        }
    }

    /// Returns the last warning and clears it; `None` if there was none since the last call.
    pub(super) fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Returns a future that drives a connection and stores the server's warnings in `warnings`.
pub(super) fn drive_keeping(
    mut connection: super::connect::Connection,
    warnings: Arc<Warnings>,
) -> ConnectionDriver {
    let driven = async move {
        while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
            match message {
                Ok(AsyncMessage::Notice(said)) => warnings.note(&said),
                Ok(_) => {}
                Err(error) => {
                    tracing::debug!(error = %super::connect::text(&error), "a connection ended");
                    return;
                }
            }
        }
    };
    Box::pin(driven.fuse())
}

/// Commits a statement that changes nothing and waits for the synchronous standby. `Ok(None)`: everything
/// committed before is in the standby. `Ok(Some)`: the reason why it may not be, for example that no
/// standby is connected.
pub(super) async fn confirm(client: &Client, warnings: &Warnings) -> Result<Option<String>, Error> {
    let row = client
        .query_one(&format!("SELECT {STANDBY_IS_AWAY}"), &[])
        .await?;
    if row.try_get(0)? {
        return Ok(Some(NOT_CONFIRMED.to_owned()));
    }
    drop(warnings.take());
    client.batch_execute(COMMIT_NOTHING).await?;
    Ok(warnings.take())
}
