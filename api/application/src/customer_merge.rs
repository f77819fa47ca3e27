//! Merging of two customer ids that belong to one person (合并), the reverse, and the search for candidates.
//!
//! Two streams change, one after the other. First the other id gives up its dials, then the kept id counts
//! them. If the process stops in between, the same request again completes the merge.

use crate::installation::{Installation, follow};
use actors::AskError;
use domain::customer::{
    CustomerCommand, CustomerRefusal, CustomerState, MergeOrder, MergeSide, UnmergeOrder,
};
use domain::ids::{CampaignId, CustomerId, NumberId};
use domain::number::NumberCommand;
use domain::problem::Problem;
use domain::stored_event::{Cause, Position};
use projections::views::customer_timeline;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Most commands that settle the enrolments of the merged id, a hundred enrolments per command.
const SETTLINGS_MAX: usize = 40;

/// Most candidates for a merge in a reply. A number that hundreds of customers share says nothing.
pub const CANDIDATES_MAX: usize = 100;

/// A request to merge or unmerge two customer ids: both ids, the reason, and the user who decided.
#[derive(Debug, Clone)]
pub struct MergeRequest {
    pub kept: CustomerId,
    pub other: CustomerId,
    pub reason: String,
    pub by: Option<String>,
}

/// The result of a merge, or of its reverse.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MergeResult {
    /// The customer id that is dialed.
    pub kept: CustomerId,
    pub other: CustomerId,
    pub merged: bool,
    /// Campaigns in which the other id still had calls due. It gets no further calls there.
    pub settled: Vec<CampaignId>,
    /// Those of the `settled` campaigns in which the kept id is not enrolled or is settled too. Nothing
    /// calls the person there until a list enrolls the kept id.
    pub not_called_in: Vec<CampaignId>,
    /// All ids that were merged into the kept one.
    pub joined: Vec<CustomerId>,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
}

/// Other customer ids that share a number with this one.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Candidates {
    pub customer: CustomerId,
    pub candidates: Vec<Candidate>,
    /// True if more ids share a number than this reply lists.
    pub cut_off: bool,
}

/// A customer id that may belong to the same person.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Candidate {
    pub customer: CustomerId,
    /// Numbers that both ids have.
    pub numbers: Vec<NumberId>,
    pub enrolments_count: usize,
    pub merged_into: Option<CustomerId>,
}

/// Merges two customer ids of one person: `other` is settled in its campaigns, and `kept` counts its calls
/// too. If they are merged already, nothing changes and the reply is the same.
pub async fn merge(
    installation: &Installation,
    order: MergeRequest,
    cause: Cause,
) -> Result<MergeResult, Problem> {
    let customers = &installation.entities.customers;
    // A refusal of the kept id must come before the other id gives anything up.
    may_keep(&customers.state(&order.kept).await?.state, &order)?;
    let mut position = Position(0);
    for turn in 0..SETTLINGS_MAX {
        let command = CustomerCommand::Merge(side(&order, MergeSide::Other));
        let cause = follow(cause, &format!("merge/other/{turn}"));
        let answer = customers.ask(&order.other, command, cause).await?;
        position = position.max(answer.position);
        if answer.events.is_empty() || !is_waiting(&answer.state) {
            break;
        }
    }
    let command = CustomerCommand::Merge(side(&order, MergeSide::Kept));
    let answer = customers
        .ask(&order.kept, command, follow(cause, "merge/kept"))
        .await?;
    let other = customers.state(&order.other).await?.state;
    let settled = other.given_up_for(&order.kept);
    let released = give_back(installation, &order.other, &other, &settled, cause).await?;
    let is_over = |campaign: &&CampaignId| {
        let enrolment = answer.state.enrolment(campaign);
        enrolment.is_none_or(|enrolment| enrolment.settled.is_some())
    };
    Ok(MergeResult {
        not_called_in: settled.iter().filter(is_over).cloned().collect(),
        settled,
        merged: true,
        joined: answer.state.joined().to_vec(),
        position: position.max(answer.position).max(released),
        kept: order.kept,
        other: order.other,
    })
}

fn may_keep(kept: &CustomerState, order: &MergeRequest) -> Result<(), Problem> {
    kept.may_keep(&order.other).map_err(|refusal| match refusal {
        CustomerRefusal::MergedInto { customer } => {
            let detail = format!(
                "customer {} was already merged into {customer}: merge into that customer",
                order.kept
            );
            Problem::refused("merged-already", detail)
        }
        refusal => Problem::from(AskError::Refused(refusal)),
    })
}

