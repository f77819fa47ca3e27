//! The event of the test phones. Stored kind and version never change; new ones are added. The envelope names
//! the actor.

use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use values::ids::NumberId;

/// One phone of the operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(label)]
pub struct TestPhone {
    pub number: NumberId,
    /// The number in E.164 format.
    pub phone: Personal<String>,
    /// A description of the phone. It must not name a person.
    #[schemars(example = &"reception")]
    pub label: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum TestPhonesEvent {
    /// The list changed. From now on test calls go to these phones only.
    #[serde(rename = "test_phones.changed")]
    #[open(reason)]
    Changed {
        before: Vec<NumberId>,
        after: Vec<TestPhone>,
        reason: String,
    },
}
