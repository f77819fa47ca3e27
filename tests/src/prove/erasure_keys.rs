//! The keys of customers, searched for and used: what a key opens before an erasure, so that a search without
//! hits afterwards has looked in the right place; and that the key itself is gone.

use crate::history::{History, member};
use crate::search::{SearchResult, search_bytes};
use domain::ids::{CustomerId, StreamId};
use domain::personal::Sealed;
use domain::ports::vault::{PersonKey, Vault};
use domain::stored_event::{FieldLocation, open_value};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::contract::SuiteTasks;
use store::test_ports::HashIds;
use store::{FileVault, KeyringPolicy, MemoryVault};

/// The keys of every customer in a keys folder, unwrapped, and wrapped as stored.
pub(super) struct CustomerKeys {
    unwrapped: BTreeMap<CustomerId, PersonKey>,
    wrapped: BTreeMap<CustomerId, Vec<u8>>,
}

impl CustomerKeys {
    /// Reads a copy of a keys folder, so that the one in use is not touched.
    pub(super) fn of(folder: &Path) -> Self {
        let copy = tempfile::tempdir().expect("a temporary folder can be made");
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let to = copy.path().join(entry.file_name());
            std::fs::copy(entry.path(), to).expect("a file of keys can be copied");
        }
        let file = rusqlite::Connection::open(copy.path().join("keys.db")).expect("keys.db opens");
        let mut rows = file
            .prepare("SELECT customer, wrapped FROM person_key")
            .expect("keys.db has its table");
        let wrapped: BTreeMap<CustomerId, Vec<u8>> = rows
            .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))
            .expect("keys.db can be read")
            .filter_map(Result::ok)
            .filter_map(|(person, wrapped)| Some((person.parse().ok()?, wrapped)))
            .collect();
        drop(rows);
        drop(file);
        let unwrapped = unwrap(copy.path(), wrapped.keys());
        Self { unwrapped, wrapped }
    }

    /// Returns the keys that are missing in `later`: of customers, and of transcripts.
    pub(super) fn gone_from(&self, later: &Self) -> Self {
        let mut gone = Self {
            unwrapped: self.unwrapped.clone(),
            wrapped: self.wrapped.clone(),
        };
        gone.unwrapped.retain(|of, _| !later.unwrapped.contains_key(of));
        gone.wrapped.retain(|of, _| !later.wrapped.contains_key(of));
        gone
    }

    pub(super) fn count(&self) -> usize {
        self.wrapped.len()
    }

    /// Returns every sealed value of the log that the keys open.
    pub(super) fn opened(&self, history: &History) -> BTreeSet<String> {
        let opened = self.opened_in(history).into_iter();
        opened.map(|(value, _)| value).collect()
    }

    /// As [`Self::opened`], each value with the kind of its event.
    pub(super) fn opened_in(&self, history: &History) -> BTreeSet<(String, String)> {
        let vault = MemoryVault::new(Arc::new(HashIds::new(1)));
        let mut values = BTreeSet::new();
        for event in &history.events {
            let stream = StreamId::from_stored(text(event, "/subject").to_owned());
            let Ok(id) = text(event, "/id").parse() else {
                continue;
            };
            let mut sealed = Vec::new();
            sealed_in(member(event, "/data"), "", &mut sealed);
            for (pointer, sealed) in sealed {
                let key = self.unwrapped.get(&sealed.key);
                let transcript = sealed.transcript.as_ref().map(|own| self.unwrapped.get(own));
                let key = match (key, transcript) {
                    (Some(key), None) => Some(key.clone()),
                    (Some(key), Some(Some(transcript))) => Some(key.with_transcript(transcript)),
                    (Some(_) | None, _) => None,
                };
                let location = FieldLocation {
                    stream: &stream,
                    event: id,
                    pointer: &pointer,
                };
                let opened = key.and_then(|key| open_value(location, &sealed, &vault, &key).ok());
                values.extend(opened.map(|value| (value, text(event, "/type").to_owned())));
            }
        }
        values
    }

    /// Searches files for the bytes of the keys, unwrapped or wrapped.
    pub(super) fn search(&self, paths: &[PathBuf]) -> SearchResult {
        let wrapped = self
            .wrapped
            .iter()
            .map(|(person, bytes)| (format!("the wrapped key of {person}"), bytes.clone()));
        let unwrapped = self
            .unwrapped
            .iter()
            .map(|(person, key)| (format!("the key of {person}"), key.bytes().to_vec()));
        let wanted: Vec<_> = wrapped.chain(unwrapped).collect();
        search_bytes(paths, &wanted, &[])
    }
}

fn unwrap<'a>(
    folder: &Path,
    persons: impl Iterator<Item = &'a CustomerId>,
) -> BTreeMap<CustomerId, PersonKey> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    runtime.block_on(async {
        let tasks = SuiteTasks::default();
        let ids = Arc::new(HashIds::new(1));
        let vault = FileVault::open(folder, ids, &tasks, KeyringPolicy::MustExist).expect("the keys open");
        let mut unwrapped = BTreeMap::new();
        for person in persons {
            let key = vault.existing_key(person).await.expect("a key can be read");
            unwrapped.extend(key.map(|key| (person.clone(), key)));
        }
        vault.close().await;
        unwrapped
    })
}

/// Collects the sealed values below a JSON pointer, each with its own pointer.
fn sealed_in(value: &Value, pointer: &str, found: &mut Vec<(String, Sealed)>) {
    if let Ok(sealed) = serde_json::from_value::<Sealed>(value.clone()) {
        found.push((pointer.to_owned(), sealed));
        return;
    }
    match value {
        Value::Object(members) => {
            for (name, inner) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                sealed_in(inner, &format!("{pointer}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                sealed_in(inner, &format!("{pointer}/{index}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn text<'a>(event: &'a Value, pointer: &str) -> &'a str {
    member(event, pointer).as_str().unwrap_or("")
}