/// Releases the claims on numbers that `other` held in the campaigns in which it was settled, so that
/// another customer can be called on these numbers. Returns the position of the last release.
async fn give_back(
    installation: &Installation,
    id: &CustomerId,
    other: &CustomerState,
    settled: &[CampaignId],
    cause: Cause,
) -> Result<Position, Problem> {
    let numbers = &installation.entities.numbers;
    let mut position = Position(0);
    for known in other.numbers() {
        let claims = numbers.state(&known.number).await?.state;
        for (campaign, customer) in claims.claims().iter() {
            if customer != id || !settled.contains(campaign) {
                continue;
            }
            let release = NumberCommand::ReleaseClaim {
                campaign: campaign.clone(),
                customer: id.clone(),
            };
            let cause = follow(cause, &format!("merge/claim/{}/{campaign}", known.number));
            position = position.max(numbers.ask(&known.number, release, cause).await?.position);
        }
    }
    Ok(position)
}

/// Reverses a merge: the two ids belong to different persons after all. `kept` counts only its own calls
/// again, and `other` may be enrolled again.
pub async fn unmerge(
    installation: &Installation,
    order: MergeRequest,
    cause: Cause,
) -> Result<MergeResult, Problem> {
    let customers = &installation.entities.customers;
    let kept = customers.state(&order.kept).await?.state;
    let other = customers.state(&order.other).await?.state;
    if !kept.joined().contains(&order.other) && other.merged_into() != Some(&order.kept) {
        let detail = format!("customer {} is not merged into {}", order.other, order.kept);
        return Err(Problem::refused("not-merged", detail));
    }
    let apart = |with: &CustomerId| {
        CustomerCommand::Unmerge(UnmergeOrder {
            with: with.clone(),
            reason: order.reason.clone(),
            by: order.by.clone(),
        })
    };
    let of_kept = follow(cause, "unmerge/kept");
    let answer = customers.ask(&order.kept, apart(&order.other), of_kept).await?;
    let of_other = follow(cause, "unmerge/other");
    let last = customers.ask(&order.other, apart(&order.kept), of_other).await?;
    Ok(MergeResult {
        settled: Vec::new(),
        not_called_in: Vec::new(),
        merged: false,
        joined: answer.state.joined().to_vec(),
        position: answer.position.max(last.position),
        kept: order.kept,
        other: order.other,
    })
}

fn side(order: &MergeRequest, side: MergeSide) -> MergeOrder {
    let (customer, with) = match side {
        MergeSide::Kept => (&order.kept, &order.other),
        MergeSide::Other => (&order.other, &order.kept),
    };
    MergeOrder {
        customer: customer.clone(),
        with: with.clone(),
        side,
        reason: order.reason.clone(),
        by: order.by.clone(),
    }
}

fn is_waiting(state: &CustomerState) -> bool {
    let mut enrolments = state.enrolments().iter();
    enrolments.any(|(_, enrolment)| enrolment.settled.is_none())
}

/// Returns at most `CANDIDATES_MAX` ids that share a number with a customer. They are hints; a user decides
/// whether they are one person.
pub async fn candidates(
    installation: &Installation,
    customer: CustomerId,
    state: &CustomerState,
) -> Result<Candidates, Problem> {
    let db = installation.rows.db();
    let mut sharing: BTreeMap<CustomerId, Vec<NumberId>> = BTreeMap::new();
    for known in state.numbers() {
        for other in customer_timeline::find_by_number(db.as_ref(), &known.number).await? {
            if other != customer {
                sharing.entry(other).or_default().push(known.number.clone());
            }
        }
    }
    let cut_off = sharing.len() > CANDIDATES_MAX;
    let mut candidates = Vec::new();
    for (other, numbers) in sharing.into_iter().take(CANDIDATES_MAX) {
        let state = installation.entities.customers.state(&other).await?.state;
        candidates.push(Candidate {
            customer: other,
            numbers,
            enrolments_count: state.enrolments().len(),
            merged_into: state.merged_into().cloned(),
        });
    }
    Ok(Candidates {
        customer,
        candidates,
        cut_off,
    })
}
