//! The name of a stream: its aggregate and its id.

use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// The name of a stream, `<aggregate>-<id>`. Clones share the text, because an event uses it several times.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(from = "Cow<'_, str>")]
pub struct StreamId(Arc<str>);

impl Serialize for StreamId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl schemars::JsonSchema for StreamId {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "StreamId".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "examples": ["campaign-TASK20261120"] })
    }
}

impl From<Cow<'_, str>> for StreamId {
    fn from(text: Cow<'_, str>) -> Self {
        Self(text.into())
    }
}

impl StreamId {
    pub fn new(aggregate: &str, id: &impl fmt::Display) -> Self {
        Self(format!("{aggregate}-{id}").into())
    }
    /// Creates a stream name from the text that a store holds, without a check.
    pub fn from_stored(text: String) -> Self {
        Self(text.into())
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// Returns the part before the first dash, such as `call`.
    pub fn aggregate(&self) -> &str {
        self.0.split('-').next().unwrap_or("")
    }
    /// Returns the part after the first dash; empty if there is no dash.
    pub fn id(&self) -> &str {
        self.0.split_once('-').map_or("", |(_, id)| id)
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_splits_at_the_first_dash_only() {
        let stream = StreamId::new("campaign", &"A-1");
        assert_eq!((stream.aggregate(), stream.id()), ("campaign", "A-1"));
    }
}
