//! Finds the users who hold the permission for an act, within a scope that covers its subject. Rows name
//! candidates; the users' own streams decide.

use crate::access::board_at_head;
use crate::access::{Caller, KnownUser};
use crate::installation::Installation;
use domain::actor::SignInMethod;
use domain::approval::{ApprovalSubject, ApproverStatus};
use domain::ids::UserId;
use domain::permission::{AssigneeScope, CampaignScope, DataScope};
use domain::problem::Problem;
use domain::realm::RealmName;
use domain::user::Account;

/// Returns true if an active user other than `but` holds the permission for the act and could approve it.
pub(crate) async fn another_holds(
    installation: &Installation,
    but: &UserId,
    asked: &ApprovalSubject,
) -> Result<bool, Problem> {
    for row in board_at_head(installation).await? {
        if row.name != *but
            && load_approver(installation, &row.name, asked).await? == ApproverStatus::HoldsTheRight
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns whether a user may approve the act now: is active and holds the permission for it, or was
/// disabled, or lost it.
pub(super) async fn load_approver(
    installation: &Installation,
    user: &UserId,
    asked: &ApprovalSubject,
) -> Result<ApproverStatus, Problem> {
    let state = installation.entities.users.state(user).await?.state;
    let Some(account) = state.active() else {
        return Ok(ApproverStatus::Disabled);
    };
    let holds = reaches(installation, &as_caller(user, account), asked).await?;
    Ok(match holds {
        true => ApproverStatus::HoldsTheRight,
        false => ApproverStatus::LostTheRight,
    })
}

/// Returns true if the caller holds the permission for the act in a data scope that covers its subject.
/// False for guests.
pub(super) async fn reaches(
    installation: &Installation,
    caller: &Caller,
    asked: &ApprovalSubject,
) -> Result<bool, Problem> {
    // A guest may read and decides nothing.
    if caller.user().is_some_and(|known| known.account.is_guest()) {
        return Ok(false);
    }
    match caller.scope_for(asked.act.permission()) {
        Ok(scope) => sees(installation, &scope, asked).await,
        Err(_) => Ok(false),
    }
}

/// Returns a user as a caller without key or session, to check permissions.
fn as_caller(user: &UserId, account: &Account) -> Caller {
    Caller::User(Box::new(KnownUser {
        user: user.clone(),
        account: account.clone(),
        way: SignInMethod::Session,
        session: None,
        scopes: None,
        campaigns: CampaignScope::All,
        realm: RealmName::Real,
    }))
}

/// Returns true if the data scope covers the act's subject. A scope limited to certain customers never
/// does; a scope limited to campaigns covers those campaigns and the customers in them.
async fn sees(
    installation: &Installation,
    scope: &DataScope,
    asked: &ApprovalSubject,
) -> Result<bool, Problem> {
    if scope.is_all() {
        return Ok(true);
    }
    if scope.people != AssigneeScope::All {
        return Ok(false);
    }
    if let Some(campaign) = &asked.campaign {
        return Ok(scope.admits_campaign(campaign));
    }
    let Some(customer) = &asked.customer else {
        return Ok(false);
    };
    let person = installation.entities.customers.state(customer).await?.state;
    let mut enrolments = person.enrolments().iter();
    Ok(enrolments.any(|(campaign, _)| scope.admits_campaign(campaign)))
}
