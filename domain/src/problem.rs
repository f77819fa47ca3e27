//! Problems: why a request was not done, in one vocabulary for all crates and without a transport.
//!
//! Each error type converts to a problem (its `impl From<…> for Problem` is next to it). The HTTP crate maps
//! a kind to a status, and the command line maps it to an exit code. The cause of a fault stays inside and is
//! never serialized; the edge that replies writes it to the log.

use crate::pause_code::PauseCodeSet;
use values::ids::ApprovalId;

/// The kind of a problem, by what the caller can do about it; see `docs/house.md`, "Errors".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// The request cannot be read or makes no sense: change it.
    Invalid,
    /// The resource does not exist.
    Missing,
    /// The path exists, but not with this method.
    WrongMethod,
    /// A rule refused it; the detail has the reason.
    Refused,
    /// A check failed: a digest, a signature or a replay differs.
    Disproved,
    /// Another writer was first: load again, decide again.
    Conflict,
    /// The resource has another version than the request requires: read it again.
    Stale,
    /// The request replaces stored data without naming the version: read it, and name the version.
    Unconditional,
    /// Another user must approve it first.
    ApprovalNeeded,
    /// The caller is unknown.
    Unauthenticated,
    /// The caller is known and not allowed.
    Forbidden,
    /// The request exceeds a named limit.
    TooLarge,
    /// A media type that is not supported.
    WrongMediaType,
    /// A limit of current work is reached: wait and retry.
    Busy,
    /// A dependency is unavailable: wait and retry.
    Unavailable,
    /// A bug of ours or damaged data; only the log has the cause.
    Fault,
}

impl ProblemKind {
    /// Returns the title that all problems of a kind share.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Invalid => "invalid request",
            Self::Missing => "not found",
            Self::WrongMethod => "method not allowed",
            Self::Refused => "refused by a rule",
            Self::Disproved => "check failed",
            Self::Conflict => "conflict with another request",
            Self::Stale => "the data has changed since it was read",
            Self::Unconditional => "If-Match is required",
            Self::ApprovalNeeded => "approval is required",
            Self::Unauthenticated => "authentication is required",
            Self::Forbidden => "not allowed",
            Self::TooLarge => "a size limit was exceeded",
            Self::WrongMediaType => "unsupported media type",
            Self::Busy => "too many requests",
            Self::Unavailable => "temporarily unavailable",
            Self::Fault => "internal error",
        }
    }
}

/// One invalid member of a request's body.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct MemberError {
    /// JSON pointer (RFC 6901), for example `/schedule/start_time`.
    pub pointer: String,
    pub detail: String,
}

/// The reason why a request was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub kind: ProblemKind,
    /// Stable name for programs, for example `flow-variable-missing`.
    pub code: &'static str,
    /// For users: what happened, to which input, and what to do. Never the cause of a fault.
    pub detail: String,
    /// Every invalid member of the request; empty if none is named.
    pub errors: Vec<MemberError>,
    /// The approval that is needed, if one is.
    pub approval: Option<ApprovalId>,
    /// Why dialing is paused, in the answer of a process that is not ready.
    pub dialing_pauses: PauseCodeSet,
    /// The cause of a fault, only for logs.
    cause: Option<String>,
}

impl Problem {
    pub fn new(kind: ProblemKind, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind,
            code,
            detail: detail.into(),
            errors: Vec::new(),
            approval: None,
            dialing_pauses: PauseCodeSet::default(),
            cause: None,
        }
    }
    /// Adds the reasons for which dialing is paused.
    #[must_use]
    pub fn with_dialing_pauses(self, dialing_pauses: PauseCodeSet) -> Self {
        Self {
            dialing_pauses,
            ..self
        }
    }
    pub fn invalid(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Invalid, code, detail)
    }
    /// Creates the problem for a resource that does not exist. `what` has its article, for example `this
    /// campaign`.
    pub fn missing(what: &str) -> Self {
        Self::new(ProblemKind::Missing, "missing", format!("{what} does not exist"))
    }
    pub fn refused(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Refused, code, detail)
    }
    pub fn disproved(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Disproved, code, detail)
    }
    /// Creates the problem for an act that another user must approve first.
    pub fn approval_needed(approval: ApprovalId, detail: impl Into<String>) -> Self {
        Self {
            approval: Some(approval),
            ..Self::new(ProblemKind::ApprovalNeeded, "approval-needed", detail)
        }
    }
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Unavailable, "unavailable", detail)
    }
    /// Creates the problem for a bug of ours or damaged data. `cause` is written to the log and never sent
    /// to the caller.
    pub fn fault(cause: impl Into<String>) -> Self {
        Self {
            cause: Some(cause.into()),
            ..Self::new(ProblemKind::Fault, "fault", "the log has the details")
        }
    }
    /// Creates the problem that names all invalid members of a request.
    pub fn members(errors: Vec<MemberError>) -> Self {
        let details = errors
            .iter()
            .map(|error| format!("{} {}", error.pointer, error.detail));
        let detail = details.collect::<Vec<_>>().join("; ");
        Self {
            errors,
            ..Self::new(ProblemKind::Refused, "invalid-members", detail)
        }
    }

    /// Returns the internal cause of a fault, for a log or for a user who runs a command on the directory
    /// itself; `None` for other problems.
    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// Returns true if the caller did nothing wrong: a component of ours is busy, unavailable or failed.
    pub const fn is_ours(&self) -> bool {
        matches!(
            self.kind,
            ProblemKind::Unavailable | ProblemKind::Busy | ProblemKind::Fault
        )
    }
}

/// A file or connection that failed in a lower layer; the domain itself does no I/O.
impl From<std::io::Error> for Problem {
    fn from(error: std::io::Error) -> Self {
        Self::unavailable(error.to_string())
    }
}

impl std::error::Error for Problem {}

/// The text for logs: with the cause, which no reply may contain.
impl std::fmt::Display for Problem {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { code, detail, .. } = self;
        match &self.cause {
            None => write!(formatter, "{code}: {detail}"),
            Some(cause) => write!(formatter, "{code}: {cause}"),
        }
    }
}

/// A refusal by a decider, with what it means for the caller.
pub trait DomainRefusal: std::error::Error {
    /// Returns true if the refusal means that the requested thing does not exist.
    fn is_missing(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_every_wrong_member_by_its_pointer() {
        let wrong = |pointer: &str| MemberError {
            pointer: pointer.to_owned(),
            detail: "is not a time of day".to_owned(),
        };
        let problem = Problem::members(vec![wrong("/schedule/start_time"), wrong("/schedule/end_time")]);
        assert_eq!(problem.errors.len(), 2);
        assert_eq!(
            problem.detail,
            "/schedule/start_time is not a time of day; /schedule/end_time is not a time of day"
        );
    }

    #[test]
    fn the_cause_of_a_fault_is_for_logs_and_in_no_detail() {
        let fault = Problem::fault("row 7 has no version");
        assert!(!fault.detail.contains("row 7"), "{}", fault.detail);
        assert_eq!(fault.cause(), Some("row 7 has no version"));
        assert_eq!(fault.to_string(), "fault: row 7 has no version");
        assert!(fault.is_ours());
    }
}
