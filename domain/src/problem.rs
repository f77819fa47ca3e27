//! Why something was not done, as whoever asked is told: one vocabulary for every room, without transport.
//!
//! Each error of each room says what it is as a problem (its `impl From<…> for Problem` is beside it).
//! What a kind is called on the outside, a status or an exit code, is said once for each outside: by the HTTP
//! room and by the command line. What only we should know of a fault, its cause, travels inside and is never
//! serialised: the edge that answers writes it to the log.

use values::ids::ApprovalId;

/// What whoever asked can do about it; the table of `docs/house.md`, "Errors".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Cannot be read or makes no sense: change the request.
    Invalid,
    /// There is no such thing.
    Missing,
    /// A path that is known, and not with this method.
    WrongMethod,
    /// A rule said no; the reason is in the detail.
    Refused,
    /// What was checked is not what it says of itself: a digest, a signature, a replay differs.
    Disproved,
    /// Lost a race: load again, decide again.
    Conflict,
    /// What was asked for stands as it is only at another version: read again.
    Stale,
    /// It replaces what is stored, and does not say which version it means: read, and say it.
    Unconditional,
    /// Another person is to approve it first.
    ApprovalNeeded,
    /// Who asks is not known.
    Unauthenticated,
    /// Known, and not allowed.
    Forbidden,
    /// Over a named limit.
    TooLarge,
    /// Not a type that is read here.
    WrongMediaType,
    /// Too much at once: wait and retry.
    Busy,
    /// Something needed is away: wait and retry.
    Unavailable,
    /// Our bug or damaged data; what caused it is for the log alone.
    Fault,
}

impl Kind {
    /// What all problems of a kind have in common, for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Invalid => "the request cannot be read",
            Self::Missing => "there is no such thing",
            Self::WrongMethod => "this route has no such method",
            Self::Refused => "a rule refuses this",
            Self::Disproved => "a check found it wrong",
            Self::Conflict => "another writer changed it first; load it again and decide again",
            Self::Stale => "it has changed since it was read",
            Self::Unconditional => "it replaces something, and does not say what",
            Self::ApprovalNeeded => "another person is to approve this first",
            Self::Unauthenticated => "a token is needed",
            Self::Forbidden => "this is not allowed here",
            Self::TooLarge => "a limit was exceeded",
            Self::WrongMediaType => "this media type is not read here",
            Self::Busy => "too much at once",
            Self::Unavailable => "something needed is away",
            Self::Fault => "this is our mistake",
        }
    }
}

/// One member of a request that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct MemberError {
    /// JSON pointer (RFC 6901), such as `/schedule/start_time`.
    pub pointer: String,
    pub detail: String,
}

/// Why a request was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub kind: Kind,
    /// Stable name for programs, such as `flow-variable-missing`.
    pub code: &'static str,
    /// For people: what happened, to which input, and what to do. Never the cause of a fault.
    pub detail: String,
    /// Every member of the request that is wrong; empty where none is named.
    pub errors: Vec<MemberError>,
    /// The approval that is needed, where one is.
    pub approval: Option<ApprovalId>,
    /// What only we should know of a fault.
    cause: Option<String>,
}

impl Problem {
    pub fn new(kind: Kind, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind,
            code,
            detail: detail.into(),
            errors: Vec::new(),
            approval: None,
            cause: None,
        }
    }
    pub fn invalid(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, code, detail)
    }
    /// `what` with its article, such as `this campaign`.
    pub fn missing(what: &str) -> Self {
        Self::new(Kind::Missing, "missing", format!("{what} does not exist"))
    }
    pub fn refused(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Kind::Refused, code, detail)
    }
    pub fn disproved(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Kind::Disproved, code, detail)
    }
    /// Another person is to give this approval first.
    pub fn approval_needed(approval: ApprovalId, detail: impl Into<String>) -> Self {
        Self {
            approval: Some(approval),
            ..Self::new(Kind::ApprovalNeeded, "approval-needed", detail)
        }
    }
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(Kind::Unavailable, "unavailable", detail)
    }
    /// A fault; `cause` goes to the log of whoever answers, never to whoever asked.
    pub fn fault(cause: impl Into<String>) -> Self {
        Self {
            cause: Some(cause.into()),
            ..Self::new(Kind::Fault, "fault", "the log has the details")
        }
    }
    /// A request whose members are wrong, all of them named.
    pub fn members(errors: Vec<MemberError>) -> Self {
        let told = errors
            .iter()
            .map(|error| format!("{} {}", error.pointer, error.detail));
        let detail = told.collect::<Vec<_>>().join("; ");
        Self {
            errors,
            ..Self::new(Kind::Refused, "invalid-members", detail)
        }
    }

    /// What only we should know of it: for a log, or for whoever runs a command on the directory itself.
    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// True when the caller did nothing wrong: something of ours is away or failed.
    pub const fn is_ours(&self) -> bool {
        matches!(self.kind, Kind::Unavailable | Kind::Busy | Kind::Fault)
    }
}

/// A file or connection that failed under us; nothing here reads or writes any.
impl From<std::io::Error> for Problem {
    fn from(error: std::io::Error) -> Self {
        Self::unavailable(error.to_string())
    }
}

impl std::error::Error for Problem {}

/// For logs: with the cause, which no reply may hold.
impl std::fmt::Display for Problem {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { code, detail, .. } = self;
        match &self.cause {
            None => write!(formatter, "{code}: {detail}"),
            Some(cause) => write!(formatter, "{code}: {cause}"),
        }
    }
}

/// What a refusal is to whoever asked.
pub trait Explained: std::error::Error {
    /// True when the thing asked for does not exist.
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
