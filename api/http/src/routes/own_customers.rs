//! The route that lists assigned customers, masked. A user with access to own customers or a team's sees only
//! those.

use crate::api_description::ReadReply;
use crate::assigned_customers::{assignees, list_team_assignees};
use crate::comparisons::number_ids;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::guard::{sees_person, shows_campaign};
use crate::paging::{CURSOR, ListPage, PageLength, Paging};
use application::customers::{CustomerNumberResponse, HoldErasureStatus};
use application::inquiries::{BY, REASON, ReadContent, put_each_on_record};
use application::parameter::Parameter;
use application::value_masking::masked;
use domain::customer::{Assignee, CustomerState};
use domain::ids::{CampaignId, CustomerId, TeamId, UserId};
use domain::inquiry::ReadForm;
use domain::number_ids::NumberIdForm;
use domain::permission::DataScope;
use domain::personal::{mask_external_id, mask_name};
use domain::problem::Problem;
use projections::views::assignment_board::list_assigned;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::Display;
use std::str::FromStr;

/// Length of a page of customers: 50 by default, at most 200, because the read of each customer is recorded
/// separately.
const PAGE: PageLength = PageLength {
    unasked: 50,
    most: 200,
};

/// What the audit record of the read of each listed customer names as shown.
const PERSON: ReadContent =
    ReadContent::of(&["external_id", "name", "phone", "enrolments"], ReadForm::Masked);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/customers", "List assigned customers", list)
            .describe(
                "Returns customers who are assigned to a user or a team, masked. A caller with access to \
                 own or team customers gets only those. A read of each customer is recorded.",
            )
            .needs(Permission::CustomersRead, EndpointSubject::OwnRowsAsked)
            .query(
                const {
                    &[
                        Parameter::text("user", "Only customers assigned to this user", "wang"),
                        Parameter::text(
                            "team",
                            "Only customers assigned to this team or to a user of it",
                            "north",
                        ),
                        Parameter::campaign("Only customers of this campaign"),
                        CURSOR,
                        Parameter::number("limit", "Customers per page; default 50, at most 200", 50),
                        BY,
                        REASON,
                    ]
                },
            ),
    ]
}

/// A page of customers.
#[derive(Debug, Serialize, JsonSchema)]
struct CustomerList {
    /// The customers. A page can have fewer than `limit`, even if another page follows.
    items: Vec<CustomerListItem>,
}

/// A customer in the list. Personal values are masked, and null if erased.
#[derive(Debug, Serialize, JsonSchema)]
struct CustomerListItem {
    id: CustomerId,
    /// The external id, masked.
    #[schemars(example = &"**1")]
    customer_id: Option<String>,
    #[schemars(example = &"王*")]
    name: Option<String>,
    numbers: Vec<CustomerNumberResponse>,
    standing: HoldErasureStatus,
    assignee: Option<Assignee>,
    campaigns: Vec<CampaignId>,
}

async fn list(ctx: Ctx, input: Input) -> Result<ReadReply<ListPage<CustomerList>>, Problem> {
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
    let found = list_assigned(db.as_ref(), wanted.as_deref(), behind.as_ref(), limit).await?;
    let last = found.last().filter(|_| found.len() == limit);
    let next_cursor = last.map(|last| paging.cursor(last)).transpose()?;
    let mut items = Vec::with_capacity(found.len());
    for customer in found {
        let state = ctx.installation.entities.customers.state(&customer).await?.state;
        // The view may be behind the log; the customer's own events decide.
        let is_wanted = wanted
            .as_ref()
            .is_none_or(|wanted| state.assignee().is_some_and(|to| wanted.contains(to)));
        let is_in = |campaign: &CampaignId| state.enrolments().iter().any(|(one, _)| one == campaign);
        let fits = is_wanted && state.assignee().is_some() && campaign.as_ref().is_none_or(is_in);
        if fits && sees_person(&ctx, &scope, &state).await? {
            items.push(describe(customer, &state, &scope, ids));
        }
    }
    let shown = items.iter().map(|one| ReadContent {
        customer: Some(one.id.clone()),
        ..PERSON
    });
    put_each_on_record(&ctx.installation, &reader, shown.collect()).await?;
    Ok(ReadReply(ListPage {
        list: CustomerList { items },
        next_cursor,
    }))
}

/// Returns the users and teams to select customers of, within the caller's data scope. `None` selects all
/// assigned customers.
async fn wanted(
    ctx: &Ctx,
    scope: &DataScope,
    user: Option<UserId>,
    team: Option<TeamId>,
) -> Result<Option<Vec<Assignee>>, Problem> {
    let seen = assignees(ctx, scope).await?;
    let asked = match (user, team) {
        (Some(user), _) => vec![Assignee::User(user)],
        (None, Some(team)) => list_team_assignees(ctx, &team).await?,
        (None, None) => return Ok(seen),
    };
    Ok(Some(match seen {
        None => asked,
        Some(seen) => asked.into_iter().filter(|to| seen.contains(to)).collect(),
    }))
}

fn describe(id: CustomerId, state: &CustomerState, scope: &DataScope, ids: NumberIdForm) -> CustomerListItem {
    let enrolments = state.enrolments().iter();
    let numbers = state.numbers().iter();
    CustomerListItem {
        numbers: numbers
            .map(|known| CustomerNumberResponse::of(known, &id, ids))
            .collect(),
        id,
        customer_id: masked(state.external_id(), mask_external_id),
        name: masked(state.name(), mask_name),
        standing: HoldErasureStatus::of(state),
        assignee: state.assignee().cloned(),
        campaigns: enrolments
            .map(|(campaign, _)| campaign)
            .filter(|campaign| shows_campaign(scope, campaign))
            .cloned()
            .collect(),
    }
}

fn parsed<T: FromStr<Err: Display>>(input: &Input, name: &str) -> Result<Option<T>, Problem> {
    let parsed = input.text(name).map(str::parse).transpose();
    parsed.map_err(|error: T::Err| Problem::invalid("query-invalid", format!("{name}: {error}")))
}
