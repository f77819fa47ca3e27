//! The state of a customer: the fold of the person's own events.

use super::assignee::Assignee;
use super::call_attributes::CallAttributes;
use super::consent_evolution;
use super::deals::{Deals, KnownDeal};
use super::enrolment::EnrolmentState;
use super::erasure::Erasure;
use super::event::CustomerEvent;
use super::known_number::KnownNumber;
use super::merge_side::MergedIds;
use super::own_rules_state::OwnRules;
use super::profile::Profile;
use crate::compliance::{ConsentFacts, ContactHistory, PhoneCountry};
use crate::deal::Deal;
use crate::personal::Personal;
use crate::preferred_times::PreferredTime;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use values::call_caps::CallCap;
use values::ids::{CallId, CampaignId, CustomerId, EnrolmentId, NumberId};
use values::small_map::SmallMap;

#[derive(Debug, Clone, Default)]
pub struct CustomerState {
    pub(super) external_id: Option<Personal<String>>,
    pub(super) name: Option<Personal<String>>,
    pub(super) time_zone: Option<String>,
    pub(super) numbers: Vec<KnownNumber>,
    consents: BTreeMap<String, ConsentFacts>,
    pub(super) enrolments: SmallMap<CampaignId, EnrolmentState>,
    pub(super) history: ContactHistory,
    pub(super) held: Option<String>,
    pub(super) erasure: Erasure,
    assignee: Option<Box<Assignee>>,
    pub(super) profile: Option<Box<Profile>>,
    pub(super) call_attributes: CallAttributes,
    /// The person's deals; most people have none.
    deals: Option<Box<Deals>>,
    /// The person's own caps and preferred times; most people have none.
    pub(super) own_rules: Option<Box<OwnRules>>,
    /// The merged ids of the person; most people have one id.
    pub(super) merged: Option<Box<MergedIds>>,
}

impl CustomerState {
    /// Returns the institution's own id of the person; `None` before the first event. Sealed or erased if
    /// the key is not available.
    pub const fn external_id(&self) -> Option<&Personal<String>> {
        self.external_id.as_ref()
    }
    pub const fn is_registered(&self) -> bool {
        self.external_id.is_some()
    }
    pub const fn name(&self) -> Option<&Personal<String>> {
        self.name.as_ref()
    }
    /// Returns the name of the time zone in the customer record (IANA), as given and unchecked.
    pub fn time_zone(&self) -> Option<&str> {
        self.time_zone.as_deref()
    }
    /// Returns the person's numbers in the order in which they were added.
    pub fn numbers(&self) -> &[KnownNumber] {
        &self.numbers
    }
    /// Returns the phone number in E.164 behind a number's id: sealed or erased if the person's key is not
    /// available, `None` for an id that is not this person's.
    pub fn phone(&self, number: &NumberId) -> Option<&Personal<String>> {
        let known = self.numbers.iter().find(|known| known.number == *number);
        known.map(|known| &known.phone)
    }
    /// Returns how certain the country of one of the person's numbers is; `Known` for an unknown number.
    pub fn phone_country(&self, number: &NumberId) -> PhoneCountry {
        let known = self.numbers.iter().find(|known| known.number == *number);
        known.map_or(PhoneCountry::Known, KnownNumber::phone_country)
    }
    pub fn enrolment(&self, campaign: &CampaignId) -> Option<&EnrolmentState> {
        self.enrolments.get(campaign)
    }
    /// Returns the id of the next call to the person (`customer`) in a campaign; `None` if the person is
    /// not enrolled there.
    pub fn next_call(&self, customer: &CustomerId, campaign: &CampaignId) -> Option<CallId> {
        let enrolment = EnrolmentId {
            campaign: campaign.clone(),
            customer: customer.clone(),
        };
        let attempts = self.enrolment(campaign)?.attempts;
        Some(CallId::derive(&enrolment, attempts.saturating_add(1)))
    }
    pub const fn enrolments(&self) -> &SmallMap<CampaignId, EnrolmentState> {
        &self.enrolments
    }
    /// Returns the recorded consents, by scope.
    pub const fn consents(&self) -> &BTreeMap<String, ConsentFacts> {
        &self.consents
    }
    /// Returns the calls granted or dialed in the last 30 days, over all campaigns and numbers.
    pub const fn history(&self) -> &ContactHistory {
        &self.history
    }
    /// Returns the reason of the legal hold; `None` if there is none.
    pub fn held(&self) -> Option<&str> {
        self.held.as_deref()
    }
    /// Returns the user or team to which the customer is assigned; `None` if none.
    pub fn assignee(&self) -> Option<&Assignee> {
        self.assignee.as_deref()
    }
    /// Returns the complete profile: values set by users and lists, and values derived from calls. Segments
    /// are checked against it.
    pub fn whole_profile(&self) -> Profile {
        self.call_attributes.over(self.profile())
    }
    /// Returns only the attribute values and tags that users, rules and lists set; `whole_profile` adds
    /// those derived from calls.
    pub fn profile(&self) -> Option<&Profile> {
        self.profile.as_deref()
    }
    /// Returns the person's deals as last reported, by reference; `None` if there are none.
    pub fn deals(&self) -> Option<&Deals> {
        self.deals.as_deref()
    }
    /// Returns the caps on calls that the person's own record sets.
    pub fn own_caps(&self) -> &[CallCap] {
        self.own_rules.as_deref().map_or(&[], |own| &own.caps)
    }
    /// Returns the times at which the person prefers to be called.
    pub fn preferred_times(&self) -> &[PreferredTime] {
        self.own_rules.as_deref().map_or(&[], |own| &own.preferred)
    }
    pub const fn erasure(&self) -> Erasure {
        self.erasure
    }
    /// Returns true if the person's key is missing although the person was not erased, so that sealed
    /// values cannot be read here. Known only from loading; no event states it.
    pub const fn is_unreadable(&self) -> bool {
        matches!(self.external_id, Some(Personal::Erased { .. })) && matches!(self.erasure, Erasure::None)
    }
    /// Returns the calls with a grant that is neither closed nor released.
    pub fn open_calls(&self) -> Vec<CallId> {
        self.history.open_calls()
    }

