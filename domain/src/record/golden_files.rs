//! Golden files of stored events: one whole record per kind and version, which this build reads and writes
//! again with the same bytes.
//!
//! `derive::EventData` makes a test of each aggregate that calls `check`. The ids, instants and values are
//! made up. The seal is a fake in the form of the real one, so that the bytes are the same on every run. A
//! file for a new kind, version or member is a copy of another file of the aggregate with its own `kind`,
//! `version` and `data`; the test shows the line as this build writes it. An existing file is never edited.

use crate::call::LegKey;
use crate::decider::{EventData, Scope};
use crate::personal::{LookupHash, Personal, Sealed};
use crate::ports::vault::{DestroyedKey, PersonKey, Vault, VaultError};
use crate::record::stored_event::{
    Cause, Envelope, RecordFacts, RequestFacts, Sealer, WritePriority, open_personal, record, record_in_place,
};
use crate::time::Timestamp;
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use values::hex;
use values::ids::{CallId, CustomerId, NumberId};

/// Index of every golden event in its command's batch.
const INDEX: usize = 1;

/// Checks that every golden file of the aggregate reads and is written with the same bytes, that an old
/// version reads as its `.expected.json`, and that each version of each kind has a file.
pub(crate) fn check<E: EventData>(aggregate: &str, kinds: &[&str]) {
    let mut versions: BTreeMap<&str, BTreeSet<u16>> =
        kinds.iter().map(|kind| (*kind, BTreeSet::new())).collect();
    let mut personal = Vec::new();
    for path in files(aggregate) {
        let text = std::fs::read_to_string(&path).expect("a golden file is text");
        let stored = text.strip_suffix('\n').unwrap_or(&text);
        let envelope: Envelope = serde_json::from_str(stored).expect("a golden file is a record");
        let file = path.file_name().expect("a path of a file").to_string_lossy();
        assert!(
            file.starts_with(&format!("{}.v{}.", envelope.kind, envelope.version)),
            "{file}"
        );
        assert_eq!(envelope.stream.aggregate(), aggregate, "{file}");
        let mut event = read::<E>(&envelope);
        assert_eq!(event.kind(), envelope.kind, "{file}");
        let pointers = event.personal().into_iter().map(|(pointer, _)| pointer);
        personal.extend(pointers.map(|pointer| format!("{aggregate}/{file}\t{pointer}")));
        let keys = Keys::of(&mut event);
        open_personal(&envelope, &mut event, &FakeVault, Some(&keys.all)).expect("a fake seal opens");
        if event.version() == envelope.version {
            let written = write(&envelope, &event, &keys.all);
            assert_eq!(
                stored, written,
                "{file} (left) is not what is written now; written:\n{written}\n"
            );
        } else {
            check_upcast(&read::<E>(&envelope), &path);
        }
        keys.check_transcript(&envelope, read::<E>(&envelope));
        refuse_newer::<E>(&envelope, event.version());
        let found = versions
            .get_mut(envelope.kind.as_str())
            .expect("no event has this kind");
        found.insert(envelope.version);
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
    let all = std::fs::read_to_string(folder("personal.tsv")).expect("the list of personal members");
    let start = format!("{aggregate}/");
    let mut expected: Vec<&str> = all.lines().filter(|line| line.starts_with(&start)).collect();
    found.sort();
    expected.sort_unstable();
    assert_eq!(
        found,
        expected,
        "personal members; found:\n{}\n",
        found.join("\n")
    );
}

/// Compares the event of an old version, with its seals, with the `.expected.json` beside its file.
fn check_upcast<E: EventData>(event: &E, path: &Path) {
    let expected = std::fs::read_to_string(path.with_extension("expected.json"));
    let expected = expected.expect("an old version has its .expected.json");
    let expected: serde_json::Value = serde_json::from_str(&expected).expect("it is JSON");
    let written = serde_json::to_value(event).expect("a sealed event can be written");
    assert_eq!(written.get("data"), Some(&expected), "{}", path.display());
}

/// A newer version is refused, because it may mean something else.
fn refuse_newer<E: EventData>(envelope: &Envelope, current: u16) {
    let refused = E::read(&envelope.kind, current + 1, &envelope.data).expect_err("a newer version");
    assert!(
        refused.to_string().contains("use a newer ledgerline"),
        "{refused}"
    );
}

fn folder(below: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures/events")
        .join(below)
}

/// Returns the golden records of an aggregate in the order of their names, without `.expected.json`.
fn files(aggregate: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder(aggregate)).expect("an aggregate has golden files");
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| !path.to_string_lossy().ends_with(".expected.json"));
    files.sort();
    files
}

