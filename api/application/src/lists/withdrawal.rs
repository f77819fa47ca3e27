//! Withdrawal of customers from a campaign that may be running (止呼): named customers, all of a list, or a
//! whole list that was a mistake.
//!
//! The customers are read from the log and each decides for itself. Command ids are derived from list and
//! customer, so an interrupted request can be repeated and does nothing twice. One request covers a section
//! of the log and returns where the next one continues.

use super::status::{list_of, show};
use crate::installation::Installation;
use crate::lists::enrolment::{BUSY_PAUSE_MS, BUSY_TRIES_MAX};
use actors::AskError;
use domain::actor::Actor;
use domain::campaign::CampaignStatus;
use domain::campaign::command::CampaignCommand;
use domain::customer::event::CustomerEvent;
use domain::customer::{CustomerCommand, CustomerRefusal};
use domain::event_filter::EventFilter;
use domain::ids::{CampaignId, CommandId, CustomerId, ListId};
use domain::ports::event_store::PAGE_EVENTS_MAX;
use domain::problem::Problem;
use domain::stored_event::{Cause, Position, RequestFacts, WritePriority};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use schemars::JsonSchema;
use serde::Serialize;

/// Most customers per request, exceeded by at most one page of the log; this takes some seconds. The next
/// request continues after them.
const PERSONS_MAX: usize = 10_000;

/// Customers that are processed at once: enough to share a commit, few enough that no dial waits behind
/// them.
const AT_ONCE: usize = 64;

/// Most events by which the views may lag before more withdrawals are stored. The dialer depends on their
/// rows.
const LAG_EVENTS_MAX: u64 = 1_024;

/// Longest wait for the views, in milliseconds; then the withdrawals are stored all the same.
const WAY_MS_MAX: u64 = 10_000;

/// A withdrawal: the campaign, the reason, and the user.
#[derive(Debug, Clone)]
pub struct Withdrawal {
    pub campaign: CampaignId,
    pub reason: String,
    pub by: Option<String>,
    /// The actor for the envelope of each event.
    pub actor: Option<Actor>,
}

/// The result of one withdrawal request.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct WithdrawalResponse {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<ListId>,
    pub campaign: String,
    /// Customers that were looked at.
    pub persons: u64,
    /// Customers withdrawn by this request.
    pub withdrawn: u64,
    /// Withdrawn customers with an open call, which runs to its normal end.
    pub in_calls: u64,
    /// Customers who were settled or withdrawn before.
    pub already: u64,
    /// Position after which the next request continues. Absent when all customers were looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
}

impl WithdrawalResponse {
    fn of(campaign: &CampaignId, list: Option<ListId>) -> Self {
        Self {
            list,
            campaign: campaign.to_string(),
            ..Self::default()
        }
    }

    fn note(&mut self, asked: Option<WithdrawalRecord>) {
        self.persons += 1;
        match asked {
            None => self.already += 1,
            Some(stored) => {
                self.withdrawn += 1;
                self.in_calls += u64::from(stored.in_call);
                self.position = Some(stored.position.to_string());
            }
        }
    }
}

/// The stored result of one withdrawal.
struct WithdrawalRecord {
    in_call: bool,
    position: Position,
}

/// Withdraws the named customers from the campaign, whichever list enrolled them. Customers who are settled
/// or withdrawn already change nothing.
pub async fn withdraw_people(
    installation: &Installation,
    withdrawal: &Withdrawal,
    people: Vec<CustomerId>,
) -> Result<WithdrawalResponse, Problem> {
    let mut shown = WithdrawalResponse::of(&withdrawal.campaign, None);
    ask_all(installation, withdrawal, None, people, &mut shown).await?;
    Ok(shown)
}

/// Withdraws the next section of a list's customers, after the position `after`; the reply's `after` is the
/// position for the next request. With `undo`, the list is undone first, so that it can enroll no further
/// customer.
pub async fn withdraw_list(
    installation: &Installation,
    withdrawal: &Withdrawal,
    list: ListId,
    after: Position,
    undo: Option<Cause>,
) -> Result<WithdrawalResponse, Problem> {
    let campaigns = &installation.entities.campaigns;
    let is_undone = undo.is_some();
    if let Some(cause) = undo {
        if installation.imports.has(list) {
            let why = format!(
                "list {list} is being imported: wait for the end or stop the import, then undo the list / \
                 名单正在导入"
            );
            return Err(Problem::refused("list-being-imported", why));
        }
        let command = CampaignCommand::UndoList {
            list,
            reason: withdrawal.reason.clone(),
            by: withdrawal.by.clone(),
        };
        campaigns.ask(&withdrawal.campaign, command, cause).await?;
    }
    let mut shown = WithdrawalResponse::of(&withdrawal.campaign, Some(list));
    let (people, reached) = people_of(installation, &withdrawal.campaign, list, after).await?;
    ask_all(installation, withdrawal, Some(list), people, &mut shown).await?;
    shown.after = reached.map(|reached| reached.to_string());
    if is_undone && reached.is_none() {
        close(installation, withdrawal, list).await?;
    }
    Ok(shown)
}

