//! The running totals of one campaign: its row, and how events change it.

use crate::error::ProjectionError;
use crate::value::{Row, Val};
use crate::view::code_of;
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
    pub dialed: i64,
    pub answered: i64,
    /// Calls that were dialed and have ended.
    pub ended: i64,
    /// Calls that were answered and have ended.
    pub talked: i64,
    pub talk_ms: i64,
    pub conversions: i64,
    /// Calls that a person answered and that have ended.
    pub person_answered: i64,
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
            dialed: 0,
            answered: 0,
            ended: 0,
            talked: 0,
            talk_ms: 0,
            conversions: 0,
            person_answered: 0,
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
            dialed: row.int()?,
            answered: row.int()?,
            ended: row.int()?,
            talked: row.int()?,
            talk_ms: row.int()?,
            conversions: row.int()?,
            person_answered: row.int()?,
            position: row.position()?,
        })
    }

    pub(super) fn row(self) -> Vec<Val> {
        vec![
            Val::text(self.campaign),
            Val::Text(self.status),
            Val::Text(self.preset),
            Val::Int(self.enrolled),
            Val::Int(self.settled),
            Val::Int(self.open),
            Val::Int(self.alerts),
            Val::maybe_text(self.last_alert),
            Val::maybe_text(self.last_alert_detail),
            Val::Int(self.dialed),
            Val::Int(self.answered),
            Val::Int(self.ended),
            Val::Int(self.talked),
            Val::Int(self.talk_ms),
            Val::Int(self.conversions),
            Val::Int(self.person_answered),
            Val::position(self.position),
        ]
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
