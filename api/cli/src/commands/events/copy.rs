//! `ledgerline events copy`: copies a whole log to another store, with `recorded_at` and records byte for
//! byte, so that every proof of the source is valid for the copy.
//!
//! It continues an earlier copy if the Merkle root of the target equals the root of as many events of the
//! source. A target with any other content is refused.

use crate::commands::backup::{event_progress, show_events};
use crate::kit::event_exports::{ExportRecordArgs, ExportedAmount};
use crate::kit::failure::Failure;
use crate::kit::output;
use application::format_localized;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use domain::ports::event_store::{EventStore, StoreError};
use domain::stored_event::{Position, StoredEvent};
use host::app::{ReadOnlyLog, WritableLog};
use host::single_event::mode_of;
use host::store_spec::StoreSpec;
use http::event_exports::{EventExport, EventExportKind};
use serde_json::json;
use store::backup::Chunks;
use store::proof::{RootFold, TreeHash, event_hash};

/// Events read per page.
const PAGE_EVENTS: usize = 1_024;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Log to copy, up to its present head; a server may be writing it
    #[arg(long, value_name = "STORE")]
    from: StoreSpec,
    /// Log to copy to: empty, or begun by an earlier copy; no server may use it
    #[arg(long, value_name = "STORE")]
    to: StoreSpec,
    #[command(flatten)]
    taking: ExportRecordArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// The result of a copy.
struct LogCopyResult {
    /// Events that the target already had.
    kept: u64,
    size: u64,
    /// Bytes of the records that were copied now.
    bytes: u64,
    /// Merkle root of the source's events.
    root_before: TreeHash,
    /// Merkle root of the target's events, read back.
    root_after: TreeHash,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    if args.from == args.to {
        return Err(Failure::usage("--from and --to are the same log"));
    }
    let from = ReadOnlyLog::of(&args.from).await?;
    let mode = mode_of(from.store.as_ref()).await?;
    let to = WritableLog::open(&args.to).await?;
    if let Some(mode) = mode {
        to.hold_to_mode(mode).await?;
    }
    let copied = take(&args, &from, &to).await;
    to.close().await;
    from.close().await;
    show(&args, &copied?)
}

/// Copies the log. The export is recorded only after the target accepted the mode of the log.
async fn take(args: &Args, from: &ReadOnlyLog, to: &WritableLog) -> Result<LogCopyResult, Failure> {
    let taking = EventExport::all(EventExportKind::Copy);
    let on_record = args.taking.put_on_record(&args.from, taking).await?;
    let copied = to.fill("events copy", copy(from.log.as_ref(), to.store.as_ref()));
    let amount = |copied: &LogCopyResult| ExportedAmount {
        events: copied.size - copied.kept,
        bytes: copied.bytes,
    };
    on_record.end(copied.await, amount).await
}

async fn copy(from: &dyn EventStore, to: &dyn EventStore) -> Result<LogCopyResult, Failure> {
    let there = fold_of(to, RootFold::new(), Position(0)).await?;
    let kept = there.fold.size();
    let head = from.head().await?;
    let progress = event_progress();
    let mut show = show_events(&progress);
    let mut source = MerkleRootProgress::default();
    let mut chunks = Chunks::default();
    let mut bytes: u64 = 0;
    while source.reached < head {
        let page = from.read_all(source.reached, PAGE_EVENTS).await?;
        let Some(last) = page.last() else { break };
        source.reached = last.position;
        for event in page.into_iter().filter(|event| event.position <= head) {
            if source.fold.size() == kept {
                refuse_foreign(&there.fold, &source.fold)?;
            }
            source.fold.push(&event_hash(&event));
            if source.fold.size() > kept {
                bytes = bytes.saturating_add(u64::try_from(event.record.len()).unwrap_or(u64::MAX));
                let event = event.at(Position(source.fold.size()));
                let full = chunks
                    .push(event)
                    .map_err(|error| StoreError::Damaged(error.to_string()))?;
                load(to, full.unwrap_or_default()).await?;
            }
        }
        show(source.fold.size(), head.0.max(source.fold.size()));
    }
    if source.fold.size() <= kept {
        refuse_foreign(&there.fold, &source.fold)?;
    }
    load(to, chunks.take()).await?;
    drop(show);
    drop(progress);
    // Reads back what was stored, so that the root describes the target itself.
    let after = fold_of(to, there.fold, there.reached).await?;
    Ok(LogCopyResult {
        kept,
        size: source.fold.size(),
        bytes,
        root_before: source.fold.root(),
        root_after: after.fold.root(),
    })
}

async fn load(to: &dyn EventStore, events: Vec<StoredEvent>) -> Result<(), Failure> {
    if !events.is_empty() {
        to.load(events).await?;
    }
    Ok(())
}

/// A Merkle root in progress, and the position up to which events were added.
#[derive(Default)]
struct MerkleRootProgress {
    fold: RootFold,
    reached: Position,
}

async fn fold_of(
    store: &dyn EventStore,
    fold: RootFold,
    after: Position,
) -> Result<MerkleRootProgress, Failure> {
    let mut folded = MerkleRootProgress { fold, reached: after };
    loop {
        let page = store.read_all(folded.reached, PAGE_EVENTS).await?;
        let Some(last) = page.last() else {
            return Ok(folded);
        };
        folded.reached = last.position;
        for event in &page {
            folded.fold.push(&event_hash(event));
        }
    }
}

