//! What a customer's own events say of the person.

use super::assignee::Assignee;
use super::consented::{self, scope_of};
use super::deals::Deals;
use super::enrolment::{EnrolmentState, LastCall, SettledAs};
use super::erasure::Erasure;
use super::event::CustomerEvent;
use super::known_number::KnownNumber;
use crate::compliance::{ConsentFacts, ContactHistory};
use crate::disposition::Disposition;
use crate::few_map::FewMap;
use crate::ids::{CallId, CampaignId, NumberId};
use crate::personal::Personal;
use crate::time::Timestamp;
use std::collections::BTreeMap;

#[derive(Debug, Clone, Default)]
pub struct CustomerState {
    external_id: Option<Personal<String>>,
    name: Option<Personal<String>>,
    time_zone: Option<String>,
    numbers: Vec<KnownNumber>,
    consents: BTreeMap<String, ConsentFacts>,
    enrolments: FewMap<CampaignId, EnrolmentState>,
    history: ContactHistory,
    held: Option<String>,
    erasure: Erasure,
    assignee: Option<Box<Assignee>>,
    /// Most people have none.
    deals: Option<Box<Deals>>,
}

impl CustomerState {
    /// `None` before the first event.
    pub const fn external_id(&self) -> Option<&Personal<String>> {
        self.external_id.as_ref()
    }
    pub const fn is_registered(&self) -> bool {
        self.external_id.is_some()
    }
    pub const fn name(&self) -> Option<&Personal<String>> {
        self.name.as_ref()
    }
    /// IANA zone of the customer record, as given.
    pub fn time_zone(&self) -> Option<&str> {
        self.time_zone.as_deref()
    }
    /// In the order they were added.
    pub fn numbers(&self) -> &[KnownNumber] {
        &self.numbers
    }
    /// E.164, open where the person's key exists.
    pub fn phone(&self, number: &NumberId) -> Option<&Personal<String>> {
        let known = self.numbers.iter().find(|known| known.number == *number);
        known.map(|known| &known.phone)
    }
    pub fn enrolment(&self, campaign: &CampaignId) -> Option<&EnrolmentState> {
        self.enrolments.get(campaign)
    }
    pub const fn enrolments(&self) -> &FewMap<CampaignId, EnrolmentState> {
        &self.enrolments
    }
    /// By scope.
    pub const fn consents(&self) -> &BTreeMap<String, ConsentFacts> {
        &self.consents
    }
    /// Dials of the last 30 days, over all campaigns and numbers.
    pub const fn history(&self) -> &ContactHistory {
        &self.history
    }
    /// Why a hold keeps everything of this person, while there is one.
    pub fn held(&self) -> Option<&str> {
        self.held.as_deref()
    }
    /// Who sees to this person, where somebody does.
    pub fn assignee(&self) -> Option<&Assignee> {
        self.assignee.as_deref()
    }
    /// What came of their calls afterwards, as last reported, by reference.
    pub fn deals(&self) -> Option<&Deals> {
        self.deals.as_deref()
    }
    pub const fn erasure(&self) -> Erasure {
        self.erasure
    }
    /// The key of this person is missing, and nobody has erased them: what is sealed cannot be read here.
    /// Known from what was loaded; no event says it.
    pub const fn is_unreadable(&self) -> bool {
        matches!(self.external_id, Some(Personal::Erased { .. })) && matches!(self.erasure, Erasure::None)
    }
    /// Calls granted and neither closed nor released.
    pub fn open_calls(&self) -> Vec<CallId> {
        self.history.open_calls()
    }

    /// The number a dial of this enrolment goes to: its own, unless it does not exist and another may.
    pub(super) fn number_to_dial(&self, enrolment: &EnrolmentState) -> NumberId {
        let is_invalid = |number: &NumberId| {
            self.numbers
                .iter()
                .any(|known| known.number == *number && known.invalid)
        };
        if is_invalid(&enrolment.number) {
            return self
                .next_number(&enrolment.number)
                .unwrap_or_else(|| enrolment.number.clone());
        }
        enrolment.number.clone()
    }

