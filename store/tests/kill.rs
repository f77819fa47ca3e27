//! Kills a process that appends and makes keys at random moments. Everything it acknowledged must exist
//! exactly once.
//!
//! The test binary starts itself as the child, with the name of the one function that writes.
//! Acknowledgements come over the child's standard output, so those that were read were sent before the kill.

use domain::ids::EventId;
use domain::ports::event_store::EventStore;
use domain::ports::vault::Vault;
use domain::stored_event::{Position, StoredEvent, StreamVersion};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use store::contract::{SuiteTasks, start};
use store::test_ports::{HashIds, StepClock};
use store::test_records::{make_batch, stream};
use store::vault_contract::person;
use store::{DataLock, FileVault, KeyringPolicy, SqliteEventStore, SqliteOptions};

/// The number of kills: enough to hit a commit, few enough for every test run.
const KILLS: u64 = 10;

/// The most acknowledgements awaited before a kill: about a second of appends.
const ACKNOWLEDGED_BEFORE_KILL_MAX: u64 = 400;

/// Each of this many first syncs of a thread is once the moment of a kill: all of a first start (33), and
/// some appends.
const SYNCS_KILLED: u64 = 40;

/// The program that kills a process at a system call; Debian's package `strace`.
const STRACE: &str = "/usr/bin/strace";

/// The number of streams to which the child appends concurrently.
const WRITERS: u64 = 8;

/// The prefix of the data directory among the child's arguments. The test harness takes it for a filter.
const DIR_MARK: &str = "data-dir=";

fn open_store(dir: &Path) -> SqliteEventStore {
    let clock = Arc::new(StepClock::default());
    let options = SqliteOptions::default();
    SqliteEventStore::open(dir, clock, &SuiteTasks::default(), &options).expect("the store opens")
}

fn open_vault(dir: &Path, seed: u64, keyring: KeyringPolicy) -> FileVault {
    let ids = Arc::new(HashIds::new(seed));
    FileVault::open(&dir.join("keys"), ids, &SuiteTasks::default(), keyring).expect("the keys open")
}

/// Formats a key for the child's output; it is not part of the events.
fn shown(bytes: &[u8; 32]) -> String {
    domain::hex::encode(bytes)
}

/// The child: appends until it is killed, if a directory is given. As an ordinary test it does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_child_appends_until_it_is_killed() {
    let Some(dir) = std::env::args().find_map(|word| word.strip_prefix(DIR_MARK).map(str::to_owned)) else {
        return;
    };
    let dir = Path::new(&dir);
    let _lock = DataLock::acquire(dir).unwrap();
    let store = Arc::new(open_store(dir));
    let head = store.head().await.unwrap();
    let keyring = if head == Position(0) {
        KeyringPolicy::MayBeNew
    } else {
        KeyringPolicy::MustExist
    };
    let vault = Arc::new(open_vault(dir, head.0, keyring));
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let (store, vault) = (Arc::clone(&store), Arc::clone(&vault));
        writers.push(start(
            async move { write_forever(&*store, &*vault, writer).await },
        ));
    }
    for writer in writers {
        writer.await.unwrap();
    }
}

async fn write_forever(store: &dyn EventStore, vault: &dyn Vault, writer: u64) {
    let stream = stream(&format!("w{writer}"));
    let mut version = 0;
    loop {
        let page = store
            .read_stream(&stream, StreamVersion(version), 4_096)
            .await
            .expect("it can be read");
        version += page.len() as u64;
        if page.is_empty() {
            break;
        }
    }
    loop {
        let owner = u32::try_from(writer * 1_000_000 + version).expect("it is killed before");
        let key = vault.key(&person(owner)).await.expect("a key is made");
        acknowledge(&format!("key {owner} {}", shown(key.bytes())));
        let count = version % 3 + 1;
        let batch = make_batch(&stream, version, &format!("{writer}/{version}"), count);
        let ids: Vec<_> = batch.iter().map(|record| record.id.to_string()).collect();
        let position = store
            .append(&stream, StreamVersion(version), batch)
            .await
            .expect("it is stored");
        acknowledge(&format!("event {position} {}", ids.join(" ")));
        version += count;
    }
}

fn acknowledge(line: &str) {
    // The harness writes to the same output; our lines begin with their own mark.
    let mut out = std::io::stdout().lock();
    writeln!(out, "\nack {line}")
        .and_then(|()| out.flush())
        .expect("the parent listens");
}

/// What the child acknowledged before it died.
#[derive(Default)]
struct AcknowledgedWrites {
    /// The position of each event.
    events: BTreeMap<EventId, Position>,
    keys: BTreeMap<u32, String>,
}

impl AcknowledgedWrites {
    fn take(&mut self, line: &str) -> bool {
        let words: Vec<_> = line.split_whitespace().collect();
        match words.as_slice() {
            ["ack", "key", owner, key] => {
                let owner = owner.parse().expect("a number");
                let before = self.keys.insert(owner, (*key).to_owned());
                assert!(before.is_none_or(|before| before == **key), "a key changed");
            }
            ["ack", "event", last, ids @ ..] => {
                let last: u64 = last.parse().expect("a position");
                for (id, back) in ids.iter().rev().zip(0..) {
                    let position = Position(last - back);
                    let before = self.events.insert(id.parse().expect("an id"), position);
                    assert!(before.is_none(), "{id} was acknowledged twice");
                }
            }
            _ => return false,
        }
        true
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the test starts itself as the process that is killed"
)]
fn program(name: &Path) -> Command {
    Command::new(name)
}

