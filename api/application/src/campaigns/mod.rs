//! Campaigns: creating and starting them, and the replies for one and for all of them.

mod anonymization;
mod anonymous;
mod best_times;
mod campaign_start;
mod cloning;
mod past_figures;
mod persons;
mod promotion;
mod quotas;
mod references;
mod responses;

pub use anonymization::{AnonymizationMode, AnonymizationResponse, CARRYING, anonymize};
pub use anonymous::{AnonymousMatch, AnonymousWords, anonymous_with, anonymous_words};
pub use best_times::{BestTimesResponse, learnt_times};
pub use campaign_start::start_campaign;
pub use cloning::clone_campaign;
pub use persons::list_enrolled_customers;
pub use promotion::{PromotionRequest, promote};
pub use responses::{CampaignResponse, Campaigns, StageResponse};

use crate::as_of::{Moment, PastRows, ResolvedMoment, entity_then};
use crate::figures::{Completeness, FORMULA, PEOPLE, PeopleFigures, versions};
use crate::flows::{definition_of, fixed_address};
use crate::installation::{Installation, follow, script_flow};
use crate::sandbox_limits;
use crate::segments::visibility::SegmentVisibility;
use actors::Answer;
use domain::calling_plan::{DuplicatePolicy, FlowRef};
use domain::campaign::command::CampaignCommand;
use domain::campaign::{Campaign, CampaignState, CampaignStatus};
use domain::event_filter::EventFilter;
use domain::flow::command::FlowCommand;
use domain::flow::{FlowDefinition, FlowSelector, content_hash, from_script_without_type_ahead};
use domain::ids::{CampaignId, FlowId};
use domain::problem::Problem;
use domain::stored_event::Cause;
use intake::campaign_body::{CampaignBody, FlowBody};
use past_figures::all_campaigns;
use projections::View;
use projections::views::campaign_board::{self, BoardRow, CallFigures, CampaignBoard};
use references::{CampaignReferences, names_its_seller};
use responses::{
    CallingHoursResponse, CampaignFiguresResponse, CampaignListed, CampaignPlanResponse, DialingConditions,
    Progress,
};
use serde_json::{Value, json};
use std::sync::Arc;

/// Most campaigns of a list for which the reply says what keeps them from dialing; each is loaded. No
/// installation runs more at once.
const ASKED_NOW_MAX: usize = 200;

/// Publishes the flow of the request and creates the campaign. For a campaign that exists, nothing is
/// published: the same request returns it unchanged, and another flow text is refused.
pub async fn create_campaign(
    installation: &Installation,
    body: CampaignBody,
    cause: Cause,
) -> Result<Answer<Campaign>, Problem> {
    let existing = installation.entities.campaigns.state(&body.campaign).await?;
    let mut plan = body.plan;
    if existing.state.created().is_none() {
        sandbox_limits::admit_campaign(installation, plan.presets()).await?;
        names_its_seller(&plan, installation.now())?;
        // The strictest preset decides: if any preset lets a number be called for one customer only, that
        // applies.
        let by_number = plan
            .presets()
            .map(DuplicatePolicy::of_new)
            .find(|one| *one == DuplicatePolicy::ByNumber);
        let of_new = by_number.unwrap_or_else(|| DuplicatePolicy::of_new(plan.preset));
        plan.duplicates = plan.duplicates.or(Some(of_new));
    }
    let naming = CampaignReferences {
        model: body.model.as_ref(),
        model_tiers: &body.model_tiers,
        knowledge: body.knowledge.as_ref(),
    };
    naming.resolve(installation, &mut plan).await?;
    let needs_approval = plan.approvals.ask_for_a_flow();
    let flow = match (body.flow, existing.state.flow()) {
        (FlowBody::Version(named), _) => named_version(installation, &named, needs_approval).await?,
        (_, None) if needs_approval => {
            return Err(Problem::refused(
                "flow-not-approved",
                "the campaign's flow needs approval: publish it with `ledgerline flow publish FILE \
                 --approvals` and give it as flow_version",
            ));
        }
        (said, Some(created)) => flow_of_repeat(&body.campaign, said, created)?,
        (said, None) => {
            let (flow, definition) = definition(&body.campaign, said)?;
            publish(installation, flow, definition, cause).await?
        }
    };
    let command = CampaignCommand::Create {
        campaign: body.campaign.clone(),
        customer_segment: body.customer_segment,
        flow,
        plan,
    };
    let answer = installation
        .entities
        .campaigns
        .ask(&body.campaign, command, cause)
        .await?;
    if let Some(plan) = answer.state.plan() {
        installation.countries.note(&body.campaign, plan.presets());
    }
    Ok(answer)
}

