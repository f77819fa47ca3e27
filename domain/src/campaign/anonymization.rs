//! Anonymization of a campaign's persons: only of a campaign that is over, with a reason, and recorded as
//! complete when all were checked. Each person's own stream decides about the erasure.

use super::event::{AnonymizedCounts, CampaignEvent};
use super::refusal::CampaignRefusal;
use super::state::{Anonymization, CampaignState};
use super::status::CampaignStatus;
use crate::four_eyes::FourEyes;

/// The most bytes of an anonymization's reason; a longer one is refused. It is stored permanently and must
/// not contain personal data.
pub const ANONYMIZATION_REASON_BYTES_MAX: usize = 256;

type DecideResult = Result<Vec<CampaignEvent>, CampaignRefusal>;

/// Begins the anonymization of a campaign's persons. Refused unless the campaign is completed or stopped,
/// and without a reason. No event if one is under way; possible again after it is complete.
pub(super) fn begin(
    state: &CampaignState,
    status: CampaignStatus,
    reason: String,
    four_eyes: Option<Box<FourEyes>>,
) -> DecideResult {
    if !matches!(status, CampaignStatus::Completed | CampaignStatus::Stopped) {
        return Err(CampaignRefusal::WrongStatus { status });
    }
    if reason.trim().is_empty() || reason.len() > ANONYMIZATION_REASON_BYTES_MAX {
        return Err(CampaignRefusal::NoReason {
            bytes_max: ANONYMIZATION_REASON_BYTES_MAX,
        });
    }
    match state.anonymization() {
        Anonymization::UnderWay => Ok(Vec::new()),
        Anonymization::None | Anonymization::Done(_) => {
            Ok(vec![CampaignEvent::AnonymizationBegun { reason, four_eyes }])
        }
    }
}

/// Completes the anonymization under way with its counts. No event if none is under way.
pub(super) fn complete(state: &CampaignState, counts: AnonymizedCounts) -> DecideResult {
    match state.anonymization() {
        Anonymization::UnderWay => Ok(vec![CampaignEvent::Anonymized { counts }]),
        Anonymization::None | Anonymization::Done(_) => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun() -> CampaignState {
        let mut state = CampaignState::default();
        let event = CampaignEvent::AnonymizationBegun {
            reason: "over".to_owned(),
            four_eyes: None,
        };
        state.apply(&event, crate::time::Timestamp::EPOCH);
        state
    }

    #[test]
    fn only_a_campaign_that_is_over_is_made_unknowable_for_a_reason_and_once() {
        let state = CampaignState::default();
        for status in CampaignStatus::ALL {
            let is_over = matches!(status, CampaignStatus::Completed | CampaignStatus::Stopped);
            let asked = begin(&state, *status, "the study is over".to_owned(), None);
            assert_eq!(asked.is_ok(), is_over, "{status:?}");
        }
        let stopped = CampaignStatus::Stopped;
        for reason in [
            String::new(),
            " ".to_owned(),
            "x".repeat(ANONYMIZATION_REASON_BYTES_MAX + 1),
        ] {
            assert!(begin(&state, stopped, reason, None).is_err());
        }
        assert_eq!(begin(&begun(), stopped, "again".to_owned(), None), Ok(vec![]));
        let counts = AnonymizedCounts::default();
        assert_eq!(complete(&state, counts), Ok(vec![]));
        assert_eq!(
            complete(&begun(), counts),
            Ok(vec![CampaignEvent::Anonymized { counts }])
        );
    }
}
