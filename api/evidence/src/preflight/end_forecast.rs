//! Forecasts when a campaign will have called everybody, with an interval, from the calls made so far, and
//! what the remaining calls will cost. Without enough calls it says so.
//!
//! Remaining calls: at least the people who may be called now, times the calls that a settled person took. At
//! most, people who may be called later are included; the policy's number of calls is never exceeded. Pace:
//! at best all places are busy all the time; at worst it is the mean of the dialing hours so far. Both are
//! stepped through the campaign's hours.

use domain::calling_plan::CallingPlan;
use domain::compliance::{WindowOpening, opening, opening_in_beijing};
use domain::go_live::{PILOT_CALLS_PER_DAY_MAX, Stage};
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// Fewest calls for a forecast. With fewer, the mean of calls per person is off by ten per cent and more.
pub(super) const CALLS_MIN: u64 = 200;

/// How long a dial holds its place before an answer, in seconds, as in the call plan.
const RING_S: f64 = 20.0;

/// Half-width of the interval of the mean, in standard errors: 90 %.
const NINE_OF_TEN: f64 = 1.645;

/// How far ahead an end is searched: a year of quarters of an hour.
const STEPS_MAX: u32 = 366 * 96;
/// Length of one step through the campaign's hours, in milliseconds (a quarter of an hour).
const STEP_MS: u64 = 900_000;
/// Hours of a step.
const STEP_HOURS: f64 = 0.25;
/// Hours of a day, for the daily limit of a pilot.
const DAY_HOURS: f64 = 24.0;

/// What the calls so far show about calls per person and their pace.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct History {
    pub(super) campaigns: u64,
    pub(super) settled: u64,
    /// Calls of settled people only: waiting people still have calls ahead.
    pub(super) settled_calls: u64,
    pub(super) calls: u64,
    pub(super) talk_ms: u64,
    pub(super) billed_seconds: u64,
    /// Hours in which at least one dial was made.
    pub(super) hours: u64,
}

/// The campaigns of the calls that were used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HistoryScope {
    /// The campaign's own calls.
    Own,
    /// Calls of campaigns under the same preset.
    SamePreset,
    /// Too few calls were made.
    Nobody,
}

/// The forecast of the end.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct EndForecast {
    /// Null if it cannot be known.
    pub earliest: Option<Timestamp>,
    pub latest: Option<Timestamp>,
    pub calls_low: Option<u64>,
    pub calls_high: Option<u64>,
    pub evidence: HistoryScope,
    pub evidence_campaigns: u64,
    pub evidence_calls: u64,
    /// Why it cannot be known, or what the forecast assumes.
    #[schemars(extend("examples" = [["lines_free", "no_holidays"]]))]
    pub assumed: Vec<&'static str>,
    #[schemars(extend("examples" = [["too_few_calls"]]))]
    pub unknown: Vec<&'static str>,
}

/// The cost of the remaining calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CostForecast {
    pub per_minute_fen: Option<u64>,
    pub billed_s_per_call: Option<u64>,
    /// Null without a tariff, or without calls for a forecast.
    pub low_fen: Option<u64>,
    pub high_fen: Option<u64>,
}

/// The people left to call, and from when.
#[derive(Debug, Clone, Copy)]
pub(super) struct RemainingPeople {
    pub(super) people: u64,
    /// People that a rule postpones to a later time.
    pub(super) later: u64,
    /// The last of those times.
    pub(super) later_until: Option<Timestamp>,
    pub(super) stage: Option<Stage>,
    pub(super) from: Timestamp,
    /// It waits for another campaign to reach a certain state.
    pub(super) waits: bool,
}

/// The hours that a forecast uses if each person has their own.
#[derive(Clone, Copy)]
enum Hours {
    /// Hours in which at least one person can be called.
    AnyZone,
    /// All people are in one zone.
    OneZone,
}

/// What a forecast of a campaign's end is computed from.
pub(super) struct ForecastInputs<'a> {
    pub(super) plan: &'a CallingPlan,
    pub(super) left: RemainingPeople,
    pub(super) of: HistoryScope,
    pub(super) history: History,
}

