//! Routes of targets: set and show a campaign's targets, and compare them with its figures (REP-4).

use crate::api_description::{ChangeReply, ReadReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::paging::{CURSOR, LIMIT, ListPage, PageLength, Paging};
use crate::reply::WriteResult;
use application::as_of::{AS_OF, Moment, VALID_AT};
use application::figures::{QualifiedAnswer, Source};
use application::parameter::Parameter;
use application::targets::{PRESETS, TargetActual, campaign_of, target_actual, targetable};
use domain::campaign::TARGETS_MAX;
use domain::campaign::command::CampaignCommand;
use domain::campaign::event::Target;
use domain::ids::CampaignId;
use domain::problem::Problem;
use intake::members::{ApiRequest, Members};
use projections::View;
use projections::views::campaign_board::CampaignBoard;
use projections::views::metric_board::MetricBoard;
use projections::views::target_board::{TargetBoard, TargetRow, targets};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;
use std::sync::Arc;

/// Length of a page of the comparison: 200 rows, because each needs a few queries.
const ROWS: PageLength = PageLength {
    unasked: 200,
    most: 200,
};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/campaigns/{id}/targets", "Get a campaign's targets", show)
            .describe("Returns the metrics with their target ratios.")
            .needs(Permission::CampaignsRead, EndpointSubject::Campaign),
        Endpoint::post("/api/v1/campaigns/{id}/targets", "Set a campaign's targets", set)
            .describe("Replaces all earlier targets: by list, or by the preset `general` or `bank`.")
            .needs(Permission::CampaignsWrite, EndpointSubject::Campaign)
            .takes::<TargetsRequest>(),
        Endpoint::get(
            "/api/v1/reports/target-actual",
            "Compare targets with actual figures",
            table,
        )
        .describe("Returns each target with the actual figure, and the gap split by its causes.")
        .needs(Permission::FiguresRead, EndpointSubject::CampaignAsked)
        .query(
            const {
                &[
                    Parameter::campaign("Only this campaign"),
                    AS_OF,
                    VALID_AT,
                    CURSOR,
                    LIMIT,
                ]
            },
        ),
    ]
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<TargetsResponse>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let rows = targets(ctx.installation.rows.db().as_ref(), Some(&campaign)).await?;
    Ok(ReadReply(TargetsResponse {
        campaign,
        items: rows,
    }))
}

async fn table(ctx: Ctx, input: Input) -> Result<ReadReply<QualifiedAnswer<ListPage<TargetTable>>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, ROWS)?;
    let campaign = campaign_of(input.text("campaign"))?;
    let views: Vec<Arc<dyn View>> = vec![
        Arc::new(CampaignBoard),
        Arc::new(MetricBoard),
        Arc::new(TargetBoard),
    ];
    // Expected shares are those of the other campaigns, so all campaigns are read.
    let source = Source::of_all(&ctx.installation, Moment::of(input.query())?, views).await?;
    let db = Arc::clone(&source.db);
    let place = |target: &TargetRow| (target.campaign.clone(), target.metric.clone());
    let mut all = targets(db.as_ref(), campaign.as_ref()).await?;
    all.sort_by_key(place);
    let places: Vec<_> = all.iter().map(place).collect();
    let (page, next_cursor) = paging.cut(all, place)?;
    let last = page.last().map(place);
    let mut items = Vec::with_capacity(page.len());
    for target in &page {
        items.push(target_actual(db.as_ref(), target).await?);
    }
    let list = TargetTable {
        items,
        left_off: last.map_or(0, |last| places.iter().filter(|place| **place > last).count()),
        explained: "parts add up to the gap over ended calls; expected shares are those of the other campaigns, \
            scaled to the target, or this one's own where the others have fewer than 100 calls",
    };
    Ok(ReadReply(QualifiedAnswer {
        answer: ListPage { list, next_cursor },
        completeness: source.completeness,
    }))
}

/// The targets of a campaign.
#[derive(Debug, Serialize, JsonSchema)]
struct TargetsResponse {
    campaign: CampaignId,
    items: Vec<TargetRow>,
}

/// A page of targets with the actual figures.
#[derive(Debug, Serialize, JsonSchema)]
struct TargetTable {
    items: Vec<TargetActual>,
    /// Number of targets after this page.
    left_off: usize,
    #[schemars(example = &"parts add up to the gap over ended calls")]
    explained: &'static str,
}

#[derive(Debug, Serialize, JsonSchema)]
struct TargetsChangeResponse {
    campaign: CampaignId,
    targets: Vec<Target>,
    position: String,
}

/// The body that replaces a campaign's targets: by list, or by preset.
struct TargetsRequest {
    targets: Vec<Target>,
    by: Option<String>,
}

impl JsonSchema for TargetsRequest {
    fn schema_name() -> Cow<'static, str> {
        "Targets".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object", "additionalProperties": false, "properties": {
                "preset": { "type": "string", "enum": ["general", "bank"] },
                "by": { "type": "string" },
                "targets": { "type": "array", "maxItems": TARGETS_MAX, "items": {
                    "type": "object", "required": ["metric", "ratio"], "properties": {
                        "metric": { "type": "string" }, "version": { "type": "integer", "minimum": 1 },
                        "ratio": { "type": "number", "minimum": 0.001, "maximum": 1 } } } } },
            "examples": [{ "targets": [{ "metric": "answer_ratio_per_call", "version": 2, "ratio": 0.65 }] }],
        })
    }
}

