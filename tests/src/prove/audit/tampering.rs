//! Proof that changes of a stopped log's own files are detected, made below everything that protects it:
//! flipped bytes, another time of recording, events removed, exchanged and added, other columns, all with
//! matching digests; and changed entries of its index. `audit verify` must name the position.

use super::{Rehearsal, Tally, audit, code, copy_folder, text};
use crate::prove::Form;
use domain::ports::event_store::EventStore;
use domain::stored_event::Position;
use rusqlite::{Connection, params};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use store::contract::SuiteTasks;
use store::proof::whole_log::{VerifyPlan, verify_log};
use store::proof::{Checkpoint, FileCheckpointStore};
use store::test_ports::StepClock;
use store::{INDEX_FILE, SqliteEventStore};
use tokio::runtime::Runtime;

/// The number of events with every byte flipped in turn, by form.
const WHOLE_EVENTS: [(Form, usize); 2] = [(Form::Short, 1), (Form::Long, 20)];

/// Of the flips of one byte per event, every 16th is checked by the command line; the others by the library.
const BY_COMMAND: usize = 16;

/// The columns of an event's row that the proof changes.
#[derive(Clone)]
struct EventColumns {
    pos: i64,
    recorded_at: i64,
    record: Vec<u8>,
    digest: Vec<u8>,
}

/// A copy of the log with its file open for writing, past all protection.
struct TamperedLog {
    dir: PathBuf,
    file: Connection,
}

impl TamperedLog {
    fn of(rehearsal: &Rehearsal, name: &str) -> Self {
        let dir = rehearsal.path(name);
        copy_folder(&rehearsal.data, &dir);
        let file = Connection::open(dir.join("events.db")).expect("the log's file opens");
        // What is written here need not survive a crash of the machine.
        file.execute_batch("PRAGMA synchronous = OFF")
            .expect("a setting is taken");
        Self { dir, file }
    }

    fn rows(&self) -> Vec<EventColumns> {
        let sql = "SELECT pos, recorded_at, record, digest FROM event ORDER BY pos";
        let mut statement = self.file.prepare(sql).expect("the table is there");
        let rows = statement.query_map([], |row| {
            Ok(EventColumns {
                pos: row.get(0)?,
                recorded_at: row.get(1)?,
                record: row.get(2)?,
                digest: row.get(3)?,
            })
        });
        rows.expect("rows are read")
            .map(|row| row.expect("a row is read"))
            .collect()
    }

    /// Replaces the content of the row at this position.
    fn put(&self, row: &EventColumns) {
        let sql = "UPDATE event SET recorded_at = ?2, record = ?3, digest = ?4 WHERE pos = ?1";
        let values = params![row.pos, row.recorded_at, row.record, row.digest];
        assert_eq!(
            self.file.execute(sql, values).ok(),
            Some(1),
            "position {}",
            row.pos
        );
    }

    fn run(&self, sql: &str) {
        self.file
            .execute_batch(sql)
            .unwrap_or_else(|error| crate::program::fail(&error.to_string()));
    }

    fn verify(&self, rehearsal: &Rehearsal) -> Output {
        let dir = text(&self.dir);
        audit(&[
            "verify",
            "--data",
            &dir,
            "--from-start",
            "--json",
            "--key",
            &rehearsal.key,
        ])
    }

    /// Returns the position that `audit verify` names; `None` if it finds nothing wrong.
    fn named(&self, rehearsal: &Rehearsal) -> Option<i64> {
        let said = self.verify(rehearsal);
        let report: Value = serde_json::from_slice(&said.stdout).unwrap_or_default();
        let position = report
            .get("position")
            .and_then(Value::as_str)
            .and_then(|text| text.parse().ok());
        match code(&said) {
            0 => None,
            1 => Some(position.unwrap_or(-1)),
            other => Some(i64::from(-other)),
        }
    }
}

impl EventColumns {
    /// Sets the matching digest, which does not need a key (rows of version 1 contain this one).
    fn forge(mut self) -> Self {
        let whole = Sha256::new()
            .chain_update(self.recorded_at.to_be_bytes())
            .chain_update(&self.record)
            .finalize();
        self.digest = whole.iter().take(8).copied().collect();
        self
    }

    fn flip(mut self, at: usize) -> Self {
        if let Some(byte) = self.record.get_mut(at) {
            *byte ^= 1;
        }
        self
    }
}

/// The library behind `audit verify`, on an open log: one process per flip would take an hour.
struct Verifier {
    runtime: Runtime,
    store: SqliteEventStore,
    tasks: SuiteTasks,
    dir: PathBuf,
    checkpoints: Vec<Checkpoint>,
}

