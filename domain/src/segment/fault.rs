//! Faults of a segment: what is wrong, where, and what is permitted there.

use super::SEGMENT_BYTES_MAX;
use std::fmt;

/// The kind of a segment's fault, as responses name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// It cannot be parsed as SQL.
    Syntax,
    /// It is longer or deeper than permitted, or has too many parts.
    TooLarge,
    /// It is SQL that segments do not support.
    Forbidden,
    UnknownColumn,
    /// A value does not have the column's type.
    WrongType,
}

/// One fault of a segment's text. Line and column count characters from 1; both are 0 if the fault concerns
/// the whole segment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct SegmentFault {
    pub kind: FaultKind,
    pub what: String,
    /// What is permitted instead.
    pub hint: String,
    pub line: u64,
    pub column: u64,
}

impl SegmentFault {
    pub(super) fn at(
        kind: FaultKind,
        what: impl Into<String>,
        hint: impl Into<String>,
        at: TextLocation,
    ) -> Self {
        Self {
            kind,
            what: what.into(),
            hint: hint.into(),
            line: at.0.line,
            column: at.0.column,
        }
    }

    /// Returns the fault with its column moved left on the first line: the condition was parsed after a
    /// fixed prefix of `chars` characters.
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

/// The position of a part in a segment's text.
#[derive(Debug, Clone, Copy)]
pub(super) struct TextLocation(pub(super) sqlparser::tokenizer::Location);

impl TextLocation {
    pub(super) const NONE: Self = Self(sqlparser::tokenizer::Location { line: 0, column: 0 });

    pub(super) fn of(part: &impl sqlparser::ast::Spanned) -> Self {
        Self(part.span().start)
    }
}
