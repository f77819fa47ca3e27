//! Decides the commands of a webhook: it is added once, its secret is rotated with an overlap, and every
//! event is delivered, retried or becomes a dead letter.

use super::command::{AttemptEnd, AttemptOutcome, WebhookChange, WebhookCommand};
use super::event::{Delivery, WebhookEvent, WebhookFacts, WebhookTerms};
use super::owner_fault::OwnerFault;
use super::refusal::WebhookRefusal;
use super::schedule::wait_ms;
use super::state::WebhookState;
use crate::personal::Personal;
use crate::record::stored_event::Position;
use crate::time::Timestamp;
use values::ids::UserId;

/// Longest reason of a change to a webhook, in bytes; a longer one is refused. It is stored permanently and
/// must not contain personal data.
pub const REASON_BYTES_MAX: usize = 256;

/// Milliseconds for which the old secret still signs after a rotation: one day, in which the receiver can
/// change over.
pub const OVERLAP_MS: u64 = 86_400_000;

/// The HTTP status of a receiver that is gone permanently (RFC 9110, 15.5.11); it disables the webhook.
const GONE: u16 = 410;

type DecideResult = Result<Vec<WebhookEvent>, WebhookRefusal>;

pub(super) fn decide(state: &WebhookState, command: WebhookCommand, now: Timestamp) -> DecideResult {
    match command {
        WebhookCommand::Add { facts } => add(state, facts),
        WebhookCommand::Change { change, read, reason } => changed(state, *change, read, reason),
        WebhookCommand::Rotate { secret } => rotate(state, secret, now),
        WebhookCommand::Remove { reason } => remove(state, reason),
        WebhookCommand::Replay { after } => replay(state, after),
        WebhookCommand::Disable { reason, owner, read } => disable(state, reason, owner, read),
        WebhookCommand::TakeOver { owner, reason } => take_over(state, owner, reason),
        WebhookCommand::Test { attempt } => {
            present(state)?;
            Ok(vec![WebhookEvent::Tested { attempt }])
        }
        WebhookCommand::Record {
            run,
            through,
            outcomes,
        } => {
            present(state)?;
            Ok(record(state, run, through, outcomes, now))
        }
    }
}

fn present(state: &WebhookState) -> Result<&WebhookFacts, WebhookRefusal> {
    match state.active() {
        Some(facts) => Ok(facts),
        None if state.is_removed() => Err(WebhookRefusal::Removed),
        None => Err(WebhookRefusal::Unknown),
    }
}

fn add(state: &WebhookState, facts: Box<WebhookFacts>) -> DecideResult {
    if state.is_there() {
        return Err(WebhookRefusal::Exists);
    }
    if facts.kinds.is_empty() {
        return Err(WebhookRefusal::NoKind);
    }
    Ok(vec![WebhookEvent::Added { facts }])
}

fn rotate(state: &WebhookState, secret: Personal<String>, now: Timestamp) -> DecideResult {
    let facts = present(state)?;
    if !facts.format.is_signed() {
        return Err(WebhookRefusal::NotSigned);
    }
    let old_until = now.plus_ms(OVERLAP_MS);
    Ok(vec![WebhookEvent::Rotated { secret, old_until }])
}

/// Starts a replay of the events after a position. Refused if the owner lost the right, because the replay
/// would deliver by that right.
fn replay(state: &WebhookState, after: Position) -> DecideResult {
    present(state)?;
    if state.owner_fault().is_some() {
        return Err(WebhookRefusal::OwnerLost);
    }
    let run = state.run() + 1;
    Ok(vec![WebhookEvent::ReplayAsked { after, run }])
}

/// Disables the webhook because its owner lost the right. No event if it is disabled, or was changed or
/// taken over since the owner was checked.
fn disable(state: &WebhookState, reason: OwnerFault, owner: UserId, read: u64) -> DecideResult {
    present(state)?;
    if state.is_disabled() || state.revision() != read {
        return Ok(Vec::new());
    }
    Ok(vec![WebhookEvent::Disabled {
        status: None,
        reason: Some(reason),
        owner: Some(owner),
    }])
}

/// Gives the webhook to another owner. No event if nothing changes. The new owner's permissions are checked
/// before the command is sent.
fn take_over(state: &WebhookState, owner: Option<UserId>, reason: String) -> DecideResult {
    let facts = present(state)?;
    refuse_unreasoned(&reason)?;
    if owner.is_some() && facts.owner == owner && state.owner_fault().is_none() {
        return Ok(Vec::new());
    }
    Ok(vec![WebhookEvent::TakenOver { owner, reason }])
}

