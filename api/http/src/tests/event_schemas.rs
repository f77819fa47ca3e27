//! Tests of the published event schemas: each event kind has one, and every golden record of the current
//! version fits it.

use super::test_client::send;
use crate::testing::TestServer;
use application::event_schemas::all;
use domain::stored_event::Envelope;
use hyper::Method;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The files of the golden records, by path; without those that hold what an old version is read as.
pub(super) fn golden_files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/events");
    let folders = std::fs::read_dir(root).unwrap().flatten();
    let folders = folders.filter(|entry| entry.path().is_dir());
    let files = folders.flat_map(|folder| std::fs::read_dir(folder.path()).unwrap().flatten());
    let mut files: Vec<PathBuf> = files
        .map(|file| file.path())
        .filter(|path| !path.to_string_lossy().ends_with(".expected.json"))
        .collect();
    files.sort();
    files
}

/// The golden records, as stored.
fn golden() -> Vec<(PathBuf, Envelope)> {
    golden_files()
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let envelope = serde_json::from_str(&text).unwrap();
            (path, envelope)
        })
        .collect()
}

#[test]
fn every_kind_has_a_schema_and_every_golden_record_fits_it() {
    let mut met: BTreeSet<(String, u16)> = BTreeSet::new();
    for (path, envelope) in golden() {
        let schema = all()
            .iter()
            .find(|one| (&one.kind, one.version) == (&envelope.kind, envelope.version));
        // Older versions are upcast when they are read; only the newest version's schema is published.
        let is_older = all()
            .iter()
            .any(|one| one.kind == envelope.kind && one.version > envelope.version);
        if schema.is_none() && is_older {
            continue;
        }
        let schema = schema.unwrap_or_else(|| panic!("{} has no schema", path.display()));
        let validator = jsonschema::validator_for(&Value::Object(schema.schema.clone())).unwrap();
        let data: Value = serde_json::from_str(envelope.data.get()).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&data)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(
            errors.is_empty(),
            "{}: {errors:?} by {:?}",
            path.display(),
            schema.schema
        );
        let properties = schema.schema.get("properties").and_then(Value::as_object);
        for member in data.as_object().unwrap().keys() {
            let is_named = properties.is_some_and(|known| known.contains_key(member));
            assert!(
                is_named
                    || schema.schema.contains_key("allOf")
                    || schema.schema.contains_key("anyOf")
                    || schema.schema.contains_key("oneOf"),
                "{}: {member} is not in its schema",
                path.display()
            );
        }
        met.insert((envelope.kind, envelope.version));
    }
    let known: BTreeSet<(String, u16)> = all().iter().map(|one| (one.kind.clone(), one.version)).collect();
    assert_eq!(met, known);
}

#[test]
fn kinds_schemas_and_streams_are_readable_without_a_key() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let get = async |path: &str| send(&story, Method::GET, path, &[], None).await;
        let kinds = get("/api/v1/events/schemas").await;
        let first = kinds.body["items"][0]["schema"].as_str().unwrap().to_owned();
        let schema = get(&first).await;
        assert_eq!(schema.body["$id"].as_str(), Some(first.as_str()));
        assert_eq!(get("/api/v1/events/schemas/call.ended/7").await.status, 404);
        assert_eq!(get("/api/v1/asyncapi.json").await.body["asyncapi"], "3.0.0");
    });
    story.end();
}
