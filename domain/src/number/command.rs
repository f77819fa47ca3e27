//! Requests to one phone number: opt-out, suppression, its side of a permit, the end of a call.

use super::event::OptOutSource;
use crate::calling_plan::CampaignFacts;
use crate::disposition::Disposition;
use crate::ids::{CallId, NumberId};
use crate::time::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NumberCommand {
    /// Already opted out: answered without an event.
    OptOut {
        reason: String,
        source: OptOutSource,
        call: Option<CallId>,
    },
    Suppress {
        reason: String,
        until: Option<Timestamp>,
    },
    /// Asks for the number's side of a permit.
    GrantDial {
        number: NumberId,
        call: CallId,
        facts: Box<CampaignFacts>,
    },
    ReleaseDial {
        call: CallId,
        reason: String,
    },
    CloseCall {
        call: CallId,
        disposition: Disposition,
        answered: bool,
        /// The callee asked not to be called by us (SIP 607, RFC 8197), which suppresses the number.
        unwanted: bool,
        dialed_at: Timestamp,
    },
}
