//! Segments: how many customers they select, and which, now or at a position of the log.
//!
//! The rows have values in clear, so they are kept in memory only: one set for the process, brought up to
//! date with the log when a question is asked (decision 0111). A question about the past builds rows of its
//! own. Questions are answered one at a time, on a separate thread.

mod frozen_list;
mod grading;
mod grouping;
mod industries;
mod rfm;
mod row_updates;
pub mod service;
pub mod visibility;

use crate::as_of::Moment;
use crate::inquiries::{ReadContent, Reader, put_on_record};
use crate::installation::Installation;
use domain::attribute::BuiltInAttribute;
use domain::campaign::event::FrozenSegment;
use domain::ids::CustomerId;
use domain::inquiry::ReadForm;
use domain::problem::{MemberError, Problem};
use domain::segment::{FaultKind, SEGMENT_BYTES_MAX, Segment, SegmentFault, members_digest};
use domain::stored_event::Position;
use domain::time::Timestamp;
pub use frozen_list::FrozenList;
pub use grading::{GradesChangeResponse, GradesRequest};
pub use grouping::GroupsFound;
pub use industries::Industries;
use intake::members::ApiRequest;
pub use rfm::{RfmGradesResponse, RfmRequest};
use schemars::JsonSchema;
use serde::Serialize;
use service::{SegmentAnswer, SegmentQuery};
use visibility::SegmentVisibility;

/// Customers named in a preview by default.
pub const SAMPLE_DEFAULT: u32 = 10;
/// Most customers named in a preview. A record of a longer read could not be reviewed.
pub const SAMPLE_MAX: u32 = 100;

/// Most customers of a frozen segment. They are enrolled by one request, with their rows in memory at once.
pub const FROZEN_MAX: u64 = 100_000;

/// Most columns of a segment that its record names. A record of a read has at most 32 fields.
const COLUMNS_NAMED_MAX: usize = 30;

/// A segment to evaluate, and the moment.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "sql": "SELECT * FROM customers WHERE age BETWEEN 25 AND 35" }]))]
pub struct SegmentRequest {
    /// `SELECT * FROM customers [WHERE …] [ORDER BY …] [LIMIT n]`.
    #[schemars(length(min = 1, max = SEGMENT_BYTES_MAX), example = &"SELECT * FROM customers WHERE age > 30")]
    sql: String,
    /// A log position or a time: what was known then. Default: now.
    #[schemars(example = &"1200")]
    as_of: Option<String>,
    /// The value of NOW(). Default: now, or the time of `as_of`.
    #[member(parse)]
    at: Option<Timestamp>,
    /// Number of customers to name in a preview.
    #[schemars(range(min = 1, max = SAMPLE_MAX))]
    sample: Option<u32>,
}

/// The reply for a segment that is valid.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SegmentChecked {
    /// SHA-256 of the segment's text.
    #[schemars(example = &"0f343b0931126a20f133d67c2b018a3b0f343b0931126a20f133d67c2b018a3b")]
    pub sha256: String,
    pub ordered: bool,
    pub limit: Option<u64>,
}

/// The reply with the number of customers that a segment selects.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SegmentCounted {
    pub count: u64,
    /// True if the count is rounded down to tens: the segment uses sealed attributes, which the caller may
    /// not see in clear.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub rounded: bool,
    /// The log position up to which the answer was computed.
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
    /// The value of NOW(). Together with the position, it reproduces the answer.
    pub at: Timestamp,
}

/// The number of customers, and some of them.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SegmentPreviewed {
    #[serde(flatten)]
    pub counted: SegmentCounted,
    /// Our customer ids, in the segment's order. Empty for a caller without `customers:read`, or without
    /// `customers:reveal` if the segment uses sealed attributes.
    pub sample: Vec<CustomerId>,
}

/// What is needed from a segment besides its count.
#[derive(Default)]
struct SelectionOptions {
    named_max: u64,
    /// Facts of all customers that it selects.
    known: Vec<&'static BuiltInAttribute>,
    /// True if the segment is frozen for a campaign.
    is_frozen: bool,
}

impl SelectionOptions {
    fn named(named_max: u64) -> Self {
        Self {
            named_max,
            ..Self::default()
        }
    }

    fn known(known: Vec<&'static BuiltInAttribute>) -> Self {
        Self {
            known,
            ..Self::default()
        }
    }
}

/// All customers that a segment selects, by id, and the record of the segment.
pub struct SegmentMembers {
    pub ids: Vec<CustomerId>,
    pub frozen: FrozenSegment,
}

/// Parses the SQL of a segment. Fails with the place of the error in the text, as an invalid member of the
/// request body.
pub fn read(sql: &str) -> Result<Segment, Problem> {
    Segment::read(sql).map_err(|fault| explain(&fault))
}

