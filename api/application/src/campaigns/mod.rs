//! Campaigns, whoever asks: made and started, and what is shown of one and of all.

mod all_then;

use crate::as_of::{Moment, Then, entity_then};
use crate::figures::{FORMULA, PEOPLE, versions};
use crate::installation::{Installation, follow, script_flow};
use actors::Answer;
use all_then::all_campaigns;
use domain::calling_plan::{Duplicates, FlowRef};
use domain::campaign::command::CampaignCommand;
use domain::campaign::{Campaign, CampaignState, CampaignStatus};
use domain::compliance::zone_of_campaign;
use domain::flow::command::FlowCommand;
use domain::flow::{FlowDefinition, content_hash};
use domain::ids::{CampaignId, FlowId};
use domain::problem::Problem;
use domain::stored_event::Cause;
use intake::campaign_body::{CampaignBody, FlowBody};
use projections::View;
use projections::views::campaign_board::{self, BoardRow, CampaignBoard, Share};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Publishes the campaign's flow and creates the campaign; both are answered again when they exist already.
/// For a campaign that exists nothing is published: it keeps its version, and other words are refused.
pub async fn create_campaign(
    installation: &Installation,
    body: CampaignBody,
    cause: Cause,
) -> Result<Answer<Campaign>, Problem> {
    let (flow, definition) = definition(&body.campaign, body.flow)?;
    let existing = installation.entities.campaigns.state(&body.campaign).await?;
    let mut plan = body.plan;
    if existing.state.created().is_none() {
        plan.duplicates = plan.duplicates.or(Some(Duplicates::of_new(plan.preset)));
    }
    let flow = match existing.state.flow() {
        Some(created) => FlowRef {
            content_hash: hash_as_published(&definition)?,
            version: created.version,
            flow,
        },
        None => publish(installation, flow, definition, cause).await?,
    };
    let command = CampaignCommand::Create {
        campaign: body.campaign.clone(),
        customer_segment: body.customer_segment,
        flow,
        plan,
    };
    Ok(installation
        .entities
        .campaigns
        .ask(&body.campaign, command, cause)
        .await?)
}

/// A script's flow has the campaign's own id; a definition may name another, to be shared.
fn definition(campaign: &CampaignId, body: FlowBody) -> Result<(FlowId, Value), Problem> {
    let own: FlowId = campaign
        .as_str()
        .parse()
        .map_err(|error: domain::ids::InvalidId| Problem::fault(error.to_string()))?;
    match body {
        FlowBody::ScriptTemplate(text) => Ok((own.clone(), script_flow(own, &text)?)),
        FlowBody::Definition(definition) => with_flow_id(definition, own),
    }
}

/// What a version of this definition is, or would be, known by.
fn hash_as_published(definition: &Value) -> Result<String, Problem> {
    let read = FlowDefinition::from_value(definition)
        .map_err(|fault| Problem::refused("flow-invalid", fault.to_string()))?;
    Ok(content_hash(&read.to_value()))
}

async fn publish(
    installation: &Installation,
    flow: FlowId,
    definition: Value,
    cause: Cause,
) -> Result<FlowRef, Problem> {
    let command = FlowCommand::Publish {
        flow: flow.clone(),
        definition,
    };
    let cause = follow(cause, "flow.publish");
    let answer = installation.entities.flows.ask(&flow, command, cause).await?;
    let latest = answer
        .state
        .latest()
        .ok_or_else(|| Problem::fault("a published flow has no version"))?;
    Ok(latest.flow_ref.clone())
}

fn with_flow_id(mut definition: Value, own: FlowId) -> Result<(FlowId, Value), Problem> {
    let Some(members) = definition.as_object_mut() else {
        return Err(Problem::invalid("flow-invalid", "flow must be an object"));
    };
    let named = members.entry("flow").or_insert_with(|| json!(own)).as_str();
    match named.map(str::parse::<FlowId>) {
        Some(Ok(flow)) => Ok((flow, definition)),
        Some(Err(_)) | None => Err(Problem::refused("flow-invalid", "/flow/flow is not a flow's id")),
    }
}

/// Starts a campaign whose words can be spoken here.
pub async fn start_campaign(
    installation: &Installation,
    campaign: &CampaignId,
    cause: Cause,
) -> Result<Answer<Campaign>, Problem> {
    installation.refuse_unspeakable(campaign).await?;
    Ok(installation
        .entities
        .campaigns
        .ask(campaign, CampaignCommand::Start, cause)
        .await?)
}

/// One campaign and where its enrolments stand, now or at a moment.
pub async fn show(
    installation: &Installation,
    campaign: &CampaignId,
    moment: Moment,
) -> Result<Value, Problem> {
    if !moment.is_now() {
        let then = moment.resolve(installation.store(), installation.now()).await?;
        return describe_then(installation, campaign, &then).await;
    }
    let loaded = installation.entities.campaigns.state(campaign).await?;
    if loaded.state.status().is_none() {
        return Err(Problem::missing("this campaign"));
    }
    let mut body = describe(campaign, &loaded.state);
    if let (Some(members), Some(row)) = (body.as_object_mut(), installation.board(campaign).await?) {
        members.extend(headed(&row)?);
    }
    Ok(body)
}

