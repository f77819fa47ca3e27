//! Preview dialing: an agent sees the next customer who may be called, and accepts or skips the call.
//!
//! Rows name the candidates. The customer's own stream applies the compliance rules before the customer is
//! shown, and again at the dial. The campaign's stream decides which agent has the offer. Nothing here
//! dials.

use crate::customers::CallbackResponse;
use crate::installation::{Installation, follow};
use crate::value_masking::masked;
use crate::why_not::{campaign_now, judged_for_preview};
use actors::{AskError, engaged_now};
use domain::calling_plan::CampaignFacts;
use domain::campaign::command::{CampaignCommand, PreviewCommand};
use domain::campaign::{CampaignRefusal, CampaignState, StageWaitReason};
use domain::compliance::zone_of_campaign;
use domain::customer::{CustomerCommand, CustomerRefusal, CustomerState};
use domain::disposition::Disposition;
use domain::ids::{CallId, CampaignId, CustomerId, UserId};
use domain::local_hour::hours_ahead;
use domain::personal::{mask_external_id, mask_name};
use domain::phone_number::mask_e164;
use domain::ports::worklist::{NAMED_MAX, Worklist};
use domain::preview::Offer;
use domain::problem::Problem;
use domain::ranking::Order;
use domain::stop::StopId;
use domain::stored_event::{Cause, Position};
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// Most customers that are judged for one offer. A customer who may not be called is deferred or settled by
/// that and is not among the first candidates again, except one deferred by the same rule earlier on the
/// same day.
pub const LOOKED_AT_MAX: usize = 256;

/// Reason in the event when an agent's offer ends because the customer was assigned to another user or
/// team.
const GIVEN_AWAY: &str = "given to somebody else";

/// The campaign and the agent of a request for preview offers.
#[derive(Debug, Clone)]
pub struct PreviewQuery {
    pub campaign: CampaignId,
    pub agent: UserId,
}

/// A customer who is offered to an agent. Personal values are masked; erased ones are null.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PreviewOfferResponse {
    pub customer: CustomerId,
    /// The institution's own customer id, masked.
    #[schemars(example = &"**1")]
    pub customer_id: Option<String>,
    #[schemars(example = &"王*")]
    pub name: Option<String>,
    /// The number, masked.
    #[schemars(example = &"138****8000")]
    pub phone: Option<String>,
    /// Time at which the offer expires. An accepted call that was not dialed by then is not dialed.
    pub until: Timestamp,
    /// The call that the agent accepted, if any.
    pub call: Option<CallId>,
    /// Calls to this customer in this campaign so far.
    pub calls_count: u32,
    pub last: Option<Disposition>,
    /// The callback that the customer asked for.
    pub callback: Option<CallbackResponse>,
}

impl PreviewOfferResponse {
    pub fn of(campaign: &CampaignId, offer: &Offer, person: &CustomerState) -> Self {
        let enrolment = person.enrolment(campaign);
        let phone = enrolment.and_then(|enrolment| person.phone(&enrolment.number));
        let callback = enrolment.and_then(|enrolment| enrolment.callback.as_deref());
        Self {
            customer: offer.customer.clone(),
            customer_id: masked(person.external_id(), mask_external_id),
            name: masked(person.name(), mask_name),
            phone: masked(phone, mask_e164),
            until: offer.until,
            call: offer.accepted,
            calls_count: enrolment.map_or(0, |enrolment| enrolment.calls_count()),
            last: enrolment
                .and_then(|enrolment| enrolment.last)
                .map(|last| last.disposition),
            callback: callback.map(CallbackResponse::of),
        }
    }
}

/// The agent's open offer after a command, and the log position of the change.
pub struct PreviewOfferResult {
    pub offer: Option<Offer>,
    pub position: Position,
}

/// Returns the agent's open offer; `None` if there is none. Fails if the campaign may make no offers now.
pub async fn open(installation: &Installation, asking: &PreviewQuery) -> Result<Option<Offer>, Problem> {
    let state = campaign(installation, asking).await?;
    may_be_offered(installation, asking, &state).await?;
    Ok(state.offers().of(&asking.agent, installation.now()).cloned())
}

