//! The commands of an alert: from the monitors of figures, and from the users who handle alerts.

use super::event::{AlertFigure, AlertRule, Severity};
use crate::time::Timestamp;
use values::ids::CampaignId;

#[derive(Debug, Clone, PartialEq, derive::CommandName)]
#[command(aggregate = "alert")]
pub enum AlertCommand {
    /// Raises the alert: the figure is beyond its limit. While it is raised, a repeated command stores no
    /// event.
    Raise {
        rule: AlertRule,
        subject: String,
        campaign: Option<CampaignId>,
        severity: Severity,
        figure: AlertFigure,
        detail: String,
    },
    /// Clears the alert: the figure is within its limit again.
    Clear { figure: AlertFigure },
    /// A user acknowledges the alert.
    Acknowledge { by: Option<String>, note: String },
    /// Escalates the alert if it was not acknowledged within `ESCALATE_AFTER_MS`.
    Escalate {},
    /// Suppresses notifications of the alert until a time.
    Mute {
        until: Timestamp,
        by: Option<String>,
        reason: String,
    },
}
