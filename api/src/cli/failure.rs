//! Why a command failed, and the exit code that says so to scripts.

use std::process::ExitCode;

/// The exit codes, shown by `--help`.
pub(crate) const EXIT_CODES: &str = "Exit codes: 0 done; 1 a check found something wrong; 2 wrong usage; \
3 refused, or there is no such thing; 4 unavailable (no server, disk, port, lock); 5 a fault of ours";

/// A command that could not do as asked.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub(crate) struct Failure {
    code: u8,
    text: String,
}

impl Failure {
    /// A check found a violation.
    pub(crate) fn found(text: impl Into<String>) -> Self {
        Self::new(1, text)
    }
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::new(2, text)
    }
    pub(crate) fn refused(text: impl Into<String>) -> Self {
        Self::new(3, text)
    }
    pub(crate) fn unavailable(text: impl Into<String>) -> Self {
        Self::new(4, text)
    }
    pub(crate) fn fault(text: impl Into<String>) -> Self {
        Self::new(5, text)
    }
    /// Nobody reads what is shown: the end, and no failure.
    pub(crate) fn reader_gone() -> Self {
        Self::new(0, "")
    }
    /// Whether there is nothing to say about it.
    pub(crate) const fn is_quiet(&self) -> bool {
        self.text.is_empty()
    }
    fn new(code: u8, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
        }
    }
    /// The same with what it means or what to do, behind it.
    pub(crate) fn with(self, hint: &str) -> Self {
        Self::new(self.code, format!("{}\n{hint}", self.text))
    }
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::unavailable(error.to_string())
    }
}

impl From<store::proof::ProofError> for Failure {
    fn from(error: store::proof::ProofError) -> Self {
        match store::Kind::kind(&error) {
            store::ErrorKind::Invalid => Self::refused(error.to_string()),
            store::ErrorKind::Conflict | store::ErrorKind::Busy | store::ErrorKind::Unavailable => {
                Self::unavailable(error.to_string())
            }
            store::ErrorKind::Fault => Self::fault(error.to_string()),
        }
    }
}

impl From<crate::config::ConfigError> for Failure {
    fn from(error: crate::config::ConfigError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<crate::app::AppError> for Failure {
    fn from(error: crate::app::AppError) -> Self {
        match error {
            crate::app::AppError::DataDir(crate::data_dir::DataDirError::OtherMode { .. }) => {
                Self::refused(error.to_string())
            }
            crate::app::AppError::Open(store::OpenError::Missing(_))
            | crate::app::AppError::Open(store::OpenError::HalfFilled { .. })
            | crate::app::AppError::OtherMode { .. }
            | crate::app::AppError::HalfFilled(_)
            | crate::app::AppError::Driven
            | crate::app::AppError::Descriptors { .. }
            | crate::app::AppError::OtherRows
            | crate::app::AppError::OtherBuild(_)
            | crate::app::AppError::NoKeys(_)
            | crate::app::AppError::MissingLog(_)
            | crate::app::AppError::OlderKeys { .. }
            | crate::app::AppError::OtherKeys => Self::refused(error.to_string()),
            crate::app::AppError::NotBuilt(_) => Self::usage(error.to_string()),
            other => Self::unavailable(other.to_string()),
        }
    }
}

impl From<domain::ports::event_store::StoreError> for Failure {
    fn from(error: domain::ports::event_store::StoreError) -> Self {
        Self::unavailable(error.to_string())
    }
}

impl From<projections::ProjectionError> for Failure {
    fn from(error: projections::ProjectionError) -> Self {
        match error.kind() {
            projections::ErrorKind::Unavailable => Self::unavailable(error.to_string()),
            projections::ErrorKind::Corrupt | projections::ErrorKind::Fault => Self::fault(error.to_string()),
        }
    }
}

impl From<crate::reply::Problem> for Failure {
    fn from(problem: crate::reply::Problem) -> Self {
        if problem.is_ours() {
            Self::unavailable(problem.detail)
        } else {
            Self::refused(problem.detail)
        }
    }
}

impl From<crate::rehearsal::RehearsalError> for Failure {
    fn from(error: crate::rehearsal::RehearsalError) -> Self {
        Self::unavailable(error.to_string())
    }
}
