//! Members of a campaign's events that were added later, each with a golden file of its own.

use super::event::{AnonymizedCounts, CampaignEvent};
use crate::record::golden_support::check_with;

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
