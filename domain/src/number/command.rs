//! Requests to one phone number: opt-out, suppression, its side of a permit, the end of a call.

use super::event::OptOutSource;
use crate::calling_plan::CampaignFacts;
use crate::number_check::CheckedState;
use crate::past_call::{HistorySource, PastCall};
use crate::screening::NumberListName;
use crate::time::Timestamp;
use values::disposition::Disposition;
use values::ids::{CallId, CampaignId, CustomerId, NumberId};

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "number")]
pub enum NumberCommand {
    /// Records an opt-out. No event if the number has opted out already.
    OptOut {
        reason: String,
        source: OptOutSource,
        call: Option<CallId>,
    },
    Suppress {
        reason: String,
        until: Option<Timestamp>,
    },
    /// Puts the number on one of our own lists (an allowlist). No event if it is on the list.
    List {
        list: NumberListName,
        reason: String,
    },
    /// Takes the number off one of our own lists. No event if it is not on the list.
    Unlist {
        list: NumberListName,
        reason: String,
    },
    /// Claims the number for this customer, in a campaign that calls each number once. No event if this
    /// customer has claimed it; refused if another one has.
    Claim {
        campaign: CampaignId,
        customer: CustomerId,
    },
    /// Releases the claim of a customer that was not enrolled after all. No event if it has none.
    ReleaseClaim {
        campaign: CampaignId,
        customer: CustomerId,
    },
    /// Imports another system's records of calls to this number. No event if all are known.
    ImportHistory {
        source: HistorySource,
        calls: Vec<PastCall>,
    },
    /// Records the result of a number check.
    NoteChecked {
        state: CheckedState,
    },
    /// Requests the number's side of a permit.
    GrantDial {
        number: NumberId,
        call: CallId,
        customer: CustomerId,
        facts: Box<CampaignFacts>,
        /// The lists of digests that contain this number's digest: only the caller has the number.
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
        /// True if the callee rejected our calls as unwanted (SIP 607, RFC 8197), which suppresses the
        /// number.
        unwanted: bool,
        dialed_at: Timestamp,
    },
}
