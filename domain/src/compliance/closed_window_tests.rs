//! A night, a holiday, a rest day and an unknown year, judged for a whole campaign.

use super::closed_for_all;
use crate::calling_plan::CallingPlan;
use crate::calling_plan::Preset;
use crate::compliance::testing::{campaign_facts, instant, window};
use crate::working_calendar::{CalendarYear, Calendars, CallingDays, Holidays, RestDay};

fn observing() -> CallingPlan {
    let mut plan = campaign_facts(Preset::CnService).plan;
    plan.days = Some(Box::new(CallingDays {
        holidays: Holidays::Observe,
        rest_days: vec![RestDay::Sat, RestDay::Sun],
        country: None,
    }));
    plan
}

/// Checks rule and end of the closing at `now`; `until` is `None` if nothing is closed for all.
fn check(plan: &CallingPlan, calendars: &Calendars, now: &str, until: Option<(&str, &str)>) {
    let closed = closed_for_all(plan, calendars, instant(now));
    let said = closed.map(|closed| (closed.verdict.rule, closed.until));
    let until = until.map(|(rule, until)| (rule.to_owned(), instant(until)));
    assert_eq!(said, until, "{now}");
}

#[test]
fn a_holiday_is_closed_for_all_until_the_next_working_day_and_the_night_before_it_as_before() {
    let (plan, none) = (observing(), Calendars::default());
    let over = Some(("calling_days", "2026-02-24T00:00:00+08:00"));
    check(&plan, &none, "2026-02-14T10:00:00+08:00", None);
    check(
        &plan,
        &none,
        "2026-02-14T20:00:00+08:00",
        Some(("calling_window", "2026-02-15T09:00:00+08:00")),
    );
    check(&plan, &none, "2026-02-15T00:00:00+08:00", over);
    check(&plan, &none, "2026-02-17T10:00:00+08:00", over);
    // In the holiday's last evening the next morning's opening is later than the holiday's end.
    let night = Some(("calling_window", "2026-02-24T09:00:00+08:00"));
    check(&plan, &none, "2026-02-23T19:59:59.999999+08:00", over);
    check(&plan, &none, "2026-02-23T20:00:00+08:00", night);
    check(&plan, &none, "2026-02-24T00:00:00+08:00", night);
    let weekend = Some(("calling_days", "2026-03-09T00:00:00+08:00"));
    check(&plan, &none, "2026-03-07T10:00:00+08:00", weekend);
}

#[test]
fn an_unknown_year_is_closed_until_the_next_day_and_open_once_it_is_imported() {
    let plan = observing();
    let tomorrow = Some(("calling_days", "2028-03-07T00:00:00+08:00"));
    check(
        &plan,
        &Calendars::default(),
        "2028-03-06T10:00:00+08:00",
        tomorrow,
    );
    let text = "country: cn\nyear: 2028\nstatus: published\nsource: the notice\nholidays:\n  - {name: \
                元旦, from: 2028-01-01, to: 2028-01-02}\n";
    let imported = Calendars::of(vec![CalendarYear::from_yaml(text).unwrap()]);
    check(&plan, &imported, "2028-03-06T10:00:00+08:00", None);
}

#[test]
fn where_only_a_person_can_tell_or_the_campaign_ends_before_each_is_asked() {
    let none = Calendars::default();
    let holiday = "2026-02-17T10:00:00+08:00";
    for change in [
        (|plan| plan.preset = Preset::EuGdpr) as fn(&mut CallingPlan),
        |plan| plan.trial = true,
        |plan| plan.days = None,
        |plan| plan.ends_at = Some(instant("2026-02-24T00:00:00+08:00")),
    ] {
        let mut plan = observing();
        change(&mut plan);
        check(&plan, &none, holiday, None);
    }
    let mut plan = observing();
    plan.window = window("21:00-23:30");
    check(
        &plan,
        &none,
        holiday,
        Some(("calling_days", "2026-02-24T00:00:00+08:00")),
    );
}

#[test]
fn what_is_closed_names_the_presets_version() {
    let closed = closed_for_all(
        &observing(),
        &Calendars::default(),
        instant("2026-03-02T21:00:00+08:00"),
    );
    let facts = closed.unwrap().verdict.facts;
    assert_eq!(facts["preset"], "cn-service@1 since 2026-01-01");
}
