//! Real records for the suites, written by the one function that writes records.

use crate::memory_vault::MemoryVault;
use crate::test_ports::HashIds;
use domain::decider::Scope;
use domain::ids::{CallId, CommandId, StreamId};
use domain::number::event::NumberEvent;
use domain::stored_event::{Cause, Record, RecordFacts, Sealer, StreamVersion, record};
use domain::time::Timestamp;
use std::sync::Arc;

/// A record of a number's stream, as `stored_event::record` makes it. `text` fills its data.
pub fn make_record(stream: &StreamId, version: u64, command: CommandId, index: usize, text: &str) -> Record {
    let facts = RecordFacts {
        index,
        ..facts(stream, version, command)
    };
    written(facts, text)
}

/// The one record of a command, about a campaign, a customer or both.
pub fn make_record_of(stream: &StreamId, version: u64, command: CommandId, scope: Scope) -> Record {
    let facts = RecordFacts {
        scope,
        ..facts(stream, version, command)
    };
    written(facts, "fits")
}

fn facts(stream: &StreamId, version: u64, command: CommandId) -> RecordFacts {
    RecordFacts {
        stream: stream.clone(),
        stream_version: StreamVersion(version),
        at: Timestamp::from_millis(1_772_416_800_000),
        cause: Cause::outside(command),
        index: 0,
        scope: Scope::default(),
        rehearsal: false,
    }
}

fn written(facts: RecordFacts, text: &str) -> Record {
    let event = NumberEvent::DialReleased {
        call: CallId::new(facts.cause.command.uuid()),
        reason: text.to_owned(),
    };
    let ids = HashIds::new(7);
    let vault = MemoryVault::new(Arc::new(ids));
    let mut sealer = Sealer {
        vault: &vault,
        key: None,
        random: &mut |buffer| buffer.fill(0),
    };
    record(facts, &event, &mut sealer).expect("the event is small and has nothing personal")
}

/// A batch of `count` records that follow `expected`, from one command.
pub fn make_batch(stream: &StreamId, expected: u64, command: &str, count: u64) -> Vec<Record> {
    let command = CommandId::derive_from_text(command);
    (1..=count)
        .zip(0..)
        .map(|(step, index)| make_record(stream, expected + step, command, index, "fits"))
        .collect()
}

/// A stream of a number that exists only here.
pub fn stream(name: &str) -> StreamId {
    StreamId::new("number", &name)
}