/// Returns the published flow version that a request names. Fails if it does not exist, or if the campaign
/// requires approvals and the version has none.
async fn named_version(
    installation: &Installation,
    named: &FlowSelector,
    needs_approval: bool,
) -> Result<FlowRef, Problem> {
    let (found, _) = definition_of(installation, named).await?;
    if needs_approval && found.four_eyes.is_none() {
        return Err(Problem::refused(
            "flow-not-approved",
            format!(
                "{named} was published without approval: publish it again with `ledgerline flow publish \
                 FILE --approvals`"
            ),
        ));
    }
    Ok(found.flow_ref)
}

/// Returns the flow id and definition of a request. The flow of a script gets the campaign's own id; a
/// definition may name another id, to be shared by campaigns.
fn definition(campaign: &CampaignId, body: FlowBody) -> Result<(FlowId, Value), Problem> {
    let own: FlowId = campaign
        .as_str()
        .parse()
        .map_err(|error: domain::ids::InvalidId| Problem::fault(error.to_string()))?;
    match body {
        FlowBody::ScriptTemplate(text) => Ok((own.clone(), script_flow(own, &text)?)),
        FlowBody::Definition(definition) => with_flow_id(definition, own),
        FlowBody::Version(named) => Err(Problem::fault(format!("{named} is published, and not made"))),
    }
}

/// Returns the flow reference of a request for an existing campaign. Nothing is published: the reference
/// has the campaign's version, and another hash if the request has another flow text.
fn flow_of_repeat(campaign: &CampaignId, body: FlowBody, created: &FlowRef) -> Result<FlowRef, Problem> {
    let script = match &body {
        FlowBody::ScriptTemplate(text) => Some(text.clone()),
        FlowBody::Definition(_) | FlowBody::Version(_) => None,
    };
    let (flow, definition) = definition(campaign, body)?;
    let mut content_hash = hash_as_published(&definition)?;
    // A campaign of an earlier build keeps its flow, although this build would generate another one from
    // the same script.
    if let Some(earlier) = script.and_then(|text| from_script_without_type_ahead(flow.clone(), &text).ok()) {
        let earlier_hash = hash_as_published(&earlier.to_value())?;
        if earlier_hash == created.content_hash {
            content_hash = earlier_hash;
        }
    }
    Ok(FlowRef {
        content_hash,
        version: created.version,
        flow,
    })
}

/// Returns the content hash that a published version of this definition would have. Fails if the definition
/// is invalid.
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
    let read = FlowDefinition::from_value(&definition);
    if read.is_ok_and(|read| read.has_fixed_address()) {
        return Err(fixed_address());
    }
    let command = FlowCommand::Publish {
        flow: flow.clone(),
        definition,
    };
    let cause = follow(cause, "flow.publish");
    let answer = installation.entities.flows.ask(&flow, command, cause).await?;
    let current = answer.state.current();
    let current = current.ok_or_else(|| Problem::fault("a published flow has no version"))?;
    Ok(current.flow_ref.clone())
}

fn with_flow_id(mut definition: Value, own: FlowId) -> Result<(FlowId, Value), Problem> {
    let Some(members) = definition.as_object_mut() else {
        return Err(Problem::invalid("flow-invalid", "flow must be an object"));
    };
    let named = members.entry("flow").or_insert_with(|| json!(own)).as_str();
    match named.map(str::parse::<FlowId>) {
        Some(Ok(flow)) => Ok((flow, definition)),
        Some(Err(_)) | None => Err(Problem::refused("flow-invalid", "/flow/flow is not a flow id")),
    }
}

/// Returns one campaign with its plan, status and figures, now or at a past moment. `sight` decides whether
/// the counts of quotas are rounded.
pub async fn show(
    installation: &Installation,
    campaign: &CampaignId,
    moment: Moment,
    sight: SegmentVisibility,
) -> Result<CampaignResponse, Problem> {
    if !moment.is_now() {
        let then = moment.resolve(installation.store(), installation.now()).await?;
        return describe_then(installation, campaign, &then).await;
    }
    let loaded = installation.entities.campaigns.state(campaign).await?;
    if loaded.state.status().is_none() {
        return Err(Problem::missing("this campaign"));
    }
    let mut body = describe(campaign, &loaded.state);
    let now = installation.now();
    let hours = |plan| CallingHoursResponse::of(plan, now);
    let is_over = matches!(
        loaded.state.status(),
        Some(CampaignStatus::Stopped | CampaignStatus::Completed)
    );
    body.hours = loaded.state.plan().filter(|_| !is_over).map(hours);
    body.stage = StageResponse::of(loaded.state.gates(), now);
    body.quotas = quotas::quotas_of(&loaded.state, now, sight);
    if let Some(row) = installation.board(campaign).await? {
        body.headed = Some(headed(&row)?);
    }
    Ok(body)
}

