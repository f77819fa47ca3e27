//! Records that fill a log for tests and measurements: real ones of a number's stream, written by the one
//! function that writes records.

use crate::memory_vault::MemoryVault;
use domain::decider::Scope;
use domain::ids::{CallId, CommandId, StreamId};
use domain::number::event::NumberEvent;
use domain::ports::id_source::IdSource;
use domain::stored_event::{Cause, Record, RecordFacts, Sealer, StreamVersion, record};
use domain::time::Timestamp;
use std::sync::Arc;

/// Makes a record of a number's stream with `stored_event::record`. `text` fills its data.
pub fn make_record(stream: &StreamId, version: u64, command: CommandId, index: usize, text: &str) -> Record {
    let facts = RecordFacts {
        index,
        ..facts(stream, version, command)
    };
    written(facts, text)
}

pub(crate) fn facts(stream: &StreamId, version: u64, command: CommandId) -> RecordFacts {
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

/// The id source of a vault that needs none, because these records hold no personal data. Its
/// random bytes are zero.
struct UnusedIdSource;

impl IdSource for UnusedIdSource {
    fn random(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
}

pub(crate) fn written(facts: RecordFacts, text: &str) -> Record {
    let event = NumberEvent::DialReleased {
        call: CallId::new(facts.cause.command.uuid()),
        reason: text.to_owned(),
    };
    recorded(facts, &event)
}

/// Makes the record of a small event without personal data.
pub(crate) fn recorded(facts: RecordFacts, event: &NumberEvent) -> Record {
    let vault = MemoryVault::new(Arc::new(UnusedIdSource));
    let mut sealer = Sealer {
        vault: &vault,
        key: None,
        random: &mut |buffer| buffer.fill(0),
    };
    record(facts, event, &mut sealer).expect("the event is small and has nothing personal")
}
