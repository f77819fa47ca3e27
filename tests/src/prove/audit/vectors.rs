//! The test vectors in `verify/vectors/`: made from golden events with a fixed key, always with the same
//! bytes.

use domain::stored_event::{Position, StoredEvent};
use domain::time::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::proof::bundle::{
    Attachments, BundleContent, BundleSubject, ProvedEvent, Reason, write_bundle, write_stamped_bundle,
};
use store::proof::{
    ConsistencyProof, FileCheckpointStore, KeyKind, ProofFollower, Publisher, SignedCheckpoint, SigningKey,
    StampedCheckpoint, TimeStamp,
};
use store::test_ports::HashIds;

/// The time at which every event was recorded: 2026-03-02T02:00:00Z.
const RECORDED: Timestamp = Timestamp::from_millis(1_772_416_800_000);

/// The golden events, in the order of the log.
const EVENTS: [&str; 9] = [
    "call.permitted",
    "call.dialing",
    "call.ringing",
    "call.answered",
    "call.notice_played",
    "call.node_entered",
    "call.keypressed",
    "call.hangup_requested",
    "call.ended",
];

/// The seed of the key, which signs only these vectors.
const KEY_SEED: u64 = 20_260_302;

pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../verify/vectors")
}

/// Compares the files in the tree with those that are made now.
pub(super) fn compare() -> Value {
    let differs = |(name, made): (&String, &Vec<u8>)| {
        let there = std::fs::read(folder().join(name)).ok();
        (there.as_ref() != Some(made)).then(|| format!("{name} is not what is made now"))
    };
    let files = make();
    let wrong: Vec<String> = files.iter().filter_map(differs).collect();
    json!({"files": files.len(), "wrong": wrong})
}

/// Writes the files into the tree.
pub(super) fn write() -> Value {
    let files = make();
    std::fs::create_dir_all(folder()).expect("the folder can be made");
    for (name, bytes) in &files {
        super::bundles::write(&folder().join(name), bytes);
    }
    json!(files.keys().collect::<Vec<_>>())
}

fn golden() -> Vec<StoredEvent> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/events/call");
    let event = |(kind, position): (&str, u64)| {
        let record = crate::program::read(&folder.join(format!("{kind}.v1.json")));
        StoredEvent::new(Position(position), RECORDED, record.trim_end().as_bytes().into())
    };
    EVENTS.into_iter().zip(1..).map(event).collect()
}

/// Makes every file, by its name.
fn make() -> BTreeMap<String, Vec<u8>> {
    let dir = tempfile::tempdir().expect("a temporary folder can be made");
    let file = dir.path().join("key");
    let made = SigningKey::create(
        &file,
        "ledgerline.example/vectors",
        KeyKind::Log,
        &HashIds::new(KEY_SEED),
    );
    let key = made.expect("a key is made");
    let publisher = Publisher::new(key.clone(), Arc::new(FileCheckpointStore::new(dir.path())));
    let mut follower = ProofFollower::open(dir.path(), true).expect("an empty tree opens");
    let events = golden();
    let (first, rest) = events.split_at(5);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let mut publish = |events: &[StoredEvent]| -> SignedCheckpoint {
        follower.add(events).expect("events follow one another");
        let published = runtime.block_on(publisher.publish(&mut follower, RECORDED));
        published.expect("a checkpoint is published").checkpoint
    };
    let (older, newer) = (publish(first), publish(rest));
    let tiles = follower.tiles();
    let hashes = tiles
        .consistency(older.claimed(), newer.claimed())
        .expect("the log goes on");
    let proof = ConsistencyProof {
        old_size: older.claimed().size,
        hashes,
        checkpoint: newer.clone(),
    };
    let bundle = write_bundle(content(&events), tiles, &newer, &key).expect("a bundle is made");
    let inspected = BundleContent {
        attached: attached(),
        ..content(&events)
    };
    let inspected = write_bundle(inspected, tiles, &newer, &key).expect("a bundle is made");
    let stamped = StampedCheckpoint {
        checkpoint: newer.clone(),
        stamp: stamp_over(&newer.text()),
        file: dir.path().join("unused"),
    };
    let stamped = write_stamped_bundle(content(&events), tiles, &stamped, &key).expect("a bundle is made");
    let mut files = BTreeMap::new();
    files.insert("bundle.tar".to_owned(), bundle);
    files.insert("bundle-attached.tar".to_owned(), inspected);
    files.insert("bundle-stamped.tar".to_owned(), stamped);
    files.insert("checkpoint-5".to_owned(), older.text().into_bytes());
    files.insert("checkpoint-9".to_owned(), newer.text().into_bytes());
    files.insert("consistency-5-9".to_owned(), proof.to_text().into_bytes());
    files.insert(
        "log.vkey".to_owned(),
        format!("{}\n", key.verifier()).into_bytes(),
    );
    files
}

/// Returns files as an inspection attaches them. Without a recording: the one that the golden call names does
/// not exist.
fn attached() -> Attachments {
    let files = [
        ("attached/inspection.html", "<p>inspection</p>\n"),
        ("attached/inspection.json", "{\"calls\":1}\n"),
    ];
    let files = files.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()));
    Attachments::from(files)
}

/// Encodes a value of DER with its tag.
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = u8::try_from(content.len()).expect("a vector's value is short");
    let head = if length < 0x80 {
        vec![tag, length]
    } else {
        vec![tag, 0x81, length]
    };
    [head, content].concat()
}

/// Builds an authority's timestamp of a note (RFC 3161), with everything except the signature.
fn stamp_over(note: &str) -> TimeStamp {
    let sha_256 = der(0x06, &[&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01]]);
    let digest = Sha256::digest(note);
    let imprint = der(0x30, &[&der(0x30, &[&sha_256]), &der(0x04, &[&digest])]);
    let (version, policy) = (der(0x02, &[&[1]]), der(0x06, &[&[0x2a, 0x03]]));
    let (serial, time) = (der(0x02, &[&[0x2a]]), der(0x18, &[b"20261120154500Z"]));
    let info = der(0x30, &[&version, &policy, &imprint, &serial, &time]);
    let tst_info = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04];
    let held = der(0xa0, &[&der(0x04, &[&info])]);
    let content = der(0x30, &[&der(0x06, &[&tst_info]), &held]);
    let signed = der(0x30, &[&der(0x02, &[&[3]]), &der(0x31, &[]), &content]);
    let signed_data = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
    let token = der(0x30, &[&der(0x06, &[&signed_data]), &der(0xa0, &[&signed])]);
    let granted = der(0x30, &[&der(0x02, &[&[0]])]);
    TimeStamp::read(note, der(0x30, &[&granted, &token])).expect("a stamp over the note")
}

/// Returns the first event, one in between and the last.
fn content(events: &[StoredEvent]) -> BundleContent {
    let chosen = [(0, Reason::Cause), (4, Reason::Subject), (8, Reason::Subject)];
    let proved = events.iter().zip(0_u64..).filter_map(|(event, index)| {
        let (_, reason) = chosen.iter().find(|(wanted, _)| *wanted == index)?;
        Some(ProvedEvent {
            index,
            reason: *reason,
            event: event.clone(),
        })
    });
    BundleContent {
        subject: BundleSubject {
            kind: "event".to_owned(),
            id: "golden".to_owned(),
        },
        events: proved.collect(),
        attached: Attachments::new(),
    }
}
