//! Webhooks as they are shown, now or as of a time: which there are, how far each is told, and what it never
//! took.

use super::found::found;
use crate::as_of::{Known, Moment, Then, entity_then};
use crate::halted::DisabledReason;
use crate::installation::Installation;
use crate::owners::is_within;
use domain::call::event::CallEvent;
use domain::ids::{CampaignId, EventId, UserId, WebhookId};
use domain::permission::{CampaignScope, DataScope};
use domain::problem::Problem;
use domain::stored_event::Position;
use domain::time::Timestamp;
use domain::webhook::{DeadLetter, DeliveryFault, Format, Webhook, WebhookFacts, WebhookState};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// A webhook, or a channel of alerts.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WebhookShown {
    pub id: WebhookId,
    pub format: Format,
    /// Where it tells, without what opens a door there.
    #[schemars(example = &"https://example.com/hooks")]
    pub target: String,
    #[schemars(example = [CallEvent::ENDED])]
    pub kinds: Vec<String>,
    /// Null where it is all of them.
    pub campaigns: Option<Vec<CampaignId>>,
    pub allow_private: bool,
    /// What links to recordings begin with; null where none are told.
    #[schemars(example = &"https://calls.example.com")]
    pub recordings_from: Option<String>,
    pub since: Option<Timestamp>,
    /// The user with the rights by which it delivers; null where that is the directory's owner, or an older
    /// version put none on record.
    pub owner: Option<UserId>,
    /// Nothing is delivered; events wait.
    pub disabled: bool,
    /// Why; null where it is not disabled.
    pub disabled_reason: Option<DisabledReason>,
    /// Everything up to here is delivered or given up, but for what waits. It moves when something is told.
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String", example = &"42")]
    pub through: Position,
    /// Where the log ends.
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub head: Position,
    /// Events that wait for another attempt, or behind one.
    pub waiting: u64,
    /// When the next of them is tried.
    pub next_attempt_at: Option<Timestamp>,
    pub delivered: u64,
    /// Attempts that were not taken.
    pub failed: u64,
    pub dead_letters: u64,
    pub last_delivered_at: Option<Timestamp>,
    /// Of the last attempt, where it was not taken.
    pub last_fault: Option<DeliveryFault>,
    /// What `If-Match` says of a change: what is delivered does not change it.
    #[schemars(example = &"\"v1\"")]
    pub etag: String,
    /// Of the past: where the answer lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<Known>,
}

/// The webhooks.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WebhookList {
    pub items: Vec<WebhookShown>,
}

/// An event that was given up.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DeadLetterShown {
    /// The event's; `replay` behind the position before it sends it again.
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
    pub event: EventId,
    pub attempts: u32,
    pub fault: Option<DeliveryFault>,
    /// HTTP status of the last answer.
    #[schemars(example = &500)]
    pub status: Option<u16>,
    pub at: Timestamp,
}

/// What was given up, the latest events last.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DeadLetters {
    pub id: WebhookId,
    /// Of all time; of the latest 1,000 each is listed.
    pub count: u64,
    pub items: Vec<DeadLetterShown>,
    /// Of the past: where the answer lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<Known>,
}

/// Of whom a question is: webhooks or channels of alerts, as far as a scope reaches.
#[derive(Debug, Clone, Copy)]
pub struct Sought<'a> {
    pub scope: &'a DataScope,
    pub is_channel: bool,
}

impl Sought<'_> {
    fn admits(&self, facts: &WebhookFacts) -> bool {
        facts.is_channel == self.is_channel && is_within(facts, self.scope)
    }
}

/// A webhook at a moment, and where the log ended.
struct Read {
    state: Arc<WebhookState>,
    head: Position,
    known: Option<Known>,
}

impl Read {
    /// What it is, where it was there and is reached.
    fn shown(self, id: WebhookId, sought: Sought<'_>) -> Option<WebhookShown> {
        let facts = self.state.active().filter(|facts| sought.admits(facts))?;
        let mut shown = shown(id, facts, &self.state, self.head);
        shown.known = self.known;
        Some(shown)
    }
}