/// Returns the arguments that make the test binary the child.
fn child_words(dir: &Path) -> Vec<String> {
    let filter = "the_child_appends_until_it_is_killed".to_owned();
    let mark = format!("{DIR_MARK}{}", dir.display());
    ["--exact", "--nocapture", "--test-threads=1"]
        .map(str::to_owned)
        .into_iter()
        .chain([filter, mark])
        .collect()
}

fn this_program() -> PathBuf {
    std::env::current_exe().expect("a process knows its program")
}

/// Reads the child's acknowledgements, and kills it after `kill_after` of them, if given. Returns how many
/// there were.
fn follow(mut command: Command, kill_after: Option<u64>, acknowledged: &mut AcknowledgedWrites) -> u64 {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    let mut child = command.spawn().expect("the test binary starts");
    let output = child.stdout.take().expect("its output is piped");
    let mut taken = 0;
    let mut last_line = String::new();
    for line in BufReader::new(output).lines() {
        // The kill may cut the last line, which is therefore ignored.
        let line = line.expect("the child writes text");
        if acknowledged.take(&std::mem::replace(&mut last_line, line)) {
            taken += 1;
            if Some(taken) == kill_after {
                child.kill().expect("SIGKILL reaches it");
            }
        }
    }
    child.wait().expect("it ended");
    taken
}

async fn whole_log(store: &SqliteEventStore) -> Vec<StoredEvent> {
    let mut events: Vec<StoredEvent> = Vec::new();
    loop {
        let after = events.last().map_or(Position(0), |event| event.position);
        let page = store.read_all(after, 4_096).await.expect("the log can be read");
        if page.is_empty() {
            return events;
        }
        events.extend(page);
    }
}

async fn check(dir: &Path, acknowledged: &AcknowledgedWrites) {
    let store = open_store(dir);
    let events = whole_log(&store).await;
    let mut ids = BTreeSet::new();
    let mut versions: BTreeMap<String, u64> = BTreeMap::new();
    for (event, position) in events.iter().zip(1..) {
        let envelope = event.envelope().expect("it was written");
        assert_eq!(event.position, Position(position), "dense");
        assert!(ids.insert(envelope.id), "{} is stored twice", envelope.id);
        let version = versions.entry(envelope.stream.to_string()).or_default();
        *version += 1;
        assert_eq!(envelope.stream_version.0, *version, "in order");
        if let Some(position) = acknowledged.events.get(&envelope.id) {
            assert_eq!(event.position, *position, "at the acknowledged position");
        }
    }
    let lost: Vec<_> = acknowledged
        .events
        .keys()
        .filter(|id| !ids.contains(id))
        .collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    // Batches are complete: the sizes of the child's batches follow from the version before them.
    for version in versions.values() {
        let mut end = 0;
        while end < *version {
            end += end % 3 + 1;
        }
        assert_eq!(end, *version, "a part of a batch is stored");
    }
    store.close().await;
    let keyring = if events.is_empty() {
        KeyringPolicy::MayBeNew
    } else {
        KeyringPolicy::MustExist
    };
    let vault = open_vault(dir, u64::MAX, keyring);
    for (owner, key) in &acknowledged.keys {
        let existing = vault.existing_key(&person(*owner)).await.expect("it answers");
        assert_eq!(
            existing.map(|key| shown(key.bytes())).as_ref(),
            Some(key),
            "the key of {owner}"
        );
    }
    vault.close().await;
}

#[tokio::test]
async fn what_was_acknowledged_before_a_kill_is_there_once_and_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut acknowledged = AcknowledgedWrites::default();
    let mut moment = 20_261_120_u64;
    for _ in 0..KILLS {
        // A linear congruential step (Knuth, MMIX): different moments, the same in every run.
        moment = moment
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let after = (moment >> 33) % ACKNOWLEDGED_BEFORE_KILL_MAX + 1;
        let mut child = program(&this_program());
        child.args(child_words(&data));
        let taken = follow(child, Some(after), &mut acknowledged);
        assert!(
            taken >= after,
            "the child ended by itself after {taken} acknowledgments"
        );
        check(&data, &acknowledged).await;
    }
    assert!(
        acknowledged.events.len() > 100 && acknowledged.keys.len() > 100,
        "the child wrote enough"
    );
    writeln!(
        std::io::stderr(),
        "kills {KILLS}, acknowledged events {}, keys {}, lost 0",
        acknowledged.events.len(),
        acknowledged.keys.len()
    )
    .unwrap();
}

/// Returns true if strace is installed and may trace.
fn can_trace() -> bool {
    let mut probe = program(Path::new(STRACE));
    probe.args([
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        "inject=fsync:signal=KILL:when=1",
        "/bin/true",
    ]);
    probe.status().is_ok_and(|status| status.success())
}

#[tokio::test]
async fn a_kill_at_every_sync_of_a_first_start_leaves_what_opens_again() {
    if !can_trace() {
        writeln!(
            std::io::stderr(),
            "SKIPPED kill at every sync: strace is missing or may not trace"
        )
        .unwrap();
        return;
    }
    let mut before_first_event = 0;
    for sync in 1..=SYNCS_KILLED {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let mut acknowledged = AcknowledgedWrites::default();
        let mut child = program(Path::new(STRACE));
        child.args(["-f", "-qq", "-o", "/dev/null", "-e"]);
        child.arg(format!("inject=fsync,fdatasync:signal=KILL:when={sync}"));
        child.arg(this_program()).args(child_words(&data));
        follow(child, None, &mut acknowledged);
        before_first_event += u64::from(acknowledged.events.is_empty());
        check(&data, &acknowledged).await;
    }
    assert!(
        (2..SYNCS_KILLED).contains(&before_first_event),
        "{before_first_event}"
    );
}
