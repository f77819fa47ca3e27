//! Preview dialing over HTTP: an agent asks whom to call next, sees who it is, and accepts or skips. None of
//! it is a permit: every rule is asked again when the call is dialed.

use crate::described::Changed;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::own_people::{is_seen, own_to_call};
use crate::reply::Written;
use application::inquiring::{Reader, Shown, put_on_record};
use application::installation::Installation;
use application::previews::{self, Answered, Asking, OfferShown};
use domain::ids::{CampaignId, CustomerId, UserId};
use domain::inquiry::ReadForm;
use domain::permission::DataScope;
use domain::preview::{Offer, PREVIEW_REASON_BYTES_MAX};
use domain::problem::Problem;
use domain::stored_event::{Cause, Position};
use intake::members::{Members, Order};
use schemars::JsonSchema;
use serde::Serialize;

/// What an agent is shown.
const OFFERED: Shown = Shown::of(&["external_id", "name", "phone", "enrolments"], ReadForm::Masked);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/campaigns/{id}/preview/next",
            "Whom this agent may call next, masked: the offer that is open, or a new one; nobody else is shown them while it lasts",
            next,
        )
        .needs(Permission::CallsWrite, About::Campaign)
        .takes::<NextOrder>(),
        Endpoint::post(
            "/api/v1/campaigns/{id}/preview/accept",
            "The agent takes the call of whom they are shown: it is dialed for them if every rule and cap permits it then",
            accept,
        )
        .needs(Permission::CallsWrite, About::Campaign)
        .takes::<AcceptOrder>(),
        Endpoint::post(
            "/api/v1/campaigns/{id}/preview/skip",
            "The agent does not call whom they are shown: the person waits as the campaign says, and may be offered to anybody then",
            skip,
        )
        .needs(Permission::CallsWrite, About::Campaign)
        .takes::<SkipOrder>(),
    ]
}

/// Who asks for the next.
#[derive(JsonSchema)]
struct NextOrder {
    /// Whoever signed in is it; needed where nobody did.
    #[schemars(with = "Option<String>", example = &"wang")]
    agent: Option<UserId>,
}

impl Order for NextOrder {
    fn read(body: &mut Members) -> Self {
        Self {
            agent: body.parsed("agent"),
        }
    }
}

/// Whose call is taken.
#[derive(JsonSchema)]
struct AcceptOrder {
    /// Whom the agent was shown.
    #[schemars(with = "CustomerId")]
    customer: Option<CustomerId>,
    /// Whoever signed in is it; needed where nobody did.
    #[schemars(with = "Option<String>", example = &"wang")]
    agent: Option<UserId>,
}

impl Order for AcceptOrder {
    fn read(body: &mut Members) -> Self {
        Self {
            customer: whom(body),
            agent: body.parsed("agent"),
        }
    }
}

/// Who is not called now, and why.
#[derive(JsonSchema)]
struct SkipOrder {
    /// Whom the agent was shown.
    #[schemars(with = "CustomerId")]
    customer: Option<CustomerId>,
    /// Stored for ever; nothing personal.
    #[schemars(length(min = 1, max = PREVIEW_REASON_BYTES_MAX), example = &"in a meeting until noon")]
    reason: String,
    /// Whoever signed in is it; needed where nobody did.
    #[schemars(with = "Option<String>", example = &"wang")]
    agent: Option<UserId>,
}

impl Order for SkipOrder {
    fn read(body: &mut Members) -> Self {
        Self {
            customer: whom(body),
            reason: body.needed_short_text("reason", PREVIEW_REASON_BYTES_MAX),
            agent: body.parsed("agent"),
        }
    }
}

fn whom(body: &mut Members) -> Option<CustomerId> {
    if body.is_absent("customer") {
        body.wrong("customer", "is needed: whom the agent was shown");
    }
    body.parsed("customer")
}

/// Where the agent stands.
#[derive(Debug, Serialize, JsonSchema)]
struct PreviewChanged {
    #[schemars(example = &"TASK20261120")]
    campaign: CampaignId,
    #[schemars(with = "String", example = &"wang")]
    agent: UserId,
    /// Absent where the agent has none: nobody may be called now, or the offer was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    offer: Option<OfferShown>,
    /// What is missing for a call to be dialed here, where something is: no agents' desks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"agents")]
    waits_for: Option<&'static str>,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    position: Position,
}

