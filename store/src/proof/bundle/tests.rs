//! A bundle proves what it holds, and no altered byte of it passes.

use super::*;
use crate::proof::{
    FileShelf, KeyKind, ProofError, ProofFollower, Publisher, SignedCheckpoint, SigningKey, TileDir,
    VerifierKey,
};
use crate::test_ports::HashIds;
use crate::test_records::{make_batch, stream};
use domain::stored_event::{Position, StoredEvent};
use domain::time::Timestamp;
use std::sync::Arc;

const NOW: Timestamp = Timestamp::from_millis(1_772_416_800_000);

struct Proved {
    key: SigningKey,
    checkpoint: SignedCheckpoint,
    bytes: Vec<u8>,
    _dir: tempfile::TempDir,
}

/// Streams `a` and `b` by turns, three events each; the bundle holds `a` whole and of `b` the last.
async fn proved() -> Proved {
    let dir = tempfile::tempdir().unwrap();
    let key = SigningKey::of_log(&dir.path().join("key"), &HashIds::new(1)).unwrap();
    let events: Vec<StoredEvent> = ["a", "b"]
        .iter()
        .flat_map(|name| make_batch(&stream(name), 0, name, 3))
        .zip(1..)
        .map(|(record, position)| StoredEvent {
            position: Position(position),
            recorded_at: NOW,
            record: Arc::clone(record.bytes()),
        })
        .collect();
    let mut follower = ProofFollower::open(dir.path(), true).unwrap();
    follower.add(&events).unwrap();
    let publisher = Publisher::new(key.clone(), Arc::new(FileShelf::new(dir.path())));
    let checkpoint = publisher.publish(&mut follower, NOW).await.unwrap().checkpoint;
    let chosen = [
        (5, Reason::Cause),
        (0, Reason::Subject),
        (1, Reason::Subject),
        (2, Reason::Subject),
    ];
    let events = chosen
        .iter()
        .map(|(index, reason)| ProvedEvent {
            index: *index,
            reason: *reason,
            event: events[usize::try_from(*index).unwrap()].clone(),
        })
        .collect();
    let content = BundleContent {
        subject: BundleSubject {
            kind: "call".to_owned(),
            id: "a".to_owned(),
        },
        events,
    };
    let bytes = write_bundle(content, &TileDir::new(dir.path()), &checkpoint, &key).unwrap();
    Proved {
        key,
        checkpoint,
        bytes,
        _dir: dir,
    }
}

fn trusting(key: &VerifierKey) -> Trust {
    Trust {
        key: Some(key.clone()),
        witness: None,
    }
}

#[tokio::test]
async fn a_bundle_holds_and_says_which_streams_are_whole() {
    let proved = proved().await;
    let report = check_bundle(&proved.bytes, &trusting(&proved.key.verifier())).unwrap();
    assert_eq!(report.checkpoint.size, 6);
    assert!(!report.key_from_bundle && report.reading_copy_follows);
    let [whole] = report.index.whole_streams.as_slice() else {
        panic!("{:?}", report.index.whole_streams)
    };
    assert_eq!((whole.stream.as_str(), whole.last_version.0), ("number-a", 3));
    assert_eq!(
        report
            .index
            .events
            .iter()
            .map(|event| event.index)
            .collect::<Vec<_>>(),
        [0, 1, 2, 5]
    );
    let unvouched = check_bundle(&proved.bytes, &Trust::default()).unwrap();
    assert!(unvouched.key_from_bundle);
    assert_eq!(unvouched.key, proved.key.verifier());
}

#[tokio::test]
async fn a_bundle_with_any_byte_altered_fails_whether_its_key_is_known_or_not() {
    let proved = proved().await;
    let known = trusting(&proved.key.verifier());
    for index in 0..proved.bytes.len() {
        let mut altered = proved.bytes.clone();
        altered[index] ^= 1;
        assert!(check_bundle(&altered, &known).is_err(), "byte {index}");
        assert!(
            check_bundle(&altered, &Trust::default()).is_err(),
            "byte {index}, key inside"
        );
    }
}

#[tokio::test]
async fn a_bundle_cut_off_or_continued_fails() {
    let proved = proved().await;
    for length in [0, 1, 512, proved.bytes.len() - 512, proved.bytes.len() - 1] {
        assert!(
            check_bundle(&proved.bytes[..length], &Trust::default()).is_err(),
            "{length}"
        );
    }
    let longer = [proved.bytes.as_slice(), &[0; 512]].concat();
    assert!(check_bundle(&longer, &Trust::default()).is_err());
}

#[tokio::test]
async fn a_bundle_signed_again_by_another_key_fails_for_whoever_knows_the_right_one() {
    let proved = proved().await;
    let dir = tempfile::tempdir().unwrap();
    let name = proved.key.name();
    let other = SigningKey::create(&dir.path().join("k"), name, KeyKind::Log, &HashIds::new(2)).unwrap();
    let refused = check_bundle(&proved.bytes, &trusting(&other.verifier())).unwrap_err();
    assert!(matches!(refused, ProofError::NotSigned { .. }), "{refused}");
}

#[tokio::test]
async fn a_demanded_witness_must_have_seen_the_checkpoint() {
    let proved = proved().await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("w");
    let witness = SigningKey::create(&file, "w.example.com", KeyKind::Witness, &HashIds::new(3)).unwrap();
    let trust = Trust {
        key: None,
        witness: Some(witness.verifier()),
    };
    assert!(matches!(
        check_bundle(&proved.bytes, &trust),
        Err(ProofError::NotSigned { .. })
    ));
    assert_eq!(proved.checkpoint.cosigned_by(&witness.verifier()), None);
}
