//! How a customer event is stored: its kind, its version, and the pointers to its personal fields.

use super::event::CustomerEvent;
use super::pointers::{escaped, listed, of_correction};
use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use serde_json::value::RawValue;

impl EventData for CustomerEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Registered { .. } => Self::REGISTERED,
            Self::NumberAdded { .. } => Self::NUMBER_ADDED,
            Self::NumberConfirmed { .. } => Self::NUMBER_CONFIRMED,
            Self::ConsentRecorded { .. } => Self::CONSENT_RECORDED,
            Self::ConsentWithdrawn { .. } => Self::CONSENT_WITHDRAWN,
            Self::Enrolled { .. } => Self::ENROLLED,
            Self::DialGranted { .. } => Self::DIAL_GRANTED,
            Self::DialRefused { .. } => Self::DIAL_REFUSED,
            Self::DialReleased { .. } => Self::DIAL_RELEASED,
            Self::CallClosed { .. } => Self::CALL_CLOSED,
            Self::CallBackOrdered { .. } => Self::CALL_BACK_ORDERED,
            Self::LateAnswered(_) => Self::LATE_ANSWERED,
            Self::CallAsked { .. } => Self::CALL_ASKED,
            Self::PreviewSkipped { .. } => Self::PREVIEW_SKIPPED,
            Self::CallbackRequested { .. } => Self::CALLBACK_REQUESTED,
            Self::CallbackEnded { .. } => Self::CALLBACK_ENDED,
            Self::EnrolmentSettled { .. } => Self::ENROLMENT_SETTLED,
            Self::EnrolmentWithdrawn { .. } => Self::ENROLMENT_WITHDRAWN,
            Self::Held { .. } => Self::HELD,
            Self::HoldReleased { .. } => Self::HOLD_RELEASED,
            Self::Assigned { .. } => Self::ASSIGNED,
            Self::Unassigned { .. } => Self::UNASSIGNED,
            Self::Corrected { .. } => Self::CORRECTED,
            Self::AttributesSet { .. } => Self::ATTRIBUTES_SET,
            Self::Tagged { .. } => Self::TAGGED,
            Self::CapsSet { .. } => Self::CAPS_SET,
            Self::PreferredTimesSet { .. } => Self::PREFERRED_TIMES_SET,
            Self::DealReported { .. } => Self::DEAL_REPORTED,
            Self::HistoryImported { .. } => Self::HISTORY_IMPORTED,
            Self::Merged { .. } => Self::MERGED,
            Self::Unmerged { .. } => Self::UNMERGED,
            Self::ErasureRequested { .. } => Self::ERASURE_REQUESTED,
            Self::Erased { .. } => Self::ERASED,
            Self::ErasureCertified { .. } => Self::ERASURE_CERTIFIED,
        }
    }

    fn version(&self) -> u16 {
        1
    }

    fn personal(&mut self) -> Vec<(String, &mut Personal<String>)> {
        match self {
            Self::Registered {
                external_id, name, ..
            } => {
                let mut fields = vec![("/external_id".to_owned(), external_id)];
                fields.extend(name.as_mut().map(|name| ("/name".to_owned(), name)));
                fields
            }
            Self::NumberAdded { phone, .. } => vec![("/phone".to_owned(), phone)],
            Self::ConsentRecorded { evidence, .. } => evidence
                .as_mut()
                .map(|evidence| ("/evidence".to_owned(), evidence))
                .into_iter()
                .collect(),
            Self::Enrolled { variables, .. } => variables
                .iter_mut()
                .map(|(name, value)| (format!("/variables/{}", escaped(name)), value))
                .collect(),
            Self::Corrected { name, variables, .. } => of_correction(name.as_mut(), variables),
            Self::AttributesSet { attributes, .. } => attributes
                .iter_mut()
                .map(|(name, value)| (format!("/attributes/{}", escaped(name)), value))
                .collect(),
            Self::Tagged { added, removed, .. } => {
                let mut fields = listed("/added", added);
                fields.extend(listed("/removed", removed));
                fields
            }
            Self::NumberConfirmed { .. }
            | Self::ConsentWithdrawn { .. }
            | Self::DialGranted { .. }
            | Self::DialRefused { .. }
            | Self::DialReleased { .. }
            | Self::CallClosed { .. }
            | Self::CallBackOrdered { .. }
            | Self::LateAnswered(_)
            | Self::CallAsked { .. }
            | Self::PreviewSkipped { .. }
            | Self::CallbackRequested { .. }
            | Self::CallbackEnded { .. }
            | Self::EnrolmentWithdrawn { .. }
            | Self::EnrolmentSettled { .. }
            | Self::Held { .. }
            | Self::HoldReleased { .. }
            | Self::Assigned { .. }
            | Self::Unassigned { .. }
            | Self::CapsSet { .. }
            | Self::PreferredTimesSet { .. }
            | Self::DealReported { .. }
            | Self::HistoryImported { .. }
            | Self::Merged { .. }
            | Self::Unmerged { .. }
            | Self::ErasureRequested { .. }
            | Self::Erased { .. }
            | Self::ErasureCertified { .. } => Vec::new(),
        }
    }

    fn forgets(&self) -> bool {
        matches!(self, Self::Erased { .. })
    }

    fn read(kind: &str, version: u16, data: &RawValue) -> Result<Self, UnreadableEvent> {
        read_current(kind, version, data)
    }
}