impl ApiRequest for TargetsRequest {
    fn read(body: &mut Members) -> Self {
        let by = body.text("by");
        let targets = match (body.text("preset"), body.list("targets")) {
            (Some(preset), None) => of_preset(body, &preset),
            (None, Some(listed)) => of_list(body, &listed),
            (Some(_), Some(_)) | (None, None) => {
                body.wrong("targets", "give either targets or a preset");
                Vec::new()
            }
        };
        Self { targets, by }
    }
}

async fn set(ctx: Ctx, input: Input) -> Result<ChangeReply<TargetsChangeResponse>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let cause = input.cause(&ctx.installation, "targets")?;
    let TargetsRequest { targets, by } = input.order().await?;
    let command = CampaignCommand::SetTargets { targets, by };
    let answer = ctx
        .installation
        .entities
        .campaigns
        .ask(&campaign, command, cause)
        .await?;
    Ok(ChangeReply(WriteResult {
        body: TargetsChangeResponse {
            campaign,
            targets: answer.state.targets().to_vec(),
            position: answer.position.to_string(),
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

fn of_preset(body: &mut Members, preset: &str) -> Vec<Target> {
    let Some((_, targets)) = PRESETS.iter().find(|(name, _)| *name == preset) else {
        let known: Vec<&str> = PRESETS.iter().map(|(name, _)| *name).collect();
        body.wrong("preset", format!("must be one of {}", known.join(", ")));
        return Vec::new();
    };
    let target = |(metric, per_mille): &(&str, u32)| Target {
        metric: (*metric).to_owned(),
        version: 1,
        per_mille: *per_mille,
    };
    targets.iter().map(target).collect()
}

fn of_list(body: &mut Members, listed: &[Value]) -> Vec<Target> {
    let mut targets = Vec::new();
    for (index, value) in listed.iter().enumerate().take(TARGETS_MAX + 1) {
        match read_target(value) {
            Ok(target) => targets.push(target),
            Err(why) => body.wrong_at(&format!("/targets/{index}"), why),
        }
    }
    targets
}

fn read_target(value: &Value) -> Result<Target, String> {
    let name = value
        .get("metric")
        .and_then(Value::as_str)
        .ok_or("names no metric")?;
    let version = match value.get("version") {
        None | Some(Value::Null) => None,
        Some(version) => {
            let number = version.as_u64().and_then(|version| u32::try_from(version).ok());
            Some(number.ok_or("has a version that is no whole number")?)
        }
    };
    let ratio = value
        .get("ratio")
        .and_then(Value::as_f64)
        .ok_or("has no ratio from 0.001 to 1")?;
    let per_mille = (1..=1_000_u32).find(|step| (f64::from(*step) / 1_000.0 - ratio).abs() < 0.000_05);
    let per_mille = per_mille.ok_or("must have a ratio from 0.001 to 1, in steps of 0.001")?;
    let (metric, version) = targetable(name, version).map_err(|problem| problem.detail)?;
    Ok(Target {
        metric,
        version,
        per_mille,
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::TestServer;
    use hyper::Method;
    use serde_json::{Value, json};

    #[test]
    fn targets_are_set_by_preset_or_list_and_stand_beside_what_was_reached() {
        let story = TestServer::begin();
        story.runtime.block_on(async {
            let client = story.client();
            let ask = |path: &'static str, body: Value| {
                let client = &client;
                async move { client.ask(Method::POST, path, Some(&body)).await }
            };
            let made = json!({ "task_id": "T", "script_template": "您好。",
                "schedule": { "start_time": "09:00", "end_time": "18:00" } });
            ask("/api/v1/campaigns", made).await.unwrap();
            let path = "/api/v1/campaigns/T/targets";
            let set = ask(path, json!({ "preset": "bank", "by": "wang" }))
                .await
                .unwrap();
            assert_eq!(set["targets"][0]["per_mille"], 700);
            let list =
                json!({ "targets": [{ "metric": "answer_ratio_per_call", "version": 2, "ratio": 0.655 }] });
            let set = ask(path, list).await.unwrap();
            for (wrong, why) in [
                (json!({}), "neither"),
                (json!({ "preset": "general", "targets": [] }), "both"),
                (json!({ "preset": "nothing" }), "no such preset"),
                (
                    json!({ "targets": [{ "metric": "nothing", "ratio": 0.5 }] }),
                    "no such metric",
                ),
                (
                    json!({ "targets": [{ "metric": "dialed_calls", "ratio": 0.5 }] }),
                    "not a measured ratio",
                ),
                (
                    json!({ "targets": [{ "metric": "answer_ratio_per_call", "ratio": 1.5 }] }),
                    "beyond 1",
                ),
            ] {
                assert!(ask(path, wrong).await.is_err(), "{why}");
            }
            let position = set["position"].as_str().unwrap();
            let path = format!("/api/v1/reports/target-actual?campaign=T&after_position={position}");
            let table = client.ask(Method::GET, &path, None).await.unwrap();
            let items = table["items"].as_array().unwrap();
            assert_eq!(items.len(), 1, "the list is in place of the preset");
            assert_eq!(
                (&items[0]["target_ratio"], &items[0]["version"]),
                (&json!(0.655), &json!(2))
            );
            assert_eq!(
                items[0]["actual_ratio"],
                Value::Null,
                "of no call there is no ratio"
            );
            let funnel = client
                .ask(Method::GET, "/api/v1/campaigns/T/funnel", None)
                .await
                .unwrap();
            assert_eq!(funnel["stages"].as_array().unwrap().len(), 8);
            let trunks = client
                .ask(Method::GET, "/api/v1/trunks/quality", None)
                .await
                .unwrap();
            assert_eq!(trunks["days"], json!([]));
        });
        story.end();
    }
}
