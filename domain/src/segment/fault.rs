//! What is wrong with a segment, where, and what may stand there.

use super::SEGMENT_BYTES_MAX;
use std::fmt;

/// Of which kind a fault is, as replies name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// It cannot be read as SQL.
    Syntax,
    /// Longer, deeper or more than may be asked.
    TooLarge,
    /// SQL, but not of segments.
    Forbidden,
    UnknownColumn,
    /// A value is not of its column's type.
    WrongType,
}

/// One fault. The line and column count characters from 1; both are 0 where the whole is meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct SegmentFault {
    pub kind: FaultKind,
    pub what: String,
    /// What may stand there.
    pub hint: String,
    pub line: u64,
    pub column: u64,
}

impl SegmentFault {
    pub(super) fn at(kind: FaultKind, what: impl Into<String>, hint: impl Into<String>, at: Place) -> Self {
        Self {
            kind,
            what: what.into(),
            hint: hint.into(),
            line: at.0.line,
            column: at.0.column,
        }
    }

    /// A condition was read behind other words: its first line begins later there.
    pub(super) fn moved_left(self, chars: usize) -> Self {
        let moved = u64::try_from(chars).unwrap_or(u64::MAX);
        match self.line {
            1 => Self {
                column: self.column.saturating_sub(moved),
                ..self
            },
            _ => self,
        }
    }

    pub(super) fn more_than_a_condition() -> Self {
        Self {
            kind: FaultKind::Forbidden,
            what: "contains more than a condition".to_owned(),
            hint: "the condition after WHERE, without ORDER BY and LIMIT".to_owned(),
            line: 0,
            column: 0,
        }
    }

    pub(super) fn too_long(bytes: usize) -> Self {
        Self {
            kind: FaultKind::TooLarge,
            what: format!("{bytes} bytes"),
            hint: format!("a segment can have at most {SEGMENT_BYTES_MAX}"),
            line: 0,
            column: 0,
        }
    }
}

impl fmt::Display for SegmentFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if self.line > 0 {
            write!(f, " at line {}, column {}", self.line, self.column)?;
        }
        write!(f, ": {}", self.hint)
    }
}

/// Where something stands in what was written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place(pub(super) sqlparser::tokenizer::Location);

impl Place {
    pub(super) const NONE: Self = Self(sqlparser::tokenizer::Location { line: 0, column: 0 });

    pub(super) fn of(part: &impl sqlparser::ast::Spanned) -> Self {
        Self(part.span().start)
    }
}