impl ForecastInputs<'_> {
    pub(super) fn end(&self) -> EndForecast {
        let mut forecast = EndForecast {
            earliest: None,
            latest: None,
            calls_low: None,
            calls_high: None,
            evidence: self.of,
            evidence_campaigns: self.history.campaigns,
            evidence_calls: self.history.calls,
            assumed: vec!["lines_free", "no_holidays", "retries_within_the_interval"],
            unknown: Vec::new(),
        };
        let Some((low, high)) = self.calls() else {
            forecast.unknown.push("too_few_calls");
            forecast.assumed.clear();
            return forecast;
        };
        (forecast.calls_low, forecast.calls_high) = (Some(ceiling(low)), Some(ceiling(high)));
        if self.left.stage == Some(Stage::Test) {
            forecast.unknown.push("when_it_is_promoted");
            return forecast;
        }
        if self.left.later > 0 {
            forecast.unknown.push("deferred_people");
        }
        let (fast, slow) = self.paces();
        if self.left.people > 0 || self.left.later == 0 {
            forecast.earliest = self.walk(self.left.from, low, fast, Hours::AnyZone);
        }
        if self.left.waits {
            forecast.unknown.push("when_the_other_campaign_is_so_far");
            return forecast;
        }
        forecast.latest = self.latest(high, slow);
        if forecast.latest.is_none() {
            forecast.unknown.push("ends_after_a_year_or_its_end");
        }
        forecast
    }

    /// Returns the latest end: all calls at the slow pace, and for postponed people their calls after the
    /// last of their times; `None` after the campaign's end or a year.
    fn latest(&self, calls: f64, slow: f64) -> Option<Timestamp> {
        let all = self.walk(self.left.from, calls, slow, Hours::OneZone)?;
        let Some(until) = self.left.later_until else {
            return Some(all);
        };
        let people = float(self.left.people.saturating_add(self.left.later));
        let theirs = calls * float(self.left.later) / people.max(1.0);
        let put_off = self.walk(until.max(self.left.from), theirs, slow, Hours::OneZone)?;
        Some(all.max(put_off))
    }

    pub(super) fn cost(&self, per_minute_fen: Option<u64>) -> CostForecast {
        let calls = self.calls();
        let billed_s = calls.map(|_| ratio(self.history.billed_seconds, self.history.calls));
        let fen = |calls: Option<f64>| {
            let minutes = calls? * billed_s? / 60.0;
            Some(ceiling(minutes * float(per_minute_fen?)))
        };
        CostForecast {
            per_minute_fen,
            billed_s_per_call: billed_s.map(ceiling),
            low_fen: fen(calls.map(|(low, _)| low)),
            high_fen: fen(calls.map(|(_, high)| high)),
        }
    }

    /// Returns the least and the most calls that are left; `None` without calls to learn from. The standard
    /// deviation of the calls per person is taken to be at most their mean.
    fn calls(&self) -> Option<(f64, f64)> {
        if self.of == HistoryScope::Nobody || self.history.settled == 0 {
            return None;
        }
        let mean = ratio(self.history.settled_calls, self.history.settled);
        let off = NINE_OF_TEN * mean / float(self.history.settled).sqrt();
        let most = self.calls_of_a_person_max();
        let low = (mean - off).max(0.0).min(most) * float(self.left.people);
        let people = float(self.left.people.saturating_add(self.left.later));
        Some((low, (mean + off).min(most) * people))
    }

    /// Returns the most calls of one person that the retry policy allows, over all rounds.
    fn calls_of_a_person_max(&self) -> f64 {
        let policy = &self.plan.retry_policy;
        let by_retries = f64::from(policy.retries_max) + 1.0 + f64::from(policy.uncharged_max);
        let most = policy
            .calls_max
            .map_or(by_retries, |most| by_retries.min(f64::from(most)));
        let running = self.plan.running.as_deref();
        let recycle = running.and_then(|running| running.recycle.as_ref());
        most * (1.0 + recycle.map_or(0.0, |recycle| f64::from(recycle.rounds_max)))
    }

    /// Returns the calls per open hour: at best, with all places busy, and as measured.
    fn paces(&self) -> (f64, f64) {
        let talk_s = ratio(self.history.talk_ms, self.history.calls) / 1_000.0;
        let places = f64::from(self.plan.max_concurrent);
        let fast = places * 3_600.0 / (RING_S + talk_s);
        let slow = ratio(self.history.calls, self.history.hours).min(fast);
        match self.left.stage {
            Some(Stage::Pilot) => {
                let most = |hours| {
                    f64::from(PILOT_CALLS_PER_DAY_MAX) / self.open_hours_of_a_day(hours).max(STEP_HOURS)
                };
                (fast.min(most(Hours::AnyZone)), slow.min(most(Hours::OneZone)))
            }
            Some(Stage::Test | Stage::RollOut | Stage::Full) | None => (fast, slow),
        }
    }

    fn open_hours_of_a_day(&self, hours: Hours) -> f64 {
        let steps = (0..96_u64).filter(|step| self.is_open(self.left.from.plus_ms(step * STEP_MS), hours));
        (float(steps.count() as u64) * STEP_HOURS).min(DAY_HOURS)
    }

    fn opens(&self, at: Timestamp, hours: Hours) -> WindowOpening {
        match hours {
            Hours::AnyZone => opening(self.plan, at),
            Hours::OneZone => opening_in_beijing(self.plan, at),
        }
    }

    fn is_open(&self, at: Timestamp, hours: Hours) -> bool {
        match self.opens(at, hours) {
            WindowOpening::At(opens) => opens == at,
            WindowOpening::ByPerson => true,
            WindowOpening::Never => false,
        }
    }

    /// Returns when `calls` calls are made at the pace `an_hour` within the campaign's hours; `None` after
    /// the campaign's end or a year.
    fn walk(&self, from: Timestamp, calls: f64, an_hour: f64, in_hours: Hours) -> Option<Timestamp> {
        let mut hours = if an_hour > 0.0 {
            calls / an_hour
        } else {
            return None;
        };
        let mut at = from;
        for _ in 0..STEPS_MAX {
            if hours <= 0.0 {
                return Some(at);
            }
            match self.opens(at, in_hours) {
                WindowOpening::Never => return None,
                WindowOpening::At(opens) if opens > at => at = opens,
                WindowOpening::At(_) | WindowOpening::ByPerson => {
                    let part = hours.min(STEP_HOURS);
                    hours -= STEP_HOURS;
                    at = at.plus_ms(ceiling(part * 3_600_000.0));
                }
            }
        }
        None
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    match whole {
        0 => 0.0,
        whole => float(part) / float(whole),
    }
}