    /// Returns the number that a dial of this enrolment uses: its own, or the person's next one if the
    /// network reported that its own does not exist.
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

    /// Returns the person's first other number than `tried` that is not reported as not existing; `None` if
    /// there is none.
    pub(super) fn next_number(&self, tried: &NumberId) -> Option<NumberId> {
        let mut others = self
            .numbers
            .iter()
            .filter(|known| known.number != *tried && !known.invalid);
        others.next().map(|known| known.number.clone())
    }

    fn note_deal(&mut self, deal: &Deal, has_counts: bool) {
        let known = KnownDeal {
            deal: deal.clone(),
            has_counts,
        };
        let deals = self.deals.get_or_insert_default();
        deals.insert(deal.reference.clone(), known);
    }

    pub(super) fn evolve(&mut self, event: &CustomerEvent, at: Timestamp) {
        self.call_attributes.evolve(event, self.profile.as_deref());
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
            CustomerEvent::NumberAdded { .. } | CustomerEvent::NumberConfirmed { .. } => {
                self.evolve_numbers(event);
            }
            CustomerEvent::ConsentRecorded {
                scope,
                given_at,
                until,
                evidence,
                ..
            } => consent_evolution::note(
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
            | CustomerEvent::LateAnswered(_)
            | CustomerEvent::CallAsked { .. }
            | CustomerEvent::PreviewSkipped { .. }
            | CustomerEvent::CallbackRequested { .. }
            | CustomerEvent::CallbackEnded { .. }
            | CustomerEvent::EnrolmentWithdrawn { .. }
            | CustomerEvent::EnrolmentSettled { .. } => self.evolve_enrolment(event, at),
            CustomerEvent::Assigned { to, .. } => self.assignee = Some(Box::new(to.clone())),
            CustomerEvent::Unassigned { .. } => self.assignee = None,
            CustomerEvent::DealReported { deal, counts, .. } => self.note_deal(deal, counts.is_some()),
            CustomerEvent::HistoryImported { calls, .. } => self.history.import(calls, at),
            CustomerEvent::Merged { with, side, .. } => {
                self.merged.get_or_insert_default().merge(with, *side);
            }
            CustomerEvent::Unmerged { with, .. } => self.merged.get_or_insert_default().unmerge(with),
            CustomerEvent::Corrected { name, variables, .. } => self.note_corrected(name.as_ref(), variables),
            CustomerEvent::CapsSet { .. } | CustomerEvent::PreferredTimesSet { .. } => {
                self.own_rules.get_or_insert_default().evolve(event);
            }
            CustomerEvent::AttributesSet { .. } | CustomerEvent::Tagged { .. } => {
                self.profile.get_or_insert_default().evolve(event);
            }
            CustomerEvent::Held { .. }
            | CustomerEvent::HoldReleased { .. }
            | CustomerEvent::ErasureRequested { .. }
            | CustomerEvent::Erased { .. }
            | CustomerEvent::ErasureCertified { .. } => self.evolve_erasure(event, at),
        }
    }
}
