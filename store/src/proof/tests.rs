//! Tests of the follower, the publisher and a witness, with a log in memory.

use super::*;
use crate::test_ports::{HashIds, StepClock};
use crate::test_records::{make_batch, stream};
use crate::{MemoryDisk, MemoryEventStore};
use domain::ports::event_store::EventStore;
use domain::stored_event::{Position, StoredEvent, StreamVersion};
use domain::time::Timestamp;
use std::path::Path;
use std::sync::Arc;

const NOW: Timestamp = Timestamp::from_millis(1_772_416_800_000);

/// Makes a log of `count` events, on as few streams as batches of 200 need.
pub(super) async fn log(count: u64) -> MemoryEventStore {
    let clock = Arc::new(StepClock::default());
    clock.set(NOW);
    let store = MemoryEventStore::new(clock, Arc::new(MemoryDisk::new())).unwrap();
    grow(&store, count).await;
    store
}

pub(super) async fn grow(store: &MemoryEventStore, count: u64) {
    let head = store.head().await.unwrap().0;
    let mut left = count - head;
    while left > 0 {
        let batch = left.min(200);
        let name = format!("s{head}-{left}");
        let records = make_batch(&stream(&name), 0, &format!("{head}-{left}"), batch);
        store
            .append(&stream(&name), StreamVersion(0), records)
            .await
            .unwrap();
        left -= batch;
    }
}

pub(super) fn key(dir: &Path) -> SigningKey {
    SigningKey::of_log(&dir.join("log-signing.key"), &HashIds::new(1)).unwrap()
}

pub(super) fn publisher(dir: &Path) -> Publisher {
    Publisher::new(key(dir), Arc::new(FileCheckpointStore::new(dir)))
}

pub(super) async fn follow(dir: &Path, store: &dyn EventStore) -> ProofFollower {
    let mut follower = ProofFollower::open(dir, true).unwrap();
    follower.catch_up(store).await.unwrap();
    follower
}

pub(super) async fn publish(dir: &Path, store: &dyn EventStore) -> Result<SignedCheckpoint, ProofError> {
    let mut follower = follow(dir, store).await;
    let published = publisher(dir).publish(&mut follower, NOW).await?;
    Ok(published.checkpoint)
}

async fn all(store: &dyn EventStore) -> Vec<StoredEvent> {
    let mut events = Vec::new();
    loop {
        let after = Position(u64::try_from(events.len()).unwrap());
        let page = store.read_all(after, 4_096).await.unwrap();
        if page.is_empty() {
            return events;
        }
        events.extend(page);
    }
}

/// Makes events that are in no store; only their bytes matter here.
fn synthetic(count: u64) -> Vec<StoredEvent> {
    let event =
        |position: u64| StoredEvent::new(Position(position), NOW, position.to_be_bytes().to_vec().into());
    (1..=count).map(event).collect()
}

