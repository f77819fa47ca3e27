//! The running totals of one campaign: its row, and how events change it.

use crate::error::ProjectionError;
use crate::value::{Row, Val};
use crate::view::code_of;
use domain::call::CallSums;
use domain::campaign::CampaignStatus;
use domain::campaign::event::CampaignEvent;
use domain::customer::event::CustomerEvent;
use domain::ids::CampaignId;
use domain::stored_event::Position;

/// The totals of one campaign up to `position`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignTotal {
    pub campaign: CampaignId,
    pub status: String,
    pub preset: String,
    pub enrolled: i64,
    pub settled: i64,
    /// Enrolments with an open grant or a call that is not closed.
    pub open: i64,
    pub alerts: i64,
    pub last_alert: Option<String>,
    pub last_alert_detail: Option<String>,
    pub calls: CallSums,
    /// The position of the last event that changed the totals.
    pub position: Position,
}

impl CampaignTotal {
    pub(super) fn new(campaign: &CampaignId) -> Self {
        Self {
            campaign: campaign.clone(),
            status: CampaignStatus::Draft.code().to_owned(),
            preset: String::new(),
            enrolled: 0,
            settled: 0,
            open: 0,
            alerts: 0,
            last_alert: None,
            last_alert_detail: None,
            calls: CallSums::default(),
            position: Position(0),
        }
    }

    pub(super) fn read(row: Vec<Val>) -> Result<Self, ProjectionError> {
        let mut row = Row::new(row);
        Ok(Self {
            campaign: row.parse()?,
            status: row.text()?,
            preset: row.text()?,
            enrolled: row.int()?,
            settled: row.int()?,
            open: row.int()?,
            alerts: row.int()?,
            last_alert: row.maybe_text()?,
            last_alert_detail: row.maybe_text()?,
            calls: row.call_sums()?,
            position: row.position()?,
        })
    }

    pub(super) fn row(self) -> Vec<Val> {
        let mut row = vec![
            Val::text(self.campaign),
            Val::Text(self.status),
            Val::Text(self.preset),
            Val::Int(self.enrolled),
            Val::Int(self.settled),
            Val::Int(self.open),
            Val::Int(self.alerts),
            Val::maybe_text(self.last_alert),
            Val::maybe_text(self.last_alert_detail),
        ];
        row.extend(self.calls.values().map(Val::Int));
        row.push(Val::position(self.position));
        row
    }

    pub(super) fn campaign(&mut self, fact: &CampaignEvent) {
        let status = match fact {
            CampaignEvent::Created { plan, .. } => {
                self.preset = code_of(&plan.preset);
                return;
            }
            CampaignEvent::AlertRaised { alert, detail } => {
                self.alerts += 1;
                self.last_alert = Some(alert.clone());
                self.last_alert_detail = Some(detail.clone());
                return;
            }
            CampaignEvent::ListClosed { .. } if self.status != CampaignStatus::Draft.code() => return,
            CampaignEvent::ListClosed { .. } => CampaignStatus::Ready,
            CampaignEvent::Started {} | CampaignEvent::Resumed {} | CampaignEvent::Reopened { .. } => {
                CampaignStatus::Running
            }
            CampaignEvent::Paused { .. } => CampaignStatus::Paused,
            CampaignEvent::Stopped { .. } => CampaignStatus::Stopped,
            CampaignEvent::Completed { .. } => CampaignStatus::Completed,
            _ => return,
        };
        status.code().clone_into(&mut self.status);
    }

    pub(super) fn customer(&mut self, fact: &CustomerEvent) {
        match fact {
            CustomerEvent::Enrolled { .. } => self.enrolled += 1,
            CustomerEvent::DialGranted { .. } => self.open += 1,
            CustomerEvent::DialReleased { .. } | CustomerEvent::CallClosed { .. } => self.open -= 1,
            CustomerEvent::EnrolmentSettled { .. } => self.settled += 1,
            _ => {}
        }
    }
}
