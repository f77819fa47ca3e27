//! A log of real records for KurrentDB clients to read, and records that can follow it.

use domain::ids::{CallId, CommandId, StreamId};
use domain::number::event::NumberEvent;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX};
use domain::ports::tasks::Tasks;
use domain::stored_event::{Position, Record, StoredEvent, StreamVersion};
use domain::time::Timestamp;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use store::contract::SuiteTasks;
use store::test_ports::{HashIds, StepClock};
use store::test_records::make_record_with;
use store::{FileVault, KeyringPolicy, SqliteEventStore, SqliteOptions};

/// The events of one append while the log is filled.
const BATCH_EVENTS: u64 = 25;

/// The number of streams. A name is `number-` and 32 hexadecimal digits, as numbers are named.
pub(super) const STREAMS: u64 = 40;

/// Every third event of a stream has another type.
const OTHER_TYPE_EVERY: u64 = 3;

/// Returns the name of the stream with this index.
pub(super) fn stream(index: u64) -> StreamId {
    StreamId::new("number", &format!("{:032x}", index % STREAMS))
}

/// Makes the event of a stream at a version, from 1; always the same.
fn make_record(stream: &StreamId, version: u64) -> Record {
    let command = CommandId::derive_from_text(&format!("{stream} {version}"));
    let event = if version.is_multiple_of(OTHER_TYPE_EVERY) {
        NumberEvent::Suppressed {
            reason: "名单 \"禁呼\"".to_owned(),
            until: None,
            open_calls: Vec::new(),
        }
    } else {
        NumberEvent::DialReleased {
            call: CallId::new(command.uuid()),
            reason: "no line".to_owned(),
        }
    };
    make_record_with(stream, version, command, &event)
}

/// Fills the log of `data` with `per_stream` events in each of `STREAMS` streams, 25 at a time.
pub(super) fn fill(data: &Path, per_stream: u64) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    runtime.block_on(async {
        let tasks = SuiteTasks::default();
        // A log with events and no keys is refused at the start: keys come first.
        let ids = Arc::new(HashIds::new(7));
        let keys = FileVault::open(&data.join("keys"), ids, &tasks, KeyringPolicy::MayBeNew);
        keys.expect("new keys are made").close().await;
        let clock = Arc::new(StepClock::default());
        clock.set(Timestamp::from_millis(1_772_416_800_000));
        let options = SqliteOptions::default();
        let log = SqliteEventStore::open(data, clock, &tasks, &options).expect("a new log opens");
        for turn in 0..per_stream / BATCH_EVENTS {
            let expected = turn * BATCH_EVENTS;
            for index in 0..STREAMS {
                let stream = stream(index);
                let records = (expected + 1..=expected + BATCH_EVENTS)
                    .map(|version| make_record(&stream, version))
                    .collect();
                log.append(&stream, StreamVersion(expected), records)
                    .await
                    .expect("only this program writes");
            }
        }
        log.close().await;
        tasks.stop().await;
    });
}

/// Returns `count` single appends that follow this log, one JSON object per line, for a client to send.
pub(super) fn make_following_appends(per_stream: u64, count: u64) -> String {
    let lines = (0..count).map(|number| {
        let stream = stream(number);
        let version = per_stream + 1 + number / STREAMS;
        let record = make_record(&stream, version);
        let line: Value = json!({
            "stream": stream.as_str(),
            "id": record.id.to_string(),
            "type": record.kind,
            "expected_revision": version - 2,
            "data": String::from_utf8_lossy(record.bytes()),
        });
        format!("{line}\n")
    });
    lines.collect()
}

/// Returns how many events of each stream, up to this version, have the other type.
pub(super) const fn of_other_type(per_stream: u64) -> u64 {
    per_stream / OTHER_TYPE_EVERY
}

/// Returns the ids of the whole log of `data`, in order. No server may have locked it.
pub(super) fn ids(data: &Path) -> Vec<String> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    runtime.block_on(async {
        let tasks = SuiteTasks::default();
        let clock = Arc::new(StepClock::default());
        let log = SqliteEventStore::open_read_only(data, clock, &tasks).expect("the log opens");
        let mut ids = Vec::new();
        let mut after = Position(0);
        loop {
            let page = log
                .read_all(after, PAGE_EVENTS_MAX)
                .await
                .expect("the log can be read");
            let Some(last) = page.last() else { break };
            after = last.position;
            let id = |event: &StoredEvent| event.envelope().expect("it was written").id.to_string();
            ids.extend(page.iter().map(id));
        }
        drop(log);
        tasks.stop().await;
        ids
    })
}