    /// Another number of this person that may exist.
    pub(super) fn next_number(&self, tried: &NumberId) -> Option<NumberId> {
        let mut others = self
            .numbers
            .iter()
            .filter(|known| known.number != *tried && !known.invalid);
        others.next().map(|known| known.number.clone())
    }

    pub(super) fn evolve(&mut self, event: &CustomerEvent, at: Timestamp) {
        match event {
            CustomerEvent::Registered {
                external_id,
                name,
                time_zone,
            } => {
                self.external_id = Some(external_id.clone());
                self.name.clone_from(name);
                self.time_zone.clone_from(time_zone);
            }
            CustomerEvent::NumberAdded { number, phone } => {
                // One for most people: no room for more before they come.
                self.numbers.reserve_exact(1);
                self.numbers.push(KnownNumber {
                    number: number.clone(),
                    phone: phone.clone(),
                    invalid: false,
                });
            }
            CustomerEvent::ConsentRecorded {
                scope,
                given_at,
                until,
                evidence,
                ..
            } => consented::note(
                self.consents.entry(scope.clone()).or_default(),
                *given_at,
                *until,
                evidence.is_some(),
            ),
            CustomerEvent::ConsentWithdrawn { scope, .. } => {
                self.consents.entry(scope.clone()).or_default().withdrawn_at = Some(at);
            }
            CustomerEvent::Enrolled { .. } => {
                let begun = EnrolmentState::begun(event);
                begun.map(|(campaign, enrolment)| self.enrolments.insert(campaign, enrolment));
            }
            CustomerEvent::DialGranted { .. }
            | CustomerEvent::DialRefused { .. }
            | CustomerEvent::DialReleased { .. }
            | CustomerEvent::CallClosed { .. }
            | CustomerEvent::CallBackOrdered { .. }
            | CustomerEvent::CallAsked { .. }
            | CustomerEvent::EnrolmentSettled { .. } => self.evolve_enrolment(event, at),
            CustomerEvent::Assigned { to, .. } => self.assignee = Some(Box::new(to.clone())),
            CustomerEvent::Unassigned { .. } => self.assignee = None,
            CustomerEvent::DealReported { deal, .. } => {
                let deals = self.deals.get_or_insert_default();
                deals.insert(deal.reference.clone(), (**deal).clone());
            }
            CustomerEvent::Corrected { name, variables, .. } => self.note_corrected(name.as_ref(), variables),
            CustomerEvent::Held { .. }
            | CustomerEvent::HoldReleased { .. }
            | CustomerEvent::ErasureRequested { .. }
            | CustomerEvent::Erased { .. }
            | CustomerEvent::ErasureCertified { .. } => self.evolve_erasure(event, at),
        }
    }

    fn evolve_erasure(&mut self, event: &CustomerEvent, at: Timestamp) {
        match event {
            CustomerEvent::Held { reason, .. } => self.held = Some(reason.clone()),
            CustomerEvent::HoldReleased { .. } => self.held = None,
            CustomerEvent::ErasureRequested { .. } => self.erasure = Erasure::Requested { at },
            CustomerEvent::Erased { .. } => {
                self.erasure = Erasure::Decided { at };
                self.drop_values();
            }
            CustomerEvent::ErasureCertified { certificate, .. } => {
                self.erasure = Erasure::Certified {
                    certificate: *certificate,
                };
            }
            CustomerEvent::Registered { .. }
            | CustomerEvent::NumberAdded { .. }
            | CustomerEvent::ConsentRecorded { .. }
            | CustomerEvent::ConsentWithdrawn { .. }
            | CustomerEvent::Enrolled { .. }
            | CustomerEvent::DialGranted { .. }
            | CustomerEvent::DialRefused { .. }
            | CustomerEvent::DialReleased { .. }
            | CustomerEvent::CallClosed { .. }
            | CustomerEvent::CallBackOrdered { .. }
            | CustomerEvent::CallAsked { .. }
            | CustomerEvent::EnrolmentSettled { .. }
            | CustomerEvent::Assigned { .. }
            | CustomerEvent::Unassigned { .. }
            | CustomerEvent::DealReported { .. }
            | CustomerEvent::Corrected { .. } => {}
        }
    }

