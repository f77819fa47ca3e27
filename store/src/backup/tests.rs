//! Tests of backups: written while the log is open, rejected if any byte is wrong, and restored byte
//! for byte.

use super::segment::{SEGMENT_EVENTS_MAX, SegmentBuilder};
use super::{
    BackupDestination, BackupError, BackupFacts, BackupReader, BackupResult, MANIFEST_FILE, Manifest, Source,
    VerifyRequirements, check_cut, create, load_into, verify,
};
use crate::memory::MemoryEventStore;
use crate::memory_disk::MemoryDisk;
use crate::proof::{Checkpoint, KeyKind, RootFold, SigningKey, event_hash};
use crate::test_ports::{HashIds, StepClock};
use crate::test_records::{make_batch, stream};
use domain::ports::event_store::EventStore;
use domain::stored_event::{Position, StoredEvent, StreamVersion};
use domain::time::Timestamp;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The number of events in the log that most tests back up: 3 batches of 4.
const SIZE: u64 = 12;

fn memory() -> MemoryEventStore {
    MemoryEventStore::new(Arc::new(StepClock::default()), Arc::new(MemoryDisk::new())).unwrap()
}

async fn fill(store: &MemoryEventStore, from: u64, batches: u64) {
    for batch in from..from + batches {
        let records = make_batch(&stream("a"), batch * 4, &format!("c{batch}"), 4);
        store
            .append(&stream("a"), StreamVersion(batch * 4), records)
            .await
            .unwrap();
    }
}

async fn log_of(batches: u64) -> MemoryEventStore {
    let store = memory();
    fill(&store, 0, batches).await;
    store
}

async fn events_of(store: &MemoryEventStore) -> Vec<StoredEvent> {
    store.read_all(Position(0), 4_096).await.unwrap()
}

fn made(checkpoint: Option<(String, String)>) -> BackupFacts {
    BackupFacts {
        at: Timestamp::from_millis(1_772_416_800_000),
        by: "ledgerline 0.1.0".to_owned(),
        source: Source {
            store: "sqlite".to_owned(),
            dense: true,
            mode: Some("rehearsal".to_owned()),
        },
        checkpoint,
    }
}

async fn back_up(store: &MemoryEventStore, out: BackupDestination) -> Result<BackupResult, BackupError> {
    create(store, &out, made(None), &mut |_, _| {}).await
}

fn check(path: &Path) -> Result<u64, BackupError> {
    let reader = BackupReader::open(path)?;
    Ok(verify(&reader, &VerifyRequirements::default(), &mut |_, _| {})?.size)
}

struct BackupPaths {
    _folder: tempfile::TempDir,
    file: PathBuf,
    folder: PathBuf,
}

fn place() -> BackupPaths {
    let folder = tempfile::tempdir().unwrap();
    BackupPaths {
        file: folder.path().join("log.backup"),
        folder: folder.path().join("backup"),
        _folder: folder,
    }
}

#[tokio::test]
async fn a_backup_is_restored_byte_for_byte_from_a_file_and_from_a_folder() {
    let (store, place) = (log_of(3).await, place());
    for (out, path) in [
        (BackupDestination::File(place.file.clone()), &place.file),
        (BackupDestination::Folder(place.folder.clone()), &place.folder),
    ] {
        let written = back_up(&store, out).await.unwrap();
        assert_eq!((written.manifest.size, written.kept), (SIZE, 0));
        assert_eq!(check(path), Ok(SIZE));
        let restored = memory();
        let reader = BackupReader::open(path).unwrap();
        let loaded = load_into(&reader, SIZE, &restored, &mut |_, _| {}).await.unwrap();
        assert_eq!(loaded.root, written.manifest.root_hash().unwrap());
        assert_eq!(events_of(&restored).await, events_of(&store).await);
        let again = load_into(&reader, SIZE, &restored, &mut |_, _| {}).await;
        assert!(again.is_err(), "the store is no longer empty");
    }
}

#[tokio::test]
async fn an_empty_log_and_one_segment_more_than_full_are_backed_up() {
    let place = place();
    let written = back_up(&memory(), BackupDestination::File(place.file.clone()))
        .await
        .unwrap();
    assert_eq!((written.manifest.size, check(&place.file)), (0, Ok(0)));
    let mut event = events_of(&log_of(1).await).await.remove(0);
    event.record = Arc::from(*b"{}");
    let mut segment = SegmentBuilder::starting_at(1);
    for _ in 0..SEGMENT_EVENTS_MAX - 1 {
        segment.push(&event);
    }
    assert!(!segment.is_full());
    segment.push(&event);
    assert!(segment.is_full());
}

#[tokio::test]
async fn every_changed_byte_of_a_file_is_found() {
    let (store, place) = (log_of(1).await, place());
    back_up(&store, BackupDestination::File(place.file.clone()))
        .await
        .unwrap();
    let whole = std::fs::read(&place.file).unwrap();
    let altered = place.folder.with_extension("altered");
    for index in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[index] ^= 0x20;
        std::fs::write(&altered, &bytes).unwrap();
        let error = check(&altered).expect_err(&format!("byte {index}"));
        assert!(
            error.is_finding() || matches!(error, BackupError::NewerFormat { .. }),
            "{index}: {error}"
        );
    }
}

