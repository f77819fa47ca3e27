//! The persons whom somebody who is held to people sees in lists: those who are given to them.

use crate::context::Context;
use crate::guard::sees_person;
use application::access::board_at_head;
use domain::customer::Assignee;
use domain::ids::{CustomerId, TeamId};
use domain::permission::{DataScope, People};
use domain::problem::Problem;
use projections::views::assignment_board::{ASSIGNEES_MAX, given_to};
use projections::views::call_history::{CUSTOMERS_MAX, CallRow};
use std::collections::BTreeMap;

/// Most persons of one's own among whom the next is looked for.
const TO_CALL_MAX: usize = 10_000;

/// To whom those persons are given; nothing for whoever is not held to people.
pub(crate) async fn assignees(ctx: &Context, scope: &DataScope) -> Result<Option<Vec<Assignee>>, Problem> {
    Ok(match &scope.people {
        People::All => None,
        People::Own(user) => Some(vec![Assignee::User(user.clone())]),
        People::Team(team) => Some(of_team(ctx, team).await?),
        People::Nobody => Some(Vec::new()),
    })
}

/// The team, and everybody of it.
pub(crate) async fn of_team(ctx: &Context, team: &TeamId) -> Result<Vec<Assignee>, Problem> {
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

/// All of them, as far as the rows go; nothing for whoever is not held to people.
pub(crate) async fn own(ctx: &Context, scope: &DataScope) -> Result<Option<Vec<CustomerId>>, Problem> {
    let Some(assignees) = assignees(ctx, scope).await? else {
        return Ok(None);
    };
    let db = ctx.installation.rows.db();
    let found = given_to(db.as_ref(), Some(&assignees), None, CUSTOMERS_MAX + 1).await?;
    if found.len() > CUSTOMERS_MAX {
        let why =
            format!("more than {CUSTOMERS_MAX} customers are assigned to you: select one with ?customer=");
        return Err(Problem::refused("too-many-in-list", why));
    }
    Ok(Some(found))
}

/// The same of those who may be called next: of more than so many the first.
pub(crate) async fn own_to_call(
    ctx: &Context,
    scope: &DataScope,
) -> Result<Option<Vec<CustomerId>>, Problem> {
    let Some(assignees) = assignees(ctx, scope).await? else {
        return Ok(None);
    };
    let db = ctx.installation.rows.db();
    let found = given_to(db.as_ref(), Some(&assignees), None, TO_CALL_MAX).await?;
    Ok(Some(found))
}

/// Whose calls are listed: of the person who is asked for, where they are seen, else of all of one's own;
/// nothing where nobody in particular is.
pub(crate) async fn customers_of(
    ctx: &Context,
    scope: &DataScope,
    asked: Option<&CustomerId>,
) -> Result<Option<Vec<CustomerId>>, Problem> {
    match asked {
        None => own(ctx, scope).await,
        Some(customer) if scope.people != People::All && !is_seen(ctx, scope, customer).await? => {
            Err(Problem::missing("this customer"))
        }
        Some(_) => Ok(None),
    }
}

/// Without those of persons who were given to somebody else since: the rows may be behind.
pub(crate) async fn seen(
    ctx: &Context,
    scope: &DataScope,
    rows: Vec<CallRow>,
) -> Result<Vec<CallRow>, Problem> {
    if scope.people == People::All {
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

/// Whether the person's own events say so too: rows may be behind.
pub(crate) async fn is_seen(
    ctx: &Context,
    scope: &DataScope,
    customer: &CustomerId,
) -> Result<bool, Problem> {
    let state = ctx.installation.entities.customers.state(customer).await?.state;
    sees_person(ctx, scope, &state).await
}