fn explain(fault: &SegmentFault) -> Problem {
    match fault.kind {
        FaultKind::Syntax
        | FaultKind::TooLarge
        | FaultKind::Forbidden
        | FaultKind::UnknownColumn
        | FaultKind::WrongType => Problem::members(vec![MemberError {
            pointer: "/sql".to_owned(),
            detail: fault.to_string(),
        }]),
    }
}

impl Installation {
    /// Returns whether and how a segment is valid: its digest, order and limit. No customer is read. Fails
    /// as `read` does.
    pub fn check_segment(&self, order: &SegmentRequest) -> Result<SegmentChecked, Problem> {
        let segment = read(&order.sql)?;
        Ok(SegmentChecked {
            sha256: segment.digest(),
            ordered: !segment.order().is_empty(),
            limit: segment.limit(),
        })
    }

    /// Returns the number of customers that a segment selects, rounded as `sight` requires. If the segment
    /// uses sealed columns, the read is logged first.
    pub async fn count_segment(
        &self,
        order: SegmentRequest,
        sight: SegmentVisibility,
        reader: Reader,
    ) -> Result<SegmentCounted, Problem> {
        let segment = read(&order.sql)?;
        let (counted, _) = self.asked_segment(order, SelectionOptions::default()).await?;
        if !segment.sealed_columns().is_empty() {
            self.note_segment(reader, &segment).await?;
        }
        Ok(sight.counted(counted, &segment))
    }

    /// Returns the count and the ids of some of the customers, as far as `sight` permits. The read is
    /// logged first.
    pub async fn preview_segment(
        &self,
        order: SegmentRequest,
        sight: SegmentVisibility,
        reader: Reader,
    ) -> Result<SegmentPreviewed, Problem> {
        let segment = read(&order.sql)?;
        let named_max = match sight.names(&segment) {
            true => u64::from(order.sample.unwrap_or(SAMPLE_DEFAULT)),
            false => 0,
        };
        let (counted, answer) = self
            .asked_segment(order, SelectionOptions::named(named_max))
            .await?;
        self.note_segment(reader, &segment).await?;
        Ok(SegmentPreviewed {
            counted: sight.counted(counted, &segment),
            sample: answer.members,
        })
    }

    /// Logs a read of a segment, with the sealed columns that it uses.
    async fn note_segment(&self, reader: Reader, segment: &Segment) -> Result<(), Problem> {
        let columns = segment.sealed_columns().into_iter().take(COLUMNS_NAMED_MAX);
        let shown = ReadContent::of(&["segment"], ReadForm::Masked).with_columns(columns.collect());
        put_on_record(self, reader, shown).await.map(drop)
    }

    /// Returns all customers that the segment selects now; with `asked_before`, those that it selected at
    /// that position. Fails above `FROZEN_MAX`.
    pub async fn members_of_segment(
        &self,
        sql: &str,
        asked_before: Option<&FrozenSegment>,
    ) -> Result<SegmentMembers, Problem> {
        let order = SegmentRequest {
            sql: sql.to_owned(),
            as_of: asked_before.map(|before| before.position.to_string()),
            at: asked_before.map(|before| before.asked_at),
            sample: None,
        };
        let wanted = SelectionOptions {
            is_frozen: asked_before.is_some(),
            ..SelectionOptions::named(FROZEN_MAX + 1)
        };
        let (counted, answer) = self.asked_segment(order, wanted).await?;
        let mut ids = answer.members;
        if counted.count > FROZEN_MAX {
            let detail = format!(
                "{} customers, more than the limit of {FROZEN_MAX} per campaign",
                counted.count
            );
            return Err(Problem::refused("segment-too-large", detail));
        }
        ids.sort_unstable();
        let frozen = FrozenSegment {
            sql: sql.to_owned(),
            sha256: read(sql)?.digest(),
            position: counted.position,
            asked_at: counted.at,
            count: counted.count,
            members_sha256: members_digest(ids.iter().map(CustomerId::as_str)),
        };
        Ok(SegmentMembers { ids, frozen })
    }

    async fn asked_segment(
        &self,
        order: SegmentRequest,
        wanted: SelectionOptions,
    ) -> Result<(SegmentCounted, SegmentAnswer), Problem> {
        let segment = read(&order.sql)?;
        let moment = Moment::parse(order.as_of.as_deref(), None)?;
        let (until, known_at, is_past) = match moment.is_now() {
            true => (self.store().head().await?, None, false),
            false => {
                let then = moment.resolve(self.store(), self.now()).await?;
                (then.position, then.at(), true)
            }
        };
        let at = order.at.or(known_at).unwrap_or_else(|| self.now());
        let asked = SegmentQuery {
            segment,
            until,
            at,
            is_past,
            is_frozen: wanted.is_frozen,
            named_max: wanted.named_max,
            known: wanted.known,
        };
        let answer = self.segments.ask(&self.environment, &self.past, asked).await?;
        let counted = SegmentCounted {
            count: answer.count,
            rounded: false,
            position: until,
            at,
        };
        Ok((counted, answer))
    }
}