/// Returns all campaigns with their figures, now or at a moment in the past.
pub async fn list(installation: &Installation, moment: Moment) -> Result<Campaigns, Problem> {
    if !moment.is_now() {
        let then = moment.resolve(installation.store(), installation.now()).await?;
        return all_campaigns(installation, &then).await;
    }
    let db = installation.rows.db();
    let completeness = Completeness::live(installation, db.as_ref(), vec![campaign_board::NAME]).await?;
    let rows = installation.boards().await?;
    let now = installation.now();
    let mut items = Vec::with_capacity(rows.len());
    let mut asked = 0;
    for row in &rows {
        let is_live = matches!(row.status, CampaignStatus::Running | CampaignStatus::Paused);
        let is_asked = is_live && asked < ASKED_NOW_MAX;
        asked += usize::from(is_asked);
        let state = match is_asked {
            true => Some(installation.entities.campaigns.state(&row.campaign).await?.state),
            false => None,
        };
        items.push(CampaignListed {
            progress: progress(row),
            id: row.campaign.clone(),
            task_id: row.campaign.clone(),
            status: row.status.code().to_owned(),
            preset: row.preset.clone(),
            enrolled: row.enrolled,
            now: state.map(|state| DialingConditions::of(&state, now)),
        });
    }
    Ok(Campaigns {
        items,
        versions: versions(FORMULA.iter().chain(&PEOPLE))?,
        completeness,
    })
}

/// Returns a campaign at a past moment: state and figures are replayed from its own events.
async fn describe_then(
    installation: &Installation,
    campaign: &CampaignId,
    then: &ResolvedMoment,
) -> Result<CampaignResponse, Problem> {
    let (store, vault) = (installation.store(), installation.vault());
    let entity = entity_then::<Campaign>(store, campaign, then, vault, None).await?;
    if entity.state.status().is_none() {
        return Err(Problem::missing("this campaign, at the time asked for,"));
    }
    let (shown, row) = board_then(installation, campaign, then).await?;
    let mut body = describe(campaign, &entity.state);
    if let Some(row) = row {
        body.headed = Some(headed(&row)?);
        body.known = Some(shown.known(then));
    }
    Ok(body)
}

/// Returns a campaign's row of figures at a past moment, replayed from its events; `None` if it did not
/// exist.
async fn board_then(
    installation: &Installation,
    campaign: &CampaignId,
    then: &ResolvedMoment,
) -> Result<(PastRows, Option<BoardRow>), Problem> {
    let views: Vec<Arc<dyn View>> = vec![Arc::new(CampaignBoard)];
    let live = installation.rows.db();
    let shown = installation
        .past
        .rows(
            &installation.environment,
            EventFilter::of_campaign(campaign.clone()),
            views,
            then,
            live.as_ref(),
        )
        .await?;
    let row = campaign_board::get(shown.rows.db.as_ref(), campaign).await?;
    Ok((shown, row))
}

/// Returns the headline figures of a campaign, per call and per person, with the versions of their
/// definitions.
fn headed(row: &BoardRow) -> Result<CampaignFiguresResponse, Problem> {
    Ok(CampaignFiguresResponse {
        progress: progress(row),
        versions: versions(FORMULA.iter().chain(&PEOPLE))?,
    })
}

/// Returns the counts of enrolments and calls, and the ratios, from a campaign's row.
fn progress(row: &BoardRow) -> Progress {
    figures(
        row.waiting,
        row.open,
        row.settled,
        &row.calls,
        row.alerts,
        row.last_alert.as_deref(),
        row.last_alert_detail.as_deref(),
    )
}

fn figures(
    waiting: u64,
    open: u64,
    settled: u64,
    calls: &CallFigures,
    alerts: u64,
    last_alert: Option<&str>,
    last_alert_detail: Option<&str>,
) -> Progress {
    Progress {
        waiting,
        open,
        settled,
        dialed: calls.dialed,
        answered: calls.answered,
        calls_ended: calls.ended,
        answer_ratio: calls.answer_ratio,
        talk_ms_mean: calls.talk_ms_mean,
        conversion_ratio: calls.conversion_ratio,
        people: PeopleFigures::from(calls),
        alerts,
        last_alert: last_alert.map(str::to_owned),
        last_alert_detail: last_alert_detail.map(str::to_owned),
    }
}

/// Returns a campaign as the API shows it: the plan including defaults, without figures.
pub fn describe(campaign: &CampaignId, state: &CampaignState) -> CampaignResponse {
    CampaignResponse {
        task_id: campaign.clone(),
        id: campaign.clone(),
        status: state.status(),
        enrolled: state.enrolled_count(),
        open_lists: state.open_lists_count(),
        created: state.created().map(CampaignPlanResponse::of),
        pause_reason: state.pause_reason().cloned(),
        start_scheduled: state.is_start_scheduled(),
        hours: None,
        stage: None,
        quotas: Vec::new(),
        headed: None,
        known: None,
    }
}
