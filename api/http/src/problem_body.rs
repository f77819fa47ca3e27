//! The body of a problem as it is sent: RFC 9457, in English and, if known, in Chinese.
//!
//! The reply sets the status; the body never contains the cause of a fault.

use crate::details;
use domain::dialing_pause::PauseCode;
use domain::ids::ApprovalId;
use domain::problem::{MemberError, Problem};
use schemars::JsonSchema;
use serde::Serialize;

/// A problem in the format of RFC 9457.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(crate) struct ProblemBody {
    /// URL on this server that explains the code (RFC 9457, section 3.1.1).
    #[serde(rename = "type")]
    #[schemars(example = &"/api/v1/problems/missing")]
    kind: String,
    #[schemars(example = &"not found")]
    title: &'static str,
    #[schemars(example = 404)]
    status: u16,
    #[schemars(example = &"this campaign does not exist")]
    detail: String,
    /// The detail in Chinese; absent if it is known in English only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"该任务不存在")]
    detail_zh: Option<String>,
    /// The code for programs.
    #[schemars(example = &"missing")]
    code: String,
    /// The errors of all invalid members of the body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<WrongMember>,
    /// The approval that another user must give first.
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<ApprovalId>,
    /// The codes of the reasons that pause every call; only in replies of `/readyz`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dialing_pauses: Vec<PauseCode>,
}

/// An invalid member of a body.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MemberError")]
struct WrongMember {
    /// JSON pointer of the member (RFC 6901), for example `/schedule/start_time`.
    pointer: String,
    detail: String,
    /// The detail in Chinese; absent if it is known in English only.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail_zh: Option<String>,
}

impl From<&MemberError> for WrongMember {
    fn from(error: &MemberError) -> Self {
        Self {
            pointer: error.pointer.clone(),
            detail: error.detail.clone(),
            detail_zh: details::member_in_chinese(error),
        }
    }
}

/// Returns the path that explains a code.
pub(crate) fn problem_type(code: &str) -> String {
    format!("/api/v1/problems/{code}")
}

/// Builds the body of a problem, without the cause of a fault.
pub(crate) fn body(problem: &Problem, status: u16) -> ProblemBody {
    ProblemBody {
        kind: problem_type(problem.code),
        title: problem.kind.title(),
        status,
        detail: problem.detail.clone(),
        detail_zh: details::in_chinese(problem),
        code: problem.code.to_string(),
        errors: problem.errors.iter().map(WrongMember::from).collect(),
        approval: problem.approval,
        dialing_pauses: problem.dialing_pauses.codes(),
    }
}
