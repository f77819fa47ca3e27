//! Tests of the sample decider: given a draw and findings, when a command, then events or a refusal.

use super::event::{Answer, DrawFacts, DrawnSample, Finding, SampleEvent, Stratum};
use super::{
    BY_BYTES_MAX, CHECKLIST, REMARK_BYTES_MAX, SAMPLE_CALLS_MAX, SEED_BYTES_MAX, STRATA_MAX, Sample,
    SampleCommand, SampleRefusal, SampleState,
};
use crate::decider::{Context, Decider};
use crate::record::stored_event::{Position, RECORD_BYTES_MAX};
use crate::time::Timestamp;
use values::ids::{CAMPAIGN_ID_BYTES_MAX, CallId};

fn nth(n: usize) -> CallId {
    CallId::new(uuid::Uuid::from_u128(u128::try_from(n).unwrap() + 1))
}

fn drawn(calls: usize) -> Box<DrawnSample> {
    Box::new(DrawnSample {
        facts: DrawFacts {
            seed: "s".to_owned(),
            size: u32::try_from(calls).unwrap(),
            stratify: None,
            campaign: None,
            from: None,
            to: None,
            position: Position(10),
            log_size: 10,
            log_root: String::new(),
        },
        population_sha256: String::new(),
        population: 5_000,
        strata: vec![Stratum {
            code: String::new(),
            population: 5_000,
            drawn: u32::try_from(calls).unwrap(),
        }],
        calls: (0..calls).map(nth).collect(),
    })
}

fn finding() -> Finding {
    let answers = CHECKLIST.iter().map(|item| (item.code.to_owned(), Answer::Yes));
    Finding {
        answers: answers.collect(),
        remark: None,
        by: "wang".to_owned(),
    }
}

fn found(n: usize) -> SampleCommand {
    SampleCommand::RecordFinding {
        call: nth(n),
        finding: finding(),
    }
}

fn sign_off() -> SampleCommand {
    SampleCommand::SignOff {
        by: "li".to_owned(),
        remark: None,
    }
}

/// Runs commands that must be accepted, then decides the last one.
fn after(given: &[SampleCommand], when: SampleCommand) -> Result<Vec<SampleEvent>, SampleRefusal> {
    let at = Timestamp::EPOCH;
    let mut state = SampleState::default();
    for command in given {
        for event in Sample::decide(&state, command.clone(), Context { now: at }).unwrap() {
            Sample::evolve(&mut state, &event, at);
        }
    }
    Sample::decide(&state, when, Context { now: at })
}

#[test]
fn a_draw_is_made_once_and_the_same_again_is_no_news() {
    let draw = SampleCommand::Draw(drawn(2));
    assert_eq!(after(&[], draw.clone()).unwrap().len(), 1);
    assert_eq!(after(std::slice::from_ref(&draw), draw.clone()), Ok(Vec::new()));
    let other = SampleCommand::Draw(drawn(3));
    assert_eq!(after(&[draw], other), Err(SampleRefusal::DrawnOtherwise));
}

#[test]
fn a_thousand_calls_are_the_most_that_are_drawn() {
    assert!(after(&[], SampleCommand::Draw(drawn(SAMPLE_CALLS_MAX))).is_ok());
    let refused = after(&[], SampleCommand::Draw(drawn(SAMPLE_CALLS_MAX + 1)));
    assert!(matches!(refused, Err(SampleRefusal::Unsound(_))));
    let nothing = after(&[], SampleCommand::Draw(drawn(0)));
    assert!(matches!(nothing, Err(SampleRefusal::Unsound(_))));
}

#[test]
fn a_draw_with_counts_that_do_not_add_up_is_refused() {
    let changes: [fn(&mut DrawnSample); 5] = [
        |drawn| drawn.facts.size = 3,
        |drawn| drawn.calls[1] = drawn.calls[0],
        |drawn| drawn.strata[0].drawn = 1,
        |drawn| drawn.strata[0].population = 4_999,
        |drawn| drawn.facts.seed = String::new(),
    ];
    for change in changes {
        let mut wrong = drawn(2);
        change(&mut wrong);
        let refused = after(&[], SampleCommand::Draw(wrong));
        assert!(matches!(refused, Err(SampleRefusal::Unsound(_))));
    }
}

#[test]
fn a_finding_needs_a_drawn_call_and_every_answer() {
    let draw = SampleCommand::Draw(drawn(2));
    let given = std::slice::from_ref(&draw);
    assert_eq!(after(&[], found(0)), Err(SampleRefusal::NotDrawn));
    assert_eq!(after(given, found(2)), Err(SampleRefusal::NotInSample(nth(2))));
    let with = |change: fn(&mut Finding)| {
        let mut finding = finding();
        change(&mut finding);
        after(
            given,
            SampleCommand::RecordFinding {
                call: nth(0),
                finding,
            },
        )
    };
    assert_eq!(
        with(|finding| {
            finding.answers.remove("right_party");
        }),
        Err(SampleRefusal::Unanswered("right_party"))
    );
    assert_eq!(
        with(|finding| {
            finding.answers.insert("tone".to_owned(), Answer::No);
        }),
        Err(SampleRefusal::UnknownItem("tone".to_owned()))
    );
    assert_eq!(
        with(|finding| finding.by = " ".to_owned()),
        Err(SampleRefusal::NoName)
    );
    assert!(with(|finding| finding.remark = Some("x".repeat(REMARK_BYTES_MAX))).is_ok());
    assert!(with(|finding| finding.remark = Some("x".repeat(REMARK_BYTES_MAX + 1))).is_err());
}

#[test]
fn signing_off_waits_for_the_last_finding_and_ends_the_sample() {
    let draw = SampleCommand::Draw(drawn(2));
    let refused = SampleRefusal::FindingsLacking {
        lacking: 1,
        first: nth(1),
    };
    assert_eq!(after(&[draw.clone(), found(0)], sign_off()), Err(refused));
    let whole = [draw.clone(), found(0), found(1)];
    assert_eq!(after(&whole, sign_off()).unwrap().len(), 1);
    let ended = [draw, found(0), found(1), sign_off()];
    assert_eq!(after(&ended, found(0)), Err(SampleRefusal::SignedOff));
    assert_eq!(after(&ended, sign_off()), Err(SampleRefusal::SignedOff));
}

#[test]
fn the_largest_draw_and_finding_fit_into_a_record() {
    let mut largest = drawn(SAMPLE_CALLS_MAX);
    largest.facts.seed = "s".repeat(SEED_BYTES_MAX);
    largest.facts.log_root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=".to_owned();
    largest.population_sha256 = "e3".repeat(32);
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
        SampleEvent::Drawn { drawn: largest },
        SampleEvent::FindingRecorded {
            call: nth(0),
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
