//! Tests of the learned rates and of the moves of retries.

use super::*;
use crate::time::Timestamp;

/// One hour in milliseconds.
const HOUR_MS: u64 = 3_600_000;

fn at(hour: u8, group: u8) -> CallHour {
    let day = DaySort::Workday;
    CallHour { hour, day, group }
}

fn midnight() -> Timestamp {
    "2026-03-02T00:00:00Z".parse().unwrap()
}

/// Returns counts from rows of hour, group, dials and answers.
fn counted(rows: &[(u8, u8, u64, u64)]) -> CountedTimes {
    let mut counted = CountedTimes::default();
    for (hour, group, dials, answers) in rows {
        (0..*dials).for_each(|nth| counted.note_own(at(*hour, *group), nth < *answers));
    }
    counted
}

fn learnt(rows: &[(u8, u8, u64, u64)]) -> LearntTimes {
    let counted = counted(rows);
    LearntTimes {
        through: 9,
        dials: counted.dials(),
        counted,
    }
}

/// Returns the choice for a retry in UTC with opening hours from 9 to 20.
fn choose(learnt: &LearntTimes, due_hour: u64, later_hours: u64, group: u8) -> Option<(u64, BetterHour)> {
    let hour = |at: Timestamp| at.ms_since(midnight()) / HOUR_MS % 24;
    let retry = Retry {
        due_at: midnight().plus_ms(due_hour * HOUR_MS + 37 * 60_000),
        later_ms_max: later_hours * HOUR_MS,
        group,
    };
    let hour_of = |at| {
        let (hour, day) = (u8::try_from(hour(at)).unwrap(), DaySort::Workday);
        Some(HourOfDay { hour, day })
    };
    let found = better_hour(learnt, retry, hour_of, |at| (9..20).contains(&hour(at)));
    found.map(|(at, better)| (at.ms_since(midnight()), better))
}

#[test]
fn few_dials_are_drawn_to_what_is_known_of_more() {
    let nothing = CountedTimes::default();
    assert_eq!(nothing.rate(at(10, 0)).per_mille(), 500, "even odds of nothing");
    // One lucky call does not make a better hour; many do.
    let lucky = [(10, 0, 400, 80), (19, 0, 1, 1)];
    assert_eq!(choose(&learnt(&lucky), 10, 24, 0), None);
    let proved = counted(&[(10, 0, 400, 80), (19, 0, 100, 60)]);
    assert!(proved.rate(at(19, 0)).is_clearly_above(proved.rate(at(10, 0))));
    // An hour without counts has the mean, and cannot be chosen.
    assert_eq!(proved.rate(at(14, 0)).per_mille(), 300);
}

#[test]
fn a_group_goes_by_its_own_hours_and_by_those_of_all_where_it_has_none() {
    let both = counted(&[
        (10, 1, 300, 150),
        (19, 1, 300, 30),
        (10, 2, 300, 30),
        (19, 2, 300, 150),
    ]);
    let is_above = |one: u8, other: u8, group| {
        let rate = |hour| both.rate(at(hour, group));
        rate(one).is_clearly_above(rate(other))
    };
    assert!(is_above(10, 19, 1) && is_above(19, 10, 2));
    assert!(!is_above(10, 19, 3) && !is_above(19, 10, 3));
    let all = counted(&[(10, 1, 300, 30), (19, 1, 300, 150)]);
    assert!(all.rate(at(19, 2)).is_clearly_above(all.rate(at(10, 2))));
}

#[test]
fn the_institutions_hours_shape_those_of_a_new_campaign_at_its_own_level() {
    let mut counted = CountedTimes::default();
    for (hour, answers) in [(10, 200), (19, 400)] {
        (0..1_000).for_each(|nth| counted.note_other(at(hour, 0), nth < answers));
    }
    (0..200).for_each(|nth| counted.note_own(at(10, 0), nth < 10));
    let (morning, evening) = (counted.rate(at(10, 0)), counted.rate(at(19, 0)));
    assert!(evening.is_clearly_above(morning));
    assert!(
        evening.per_mille() < 200,
        "at its own level: {}",
        evening.per_mille()
    );
}

#[test]
fn a_retry_goes_to_the_best_open_hour_in_its_time_and_stays_where_none_is_clearly_better() {
    let evening = learnt(&[(10, 0, 300, 30), (15, 0, 300, 90), (19, 0, 300, 150)]);
    let minutes = 37 * 60_000;
    // The retry moves to 19:00 plus its minutes past the hour; not beyond the longest delay; from the evening
    // to the next day.
    for (due_hour, later_hours, moved_to) in [
        (10, 24, Some(19)),
        (10, 8, Some(15)),
        (10, 3, None),
        (19, 24, None),
        (20, 24, Some(43)),
        (20, 13, None),
    ] {
        let found = choose(&evening, due_hour, later_hours, 0).map(|(at, _)| at);
        let expected = moved_to.map(|hour: u64| hour * HOUR_MS + minutes);
        assert_eq!(found, expected, "due at {due_hour}, {later_hours} h");
    }
    let (_, better) = choose(&evening, 10, 24, 0).unwrap();
    assert_eq!((better.hour, better.dials, better.answers), (at(19, 0), 300, 150));
    assert!(better.per_mille > better.instead_per_mille);
    assert_eq!(better.instead_of, midnight().plus_ms(10 * HOUR_MS + minutes));
    assert_eq!(
        choose(&learnt(&[(10, 0, 300, 60), (19, 0, 300, 63)]), 10, 24, 0),
        None
    );
    assert_eq!(choose(&LearntTimes::default(), 10, 24, 0), None);
}

#[test]
fn a_better_hour_ahead_is_of_the_groups_that_have_one() {
    let plan = BestTimesPlan {
        by: BestTimesGrouping::Tag,
        groups: vec!["早".to_owned(), "晚".to_owned()],
        ..BestTimesPlan::default()
    };
    let learnt = learnt(&[
        (10, 1, 300, 150),
        (19, 1, 300, 30),
        (10, 2, 300, 30),
        (19, 2, 300, 150),
    ]);
    let hours = [10, 14, 19].map(|hour| HourOfDay {
        hour,
        day: DaySort::Workday,
    });
    let ahead = BetterHourGroups::of(&plan, Some(&learnt), &hours);
    assert_eq!(
        [0, 1, 2, 9].map(|group| ahead.has(group)),
        [false, false, true, false]
    );
    let late = BetterHourGroups::of(&plan, Some(&learnt), &hours[2..]);
    assert_eq!(late, BetterHourGroups::default());
    assert_eq!(
        BetterHourGroups::of(&plan, None, &hours),
        BetterHourGroups::default()
    );
}

#[test]
fn rows_are_bounded_by_the_groups_and_add_up() {
    let mut sum = counted(&[(10, 1, 3, 1)]);
    sum.add(&counted(&[(10, 1, 2, 2), (11, 0, 1, 0)]));
    assert_eq!(
        (sum.own.len(), sum.dials(), sum.of_hour(at(10, 1))),
        (2, 6, (5, 3))
    );
    assert!(sum.is_within(1) && !sum.is_within(0));
}
