//! The failure of a command: its text and its exit code.

use domain::problem::Problem;
pub(crate) use host::exit_code::EXIT_CODES;
use host::exit_code::{FAULT, FOUND, REFUSED, UNAVAILABLE, USAGE, exit_code};
use std::process::ExitCode;

/// A failed command: an exit code for scripts and a text for people.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub(crate) struct Failure {
    code: u8,
    text: String,
}

impl Failure {
    /// A check ran and found a violation.
    pub(crate) fn found(text: impl Into<String>) -> Self {
        Self::new(FOUND, text)
    }
    /// The command line is wrong.
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::new(USAGE, text)
    }
    /// Returns the failure of a request that a rule or the present state forbids: exit code 3.
    pub(crate) fn refused(text: impl Into<String>) -> Self {
        Self::new(REFUSED, text)
    }
    /// Returns the failure for a limit that was reached, or a file, server or database that cannot be used
    /// now: exit code 4.
    pub(crate) fn unavailable(text: impl Into<String>) -> Self {
        Self::new(UNAVAILABLE, text)
    }
    /// Returns the failure for a bug of this program, or damaged data.
    pub(crate) fn fault(text: impl Into<String>) -> Self {
        Self::new(FAULT, text)
    }
    /// Returns the failure after the reader of the output closed the pipe: the command ends with exit code
    /// 0 and prints nothing.
    pub(crate) fn reader_gone() -> Self {
        Self::new(0, "")
    }
    /// Returns true if there is no text to print.
    pub(crate) const fn is_quiet(&self) -> bool {
        self.text.is_empty()
    }
    fn new(code: u8, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
        }
    }
    /// Returns the failure with a hint on a second line: what it means or what to do.
    pub(crate) fn with(self, hint: &str) -> Self {
        Self::new(self.code, format!("{}\n{hint}", self.text))
    }
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

impl From<Problem> for Failure {
    /// Converts a problem. The text is the internal cause if there is one: a command that works on the
    /// directory itself has no other log to show it.
    fn from(problem: Problem) -> Self {
        let text = match problem.cause() {
            None => problem.detail,
            Some(cause) => cause.to_owned(),
        };
        Self::new(exit_code(problem.kind), text)
    }
}

/// Implements `From<error> for Failure` by converting the error to a `Problem`, so that the kind of problem
/// decides the exit code, not the command.
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