fn remove(state: &WebhookState, reason: String) -> DecideResult {
    if state.is_removed() {
        return Ok(Vec::new());
    }
    present(state)?;
    refuse_unreasoned(&reason)?;
    Ok(vec![WebhookEvent::Removed { reason }])
}

fn refuse_unreasoned(reason: &str) -> Result<(), WebhookRefusal> {
    if reason.trim().is_empty() {
        return Err(WebhookRefusal::NoReason);
    }
    if reason.len() > REASON_BYTES_MAX {
        return Err(WebhookRefusal::TooLong {
            bytes: reason.len(),
            bytes_max: REASON_BYTES_MAX,
        });
    }
    Ok(())
}

/// Changes the webhook's settings. No event if nothing differs. Refused if the settings are no longer of
/// the revision that the caller read, without a kind of event, and for a format of another kind of
/// receiver.
fn changed(state: &WebhookState, change: WebhookChange, read: Option<u64>, reason: String) -> DecideResult {
    let facts = present(state)?;
    refuse_unreasoned(&reason)?;
    if change.kinds.is_empty() {
        return Err(WebhookRefusal::NoKind);
    }
    let is_other = facts.format != change.format;
    if is_other && !(facts.format.is_signed() && change.format.is_signed()) {
        return Err(WebhookRefusal::OtherReceiver);
    }
    let (target, shown) = match change.address {
        Some(address) => (Some(address.target), address.shown),
        None => (None, facts.shown.clone()),
    };
    let (before, after) = (
        facts.terms(),
        WebhookTerms {
            format: change.format,
            shown,
            kinds: change.kinds,
            allow_private: change.allow_private,
        },
    );
    if read.is_some_and(|read| read != state.revision()) {
        return Err(WebhookRefusal::Stale {
            actual: state.revision(),
        });
    }
    if before == after && target.is_none() && change.bearer.is_none() {
        return Ok(Vec::new());
    }
    Ok(vec![WebhookEvent::Changed {
        before: Box::new(before),
        after: Box::new(after),
        target,
        bearer: change.bearer,
        owner: change.owner,
        reason,
    }])
}

/// Returns the events for the results of deliveries. Of a replay that is over only successes are stored;
/// its other events are sent again anyway.
fn record(
    state: &WebhookState,
    run: u32,
    through: Position,
    outcomes: Vec<AttemptOutcome>,
    now: Timestamp,
) -> Vec<WebhookEvent> {
    let is_over = run != state.run();
    let mut events = Vec::with_capacity(outcomes.len());
    let mut gone = None;
    let last = outcomes.len().saturating_sub(1);
    for (index, outcome) in outcomes.into_iter().enumerate() {
        // Only the last event may carry `through`, because only then all of them are stored.
        let through = if index == last { through } else { state.through() };
        let status = outcome.end.status();
        let event = settled(outcome, run, through, now);
        let is_taken = matches!(event, WebhookEvent::Delivered { .. });
        if status == Some(GONE) && !is_over {
            gone = status;
        }
        if is_taken || !is_over {
            events.push(event);
        }
    }
    events.extend(
        gone.filter(|_| !state.is_disabled())
            .map(|status| WebhookEvent::Disabled {
                status: Some(status),
                reason: None,
                owner: None,
            }),
    );
    events
}

fn settled(outcome: AttemptOutcome, run: u32, through: Position, now: Timestamp) -> WebhookEvent {
    let delivery = Delivery {
        event: outcome.event,
        position: outcome.position,
        campaign: outcome.campaign,
        customer: outcome.customer,
        attempts: outcome.attempts,
        run,
        through,
    };
    match outcome.end {
        AttemptEnd::Deferred { behind } => WebhookEvent::DeliveryDeferred { delivery, behind },
        AttemptEnd::Tried { attempt, .. } if attempt.fault.is_none() => {
            WebhookEvent::Delivered { delivery, attempt }
        }
        AttemptEnd::Tried {
            attempt,
            retry_after_ms,
        } => match wait_ms(delivery.attempts, retry_after_ms) {
            Some(wait_ms) => WebhookEvent::DeliveryFailed {
                delivery,
                attempt,
                due_at: now.plus_ms(wait_ms),
            },
            None => WebhookEvent::DeadLettered { delivery, attempt },
        },
    }
}

impl AttemptEnd {
    const fn status(&self) -> Option<u16> {
        match self {
            Self::Tried { attempt, .. } => attempt.status,
            Self::Deferred { .. } => None,
        }
    }
}
