//! One check of `ledgerline doctor`: its name, its result and a text for the operator.

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finding {
    /// No problem.
    Good,
    /// Works, with a remark.
    Note,
    /// A problem; the command exits with 1.
    Bad,
}

impl Finding {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Note => "note",
            Self::Bad => "bad",
        }
    }
}

/// A check that was made.
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) finding: Finding,
    pub(super) says: String,
}

impl Check {
    pub(super) fn new(name: &'static str, finding: Finding, says: impl Into<String>) -> Self {
        Self {
            name,
            finding,
            says: says.into(),
        }
    }
}
