//! One finding of `ledgerline doctor`: what was checked, how it went, and what it says.

/// How one check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finding {
    Good,
    /// Works, with something worth knowing.
    Note,
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
