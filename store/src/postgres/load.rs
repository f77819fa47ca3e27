//! Appends the events of another log unchanged: `recorded_at` and records byte for byte, behind the own head.

use super::connect::{from_postgres, is_lost, text};
use super::row::{Arrays, Columns, digest, signed};
use domain::ids::StreamId;
use domain::ports::event_store::{PAGE_EVENTS_MAX, StoreError};
use domain::stored_event::{Envelope, Position, StoredEvent};
use std::collections::BTreeMap;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

const LOAD: &str = "SELECT ledgerline.load_many($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";

/// The schema's own error code: the events do not follow the log's end.
const DOES_NOT_FOLLOW: &str = "LL002";

/// Stores one page of events of another log, completely or not at all. Fails unless they directly follow
/// the log's end. Returns the position of the last one.
pub(super) async fn load(
    client: &deadpool_postgres::Client,
    events: &[StoredEvent],
) -> Result<Position, StoreError> {
    let (Some(first), Some(last)) = (events.first(), events.last()) else {
        return Err(StoreError::Invalid("there are no events to load".to_owned()));
    };
    if events.len() > PAGE_EVENTS_MAX {
        return Err(StoreError::Invalid(format!(
            "at most {PAGE_EVENTS_MAX} events can be loaded at once"
        )));
    }
    let envelopes = read(events)?;
    let arrays = arrays(events, &envelopes)?;
    let instants: Vec<i64> = events.iter().map(|event| event.recorded_at.micros()).collect();
    let first = signed(first.position.0);
    let mut values: Vec<&(dyn ToSql + Sync)> = vec![&first, &instants];
    values.extend(arrays.values());
    let stored = async {
        let statement = client.prepare_cached(LOAD).await?;
        client.query_one(&statement, &values).await
    };
    match stored.await {
        Ok(_) => Ok(last.position),
        Err(error) if error.code().is_some_and(is_refusal) => Err(StoreError::Invalid(text(&error))),
        Err(error) if is_lost(&error) => Err(StoreError::Unavailable(text(&error))),
        Err(error) => Err(from_postgres(&error)),
    }
}

fn is_refusal(code: &SqlState) -> bool {
    code.code() == DOES_NOT_FOLLOW || *code == SqlState::UNIQUE_VIOLATION
}

/// Parses the envelope of every record. Fails unless each position follows the one before it and no time
/// goes back.
fn read(events: &[StoredEvent]) -> Result<Vec<Envelope>, StoreError> {
    let mut envelopes = Vec::with_capacity(events.len());
    let mut before: Option<&StoredEvent> = None;
    for event in events {
        let follows = before.is_none_or(|before| {
            before.position.0 + 1 == event.position.0 && before.recorded_at <= event.recorded_at
        });
        if !follows {
            return Err(StoreError::Invalid(format!(
                "position {} does not follow the one before it",
                event.position
            )));
        }
        envelopes.push(
            event
                .envelope()
                .map_err(|error| StoreError::Invalid(error.to_string()))?,
        );
        before = Some(event);
    }
    Ok(envelopes)
}

fn arrays<'a>(events: &'a [StoredEvent], envelopes: &'a [Envelope]) -> Result<Arrays<'a>, StoreError> {
    let mut arrays = Arrays::default();
    let mut after: BTreeMap<&StreamId, u64> = BTreeMap::new();
    // A batch is what one command appended to one stream: adjacent events.
    for batch in envelopes.chunk_by(|one, next| one.stream == next.stream && one.command == next.command) {
        for (envelope, index) in batch.iter().zip(0..) {
            let version = envelope.stream_version.0;
            match after.insert(&envelope.stream, version) {
                Some(before) if before + 1 != version => {
                    return Err(StoreError::Invalid(format!(
                        "version {version} of {} does not follow version {before}",
                        envelope.stream
                    )));
                }
                None if version > 1 => arrays.demand(envelope.stream.as_str(), version - 1),
                Some(_) | None => {}
            }
            let at = arrays.len();
            let Some(event) = events.get(at) else { break };
            let columns = Columns {
                stream: envelope.stream.as_str(),
                version,
                id: envelope.id.uuid(),
                kind: &envelope.kind,
                campaign: envelope.campaign.as_ref().map(domain::ids::CampaignId::as_str),
                customer: envelope.customer.as_ref().map(domain::ids::CustomerId::as_str),
                digest: digest(&event.record),
                record: &event.record,
            };
            arrays.push(&columns, index, batch.len());
        }
    }
    Ok(arrays)
}