/// By its own stream alone: what was there then is folded anew.
async fn read(installation: &Installation, id: WebhookId, then: Option<&Then>) -> Result<Read, Problem> {
    let store = installation.store();
    let Some(then) = then else {
        return Ok(Read {
            state: installation.entities.webhooks.state(&id).await?.state,
            head: store.head().await?,
            known: None,
        });
    };
    let entity = entity_then::<Webhook>(store, &id, then, installation.vault(), None).await?;
    Ok(Read {
        known: Some(entity.known(then)),
        state: Arc::new(entity.state),
        head: then.position,
    })
}

/// Every webhook, or every channel, that a scope reaches, now or at a moment.
pub async fn all(
    installation: &Installation,
    sought: Sought<'_>,
    moment: Moment,
) -> Result<WebhookList, Problem> {
    let then = moment.asked(installation.store(), installation.now()).await?;
    let mut items = Vec::new();
    for id in found(installation).await?.ids {
        let read = read(installation, id, then.as_ref()).await?;
        items.extend(read.shown(id, sought));
    }
    items.sort_by_key(|item| (item.since, item.id));
    Ok(WebhookList { items })
}

/// One webhook, now or at a moment; what a scope does not reach does not exist.
pub async fn one(
    installation: &Installation,
    id: WebhookId,
    sought: Sought<'_>,
    moment: Moment,
) -> Result<WebhookShown, Problem> {
    let then = moment.asked(installation.store(), installation.now()).await?;
    let read = read(installation, id, then.as_ref()).await?;
    read.shown(id, sought)
        .ok_or_else(|| Problem::missing("this webhook"))
}

/// One webhook as it stands after a change.
pub(super) async fn changed(
    installation: &Installation,
    id: WebhookId,
    state: &WebhookState,
) -> Result<WebhookShown, Problem> {
    let head = installation.store().head().await?;
    let facts = state.active().ok_or_else(|| Problem::missing("this webhook"))?;
    Ok(shown(id, facts, state, head))
}

fn shown(id: WebhookId, facts: &WebhookFacts, state: &WebhookState, head: Position) -> WebhookShown {
    let counts = state.counts();
    let tried = state.waiting().values().filter(|waiting| waiting.attempts > 0);
    WebhookShown {
        id,
        format: facts.format,
        target: facts.shown.clone(),
        kinds: facts.kinds.iter().cloned().collect(),
        campaigns: match &facts.campaigns {
            CampaignScope::All => None,
            CampaignScope::Only(named) => Some(named.iter().cloned().collect()),
        },
        allow_private: facts.allow_private,
        recordings_from: facts.recordings_from.clone(),
        since: state.since(),
        owner: facts.owner.clone(),
        disabled: state.is_disabled(),
        disabled_reason: DisabledReason::of(state),
        through: state.through(),
        head,
        waiting: state.waiting().len() as u64,
        next_attempt_at: tried.map(|waiting| waiting.due_at).min(),
        delivered: counts.delivered,
        failed: counts.failed,
        dead_letters: counts.dead_lettered,
        last_delivered_at: state.last_delivered_at(),
        last_fault: state.last_fault(),
        etag: format!("\"v{}\"", state.revision()),
        known: None,
    }
}

/// What a webhook never took, now or by a moment.
pub async fn dead_letters(
    installation: &Installation,
    id: WebhookId,
    sought: Sought<'_>,
    moment: Moment,
) -> Result<DeadLetters, Problem> {
    let then = moment.asked(installation.store(), installation.now()).await?;
    let read = read(installation, id, then.as_ref()).await?;
    let is_reached = read.state.active().is_some_and(|facts| sought.admits(facts));
    if !is_reached {
        return Err(Problem::missing("this webhook"));
    }
    let letters = read.state.dead_letters().iter();
    Ok(DeadLetters {
        id,
        count: read.state.counts().dead_lettered,
        items: letters
            .map(|(position, letter)| dead(*position, letter))
            .collect(),
        known: read.known,
    })
}

const fn dead(position: Position, letter: &DeadLetter) -> DeadLetterShown {
    DeadLetterShown {
        position,
        event: letter.event,
        attempts: letter.attempts,
        fault: letter.fault,
        status: letter.status,
        at: letter.at,
    }
}
