//! Confirmation that committed events are in a synchronous standby, where the server is set to have one.
//!
//! A commit waits for a synchronous standby. When that wait is cancelled, PostgreSQL commits all the same and
//! says so only in a warning beside a successful reply: the events are in no standby, and a failover would
//! lose them. An append with a warning, or without a reply, is answered only after a later commit has been
//! waited for without a warning, because a standby that has a commit has all before it.

use super::connect::Driven;
use futures_util::FutureExt;
use futures_util::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_postgres::error::{DbError, Severity};
use tokio_postgres::{AsyncMessage, Client, Error};

/// Changes nothing and is committed as an append is.
const COMMIT_NOTHING: &str = "UPDATE ledgerline.head SET pos = pos";

/// Whether a synchronous standby is demanded and none is connected. A role that may not see the states of
/// others counts every standby as synchronous.
pub(super) const STANDBY_IS_AWAY: &str = "current_setting('synchronous_standby_names') <> '' AND NOT EXISTS (
       SELECT FROM pg_stat_replication WHERE coalesce(sync_state, 'sync') IN ('sync', 'quorum'))";

/// What readiness says of it.
pub(super) const NOT_CONFIRMED: &str = "no synchronous standby is connected: what is stored cannot be \
     confirmed / 没有同步备库连接，写入无法得到确认";

/// The warnings of one connection.
#[derive(Default)]
pub(super) struct Warnings(Mutex<Option<String>>);

impl Warnings {
    fn note(&self, said: &DbError) {
        if said.parsed_severity() == Some(Severity::Warning) {
            let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            *last = Some(format!("{} ({})", said.message(), said.code().code()));
        }
    }

    /// The last warning since the last call.
    pub(super) fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Drives a connection and keeps its warnings.
pub(super) fn drive_keeping(mut connection: super::connect::Connection, warnings: Arc<Warnings>) -> Driven {
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

/// Commits nothing, after a look that spares a wait for a standby which is not there. `Some`: why what was
/// committed before may be in no standby.
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
