//! Holds and erasures: what delays an erasure, what follows in the same batch, and the certificate.
//!
//! Source: the right to erasure (PIPL article 47, GDPR article 17) and the duties to keep data, which outrank
//! it. A hold refuses an erasure. It also stops one that was requested while a call was open, which then
//! waits for the release. From the request on there are no grants; with the decision every unsettled
//! enrolment settles.

use super::command::{CustomerCommand, DoneErasure, ForbiddingRule};
use super::decider_support::{DecideResult, settle_by_rule};
use super::erasure::Erasure;
use super::event::CustomerEvent;
use super::refusal::CustomerRefusal;
use super::state::CustomerState;
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// Days until the oldest key backup that may be restored is gone: it may still hold a destroyed key.
pub const KEY_BACKUP_DAYS_MAX: u32 = 30;

/// The most recordings that an erasure's certificate names; all are counted. About 100 kB of a record.
pub const RECORDINGS_NAMED_MAX: usize = 1_000;

/// The most enrolments that an erasure settles in one append: it takes 256 events, and some come before
/// these.
const SETTLED_AT_ONCE_MAX: usize = 240;

/// The kinds of data that stay after an erasure, as its certificate names them.
const STAYS: [&str; 4] = ["ids", "lookup_hashes", "counts_and_times", "recording_hashes"];

pub(super) fn hold(state: &CustomerState, reason: String, by: Option<String>) -> DecideResult {
    registered(state)?;
    if state.erasure().is_final() {
        return Err(CustomerRefusal::Erased);
    }
    if state.held().is_some() {
        return Ok(Vec::new());
    }
    Ok(vec![CustomerEvent::Held { reason, by }])
}

pub(super) fn release_hold(state: &CustomerState, command: CustomerCommand, now: Timestamp) -> DecideResult {
    let CustomerCommand::ReleaseHold {
        reason,
        by,
        four_eyes,
    } = command
    else {
        return Ok(Vec::new());
    };
    let released = CustomerEvent::HoldReleased {
        reason,
        by,
        four_eyes,
    };
    registered(state)?;
    if state.held().is_none() {
        return Ok(Vec::new());
    }
    Ok(append_pending_erasure(state, vec![released], now))
}

pub(super) fn erase(state: &CustomerState, command: CustomerCommand, now: Timestamp) -> DecideResult {
    let CustomerCommand::Erase {
        reason,
        requested_by,
        approved_by,
        four_eyes,
    } = command
    else {
        return Ok(Vec::new());
    };
    let requested = CustomerEvent::ErasureRequested {
        reason,
        requested_by,
        approved_by,
        four_eyes,
    };
    registered(state)?;
    if state.erasure().is_final() {
        return Ok(Vec::new());
    }
    if let Some(held_because) = state.held() {
        return Err(CustomerRefusal::UnderHold {
            reason: held_because.to_owned(),
        });
    }
    let events = match state.erasure() {
        Erasure::Requested { .. } => Vec::new(),
        Erasure::None | Erasure::Decided { .. } | Erasure::Certified { .. } => {
            vec![requested]
        }
    };
    Ok(append_pending_erasure(state, events, now))
}

/// Returns `events` and, after them, the decision on a requested erasure if no hold or open call delays it
/// any more.
pub(super) fn append_pending_erasure(
    state: &CustomerState,
    mut events: Vec<CustomerEvent>,
    now: Timestamp,
) -> Vec<CustomerEvent> {
    let is_asked = |event: &CustomerEvent| matches!(event, CustomerEvent::ErasureRequested { .. });
    if state.erasure() == Erasure::None && !events.iter().any(is_asked) {
        return events;
    }
    let mut after = state.clone();
    for event in &events {
        after.evolve(event, now);
    }
    let waits = matches!(after.erasure(), Erasure::Requested { .. });
    if waits && after.held().is_none() && after.open_calls().is_empty() {
        events.push(CustomerEvent::Erased {
            numbers_count: count(after.numbers().len()),
            enrolments_count: count(after.enrolments().len()),
        });
        events.extend(settlements(&after));
    }
    events
}

pub(super) fn certify(state: &CustomerState, done: DoneErasure) -> DecideResult {
    match state.erasure() {
        Erasure::None | Erasure::Requested { .. } => return Err(CustomerRefusal::NotErased),
        Erasure::Certified { .. } => return Ok(Vec::new()),
        Erasure::Decided { .. } => {}
    }
    let unsettled = settlements(state);
    if !unsettled.is_empty() {
        return Ok(unsettled);
    }
    let recordings_count = count(done.recordings.len());
    let mut recordings = done.recordings;
    recordings.truncate(RECORDINGS_NAMED_MAX);
    Ok(vec![CustomerEvent::ErasureCertified {
        certificate: done.erasure,
        key_destroyed_at: done.key_destroyed_at,
        recordings,
        recordings_count,
        stays: STAYS.map(str::to_owned).to_vec(),
        key_backup_days_max: KEY_BACKUP_DAYS_MAX,
    }])
}

/// Returns the events that settle the erased person's unsettled enrolments, so that their campaigns
/// complete; at most as many as one append takes.
fn settlements(state: &CustomerState) -> Vec<CustomerEvent> {
    let unsettled = state.enrolments().iter();
    let unsettled = unsettled.filter(|(_, enrolment)| enrolment.settled.is_none());
    let settle = unsettled.flat_map(|(campaign, enrolment)| {
        let by_erasure = ForbiddingRule {
            rule: "erased_person".to_owned(),
            facts: BTreeMap::from([("erasure".to_owned(), "requested".to_owned())]),
        };
        settle_by_rule(campaign, enrolment, by_erasure)
    });
    settle.take(SETTLED_AT_ONCE_MAX).collect()
}

const fn registered(state: &CustomerState) -> Result<(), CustomerRefusal> {
    if state.is_registered() {
        Ok(())
    } else {
        Err(CustomerRefusal::NotRegistered)
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
