//! Routes of imported lists: show one, and withdraw customers from a running campaign, by list or by name
//! (CMP-12).

use crate::api_description::{ChangeReply, ReadReply};
use crate::comparison_gate::{count_own_ids, note_own_ids};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::guard::require_campaign_in_scope;
use crate::reply::WriteResult;
use application::lists::status::{ContactListResponse, campaign_of, show};
use application::lists::withdrawal::{Withdrawal, WithdrawalResponse, withdraw_list, withdraw_people};
use domain::customer::WITHDRAWAL_REASON_BYTES_MAX;
use domain::ids::{CampaignId, ListId};
use domain::permission::DataScope;
use domain::problem::{MemberError, Problem, ProblemKind};
use domain::stored_event::Position;
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;
use serde_json::Value;

/// Maximum customers named in one request. The customers of a list are withdrawn without being named.
const NAMED_MAX: usize = 1_000;

/// Maximum length of `by`, in bytes.
const BY_BYTES_MAX: usize = 256;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/lists/{list}", "Get an imported list", standing)
            .describe(
                "Returns the file, the number of customers that it enrolled, and how many of them are \
                 waiting or withdrawn.",
            )
            .needs(Permission::CampaignsRead, EndpointSubject::Handler),
        Endpoint::post(
            "/api/v1/lists/{list}/withdraw",
            "Withdraw the customers of a list",
            withdraw,
        )
        .describe(
            "None of them is called from now on (止呼); calls in progress may finish. Repeat the request \
             with `after` from the reply until it is absent.",
        )
        .needs(Permission::CampaignsWrite, EndpointSubject::Handler)
        .takes::<ListWithdrawal>(),
        Endpoint::post("/api/v1/lists/{list}/undo", "Undo an imported list", undo)
            .describe(
                "For a list that was imported by mistake: withdraws its customers, and the list enrols no \
                 customer again. Repeat the request with `after` from the reply until it is absent.",
            )
            .needs(Permission::CampaignsWrite, EndpointSubject::Handler)
            .takes::<ListWithdrawal>(),
        Endpoint::post(
            "/api/v1/campaigns/{id}/withdraw",
            "Withdraw customers from a campaign",
            withdraw_named,
        )
        .describe("The named customers are no longer called in this campaign (止呼), from any list.")
        .needs(Permission::CampaignsWrite, EndpointSubject::Campaign)
        .takes::<PeopleWithdrawal>(),
    ]
}

/// The body of a withdrawal by list: the reason, and where to continue.
#[derive(ApiRequest, JsonSchema)]
struct ListWithdrawal {
    /// Stored permanently, once per customer; must not contain personal data.
    #[schemars(length(min = 1, max = WITHDRAWAL_REASON_BYTES_MAX), example = &"the file of the wrong month")]
    reason: String,
    /// The user who requests it. Only used with the directory's own key; a user acts under their own name.
    #[schemars(length(max = BY_BYTES_MAX), example = &"wang")]
    by: Option<String>,
    /// The `after` of the previous reply.
    #[schemars(with = "Option<String>", example = &"1200")]
    #[member(parse)]
    after: Option<u64>,
}

/// The body of a withdrawal by name: the customers, and the reason.
#[derive(ApiRequest, JsonSchema)]
struct PeopleWithdrawal {
    /// External or internal ids.
    #[schemars(length(min = 1, max = NAMED_MAX), example = &["C01"])]
    #[member(read = customers)]
    customers: Vec<String>,
    /// Stored permanently, once per customer; must not contain personal data.
    #[schemars(length(min = 1, max = WITHDRAWAL_REASON_BYTES_MAX), example = &"paid at the branch")]
    reason: String,
    /// The user who requests it. Only used with the directory's own key; a user acts under their own name.
    #[schemars(length(max = BY_BYTES_MAX), example = &"wang")]
    by: Option<String>,
}

fn customers(body: &mut Members, name: &str) -> Vec<String> {
    let items = body.list(name).unwrap_or_default();
    if items.is_empty() || items.len() > NAMED_MAX {
        body.wrong(name, format!("must be a list of 1 to {NAMED_MAX} customers"));
    }
    let mut customers = Vec::new();
    for (index, item) in items.into_iter().take(NAMED_MAX).enumerate() {
        match item {
            Value::String(named) => customers.push(named),
            _ => body.wrong_at(&format!("/customers/{index}"), "must be a text"),
        }
    }
    customers
}

