//! Webhooks as they are shown: which there are, how far each is told, and what it never took.

use super::found::found;
use super::managing::is_within;
use crate::installation::Installation;
use domain::call::event::CallEvent;
use domain::ids::{CampaignId, EventId, WebhookId};
use domain::permission::{CampaignScope, DataScope};
use domain::problem::Problem;
use domain::stored_event::Position;
use domain::time::Timestamp;
use domain::webhook::{DeadLetter, DeliveryFault, Format, WebhookFacts, WebhookState};
use schemars::JsonSchema;
use serde::Serialize;

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
    /// The receiver said that it is gone; a replay begins again.
    pub disabled: bool,
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
}

/// Every webhook, or every channel, that this scope reaches.
pub async fn all(
    installation: &Installation,
    scope: &DataScope,
    is_channel: bool,
) -> Result<WebhookList, Problem> {
    let head = installation.store().head().await?;
    let mut items = Vec::new();
    for id in found(installation).await?.ids {
        let loaded = installation.entities.webhooks.state(&id).await?;
        let active = loaded.state.active();
        let seen = active.filter(|facts| facts.is_channel == is_channel && is_within(facts, scope));
        items.extend(seen.map(|facts| shown(id, facts, &loaded.state, head)));
    }
    items.sort_by_key(|item| (item.since, item.id));
    Ok(WebhookList { items })
}

/// One webhook.
pub async fn one(
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
        disabled: state.is_disabled(),
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
    }
}

/// What a webhook never took.
pub fn dead_letters(id: WebhookId, state: &WebhookState) -> DeadLetters {
    let letters = state.dead_letters().iter();
    DeadLetters {
        id,
        count: state.counts().dead_lettered,
        items: letters
            .map(|(position, letter)| dead(*position, letter))
            .collect(),
    }
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