/// Converts a count to a floating-point number. Counts here are far below 2^53, so this is exact.
#[expect(clippy::cast_precision_loss, reason = "counts of calls are far below 2^53")]
const fn float(count: u64) -> f64 {
    count as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "far below 2^53 and never negative; NaN becomes 0"
)]
fn ceiling(value: f64) -> u64 {
    value.max(0.0).ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    use domain::calling_plan::{CallingWindow, Preset};
    use domain::disposition::Disposition;
    use domain::running_plan::{Recycle, RunningPlan};
    use domain::time::TimeOfDay;

    fn plan() -> CallingPlan {
        CallingPlan {
            max_concurrent: 10,
            ..CallingPlan::within(CallingWindow {
                start: TimeOfDay::from_minutes(540).unwrap(),
                end: TimeOfDay::from_minutes(1080).unwrap(),
                rests: Vec::new(),
            })
        }
    }

    fn history() -> History {
        History {
            campaigns: 1,
            settled: 1_000,
            settled_calls: 2_000,
            calls: 2_000,
            talk_ms: 2_000 * 10_000,
            billed_seconds: 600 * 60,
            hours: 10,
        }
    }

    fn ahead(plan: &CallingPlan, people: u64) -> ForecastInputs<'_> {
        ForecastInputs {
            plan,
            left: RemainingPeople {
                people,
                later: 0,
                later_until: None,
                stage: None,
                from: "2026-03-02T01:00:00Z".parse().unwrap(),
                waits: false,
            },
            of: HistoryScope::Own,
            history: history(),
        }
    }

    fn changed<'a>(
        plan: &'a CallingPlan,
        people: u64,
        change: impl FnOnce(&mut RemainingPeople),
    ) -> ForecastInputs<'a> {
        let mut ahead = ahead(plan, people);
        change(&mut ahead.left);
        ahead
    }

    /// As if each settled person had taken ten calls.
    fn often(plan: &CallingPlan) -> ForecastInputs<'_> {
        ForecastInputs {
            history: History {
                settled: 500,
                settled_calls: 5_000,
                calls: 5_000,
                ..history()
            },
            ..ahead(plan, 1_000)
        }
    }

    #[test]
    fn no_customer_is_called_more_often_than_the_policy_and_its_rounds_have() {
        let mut plan = plan();
        plan.retry_policy.retries_max = 1;
        plan.retry_policy.uncharged_max = 0;
        let forecast = often(&plan).end();
        assert_eq!(
            (forecast.calls_low, forecast.calls_high),
            (Some(2_000), Some(2_000))
        );
        plan.running = Some(Box::new(RunningPlan {
            recycle: Some(Recycle {
                dispositions: [Disposition::NoAnswer].into(),
                after_days: 7,
                rounds_max: 2,
            }),
            ..RunningPlan::default()
        }));
        assert_eq!(often(&plan).end().calls_high, Some(6_000));
        plan.retry_policy.calls_max = Some(1);
        assert_eq!(often(&plan).end().calls_high, Some(3_000));
    }

    #[test]
    fn calls_of_who_still_waits_say_nothing_of_a_settled_persons() {
        let plan = plan();
        let mut ahead = ahead(&plan, 1_000);
        ahead.history.calls = 4_000;
        assert_eq!(ahead.end().calls_high, Some(2_105));
    }

    #[test]
    fn who_is_put_off_counts_at_most_and_ends_behind_the_last_of_their_times() {
        let plan = plan();
        let until: Timestamp = "2026-03-03T01:00:00Z".parse().unwrap();
        let forecast = changed(&plan, 0, |left| {
            (left.later, left.later_until) = (10, Some(until));
        })
        .end();
        assert_eq!((forecast.calls_low, forecast.calls_high), (Some(0), Some(22)));
        assert_eq!(forecast.earliest, None, "no person can be called before");
        assert!(forecast.latest.unwrap() > until, "{forecast:?}");
        assert_eq!(forecast.unknown, ["deferred_people"]);
    }

    #[test]
    fn behind_another_campaign_no_latest_end_is_given() {
        let plan = plan();
        let forecast = changed(&plan, 10, |left| left.waits = true).end();
        assert_eq!(forecast.latest, None);
        assert_eq!(forecast.unknown, ["when_the_other_campaign_is_so_far"]);
    }

    #[test]
    fn where_each_person_has_a_zone_the_latest_end_keeps_the_hours_of_a_day() {
        let plan = CallingPlan {
            preset: Preset::UsTsr,
            ..plan()
        };
        let forecast = ahead(&plan, 1_000).end();
        // Ten and a half hours at 200 calls an hour; a day has nine hours.
        let latest = forecast.latest.unwrap().to_string();
        assert!(latest.as_str() > "2026-03-03T01", "{latest}");
    }

    #[test]
    fn the_end_lies_between_all_places_busy_and_the_hours_so_far() {
        let plan = plan();
        let forecast = ahead(&plan, 1_000).end();
        // Two calls per person, ± 5.2 %; 1,200 per hour at best, 200 as measured.
        assert_eq!(
            (forecast.calls_low, forecast.calls_high),
            (Some(1_896), Some(2_105))
        );
        let (earliest, latest) = (forecast.earliest.unwrap(), forecast.latest.unwrap());
        assert!(
            earliest.to_string().starts_with("2026-03-02T02:34:47"),
            "{forecast:?}"
        );
        // Nine hours on the first day, an hour and a half on the second.
        assert!(latest.to_string().starts_with("2026-03-03T02:3"), "{latest}");
    }

    #[test]
    fn without_calls_the_forecast_is_unknown() {
        let plan = plan();
        let no_history = ForecastInputs {
            of: HistoryScope::Nobody,
            ..ahead(&plan, 1_000)
        };
        let forecast = no_history.end();
        assert_eq!((forecast.earliest, forecast.latest), (None, None));
        assert_eq!(forecast.unknown, ["too_few_calls"]);
        assert_eq!(no_history.cost(Some(15)).low_fen, None);
    }

    #[test]
    fn a_pilots_day_and_a_test_bound_the_forecast() {
        let plan = plan();
        let pilot = changed(&plan, 2_000, |left| left.stage = Some(Stage::Pilot));
        let forecast = pilot.end();
        assert!(
            forecast.earliest.unwrap().to_string().as_str() > "2026-03-05",
            "{forecast:?}"
        );
        let test = changed(&plan, 2_000, |left| left.stage = Some(Stage::Test));
        assert_eq!(test.end().unknown, ["when_it_is_promoted"]);
    }

    #[test]
    fn it_costs_what_calls_were_billed() {
        let plan = plan();
        let cost = ahead(&plan, 1_000).cost(Some(15));
        assert_eq!(cost.billed_s_per_call, Some(18));
        assert!(
            cost.low_fen.unwrap() <= 2_000 * 18 * 15 / 60 && cost.high_fen.unwrap() >= 2_000 * 18 * 15 / 60
        );
        assert_eq!(ahead(&plan, 1_000).cost(None).high_fen, None);
    }
}