    /// What was open in memory goes with the decision, before the key does.
    fn drop_values(&mut self) {
        let erased = || Personal::Erased { hash: None };
        self.external_id = self.external_id.as_ref().map(|_| erased());
        self.name = self.name.as_ref().map(|_| erased());
        self.time_zone = None;
        for known in &mut self.numbers {
            known.phone = erased();
        }
        let variables = self.enrolments.values_mut();
        for value in variables.flat_map(|enrolment| enrolment.variables.values_mut()) {
            *value = erased();
        }
    }

    fn note_corrected(
        &mut self,
        name: Option<&Personal<String>>,
        variables: &BTreeMap<CampaignId, BTreeMap<String, Personal<String>>>,
    ) {
        if let Some(name) = name {
            self.name = Some(name.clone());
        }
        for (campaign, values) in variables {
            let values = values.clone();
            self.with_enrolment(campaign, |enrolment| {
                for (variable, value) in values {
                    enrolment.variables.insert(variable, value);
                }
            });
        }
    }

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
                enrolment.settled = Some(SettledAs {
                    disposition: *disposition,
                    outcome: *outcome,
                });
                enrolment.not_dialed = None;
                if let Some(rule) = rule {
                    enrolment.note_not_dialed(rule, facts, at, None);
                }
            });
        }
    }

    fn evolve_enrolment(&mut self, event: &CustomerEvent, at: Timestamp) {
        match event {
            CustomerEvent::DialGranted { attempt, grant } => {
                self.history.grant(grant.call, grant.campaign.clone(), at);
                self.with_enrolment(&grant.campaign, |enrolment| {
                    enrolment.attempts = *attempt;
                    enrolment.number = grant.number.clone();
                    enrolment.open = Some(grant.call);
                    enrolment.asked = false;
                    enrolment.granted_scope = scope_of(&grant.verdicts);
                    enrolment.refused_at.clear();
                    enrolment.not_dialed = None;
                });
            }
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
            CustomerEvent::CallClosed { .. } => self.note_closed(event),
            CustomerEvent::CallBackOrdered { campaign, due_at, .. } => {
                self.with_enrolment(campaign, |enrolment| enrolment.due_at = *due_at);
            }
            CustomerEvent::CallAsked {
                campaign,
                due_at,
                deadline,
            } => self.with_enrolment(campaign, |enrolment| enrolment.note_asked(*due_at, *deadline)),
            CustomerEvent::EnrolmentSettled { .. } => self.note_settled(event, at),
            CustomerEvent::Registered { .. }
            | CustomerEvent::NumberAdded { .. }
            | CustomerEvent::ConsentRecorded { .. }
            | CustomerEvent::ConsentWithdrawn { .. }
            | CustomerEvent::Enrolled { .. }
            | CustomerEvent::Held { .. }
            | CustomerEvent::HoldReleased { .. }
            | CustomerEvent::Assigned { .. }
            | CustomerEvent::Unassigned { .. }
            | CustomerEvent::Corrected { .. }
            | CustomerEvent::DealReported { .. }
            | CustomerEvent::ErasureRequested { .. }
            | CustomerEvent::Erased { .. }
            | CustomerEvent::ErasureCertified { .. } => {}
        }
    }

    fn note_closed(&mut self, event: &CustomerEvent) {
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
        });
    }

    fn with_enrolment(&mut self, campaign: &CampaignId, change: impl FnOnce(&mut EnrolmentState)) {
        if let Some(enrolment) = self.enrolments.get_mut(campaign) {
            change(enrolment);
        }
    }
}
