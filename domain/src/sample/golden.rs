//! Golden tests: the stored form of every sample event equals its golden file.

use super::event::{Answer, DrawFacts, DrawnSample, Finding, SampleEvent, StratificationKey, Stratum};
use super::{BY_BYTES_MAX, CHECKLIST, REMARK_BYTES_MAX, SAMPLE_CALLS_MAX, STRATA_MAX};
use crate::record::golden_support::{at, call, campaign, check};
use crate::record::stored_event::{Position, RECORD_BYTES_MAX};
use values::ids::{CAMPAIGN_ID_BYTES_MAX, CallId};

fn drawn() -> DrawnSample {
    DrawnSample {
        facts: DrawFacts {
            seed: "2026-03 shanghai index 3987.41".to_owned(),
            size: 1,
            stratify: Some(StratificationKey::Disposition),
            campaign: Some(campaign()),
            from: Some(at()),
            to: Some(at().plus_ms(86_400_000)),
            position: Position(118_500),
            log_size: 118_500,
            log_root: "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=".to_owned(),
        },
        population_sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".to_owned(),
        population: 2,
        strata: vec![
            Stratum {
                code: "answered".to_owned(),
                population: 1,
                drawn: 1,
            },
            Stratum {
                code: "busy".to_owned(),
                population: 1,
                drawn: 0,
            },
        ],
        calls: vec![call()],
    }
}

fn finding() -> Finding {
    let answers = CHECKLIST.iter().map(|item| (item.code.to_owned(), Answer::Yes));
    Finding {
        answers: answers.collect(),
        remark: Some("notice at second 0.4".to_owned()),
        by: "wang".to_owned(),
    }
}

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    let events = [
        SampleEvent::Drawn {
            drawn: Box::new(drawn()),
        },
        SampleEvent::FindingRecorded {
            call: call(),
            finding: finding(),
        },
        SampleEvent::SignedOff {
            by: "li".to_owned(),
            remark: Some("one call, nothing found".to_owned()),
        },
    ];
    for event in events {
        check("sample", event);
    }
}

#[test]
fn the_largest_draw_and_finding_fit_into_a_record() {
    let mut largest = drawn();
    largest.calls = (0..SAMPLE_CALLS_MAX)
        .map(|n| CallId::new(uuid::Uuid::from_u128(u128::try_from(n).unwrap())))
        .collect();
    // `<flow>@<version>` is the longest stratum code.
    let code = format!("{}@{}", "f".repeat(CAMPAIGN_ID_BYTES_MAX), u32::MAX);
    largest.strata = vec![
        Stratum {
            code,
            population: 100_000_000,
            drawn: 1_000
        };
        STRATA_MAX
    ];
    let events = [
        SampleEvent::Drawn {
            drawn: Box::new(largest),
        },
        SampleEvent::FindingRecorded {
            call: call(),
            finding: Finding {
                remark: Some("记".repeat(REMARK_BYTES_MAX / 3)),
                by: "w".repeat(BY_BYTES_MAX),
                ..finding()
            },
        },
    ];
    // The envelope has about 600 bytes.
    for event in events {
        assert!(serde_json::to_vec(&event).unwrap().len() + 1_000 < RECORD_BYTES_MAX);
    }
}
