//! The customers that a caller with access to some customers sees in lists: those assigned to the caller or
//! the team.

use crate::context::Context;
use crate::guard::sees_person;
use application::access::board_at_head;
use domain::customer::Assignee;
use domain::ids::{CustomerId, TeamId};
use domain::permission::{AssigneeScope, DataScope};
use domain::problem::Problem;
use projections::views::assignment_board::{ASSIGNEES_MAX, list_assigned};
use projections::views::call_history::{CUSTOMERS_MAX, CallRow};
use std::collections::BTreeMap;

/// Most assigned customers among which the next one to call is searched; further ones are not considered.
const TO_CALL_MAX: usize = 10_000;

/// Returns the users and teams to which the customers of this scope are assigned; `None` for a scope that
/// does not depend on the assignment.
pub(crate) async fn assignees(ctx: &Context, scope: &DataScope) -> Result<Option<Vec<Assignee>>, Problem> {
    Ok(match &scope.people {
        AssigneeScope::All => None,
        AssigneeScope::Own(user) => Some(vec![Assignee::User(user.clone())]),
        AssigneeScope::Team(team) => Some(list_team_assignees(ctx, team).await?),
        AssigneeScope::NoCustomers => Some(Vec::new()),
    })
}

/// Returns the team and all its users.
pub(crate) async fn list_team_assignees(ctx: &Context, team: &TeamId) -> Result<Vec<Assignee>, Problem> {
    let users = board_at_head(&ctx.installation).await?;
    let members = users.into_iter().filter(|user| user.team.as_ref() == Some(team));
    let mut all = vec![Assignee::Team(team.clone())];
    all.extend(members.map(|user| Assignee::User(user.name)));
    if all.len() > ASSIGNEES_MAX {
        let why = format!("the team has more than {ASSIGNEES_MAX} users: name one of them");
        return Err(Problem::refused("too-many-in-list", why));
    }
    Ok(all)
}

/// Returns the customers assigned to the users and teams of this scope, as the view has them; `None` for a
/// scope that does not depend on the assignment. More than `CUSTOMERS_MAX` fail with `too-many-in-list`.
pub(crate) async fn load_customers(
    ctx: &Context,
    scope: &DataScope,
) -> Result<Option<Vec<CustomerId>>, Problem> {
    let Some(assignees) = assignees(ctx, scope).await? else {
        return Ok(None);
    };
    let db = ctx.installation.rows.db();
    let found = list_assigned(db.as_ref(), Some(&assignees), None, CUSTOMERS_MAX + 1).await?;
    if found.len() > CUSTOMERS_MAX {
        let why =
            format!("more than {CUSTOMERS_MAX} customers are assigned to you: select one with ?customer=");
        return Err(Problem::refused("too-many-in-list", why));
    }
    Ok(Some(found))
}

/// Returns the customers of this scope among which the next one to call is chosen, at most the first
/// `TO_CALL_MAX`; `None` for a scope that does not depend on the assignment.
pub(crate) async fn load_customers_to_call(
    ctx: &Context,
    scope: &DataScope,
) -> Result<Option<Vec<CustomerId>>, Problem> {
    let Some(assignees) = assignees(ctx, scope).await? else {
        return Ok(None);
    };
    let db = ctx.installation.rows.db();
    let found = list_assigned(db.as_ref(), Some(&assignees), None, TO_CALL_MAX).await?;
    Ok(Some(found))
}

/// Returns the customers to which a list of calls is limited: all assigned ones of the scope. `None` is no
/// limit: the scope has none, or the request names one customer. Fails with `missing` if that one is
/// outside the scope.
pub(crate) async fn select_customers(
    ctx: &Context,
    scope: &DataScope,
    asked: Option<&CustomerId>,
) -> Result<Option<Vec<CustomerId>>, Problem> {
    match asked {
        None => load_customers(ctx, scope).await,
        Some(customer) if scope.people != AssigneeScope::All && !is_seen(ctx, scope, customer).await? => {
            Err(Problem::missing("this customer"))
        }
        Some(_) => Ok(None),
    }
}

/// Removes rows of customers that the scope does not include by their own events: the view may not have a
/// new assignment yet.
pub(crate) async fn retain_visible_calls(
    ctx: &Context,
    scope: &DataScope,
    rows: Vec<CallRow>,
) -> Result<Vec<CallRow>, Problem> {
    if scope.people == AssigneeScope::All {
        return Ok(rows);
    }
    let mut known = BTreeMap::new();
    let mut kept = Vec::with_capacity(rows.len());
    for row in rows {
        let is_own = match known.get(&row.customer) {
            Some(is_own) => *is_own,
            None => {
                let is_own = is_seen(ctx, scope, &row.customer).await?;
                known.insert(row.customer.clone(), is_own);
                is_own
            }
        };
        if is_own {
            kept.push(row);
        }
    }
    Ok(kept)
}

/// True if the scope includes the customer by the customer's own events; the view may be behind.
pub(crate) async fn is_seen(
    ctx: &Context,
    scope: &DataScope,
    customer: &CustomerId,
) -> Result<bool, Problem> {
    let state = ctx.installation.entities.customers.state(customer).await?.state;
    sees_person(ctx, scope, &state).await
}
