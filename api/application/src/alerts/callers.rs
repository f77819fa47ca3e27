//! Alerts on the licences of caller numbers: a warning before the end of a licence, and an alert after it.

use super::rules::{Finding, bounded, figure};
use actors::{CallerUse, LineLoad};
use domain::alert::{AlertRule, CALLER_NUMBER_DAYS, Severity};
use std::collections::BTreeSet;

/// Returns the licence findings for the caller numbers of these lines. A raised alert on a number that no
/// line has any more gets a finding that clears it.
pub(super) fn findings<'a>(
    lines: &[LineLoad],
    standing: impl Iterator<Item = &'a (AlertRule, String)>,
) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut met = BTreeSet::new();
    for line in lines {
        for one in &line.callers {
            // A number that is used on two lines has one licence. The first line with an end date provides
            // it.
            if let Some(days) = one.days_left
                && met.insert(one.caller.number.as_str())
            {
                found.push(of(AlertRule::CallerNumberExpires, &line.trunk, one, days));
                found.push(of(AlertRule::CallerNumberExpired, &line.trunk, one, days));
            }
        }
    }
    let of_callers = [AlertRule::CallerNumberExpires, AlertRule::CallerNumberExpired];
    let left = standing.filter(|(rule, number)| of_callers.contains(rule) && !met.contains(number.as_str()));
    found.extend(left.map(|(rule, number)| gone(*rule, number)));
    found
}

fn of(rule: AlertRule, trunk: &str, one: &CallerUse, days: i64) -> Finding {
    let until = one
        .caller
        .valid_until
        .map(|day| day.to_string())
        .unwrap_or_default();
    let licence = one.caller.licence.as_ref().map(|licence| format!(" ({licence})"));
    let (number, licence) = (&one.caller.number, licence.unwrap_or_default());
    let has_ended = rule == AlertRule::CallerNumberExpired;
    let (detail, limit) = match has_ended {
        true => (
            format!(
                "{number} of trunk {trunk} might be shown until {until}{licence}; no call shows it any more"
            ),
            0,
        ),
        false => (
            format!("{number} of trunk {trunk} may be shown until {until}{licence}"),
            CALLER_NUMBER_DAYS,
        ),
    };
    Finding {
        rule,
        subject: bounded(number),
        campaign: None,
        severity: match has_ended {
            true => Severity::Critical,
            false => Severity::Warning,
        },
        figure: figure(days, limit, "days", 0),
        detail: bounded(&detail),
        // After the end of the licence, only the other rule applies.
        is_beyond: match has_ended {
            true => days < 0,
            false => (0..=CALLER_NUMBER_DAYS).contains(&days),
        },
    }
}

/// Returns the finding that clears the licence alert of a number that no line has any more.
fn gone(rule: AlertRule, number: &str) -> Finding {
    Finding {
        rule,
        subject: number.to_owned(),
        campaign: None,
        severity: Severity::Warning,
        figure: figure(0, 0, "days", 0),
        detail: String::new(),
        is_beyond: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::caller_number::CallerNumber;
    use projections::alert_words::translate_detail;

    fn line(days_left: Option<i64>) -> LineLoad {
        LineLoad {
            trunk: "first".to_owned(),
            legs: 0,
            legs_max: 4,
            dialed_last_second: 0,
            dials_per_second_max: 2,
            failures_in_a_row: 0,
            rests_until: None,
            carries: actors::LineAdmission::All,
            is_stopped: false,
            is_loopback: false,
            callers: vec![CallerUse {
                caller: CallerNumber {
                    number: "95500".to_owned(),
                    valid_until: days_left.map(|_| "2026-12-31".parse().unwrap()),
                    licence: Some("B2-20260001".to_owned()),
                },
                calls: 0,
                days_left,
            }],
            calls_per_number_max: None,
        }
    }

    #[test]
    fn a_licence_is_warned_of_thirty_days_before_its_end_and_said_to_have_ended_after_its_last_day() {
        for (days, expires, expired) in [
            (31, false, false),
            (30, true, false),
            (0, true, false),
            (-1, false, true),
            (-400, false, true),
        ] {
            let found = findings(&[line(Some(days)), line(Some(days))], [].iter());
            assert_eq!(found.len(), 2, "the same number of two lines is one");
            let beyond: Vec<bool> = found.iter().map(|one| one.is_beyond).collect();
            assert_eq!(beyond, [expires, expired], "{days}");
            assert!(
                found.iter().all(|one| translate_detail(&one.detail).is_some()),
                "{found:?}"
            );
            assert_eq!(found[0].subject, "95500");
        }
        assert_eq!(findings(&[line(None)], [].iter()), []);
    }

    #[test]
    fn alerts_of_a_number_that_no_line_has_any_more_are_cleared() {
        let standing = [
            (AlertRule::CallerNumberExpired, "95511".to_owned()),
            (AlertRule::LineFailures, "first".to_owned()),
        ];
        let found = findings(&[line(None)], standing.iter());
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].subject.as_str(), found[0].is_beyond), ("95511", false));
    }
}
