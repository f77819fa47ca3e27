//! How events change a person's enrolments: enrolled, granted, released, called, withdrawn, settled.

use super::consent_evolution::scope_of;
use super::enrolment::{EnrolmentResult, EnrolmentState, LastCall};
use super::event::CustomerEvent;
use super::state::CustomerState;
use crate::best_times::BEST_TIME;
use crate::compliance::CustomerGrant;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use values::disposition::Disposition;
use values::ids::CampaignId;

impl CustomerState {
    fn note_settled(&mut self, event: &CustomerEvent, at: Timestamp) {
        if let CustomerEvent::EnrolmentSettled {
            campaign,
            disposition,
            outcome,
            rule,
            facts,
            ..
        } = event
        {
            self.with_enrolment(campaign, |enrolment| {
                enrolment.settled = Some(EnrolmentResult {
                    disposition: *disposition,
                    outcome: *outcome,
                });
                enrolment.not_dialed = None;
                enrolment.callback = None;
                if let Some(rule) = rule {
                    enrolment.note_not_dialed(rule, facts, at, None);
                }
            });
        }
    }

    pub(super) fn evolve_enrolment(&mut self, event: &CustomerEvent, at: Timestamp) {
        match event {
            CustomerEvent::DialGranted { attempt, grant } => self.note_granted(*attempt, grant, at),
            CustomerEvent::DialRefused {
                campaign,
                verdict,
                not_before,
                ..
            } => self.with_enrolment(campaign, |enrolment| {
                enrolment.refused_at.insert(verdict.rule.clone(), at);
                enrolment.due_at = not_before.unwrap_or(enrolment.due_at);
                enrolment.note_not_dialed(&verdict.rule, &verdict.facts, at, *not_before);
            }),
            CustomerEvent::DialReleased {
                campaign,
                call,
                reason,
                not_before,
            } => {
                self.history.release(*call);
                self.with_enrolment(campaign, |enrolment| {
                    enrolment.open = None;
                    enrolment.due_at = not_before.unwrap_or(enrolment.due_at);
                    enrolment.note_not_dialed(reason, &BTreeMap::new(), at, *not_before);
                });
            }
            CustomerEvent::CallClosed { .. } => self.note_closed(event, at),
            CustomerEvent::CallBackOrdered { campaign, due_at, .. } => {
                self.with_enrolment(campaign, |enrolment| enrolment.due_at = *due_at);
            }
            CustomerEvent::LateAnswered(fact) => self.with_enrolment(&fact.campaign, |enrolment| {
                enrolment.note_late_answer(fact.call, fact.due_at);
            }),
            CustomerEvent::CallAsked {
                campaign,
                due_at,
                deadline,
            } => self.with_enrolment(campaign, |enrolment| enrolment.note_asked(*due_at, *deadline)),
            CustomerEvent::PreviewSkipped { campaign, due_at, .. } => {
                self.with_enrolment(campaign, |enrolment| enrolment.due_at = *due_at);
            }
            CustomerEvent::CallbackRequested { .. } => self.note_callback_requested(event),
            CustomerEvent::CallbackEnded { .. } => self.note_callback_ended(event),
            CustomerEvent::EnrolmentSettled { .. } => self.note_settled(event, at),
            CustomerEvent::EnrolmentWithdrawn { campaign, .. } => {
                self.with_enrolment(campaign, |enrolment| enrolment.withdrawn = true);
            }
            CustomerEvent::Registered { .. }
            | CustomerEvent::NumberAdded { .. }
            | CustomerEvent::NumberConfirmed { .. }
            | CustomerEvent::ConsentRecorded { .. }
            | CustomerEvent::ConsentWithdrawn { .. }
            | CustomerEvent::Enrolled { .. }
            | CustomerEvent::Held { .. }
            | CustomerEvent::HoldReleased { .. }
            | CustomerEvent::Assigned { .. }
            | CustomerEvent::Unassigned { .. }
            | CustomerEvent::Corrected { .. }
            | CustomerEvent::DealReported { .. }
            | CustomerEvent::HistoryImported { .. }
            | CustomerEvent::Merged { .. }
            | CustomerEvent::Unmerged { .. }
            | CustomerEvent::AttributesSet { .. }
            | CustomerEvent::CapsSet { .. }
            | CustomerEvent::PreferredTimesSet { .. }
            | CustomerEvent::Tagged { .. }
            | CustomerEvent::ErasureRequested { .. }
            | CustomerEvent::Erased { .. }
            | CustomerEvent::ErasureCertified { .. } => {}
        }
    }

    fn note_granted(&mut self, attempt: u32, grant: &CustomerGrant, at: Timestamp) {
        self.history.grant_of(grant, at);
        self.with_enrolment(&grant.campaign, |enrolment| {
            enrolment.attempts = attempt;
            enrolment.number = grant.number.clone();
            enrolment.open = Some(grant.call);
            enrolment.asked = false;
            enrolment.granted_scope = scope_of(&grant.verdicts);
            enrolment.refused_at.clear();
            enrolment.not_dialed = None;
            enrolment.late_answer = None;
        });
    }

    fn note_closed(&mut self, event: &CustomerEvent, at: Timestamp) {
        let CustomerEvent::CallClosed {
            campaign,
            call,
            number,
            disposition,
            outcome,
            charged,
            answered,
            dialed_at,
            next_due_at,
            next_number,
            round,
            policy_due_at,
            timing,
        } = event
        else {
            return;
        };
        self.history.close(*call, *dialed_at, *answered);
        if *disposition == Disposition::InvalidNumber {
            let dialed = self.numbers.iter_mut().find(|known| known.number == *number);
            dialed.into_iter().for_each(|known| known.invalid = true);
        }
        self.with_enrolment(campaign, |enrolment| {
            let counted = u32::from(*charged);
            enrolment.charged_dials += counted;
            enrolment.uncharged_dials += 1 - counted;
            let closed = enrolment.closed.entry(*disposition).or_default();
            closed.all += 1;
            closed.charged += counted;
            enrolment.open = None;
            enrolment.last = Some(LastCall {
                call: *call,
                answered: *answered,
                disposition: *disposition,
                outcome: *outcome,
            });
            enrolment.due_at = next_due_at.unwrap_or(enrolment.due_at);
            if let Some(next) = next_number {
                enrolment.number = next.clone();
            }
            if let Some((callback, due_at)) = enrolment.callback.as_deref_mut().zip(*policy_due_at) {
                callback.due_before = due_at;
            }
            if let Some(round) = round {
                enrolment.begin_round(*round);
            }
            if let Some(better) = timing.as_deref().and_then(|timing| timing.moved.as_ref()) {
                enrolment.note_not_dialed(BEST_TIME, &better.facts(), at, *next_due_at);
            }
        });
    }

    pub(super) fn with_enrolment(&mut self, campaign: &CampaignId, change: impl FnOnce(&mut EnrolmentState)) {
        if let Some(enrolment) = self.enrolments.get_mut(campaign) {
            change(enrolment);
        }
    }
}
