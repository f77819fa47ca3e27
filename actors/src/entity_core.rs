//! The part of an entity that does not depend on its aggregate: appends, and the keys of its events. It is
//! compiled once, not for each of some forty aggregates.

use crate::environment::Environment;
use crate::error::{AskError, fault, store_error, vault_error};
use crate::traces::{OpenSpan, SpanAttribute, SpanFacts, SpanKind};
use domain::ids::{CustomerId, StreamId};
use domain::ports::event_store::{StoreError, WriterConcurrency};
use domain::ports::vault::{PersonKey, key_to_seal};
use domain::stored_event::{Cause, Position, Record, StreamVersion, WritePriority};
use std::convert::Infallible;
use std::sync::Arc;

/// An error of a command that is not a refusal of its aggregate.
pub(crate) type CoreError = AskError<Infallible>;

/// Why records were not appended.
pub(crate) enum AppendError {
    /// Another writer was first: reload and decide again, once.
    Raced,
    Final(CoreError),
}

/// The stream of an entity and where it is stored.
pub(crate) struct EntityCore {
    pub(crate) stream: StreamId,
    /// One for all entities of an aggregate.
    pub(crate) environment: Arc<Environment>,
}

impl EntityCore {
    /// Returns true if other processes write to the same log.
    pub(crate) fn is_shared(&self) -> bool {
        self.environment.store.capabilities().writers == WriterConcurrency::ManyProcesses
    }

    /// Appends the records. If the outcome is unclear, sends the same records once more; the store returns
    /// the first result if they are stored already.
    pub(crate) async fn append(
        &self,
        expected: StreamVersion,
        records: Vec<Record>,
        cause: Cause,
    ) -> Result<Position, AppendError> {
        let stream = &self.stream;
        let Environment {
            store,
            clock,
            latencies,
            ..
        } = self.environment.as_ref();
        let began_at = clock.now();
        let bytes: Vec<_> = records.iter().map(|record| Arc::clone(record.bytes())).collect();
        let mut tried = match cause.urgency {
            WritePriority::First => store.append(stream, expected, records).await,
            WritePriority::Behind => store.append_behind(stream, expected, records).await,
        };
        if let Err(StoreError::Unavailable(why)) = &tried {
            tracing::warn!(%stream, why, "append is unclear, sending the same records again");
            let again = bytes
                .into_iter()
                .map(Record::from_stored)
                .collect::<Result<_, _>>();
            let again = again.map_err(|error| AppendError::Final(fault(stream, &error)))?;
            tried = Box::pin(store.append(stream, expected, again)).await;
        }
        latencies.append.observe(clock.now().duration_since(began_at));
        tried.map_err(|error| match error {
            StoreError::WrongVersion { .. } => AppendError::Raced,
            // The same key led to other events, or to events of another entity.
            StoreError::PartlyStored { .. } if cause.request.mark.is_some() => {
                AppendError::Final(AskError::AnotherRequest)
            }
            StoreError::Busy
            | StoreError::Unavailable(_)
            | StoreError::PartlyStored { .. }
            | StoreError::Invalid(_)
            | StoreError::Damaged(_)
            | StoreError::TooLong { .. } => AppendError::Final(store_error(stream, &error)),
        })
    }

    /// Ends the span of an append that succeeded. The spans of others are not recorded.
    pub(crate) fn end_append(&self, span: Option<OpenSpan>, aggregate: &'static str, events_count: usize) {
        self.environment.end_span(span, || {
            let attributes = vec![
                SpanAttribute::Aggregate(aggregate),
                SpanAttribute::Events(events_count as u64),
            ];
            SpanFacts::new(SpanKind::Append, "append", attributes)
        });
    }

    /// True if the appended events follow `before` in the stream. False if another process had stored the
    /// same command elsewhere: a store answers a repeated append with the first result.
    pub(crate) async fn is_stored_here(
        &self,
        before: StreamVersion,
        first: Option<Record>,
    ) -> Result<bool, CoreError> {
        if !self.is_shared() {
            return Ok(true);
        }
        let stream = &self.stream;
        let page = self.environment.store.read_stream(stream, before, 1).await;
        let page = page.map_err(|error| store_error(stream, &error))?;
        // Sealed values differ each time they are sealed, so equal bytes are these same records.
        let stored = page.first().map(|stored| &stored.record);
        Ok(stored == first.as_ref().map(Record::bytes))
    }

    /// Returns the person's durable key, combined with the event's own key (for example a transcript's) if
    /// it has one.
    pub(crate) async fn sealing_key(
        &self,
        person: &CustomerId,
        own_key: Option<CustomerId>,
    ) -> Result<PersonKey, CoreError> {
        let vault = self.environment.vault.as_ref();
        let key = match own_key {
            Some(own_key) => key_to_seal(vault, person, &own_key).await,
            None => vault.key(person).await,
        };
        key.map_err(|error| vault_error(&self.stream, &error))
    }
}
