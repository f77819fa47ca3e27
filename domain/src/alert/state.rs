//! The state of an alert, folded from its events: whether it is raised, since when, acknowledgement, and
//! mute.

use super::event::{AlertEvent, AlertFigure, AlertRule, Severity};
use crate::time::Timestamp;
use values::ids::CampaignId;

/// The state of one alert: raised or not, and its mute.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlertState {
    standing: Option<RaisedAlert>,
    muted_until: Option<Timestamp>,
}

/// A raised alert that has not been cleared.
#[derive(Debug, Clone, PartialEq)]
pub struct RaisedAlert {
    pub rule: AlertRule,
    pub subject: String,
    pub campaign: Option<CampaignId>,
    pub severity: Severity,
    pub figure: AlertFigure,
    pub since: Timestamp,
    pub acknowledged: bool,
    pub escalated: bool,
}

impl AlertState {
    /// Returns the alert if it is raised and not cleared; `None` otherwise.
    pub const fn standing(&self) -> Option<&RaisedAlert> {
        self.standing.as_ref()
    }

    /// Returns the end of the mute if the alert is muted at `now`; `None` otherwise.
    pub fn muted_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.muted_until.filter(|until| now < *until)
    }

    pub(super) fn apply(&mut self, event: &AlertEvent, at: Timestamp) {
        match event {
            AlertEvent::Raised {
                rule,
                subject,
                campaign,
                severity,
                figure,
                ..
            } => {
                self.standing = Some(RaisedAlert {
                    rule: *rule,
                    subject: subject.clone(),
                    campaign: campaign.clone(),
                    severity: *severity,
                    figure: figure.clone(),
                    since: at,
                    acknowledged: false,
                    escalated: false,
                });
            }
            AlertEvent::Cleared { .. } => self.standing = None,
            AlertEvent::Acknowledged { .. } => self.with_standing(|standing| standing.acknowledged = true),
            AlertEvent::Escalated { .. } => self.with_standing(|standing| standing.escalated = true),
            AlertEvent::Muted { until, .. } => self.muted_until = Some(*until),
        }
    }

    fn with_standing(&mut self, change: impl FnOnce(&mut RaisedAlert)) {
        if let Some(standing) = &mut self.standing {
            change(standing);
        }
    }
}
