//! The route that evaluates a campaign's recorded calls under another pacer, preset or retry policy. It
//! changes nothing.

use crate::api_description::ReadReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use domain::calling_plan::{Preset, RetryPolicy};
use domain::ids::CampaignId;
use domain::problem::Problem;
use evidence::policies::{OtherPolicy, WHAT_IF_AGENTS_MAX, WhatIfPoliciesResponse, what_if_policies};
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;

/// Default of `agents`.
const AGENTS_DEFAULT: u32 = 20;

/// Maximum length of a pacer's name, in bytes.
const PACER_BYTES_MAX: usize = 32;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/campaigns/{id}/what-if/policies",
            "Evaluate a campaign under another policy",
            ask,
        )
        .describe(
            "Replays the campaign's recorded calls under another pacer, preset or retry policy. The reply \
             also names what the record cannot tell. Nothing is stored.",
        )
        .needs(Permission::FiguresRead, EndpointSubject::Campaign)
        .heavy()
        .takes::<WhatIfPolicyRequest>(),
    ]
}

/// The body of an evaluation: at least one of `pacing`, `preset` and `retry`. Each is evaluated separately.
#[derive(ApiRequest, JsonSchema)]
#[request(check = require_a_policy)]
#[schemars(extend("examples" = [{ "preset": "cn-collection" }]))]
struct WhatIfPolicyRequest {
    /// A pacer: ledgerline, progressive, naive, adaptive, erlang, safe_burst, or fixed:N (tenths of a call).
    #[schemars(length(max = PACER_BYTES_MAX), example = &"progressive")]
    pacing: Option<String>,
    /// Number of agents; default 20.
    #[schemars(range(min = 1, max = WHAT_IF_AGENTS_MAX))]
    agents: Option<u32>,
    preset: Option<Preset>,
    retry: Option<RetryPolicy>,
}

fn require_a_policy(request: &WhatIfPolicyRequest, body: &mut Members) {
    if request.pacing.is_none() && request.preset.is_none() && request.retry.is_none() {
        body.wrong("pacing", "is needed, or preset, or retry");
    }
}

async fn ask(ctx: Ctx, input: Input) -> Result<ReadReply<WhatIfPoliciesResponse>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let order: WhatIfPolicyRequest = input.order().await?;
    let other = OtherPolicy {
        pacing: order.pacing,
        agents: order.agents.unwrap_or(AGENTS_DEFAULT),
        preset: order.preset,
        retry: order.retry,
    };
    what_if_policies(&ctx.installation, campaign, other)
        .await
        .map(ReadReply)
}
