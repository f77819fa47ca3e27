//! Members of a campaign's events that were added later, each with a golden file of its own.

use super::event::{AnonymizedCounts, CampaignEvent, PauseReason};
use crate::personal::LookupHash;
use crate::record::golden_support::{check_with, list};
use crate::record::stored_event::RequestMark;

#[test]
fn what_was_copied_before_persons_were_erased_is_written_as_its_golden_file() {
    let copied = AnonymizedCounts {
        persons: 9,
        erased: 6,
        in_other_campaigns: 3,
        copied: 7,
        without_words: 1,
        too_few: 2,
        transcripts_disposed: 2,
        transcripts_kept: 1,
        ..AnonymizedCounts::default()
    };
    check_with("campaign", "copied", CampaignEvent::Anonymized { counts: copied });
}

#[test]
fn a_list_of_a_request_that_may_come_again_is_written_as_its_golden_file() {
    let event = CampaignEvent::ListOpened {
        list: list(),
        source: "people.csv".to_owned(),
        four_eyes: None,
        request_key: RequestMark::of(&LookupHash("0123456789abcdef".repeat(4))),
    };
    check_with("campaign", "keyed", event);
}

#[test]
fn a_pause_for_a_quota_that_cannot_be_evaluated_is_written_as_its_golden_file() {
    let reason = PauseReason::QuotaNotEvaluated;
    check_with("campaign", "quota", CampaignEvent::Paused { reason });
}