#[tokio::test]
async fn a_file_cut_off_anywhere_is_no_backup_and_says_where_it_ends() {
    let (store, place) = (log_of(3).await, place());
    back_up(&store, BackupDestination::File(place.file.clone()))
        .await
        .unwrap();
    let whole = std::fs::read(&place.file).unwrap();
    for length in (0..whole.len()).step_by(97).chain([whole.len() - 1]) {
        std::fs::write(&place.folder, &whole[..length]).unwrap();
        let error = check(&place.folder).unwrap_err();
        assert!(
            matches!(error, BackupError::Truncated { .. }),
            "{length}: {error}"
        );
    }
    std::fs::write(&place.folder, [whole.as_slice(), b"\0"].concat()).unwrap();
    assert!(check(&place.folder).is_err());
}

/// Replaces the first segment by one of `events` and adapts the manifest's hash, sizes and `count` to it.
fn forge(folder: &Path, events: &[StoredEvent], count: u32) {
    let mut segment = SegmentBuilder::starting_at(1);
    for event in events {
        segment.push(event);
    }
    let bytes = segment.finish();
    std::fs::write(folder.join("000001.events"), &bytes).unwrap();
    let mut manifest = BackupReader::open(folder).unwrap().manifest().clone();
    manifest.segments[0].bytes = bytes.len() as u64;
    manifest.segments[0].count = count;
    manifest.size = u64::from(count);
    manifest.segments[0].sha256 = domain::hex::encode(&<sha2::Sha256 as sha2::Digest>::digest(&bytes));
    std::fs::write(folder.join(MANIFEST_FILE), manifest.to_bytes()).unwrap();
}

#[tokio::test]
async fn events_changed_swapped_or_removed_are_found_even_behind_right_hashes() {
    let (store, place) = (log_of(3).await, place());
    back_up(&store, BackupDestination::Folder(place.folder.clone()))
        .await
        .unwrap();
    let events = events_of(&store).await;
    let mut swapped = events.clone();
    swapped.swap(4, 5);
    forge(&place.folder, &swapped, 12);
    let error = check(&place.folder).unwrap_err();
    assert!(error.to_string().contains("its root is"), "{error}");
    let mut removed = events.clone();
    removed.remove(6);
    forge(&place.folder, &removed, 11);
    assert!(check(&place.folder).unwrap_err().is_finding());
    forge(&place.folder, &events, 12);
    assert_eq!(check(&place.folder), Ok(SIZE));
}

