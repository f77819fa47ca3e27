//! Refusals of a report command. No event is stored.

use crate::problem::DomainRefusal;
use crate::record::stored_event::Position;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportRefusal {
    #[error("this report was issued at position {issued}: {asked} is earlier")]
    Earlier { asked: Position, issued: Position },
    #[error("this report was issued as of the same position with other figures: {0}")]
    OtherFigures(String),
    #[error("{0} is not a SHA-256 in lower-case hexadecimal digits")]
    NoDigest(String),
}

impl DomainRefusal for ReportRefusal {}
