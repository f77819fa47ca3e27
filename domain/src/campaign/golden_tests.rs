//! Members of campaign events that were added later, each with its own golden file.

use super::event::{AnonymizedCounts, CampaignEvent, PauseReason};
use super::terms::CallingTerms;
use crate::calling_plan::{CallingWindow, RetryPolicy, RetryRule};
use crate::personal::LookupHash;
use crate::record::golden_support::{check, check_with, list};
use crate::record::stored_event::RequestMark;
use crate::time::TimeOfDay;
use std::collections::BTreeMap;
use values::disposition::Disposition;

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

fn terms(end: u16, max_concurrent: u32, share: Option<u32>) -> Box<CallingTerms> {
    let busy = RetryRule {
        waits_ms: vec![300_000],
        retries_max: 1,
    };
    Box::new(CallingTerms {
        window: CallingWindow {
            start: TimeOfDay::from_minutes(540).unwrap(),
            end: TimeOfDay::from_minutes(end).unwrap(),
            rests: Vec::new(),
        },
        max_concurrent,
        retry_policy: RetryPolicy {
            retries_max: 1,
            uncharged_max: 3,
            calls_max: None,
            rules: BTreeMap::from([(Disposition::Busy, busy)]),
            interrupted_after_answer: None,
        },
        share,
    })
}

#[test]
fn a_change_of_the_plan_is_written_as_its_golden_file() {
    let event = CampaignEvent::PlanChanged {
        before: terms(1_080, 50, None),
        after: terms(1_020, 20, Some(3)),
        reason: "fewer agents this week".to_owned(),
    };
    check("campaign", event);
}
