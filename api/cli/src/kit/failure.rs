//! Why a command failed, and the exit code that says so to scripts.

use domain::problem::Problem;
pub(crate) use host::exit_code::EXIT_CODES;
use host::exit_code::{FAULT, FOUND, REFUSED, UNAVAILABLE, USAGE, exit_code};
use std::process::ExitCode;

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
        Self::new(FOUND, text)
    }
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::new(USAGE, text)
    }
    pub(crate) fn refused(text: impl Into<String>) -> Self {
        Self::new(REFUSED, text)
    }
    pub(crate) fn unavailable(text: impl Into<String>) -> Self {
        Self::new(UNAVAILABLE, text)
    }
    pub(crate) fn fault(text: impl Into<String>) -> Self {
        Self::new(FAULT, text)
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

impl From<Problem> for Failure {
    /// Who runs a command on the directory itself is told what caused a fault: there is no other log.
    fn from(problem: Problem) -> Self {
        let text = match problem.cause() {
            None => problem.detail,
            Some(cause) => cause.to_owned(),
        };
        Self::new(exit_code(problem.kind), text)
    }
}

/// Each error becomes a problem first: its kind decides, not the command that met it.
macro_rules! by_way_of_problems {
    ($($error:ty),+ $(,)?) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Problem::from(error).into()
            }
        })+
    };
}

by_way_of_problems! {
    std::io::Error,
    domain::ports::event_store::StoreError,
    domain::ports::vault::VaultError,
    projections::ProjectionError,
    store::backup::BackupError,
    store::proof::ProofError,
    store::KeyBackupError,
    host::app::AppError,
    host::config::ConfigError,
    host::rehearsal::RehearsalError,
}
