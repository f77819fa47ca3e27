//! Consent given and withdrawn by hand, and consent in a row of a list.
//!
//! Source: PIPL articles 14 to 16 and GDPR article 7: consent is for a purpose (here: scope), must be shown
//! by kept evidence, and is as easy to withdraw as to give. A consent given by hand that no rule would count
//! is refused with what it lacks. A withdrawal names the open calls of its scope.

use super::command::GivenConsent;
use super::decider_support::{DecideResult, check_count, check_not_erased, check_readable};
use super::event::CustomerEvent;
use super::refusal::CustomerRefusal;
use super::state::CustomerState;
use crate::compliance::{CONSENT_GIVEN, consent_state};
use crate::personal::Personal;
use crate::time::Timestamp;
use values::ids::CallId;

/// The most consent scopes of one person; a further scope is refused. A scope is a purpose, and an
/// institution has few.
const SCOPES_MAX: usize = 64;

/// Records a consent given by hand. No event if exactly this one is recorded. Refused if the consent rule
/// would not count it now, with what it lacks.
pub(super) fn give(state: &CustomerState, consent: GivenConsent, now: Timestamp) -> DecideResult {
    check_not_erased(state)?;
    registered(state)?;
    check_readable(state)?;
    let scope = consent.scope.clone();
    let events: Vec<CustomerEvent> = event_of(state, consent)?.into_iter().collect();
    let mut after = state.clone();
    for event in &events {
        after.evolve(event, now);
    }
    match consent_state(after.consents().get(&scope), now) {
        CONSENT_GIVEN => Ok(events),
        lacks => Err(CustomerRefusal::ConsentNotCounted { scope, lacks }),
    }
}

/// Returns the event for a consent in a row of a list; `None` if exactly this one is recorded. A consent
/// dated in the future is refused after a withdrawal.
pub(super) fn of_row(
    state: &CustomerState,
    consent: GivenConsent,
    now: Timestamp,
) -> Result<Option<CustomerEvent>, CustomerRefusal> {
    let held = state.consents().get(&consent.scope);
    let was_withdrawn = held.is_some_and(|held| held.withdrawn_at.is_some());
    if was_withdrawn && consent.given_at > now {
        return Err(CustomerRefusal::ConsentNotCounted {
            scope: consent.scope,
            lacks: "given_later",
        });
    }
    event_of(state, consent)
}

/// Returns the event that records a consent; `None` if exactly this consent is recorded already.
fn event_of(state: &CustomerState, consent: GivenConsent) -> Result<Option<CustomerEvent>, CustomerRefusal> {
    let held = state.consents().get(&consent.scope);
    let is_new_scope = held.is_none();
    check_count(
        state.consents().len() + usize::from(is_new_scope),
        SCOPES_MAX,
        "consent scopes",
    )?;
    let is_held = held.is_some_and(|held| {
        held.given_at == Some(consent.given_at)
            && held.until == consent.until
            && held.has_evidence == consent.evidence.is_some()
    });
    if is_held {
        return Ok(None);
    }
    Ok(Some(CustomerEvent::ConsentRecorded {
        scope: consent.scope,
        source: consent.source,
        given_at: consent.given_at,
        until: consent.until,
        evidence: consent.evidence.map(Personal::open),
    }))
}

/// Records the withdrawal of consent for a scope, with the open calls it concerns. Also without a recorded
/// consent: a file may bring an older one later. No event if it is withdrawn already.
pub(super) fn withdraw(state: &CustomerState, scope: String, source: String) -> DecideResult {
    check_not_erased(state)?;
    registered(state)?;
    let held = state.consents().get(&scope);
    let is_withdrawn =
        held.is_some_and(|held| held.withdrawn_at.is_some() && held.given_at <= held.withdrawn_at);
    if is_withdrawn {
        return Ok(Vec::new());
    }
    check_count(
        state.consents().len() + usize::from(held.is_none()),
        SCOPES_MAX,
        "consent scopes",
    )?;
    let open_calls = state.open_calls_for(&scope);
    Ok(vec![CustomerEvent::ConsentWithdrawn {
        scope,
        source,
        open_calls,
    }])
}

impl CustomerState {
    /// Returns the open calls (granted, neither closed nor released) that a withdrawal of consent for this
    /// scope concerns. Grants without a scope are included.
    pub fn open_calls_for(&self, scope: &str) -> Vec<CallId> {
        let concerns = |granted: Option<&str>| granted.is_none_or(|granted| granted == scope);
        let enrolments = self.enrolments().values();
        enrolments
            .filter(|enrolment| concerns(enrolment.granted_scope.as_deref()))
            .filter_map(|enrolment| enrolment.open)
            .collect()
    }
}

const fn registered(state: &CustomerState) -> Result<(), CustomerRefusal> {
    if state.is_registered() {
        Ok(())
    } else {
        Err(CustomerRefusal::NotRegistered)
    }
}
