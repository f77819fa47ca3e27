//! Requests to a sample: draw it, record what was found in a call, sign it off.

use super::event::{Drawn, Finding};
use values::ids::CallId;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SampleCommand {
    /// The asker has made the draw; anybody who has the log can redo it.
    Draw(Box<Drawn>),
    /// Again for the same call: the last one counts.
    RecordFinding {
        call: CallId,
        finding: Finding,
    },
    SignOff {
        by: String,
        remark: Option<String>,
    },
}

impl SampleCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Draw(_) => "sample.draw",
            Self::RecordFinding { .. } => "sample.record_finding",
            Self::SignOff { .. } => "sample.sign_off",
        }
    }
}
