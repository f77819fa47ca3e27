//! Real records for test suites, written by the one function that writes records.

pub use crate::yardstick::make_record;
use crate::yardstick::{facts, recorded, written};
use domain::decider::Scope;
use domain::ids::{CommandId, StreamId};
use domain::number::event::NumberEvent;
use domain::stored_event::{Record, RecordFacts};

/// Makes the only record of a command, about a campaign, a customer or both.
pub fn make_record_of(stream: &StreamId, version: u64, command: CommandId, scope: Scope) -> Record {
    let facts = RecordFacts {
        scope,
        ..facts(stream, version, command)
    };
    written(facts, "fits")
}

/// Makes the record of this event, the only one of its command.
pub fn make_record_with(stream: &StreamId, version: u64, command: CommandId, event: &NumberEvent) -> Record {
    recorded(facts(stream, version, command), event)
}

/// Makes a batch of `count` records of one command, for a stream at version `expected`.
pub fn make_batch(stream: &StreamId, expected: u64, command: &str, count: u64) -> Vec<Record> {
    let command = CommandId::derive_from_text(command);
    (1..=count)
        .zip(0..)
        .map(|(step, index)| make_record(stream, expected + step, command, index, "fits"))
        .collect()
}

/// Returns a stream id for tests, of the aggregate `number`.
pub fn stream(name: &str) -> StreamId {
    StreamId::new("number", &name)
}
