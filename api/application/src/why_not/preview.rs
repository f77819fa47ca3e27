//! The facts that a customer is judged by before they are shown to an agent.

use super::facts::{person, rules_alone};
use crate::installation::Installation;
use domain::calling_plan::CampaignFacts;
use domain::compliance::{add_preset_fact, judge_number, strictest};
use domain::customer::{CustomerCommand, CustomerState};
use domain::ids::CustomerId;
use domain::number::facts_of;
use domain::problem::Problem;
use domain::quota::FullQuota;
use domain::quota_members::QuotaMatcher;
use domain::time::Timestamp;

/// Returns the command that judges a customer by the rules before the customer is offered to an agent.
/// Whether agents are available is known only to the dialing process; here they are assumed to be.
pub(super) async fn preview(
    installation: &Installation,
    customer: &CustomerId,
    facts: CampaignFacts,
    at: Timestamp,
) -> Result<CustomerCommand, Problem> {
    let person = person(installation, customer, None).await?;
    let free_agents = facts.free_agents.clone();
    let of = rules_alone(installation, customer, facts, &person, at, None).await?;
    let numbers = facts_of(&of.number_state, customer, &of.facts, &of.hashed_on);
    let verdicts = add_preset_fact(judge_number(&numbers, at), numbers.rules(at));
    let of_number = strictest(&verdicts).cloned().map(Box::new);
    let mut facts = of.facts;
    facts.free_agents = free_agents;
    facts.kept = facts.kept.assuming_kept();
    facts.full = full_quota(installation, customer, &person.state, &facts, at).await?;
    Ok(CustomerCommand::JudgePreview {
        customer: customer.clone(),
        facts: Box::new(facts),
        joined: of.joined,
        of_number,
    })
}

/// Returns the full quota to which the customer belongs, if any.
async fn full_quota(
    installation: &Installation,
    customer: &CustomerId,
    person: &CustomerState,
    facts: &CampaignFacts,
    at: Timestamp,
) -> Result<Option<Box<FullQuota>>, Problem> {
    if facts.plan.quotas.is_empty() {
        return Ok(None);
    }
    let campaigns = &installation.entities.campaigns;
    let state = campaigns.state(&facts.campaign).await?.state;
    let members = QuotaMatcher::of(&facts.plan.quotas)
        .map_err(|fault| Problem::refused("quota-not-evaluated", fault.to_string()))?;
    let of = members.person(customer, person, &facts.campaign, at);
    Ok(of
        .and_then(|of| state.quotas().full_for(&of.quotas, at))
        .map(Box::new))
}
