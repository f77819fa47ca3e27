//! The commands of a sample: draw it, record the finding of a call, sign it off.

use super::event::{DrawnSample, Finding};
use values::ids::CallId;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SampleCommand {
    /// Stores a draw that the caller computed. Any reader of the log can repeat it.
    Draw(Box<DrawnSample>),
    /// Records the finding of a call. A later finding of the same call replaces it.
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
    /// Returns the command's name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Draw(_) => "sample.draw",
            Self::RecordFinding { .. } => "sample.record_finding",
            Self::SignOff { .. } => "sample.sign_off",
        }
    }
}
