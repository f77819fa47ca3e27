//! What stands beside a call or a conversation in clear: the right to it is asked of that person, as
//! `customers/{id}/reveal` asks it, and why is said.

use crate::context::Context;
use crate::guard::{limited, sees_call};
use crate::input::Input;
use application::access::Caller;
use application::inquiring::REASON;
use application::parameter::Parameter;
use domain::ids::{CampaignId, CustomerId};
use domain::permission::Permission;
use domain::problem::Problem;

/// Whether clear values are asked for, which needs a reason.
pub(crate) fn clear_asked(input: &Input, clear: &Parameter) -> Result<bool, Problem> {
    let is_asked = input.flag(clear.name)?;
    if is_asked && input.text(REASON.name).is_none_or(|text| text.trim().is_empty()) {
        return Err(Problem::invalid(
            "reason-needed",
            "give a reason with ?reason=: it is stored permanently, so do not include personal data",
        ));
    }
    Ok(is_asked)
}

/// Refuses whoever may not see this person of this campaign in clear, whomever else they may see so.
pub(crate) async fn refuse_unrevealed(
    ctx: &Context,
    caller: &Caller,
    campaign: Option<&CampaignId>,
    customer: Option<&CustomerId>,
    what: &str,
) -> Result<(), Problem> {
    let unrevealed = || limited(&format!("{what} needs customers:reveal of this person"));
    let scope = caller.scope_for(Permission::CustomersReveal);
    let scope = scope.map_err(|_lacking| unrevealed())?;
    if scope.is_all() {
        return Ok(());
    }
    let (campaign, customer) = campaign.zip(customer).ok_or_else(unrevealed)?;
    match sees_call(ctx, &scope, campaign, customer).await {
        Ok(()) => Ok(()),
        Err(problem) if problem.is_ours() => Err(problem),
        Err(_outside) => Err(unrevealed()),
    }
}