/// Returns every file below a directory with its content; names are relative to `root`.
fn files(dir: &Path, root: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                found.push((name, std::fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn the_root_of_the_tree_is_the_fold_of_its_leaves_at_every_size() {
    let dir = tempfile::tempdir().unwrap();
    let store = log(700).await;
    let mut fold = RootFold::new();
    let mut follower = ProofFollower::open(dir.path(), true).unwrap();
    for event in all(&store).await {
        follower.add(std::slice::from_ref(&event)).unwrap();
        fold.push(&event_hash(&event));
        let checkpoint = follower.checkpoint("o").unwrap();
        assert_eq!((checkpoint.size, checkpoint.root), (fold.size(), fold.root()));
    }
    assert_eq!(follower.tiles().root(700).unwrap(), fold.root());
    assert!(dir.path().join("tile/0/001").exists());
    assert!(!dir.path().join("tile/0/001.p").exists());
    assert!(dir.path().join("tile/0/002.p/188").exists());
    assert!(dir.path().join("tile/1/000.p/2").exists());
}

#[tokio::test]
async fn tiles_are_the_same_whether_written_at_once_or_over_restarts() {
    let (once, often) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let events = synthetic(70_000);
    let mut whole = ProofFollower::open(once.path(), true).unwrap();
    whole.add(&events).unwrap();
    let expected = whole.checkpoint("o").unwrap();
    for end in [0, 1, 255, 256, 257, 3_000, 65_536, 66_000, 70_000] {
        let mut follower = ProofFollower::open(often.path(), true).unwrap();
        let begin = usize::try_from(follower.size()).unwrap();
        assert_eq!(begin % 256, 0);
        follower.add(&events[begin..end.max(begin)]).unwrap();
        follower.mark().unwrap();
    }
    let mut follower = ProofFollower::open(often.path(), true).unwrap();
    follower
        .add(&events[usize::try_from(follower.size()).unwrap()..])
        .unwrap();
    assert_eq!(follower.checkpoint("o").unwrap(), expected);
    let [once, often] = [once, often].map(|dir| files(&dir.path().join("tile"), dir.path()));
    assert!(once == often, "{} and {} files", once.len(), often.len());
}

#[tokio::test]
async fn missing_tiles_rebuild_the_tree() {
    let dir = tempfile::tempdir().unwrap();
    let store = log(1_000).await;
    let mut follower = follow(dir.path(), &store).await;
    follower.mark().unwrap();
    let before = follower.checkpoint("o").unwrap();
    std::fs::remove_file(dir.path().join("tile/0/001")).unwrap();
    let mut follower = ProofFollower::open(dir.path(), true).unwrap();
    assert_eq!(follower.size(), 0);
    follower.catch_up(&store).await.unwrap();
    assert_eq!(follower.checkpoint("o").unwrap(), before);
}

/// Simulates a reboot since the file was written: its number of leaves cannot be trusted then.
fn stop_machine(dir: &Path) {
    let path = dir.join("written");
    let text = std::fs::read_to_string(&path).unwrap();
    let (leaves, _) = text.split_once(' ').unwrap();
    std::fs::write(&path, format!("{leaves} another-boot\n")).unwrap();
}

#[tokio::test]
async fn after_another_boot_tiles_are_believed_as_far_as_they_fit_and_were_published() {
    let dir = tempfile::tempdir().unwrap();
    let events = synthetic(66_600);
    let signer = publisher(dir.path());
    let mut follower = ProofFollower::open(dir.path(), true).unwrap();
    follower.add(&events[..66_000]).unwrap();
    signer.publish(&mut follower, NOW).await.unwrap();
    follower.add(&events[66_000..]).unwrap();
    follower.mark().unwrap();
    let whole = follower.checkpoint("o").unwrap();
    assert_eq!(ProofFollower::open(dir.path(), true).unwrap().size(), 66_560);
    stop_machine(dir.path());
    let mut follower = ProofFollower::open(dir.path(), true).unwrap();
    assert_eq!((follower.size(), follower.is_wholly_from_log()), (65_792, false));
    follower.add(&events[65_792..]).unwrap();
    assert_eq!(follower.checkpoint("o").unwrap(), whole);
    // A torn tile does not have the hash that the full tile above it contains.
    follower.mark().unwrap();
    stop_machine(dir.path());
    std::fs::write(dir.path().join("tile/0/077"), [0; 8_192]).unwrap();
    assert_eq!(ProofFollower::open(dir.path(), true).unwrap().size(), 0);
}

#[tokio::test]
async fn a_torn_tile_at_the_edge_is_noticed_before_anything_is_signed() {
    let dir = tempfile::tempdir().unwrap();
    let store = log(600).await;
    let published = publish(dir.path(), &store).await.unwrap();
    follow(dir.path(), &store).await.mark().unwrap();
    stop_machine(dir.path());
    std::fs::write(dir.path().join("tile/0/001"), [0; 8_192]).unwrap();
    grow(&store, 700).await;
    let mut follower = follow(dir.path(), &store).await;
    assert!(!follower.is_wholly_from_log());
    let signer = publisher(dir.path());
    assert!(signer.publish(&mut follower, NOW).await.is_err());
    assert_eq!(
        FileCheckpointStore::new(dir.path()).read().unwrap(),
        Some(published)
    );
    follower.restart().unwrap();
    follower.catch_up(&store).await.unwrap();
    assert!(follower.is_wholly_from_log());
    signer.publish(&mut follower, NOW).await.unwrap();
}

#[tokio::test]
async fn every_event_is_proved_and_no_other_record_in_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let store = log(777).await;
    let mut follower = follow(dir.path(), &store).await;
    let at = follower.checkpoint("o").unwrap();
    for (index, event) in (0_u64..).zip(&all(&store).await) {
        let leaf = event_hash(event);
        let proof = follower.tiles().inclusion(&at, index, &leaf).unwrap();
        let mut record = event.record.to_vec();
        record[7] ^= 1;
        let altered = leaf_hash(event.recorded_at, &record);
        assert!(check_inclusion(&proof, &at, index, &altered).is_err());
        let later = leaf_hash(
            Timestamp::from_micros(event.recorded_at.micros() + 1),
            &event.record,
        );
        assert!(check_inclusion(&proof, &at, index, &later).is_err());
    }
    let past = follower.tiles().inclusion(&at, 777, &[0; 32]).unwrap_err();
    assert_eq!(
        past,
        ProofError::NotCovered {
            number: 778,
            size: 777
        }
    );
}

#[tokio::test]
async fn each_size_is_proved_to_begin_each_later_one() {
    let dir = tempfile::tempdir().unwrap();
    let store = log(600).await;
    let mut follower = ProofFollower::open(dir.path(), true).unwrap();
    let mut sizes = Vec::new();
    for chunk in all(&store).await.chunks(37) {
        follower.add(chunk).unwrap();
        sizes.push(follower.checkpoint("o").unwrap());
    }
    for newer in &sizes {
        for older in sizes.iter().filter(|older| older.size <= newer.size) {
            let proof = follower.tiles().consistency(older, newer).unwrap();
            let mut forged = older.clone();
            forged.root[0] ^= 1;
            assert!(check_consistency(&proof, &forged, newer).is_err());
        }
    }
}

#[tokio::test]
async fn a_proof_as_text_is_read_back_and_ends_at_the_signed_root() {
    let dir = tempfile::tempdir().unwrap();
    let store = log(300).await;
    let checkpoint = publish(dir.path(), &store).await.unwrap();
    let event = all(&store).await.swap_remove(41);
    let leaf = event_hash(&event);
    let tiles = TileDir::new(dir.path());
    let hashes = tiles.inclusion(checkpoint.claimed(), 41, &leaf).unwrap();
    let proof = InclusionProof {
        index: 41,
        hashes,
        checkpoint,
    };
    let read = InclusionProof::parse(&proof.to_text()).unwrap();
    assert_eq!(read, proof);
    read.check(&leaf).unwrap();
    for (wrong, right) in [("index 041", "index 41"), ("tlog-proof@v2", "tlog-proof@v1")] {
        assert!(InclusionProof::parse(&proof.to_text().replace(right, wrong)).is_err());
    }
}

#[tokio::test]
async fn a_checkpoint_is_published_when_there_is_something_new() {
    let dir = tempfile::tempdir().unwrap();
    let store = log(10).await;
    let first = publish(dir.path(), &store).await.unwrap();
    assert_eq!(publish(dir.path(), &store).await.unwrap(), first);
    grow(&store, 20).await;
    let second = publish(dir.path(), &store).await.unwrap();
    assert_eq!(second.claimed().size, 20);
    let shelf = FileCheckpointStore::new(dir.path());
    assert_eq!(shelf.read().unwrap(), Some(second.clone()));
    // 10 is the first of the day; 20 is above 16.
    assert_eq!(shelf.kept().unwrap(), [first, second]);
}

#[tokio::test]
async fn an_older_copy_of_the_log_is_never_signed() {
    let dir = tempfile::tempdir().unwrap();
    publish(dir.path(), &log(500).await).await.unwrap();
    let refused = publish(dir.path(), &log(499).await).await.unwrap_err();
    let expected = ProofError::RolledBack {
        size: 499,
        published: 500,
    };
    assert_eq!(refused, expected);
    assert!(refused.to_string().contains("499") && refused.to_string().contains("500"));
}

#[tokio::test]
async fn two_roots_of_one_size_are_never_signed() {
    let dir = tempfile::tempdir().unwrap();
    let store = log(500).await;
    let published = publish(dir.path(), &store).await.unwrap();
    // The same number of events, but others: a log that was copied and then continued differently.
    let other = tempfile::tempdir().unwrap();
    let mut events = all(&store).await;
    events.swap(3, 4);
    events[3].position = Position(4);
    events[4].position = Position(5);
    let signer = Publisher::new(key(dir.path()), Arc::new(FileCheckpointStore::new(dir.path())));
    let mut follower = ProofFollower::open(other.path(), true).unwrap();
    follower.add(&events).unwrap();
    let refused = signer.publish(&mut follower, NOW).await.unwrap_err();
    assert!(
        matches!(refused, ProofError::Forked { size: 500, .. }),
        "{refused}"
    );
    // A longer log that does not begin with the published one is not signed either.
    let longer = log(600).await;
    let mut more = all(&longer).await;
    more.swap(3, 4);
    more[3].position = Position(4);
    more[4].position = Position(5);
    follower.restart().unwrap();
    follower.add(&more).unwrap();
    let refused = signer.publish(&mut follower, NOW).await.unwrap_err();
    assert!(
        matches!(refused, ProofError::Forked { size: 500, .. }),
        "{refused}"
    );
    assert_eq!(
        FileCheckpointStore::new(dir.path()).read().unwrap(),
        Some(published)
    );
}

#[tokio::test]
async fn a_damaged_tile_makes_a_proof_fail_and_never_a_wrong_one() {
    let dir = tempfile::tempdir().unwrap();
    let store = log(600).await;
    publish(dir.path(), &store).await.unwrap();
    grow(&store, 900).await;
    let mut follower = follow(dir.path(), &store).await;
    let tile = dir.path().join("tile/0/000");
    let mut bytes = std::fs::read(&tile).unwrap();
    bytes[40] ^= 1;
    std::fs::write(&tile, &bytes).unwrap();
    let at = follower.checkpoint("o").unwrap();
    let event = all(&store).await.swap_remove(5);
    assert!(follower.tiles().inclusion(&at, 5, &event_hash(&event)).is_err());
}

#[tokio::test]
async fn a_checkpoint_of_another_key_is_not_built_upon() {
    let dir = tempfile::tempdir().unwrap();
    let store = log(5).await;
    publish(dir.path(), &store).await.unwrap();
    std::fs::remove_file(dir.path().join("log-signing.key")).unwrap();
    SigningKey::create(
        &dir.path().join("log-signing.key"),
        "ledgerline/other",
        KeyKind::Log,
        &HashIds::new(9),
    )
    .unwrap();
    let refused = publish(dir.path(), &store).await.unwrap_err();
    assert!(matches!(refused, ProofError::NotSigned { .. }), "{refused}");
}

#[tokio::test]
async fn sparse_positions_have_order_numbers_over_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let events: Vec<StoredEvent> = all(&log(600).await)
        .await
        .into_iter()
        .map(|event| {
            let position = Position(event.position.0 * 1_000 + 7);
            event.at(position)
        })
        .collect();
    let mut follower = ProofFollower::open(dir.path(), false).unwrap();
    follower.add(&events[..300]).unwrap();
    follower.mark().unwrap();
    let mut follower = ProofFollower::open(dir.path(), false).unwrap();
    assert_eq!(
        (follower.size(), follower.reached().unwrap()),
        (256, Position(256_007))
    );
    follower.add(&events[256..]).unwrap();
    follower.checkpoint("o").unwrap();
    for (leaf, position) in [(0, 1_007), (299, 300_007), (599, 600_007)] {
        assert_eq!(
            leaf_of(dir.path(), Position(position), false).unwrap(),
            Some(leaf)
        );
    }
    assert_eq!(leaf_of(dir.path(), Position(1_008), false).unwrap(), None);
}

struct WitnessedLog {
    dir: tempfile::TempDir,
    witness: Witness,
    key: VerifierKey,
}

fn watched() -> WitnessedLog {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("witness.key");
    let signing = SigningKey::create(&file, "witness.example.com/w", KeyKind::Witness, &HashIds::new(5));
    let signing = signing.unwrap();
    let verifier = signing.verifier();
    let witness = Witness::open(
        signing,
        vec![key(dir.path()).verifier()],
        &dir.path().join("seen"),
    );
    WitnessedLog {
        witness: witness.unwrap(),
        key: verifier,
        dir,
    }
}

fn asked(tiles: &Path, older: Option<&SignedCheckpoint>, newer: &SignedCheckpoint) -> String {
    let hashes = older.map_or_else(Vec::new, |older| {
        TileDir::new(tiles)
            .consistency(older.claimed(), newer.claimed())
            .unwrap()
    });
    let old_size = older.map_or(0, |older| older.claimed().size);
    ConsistencyProof {
        old_size,
        hashes,
        checkpoint: newer.clone(),
    }
    .to_text()
}

#[tokio::test]
async fn a_witness_cosigns_what_follows_and_remembers_it() {
    let WitnessedLog { dir, witness, key } = watched();
    let store = log(300).await;
    let mut first = publish(dir.path(), &store).await.unwrap();
    let line = witness
        .add_checkpoint(&asked(dir.path(), None, &first), NOW)
        .unwrap();
    first.add_cosignature(&line, &key).unwrap();
    assert_eq!(first.cosigned_by(&key), Some(1_772_416_800));
    grow(&store, 900).await;
    let second = publish(dir.path(), &store).await.unwrap();
    // A request from size 0 again: the witness returns the size it has seen.
    let stale = witness.add_checkpoint(&asked(dir.path(), None, &second), NOW);
    assert_eq!(stale, Err(WitnessRefusal::Stale(300)));
    let line = witness
        .add_checkpoint(&asked(dir.path(), Some(&first), &second), NOW)
        .unwrap();
    second.clone().add_cosignature(&line, &key).unwrap();
    // The same size is cosigned again; the older one is not.
    witness
        .add_checkpoint(&asked(dir.path(), Some(&second), &second), NOW)
        .unwrap();
    let back = witness.add_checkpoint(&asked(dir.path(), None, &first), NOW);
    assert_eq!(back, Err(WitnessRefusal::Stale(900)));
}

#[tokio::test]
async fn a_witness_never_cosigns_two_roots_of_a_size_or_a_log_that_does_not_follow() {
    let WitnessedLog { dir, witness, .. } = watched();
    let first = publish(dir.path(), &log(300).await).await.unwrap();
    witness
        .add_checkpoint(&asked(dir.path(), None, &first), NOW)
        .unwrap();
    let forge = |size: u64| {
        let forged = Checkpoint {
            size,
            root: [7; 32],
            origin: first.claimed().origin.clone(),
        };
        forged.sign(&key(dir.path())).unwrap()
    };
    let body = |checkpoint, hashes| {
        ConsistencyProof {
            old_size: 300,
            hashes,
            checkpoint,
        }
        .to_text()
    };
    let same = witness.add_checkpoint(&body(forge(300), vec![]), NOW);
    assert_eq!(same, Err(WitnessRefusal::Stale(300)));
    let longer = witness.add_checkpoint(&body(forge(400), vec![[1; 32]; 3]), NOW);
    assert_eq!(longer, Err(WitnessRefusal::NotConsistent(300)));
    let shorter = witness.add_checkpoint(&body(forge(299), vec![]), NOW);
    assert!(matches!(shorter, Err(WitnessRefusal::Malformed(_))));
}

#[tokio::test]
async fn a_witness_knows_only_its_logs_and_their_keys() {
    let WitnessedLog { dir, witness, .. } = watched();
    let other = tempfile::tempdir().unwrap();
    let sign = |name: &str, seed: u64| {
        let file = other.path().join(seed.to_string());
        let key = SigningKey::create(&file, name, KeyKind::Log, &HashIds::new(seed)).unwrap();
        let checkpoint = Checkpoint {
            origin: name.to_owned(),
            size: 1,
            root: [1; 32],
        };
        asked(other.path(), None, &checkpoint.sign(&key).unwrap())
    };
    let unknown = witness.add_checkpoint(&sign("ledgerline/unknown", 2), NOW);
    assert_eq!(
        unknown,
        Err(WitnessRefusal::UnknownLog("ledgerline/unknown".to_owned()))
    );
    let name = key(dir.path()).name().to_owned();
    let forged = witness.add_checkpoint(&sign(&name, 3), NOW);
    assert_eq!(forged, Err(WitnessRefusal::NotSigned));
    for body in ["", "old 0\n", "old 00\n\no\n1\n"] {
        assert!(matches!(
            witness.add_checkpoint(body, NOW),
            Err(WitnessRefusal::Malformed(_))
        ));
    }
}