/// Completes the undo of a list that was being imported: withdraws all its customers for the recorded
/// reason and closes it. Called by the importer. Does nothing if the list was not undone.
pub(super) async fn finish_undone(
    installation: &Installation,
    campaign: &CampaignId,
    list: ListId,
) -> Result<(), Problem> {
    let Some(undone) = show(installation, campaign, list).await?.undone else {
        return Ok(());
    };
    let withdrawal = Withdrawal {
        campaign: campaign.clone(),
        reason: undone.reason,
        by: undone.by,
        actor: None,
    };
    let mut after = Some(Position(0));
    while let Some(from) = after {
        let (people, reached) = people_of(installation, campaign, list, from).await?;
        let mut shown = WithdrawalResponse::of(campaign, Some(list));
        ask_all(installation, &withdrawal, Some(list), people, &mut shown).await?;
        after = reached;
    }
    close(installation, &withdrawal, list).await
}

/// Closes a list with its number of customers after its import stopped half-way; otherwise its campaign
/// would never complete. Does nothing if the list is closed with at least this count or the campaign is
/// stopped.
async fn close(installation: &Installation, withdrawal: &Withdrawal, list: ListId) -> Result<(), Problem> {
    let campaign = &withdrawal.campaign;
    let campaigns = &installation.entities.campaigns;
    let state = campaigns.state(campaign).await?.state;
    let closed = state.lists().get(&list).copied().flatten();
    let count = show(installation, campaign, list).await?.enrolled;
    if closed.is_some_and(|closed| closed >= count) || state.status() == Some(CampaignStatus::Stopped) {
        return Ok(());
    }
    let command = CampaignCommand::CloseList { list, count };
    let id = CommandId::derive_from_text(&format!("close-undone:{campaign}/{list}/{count}"));
    campaigns
        .ask(campaign, command, cause(withdrawal, id, Some(list)))
        .await?;
    Ok(())
}

/// Returns the next customers that a list enrolled, in log order after `after`, and the position at which
/// to continue; `None` at the end of the log.
async fn people_of(
    installation: &Installation,
    campaign: &CampaignId,
    list: ListId,
    mut after: Position,
) -> Result<(Vec<CustomerId>, Option<Position>), Problem> {
    let filter = EventFilter {
        kinds: vec![CustomerEvent::ENROLLED.to_owned()],
        campaign: Some(campaign.clone()),
        ..EventFilter::default()
    };
    let mut people = Vec::new();
    while people.len() < PERSONS_MAX {
        let store = installation.store();
        let page = store.read_matching(&filter, after, PAGE_EVENTS_MAX).await?;
        for stored in &page.events {
            let envelope = stored.envelope();
            let envelope = envelope.map_err(|error| Problem::fault(error.to_string()))?;
            if list_of(&envelope)? == Some(list) {
                people.extend(envelope.customer.clone());
            }
        }
        if page.reached == after {
            return Ok((people, None));
        }
        after = page.reached;
    }
    Ok((people, Some(after)))
}

async fn ask_all(
    installation: &Installation,
    withdrawal: &Withdrawal,
    list: Option<ListId>,
    people: Vec<CustomerId>,
    shown: &mut WithdrawalResponse,
) -> Result<(), Problem> {
    let asked = people
        .into_iter()
        .map(|customer| async move { ask(installation, withdrawal, list, customer).await });
    let mut answers = stream::iter(asked).buffer_unordered(AT_ONCE);
    while let Some(stored) = answers.try_next().await? {
        shown.note(stored);
    }
    Ok(())
}

async fn ask(
    installation: &Installation,
    withdrawal: &Withdrawal,
    list: Option<ListId>,
    customer: CustomerId,
) -> Result<Option<WithdrawalRecord>, Problem> {
    let of = list.map_or_else(|| withdrawal.campaign.to_string(), |list| list.to_string());
    let id = CommandId::derive_from_text(&format!("withdraw:{of}/{customer}"));
    for _ in 0..BUSY_TRIES_MAX {
        let command = CustomerCommand::WithdrawEnrolment {
            campaign: withdrawal.campaign.clone(),
            list,
            reason: withdrawal.reason.clone(),
            by: withdrawal.by.clone(),
        };
        let customers = &installation.entities.customers;
        match customers
            .ask(&customer, command, cause(withdrawal, id, list))
            .await
        {
            Err(AskError::Busy) => installation.pause(BUSY_PAUSE_MS).await,
            Ok(answer) => {
                make_way(installation, answer.position).await;
                // A repeated command returns what it stored the first time; this request then did nothing.
                let stored = answer.events.first().filter(|_| !answer.repeated);
                return Ok(stored.map(|event| WithdrawalRecord {
                    in_call: matches!(event, CustomerEvent::EnrolmentWithdrawn { open_calls, .. }
                        if !open_calls.is_empty()),
                    position: answer.position,
                }));
            }
            Err(other) => return Err(other.into()),
        }
    }
    Err(AskError::<CustomerRefusal>::Busy.into())
}

/// Waits until the views lag behind `stored` by at most `LAG_EVENTS_MAX`. A failure is logged and does not
/// stop the withdrawal.
async fn make_way(installation: &Installation, stored: Position) {
    let wanted = Position(stored.0.saturating_sub(LAG_EVENTS_MAX));
    if installation
        .rows
        .position()
        .is_some_and(|reached| reached < wanted)
        && let Err(problem) = installation.rows_at(wanted, WAY_MS_MAX).await
    {
        tracing::warn!(%problem.detail, "withdrawals go on ahead of the rows");
    }
}

fn cause(withdrawal: &Withdrawal, command: CommandId, list: Option<ListId>) -> Cause {
    Cause {
        command,
        causation: None,
        correlation: list.map(|list| list.uuid()),
        by: withdrawal.actor,
        request: RequestFacts::NONE,
        urgency: WritePriority::Behind,
    }
}
