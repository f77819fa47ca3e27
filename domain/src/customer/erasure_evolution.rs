//! How events of holds, erasures and corrections change the person's state.

use super::erasure::Erasure;
use super::event::CustomerEvent;
use super::state::CustomerState;
use crate::personal::Personal;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use values::ids::CampaignId;

impl CustomerState {
    pub(super) fn evolve_erasure(&mut self, event: &CustomerEvent, at: Timestamp) {
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
            | CustomerEvent::NumberConfirmed { .. }
            | CustomerEvent::ConsentRecorded { .. }
            | CustomerEvent::ConsentWithdrawn { .. }
            | CustomerEvent::Enrolled { .. }
            | CustomerEvent::DialGranted { .. }
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
            | CustomerEvent::EnrolmentSettled { .. }
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
            | CustomerEvent::Tagged { .. } => {}
        }
    }

    /// Drops the person's open values from memory when the erasure is decided, before the key is destroyed.
    fn drop_values(&mut self) {
        let erased = || Personal::Erased { hash: None };
        self.external_id = self.external_id.as_ref().map(|_| erased());
        self.name = self.name.as_ref().map(|_| erased());
        self.time_zone = None;
        self.profile = None;
        self.own_rules = None;
        for known in &mut self.numbers {
            known.phone = erased();
        }
        let variables = self.enrolments.values_mut();
        for value in variables.flat_map(|enrolment| enrolment.variables.values_mut()) {
            *value = erased();
        }
    }

    pub(super) fn note_corrected(
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
}
