//! Customers who are given to somebody, masked: whoever is held to own customers or to a team sees theirs.

use crate::comparisons::number_ids;
use crate::described::Read;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::guard::{sees_person, tells_of};
use crate::own_people::{assignees, of_team};
use crate::paging::{CURSOR, Length, Paged, Paging};
use application::customers::{NumberOf, Standing};
use application::inquiring::{BY, REASON, Shown, put_each_on_record};
use application::masked::masked;
use application::parameter::Parameter;
use domain::customer::{Assignee, CustomerState};
use domain::ids::{CampaignId, CustomerId, TeamId, UserId};
use domain::inquiry::ReadForm;
use domain::number_ids::NumberIds;
use domain::permission::DataScope;
use domain::personal::{mask_external_id, mask_name};
use domain::problem::Problem;
use projections::views::assignment_board::given_to;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::Display;
use std::str::FromStr;

/// Persons on a page: the read of each is a record of its own.
const PAGE: Length = Length {
    unasked: 50,
    most: 200,
};

/// What is shown of each.
const PERSON: Shown = Shown::of(&["external_id", "name", "phone", "enrolments"], ReadForm::Masked);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/customers",
            "Customers who are given to somebody, masked; whoever sees own customers or a team's alone, gets those",
            list,
        )
        .needs(Permission::CustomersRead, About::OwnRowsAsked)
        .query(
            const {
                &[
                    Parameter::text("user", "Only those given to this user", "wang"),
                    Parameter::text("team", "Only those given to this team or to a user of it", "north"),
                    Parameter::campaign("Only those who are in this campaign"),
                    CURSOR,
                    Parameter::number("limit", "At most so many; default 50, at most 200", 50),
                    BY,
                    REASON,
                ]
            },
        ),
    ]
}

/// A page of customers.
#[derive(Debug, Serialize, JsonSchema)]
struct CustomersListed {
    /// Perhaps fewer than were asked for, also where another page follows.
    items: Vec<CustomerListed>,
}

/// One customer in the list; what is personal is masked, and null where it is erased.
#[derive(Debug, Serialize, JsonSchema)]
struct CustomerListed {
    id: CustomerId,
    /// The institution's own, masked.
    #[schemars(example = &"**1")]
    customer_id: Option<String>,
    #[schemars(example = &"王*")]
    name: Option<String>,
    numbers: Vec<NumberOf>,
    standing: Standing,
    assignee: Option<Assignee>,
    campaigns: Vec<CampaignId>,
}

async fn list(ctx: Ctx, input: Input) -> Result<Read<Paged<CustomersListed>>, Problem> {
    let (reader, scope, ids) = (input.reader(), input.scope.clone(), number_ids(&input.caller));
    let asked = (parsed(&input, "user")?, parsed(&input, "team")?);
    let campaign: Option<CampaignId> = parsed(&input, "campaign")?;
    let paging = Paging::of(&ctx.installation, &input, PAGE)?;
    let (behind, limit): (Option<CustomerId>, usize) = (paging.place()?, paging.limit);
    let wanted = match asked {
        (Some(_), Some(_)) => {
            return Err(Problem::invalid("query-invalid", "give user or team, not both"));
        }
        (user, team) => wanted(&ctx, &scope, user, team).await?,
    };
    let db = ctx.installation.rows.db();
    let found = given_to(db.as_ref(), wanted.as_deref(), behind.as_ref(), limit).await?;
    let last = found.last().filter(|_| found.len() == limit);
    let next_cursor = last.map(|last| paging.cursor(last)).transpose()?;
    let mut items = Vec::with_capacity(found.len());
    for customer in found {
        let state = ctx.installation.entities.customers.state(&customer).await?.state;
        // The rows may be behind: the person's own events decide.
        let is_wanted = wanted
            .as_ref()
            .is_none_or(|wanted| state.assignee().is_some_and(|to| wanted.contains(to)));
        let is_in = |campaign: &CampaignId| state.enrolments().iter().any(|(one, _)| one == campaign);
        let fits = is_wanted && state.assignee().is_some() && campaign.as_ref().is_none_or(is_in);
        if fits && sees_person(&ctx, &scope, &state).await? {
            items.push(describe(customer, &state, &scope, ids));
        }
    }
    let shown = items.iter().map(|one| Shown {
        customer: Some(one.id.clone()),
        ..PERSON
    });
    put_each_on_record(&ctx.installation, &reader, shown.collect()).await?;
    Ok(Read(Paged {
        list: CustomersListed { items },
        next_cursor,
    }))
}

/// To whom those are given who are asked for: within what the asker sees. Nothing where anybody's are.
async fn wanted(
    ctx: &Ctx,
    scope: &DataScope,
    user: Option<UserId>,
    team: Option<TeamId>,
) -> Result<Option<Vec<Assignee>>, Problem> {
    let seen = assignees(ctx, scope).await?;
    let asked = match (user, team) {
        (Some(user), _) => vec![Assignee::User(user)],
        (None, Some(team)) => of_team(ctx, &team).await?,
        (None, None) => return Ok(seen),
    };
    Ok(Some(match seen {
        None => asked,
        Some(seen) => asked.into_iter().filter(|to| seen.contains(to)).collect(),
    }))
}

fn describe(id: CustomerId, state: &CustomerState, scope: &DataScope, ids: NumberIds) -> CustomerListed {
    let enrolments = state.enrolments().iter();
    let numbers = state.numbers().iter();
    CustomerListed {
        numbers: numbers.map(|known| NumberOf::of(known, &id, ids)).collect(),
        id,
        customer_id: masked(state.external_id(), mask_external_id),
        name: masked(state.name(), mask_name),
        standing: Standing::of(state),
        assignee: state.assignee().cloned(),
        campaigns: enrolments
            .map(|(campaign, _)| campaign)
            .filter(|campaign| tells_of(scope, campaign))
            .cloned()
            .collect(),
    }
}

fn parsed<T: FromStr<Err: Display>>(input: &Input, name: &str) -> Result<Option<T>, Problem> {
    let parsed = input.text(name).map(str::parse).transpose();
    parsed.map_err(|error: T::Err| Problem::invalid("query-invalid", format!("{name}: {error}")))
}