impl Verifier {
    fn of(dir: &Path) -> Self {
        let (clock, tasks) = (Arc::<StepClock>::default(), SuiteTasks::default());
        let proof = dir.join("proof");
        let shelf = FileCheckpointStore::new(&proof);
        let mut signed = shelf.kept().expect("kept checkpoints are read");
        signed.extend(shelf.read().expect("the published checkpoint is read"));
        Self {
            runtime: Runtime::new().expect("a runtime starts"),
            store: SqliteEventStore::open_read_only(dir, clock, &tasks).expect("the log opens"),
            tasks,
            dir: proof,
            checkpoints: signed.iter().map(|signed| signed.claimed().clone()).collect(),
        }
    }

    fn named(&self) -> Option<i64> {
        let plan = VerifyPlan {
            dir: self.dir.clone(),
            dense: self.store.capabilities().dense,
            checkpoints: self.checkpoints.clone(),
            resume: false,
        };
        let report = self
            .runtime
            .block_on(verify_log(&self.store, &self.tasks, plan, &mut |_| {}));
        let wrong = report.expect("the check ends").wrong?;
        Some(
            wrong
                .position
                .map_or(-1, |Position(position)| i64::try_from(position).unwrap_or(-1)),
        )
    }
}

pub(super) fn prove(rehearsal: &Rehearsal, form: Form) -> Value {
    let meddled = TamperedLog::of(rehearsal, "meddled");
    let verifier = Verifier::of(&meddled.dir);
    let rows = meddled.rows();
    let flips = flips(rehearsal, &meddled, &verifier, &rows);
    let bytes = every_byte(&meddled, &verifier, &rows, form);
    let times = times(&meddled, &verifier, &rows);
    json!({
        "events": rows.len(),
        "flips_of_one_byte_of_each_event": flips.value(),
        "flips_of_every_byte_of_some": bytes.value(),
        "changed_times_of_recording": times.value(),
        "removed_exchanged_added": structure(rehearsal, &rows).value(),
        "entries_of_the_index": index(rehearsal).value(),
    })
}

/// Flips one byte of each event, alternately with a matching digest and with the old one.
fn flips(rehearsal: &Rehearsal, meddled: &TamperedLog, verifier: &Verifier, rows: &[EventColumns]) -> Tally {
    let mut tally = Tally::default();
    for (turn, row) in rows.iter().enumerate() {
        // A different place in each event.
        let at = turn * 37 % row.record.len();
        let flipped = row.clone().flip(at);
        meddled.put(&if turn % 2 == 0 { flipped.forge() } else { flipped });
        let named = verifier.named();
        tally.expect(named == Some(row.pos), || {
            format!("byte {at} of {}: {named:?}", row.pos)
        });
        if turn % BY_COMMAND == 0 {
            let named = meddled.named(rehearsal);
            tally.expect(named == Some(row.pos), || {
                format!("by command, {}: {named:?}", row.pos)
            });
        }
        meddled.put(row);
    }
    let named = meddled.named(rehearsal);
    tally.expect(named.is_none(), || format!("as it was: {named:?}"));
    tally
}

fn every_byte(meddled: &TamperedLog, verifier: &Verifier, rows: &[EventColumns], form: Form) -> Tally {
    let mut tally = Tally::default();
    let wanted = WHOLE_EVENTS
        .iter()
        .find(|(of, _)| *of == form)
        .map_or(1, |(_, count)| *count);
    let step = (rows.len() / (wanted + 1)).max(1);
    for row in rows.iter().skip(step).step_by(step).take(wanted) {
        for at in 0..row.record.len() {
            meddled.put(&row.clone().flip(at).forge());
            let named = verifier.named();
            tally.expect(named == Some(row.pos), || {
                format!("byte {at} of {}: {named:?}", row.pos)
            });
        }
        meddled.put(row);
    }
    tally
}

/// Moves the time of recording by a microsecond, with a matching digest.
fn times(meddled: &TamperedLog, verifier: &Verifier, rows: &[EventColumns]) -> Tally {
    let mut tally = Tally::default();
    for row in rows.iter().step_by(7) {
        let mut later = row.clone();
        later.recorded_at += 1;
        meddled.put(&later.forge());
        let named = verifier.named();
        tally.expect(named == Some(row.pos), || {
            format!("time of {}: {named:?}", row.pos)
        });
        meddled.put(row);
    }
    tally
}