/// All campaigns with their figures, now or at a moment.
pub async fn list(installation: &Installation, moment: Moment) -> Result<Value, Problem> {
    if !moment.is_now() {
        let then = moment.resolve(installation.store(), installation.now()).await?;
        return all_campaigns(installation, &then).await;
    }
    let rows = installation.boards().await?;
    let items: Vec<Value> = rows
        .iter()
        .map(|row| {
            let about = (&row.campaign, row.preset.as_str(), row.enrolled);
            listed(row.status.code(), about, progress(row))
        })
        .collect();
    let versions = versions(FORMULA.iter().chain(&PEOPLE))?;
    Ok(json!({ "items": items, "versions": versions }))
}

/// As it was: its own stream folded by its decider, its events by the board.
async fn describe_then(
    installation: &Installation,
    campaign: &CampaignId,
    then: &Then,
) -> Result<Value, Problem> {
    let nobody = (installation.vault(), None);
    let entity = entity_then::<Campaign>(installation.store(), campaign, then, nobody).await?;
    if entity.state.status().is_none() {
        return Err(Problem::missing("this campaign, at the time asked for,"));
    }
    let views: Vec<Arc<dyn View>> = vec![Arc::new(CampaignBoard)];
    let shown = installation
        .past
        .campaign(&installation.environment, campaign, (views, then))
        .await?;
    let mut body = describe(campaign, &entity.state);
    let row = campaign_board::get(shown.rows.db.as_ref(), campaign).await?;
    if let (Some(members), Some(row)) = (body.as_object_mut(), row) {
        members.extend(headed(&row)?);
        members.insert("known".to_owned(), shown.known(then));
    }
    Ok(body)
}

/// Where a campaign stands, with its headline figures, those of people beside them, and their versions.
fn headed(row: &BoardRow) -> Result<Map<String, Value>, Problem> {
    let mut shown = progress(row);
    shown.insert("versions".to_owned(), versions(FORMULA.iter().chain(&PEOPLE))?);
    Ok(shown)
}

/// One campaign in the list.
pub fn listed(
    status: &str,
    (campaign, preset, enrolled): (&CampaignId, &str, u64),
    mut item: Map<String, Value>,
) -> Value {
    item.insert("id".to_owned(), json!(campaign));
    item.insert("task_id".to_owned(), json!(campaign));
    item.insert("status".to_owned(), json!(status));
    item.insert("preset".to_owned(), json!(preset));
    item.insert("enrolled".to_owned(), json!(enrolled));
    Value::Object(item)
}

/// Where the enrolments and calls of a campaign stand, from its board.
fn progress(row: &BoardRow) -> Map<String, Value> {
    let alert = (row.last_alert.as_deref(), row.last_alert_detail.as_deref());
    figures(
        (row.waiting, row.open, row.settled),
        &row.calls,
        (row.alerts, alert),
    )
}

pub fn figures(
    (waiting, open, settled): (u64, u64, u64),
    calls: &Share,
    (alerts, (last_alert, last_alert_detail)): (u64, (Option<&str>, Option<&str>)),
) -> Map<String, Value> {
    let figures = json!({
        "waiting": waiting,
        "open": open,
        "settled": settled,
        "dialed": calls.dialed,
        "answered": calls.answered,
        "calls_ended": calls.ended,
        "answer_ratio": calls.answer_ratio,
        "talk_ms_mean": calls.talk_ms_mean,
        "conversion_ratio": calls.conversion_ratio,
        "answer_ratio_people": calls.answer_ratio_people,
        "conversion_ratio_people": calls.conversion_ratio_people,
        "alerts": alerts,
        "last_alert": last_alert,
        "last_alert_detail": last_alert_detail,
    });
    match figures {
        Value::Object(members) => members
            .into_iter()
            // A figure of nothing is null at every door.
            .filter(|(name, value)| !value.is_null() || !name.starts_with("last_"))
            .collect(),
        _ => Map::new(),
    }
}

/// A campaign as shown: what was asked for comes back with its defaults.
pub fn describe(campaign: &CampaignId, state: &CampaignState) -> Value {
    let mut body = json!({
        "task_id": campaign,
        "id": campaign,
        "status": state.status().map(CampaignStatus::code),
        "enrolled": state.enrolled_count(),
        "open_lists": state.open_lists_count(),
    });
    let Some(members) = body.as_object_mut() else {
        return body;
    };
    if let Some(created) = state.created() {
        let plan = &created.plan;
        let fixed = [
            ("customer_segment", json!(created.customer_segment)),
            ("preset", json!(plan.preset)),
            ("basis", json!(plan.basis)),
            ("purpose", json!(plan.purpose)),
            ("ends_at", json!(plan.ends_at)),
            ("time_zone", json!(zone_of_campaign(plan.preset).name())),
            ("duplicates", json!(plan.duplicates())),
            ("flow", json!(created.flow)),
            (
                "schedule",
                json!({
                    "start_time": plan.window.start,
                    "end_time": plan.window.end,
                    "rests": plan.window.rests,
                    "max_concurrent": plan.max_concurrent,
                }),
            ),
        ];
        for (name, value) in fixed.into_iter().filter(|(_, value)| !value.is_null()) {
            members.insert(name.to_owned(), value);
        }
    }
    if let Some(reason) = state.pause_reason() {
        members.insert("pause_reason".to_owned(), json!(reason));
    }
    body
}
