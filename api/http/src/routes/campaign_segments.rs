//! The route that fixes the customers of a campaign by a segment and enrols them as one list.

use crate::api_description::ChangeReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::list_import::{APPROVAL, ImportParameters, ListRows, run};
use crate::reply::WriteResult;
use application::lists::load::{ImportReport, ListImport, SharedRowsFilter};
use application::segments::read;
use application::segments::visibility::{SegmentVisibility, rounded};
use domain::campaign::event::FrozenSegment;
use domain::ids::CampaignId;
use domain::problem::Problem;
use domain::segment::SEGMENT_BYTES_MAX;
use intake::members::ApiRequest;
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
        .needs(Permission::CampaignsWrite, EndpointSubject::Campaign)
        .takes::<CampaignSegmentRequest>()
        .query(const { &[APPROVAL] }),
    ]
}

/// The body that fixes the segment of a campaign.
#[derive(ApiRequest, JsonSchema)]
struct CampaignSegmentRequest {
    /// `SELECT * FROM customers [WHERE …] [ORDER BY …] [LIMIT n]`.
    #[schemars(length(min = 1, max = SEGMENT_BYTES_MAX), example = &"SELECT * FROM customers WHERE age > 30")]
    sql: String,
}

/// The fixed segment, and the import of its list.
#[derive(Debug, Serialize, JsonSchema)]
struct SegmentEnrolmentResponse {
    segment: FrozenSegment,
    /// Customers of the segment without a phone number, or with values that cannot be read. They are not in
    /// the list.
    unreachable_count: u64,
    import: ImportReport,
}

impl SegmentEnrolmentResponse {
    /// Rounds the counts of the reply down to tens and removes its rows, for a caller who may not see in
    /// clear the attributes that the segment tests.
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

async fn freeze(ctx: Ctx, input: Input) -> Result<ChangeReply<SegmentEnrolmentResponse>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let asked = ImportParameters::of(&ctx.installation, &input)?;
    let cause = input.cause(&ctx.installation, "campaigns/segment")?;
    let sight = SegmentVisibility::of(&input.caller);
    let CampaignSegmentRequest { sql } = input.order().await?;
    let rounds = sight.rounds(&read(&sql)?);
    let list = ctx.installation.freeze_for(&campaign, &sql, sight, cause).await?;
    let plan = ListImport {
        rules: list.rules,
        source: "segment".to_owned(),
        format: "segment".to_owned(),
        dry_run: false,
        shared: SharedRowsFilter::OfFile,
        course: Arc::default(),
    };
    let ChangeReply(WriteResult {
        body,
        version,
        position,
    }) = run(&ctx, plan, ListRows::Members(list.records), asked).await?;
    let mut enrolled = SegmentEnrolmentResponse {
        segment: list.frozen,
        unreachable_count: list.unreachable_count,
        import: body,
    };
    if rounds {
        enrolled.round();
    }
    Ok(ChangeReply(WriteResult {
        body: enrolled,
        version,
        position,
    }))
}
