//! Routes of campaigns: create (CMP-2), list, show, start, pause, resume and stop.

use crate::api_description::{ChangeReply, CreationReply, ReadReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::guard::build_scope_problem;
use crate::paging::{CURSOR, LIMIT, LONG, ListPage, Paging};
use crate::reply::WriteResult;
use actors::Answer;
use application::as_of::{AS_OF, Moment, PARAMETERS, VALID_AT};
use application::campaigns::{self, CampaignResponse, Campaigns, create_campaign, describe, start_campaign};
use application::parameter::Parameter;
use application::segments::visibility::SegmentVisibility;
use domain::campaign::Campaign;
use domain::campaign::command::CampaignCommand;
use domain::campaign::event::PauseReason;
use domain::ids::CampaignId;
use domain::problem::Problem;
use intake::campaign_body::CampaignBody;
use schemars::JsonSchema;
use serde_json::{Map, Value};

/// Maximum length of the reason for a stop, in bytes.
const REASON_BYTES_MAX: usize = 256;

/// Query parameters of the list of campaigns: as of a past moment, and paging.
const LISTED: &[Parameter] = &[AS_OF, VALID_AT, CURSOR, LIMIT];

/// Returns the endpoints of campaigns: create, list, show, start, pause, resume, stop.
pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/campaigns", "Create a campaign", create)
            .describe(
                "The campaign does not dial before it is started. The same body again returns the existing \
                 campaign with status 200; another body for the same `task_id` is refused.",
            )
            .needs(Permission::CampaignsWrite, EndpointSubject::Handler)
            .takes::<CampaignBody>(),
        Endpoint::get("/api/v1/campaigns", "List campaigns", list)
            .describe(
                "Returns every campaign in the caller's data scope with its status and figures, now or at \
                 a past moment.",
            )
            .allow_caching()
            .needs(Permission::CampaignsRead, EndpointSubject::Handler)
            .query(LISTED),
        Endpoint::get("/api/v1/campaigns/{id}", "Get a campaign", show)
            .describe(
                "Returns the plan, the status, and how many enrolments are waiting, in a call, and \
                 settled, now or at a past moment.",
            )
            .allow_caching()
            .needs(Permission::CampaignsRead, EndpointSubject::Campaign)
            .query(PARAMETERS),
        Endpoint::post("/api/v1/campaigns/{id}/start", "Start a campaign", start)
            .describe("Dialing begins within the calling hours of the plan, as far as all rules allow it.")
            .needs(Permission::CampaignsStart, EndpointSubject::Campaign),
        Endpoint::post(
            "/api/v1/campaigns/{id}/pause",
            "Pause a campaign",
            |ctx, input| {
                steer(ctx, input, "pause", |_| CampaignCommand::Pause {
                    reason: PauseReason::Requested,
                })
            },
        )
        .describe("Stops dialing until the campaign is resumed. Calls in progress continue.")
        .needs(Permission::CampaignsPause, EndpointSubject::Campaign)
        .kept(),
        Endpoint::post(
            "/api/v1/campaigns/{id}/resume",
            "Resume a paused campaign",
            |ctx, input| steer(ctx, input, "resume", |_| CampaignCommand::Resume),
        )
        .describe("Dialing continues with the customers who are due.")
        .needs(Permission::CampaignsStart, EndpointSubject::Campaign),
        Endpoint::post(
            "/api/v1/campaigns/{id}/stop",
            "End a campaign permanently",
            |ctx, input| steer(ctx, input, "stop", |reason| CampaignCommand::Stop { reason }),
        )
        .describe(
            "The campaign never dials again. An optional reason is stored. For a temporary stop use `pause`.",
        )
        .needs(Permission::CampaignsStart, EndpointSubject::Campaign)
        .takes::<CampaignReasonRequest>()
        .kept(),
    ]
}

/// The optional reason for ending a campaign. Pause and resume read it too, but do not store it.
#[derive(JsonSchema)]
struct CampaignReasonRequest {
    /// At most 256 bytes.
    reason: Option<String>,
}

impl CampaignReasonRequest {
    fn read(body: &Map<String, Value>) -> Result<Self, Problem> {
        let reason = match body.get("reason") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.len() <= REASON_BYTES_MAX => Some(text.clone()),
            Some(_) => {
                return Err(Problem::invalid(
                    "reason-invalid",
                    format!("reason must be a text of at most {REASON_BYTES_MAX} bytes"),
                ));
            }
        };
        Ok(Self { reason })
    }
}

async fn create(ctx: Ctx, input: Input) -> Result<CreationReply<CampaignResponse>, Problem> {
    let cause = input.cause(&ctx.installation, "campaigns")?;
    let scope = input.scope.clone();
    let body = input.read(CampaignBody::read).await?;
    let campaign = body.campaign.clone();
    if !scope.admits_campaign(&campaign) {
        return Err(build_scope_problem("a campaign of this name is not among yours"));
    }
    let answer = create_campaign(&ctx.installation, body, cause).await?;
    let written = written(&campaign, &answer);
    Ok(if answer.events.is_empty() {
        CreationReply::Changed(written)
    } else {
        CreationReply::Made(written)
    })
}

async fn start(ctx: Ctx, input: Input) -> Result<ChangeReply<CampaignResponse>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let cause = input.cause(&ctx.installation, "campaigns/start")?;
    start_campaign(&ctx.installation, &campaign, cause)
        .await
        .map(|answer| ChangeReply(written(&campaign, &answer)))
}

async fn steer(
    ctx: Ctx,
    input: Input,
    verb: &'static str,
    command: fn(String) -> CampaignCommand,
) -> Result<ChangeReply<CampaignResponse>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let cause = input.cause(&ctx.installation, verb)?;
    let reason = CampaignReasonRequest::read(&input.object().await?)?;
    let reason = reason.reason.unwrap_or_else(|| "requested".to_owned());
    let answer = ctx
        .installation
        .entities
        .campaigns
        .ask(&campaign, command(reason), cause)
        .await?;
    Ok(ChangeReply(written(&campaign, &answer)))
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<CampaignResponse>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let moment = Moment::of(input.query())?;
    let sight = SegmentVisibility::of(&input.caller);
    campaigns::show(&ctx.installation, &campaign, moment, sight)
        .await
        .map(ReadReply)
}

async fn list(ctx: Ctx, input: Input) -> Result<ReadReply<ListPage<Campaigns>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let moment = Moment::of(input.query())?;
    let mut shown = campaigns::list(&ctx.installation, moment).await?;
    shown.hold_to(|campaign| input.scope.admits_campaign(campaign));
    let (items, next_cursor) = paging.cut(shown.items, |item| item.id.clone())?;
    shown.items = items;
    Ok(ReadReply(ListPage {
        list: shown,
        next_cursor,
    }))
}

fn written(campaign: &CampaignId, answer: &Answer<Campaign>) -> WriteResult<CampaignResponse> {
    WriteResult {
        body: describe(campaign, &answer.state),
        version: Some(answer.version),
        position: Some(answer.position),
    }
}