/// The agent: whoever signed in, else whom the body names.
fn asking(campaign: CampaignId, signed_in: Option<String>, named: Option<UserId>) -> Result<Asking, Problem> {
    let signed_in = signed_in.and_then(|by| by.parse().ok());
    let agent = signed_in.or(named);
    let needed = || Problem::invalid("agent-needed", "the agent is unknown: sign in or give \"agent\"");
    agent.map(|agent| Asking { campaign, agent }).ok_or_else(needed)
}

async fn next(ctx: Ctx, input: Input) -> Result<Changed<PreviewChanged>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let cause = input.cause(&ctx.installation, "campaigns/preview/next")?;
    let (reader, scope) = (input.reader(), input.scope.clone());
    let signed_in = input.by();
    let order: NextOrder = input.order().await?;
    let asking = asking(campaign, signed_in, order.agent)?;
    let installation = &ctx.installation;
    let head = async || installation.store().head().await;
    let mut open = previews::open(installation, &asking).await?;
    if let Some(offer) = &open
        && !is_seen(&ctx, &scope, &offer.customer).await?
    {
        // Given to somebody else since: they do not exist for this agent any more.
        previews::let_go(installation, &asking, offer.customer.clone(), cause).await?;
        open = None;
    }
    let (offer, position) = match open {
        Some(offer) => (Some(offer), head().await?),
        None => match new_offer(&ctx, &scope, &asking, cause).await? {
            Some(Answered { offer, position }) => (offer, position),
            None => (None, head().await?),
        },
    };
    shown_on_record(installation, reader, &asking, offer.as_ref()).await?;
    changed(&ctx, asking, Answered { offer, position }).await
}

/// Before whoever is offered is shown.
async fn shown_on_record(
    installation: &Installation,
    reader: Reader,
    asking: &Asking,
    offer: Option<&Offer>,
) -> Result<(), Problem> {
    if let Some(offer) = offer {
        let shown = Shown {
            customer: Some(offer.customer.clone()),
            campaign: Some(asking.campaign.clone()),
            ..OFFERED
        };
        put_on_record(installation, reader, shown).await?;
    }
    Ok(())
}

/// The first of those whom the agent may see and who may be called.
async fn new_offer(
    ctx: &Ctx,
    scope: &DataScope,
    asking: &Asking,
    cause: Cause,
) -> Result<Option<Answered>, Problem> {
    let installation = &ctx.installation;
    let facts = previews::judged_by(installation, asking).await?;
    let people = own_to_call(ctx, scope).await?;
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

async fn accept(ctx: Ctx, input: Input) -> Result<Changed<PreviewChanged>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let cause = input.cause(&ctx.installation, "campaigns/preview/accept")?;
    let (scope, reader, signed_in) = (input.scope.clone(), input.reader(), input.by());
    let order: AcceptOrder = input.order().await?;
    let asking = asking(campaign, signed_in, order.agent)?;
    let customer = order.customer.ok_or_else(without_customer)?;
    // Given to somebody else since they were offered: they do not exist for this agent any more.
    if !is_seen(&ctx, &scope, &customer).await? {
        return Err(Problem::missing("this customer"));
    }
    let answered = previews::accept(&ctx.installation, &asking, customer, cause).await?;
    shown_on_record(&ctx.installation, reader, &asking, answered.offer.as_ref()).await?;
    changed(&ctx, asking, answered).await
}

async fn skip(ctx: Ctx, input: Input) -> Result<Changed<PreviewChanged>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let cause = input.cause(&ctx.installation, "campaigns/preview/skip")?;
    let (scope, signed_in) = (input.scope.clone(), input.by());
    let order: SkipOrder = input.order().await?;
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

async fn changed(ctx: &Ctx, asking: Asking, answered: Answered) -> Result<Changed<PreviewChanged>, Problem> {
    let installation = &ctx.installation;
    let Answered { offer, position } = answered;
    let shown = match &offer {
        Some(offer) => {
            let person = installation
                .entities
                .customers
                .state(&offer.customer)
                .await?
                .state;
            Some(OfferShown::of(&asking.campaign, offer, &person))
        }
        None => None,
    };
    let drivers = installation.dialing.drivers();
    let lacks_agents = drivers.is_some_and(|drivers| !drivers.has_agents());
    Ok(Changed(Written {
        body: PreviewChanged {
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
