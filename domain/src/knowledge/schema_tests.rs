//! Tests that the published JSON Schema of a knowledge file equals the schema generated from the types.

use super::KnowledgeContent;
use serde_json::{Value, json};
use std::path::PathBuf;

#[test]
fn the_published_schema_is_that_of_the_types() {
    let mut schema = serde_json::to_value(schemars::schema_for!(KnowledgeContent)).unwrap();
    schema["title"] = json!("A knowledge file");
    schema["properties"]["knowledge"] =
        json!({ "type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}$", "description": "Its name" });
    schema["properties"]["lang"]["default"] = json!("zh-CN");
    schema["required"] = json!(["knowledge"]);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/knowledge.schema.json");
    let written = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    let read: Value = serde_json::from_str(&published).unwrap_or_default();
    assert_eq!(read, schema, "{} should hold:\n{written}", path.display());
}