#[tokio::test]
async fn a_changed_or_swapped_event_is_named_by_segment_and_position() {
    let (store, place) = (log_of(3).await, place());
    back_up(&store, BackupDestination::Folder(place.folder.clone()))
        .await
        .unwrap();
    let path = place.folder.join("000001.events");
    let whole = std::fs::read(&path).unwrap();
    // All records of the log have the same length, so the entries have too.
    let entry = (whole.len() - 32) / 12;
    let mut flipped = whole.clone();
    flipped[32 + 6 * entry + 40] ^= 1;
    let mut swapped = whole[..32].to_vec();
    for index in [0, 1, 2, 4, 3, 5, 6, 7, 8, 9, 10, 11] {
        swapped.extend_from_slice(&whole[32 + index * entry..32 + (index + 1) * entry]);
    }
    for (bytes, position) in [(flipped, 7), (swapped, 4)] {
        std::fs::write(&path, bytes).unwrap();
        let error = check(&place.folder).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("000001.events, position {position}:")),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_folder_is_gone_on_with_and_another_log_is_refused() {
    let (store, place) = (log_of(2).await, place());
    let out = BackupDestination::Folder(place.folder.clone());
    back_up(&store, out.clone()).await.unwrap();
    let nothing_new = back_up(&store, out.clone()).await.unwrap();
    assert_eq!((nothing_new.kept, nothing_new.manifest.segments.len()), (8, 1));
    fill(&store, 2, 1).await;
    let more = back_up(&store, out.clone()).await.unwrap();
    assert_eq!(
        (more.kept, more.manifest.size, more.manifest.segments.len()),
        (8, 12, 2)
    );
    assert_eq!(check(&place.folder), Ok(SIZE));
    let other = memory();
    let records = make_batch(&stream("b"), 0, "other", 12);
    other
        .append(&stream("b"), StreamVersion(0), records)
        .await
        .unwrap();
    let refused = back_up(&other, out).await;
    assert!(matches!(refused, Err(BackupError::OtherLog(_))), "{refused:?}");
    assert_eq!(check(&place.folder), Ok(SIZE));
}

#[tokio::test]
async fn a_killed_backup_is_none_and_does_not_hinder_the_next() {
    let (store, place) = (log_of(3).await, place());
    back_up(&store, BackupDestination::Folder(place.folder.clone()))
        .await
        .unwrap();
    std::fs::remove_file(place.folder.join(MANIFEST_FILE)).unwrap();
    let unfinished = check(&place.folder).unwrap_err();
    assert!(
        matches!(unfinished, BackupError::Unfinished { .. }),
        "{unfinished}"
    );
    back_up(&store, BackupDestination::Folder(place.folder.clone()))
        .await
        .unwrap();
    assert_eq!(check(&place.folder), Ok(SIZE));
    std::fs::write(place.file.with_extension("backup.partial"), b"half").unwrap();
    back_up(&store, BackupDestination::File(place.file.clone()))
        .await
        .unwrap();
    let twice = back_up(&store, BackupDestination::File(place.file.clone())).await;
    assert!(matches!(twice, Err(BackupError::Exists { .. })), "{twice:?}");
    let foreign = place.file.parent().unwrap().to_owned();
    let refused = back_up(&store, BackupDestination::Folder(foreign)).await;
    assert!(matches!(refused, Err(BackupError::Exists { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_restore_to_a_position_does_not_part_the_events_of_one_command() {
    let (store, place) = (log_of(3).await, place());
    back_up(&store, BackupDestination::File(place.file.clone()))
        .await
        .unwrap();
    let reader = BackupReader::open(&place.file).unwrap();
    for position in [4, 8, 12] {
        assert_eq!(check_cut(&reader, position), Ok(()), "{position}");
    }
    for (position, first, last) in [(1, 1, 4), (3, 1, 4), (5, 5, 8), (11, 9, 12)] {
        let split = BackupError::SplitsBatch {
            position,
            first,
            last,
        };
        assert_eq!(check_cut(&reader, position), Err(split));
    }
    for position in [0, 13] {
        let none = BackupError::NoSuchPosition { position, size: 12 };
        assert_eq!(check_cut(&reader, position), Err(none));
    }
    let restored = memory();
    let loaded = load_into(&reader, 8, &restored, &mut |_, _| {}).await.unwrap();
    assert_eq!((loaded.size, loaded.head), (8, Position(8)));
    assert_eq!(events_of(&restored).await, events_of(&store).await[..8]);
}

/// Returns a signed checkpoint over the first `size` events, and its signing key.
async fn checkpoint(store: &MemoryEventStore, size: u64, seed: u64) -> (String, SigningKey) {
    let dir = tempfile::tempdir().unwrap();
    let ids = HashIds::new(seed);
    let key = SigningKey::create(&dir.path().join("key"), "ledgerline/1", KeyKind::Log, &ids).unwrap();
    let mut fold = RootFold::new();
    for event in events_of(store).await.iter().take(usize::try_from(size).unwrap()) {
        fold.push(&event_hash(event));
    }
    let checkpoint = Checkpoint {
        origin: "ledgerline/1".to_owned(),
        size,
        root: fold.root(),
    };
    (checkpoint.sign(&key).unwrap().text(), key)
}

#[tokio::test]
async fn a_backup_is_held_against_checkpoints_by_root_size_and_signature() {
    let (store, place) = (log_of(3).await, place());
    let (text, key) = checkpoint(&store, 8, 1).await;
    let vkey = key.verifier().to_string();
    let made = made(Some((text.clone(), vkey)));
    create(
        &store,
        &BackupDestination::File(place.file.clone()),
        made,
        &mut |_, _| {},
    )
    .await
    .unwrap();
    let reader = BackupReader::open(&place.file).unwrap();
    let demand = |checkpoint: Option<&str>, key: Option<&SigningKey>| {
        let demands = VerifyRequirements {
            checkpoint: checkpoint.map(str::to_owned),
            key: key.map(SigningKey::verifier),
        };
        verify(&reader, &demands, &mut |_, _| {})
    };
    let verified = demand(Some(&text), Some(&key)).unwrap();
    assert_eq!(
        (verified.own_checkpoint, verified.outside_checkpoint),
        (Some(8), Some(8))
    );
    let (_, other_key) = checkpoint(&store, 8, 2).await;
    assert!(matches!(
        demand(None, Some(&other_key)),
        Err(BackupError::Checkpoint(_))
    ));
    fill(&store, 3, 1).await;
    let (newer, _) = checkpoint(&store, 16, 1).await;
    let why = demand(Some(&newer), Some(&key)).unwrap_err().to_string();
    assert!(why.contains("over 16 events and the backup has 12"), "{why}");
    let elsewhere = memory();
    let records = make_batch(&stream("b"), 0, "elsewhere", 8);
    elsewhere
        .append(&stream("b"), StreamVersion(0), records)
        .await
        .unwrap();
    let (forked, _) = checkpoint(&elsewhere, 8, 1).await;
    let why = demand(Some(&forked), Some(&key)).unwrap_err().to_string();
    assert!(why.contains("the first 8 events have the root"), "{why}");
}

#[test]
fn a_manifest_of_a_later_format_is_named_as_such() {
    let later = br#"{"manifest":{"version":2,"unknown":true},"sha256":""}"#;
    let newer = BackupError::NewerFormat { found: 2, known: 1 };
    assert_eq!(Manifest::parse(later), Err(newer));
}
