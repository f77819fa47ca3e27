//! Golden tests: the stored form of every installation event equals its golden file.

use super::clock::{ClockDoubt, ClockDoubtCause, ClockTrust};
use super::event::{ClockOffset, InstallationEvent, RestoreFacts};
use super::keys::RestoredKeys;
use super::loss::{LossEvidence, LostHistory};
use crate::record::golden_support::{at, check, customer};
use crate::record::stored_event::Position;

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    let facts = RestoreFacts {
        source_head: Position(120_000),
        to_position: Position(118_500),
        backup_made_at: at(),
        log_root: Some("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=".to_owned()),
    };
    let events = [
        InstallationEvent::Restored { facts },
        InstallationEvent::HistoryLost {
            lost: LostHistory {
                known_by: LossEvidence::Checkpoint,
                known_head: Position(489),
                known_root: Some("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=".to_owned()),
                log_head: Position(240),
                log_root: Some("bjQLnP+zepicpUTmu3gKLHiNHT+zNzh2hRGjBhevoB0=".to_owned()),
                origin_suffix: Some("5f0c6a1b2d3e4f50".to_owned()),
            },
        },
        InstallationEvent::DialingConfirmed {
            by: Some("wang".to_owned()),
            reason: "compared with the carrier's records".to_owned(),
        },
        InstallationEvent::Named {
            fingerprint: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7".to_owned(),
        },
        InstallationEvent::KeysRestored {
            keys: RestoredKeys {
                backup_taken_at: at(),
                keys_count: 4_096,
                newest_readable: Some(customer()),
                unreadable_count: 12,
            },
        },
        InstallationEvent::IndexRemade {
            why: "by_customer".to_owned(),
        },
        InstallationEvent::ClockOffsetMeasured {
            offset: ClockOffset {
                offset_ms: -12,
                round_trip_ms: 3,
                source: "ntp:ntp.example.com:123".to_owned(),
                uncertainty_ms: 4,
            },
        },
        InstallationEvent::ClockDoubted {
            doubt: ClockDoubt {
                cause: ClockDoubtCause::WallMoved,
                apart_ms: 21_600_003,
            },
        },
        InstallationEvent::ClockTrusted {
            how: ClockTrust::Confirmed,
            source: None,
            by: Some("wang".to_owned()),
            reason: Some("the machine was asleep".to_owned()),
        },
    ];
    for event in events {
        check("installation", event);
    }
}
