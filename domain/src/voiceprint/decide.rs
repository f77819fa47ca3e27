//! Decides the commands of a voiceprint: enrolments and comparisons need a consent that is valid now; a
//! deletion never does.

use super::command::VoiceprintCommand;
use super::event::{
    VoiceConsent, VoiceDeletedFor, VoiceLikeness, VoiceTemplate, VoiceprintComparison, VoiceprintEvent,
};
use super::refusal::VoiceprintRefusal as Refusal;
use super::state::{HeldVoiceConsent, VoiceprintState};
use super::take::TakeFacts;
use super::{CONSENT_DAYS_MAX, EVENTS_MAX, TAKES_MAX, TAKES_MIN, TEMPLATE_BYTES_MAX, TEXT_BYTES_MAX};
use crate::personal::Personal;
use crate::time::Timestamp;

type DecideResult = Result<Vec<VoiceprintEvent>, Refusal>;

/// Milliseconds of a day.
const DAY_MS: u64 = 24 * 3_600_000;

/// Proof that a customer's consent is valid now. Enrolments and comparisons require it; only
/// `VoiceprintState::consented` creates it.
#[derive(Debug, Clone, Copy)]
pub struct ConsentProof<'a>(&'a HeldVoiceConsent);

impl VoiceprintState {
    /// Returns the proof of the consent if it is valid at `now`; otherwise the reason why not.
    pub fn consented(&self, now: Timestamp) -> Result<ConsentProof<'_>, Refusal> {
        match self.consent() {
            None => Err(Refusal::NotConsented),
            Some(held) if held.withdrawn_at.is_some() => Err(Refusal::ConsentWithdrawn),
            Some(held) if held.until <= now => Err(Refusal::ConsentExpired { until: held.until }),
            Some(held) => Ok(ConsentProof(held)),
        }
    }
}

pub(super) fn decide(state: &VoiceprintState, command: VoiceprintCommand, now: Timestamp) -> DecideResult {
    match command {
        VoiceprintCommand::Consent {
            source,
            wording,
            evidence,
            until,
        } => {
            has_room(state)?;
            for (member, text) in [
                ("source", &source),
                ("wording", &wording),
                ("evidence", &evidence),
            ] {
                needed(member, text)?;
            }
            if until <= now || until > now.plus_ms(CONSENT_DAYS_MAX * DAY_MS) {
                return Err(Refusal::Until);
            }
            let consent = state.consent().map_or(1, |held| held.consent + 1);
            // A voiceprint of an earlier, ended consent does not continue under a new one.
            let mut events = match state.consented(now) {
                Ok(_) => Vec::new(),
                Err(_) => deleted(state, VoiceDeletedFor::Expired, None),
            };
            events.push(VoiceprintEvent::Consented(Box::new(VoiceConsent {
                consent,
                source,
                wording,
                until,
                evidence: Personal::open(evidence),
            })));
            Ok(events)
        }
        VoiceprintCommand::Enrol {
            form,
            takes,
            template,
        } => {
            let consented = state.consented(now)?;
            enrol(state, consented, form, &takes, template)
        }
        VoiceprintCommand::Compare { compared, take } => {
            let consented = state.consented(now)?;
            compare(state, consented, compared, take)
        }
        VoiceprintCommand::Withdraw { source } => withdraw(state, source),
        VoiceprintCommand::Delete { reason } => {
            needed("reason", &reason)?;
            Ok(deleted(state, VoiceDeletedFor::Asked, Some(reason)))
        }
        VoiceprintCommand::Expire => match state.consented(now) {
            Err(Refusal::ConsentExpired { .. }) => Ok(deleted(state, VoiceDeletedFor::Expired, None)),
            Ok(_) | Err(_) => Ok(Vec::new()),
        },
        VoiceprintCommand::Erase => Ok(deleted(state, VoiceDeletedFor::Erased, None)),
    }
}

fn enrol(
    state: &VoiceprintState,
    consented: ConsentProof<'_>,
    form: String,
    takes: &[TakeFacts],
    template: String,
) -> DecideResult {
    has_room(state)?;
    if state.held().is_some() {
        return Err(Refusal::AlreadyEnrolled);
    }
    takes.iter().try_for_each(|take| take.check())?;
    let fits =
        (TAKES_MIN..=TAKES_MAX).contains(&takes.len()) && (1..=TEMPLATE_BYTES_MAX).contains(&template.len());
    let Some(takes) = u32::try_from(takes.len()).ok().filter(|_| fits) else {
        return Err(Refusal::Template);
    };
    Ok(vec![VoiceprintEvent::Enrolled(Box::new(VoiceTemplate {
        enrolment: state.enrolments() + 1,
        consent: consented.0.consent,
        form,
        takes,
        template: Personal::open(template),
    }))])
}

fn compare(
    state: &VoiceprintState,
    _: ConsentProof<'_>,
    compared: VoiceprintComparison,
    take: TakeFacts,
) -> DecideResult {
    let Some(held) = state.held() else {
        return Err(Refusal::NotEnrolled);
    };
    if held.enrolment != compared.enrolment {
        return Err(Refusal::Changed);
    }
    take.check()?;
    has_room(state)?;
    let likeness = match compared.distance_milli <= compared.threshold_milli {
        true => VoiceLikeness::Alike,
        false => VoiceLikeness::Unlike,
    };
    Ok(vec![VoiceprintEvent::Compared(VoiceprintComparison {
        likeness,
        ..compared
    })])
}

/// Withdraws the consent and deletes the voiceprint. No event if there is no consent or it is withdrawn; an
/// expired consent can be withdrawn.
fn withdraw(state: &VoiceprintState, source: String) -> DecideResult {
    needed("source", &source)?;
    let Some(consent) = state.consent().filter(|held| held.withdrawn_at.is_none()) else {
        return Ok(Vec::new());
    };
    let consent = consent.consent;
    let mut events = vec![VoiceprintEvent::Withdrawn { consent, source }];
    events.extend(deleted(state, VoiceDeletedFor::Withdrawn, None));
    Ok(events)
}

fn deleted(
    state: &VoiceprintState,
    deleted_for: VoiceDeletedFor,
    reason: Option<String>,
) -> Vec<VoiceprintEvent> {
    let event = state.held().map(|held| VoiceprintEvent::Deleted {
        enrolment: held.enrolment,
        deleted_for,
        reason,
    });
    event.into_iter().collect()
}

fn needed(member: &'static str, text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() || text.len() > TEXT_BYTES_MAX {
        return Err(Refusal::Text {
            member,
            bytes_max: TEXT_BYTES_MAX,
        });
    }
    Ok(())
}

/// Refuses further events at the limit of events; withdrawals and deletions are not limited.
const fn has_room(state: &VoiceprintState) -> Result<(), Refusal> {
    if state.events() >= EVENTS_MAX {
        return Err(Refusal::TooOften);
    }
    Ok(())
}
