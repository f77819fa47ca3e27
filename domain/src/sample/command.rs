//! The commands of a sample: draw it, record the finding of a call, sign it off.

use super::event::{DrawnSample, Finding};
use values::ids::CallId;

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "sample")]
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
