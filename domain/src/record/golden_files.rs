//! Golden files of stored events: one whole record per kind and version, which this build reads and writes
//! again with the same bytes.
//!
//! `derive::EventData` makes a test of each aggregate that calls `check`. The ids, instants and values are
//! made up. The seal is a fake in the form of the real one, so that the bytes are the same on every run. A
//! file for a new kind, version or member is a copy of another file of the aggregate with its own `kind`,
//! `version` and `data`; the test shows the line as this build writes it. An existing file is never edited.

use super::fake_vault::{FakeVault, key};
use crate::decider::{EventData, Scope};
use crate::event_members::Pointer;
use crate::personal::Personal;
use crate::ports::vault::PersonKey;
use crate::record::stored_event::{
    Cause, Envelope, RecordFacts, RequestFacts, Sealer, WritePriority, open_personal, record, record_in_place,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

/// Index of every golden event in its command's batch.
const INDEX: usize = 1;

/// Checks that every golden file of the aggregate reads and is written with the same bytes, that an old
/// version reads as its `.expected.json`, and that each version of each kind has a file.
pub(crate) fn check<E: EventData>(aggregate: &str, kinds: &[&str]) {
    let mut versions: BTreeMap<&str, BTreeSet<u16>> =
        kinds.iter().map(|kind| (*kind, BTreeSet::new())).collect();
    let mut personal = Vec::new();
    for path in list_files(aggregate) {
        let file = GoldenFile::read(path);
        let pointers = file.check::<E>(aggregate).into_iter();
        personal.extend(pointers.map(|pointer| format!("{aggregate}/{}\t{pointer}", file.name)));
        match versions.get_mut(file.envelope.kind.as_str()) {
            Some(found) => found.insert(file.envelope.version),
            None => panic!("{file}: no event has this kind"),
        };
    }
    for (kind, found) in versions {
        let every: BTreeSet<u16> = (1..=E::current_version(kind)).collect();
        assert_eq!(
            found,
            every,
            "{kind}: each version has a golden file in {}",
            folder(aggregate).display()
        );
    }
    check_pointers(aggregate, personal);
}

/// Compares the personal members of the aggregate's golden files with `personal.tsv`. A pointer is part of a
/// seal's AAD: data that is sealed under another pointer never opens again, so a line never changes. Their
/// order is free, because each seal has a nonce of its own.
fn check_pointers(aggregate: &str, mut found: Vec<String>) {
    let list = folder("personal.tsv");
    let all = named(&list, std::fs::read_to_string(&list));
    let start = format!("{aggregate}/");
    let mut expected: Vec<&str> = all.lines().filter(|line| line.starts_with(&start)).collect();
    found.sort();
    expected.sort_unstable();
    assert_eq!(
        found,
        expected,
        "personal members in personal.tsv (right); found:\n{}\n",
        found.join("\n")
    );
}

fn folder(below: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures/events")
        .join(below)
}

/// Returns the golden records of an aggregate in the order of their names, without `.expected.json`.
fn list_files(aggregate: &str) -> Vec<PathBuf> {
    let folder = folder(aggregate);
    let entries = named(&folder, std::fs::read_dir(&folder));
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| !path.to_string_lossy().ends_with(".expected.json"));
    files.sort();
    files
}

