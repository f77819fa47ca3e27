//! Campaigns over HTTP: create (CMP-2), start, pause, resume, stop, show.

use crate::endpoint::{Ctx, Endpoint, Input, Takes};
use crate::reply::{Done, Written};
use actors::Answer;
use application::as_of::{Moment, PARAMETERS};
use application::campaigns::{self, create_campaign, describe, start_campaign};
use domain::campaign::Campaign;
use domain::campaign::command::CampaignCommand;
use domain::campaign::event::PauseReason;
use domain::ids::CampaignId;
use domain::problem::Problem;
use intake::campaign_body::CampaignBody;
use serde_json::Value;

/// Longest reason kept for a stop.
const REASON_BYTES_MAX: usize = 256;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/campaigns",
            "Create a campaign; the same body again is answered as the first time",
            |ctx, input| Box::pin(create(ctx, input)),
        )
        .takes(Takes::Json("CampaignBody")),
        Endpoint::get(
            "/api/v1/campaigns",
            "All campaigns with their figures",
            |ctx, input| Box::pin(list(ctx, input)),
        )
        .query(PARAMETERS),
        Endpoint::get(
            "/api/v1/campaigns/{id}",
            "One campaign and where its enrolments stand",
            |ctx, input| Box::pin(show(ctx, input)),
        )
        .query(PARAMETERS),
        Endpoint::post("/api/v1/campaigns/{id}/start", "Let it dial", |ctx, input| {
            Box::pin(start(ctx, input))
        }),
        Endpoint::post(
            "/api/v1/campaigns/{id}/pause",
            "Stop dialing for now; live calls go on",
            |ctx, input| {
                Box::pin(steer(ctx, input, "pause", |_| CampaignCommand::Pause {
                    reason: PauseReason::Requested,
                }))
            },
        )
        .kept(),
        Endpoint::post("/api/v1/campaigns/{id}/resume", "Dial again", |ctx, input| {
            Box::pin(steer(ctx, input, "resume", |_| CampaignCommand::Resume))
        }),
        Endpoint::post(
            "/api/v1/campaigns/{id}/stop",
            "End it for good; an optional reason is kept",
            |ctx, input| {
                Box::pin(steer(ctx, input, "stop", |reason| CampaignCommand::Stop {
                    reason,
                }))
            },
        )
        .takes(Takes::Json("Reason"))
        .kept(),
    ]
}

async fn create(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let cause = input.cause(&ctx.installation, "campaigns")?;
    let body = CampaignBody::read(input.object().await?)?;
    let campaign = body.campaign.clone();
    let answer = create_campaign(&ctx.installation, body, cause).await?;
    let written = written(&campaign, &answer);
    Ok(if answer.events.is_empty() || answer.repeated {
        Done::Changed(written)
    } else {
        Done::Made(written)
    })
}

async fn start(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let cause = input.cause(&ctx.installation, "campaigns/start")?;
    start_campaign(&ctx.installation, &campaign, cause)
        .await
        .map(|answer| Done::Changed(written(&campaign, &answer)))
}

async fn steer(
    ctx: Ctx,
    input: Input,
    verb: &'static str,
    command: fn(String) -> CampaignCommand,
) -> Result<Done, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let cause = input.cause(&ctx.installation, verb)?;
    let body = input.object().await?;
    let reason = match body.get("reason") {
        None | Some(Value::Null) => "requested".to_owned(),
        Some(Value::String(text)) if text.len() <= REASON_BYTES_MAX => text.clone(),
        Some(_) => {
            return Err(Problem::invalid(
                "reason-invalid",
                format!("reason is a text of at most {REASON_BYTES_MAX} bytes"),
            ));
        }
    };
    let answer = ctx
        .installation
        .entities
        .campaigns
        .ask(&campaign, command(reason), cause)
        .await?;
    Ok(Done::Changed(written(&campaign, &answer)))
}

async fn show(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let moment = Moment::of(input.query())?;
    campaigns::show(&ctx.installation, &campaign, moment)
        .await
        .map(Done::Read)
}

async fn list(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let moment = Moment::of(input.query())?;
    campaigns::list(&ctx.installation, moment).await.map(Done::Read)
}

fn written(campaign: &CampaignId, answer: &Answer<Campaign>) -> Written {
    Written {
        body: describe(campaign, &answer.state),
        version: Some(answer.version),
        position: Some(answer.position),
    }
}
