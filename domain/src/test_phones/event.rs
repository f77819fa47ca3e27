//! The event of the test phones. Stored kind and version never change; new ones are added. The envelope names
//! the actor.

use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use values::ids::NumberId;

/// One phone of the operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TestPhone {
    pub number: NumberId,
    /// The number in E.164 format.
    pub phone: Personal<String>,
    /// A description of the phone. It must not name a person.
    #[schemars(example = &"reception")]
    pub label: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum TestPhonesEvent {
    /// The list changed. From now on test calls go to these phones only.
    #[serde(rename = "test_phones.changed")]
    Changed {
        before: Vec<NumberId>,
        after: Vec<TestPhone>,
        reason: String,
    },
}

/// Event kinds as stored, one per variant. They never change.
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
