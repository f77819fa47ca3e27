//! Where a configured value comes from: a flag, a variable, a line of the file, or the default.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// The source of a configured value, as messages name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    Default,
    /// The file, and the line of the key; without a line, the file as a whole.
    File {
        path: Arc<Path>,
        line: Option<usize>,
    },
    /// The name of the environment variable.
    Variable(String),
    /// The flag with its dashes, such as `--http`.
    Flag(String),
}

impl Origin {
    /// Returns the rank of the source: the value of the highest rank applies.
    pub(crate) const fn rank(&self) -> u8 {
        match self {
            Self::Default => 0,
            Self::File { .. } => 1,
            Self::Variable(_) => 2,
            Self::Flag(_) => 3,
        }
    }

    /// Returns the kind of source as a word for programs.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File { .. } => "file",
            Self::Variable(_) => "environment",
            Self::Flag(_) => "flag",
        }
    }

    /// Returns the line in the file; 0 for any other source.
    pub(crate) fn line(&self) -> usize {
        match self {
            Self::File { line, .. } => line.unwrap_or_default(),
            Self::Default | Self::Variable(_) | Self::Flag(_) => 0,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line: None } => write!(f, "{}", path.display()),
            Self::File {
                path,
                line: Some(line),
            } => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}