fn refuse_foreign(there: &RootFold, source: &RootFold) -> Result<(), Failure> {
    if there.root() == source.root() && there.size() == source.size() {
        return Ok(());
    }
    Err(Failure::refused(format!(
        "the target holds {} events that are not the first events of this log; copy to an empty log",
        there.size()
    )))
}

fn show(args: &Args, copied: &LogCopyResult) -> Result<(), Failure> {
    let agree = copied.root_before == copied.root_after;
    let (before, after) = (
        BASE64_STANDARD.encode(copied.root_before),
        BASE64_STANDARD.encode(copied.root_after),
    );
    if args.json {
        output::json(&json!({
            "from": args.from.to_string(),
            "to": args.to.to_string(),
            "size": copied.size,
            "kept": copied.kept,
            "root_before": before,
            "root_after": after,
            "agree": agree,
        }))?;
    } else {
        output::line(&format_localized!(
            "已复制    {} 条事件，从 {} 到 {}（已有 {} 条）",
            "copied    {} events from {} to {} ({} already there)",
            copied.size,
            args.from,
            args.to,
            copied.kept
        ))?;
        output::line(&format_localized!(
            "根哈希    {before}（复制前）",
            "root      {before} before"
        ))?;
        output::line(&format_localized!(
            "          {after}（复制后）",
            "          {after} after"
        ))?;
    }
    if agree {
        return Ok(());
    }
    Err(Failure::found(
        "the root of the copy differs from the source: do not use the copy",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::stored_event::StreamVersion;
    use std::sync::Arc;
    use store::test_ports::StepClock;
    use store::test_records::{make_batch, stream};
    use store::{MemoryDisk, MemoryEventStore};

    fn memory() -> MemoryEventStore {
        MemoryEventStore::new(Arc::new(StepClock::default()), Arc::new(MemoryDisk::new())).unwrap()
    }

    async fn add(store: &MemoryEventStore, name: &str, expected: u64) {
        let batch = make_batch(&stream(name), expected, &format!("{name}{expected}"), 3);
        store
            .append(&stream(name), StreamVersion(expected), batch)
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn a_copy_goes_on_where_it_stopped_and_its_root_is_the_source_s() {
        let (from, to) = (memory(), memory());
        for (expected, kept) in [(0, 0), (3, 3), (6, 6)] {
            add(&from, "a", expected).await;
            let copied = copy(&from, &to).await.unwrap();
            assert_eq!((copied.kept, copied.size), (kept, expected + 3));
            assert_eq!(copied.root_before, copied.root_after);
        }
        let nothing_new = copy(&from, &to).await.unwrap();
        assert_eq!((nothing_new.kept, nothing_new.size), (9, 9));
        assert_eq!(
            to.read_all(Position(0), 100).await.unwrap(),
            from.read_all(Position(0), 100).await.unwrap()
        );
    }

    #[tokio::test]
    async fn a_target_with_other_events_or_with_more_is_refused_and_left_as_it_is() {
        let (from, foreign, longer) = (memory(), memory(), memory());
        add(&from, "a", 0).await;
        add(&from, "a", 3).await;
        add(&foreign, "b", 0).await;
        assert!(copy(&from, &foreign).await.is_err());
        assert_eq!(foreign.head().await.unwrap(), Position(3));
        copy(&from, &longer).await.unwrap();
        add(&longer, "a", 6).await;
        assert!(copy(&from, &longer).await.is_err());
        assert_eq!(longer.head().await.unwrap(), Position(9));
    }

    /// Aborts a copy in the middle: dropping its future has the same effect as killing its process.
    #[tokio::test]
    async fn a_copy_that_is_cut_off_leaves_a_directory_that_only_a_copy_opens() {
        let dir = tempfile::tempdir().unwrap();
        let spec = StoreSpec::Sqlite(dir.path().to_owned());
        let from = memory();
        add(&from, "a", 0).await;
        let to = WritableLog::open(&spec).await.unwrap();
        let cut = to.fill("events copy", async {
            copy(&from, to.store.as_ref()).await?;
            std::future::pending::<Result<(), Failure>>().await
        });
        let mut cut = Box::pin(cut);
        while to.store.head().await.unwrap() < Position(3) {
            tokio::select! {
                biased;
                _ended = &mut cut => unreachable!("it waits for ever"),
                () = tokio::task::yield_now() => {}
            }
        }
        drop(cut);
        to.close().await;
        let refused = ReadOnlyLog::of(&spec).await.err().unwrap().to_string();
        assert!(refused.contains("must not be served"), "{refused}");
        add(&from, "a", 3).await;
        let again = WritableLog::open(&spec).await.unwrap();
        let copied = again.fill("events copy", copy(&from, again.store.as_ref())).await;
        again.close().await;
        assert_eq!(copied.map(|copied| (copied.kept, copied.size)).unwrap(), (3, 6));
        ReadOnlyLog::of(&spec).await.unwrap().close().await;
    }
}
