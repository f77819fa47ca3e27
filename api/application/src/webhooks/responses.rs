//! Replies about webhooks, now or in the past: the list, the delivery status of each, and the dead letters.

use super::webhook_index::found;
use crate::as_of::{Moment, PastMomentInfo, ResolvedMoment, entity_then};
use crate::halted_senders::DisabledReason;
use crate::installation::Installation;
use crate::owners::is_within;
use domain::call::event::CallEvent;
use domain::ids::{CampaignId, EventId, UserId, WebhookId};
use domain::permission::{CampaignScope, DataScope};
use domain::problem::Problem;
use domain::stored_event::Position;
use domain::time::Timestamp;
use domain::webhook::{DeadLetter, DeliveryFault, Webhook, WebhookFacts, WebhookFormat, WebhookState};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// A webhook or an alert channel.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WebhookResponse {
    pub id: WebhookId,
    pub format: WebhookFormat,
    /// The address, without the part that works as a secret.
    #[schemars(example = &"https://example.com/hooks")]
    pub target: String,
    #[schemars(example = [CallEvent::ENDED])]
    pub kinds: Vec<String>,
    /// Campaigns of the events. Null means all.
    pub campaigns: Option<Vec<CampaignId>>,
    pub allow_private: bool,
    /// Base URL of links to recordings. Null if none are sent.
    #[schemars(example = &"https://calls.example.com")]
    pub recordings_from: Option<String>,
    pub since: Option<Timestamp>,
    /// The user with the rights by which the webhook delivers. Null for the directory's owner, or if an
    /// older version recorded none.
    pub owner: Option<UserId>,
    /// True if nothing is delivered and events wait.
    pub disabled: bool,
    /// Why the webhook is disabled. Null if it is not.
    pub disabled_reason: Option<DisabledReason>,
    /// Log position up to which everything is delivered or given up, apart from waiting events. It moves
    /// when a message is sent.
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String", example = &"42")]
    pub through: Position,
    /// Position of the end of the log.
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub head: Position,
    /// Events that wait for another attempt, or behind one.
    pub waiting: u64,
    /// Time of the next attempt.
    pub next_attempt_at: Option<Timestamp>,
    pub delivered: u64,
    /// Number of failed attempts.
    pub failed: u64,
    pub dead_letters: u64,
    pub last_delivered_at: Option<Timestamp>,
    /// Fault of the last attempt, if it failed.
    pub last_fault: Option<DeliveryFault>,
    /// Version that was read. Send it as `If-Match` when you change the webhook. Deliveries do not change
    /// it.
    #[schemars(example = &"\"v1\"")]
    pub etag: String,
    /// For a question about the past: the log position and time up to which this reply was computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<PastMomentInfo>,
}

/// A list of webhooks or of alert channels.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WebhookList {
    pub items: Vec<WebhookResponse>,
}

/// An event that was given up after the last attempt.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DeadLetterResponse {
    /// Log position of the event. A replay after the position before it sends it again.
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

/// The dead letters of a webhook, latest last.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DeadLetters {
    pub id: WebhookId,
    /// Number of all dead letters so far. Only the latest 1,000 are listed.
    pub count: u64,
    pub items: Vec<DeadLetterResponse>,
    /// For a question about the past: the log position and time up to which this reply was computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<PastMomentInfo>,
}

/// A filter of a query: webhooks or alert channels, within a data scope.
#[derive(Debug, Clone, Copy)]
pub struct WebhookQuery<'a> {
    pub scope: &'a DataScope,
    pub is_channel: bool,
}

impl WebhookQuery<'_> {
    fn admits(&self, facts: &WebhookFacts) -> bool {
        facts.is_channel == self.is_channel && is_within(facts, self.scope)
    }
}

/// A webhook's state at a moment, and the end of the log at that moment.
struct WebhookSnapshot {
    state: Arc<WebhookState>,
    head: Position,
    known: Option<PastMomentInfo>,
}

impl WebhookSnapshot {
    /// Returns the webhook as the API shows it; `None` if it does not exist or the filter excludes it.
    fn shown(self, id: WebhookId, sought: WebhookQuery<'_>) -> Option<WebhookResponse> {
        let facts = self.state.active().filter(|facts| sought.admits(facts))?;
        let mut shown = shown(id, facts, &self.state, self.head);
        shown.known = self.known;
        Some(shown)
    }
}

/// Reads a webhook's state from its entity, or for a past moment from its replayed stream.
async fn read(
    installation: &Installation,
    id: WebhookId,
    then: Option<&ResolvedMoment>,
) -> Result<WebhookSnapshot, Problem> {
    let store = installation.store();
    let Some(then) = then else {
        return Ok(WebhookSnapshot {
            state: installation.entities.webhooks.state(&id).await?.state,
            head: store.head().await?,
            known: None,
        });
    };
    let entity = entity_then::<Webhook>(store, &id, then, installation.vault(), None).await?;
    Ok(WebhookSnapshot {
        known: Some(entity.known(then)),
        state: Arc::new(entity.state),
        head: then.position,
    })
}

/// Returns all webhooks or channels within a scope, now or at a moment in the past.
pub async fn all(
    installation: &Installation,
    sought: WebhookQuery<'_>,
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

/// Returns one webhook, now or at a past moment. Fails with `Missing` if it does not exist or is outside
/// the scope.
pub async fn one(
    installation: &Installation,
    id: WebhookId,
    sought: WebhookQuery<'_>,
    moment: Moment,
) -> Result<WebhookResponse, Problem> {
    let then = moment.asked(installation.store(), installation.now()).await?;
    let read = read(installation, id, then.as_ref()).await?;
    read.shown(id, sought)
        .ok_or_else(|| Problem::missing("this webhook"))
}

/// Returns a webhook as the API shows it after a change.
pub(super) async fn changed(
    installation: &Installation,
    id: WebhookId,
    state: &WebhookState,
) -> Result<WebhookResponse, Problem> {
    let head = installation.store().head().await?;
    let facts = state.active().ok_or_else(|| Problem::missing("this webhook"))?;
    Ok(shown(id, facts, state, head))
}

fn shown(id: WebhookId, facts: &WebhookFacts, state: &WebhookState, head: Position) -> WebhookResponse {
    let counts = state.counts();
    let tried = state.waiting().values().filter(|waiting| waiting.attempts > 0);
    WebhookResponse {
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

/// Returns the dead letters of a webhook (events given up after the last attempt), now or at a past moment.
pub async fn dead_letters(
    installation: &Installation,
    id: WebhookId,
    sought: WebhookQuery<'_>,
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

const fn dead(position: Position, letter: &DeadLetter) -> DeadLetterResponse {
    DeadLetterResponse {
        position,
        event: letter.event,
        attempts: letter.attempts,
        fault: letter.fault,
        status: letter.status,
        at: letter.at,
    }
}