/// Adds the pointers of the sealed values in JSON, found by their form: not by the marks of a type.
fn find_sealed(json: &Value, at: &Pointer<'_>, found: &mut Vec<String>) {
    match json {
        Value::Object(members) if members.contains_key("sealed") && members.contains_key("key") => {
            found.push(at.to_string());
        }
        Value::Object(members) => {
            for (name, member) in members {
                find_sealed(member, &at.member(name), found);
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                find_sealed(value, &at.index(index), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A golden file. Each failure begins with its path.
struct GoldenFile {
    path: PathBuf,
    name: String,
    /// The record, without the line feed at its end.
    stored: String,
    envelope: Envelope,
}

impl fmt::Display for GoldenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())
    }
}

/// Returns the value; a failure begins with the path.
fn named<T>(path: &Path, result: Result<T, impl fmt::Display>) -> T {
    result.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl GoldenFile {
    fn read(path: PathBuf) -> Self {
        let text = named(&path, std::fs::read_to_string(&path));
        let stored = text.strip_suffix('\n').unwrap_or(&text).to_owned();
        let envelope = named(&path, serde_json::from_str(&stored));
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        Self {
            name: name.unwrap_or_default(),
            stored,
            envelope,
            path,
        }
    }

    fn expect<T>(&self, result: Result<T, impl fmt::Display>) -> T {
        named(&self.path, result)
    }

    /// Checks the file and returns the pointers of its personal members.
    fn check<E: EventData>(&self, aggregate: &str) -> Vec<String> {
        let envelope = &self.envelope;
        let start = format!("{}.v{}.", envelope.kind, envelope.version);
        assert!(
            self.name.starts_with(&start),
            "{self}: its name begins with {start}"
        );
        assert_eq!(envelope.stream.aggregate(), aggregate, "{self}");
        let mut event = self.event::<E>();
        assert_eq!(event.kind(), envelope.kind, "{self}");
        let pointers: Vec<String> = event.personal().into_iter().map(|(pointer, _)| pointer).collect();
        self.check_sealed(&pointers);
        let keys = Keys::of(&mut event);
        self.open(&mut event, &keys.all);
        if event.version() == envelope.version {
            let written = self.write(&event, &keys.all);
            assert_eq!(
                self.stored, written,
                "{self} (left) is not what is written now; written:\n{written}\n"
            );
        } else {
            self.check_upcast(&self.event::<E>());
        }
        self.check_transcript::<E>(&keys);
        self.refuse_newer::<E>(event.version());
        pointers
    }

    fn event<E: EventData>(&self) -> E {
        let Envelope {
            kind, version, data, ..
        } = &self.envelope;
        self.expect(E::read(kind, *version, data))
    }

    /// Opens the personal members; those that the key does not open are erased.
    fn open<E: EventData>(&self, event: &mut E, key: &PersonKey) {
        self.expect(open_personal(&self.envelope, event, &FakeVault, Some(key)));
    }

    /// Compares the pointers of the personal members with those of the sealed values in the data.
    fn check_sealed(&self, pointers: &[String]) {
        let data: Value = self.expect(serde_json::from_str(self.envelope.data.get()));
        let mut sealed = Vec::new();
        find_sealed(&data, &Pointer::Root, &mut sealed);
        sealed.sort();
        let mut listed = pointers.to_vec();
        listed.sort();
        assert_eq!(
            listed, sealed,
            "{self}: listed as personal (left), sealed in the data (right)"
        );
    }

    /// Compares the event of an old version, with its seals, with the `.expected.json` beside its file.
    fn check_upcast<E: EventData>(&self, event: &E) {
        let expected = std::fs::read_to_string(self.path.with_extension("expected.json"));
        let expected: Value = self.expect(serde_json::from_str(&self.expect(expected)));
        let written = self.expect(serde_json::to_value(event));
        assert_eq!(written.get("data"), Some(&expected), "{self}");
    }

    /// The person's key alone opens nothing of an event that is also sealed under its transcript's key.
    fn check_transcript<E: EventData>(&self, keys: &Keys) {
        if keys.has_transcript {
            let mut event = self.event::<E>();
            self.open(&mut event, &keys.person);
            let is_erased = |field: &Personal<String>| *field == Personal::Erased { hash: None };
            let mut members = event.personal().into_iter();
            assert!(members.all(|(_, field)| is_erased(field)), "{self}");
        }
    }

    /// A newer version is refused, because it may mean something else.
    fn refuse_newer<E: EventData>(&self, current: u16) {
        match E::read(&self.envelope.kind, current + 1, &self.envelope.data) {
            Ok(_) => panic!("{self}: a newer version is read"),
            Err(error) => assert!(
                error.to_string().contains("use a newer ledgerline"),
                "{self}: {error}"
            ),
        }
    }

    /// Writes an open event in the envelope it was read from.
    fn write<E: EventData>(&self, event: &E, key: &PersonKey) -> String {
        let envelope = &self.envelope;
        let mut random = |buffer: &mut [u8]| buffer.fill(0);
        let mut sealer = Sealer {
            vault: &FakeVault,
            key: Some(key),
            random: &mut random,
        };
        let written = self.expect(record(facts(envelope), event, &mut sealer));
        let mut in_place = event.clone();
        let again = self.expect(record_in_place(facts(envelope), &mut in_place, &mut sealer));
        assert_eq!(again, written, "{self}");
        assert_eq!(in_place, *event, "{self} is as it was before it was written");
        sealer.key = None;
        let without_key = record_in_place(facts(envelope), &mut in_place, &mut sealer);
        assert_eq!(without_key.is_err(), !in_place.personal().is_empty(), "{self}");
        assert_eq!(
            in_place, *event,
            "{self} is as it was before it could not be written"
        );
        self.expect(String::from_utf8(written.bytes().to_vec()))
    }
}

fn facts(envelope: &Envelope) -> RecordFacts {
    RecordFacts {
        stream: envelope.stream.clone(),
        stream_version: envelope.stream_version,
        at: envelope.at,
        cause: Cause {
            command: envelope.command,
            causation: envelope.causation,
            correlation: envelope.correlation,
            by: envelope.by,
            request: RequestFacts::NONE,
            urgency: WritePriority::First,
        },
        index: INDEX,
        scope: Scope {
            campaign: envelope.campaign.clone(),
            customer: envelope.customer.clone(),
        },
        rehearsal: envelope.rehearsal,
    }
}

/// The keys that a golden event was sealed under.
struct Keys {
    /// The person's alone.
    person: PersonKey,
    /// The person's and, if there is one, the transcript's.
    all: PersonKey,
    has_transcript: bool,
}

impl Keys {
    fn of<E: EventData>(event: &mut E) -> Self {
        let sealed = event.personal().into_iter().find_map(|(_, field)| match field {
            Personal::Sealed(sealed) => Some(sealed.clone()),
            Personal::Open { .. } | Personal::Erased { .. } => None,
        });
        let own = sealed.as_ref().and_then(|sealed| sealed.transcript.clone());
        let person = sealed
            .map(|sealed| PersonKey::new(sealed.key, [7; 32]))
            .unwrap_or_else(key);
        let all = match &own {
            Some(own) => person.with_transcript(&PersonKey::new(own.clone(), [8; 32])),
            None => person.clone(),
        };
        Self {
            person,
            all,
            has_transcript: own.is_some(),
        }
    }
}

#[test]
fn sealed_values_are_found_wherever_they_are() {
    let sealed = || serde_json::json!({ "sealed": "AAAA", "key": "00112233445566778899aabbccddeeff" });
    let data = serde_json::json!({
        "name": sealed(),
        "variables": { "due/date~": sealed(), "count": 3 },
        "notes": [{ "noted": { "text": sealed() } }, sealed()],
        "unit": { "sealed": true },
    });
    let mut found = Vec::new();
    find_sealed(&data, &Pointer::Root, &mut found);
    found.sort();
    assert_eq!(
        found,
        [
            "/name",
            "/notes/0/noted/text",
            "/notes/1",
            "/variables/due~1date~0"
        ]
    );
}