/// Removes, exchanges and inserts events, in the middle and at the end; each on a copy of its own.
fn structure(rehearsal: &Rehearsal, rows: &[EventColumns]) -> Tally {
    let mut tally = Tally::default();
    let count = i64::try_from(rows.len()).unwrap_or(0);
    let middle = count / 2;
    let renumber = |from: i64, by: i64| {
        // Through negative numbers: positions are unique at all times.
        format!(
            "UPDATE event SET pos = -(pos + {by}) WHERE pos >= {from}; UPDATE event SET pos = -pos WHERE pos < 0;"
        )
    };
    let inserted = |pos: i64, of: i64| {
        format!(
            "INSERT INTO event SELECT {pos}, 'number-forged', 1, randomblob(16), 0, 1, recorded_at, kind, NULL, \
             NULL, digest, record FROM event WHERE pos = {of};"
        )
    };
    let mut attempt = |name: &str, sql: &str, expected: Option<i64>| {
        let meddled = TamperedLog::of(rehearsal, name);
        meddled.run(sql);
        let named = meddled.named(rehearsal);
        tally.expect(named == expected, || {
            format!("{name}: {named:?}, not {expected:?}")
        });
    };
    attempt(
        "removed",
        &format!("DELETE FROM event WHERE pos = {middle}"),
        Some(middle),
    );
    let gone = format!(
        "DELETE FROM event WHERE pos = {middle}; {}",
        renumber(middle + 1, -1)
    );
    attempt("removed-and-renumbered", &gone, Some(middle));
    attempt(
        "last-removed",
        &format!("DELETE FROM event WHERE pos = {count}"),
        Some(count - 1),
    );
    let between = format!("{} {}", renumber(middle, 1), inserted(middle, 1));
    attempt("put-between", &between, Some(middle));
    attempt("put-behind", &inserted(count + 1, count), Some(count + 1));
    for (column, other) in [
        ("campaign", "'X'"),
        ("customer", "'x'"),
        ("kind", "'x'"),
        ("version", "99"),
    ] {
        let name = format!("column-{column}");
        attempt(
            &name,
            &format!("UPDATE event SET {column} = {other} WHERE pos = {middle}"),
            Some(middle),
        );
    }
    for first in [2, middle, count - 1] {
        let meddled = TamperedLog::of(rehearsal, &format!("exchanged-{first}"));
        exchange(&meddled, rows, first);
        let named = meddled.named(rehearsal);
        tally.expect(named == Some(first), || format!("exchanged {first}: {named:?}"));
    }
    tally
}

/// Removes, changes and adds entries of `index.db`, which finds events; the file must be named. A deleted
/// index is rebuilt.
fn index(rehearsal: &Rehearsal) -> Tally {
    let mut tally = Tally::default();
    let meddled = TamperedLog::of(rehearsal, "index");
    let file = meddled.dir.join(INDEX_FILE);
    let whole = fs::read(&file).expect("a stopped log has its index");
    let mut expect = |name: &str, holds: bool| {
        let said = meddled.verify(rehearsal);
        let report = String::from_utf8_lossy(&said.stdout).into_owned();
        let named = report.contains(INDEX_FILE);
        tally.expect(
            (code(&said), named) == if holds { (0, false) } else { (1, true) },
            || format!("{name}: {} {report}", code(&said)),
        );
    };
    expect("as it was", true);
    for change in [
        "DELETE FROM by_stream WHERE pos = 2",
        "UPDATE by_id SET key = key + 1 WHERE pos = 2",
        "UPDATE by_customer SET pos = pos + 1 WHERE pos = (SELECT max(pos) FROM by_customer)",
        "INSERT INTO by_campaign VALUES (1, 1)",
    ] {
        let index = Connection::open(&file).expect("the index opens");
        let changed = index.execute(change, []);
        assert_eq!(changed.ok(), Some(1), "{change}");
        drop(index);
        expect(change, false);
        fs::write(&file, &whole).expect("it is put back");
    }
    fs::remove_file(&file).expect("it is removed");
    expect("deleted", true);
    tally
}

/// Exchanges the records of two neighboring events, with matching digests.
fn exchange(meddled: &TamperedLog, rows: &[EventColumns], first: i64) {
    let at = usize::try_from(first - 1).unwrap_or(0);
    let [one, other] = [rows.get(at), rows.get(at + 1)].map(|row| row.expect("there are so many"));
    for (place, content) in [(one, other), (other, one)] {
        let swapped = EventColumns {
            record: content.record.clone(),
            ..place.clone()
        };
        meddled.put(&swapped.forge());
    }
}
