//! The route that fixes the customers of a campaign by a segment and enrols them as one list.

use crate::described::Changed;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::importing::{APPROVAL, Importing, ListRows, run};
use crate::reply::Written;
use application::lists::load::{ImportReport, Load, SharedShown};
use application::segments::read;
use application::segments::sight::{SegmentSight, rounded};
use domain::campaign::event::FrozenSegment;
use domain::ids::CampaignId;
use domain::problem::Problem;
use domain::segment::SEGMENT_BYTES_MAX;
use intake::members::{Members, Order};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/campaigns/{id}/segment",
            "Fix a campaign's customers by a segment and enrol them",
            freeze,
        )
        .describe(
            "Evaluates the segment (客群) once, stores its text, log position and count, and enrols the \
             customers as one list. The same segment again continues with the same customers; another one \
             is refused.",
        )
        .needs(Permission::CampaignsWrite, About::Campaign)
        .takes::<CampaignSegmentOrder>()
        .query(const { &[APPROVAL] }),
    ]
}

/// The body that fixes the segment of a campaign.
#[derive(JsonSchema)]
struct CampaignSegmentOrder {
    /// `SELECT * FROM customers [WHERE …] [ORDER BY …] [LIMIT n]`.
    #[schemars(length(min = 1, max = SEGMENT_BYTES_MAX), example = &"SELECT * FROM customers WHERE age > 30")]
    sql: String,
}

impl Order for CampaignSegmentOrder {
    fn read(body: &mut Members) -> Self {
        Self {
            sql: body.needed_short_text("sql", SEGMENT_BYTES_MAX),
        }
    }
}

/// The fixed segment, and the import of its list.
#[derive(Debug, Serialize, JsonSchema)]
struct SegmentEnrolled {
    segment: FrozenSegment,
    /// Customers of the segment without a phone number, or with values that cannot be read. They are not in
    /// the list.
    unreachable_count: u64,
    import: ImportReport,
}

impl SegmentEnrolled {
    /// Rounds the counts down to tens and removes the rows. For a caller who may not see in clear the
    /// attributes that the segment tests.
    fn round(&mut self) {
        let import = &mut self.import;
        for count in [
            &mut self.segment.count,
            &mut self.unreachable_count,
            &mut import.rows,
            &mut import.enrolled,
            &mut import.duplicates,
            &mut import.bad_count,
            &mut import.same_number.count,
            &mut import.same_number.left_out,
        ] {
            *count = rounded(*count);
        }
        import.bad.clear();
        import.same_number.rows.clear();
    }
}

async fn freeze(ctx: Ctx, input: Input) -> Result<Changed<SegmentEnrolled>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let asked = Importing::of(&ctx.installation, &input)?;
    let cause = input.cause(&ctx.installation, "campaigns/segment")?;
    let sight = SegmentSight::of(&input.caller);
    let CampaignSegmentOrder { sql } = input.order().await?;
    let rounds = sight.rounds(&read(&sql)?);
    let list = ctx.installation.freeze_for(&campaign, &sql, sight, cause).await?;
    let plan = Load {
        rules: list.rules,
        source: "segment".to_owned(),
        format: "segment".to_owned(),
        dry_run: false,
        shared: SharedShown::OfFile,
        course: Arc::default(),
    };
    let Changed(Written {
        body,
        version,
        position,
    }) = run(&ctx, plan, ListRows::Members(list.records), asked).await?;
    let mut enrolled = SegmentEnrolled {
        segment: list.frozen,
        unreachable_count: list.unreachable_count,
        import: body,
    };
    if rounds {
        enrolled.round();
    }
    Ok(Changed(Written {
        body: enrolled,
        version,
        position,
    }))
}