/// Returns the campaign of the list in the path, if it is in the caller's data scope; otherwise `missing`.
async fn named(ctx: &Ctx, list: ListId, scope: &DataScope) -> Result<CampaignId, Problem> {
    let campaign = campaign_of(&ctx.installation, list).await?;
    let hidden = |_| Problem::missing("this list");
    require_campaign_in_scope(scope, &campaign).map_err(hidden)?;
    Ok(campaign)
}

async fn standing(ctx: Ctx, input: Input) -> Result<ReadReply<ContactListResponse>, Problem> {
    let list: ListId = input.id(0, "this list")?;
    let scope = input.scope.clone();
    let campaign = named(&ctx, list, &scope).await?;
    Ok(ReadReply(show(&ctx.installation, &campaign, list).await?))
}

async fn withdraw(ctx: Ctx, input: Input) -> Result<ChangeReply<WithdrawalResponse>, Problem> {
    of_list(ctx, input, false).await
}

async fn undo(ctx: Ctx, input: Input) -> Result<ChangeReply<WithdrawalResponse>, Problem> {
    of_list(ctx, input, true).await
}

async fn of_list(ctx: Ctx, input: Input, undoes: bool) -> Result<ChangeReply<WithdrawalResponse>, Problem> {
    let list: ListId = input.id(0, "this list")?;
    let scope = input.scope.clone();
    let cause = input.cause(&ctx.installation, "lists/undo")?;
    let (actor, by) = (input.actor(), input.by());
    let order: ListWithdrawal = input.order().await?;
    let campaign = named(&ctx, list, &scope).await?;
    let withdrawal = Withdrawal {
        campaign,
        reason: order.reason,
        by: by.or(order.by),
        actor,
    };
    let after = Position(order.after.unwrap_or(0));
    let undo = undoes.then_some(cause);
    let done = withdraw_list(&ctx.installation, &withdrawal, list, after, undo).await?;
    Ok(changed(done))
}

async fn withdraw_named(ctx: Ctx, input: Input) -> Result<ChangeReply<WithdrawalResponse>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let (actor, by, comparer) = (input.actor(), input.by(), input.comparer());
    ctx.admit_guess(&comparer)?;
    let order: PeopleWithdrawal = input.order().await?;
    let (mut people, mut unknown) = (Vec::new(), Vec::new());
    for (index, named) in order.customers.iter().enumerate() {
        let known = found(ctx.installation.customer_named(named).await)?;
        match known.filter(|(_, state)| state.enrolment(&campaign).is_some()) {
            Some((customer, _)) => people.push(customer),
            None => unknown.push(MemberError {
                pointer: format!("/customers/{index}"),
                detail: "is not in this campaign / 不在该任务中".to_owned(),
            }),
        }
    }
    let own_ids = count_own_ids(&order.customers);
    let missing = unknown.iter().filter_map(|one| index_of(&one.pointer));
    let missing = missing.filter_map(|index| order.customers.get(index));
    note_own_ids(&ctx, &comparer, own_ids, missing).await?;
    if !unknown.is_empty() {
        return Err(Problem::members(unknown));
    }
    let withdrawal = Withdrawal {
        campaign,
        reason: order.reason,
        by: by.or(order.by),
        actor,
    };
    Ok(changed(
        withdraw_people(&ctx.installation, &withdrawal, people).await?,
    ))
}

/// Returns the index in `customers` with which the JSON pointer of an error ends.
fn index_of(pointer: &str) -> Option<usize> {
    pointer.rsplit('/').next()?.parse().ok()
}

/// Turns a `missing` problem into `None`. Other problems stay, because a customer who could not be looked up
/// may be in the campaign.
fn found<T>(looked_for: Result<T, Problem>) -> Result<Option<T>, Problem> {
    match looked_for {
        Ok(known) => Ok(Some(known)),
        Err(problem) if problem.kind == ProblemKind::Missing => Ok(None),
        Err(problem) => Err(problem),
    }
}

fn changed(done: WithdrawalResponse) -> ChangeReply<WithdrawalResponse> {
    let position = done.position.as_deref().and_then(|text| text.parse().ok());
    ChangeReply(WriteResult {
        version: None,
        position: position.map(Position),
        body: done,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_is_away_is_no_missing_customer() {
        assert_eq!(found(Ok(1)), Ok(Some(1)));
        assert_eq!(found::<u8>(Err(Problem::missing("this customer"))), Ok(None));
        let away = found::<u8>(Err(Problem::unavailable("the store"))).unwrap_err();
        assert_eq!(away.kind, ProblemKind::Unavailable);
    }
}
