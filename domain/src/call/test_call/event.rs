//! The event of a test call: one kind that wraps the call event of each step. Stored kinds are added to and
//! never changed.

use crate::call::event::CallEvent;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum TestCallEvent {
    /// A step of a test call, as the call event that it would be. It is no call to a customer and is not
    /// counted.
    #[serde(rename = "test_call.step_recorded")]
    StepRecorded { step: Box<CallEvent> },
}

impl TestCallEvent {
    pub const fn step(&self) -> &CallEvent {
        match self {
            Self::StepRecorded { step } => step,
        }
    }
}
