//! Tests of bundles: a bundle proves its events, and every altered byte is detected.

use super::*;
use crate::proof::{
    FileCheckpointStore, KeyKind, ProofError, ProofFollower, Publisher, SignedCheckpoint, SigningKey,
    StampedCheckpoint, TileDir, TimeStamp, VerifierKey,
};
use crate::test_ports::HashIds;
use crate::test_records::{make_batch, stream};
use domain::stored_event::{Position, StoredEvent};
use domain::time::Timestamp;
use sha2::Digest;
use std::sync::Arc;

const NOW: Timestamp = Timestamp::from_millis(1_772_416_800_000);

struct ProvedBundle {
    key: SigningKey,
    checkpoint: SignedCheckpoint,
    content: BundleContent,
    bytes: Vec<u8>,
    dir: tempfile::TempDir,
}

/// Makes a log with streams `a` and `b`, three events each, and a bundle with all of `a` and the last of `b`.
async fn proved() -> ProvedBundle {
    let dir = tempfile::tempdir().unwrap();
    let key = SigningKey::of_log(&dir.path().join("key"), &HashIds::new(1)).unwrap();
    let events: Vec<StoredEvent> = ["a", "b"]
        .iter()
        .flat_map(|name| make_batch(&stream(name), 0, name, 3))
        .zip(1..)
        .map(|(record, position)| StoredEvent::new(Position(position), NOW, Arc::clone(record.bytes())))
        .collect();
    let mut follower = ProofFollower::open(dir.path(), true).unwrap();
    follower.add(&events).unwrap();
    let publisher = Publisher::new(key.clone(), Arc::new(FileCheckpointStore::new(dir.path())));
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
        attached: Attachments::new(),
    };
    let bytes = write_bundle(content.clone(), &TileDir::new(dir.path()), &checkpoint, &key).unwrap();
    ProvedBundle {
        key,
        checkpoint,
        content,
        bytes,
        dir,
    }
}

/// Encodes one DER value.
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = u8::try_from(content.len()).unwrap();
    let head: &[u8] = if length < 0x80 {
        &[tag, length]
    } else {
        &[tag, 0x81, length]
    };
    [head, content.as_slice()].concat()
}

/// Makes an authority's response over a note, with everything except a signature, which is not checked here.
fn stamp_over(note: &str) -> TimeStamp {
    let sha_256 = der(0x06, &[&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01]]);
    let imprint = der(
        0x30,
        &[
            &der(0x30, &[&sha_256]),
            &der(0x04, &[&sha2::Sha256::digest(note)]),
        ],
    );
    let policy = der(0x06, &[&[0x2a, 0x03]]);
    let info = der(
        0x30,
        &[
            &der(0x02, &[&[1]]),
            &policy,
            &imprint,
            &der(0x02, &[&[0x2a]]),
            &der(0x18, &[b"20261120154500Z"]),
        ],
    );
    let tst_info = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04];
    let content = der(
        0x30,
        &[&der(0x06, &[&tst_info]), &der(0xa0, &[&der(0x04, &[&info])])],
    );
    let signed = der(0x30, &[&der(0x02, &[&[3]]), &der(0x31, &[]), &content]);
    let signed_data = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
    let token = der(0x30, &[&der(0x06, &[&signed_data]), &der(0xa0, &[&signed])]);
    let granted = der(0x30, &[&der(0x02, &[&[0]])]);
    TimeStamp::read(note, der(0x30, &[&granted, &token])).unwrap()
}

/// Returns the bundle of `proved`, with a time stamp over `note` for its checkpoint.
fn stamped(proved: &ProvedBundle, note: &str) -> Vec<u8> {
    let stamped = StampedCheckpoint {
        checkpoint: proved.checkpoint.clone(),
        stamp: stamp_over(note),
        file: proved.dir.path().join("unused"),
    };
    let tiles = TileDir::new(proved.dir.path());
    write_stamped_bundle(proved.content.clone(), &tiles, &stamped, &proved.key).unwrap()
}

#[tokio::test]
async fn a_stamp_goes_along_and_is_held_to_the_checkpoint() {
    let proved = proved().await;
    let known = trusting(&proved.key.verifier());
    let plain = check_bundle(&proved.bytes, &known).unwrap();
    assert!(plain.stamp.is_none());
    let bytes = stamped(&proved, &proved.checkpoint.text());
    let report = check_bundle(&bytes, &known).unwrap();
    let stamp = report.stamp.unwrap();
    assert_eq!(
        (stamp.at.to_string().as_str(), stamp.serial.as_str()),
        ("2026-11-20T15:45:00.000000Z", "2a")
    );
    assert!(report.reading_copy_follows);
    assert!(
        bytes
            .windows(STAMP.len())
            .any(|window| window == STAMP.as_bytes())
    );
    // A stamp over another note, in a bundle that the log's key has signed.
    let other = check_bundle(&stamped(&proved, "another note\n"), &known).unwrap_err();
    assert!(other.to_string().contains("stamps something else"), "{other}");
}

