//! The campaign, the call and the grant that a customer event concerns.

use super::event::CustomerEvent;
use crate::compliance::CustomerGrant;
use values::ids::{CallId, CampaignId};

/// Accessors for members that responses, streams and views use, so that their code need not match every
/// event.
impl CustomerEvent {
    /// Returns the attempt and the customer's grant of a `customer.dial_granted`.
    pub const fn dial_granted(&self) -> Option<(u32, &CustomerGrant)> {
        let Self::DialGranted { attempt, grant } = self else {
            return None;
        };
        Some((*attempt, grant))
    }

    /// Returns the campaign that the event concerns; `None` if it concerns none.
    pub const fn campaign(&self) -> Option<&CampaignId> {
        match self {
            Self::Enrolled { campaign, .. }
            | Self::DialRefused { campaign, .. }
            | Self::DialReleased { campaign, .. }
            | Self::CallClosed { campaign, .. }
            | Self::CallBackOrdered { campaign, .. }
            | Self::CallAsked { campaign, .. }
            | Self::PreviewSkipped { campaign, .. }
            | Self::CallbackRequested { campaign, .. }
            | Self::CallbackEnded { campaign, .. }
            | Self::EnrolmentWithdrawn { campaign, .. }
            | Self::EnrolmentSettled { campaign, .. } => Some(campaign),
            Self::DialGranted { grant, .. } => Some(&grant.campaign),
            Self::LateAnswered(fact) => Some(&fact.campaign),
            Self::DealReported { deal, .. } => Some(&deal.campaign),
            Self::Registered { .. }
            | Self::NumberAdded { .. }
            | Self::NumberConfirmed { .. }
            | Self::ConsentRecorded { .. }
            | Self::ConsentWithdrawn { .. }
            | Self::Held { .. }
            | Self::HoldReleased { .. }
            | Self::Assigned { .. }
            | Self::Unassigned { .. }
            | Self::Corrected { .. }
            | Self::AttributesSet { .. }
            | Self::CapsSet { .. }
            | Self::PreferredTimesSet { .. }
            | Self::Tagged { .. }
            | Self::HistoryImported { .. }
            | Self::Merged { .. }
            | Self::Unmerged { .. }
            | Self::ErasureRequested { .. }
            | Self::Erased { .. }
            | Self::ErasureCertified { .. } => None,
        }
    }

    /// Returns the call that the event concerns; `None` if it concerns none.
    pub const fn call(&self) -> Option<CallId> {
        match self {
            Self::DialGranted { grant, .. } => Some(grant.call),
            Self::DealReported { deal, .. } => deal.call,
            Self::CallbackRequested { call, .. } | Self::CallbackEnded { call, .. } => *call,
            Self::DialRefused { call, .. }
            | Self::DialReleased { call, .. }
            | Self::CallClosed { call, .. }
            | Self::CallBackOrdered { call, .. } => Some(*call),
            Self::LateAnswered(fact) => Some(fact.call),
            Self::Registered { .. }
            | Self::NumberAdded { .. }
            | Self::NumberConfirmed { .. }
            | Self::ConsentRecorded { .. }
            | Self::ConsentWithdrawn { .. }
            | Self::Enrolled { .. }
            | Self::CallAsked { .. }
            | Self::PreviewSkipped { .. }
            | Self::EnrolmentWithdrawn { .. }
            | Self::EnrolmentSettled { .. }
            | Self::Held { .. }
            | Self::HoldReleased { .. }
            | Self::Assigned { .. }
            | Self::Unassigned { .. }
            | Self::Corrected { .. }
            | Self::AttributesSet { .. }
            | Self::CapsSet { .. }
            | Self::PreferredTimesSet { .. }
            | Self::Tagged { .. }
            | Self::HistoryImported { .. }
            | Self::Merged { .. }
            | Self::Unmerged { .. }
            | Self::ErasureRequested { .. }
            | Self::Erased { .. }
            | Self::ErasureCertified { .. } => None,
        }
    }
}
