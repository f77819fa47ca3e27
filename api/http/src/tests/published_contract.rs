//! The published contract holds: nothing of `fixtures/contract/` may be removed or narrowed (decision 0231).
//!
//! A folder has the contract as of one release. The folder of the present version is written if it is not
//! there; until the version has its tag, remove the folder to write it again.

use super::contract_comparison::{asyncapi_breaks, event_breaks, openapi_breaks};
use crate::routes::endpoints;
use application::event_schemas::all;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// The documents of a contract, as they are named in `fixtures/contract/v0.1.0/`.
const DOCUMENTS: [&str; 3] = ["openapi.json", "asyncapi.json", "event_schemas.json"];

/// Compares a published document with the present one.
type Comparison = fn(&Value, &Value) -> Vec<String>;

const COMPARISONS: [Comparison; 3] = [openapi_breaks, asyncapi_breaks, event_breaks];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/contract")
}

/// Returns the version and schema of each event kind, by its name.
pub(super) fn event_kinds() -> Map<String, Value> {
    let schemas = all().iter().map(|one| {
        let schema = json!({ "version": one.version, "schema": one.schema });
        (one.kind.clone(), schema)
    });
    schemas.collect()
}

/// Returns the present documents, in the order of [`DOCUMENTS`].
fn present() -> [Value; 3] {
    [
        crate::openapi::document(&endpoints()),
        crate::asyncapi::document(),
        Value::Object(event_kinds()),
    ]
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// Writes the contract of the present version, if it is not there.
fn write_present(documents: &[Value; 3]) {
    let own = folder().join(concat!("v", env!("CARGO_PKG_VERSION")));
    if own.exists() {
        return;
    }
    std::fs::create_dir_all(&own).unwrap();
    for (name, document) in DOCUMENTS.iter().zip(documents) {
        std::fs::write(own.join(name), format!("{document}\n")).unwrap();
    }
}

#[test]
fn nothing_of_a_published_contract_is_removed_or_narrowed() {
    let documents = present();
    write_present(&documents);
    let releases: Vec<PathBuf> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(!releases.is_empty());
    let mut found = Vec::new();
    for release in releases {
        for ((name, compare), document) in DOCUMENTS.iter().zip(COMPARISONS).zip(&documents) {
            let published = read(&release.join(name));
            assert!(!published.as_object().unwrap().is_empty());
            let breaks = compare(&published, document);
            let place = release.file_name().unwrap().to_string_lossy().into_owned();
            found.extend(breaks.into_iter().map(|one| format!("{place}/{name} {one}")));
        }
    }
    assert!(
        found.is_empty(),
        "{} breaks of the contract:\n{}",
        found.len(),
        found.join("\n")
    );
}

/// In the real documents, at a place of each kind, the loss of one thing is found.
#[test]
fn a_loss_in_the_real_documents_is_found() {
    let documents = present();
    let losses = [
        (0, "/paths/~1api~1v1~1campaigns~1{id}"),
        (0, "/paths/~1api~1v1~1campaigns/post/responses/201"),
        (0, "/components/schemas/CampaignResponse/properties/status"),
        (0, "/components/schemas/WebhookFormat/enum/0"),
        (1, "/channels/events"),
        (1, "/components/messages/call.ended"),
        (1, "/components/messages/call.ended/payload/properties/position"),
        (1, "/operations/followEvents"),
        (2, "/call.ended"),
        (2, "/call.ended/schema/properties/talk_ms"),
        (2, "/call.ended/schema/properties/disposition/enum/0"),
    ];
    for (document, pointer) in losses {
        let published = &documents[document];
        let mut changed = published.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let name = name.replace("~1", "/");
        match changed.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}")) {
            Value::Object(members) => drop(members.remove(&name).unwrap_or_else(|| panic!("{pointer}"))),
            Value::Array(items) => drop(items.remove(name.parse().unwrap())),
            other => panic!("{pointer} is in {other}"),
        }
        let found = COMPARISONS[document](published, &changed);
        assert!(!found.is_empty(), "the loss of {pointer} is not found");
    }
}