/// Returns the customers who may be offered next, in the campaign's calling order. With `of`, only those
/// customers are considered.
pub async fn next_people(
    installation: &Installation,
    asking: &PreviewQuery,
    of: Option<&[CustomerId]>,
) -> Result<Vec<CustomerId>, Problem> {
    let state = campaign(installation, asking).await?;
    let facts = campaign_now(installation, &asking.campaign).await?;
    let (now, rows) = (installation.now(), installation.rows.worklist());
    let away = |error: domain::ports::worklist::WorklistError| {
        Problem::unavailable(format!("the due customers cannot be read: {error}"))
    };
    // Customers offered to other agents are still due, so the limit is raised by their number.
    let limit = LOOKED_AT_MAX + state.offers().open(now).count();
    let due = match (of, facts.plan.order()) {
        (Some(of), _) => {
            let mut due = Vec::new();
            for some in of.chunks(NAMED_MAX) {
                due.extend(rows.due_of(&asking.campaign, some, now).await.map_err(away)?);
            }
            due
        }
        (None, None) => rows.due(&asking.campaign, now, limit).await.map_err(away)?,
        (None, Some(plan)) => {
            let zone = zone_of_campaign(facts.plan.preset);
            let ahead = hours_ahead(&facts, now);
            let order = Order {
                plan,
                zone,
                now,
                ahead,
            };
            let rungs = order.rungs(facts.plan.times_groups_count());
            let ranked = rows.due_ranked(&asking.campaign, &rungs, now, limit).await;
            let ranked = ranked.map_err(away)?.into_iter();
            order.first(ranked.map(|one| (one.standing, one.due)).collect(), limit)
        }
    };
    // If the campaign's stage has reached its limit, no further customer is dialed.
    let gates = state.gates();
    let may_be_dialed = |customer: &CustomerId| match gates.waiting(now) {
        None => true,
        Some(StageWaitReason::TestIsFull) => gates.admits(customer),
        Some(StageWaitReason::DayIsFull { .. }) => false,
    };
    let is_free =
        |customer: &CustomerId| may_be_dialed(customer) && state.offers().agent_of(customer, now).is_none();
    let people = due.into_iter().map(|one| one.customer);
    Ok(people.filter(is_free).take(LOOKED_AT_MAX).collect())
}

/// Returns the campaign's facts for judging customers, with this agent as the only free one.
pub async fn load_preview_facts(
    installation: &Installation,
    asking: &PreviewQuery,
) -> Result<CampaignFacts, Problem> {
    let mut facts = campaign_now(installation, &asking.campaign).await?;
    facts.free_agents = vec![asking.agent.clone()];
    Ok(facts)
}

