//! Checks for requests of calls or conversations in clear: the reveal permission for the customer, as for
//! `customers/{id}/reveal`, and a reason.

use crate::context::Context;
use crate::guard::{build_scope_problem, require_call_in_scope};
use crate::input::Input;
use application::access::Caller;
use application::inquiries::REASON;
use application::parameter::Parameter;
use domain::ids::{CampaignId, CustomerId};
use domain::permission::Permission;
use domain::problem::Problem;

/// Returns whether clear values are requested. Fails if they are, and the reason is missing.
pub(crate) fn read_clear_flag(input: &Input, clear: &Parameter) -> Result<bool, Problem> {
    let is_asked = input.flag(clear.name)?;
    if is_asked && input.text(REASON.name).is_none_or(|text| text.trim().is_empty()) {
        return Err(Problem::invalid(
            "reason-needed",
            "give a reason with ?reason=: it is stored permanently, so do not include personal data",
        ));
    }
    Ok(is_asked)
}

/// Refuses a caller who may not see this customer of this campaign in clear, even if the caller may see
/// others.
pub(crate) async fn refuse_unrevealed(
    ctx: &Context,
    caller: &Caller,
    campaign: Option<&CampaignId>,
    customer: Option<&CustomerId>,
    what: &str,
) -> Result<(), Problem> {
    let unrevealed = || build_scope_problem(&format!("{what} needs customers:reveal of this person"));
    let scope = caller.scope_for(Permission::CustomersReveal);
    let scope = scope.map_err(|_lacking| unrevealed())?;
    if scope.is_all() {
        return Ok(());
    }
    let (campaign, customer) = campaign.zip(customer).ok_or_else(unrevealed)?;
    match require_call_in_scope(ctx, &scope, campaign, customer).await {
        Ok(()) => Ok(()),
        Err(problem) if problem.is_ours() => Err(problem),
        Err(_outside) => Err(unrevealed()),
    }
}
