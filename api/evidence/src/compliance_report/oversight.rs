//! Counts campaigns, alerts and samples for a compliance report.

use crate::compliance_report::fold::{Fold, bump};
use domain::campaign::event::{CampaignEvent, PauseReason};
use domain::sample::{Answer, SampleEvent};
use domain::stored_event::Envelope;

impl Fold {
    pub(super) fn campaign(&mut self, event: &CampaignEvent) {
        match event {
            CampaignEvent::AlertRaised { alert, .. } => bump(&mut self.watch.alerts, alert),
            CampaignEvent::Paused { reason } => {
                let reason = serde_json::to_value::<&PauseReason>(reason).unwrap_or_default();
                bump(
                    &mut self.watch.campaigns_paused,
                    reason.as_str().unwrap_or_default(),
                );
            }
            _ => {}
        }
    }

    /// Counts an alert by its rule, which is read from the event's JSON, because new rules may be added.
    pub(super) fn alert(&mut self, envelope: &Envelope) {
        let data: serde_json::Value = serde_json::from_str(envelope.data.get()).unwrap_or_default();
        let rule = data.get("rule").and_then(serde_json::Value::as_str);
        bump(&mut self.watch.alerts, rule.unwrap_or("unknown"));
    }

    pub(super) fn sample(&mut self, event: &SampleEvent) {
        match event {
            SampleEvent::Drawn { .. } => self.watch.samples_drawn += 1,
            SampleEvent::SignedOff { .. } => self.watch.samples_signed_off += 1,
            SampleEvent::FindingRecorded { finding, .. } => {
                let against = finding
                    .answers
                    .iter()
                    .filter(|(_, answer)| **answer == Answer::No);
                for (item, _) in against {
                    bump(&mut self.watch.findings_against, item);
                }
            }
        }
    }
}
