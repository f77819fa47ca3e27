//! Confirms stored events before a repeated command is answered: events of an append that failed are reported
//! as stored only when the store keeps them where it is configured to.

use crate::environment::Environment;
use domain::ids::StreamId;
use domain::ports::event_store::{APPEND_EVENTS_MAX, StoreError, WriterConcurrency};
use domain::stored_event::{Cause, Record, StreamVersion, UnreadableRecord};
use std::sync::Arc;

/// Makes the store confirm the batch of events that ends at `version`, by appending it again: the store
/// returns the first result, and only when the events are durable, on a standby too if one is configured.
/// An append that failed because of a missing standby may have left them on one disk. Does nothing for a
/// store with one writer.
pub(crate) async fn confirm_stored(
    environment: &Environment,
    stream: &StreamId,
    version: StreamVersion,
) -> Result<(), StoreError> {
    let store = &environment.store;
    if store.capabilities().writers != WriterConcurrency::ManyProcesses {
        return Ok(());
    }
    let most = APPEND_EVENTS_MAX as u64;
    let from = StreamVersion(version.0.saturating_sub(most));
    let page = store.read_stream(stream, from, APPEND_EVENTS_MAX).await?;
    let damaged = |error: UnreadableRecord| StoreError::Damaged(error.to_string());
    let mut batch = Vec::new();
    let mut command = None;
    // The events of one command are one batch.
    for stored in page.iter().rev() {
        let heading = stored.heading().map_err(damaged)?;
        if heading.stream_version > version {
            continue;
        }
        if *command.get_or_insert(heading.command) != heading.command {
            break;
        }
        batch.push(Record::from_stored(Arc::clone(&stored.record)).map_err(damaged)?);
    }
    batch.reverse();
    let Some(first) = batch.first() else {
        return Ok(());
    };
    let before = StreamVersion(first.stream_version.0.saturating_sub(1));
    store.append(stream, before, batch).await.map(drop)
}

/// Confirms the stream before the reply to a request of a user that had nothing to write: another process
/// may have appended what the state contains and still wait for its standby. Does nothing for a driver,
/// because its actions always follow an append of its own.
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
