//! Why something was not done, as it is sent: RFC 9457, in English and, where it is known, in Chinese.
//!
//! Which status a problem has is the reply's to say; what caused a fault is in no body.

use crate::details;
use domain::ids::ApprovalId;
use domain::problem::{MemberError, Problem};
use schemars::JsonSchema;
use serde::Serialize;

/// Why something was not done, as RFC 9457 writes it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(crate) struct ProblemBody {
    /// Where this server tells what the code means (RFC 9457, section 3.1.1).
    #[serde(rename = "type")]
    #[schemars(example = &"/api/v1/problems/missing")]
    kind: String,
    #[schemars(example = &"not found")]
    title: &'static str,
    #[schemars(example = 404)]
    status: u16,
    #[schemars(example = &"this campaign does not exist")]
    detail: String,
    /// The detail in Chinese; absent where it is known in English alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"该任务不存在")]
    detail_zh: Option<String>,
    /// What programs go by.
    #[schemars(example = &"missing")]
    code: String,
    /// Every wrong member of the body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<WrongMember>,
    /// The approval that another person is to give first.
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<ApprovalId>,
}

/// One member of a body that is wrong.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MemberError")]
struct WrongMember {
    /// JSON pointer (RFC 6901), such as `/schedule/start_time`.
    pointer: String,
    detail: String,
    /// The detail in Chinese; absent where it is known in English alone.
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

/// Where a code's meaning stands, from the root of this server.
pub(crate) fn problem_type(code: &str) -> String {
    format!("/api/v1/problems/{code}")
}

/// The problem as it is sent; the cause of a fault is not in it.
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
    }
}
