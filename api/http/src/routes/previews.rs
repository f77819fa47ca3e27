//! Routes of preview dialing: an agent gets the next customer, sees who it is, and accepts or skips. None of
//! it is a permit: every rule is checked again when the call is dialed.

use crate::api_description::ChangeReply;
use crate::assigned_customers::{is_seen, load_customers_to_call};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::reply::WriteResult;
use application::inquiries::{ReadContent, Reader, put_on_record};
use application::installation::Installation;
use application::previews::{self, PreviewOfferResponse, PreviewOfferResult, PreviewQuery};
use domain::ids::{CampaignId, CustomerId, UserId};
use domain::inquiry::ReadForm;
use domain::permission::DataScope;
use domain::preview::{Offer, PREVIEW_REASON_BYTES_MAX};
use domain::problem::Problem;
use domain::stored_event::{Cause, Position};
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;
use serde::Serialize;

/// What an offer records as shown.
const OFFERED: ReadContent =
    ReadContent::of(&["external_id", "name", "phone", "enrolments"], ReadForm::Masked);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/campaigns/{id}/preview/next",
            "Get the next customer to call",
            next,
        )
        .describe(
            "Returns the agent's open offer, or a new one, masked. No other agent is offered this customer \
             while it lasts. `offer` is absent if no customer may be called now.",
        )
        .needs(Permission::CallsWrite, EndpointSubject::Campaign)
        .takes::<PreviewNextRequest>(),
        Endpoint::post(
            "/api/v1/campaigns/{id}/preview/accept",
            "Accept the offered customer",
            accept,
        )
        .describe("The call is dialed for this agent if every rule and cap permits it at that moment.")
        .needs(Permission::CallsWrite, EndpointSubject::Campaign)
        .takes::<PreviewAcceptRequest>(),
        Endpoint::post(
            "/api/v1/campaigns/{id}/preview/skip",
            "Skip the offered customer",
            skip,
        )
        .describe(
            "The customer waits as long as the campaign's plan says and may then be offered to any agent.",
        )
        .needs(Permission::CallsWrite, EndpointSubject::Campaign)
        .takes::<PreviewSkipRequest>(),
    ]
}

/// The body that asks for the next customer of preview dialing.
#[derive(ApiRequest, JsonSchema)]
struct PreviewNextRequest {
    /// The agent. Ignored if the caller is a user; required otherwise.
    #[schemars(with = "Option<String>", example = &"wang")]
    #[member(parse)]
    agent: Option<UserId>,
}

/// The body that accepts an offer.
#[derive(ApiRequest, JsonSchema)]
struct PreviewAcceptRequest {
    /// The offered customer.
    #[schemars(with = "CustomerId")]
    #[member(read = read_customer)]
    customer: Option<CustomerId>,
    /// The agent. Ignored if the caller is a user; required otherwise.
    #[schemars(with = "Option<String>", example = &"wang")]
    #[member(parse)]
    agent: Option<UserId>,
}

/// The body that skips an offer: the customer, and the reason.
#[derive(ApiRequest, JsonSchema)]
struct PreviewSkipRequest {
    /// The offered customer.
    #[schemars(with = "CustomerId")]
    #[member(read = read_customer)]
    customer: Option<CustomerId>,
    /// Stored permanently; must not contain personal data.
    #[schemars(length(min = 1, max = PREVIEW_REASON_BYTES_MAX), example = &"in a meeting until noon")]
    reason: String,
    /// The agent. Ignored if the caller is a user; required otherwise.
    #[schemars(with = "Option<String>", example = &"wang")]
    #[member(parse)]
    agent: Option<UserId>,
}

fn read_customer(body: &mut Members, name: &str) -> Option<CustomerId> {
    if body.is_absent(name) {
        body.wrong(name, "is missing: give the customer that the agent was offered");
    }
    body.parsed(name)
}

/// The agent's state after the request.
#[derive(Debug, Serialize, JsonSchema)]
struct PreviewChangeResponse {
    #[schemars(example = &"TASK20261120")]
    campaign: CampaignId,
    #[schemars(with = "String", example = &"wang")]
    agent: UserId,
    /// The open offer. Absent if the agent has none: no customer may be called now, or the offer was
    /// answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    offer: Option<PreviewOfferResponse>,
    /// What is missing before a call can be dialed on this server: `agents` if no agent workplaces are known.
    /// Absent if nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"agents")]
    waits_for: Option<&'static str>,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    position: Position,
}

/// Returns the campaign with the agent: the signed-in user, otherwise the one in the body. Fails if there
/// is neither.
fn asking(
    campaign: CampaignId,
    signed_in: Option<String>,
    named: Option<UserId>,
) -> Result<PreviewQuery, Problem> {
    let signed_in = signed_in.and_then(|by| by.parse().ok());
    let agent = signed_in.or(named);
    let needed = || Problem::invalid("agent-needed", "the agent is unknown: sign in or give \"agent\"");
    agent
        .map(|agent| PreviewQuery { campaign, agent })
        .ok_or_else(needed)
}