/// Offers a customer to the agent. Returns `None` if the customer may not be called now, or another agent
/// got the offer first.
pub async fn offer(
    installation: &Installation,
    asking: &PreviewQuery,
    customer: &CustomerId,
    facts: &CampaignFacts,
    cause: Cause,
) -> Result<Option<PreviewOfferResult>, Problem> {
    let judge = judged_for_preview(installation, customer, facts.clone()).await?;
    let named = follow(cause, &format!("judge:{customer}"));
    match installation.entities.customers.ask(customer, judge, named).await {
        Ok(answer) if answer.events.is_empty() => {}
        // A rule deferred or settled the customer; or the customer was called, settled or no longer due
        // since the rows were made.
        Ok(_) | Err(AskError::Refused(_)) => return Ok(None),
        Err(other) => return Err(other.into()),
    }
    let command = PreviewCommand::Offer {
        agent: asking.agent.clone(),
        customer: customer.clone(),
        calendars: facts.calendars.clone(),
    };
    match ask(installation, asking, command, cause).await {
        Ok(answered) => Ok(Some(answered)),
        Err(AskError::Refused(CampaignRefusal::OfferedToAnother)) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

/// Accepts the offer, so that the driver dials the customer. The call's id is that of the customer's next
/// call. Fails if the agent does not have the offer.
pub async fn accept(
    installation: &Installation,
    asking: &PreviewQuery,
    customer: CustomerId,
    cause: Cause,
) -> Result<PreviewOfferResult, Problem> {
    let state = campaign(installation, asking).await?;
    may_be_offered(installation, asking, &state).await?;
    let person = installation.entities.customers.state(&customer).await?.state;
    let call = person.next_call(&customer, &asking.campaign);
    let call = call.ok_or_else(|| Problem::from(AskError::Refused(CampaignRefusal::NoOffer)))?;
    let command = PreviewCommand::Accept {
        agent: asking.agent.clone(),
        customer,
        call,
    };
    Ok(ask(installation, asking, command, cause).await?)
}

/// Skips the offered customer: the customer waits as long as the campaign's plan says, and the offer ends.
/// If the process ends between these two steps, the offer expires by itself.
pub async fn skip(
    installation: &Installation,
    asking: &PreviewQuery,
    customer: CustomerId,
    reason: String,
    cause: Cause,
) -> Result<PreviewOfferResult, Problem> {
    let state = campaign(installation, asking).await?;
    let dialing = state.plan().and_then(|plan| plan.dialing).unwrap_or_default();
    let open = state.offers().of(&asking.agent, installation.now());
    let is_open = open.is_some_and(|open| open.customer == customer && open.accepted.is_none());
    if is_open {
        let wait = CustomerCommand::SkipPreview {
            campaign: asking.campaign.clone(),
            agent: asking.agent.clone(),
            reason: reason.clone(),
            wait_ms: dialing.skip_wait_ms(),
        };
        let named = follow(cause, "wait");
        match installation.entities.customers.ask(&customer, wait, named).await {
            // Settled, withdrawn or called since the customer was shown: the offer ends all the same.
            Ok(_)
            | Err(AskError::Refused(
                CustomerRefusal::Settled { .. }
                | CustomerRefusal::NotEnrolled { .. }
                | CustomerRefusal::AlreadyGranted { .. },
            )) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let command = PreviewCommand::Skip {
        agent: asking.agent.clone(),
        customer,
        reason,
    };
    Ok(ask(installation, asking, command, cause).await?)
}

/// Ends the offer of a customer who is no longer assigned to this agent. Nothing is stored in the
/// customer's stream.
pub async fn let_go(
    installation: &Installation,
    asking: &PreviewQuery,
    customer: CustomerId,
    cause: Cause,
) -> Result<(), Problem> {
    let command = PreviewCommand::Skip {
        agent: asking.agent.clone(),
        customer,
        reason: GIVEN_AWAY.to_owned(),
    };
    ask(installation, asking, command, follow(cause, "let_go")).await?;
    Ok(())
}

async fn ask(
    installation: &Installation,
    asking: &PreviewQuery,
    command: PreviewCommand,
    cause: Cause,
) -> Result<PreviewOfferResult, AskError<CampaignRefusal>> {
    let campaigns = &installation.entities.campaigns;
    let command = CampaignCommand::Preview(command);
    let answer = campaigns.ask(&asking.campaign, command, cause).await?;
    Ok(PreviewOfferResult {
        offer: answer
            .state
            .offers()
            .of(&asking.agent, installation.now())
            .cloned(),
        position: answer.position,
    })
}

async fn campaign(installation: &Installation, asking: &PreviewQuery) -> Result<Arc<CampaignState>, Problem> {
    let state = installation
        .entities
        .campaigns
        .state(&asking.campaign)
        .await?
        .state;
    let known = state.status().is_some();
    known
        .then_some(state)
        .ok_or_else(|| Problem::missing("this campaign"))
}

/// Fails if an emergency stop covers the campaign, or if its dialing mode has no preview offers.
async fn may_be_offered(
    installation: &Installation,
    asking: &PreviewQuery,
    state: &CampaignState,
) -> Result<(), Problem> {
    let plan = state.plan().ok_or_else(|| Problem::missing("this campaign"))?;
    let mode = plan.dialing_mode();
    if !mode.only_accepted() {
        return Err(AskError::Refused(CampaignRefusal::NoPreviews { mode }).into());
    }
    let stops = [StopId::All, StopId::Campaign(asking.campaign.clone())].into_iter();
    let stops = stops.chain(plan.presets().map(StopId::Preset));
    for stop in stops {
        if engaged_now(installation.store(), &stop).await?.is_some() {
            return Err(Problem::refused(
                "stop-engaged",
                format!("the emergency stop {stop} is active: no calls are placed / 紧急停止中"),
            ));
        }
    }
    Ok(())
}
