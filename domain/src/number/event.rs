//! Facts about one phone number, over all customers and campaigns. They hold no personal data and no key of a
//! person, so that an opt-out outlives an erasure.

use crate::compliance::{NumberGrant, Verdict};
use crate::number_check::CheckedState;
use crate::past_call::{HistorySource, PastCall};
use crate::screening::NumberListName;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use values::disposition::Disposition;
use values::ids::{CallId, CampaignId, CustomerId};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum NumberEvent {
    /// The callee opted out (谢绝来电): at once and everywhere. `open_calls` were granted before; they are
    /// withdrawn or canceled.
    #[serde(rename = "number.opted_out")]
    #[open(reason)]
    OptedOut {
        reason: String,
        source: OptOutSource,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call: Option<CallId>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        open_calls: Vec<CallId>,
    },
    /// The number was suppressed: it must not be dialed until `until`, or permanently.
    #[serde(rename = "number.suppressed")]
    #[open(reason)]
    Suppressed {
        reason: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        open_calls: Vec<CallId>,
    },
    /// The number was put on one of our own lists.
    #[serde(rename = "number.listed")]
    #[open(reason)]
    Listed { list: NumberListName, reason: String },
    /// The number was taken off one of our own lists.
    #[serde(rename = "number.unlisted")]
    #[open(reason)]
    Unlisted { list: NumberListName, reason: String },
    /// The number was claimed: this campaign calls it for this customer only.
    #[serde(rename = "number.claimed")]
    Claimed {
        campaign: CampaignId,
        customer: CustomerId,
    },
    /// The claim was released, because the customer was not enrolled after all.
    #[serde(rename = "number.claim_released")]
    ClaimReleased {
        campaign: CampaignId,
        customer: CustomerId,
    },
    /// A number check returned this state. It counts from then on, for as long as a campaign accepts it.
    #[serde(rename = "number.state_checked")]
    StateChecked { state: CheckedState },
    /// Records of another system's calls to this number: caps count those that prove a dial.
    #[serde(rename = "number.history_imported")]
    HistoryImported {
        source: HistorySource,
        calls: Vec<PastCall>,
    },
    #[serde(rename = "number.dial_granted")]
    DialGranted {
        #[serde(flatten)]
        grant: NumberGrant,
    },
    #[serde(rename = "number.dial_refused")]
    DialRefused {
        campaign: CampaignId,
        call: CallId,
        #[serde(flatten)]
        verdict: Verdict,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        not_before: Option<Timestamp>,
    },
    #[serde(rename = "number.dial_released")]
    #[open(reason)]
    DialReleased { call: CallId, reason: String },
    #[serde(rename = "number.call_closed")]
    CallClosed {
        call: CallId,
        disposition: Disposition,
        answered: bool,
        dialed_at: Timestamp,
    },
}

/// How an opt-out reached us.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum OptOutSource {
    Keypress,
    /// The callee said it in a call.
    Speech,
    /// The customer wrote it, in a conversation or as a reply to a message.
    Text,
    Operator,
    Import,
}

/// Accessors for members that responses and streams show, so that a reader need not match every event.
impl NumberEvent {
    /// Returns the grant of a `number.dial_granted`.
    pub const fn dial_granted(&self) -> Option<&NumberGrant> {
        let Self::DialGranted { grant } = self else {
            return None;
        };
        Some(grant)
    }

    /// Returns the verdict of a refused dial and when a dial is permitted again; `None` for never.
    pub const fn dial_refused(&self) -> Option<(&Verdict, Option<Timestamp>)> {
        let Self::DialRefused {
            verdict, not_before, ..
        } = self
        else {
            return None;
        };
        Some((verdict, *not_before))
    }

    /// Returns the calls that were open when the number opted out or was suppressed: they end.
    pub fn ruled_out(&self) -> Option<&[CallId]> {
        match self {
            Self::OptedOut { open_calls, .. } | Self::Suppressed { open_calls, .. } => Some(open_calls),
            Self::Listed { .. }
            | Self::Unlisted { .. }
            | Self::HistoryImported { .. }
            | Self::StateChecked { .. }
            | Self::Claimed { .. }
            | Self::ClaimReleased { .. }
            | Self::DialGranted { .. }
            | Self::DialRefused { .. }
            | Self::DialReleased { .. }
            | Self::CallClosed { .. } => None,
        }
    }

    /// Returns the call of a `number.call_closed`.
    pub const fn call_closed(&self) -> Option<CallId> {
        let Self::CallClosed { call, .. } = self else {
            return None;
        };
        Some(*call)
    }

    /// Returns the campaign that the event names, if it names one.
    pub const fn campaign(&self) -> Option<&CampaignId> {
        match self {
            Self::DialGranted { grant } => Some(&grant.campaign),
            Self::Claimed { campaign, .. }
            | Self::ClaimReleased { campaign, .. }
            | Self::DialRefused { campaign, .. } => Some(campaign),
            Self::OptedOut { .. }
            | Self::Suppressed { .. }
            | Self::Listed { .. }
            | Self::Unlisted { .. }
            | Self::HistoryImported { .. }
            | Self::StateChecked { .. }
            | Self::DialReleased { .. }
            | Self::CallClosed { .. } => None,
        }
    }
}