async fn next(ctx: Ctx, input: Input) -> Result<ChangeReply<PreviewChangeResponse>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let cause = input.cause(&ctx.installation, "campaigns/preview/next")?;
    let (reader, scope) = (input.reader(), input.scope.clone());
    let signed_in = input.by();
    let order: PreviewNextRequest = input.order().await?;
    let asking = asking(campaign, signed_in, order.agent)?;
    let installation = &ctx.installation;
    let head = async || installation.store().head().await;
    let mut open = previews::open(installation, &asking).await?;
    if let Some(offer) = &open
        && !is_seen(&ctx, &scope, &offer.customer).await?
    {
        // The customer was assigned to another user in the meantime and no longer exists for this agent.
        previews::let_go(installation, &asking, offer.customer.clone(), cause).await?;
        open = None;
    }
    let (offer, position) = match open {
        Some(offer) => (Some(offer), head().await?),
        None => match new_offer(&ctx, &scope, &asking, cause).await? {
            Some(PreviewOfferResult { offer, position }) => (offer, position),
            None => (None, head().await?),
        },
    };
    shown_on_record(installation, reader, &asking, offer.as_ref()).await?;
    changed(&ctx, asking, PreviewOfferResult { offer, position }).await
}

/// Records that the offered customer is read, before the offer is shown; nothing without an offer.
async fn shown_on_record(
    installation: &Installation,
    reader: Reader,
    asking: &PreviewQuery,
    offer: Option<&Offer>,
) -> Result<(), Problem> {
    if let Some(offer) = offer {
        let shown = ReadContent {
            customer: Some(offer.customer.clone()),
            campaign: Some(asking.campaign.clone()),
            ..OFFERED
        };
        put_on_record(installation, reader, shown).await?;
    }
    Ok(())
}

/// Offers the first customer who is in the agent's data scope and may be called. `None` if there is none.
async fn new_offer(
    ctx: &Ctx,
    scope: &DataScope,
    asking: &PreviewQuery,
    cause: Cause,
) -> Result<Option<PreviewOfferResult>, Problem> {
    let installation = &ctx.installation;
    let facts = previews::load_preview_facts(installation, asking).await?;
    let people = load_customers_to_call(ctx, scope).await?;
    for customer in previews::next_people(installation, asking, people.as_deref()).await? {
        if is_seen(ctx, scope, &customer).await? {
            let offered = previews::offer(installation, asking, &customer, &facts, cause).await?;
            if offered.is_some() {
                return Ok(offered);
            }
        }
    }
    Ok(None)
}

async fn accept(ctx: Ctx, input: Input) -> Result<ChangeReply<PreviewChangeResponse>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let cause = input.cause(&ctx.installation, "campaigns/preview/accept")?;
    let (scope, reader, signed_in) = (input.scope.clone(), input.reader(), input.by());
    let order: PreviewAcceptRequest = input.order().await?;
    let asking = asking(campaign, signed_in, order.agent)?;
    let customer = order.customer.ok_or_else(without_customer)?;
    // A customer who was assigned to another user since the offer no longer exists for this agent.
    if !is_seen(&ctx, &scope, &customer).await? {
        return Err(Problem::missing("this customer"));
    }
    let answered = previews::accept(&ctx.installation, &asking, customer, cause).await?;
    shown_on_record(&ctx.installation, reader, &asking, answered.offer.as_ref()).await?;
    changed(&ctx, asking, answered).await
}

async fn skip(ctx: Ctx, input: Input) -> Result<ChangeReply<PreviewChangeResponse>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let cause = input.cause(&ctx.installation, "campaigns/preview/skip")?;
    let (scope, signed_in) = (input.scope.clone(), input.by());
    let order: PreviewSkipRequest = input.order().await?;
    let asking = asking(campaign, signed_in, order.agent)?;
    let customer = order.customer.ok_or_else(without_customer)?;
    if !is_seen(&ctx, &scope, &customer).await? {
        return Err(Problem::missing("this customer"));
    }
    let answered = previews::skip(&ctx.installation, &asking, customer, order.reason, cause).await?;
    changed(&ctx, asking, answered).await
}

fn without_customer() -> Problem {
    Problem::fault("a body without what it needs was taken")
}

async fn changed(
    ctx: &Ctx,
    asking: PreviewQuery,
    answered: PreviewOfferResult,
) -> Result<ChangeReply<PreviewChangeResponse>, Problem> {
    let installation = &ctx.installation;
    let PreviewOfferResult { offer, position } = answered;
    let shown = match &offer {
        Some(offer) => {
            let person = installation
                .entities
                .customers
                .state(&offer.customer)
                .await?
                .state;
            Some(PreviewOfferResponse::of(&asking.campaign, offer, &person))
        }
        None => None,
    };
    let drivers = installation.dialing.drivers();
    let lacks_agents = drivers.is_some_and(|drivers| !drivers.has_agents());
    Ok(ChangeReply(WriteResult {
        body: PreviewChangeResponse {
            campaign: asking.campaign,
            agent: asking.agent,
            offer: shown,
            waits_for: lacks_agents.then_some("agents"),
            position,
        },
        version: None,
        position: Some(position),
    }))
}
