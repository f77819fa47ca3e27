//! The fact about our own phones. Stored kind and version; never changed, only added to. Who changed it
//! stands in the envelope.

use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use values::ids::NumberId;

/// One phone of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TestPhone {
    pub number: NumberId,
    /// E.164.
    pub phone: Personal<String>,
    /// Whose or which it is, without a name.
    #[schemars(example = &"reception")]
    pub label: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum TestPhonesEvent {
    /// From here on test calls go to these and no others.
    #[serde(rename = "test_phones.changed")]
    Changed {
        before: Vec<NumberId>,
        after: Vec<TestPhone>,
        reason: String,
    },
}

/// Stored kinds, each named for its variant. They never change.
impl TestPhonesEvent {
    pub const CHANGED: &'static str = "test_phones.changed";
}

impl EventData for TestPhonesEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Changed { .. } => Self::CHANGED,
        }
    }

    fn version(&self) -> u16 {
        1
    }

    fn personal(&mut self) -> Vec<(String, &mut Personal<String>)> {
        let Self::Changed { after, .. } = self;
        let phones = after.iter_mut().enumerate();
        phones
            .map(|(place, one)| (format!("/after/{place}/phone"), &mut one.phone))
            .collect()
    }

    fn read(kind: &str, version: u16, data: &RawValue) -> Result<Self, UnreadableEvent> {
        read_current(kind, version, data)
    }
}
