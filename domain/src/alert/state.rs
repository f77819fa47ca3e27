//! What an alert's events add up to: whether it stands, since when, who sees to it, until when it is muted.

use super::event::{AlertEvent, AlertFigure, AlertRule, Severity};
use crate::time::Timestamp;
use values::ids::CampaignId;

/// State of one alert.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlertState {
    standing: Option<Standing>,
    muted_until: Option<Timestamp>,
}

/// An alert that stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
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
    /// The alert while it stands.
    pub const fn standing(&self) -> Option<&Standing> {
        self.standing.as_ref()
    }

    /// Until when nobody is told, where that is still to come.
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
                self.standing = Some(Standing {
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

    fn with_standing(&mut self, change: impl FnOnce(&mut Standing)) {
        if let Some(standing) = &mut self.standing {
            change(standing);
        }
    }
}