#[tokio::test]
async fn a_stamp_with_any_byte_altered_fails() {
    let proved = proved().await;
    let bytes = stamped(&proved, &proved.checkpoint.text());
    let name = bytes
        .windows(STAMP.len())
        .position(|window| window == STAMP.as_bytes());
    let length = stamp_over(&proved.checkpoint.text()).der().len();
    // First its header in the archive, then its bytes.
    for index in (name.unwrap()..).take(512 + length) {
        let mut altered = bytes.clone();
        altered[index] ^= 1;
        assert!(
            check_bundle(&altered, &TrustedKeys::default()).is_err(),
            "byte {index}"
        );
    }
}

fn trusting(key: &VerifierKey) -> TrustedKeys {
    TrustedKeys {
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
    let unvouched = check_bundle(&proved.bytes, &TrustedKeys::default()).unwrap();
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
            check_bundle(&altered, &TrustedKeys::default()).is_err(),
            "byte {index}, key inside"
        );
    }
}

#[tokio::test]
async fn a_bundle_cut_off_or_continued_fails() {
    let proved = proved().await;
    for length in [0, 1, 512, proved.bytes.len() - 512, proved.bytes.len() - 1] {
        assert!(
            check_bundle(&proved.bytes[..length], &TrustedKeys::default()).is_err(),
            "{length}"
        );
    }
    let longer = [proved.bytes.as_slice(), &[0; 512]].concat();
    assert!(check_bundle(&longer, &TrustedKeys::default()).is_err());
}

#[tokio::test]
async fn a_bundle_signed_again_by_another_key_fails_against_the_right_one() {
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
    let trust = TrustedKeys {
        key: None,
        witness: Some(witness.verifier()),
    };
    assert!(matches!(
        check_bundle(&proved.bytes, &trust),
        Err(ProofError::NotSigned { .. })
    ));
    assert_eq!(proved.checkpoint.cosigned_by(&witness.verifier()), None);
}

/// Makes a bundle with attached files; the record of `call-c` names the SHA-256 of `recording`.
async fn with_attached(recording: &[u8], attached: &[(&str, &[u8])]) -> Result<Vec<u8>, ProofError> {
    let proved = proved().await;
    let sha256 = domain::hex::encode(&sha2::Sha256::digest(recording));
    let record = format!(
        "{{\"id\":\"00000000-0000-5000-8000-000000000001\",\"kind\":\"call.ended\",\"version\":1,\"stream\":\"call-c\",\
         \"stream_version\":1,\"at\":\"2026-03-02T02:00:00.000000Z\",\
         \"command\":\"00000000-0000-5000-8000-000000000002\",\"data\":{{\"recording_sha256\":\"{sha256}\"}}}}"
    );
    let event = StoredEvent::new(Position(1), NOW, record.into_bytes().into());
    let dir = tempfile::tempdir().unwrap();
    let mut follower = ProofFollower::open(dir.path(), true).unwrap();
    follower.add(std::slice::from_ref(&event)).unwrap();
    let publisher = Publisher::new(proved.key.clone(), Arc::new(FileCheckpointStore::new(dir.path())));
    let checkpoint = publisher.publish(&mut follower, NOW).await.unwrap().checkpoint;
    let content = BundleContent {
        subject: proved.content.subject,
        events: vec![ProvedEvent {
            index: 0,
            reason: Reason::Subject,
            event,
        }],
        attached: attached
            .iter()
            .map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec()))
            .collect(),
    };
    write_bundle(content, &TileDir::new(dir.path()), &checkpoint, &proved.key)
}

#[tokio::test]
async fn what_is_attached_is_signed_and_a_recording_is_the_one_its_call_names() {
    let recording = recording_name("c");
    let files: [(&str, &[u8]); 2] = [(&recording, b"RIFF"), ("attached/inspection.html", b"<p>")];
    let bytes = with_attached(b"RIFF", &files).await.unwrap();
    let report = check_bundle(&bytes, &TrustedKeys::default()).unwrap();
    assert_eq!(report.attached, ["attached/inspection.html", &recording]);
    for index in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[index] ^= 1;
        assert!(
            check_bundle(&altered, &TrustedKeys::default()).is_err(),
            "byte {index}"
        );
    }
    let other = with_attached(b"another", &files).await.unwrap();
    let refused = check_bundle(&other, &TrustedKeys::default())
        .unwrap_err()
        .to_string();
    assert!(refused.contains("recording of call c"), "{refused}");
    assert!(
        with_attached(b"RIFF", &[("inspection.html", b"<p>")])
            .await
            .is_err(),
        "a name outside attached/"
    );
    let none = with_attached(b"RIFF", &[]).await.unwrap();
    assert!(
        check_bundle(&none, &TrustedKeys::default())
            .unwrap()
            .attached
            .is_empty()
    );
}
