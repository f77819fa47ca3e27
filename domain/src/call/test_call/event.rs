//! The event of a test call: one kind that wraps the call event of each step. Stored kinds are added to and
//! never changed.

use crate::call::event::CallEvent;
use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum TestCallEvent {
    /// A step of a test call, as the call event that it would be. It is no call to a customer and is not
    /// counted.
    #[serde(rename = "test_call.step_recorded")]
    StepRecorded { step: Box<CallEvent> },
}

/// The stored kinds, one constant per variant. They never change.
impl TestCallEvent {
    pub const STEP_RECORDED: &'static str = "test_call.step_recorded";

    pub const fn step(&self) -> &CallEvent {
        match self {
            Self::StepRecorded { step } => step,
        }
    }
}

impl EventData for TestCallEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::StepRecorded { .. } => Self::STEP_RECORDED,
        }
    }

    fn version(&self) -> u16 {
        1
    }

    fn personal(&mut self) -> Vec<(String, &mut Personal<String>)> {
        let Self::StepRecorded { step } = self;
        let fields = step.personal().into_iter();
        fields
            .map(|(place, field)| (format!("/step/data{place}"), field))
            .collect()
    }

    fn read(kind: &str, version: u16, data: &RawValue) -> Result<Self, UnreadableEvent> {
        read_current(kind, version, data)
    }
}
