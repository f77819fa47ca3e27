//! Campaigns over HTTP: create (CMP-2), start, pause, resume, stop, show.

use crate::described::{Changed, MadeOrChanged, Read};
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::guard::limited;
use crate::paging::{CURSOR, LIMIT, LONG, Paged, Paging};
use crate::reply::Written;
use actors::Answer;
use application::as_of::{AS_OF, Moment, PARAMETERS, VALID_AT};
use application::campaigns::{self, CampaignShown, Campaigns, create_campaign, describe, start_campaign};
use application::parameter::Parameter;
use application::segments::sight::SegmentSight;
use domain::campaign::Campaign;
use domain::campaign::command::CampaignCommand;
use domain::campaign::event::PauseReason;
use domain::ids::CampaignId;
use domain::problem::Problem;
use intake::campaign_body::CampaignBody;
use schemars::JsonSchema;
use serde_json::{Map, Value};

/// Longest reason kept for a stop.
const REASON_BYTES_MAX: usize = 256;

/// All campaigns, now or then, in pages.
const LISTED: &[Parameter] = &[AS_OF, VALID_AT, CURSOR, LIMIT];

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/campaigns",
            "Create a campaign; the same body again is answered as the first time",
            create,
        )
        .needs(Permission::CampaignsWrite, About::Handler)
        .takes::<CampaignBody>(),
        Endpoint::get("/api/v1/campaigns", "All campaigns with their figures", list)
            .steady()
            .needs(Permission::CampaignsRead, About::Handler)
            .query(LISTED),
        Endpoint::get(
            "/api/v1/campaigns/{id}",
            "One campaign and where its enrolments stand",
            show,
        )
        .steady()
        .needs(Permission::CampaignsRead, About::Campaign)
        .query(PARAMETERS),
        Endpoint::post("/api/v1/campaigns/{id}/start", "Let it dial", start)
            .needs(Permission::CampaignsStart, About::Campaign),
        Endpoint::post(
            "/api/v1/campaigns/{id}/pause",
            "Stop dialing for now; live calls go on",
            |ctx, input| {
                steer(ctx, input, "pause", |_| CampaignCommand::Pause {
                    reason: PauseReason::Requested,
                })
            },
        )
        .needs(Permission::CampaignsPause, About::Campaign)
        .kept(),
        Endpoint::post("/api/v1/campaigns/{id}/resume", "Dial again", |ctx, input| {
            steer(ctx, input, "resume", |_| CampaignCommand::Resume)
        })
        .needs(Permission::CampaignsStart, About::Campaign),
        Endpoint::post(
            "/api/v1/campaigns/{id}/stop",
            "End it for good; an optional reason is kept",
            |ctx, input| steer(ctx, input, "stop", |reason| CampaignCommand::Stop { reason }),
        )
        .needs(Permission::CampaignsStart, About::Campaign)
        .takes::<Reason>()
        .kept(),
    ]
}

/// Why a campaign is ended; of other orders it is read and not kept.
#[derive(JsonSchema)]
struct Reason {
    /// At most 256 bytes.
    reason: Option<String>,
}

impl Reason {
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

async fn create(ctx: Ctx, input: Input) -> Result<MadeOrChanged<CampaignShown>, Problem> {
    let cause = input.cause(&ctx.installation, "campaigns")?;
    let scope = input.scope.clone();
    let body = input.read(CampaignBody::read).await?;
    let campaign = body.campaign.clone();
    if !scope.admits_campaign(&campaign) {
        return Err(limited("a campaign of this name is not among yours"));
    }
    let answer = create_campaign(&ctx.installation, body, cause).await?;
    let written = written(&campaign, &answer);
    Ok(if answer.events.is_empty() {
        MadeOrChanged::Changed(written)
    } else {
        MadeOrChanged::Made(written)
    })
}

async fn start(ctx: Ctx, input: Input) -> Result<Changed<CampaignShown>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let cause = input.cause(&ctx.installation, "campaigns/start")?;
    start_campaign(&ctx.installation, &campaign, cause)
        .await
        .map(|answer| Changed(written(&campaign, &answer)))
}

async fn steer(
    ctx: Ctx,
    input: Input,
    verb: &'static str,
    command: fn(String) -> CampaignCommand,
) -> Result<Changed<CampaignShown>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let cause = input.cause(&ctx.installation, verb)?;
    let reason = Reason::read(&input.object().await?)?;
    let reason = reason.reason.unwrap_or_else(|| "requested".to_owned());
    let answer = ctx
        .installation
        .entities
        .campaigns
        .ask(&campaign, command(reason), cause)
        .await?;
    Ok(Changed(written(&campaign, &answer)))
}

async fn show(ctx: Ctx, input: Input) -> Result<Read<CampaignShown>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let moment = Moment::of(input.query())?;
    let sight = SegmentSight::of(&input.caller);
    campaigns::show(&ctx.installation, &campaign, moment, sight)
        .await
        .map(Read)
}

async fn list(ctx: Ctx, input: Input) -> Result<Read<Paged<Campaigns>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let moment = Moment::of(input.query())?;
    let mut shown = campaigns::list(&ctx.installation, moment).await?;
    shown.hold_to(|campaign| input.scope.admits_campaign(campaign));
    let (items, next_cursor) = paging.cut(shown.items, |item| item.id.clone())?;
    shown.items = items;
    Ok(Read(Paged {
        list: shown,
        next_cursor,
    }))
}

fn written(campaign: &CampaignId, answer: &Answer<Campaign>) -> Written<CampaignShown> {
    Written {
        body: describe(campaign, &answer.state),
        version: Some(answer.version),
        position: Some(answer.position),
    }
}
