//! Requests to an alert, by those who watch figures and by the people who see to it.

use super::event::{AlertFigure, AlertRule, Severity};
use crate::time::Timestamp;
use values::ids::CampaignId;

#[derive(Debug, Clone, PartialEq)]
pub enum AlertCommand {
    /// What is watched is beyond its limit. Asked again while it stands it changes nothing.
    Raise {
        rule: AlertRule,
        subject: String,
        campaign: Option<CampaignId>,
        severity: Severity,
        figure: AlertFigure,
        detail: String,
    },
    /// What is watched is within its limit again.
    Clear { figure: AlertFigure },
    /// A person sees to it.
    Acknowledge { by: Option<String>, note: String },
    /// Nobody saw to it; decided by how long it stands.
    Escalate {},
    /// Nobody is to be told of it until then.
    Mute {
        until: Timestamp,
        by: Option<String>,
        reason: String,
    },
}

impl AlertCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Raise { .. } => "alert.raise",
            Self::Clear { .. } => "alert.clear",
            Self::Acknowledge { .. } => "alert.acknowledge",
            Self::Escalate {} => "alert.escalate",
            Self::Mute { .. } => "alert.mute",
        }
    }
}
