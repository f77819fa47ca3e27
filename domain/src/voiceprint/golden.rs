//! Golden tests: the stored form of every voiceprint event equals its golden file.

use super::tests::{compared, consented, enrolled};
use super::*;
use crate::record::golden_support::{at, campaign, check, check_own_key, check_with, customer};

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    let deleted = |deleted_for, reason: Option<&str>| VoiceprintEvent::Deleted {
        enrolment: 1,
        deleted_for,
        reason: reason.map(str::to_owned),
    };
    check("voiceprint", consented(1, at()));
    check("voiceprint", enrolled(1));
    check_own_key("voiceprint", key_name(&customer(), 1), enrolled(1));
    check("voiceprint", VoiceprintEvent::Compared(compared(1, 1_340)));
    let asked = VoiceprintComparison {
        campaign: Some(campaign()),
        ..compared(1, 340)
    };
    check_with("voiceprint", "campaign", VoiceprintEvent::Compared(asked));
    let source = "hotline".to_owned();
    check("voiceprint", VoiceprintEvent::Withdrawn { consent: 1, source });
    check("voiceprint", deleted(VoiceDeletedFor::Withdrawn, None));
    check_with(
        "voiceprint",
        "reason",
        deleted(VoiceDeletedFor::Asked, Some("asked at the counter")),
    );
    check_with("voiceprint", "erased", deleted(VoiceDeletedFor::Erased, None));
}

#[test]
fn each_enrolment_has_a_key_of_its_own_that_never_changes() {
    // Stored records contain this name.
    assert_eq!(
        key_name(&customer(), 1).as_str(),
        "b613106e3de95a7d8eebe095d5744ab1"
    );
    assert_ne!(key_name(&customer(), 1), key_name(&customer(), 2));
}
