//! Tests of the report decider: given earlier issues, when another is recorded, then an event, nothing, or a
//! refusal.

use super::{Issue, Report, ReportCommand, ReportKind, ReportRefusal, ReportState};
use crate::decider::{Context, Decider};
use crate::record::stored_event::Position;
use crate::time::Timestamp;

pub(super) fn issue(position: u64, digit: char) -> Issue {
    Issue {
        kind: ReportKind::Compliance,
        period: "2026-03".to_owned(),
        sha256: digit.to_string().repeat(64),
        position: Position(position),
        log_size: position,
        log_root: "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=".to_owned(),
        signer: "ledgerline/1+00000000+AQ==".to_owned(),
    }
}

fn after(given: &[Issue], when: Issue) -> Result<usize, ReportRefusal> {
    let now = Timestamp::EPOCH;
    let mut state = ReportState::default();
    for issue in given {
        let command = ReportCommand::Issue(Box::new(issue.clone()));
        for event in Report::decide(&state, command, Context { now }).unwrap() {
            Report::evolve(&mut state, &event, now);
        }
    }
    let command = ReportCommand::Issue(Box::new(when));
    Report::decide(&state, command, Context { now }).map(|events| events.len())
}

#[test]
fn a_later_issue_is_kept_beside_the_earlier_and_the_same_again_is_no_news() {
    assert_eq!(after(&[], issue(10, 'a')), Ok(1));
    assert_eq!(after(&[issue(10, 'a')], issue(10, 'a')), Ok(0));
    assert_eq!(after(&[issue(10, 'a')], issue(11, 'a')), Ok(1));
}

#[test]
fn no_issue_goes_back_in_the_log_or_says_two_things_of_one_position() {
    let issued = Position(10);
    assert_eq!(
        after(&[issue(10, 'a')], issue(9, 'a')),
        Err(ReportRefusal::Earlier {
            asked: Position(9),
            issued
        })
    );
    assert_eq!(
        after(&[issue(10, 'a')], issue(10, 'b')),
        Err(ReportRefusal::OtherFigures("a".repeat(64)))
    );
}

#[test]
fn a_digest_has_64_lower_hexadecimal_digits() {
    let with = |sha256: String| {
        after(
            &[],
            Issue {
                sha256,
                ..issue(1, 'a')
            },
        )
    };
    assert_eq!(with("f".repeat(64)), Ok(1));
    for bad in ["f".repeat(63), "f".repeat(65), "F".repeat(64), "g".repeat(64)] {
        assert_eq!(with(bad.clone()), Err(ReportRefusal::NoDigest(bad)));
    }
}
