//! `append_until_killed STORE`: appends events to a log and prints acknowledgements, until it is killed.
//!
//! Each acknowledgement is a line `ack WRITER POSITION ID… .`; the dot distinguishes a complete line from a
//! cut one. `STORE` is `sqlite:DIR` or `postgres://…`. While the database is unavailable, the same batch is
//! tried again.

use domain::ids::EventId;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX, StoreError};
use domain::stored_event::StreamVersion;
use std::io::Write;
use std::sync::Arc;
use store::contract::start;
use store::test_records::{make_record, stream};
use tests::direct_log::open;

/// The number of streams appended to concurrently.
const WRITERS: u64 = 8;

/// Text that makes a record about 600 bytes long, with its envelope.
const TEXT: &str =
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123";

#[tokio::main(worker_threads = 2)]
async fn main() {
    let spec = std::env::args().nth(1).unwrap_or_default();
    let store = open(&spec).await;
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| start(write_forever(Arc::clone(&store), writer)))
        .collect();
    for writer in writers {
        writer.await.expect("a writer never ends");
    }
}

async fn write_forever(store: Arc<dyn EventStore>, writer: u64) {
    let stream = stream(&format!("w{writer}"));
    let mut version = 0;
    loop {
        let page = store
            .read_stream(&stream, StreamVersion(version), PAGE_EVENTS_MAX)
            .await;
        let page = page.expect("its own stream can be read");
        version += page.len() as u64;
        if page.is_empty() {
            break;
        }
    }
    loop {
        let count = version % 3 + 1;
        let command = domain::ids::CommandId::derive_from_text(&format!("{writer}/{version}"));
        let batch: Vec<_> = (1..=count)
            .zip(0..)
            .map(|(step, index)| make_record(&stream, version + step, command, index, TEXT))
            .collect();
        let ids: Vec<EventId> = batch.iter().map(|record| record.id).collect();
        loop {
            match store.append(&stream, StreamVersion(version), batch.clone()).await {
                Ok(position) => break acknowledge(writer, position.0, &ids),
                Err(StoreError::Unavailable(_) | StoreError::Busy) => tokio::task::yield_now().await,
                Err(other) => tests::program::fail(&format!("only this program writes this stream: {other}")),
            }
        }
        version += count;
    }
}

fn acknowledge(writer: u64, position: u64, ids: &[EventId]) {
    let ids: Vec<String> = ids.iter().map(EventId::to_string).collect();
    let line = format!("ack {writer} {position} {} .\n", ids.join(" "));
    let mut out = std::io::stdout().lock();
    let said = out.write_all(line.as_bytes()).and_then(|()| out.flush());
    said.expect("the parent listens");
}
