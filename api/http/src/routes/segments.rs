//! Segments over HTTP: checked, counted, previewed. What is asked stands in the body, never in an address.

use crate::described::{Changed, Read};
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::reply::Written;
use application::segments::sight::SegmentSight;
use application::segments::{
    GradesOrder, GradesWritten, GroupsFound, RfmGraded, RfmOrder, SegmentChecked, SegmentCounted,
    SegmentOrder, SegmentPreviewed,
};
use domain::attribute::{AttributeType, CATALOGUE, TagLevel};
use domain::problem::Problem;
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/segments/check",
            "Whether a segment (客群) may be asked; what is wrong is told with its line and column",
            check,
        )
        .needs(Permission::QueryRun, About::Everybody)
        .takes::<SegmentOrder>(),
        Endpoint::post(
            "/api/v1/segments/count",
            "How many customers a segment means, now or as of a position of the log",
            count,
        )
        .needs(Permission::QueryRun, About::Everybody)
        .takes::<SegmentOrder>(),
        Endpoint::post(
            "/api/v1/segments/preview",
            "How many customers a segment means, and some of them, by our ids",
            preview,
        )
        .needs(Permission::QueryRun, About::Everybody)
        .takes::<SegmentOrder>(),
        Endpoint::post(
            "/api/v1/segments/groups",
            "Groups of the answered customers of a segment (聚类), by what tells their conversion apart; best first",
            groups,
        )
        .needs(Permission::QueryRun, About::Everybody)
        .takes::<SegmentOrder>(),
        Endpoint::post(
            "/api/v1/segments/rfm",
            "Customers of a segment by recency, frequency and money (RFM): by fifths, or by given limits",
            rfm,
        )
        .needs(Permission::QueryRun, About::Everybody)
        .takes::<RfmOrder>(),
        Endpoint::post(
            "/api/v1/segments/rfm/write",
            "Write the grades of a segment's customers onto them (rfm_grade), page by page, for a reason; or say what would be",
            write_grades,
        )
        .needs(Permission::CustomersAssign, About::Everybody)
        .takes::<GradesOrder>(),
        Endpoint::get(
            "/api/v1/segments/columns",
            "The attributes that segments ask, with their types, in zh and en",
            |_, _| std::future::ready(Ok(columns())),
        )
        .needs(Permission::QueryRun, About::Nobody),
    ]
}

async fn check(ctx: Ctx, input: Input) -> Result<Read<SegmentChecked>, Problem> {
    let order: SegmentOrder = input.order().await?;
    ctx.installation.check_segment(&order).map(Read)
}

async fn count(ctx: Ctx, input: Input) -> Result<Read<SegmentCounted>, Problem> {
    let (reader, sight) = (input.reader_by_post(), SegmentSight::of(&input.caller));
    let order: SegmentOrder = input.order().await?;
    let counting = ctx.installation.count_segment(order, sight, reader);
    counting.await.map(Read)
}

async fn preview(ctx: Ctx, input: Input) -> Result<Read<SegmentPreviewed>, Problem> {
    let (reader, sight) = (input.reader_by_post(), SegmentSight::of(&input.caller));
    let order: SegmentOrder = input.order().await?;
    let previewing = ctx.installation.preview_segment(order, sight, reader);
    previewing.await.map(Read)
}

async fn groups(ctx: Ctx, input: Input) -> Result<Read<GroupsFound>, Problem> {
    let sight = SegmentSight::of(&input.caller);
    let order: SegmentOrder = input.order().await?;
    ctx.installation.groups_of_segment(order, sight).await.map(Read)
}

async fn rfm(ctx: Ctx, input: Input) -> Result<Read<RfmGraded>, Problem> {
    let sight = SegmentSight::of(&input.caller);
    let order: RfmOrder = input.order().await?;
    ctx.installation.rfm_of_segment(order, sight).await.map(Read)
}

async fn write_grades(ctx: Ctx, input: Input) -> Result<Changed<GradesWritten>, Problem> {
    let cause = input.cause(&ctx.installation, "segments/rfm/write")?;
    let sight = SegmentSight::of(&input.caller);
    let order: GradesOrder = input.order().await?;
    let written = ctx.installation.write_grades(order, sight, cause).await?;
    Ok(Changed(Written {
        version: None,
        position: Some(written.position),
        body: written,
    }))
}

/// What segments may ask.
#[derive(Debug, Serialize, JsonSchema)]
struct SegmentColumns {
    columns: Vec<SegmentColumn>,
}

/// A known attribute; further ones say their type by their name.
#[derive(Debug, Serialize, JsonSchema)]
struct SegmentColumn {
    #[schemars(example = &"age")]
    name: &'static str,
    #[schemars(example = &"年龄")]
    name_zh: &'static str,
    r#type: AttributeType,
    level: TagLevel,
    /// Also set as calls end.
    follows_calls: bool,
}

fn columns() -> Read<SegmentColumns> {
    let columns = CATALOGUE.iter().map(|known| SegmentColumn {
        name: known.name,
        name_zh: known.name_zh,
        r#type: known.kind,
        level: known.level,
        follows_calls: known.follows_calls,
    });
    Read(SegmentColumns {
        columns: columns.collect(),
    })
}
