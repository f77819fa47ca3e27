//! Requests to one phone number: opt-out, suppression, its side of a permit, the end of a call.

use super::event::OptOutSource;
use crate::calling_plan::CampaignFacts;
use crate::number_check::CheckedState;
use crate::past_call::{HistorySource, PastCall};
use crate::screening::NumberListName;
use crate::time::Timestamp;
use values::disposition::Disposition;
use values::ids::{CallId, CampaignId, CustomerId, NumberId};

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
    /// Puts it on a list of ours (a white list). There already: no event.
    List {
        list: NumberListName,
        reason: String,
    },
    /// Takes it off. Not on it: no event.
    Unlist {
        list: NumberListName,
        reason: String,
    },
    /// In a campaign that calls each number for one customer: this number is to be called for this one.
    /// Claimed for the same one already: no event; for another: refused.
    Claim {
        campaign: CampaignId,
        customer: CustomerId,
    },
    /// The customer could not be enrolled after all. Not claimed for this one: no event.
    ReleaseClaim {
        campaign: CampaignId,
        customer: CustomerId,
    },
    /// What another system's records say of calls to it. All known already: no event.
    ImportHistory {
        source: HistorySource,
        calls: Vec<PastCall>,
    },
    /// What a vacancy check said of it.
    NoteChecked {
        state: CheckedState,
    },
    /// Asks for the number's side of a permit.
    GrantDial {
        number: NumberId,
        call: CallId,
        customer: CustomerId,
        facts: Box<CampaignFacts>,
        /// Lists that came as digests, one of which is this number's: whoever asks has the number.
        hashed_on: Vec<NumberListName>,
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

impl NumberCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::OptOut { .. } => "number.opt_out",
            Self::Suppress { .. } => "number.suppress",
            Self::List { .. } => "number.list",
            Self::Unlist { .. } => "number.unlist",
            Self::Claim { .. } => "number.claim",
            Self::ReleaseClaim { .. } => "number.release_claim",
            Self::ImportHistory { .. } => "number.import_history",
            Self::NoteChecked { .. } => "number.note_checked",
            Self::GrantDial { .. } => "number.grant_dial",
            Self::ReleaseDial { .. } => "number.release_dial",
            Self::CloseCall { .. } => "number.close_call",
        }
    }
}
