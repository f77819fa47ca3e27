//! Routes of segments (客群): check, count, preview, group and grade them. The segment is sent in the body,
//! never in the URL.

use crate::api_description::{ChangeReply, ReadReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::reply::WriteResult;
use application::segments::visibility::SegmentVisibility;
use application::segments::{
    GradesChangeResponse, GradesRequest, GroupsFound, RfmGradesResponse, RfmRequest, SegmentChecked,
    SegmentCounted, SegmentPreviewed, SegmentRequest,
};
use domain::attribute::{AttributeType, CATALOGUE, TagLevel};
use domain::problem::Problem;
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/segments/check", "Check a segment", check)
            .describe("Returns whether the segment (客群) is valid, or the error with line and column.")
            .needs(Permission::QueryRun, EndpointSubject::Everybody)
            .takes::<SegmentRequest>(),
        Endpoint::post(
            "/api/v1/segments/count",
            "Count the customers of a segment",
            count,
        )
        .describe("Returns the number of customers, now or as of a log position.")
        .needs(Permission::QueryRun, EndpointSubject::Everybody)
        .takes::<SegmentRequest>(),
        Endpoint::post("/api/v1/segments/preview", "Preview a segment", preview)
            .describe("Returns the number of customers and the internal ids of some of them.")
            .needs(Permission::QueryRun, EndpointSubject::Everybody)
            .takes::<SegmentRequest>(),
        Endpoint::post("/api/v1/segments/groups", "Find groups within a segment", groups)
            .describe(
                "Splits the answered customers of a segment (聚类) by the attributes that separate their \
                 conversion best; highest conversion first.",
            )
            .needs(Permission::QueryRun, EndpointSubject::Everybody)
            .takes::<SegmentRequest>(),
        Endpoint::post("/api/v1/segments/rfm", "Grade a segment by RFM", rfm)
            .describe("Grades customers by recency, frequency and money (RFM), by fifths or by given limits.")
            .needs(Permission::QueryRun, EndpointSubject::Everybody)
            .takes::<RfmRequest>(),
        Endpoint::post(
            "/api/v1/segments/rfm/write",
            "Store the RFM grades of a segment",
            write_grades,
        )
        .describe(
            "Writes the attribute `rfm_grade` of the segment's customers, page by page, with a reason. \
             `dry_run` only shows what would be written.",
        )
        .needs(Permission::CustomersAssign, EndpointSubject::Everybody)
        .takes::<GradesRequest>(),
        Endpoint::get(
            "/api/v1/segments/columns",
            "List the attributes for segments",
            |_, _| std::future::ready(Ok(columns())),
        )
        .describe("Returns the attributes that segments can test, with their types, in Chinese and English.")
        .needs(Permission::QueryRun, EndpointSubject::Unscoped),
    ]
}

async fn check(ctx: Ctx, input: Input) -> Result<ReadReply<SegmentChecked>, Problem> {
    let order: SegmentRequest = input.order().await?;
    ctx.installation.check_segment(&order).map(ReadReply)
}

async fn count(ctx: Ctx, input: Input) -> Result<ReadReply<SegmentCounted>, Problem> {
    let (reader, sight) = (input.reader_by_post(), SegmentVisibility::of(&input.caller));
    let order: SegmentRequest = input.order().await?;
    let counting = ctx.installation.count_segment(order, sight, reader);
    counting.await.map(ReadReply)
}

async fn preview(ctx: Ctx, input: Input) -> Result<ReadReply<SegmentPreviewed>, Problem> {
    let (reader, sight) = (input.reader_by_post(), SegmentVisibility::of(&input.caller));
    let order: SegmentRequest = input.order().await?;
    let previewing = ctx.installation.preview_segment(order, sight, reader);
    previewing.await.map(ReadReply)
}

async fn groups(ctx: Ctx, input: Input) -> Result<ReadReply<GroupsFound>, Problem> {
    let sight = SegmentVisibility::of(&input.caller);
    let order: SegmentRequest = input.order().await?;
    ctx.installation
        .groups_of_segment(order, sight)
        .await
        .map(ReadReply)
}

async fn rfm(ctx: Ctx, input: Input) -> Result<ReadReply<RfmGradesResponse>, Problem> {
    let sight = SegmentVisibility::of(&input.caller);
    let order: RfmRequest = input.order().await?;
    ctx.installation.rfm_of_segment(order, sight).await.map(ReadReply)
}

async fn write_grades(ctx: Ctx, input: Input) -> Result<ChangeReply<GradesChangeResponse>, Problem> {
    let cause = input.cause(&ctx.installation, "segments/rfm/write")?;
    let sight = SegmentVisibility::of(&input.caller);
    let order: GradesRequest = input.order().await?;
    let written = ctx.installation.write_grades(order, sight, cause).await?;
    Ok(ChangeReply(WriteResult {
        version: None,
        position: Some(written.position),
        body: written,
    }))
}

/// The attributes that segments can test.
#[derive(Debug, Serialize, JsonSchema)]
struct SegmentColumns {
    columns: Vec<SegmentColumn>,
}

/// A known attribute. Other attributes have a name that determines their type.
#[derive(Debug, Serialize, JsonSchema)]
struct SegmentColumn {
    #[schemars(example = &"age")]
    name: &'static str,
    #[schemars(example = &"年龄")]
    name_zh: &'static str,
    r#type: AttributeType,
    level: TagLevel,
    /// True if calls also set this attribute when they end.
    follows_calls: bool,
}

fn columns() -> ReadReply<SegmentColumns> {
    let columns = CATALOGUE.iter().map(|known| SegmentColumn {
        name: known.name,
        name_zh: known.name_zh,
        r#type: known.kind,
        level: known.level,
        follows_calls: known.follows_calls,
    });
    ReadReply(SegmentColumns {
        columns: columns.collect(),
    })
}