fn read<E: EventData>(envelope: &Envelope) -> E {
    E::read(&envelope.kind, envelope.version, &envelope.data).expect("a stored version can be read forever")
}

/// Writes an open event in the envelope it was read from.
fn write<E: EventData>(envelope: &Envelope, event: &E, key: &PersonKey) -> String {
    let mut random = |buffer: &mut [u8]| buffer.fill(0);
    let mut sealer = Sealer {
        vault: &FakeVault,
        key: Some(key),
        random: &mut random,
    };
    let written = record(facts(envelope), event, &mut sealer).expect("a record can be made");
    let mut in_place = event.clone();
    let again = record_in_place(facts(envelope), &mut in_place, &mut sealer);
    assert_eq!(again.expect("a record can be made"), written);
    assert_eq!(in_place, *event, "it is as it was before it was written");
    sealer.key = None;
    let without_key = record_in_place(facts(envelope), &mut in_place, &mut sealer);
    assert_eq!(without_key.is_err(), !in_place.personal().is_empty());
    assert_eq!(in_place, *event, "it is as it was before it could not be written");
    String::from_utf8(written.bytes().to_vec()).expect("a record is UTF-8")
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

    /// The person's key alone opens nothing of an event that is also sealed under its transcript's key.
    fn check_transcript<E: EventData>(&self, envelope: &Envelope, mut event: E) {
        if self.has_transcript {
            open_personal(envelope, &mut event, &FakeVault, Some(&self.person)).expect("it erases");
            let is_erased = |field: &Personal<String>| *field == Personal::Erased { hash: None };
            assert!(event.personal().iter().all(|(_, field)| is_erased(field)));
        }
    }
}

fn key() -> PersonKey {
    PersonKey::new(
        "00112233445566778899aabbccddeeff".parse().expect("a customer id"),
        [7; 32],
    )
}

/// Twelve bytes of nonce in hexadecimal digits, which are also base64 digits.
const FAKE_NONCE: &str = "000000000000000000000000";

/// A vault that shows a value's bytes in hexadecimal in place of base64 ciphertext.
struct FakeVault;

#[async_trait]
impl Vault for FakeVault {
    async fn key(&self, _person: &CustomerId) -> Result<PersonKey, VaultError> {
        Ok(key())
    }
    async fn existing_key(&self, _person: &CustomerId) -> Result<Option<PersonKey>, VaultError> {
        Ok(Some(key()))
    }
    async fn destroy(&self, person: &CustomerId, at: Timestamp) -> Result<DestroyedKey, VaultError> {
        Ok(DestroyedKey {
            person: person.clone(),
            at,
        })
    }
    async fn destroyed(&self, _person: &CustomerId) -> Result<Option<DestroyedKey>, VaultError> {
        Ok(None)
    }
    fn forget_cached(&self, _person: &CustomerId) {}
    fn seal(
        &self,
        key: &PersonKey,
        _nonce: [u8; 12],
        _aad: &[u8],
        value: &str,
    ) -> Result<Sealed, VaultError> {
        let digits = hex::encode(value.as_bytes());
        Ok(Sealed {
            sealed: format!("{FAKE_NONCE}{digits}"),
            key: key.person().clone(),
            transcript: key.transcript().map(|own| own.person().clone()),
            hash: None,
        })
    }
    fn open(&self, _key: &PersonKey, _aad: &[u8], sealed: &Sealed) -> Result<String, VaultError> {
        let digits = sealed
            .sealed
            .strip_prefix(FAKE_NONCE)
            .ok_or(VaultError::DoesNotOpen)?;
        let mut bytes = vec![0; digits.len() / 2];
        if !hex::decode_into(digits, &mut bytes) {
            return Err(VaultError::DoesNotOpen);
        }
        String::from_utf8(bytes).or(Err(VaultError::DoesNotOpen))
    }
    fn hash(&self, value: &str) -> LookupHash {
        LookupHash(format!("{:064x}", value.len()))
    }
    fn derive_customer(&self, _external_id: &str) -> CustomerId {
        key().person().clone()
    }
    fn derive_number(&self, _e164: &str) -> NumberId {
        "ffeeddccbbaa99887766554433221100".parse().expect("a number id")
    }
    fn derive_leg(&self, _call: &CallId, leg: u8) -> LegKey {
        LegKey::new([leg; 32])
    }
    fn sign_link(&self, link: &str) -> String {
        format!("signed {link}")
    }
}
