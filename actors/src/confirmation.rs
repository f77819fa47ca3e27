//! Confirmation of a repeat: what was stored by an append that failed is answered only once it is where the
//! store is configured to keep it.

use crate::environment::Environment;
use domain::ids::StreamId;
use domain::ports::event_store::{StoreError, Writers};
use domain::stored_event::{Cause, Record, StreamVersion};
use std::sync::Arc;

/// Appends the event at `version` again. The store answers that as the first time, and only when the event is
/// durable, in a standby too where one is configured: an append that failed for want of a standby may have
/// left it on one disk. A store with one writer needs no confirmation.
pub(crate) async fn confirm_stored(
    environment: &Environment,
    stream: &StreamId,
    version: StreamVersion,
) -> Result<(), StoreError> {
    let store = &environment.store;
    if store.capabilities().writers != Writers::ManyProcesses {
        return Ok(());
    }
    let before = StreamVersion(version.0.saturating_sub(1));
    let page = store.read_stream(stream, before, 1).await?;
    let Some(stored) = page.first() else {
        return Ok(());
    };
    let record = Record::from_stored(Arc::clone(&stored.record));
    let record = record.map_err(|error| StoreError::Damaged(error.to_string()))?;
    store.append(stream, before, vec![record]).await.map(drop)
}

/// Before the reply to a request that had nothing left to do: another process may have appended
/// what the state says, and wait for its standby in vain. A driver gets no confirmation, because all that it
/// does follows an append of its own.
pub(crate) async fn confirm_for_caller(
    environment: &Environment,
    stream: &StreamId,
    version: StreamVersion,
    cause: Cause,
) -> Result<(), StoreError> {
    match cause.by {
        Some(_) => confirm_stored(environment, stream, version).await,
        None => Ok(()),
    }
}
