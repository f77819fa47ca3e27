//! Why a command to a report can be refused: a rule said no, nothing was written.

use crate::problem::Explained;
use crate::record::stored_event::Position;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportRefusal {
    #[error("this report was issued as of position {issued}: {asked} is before that")]
    Earlier { asked: Position, issued: Position },
    #[error("this report was issued as of the same position with other figures: {0}")]
    OtherFigures(String),
    #[error("{0} is not a SHA-256 in lower-case hexadecimal digits")]
    NoDigest(String),
}

impl Explained for ReportRefusal {}
