//! When a campaign's own hours open, as far as that can be told without any person: what is shown before it
//! starts, and why it is not started where they never do.

use super::calling_window::{next_open, windows_of};
use super::rules_at;
use crate::calling_plan::CallingPlan;
use crate::time::Timestamp;
use chrono_tz::Tz;

/// When somebody may be dialed, by the hours alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Then, or at once where it is the time asked about.
    At(Timestamp),
    /// The campaign's hours and its preset's have no second in common, or open no more before its end.
    Never,
    /// Each person's own zone says it.
    ByPerson,
}

/// The first opening from `now` on. Days are not asked about: they need calendars.
pub fn opening(plan: &CallingPlan, now: Timestamp) -> Opening {
    let rules = rules_at(plan.preset, now);
    let windows = windows_of(plan, rules);
    let in_time = |at: Timestamp| plan.ends_at.is_none_or(|ends_at| at < ends_at);
    let Some(zone) = rules.zone.filter(|_| !plan.trial) else {
        // Whatever the zone is, both windows are meant in it.
        let never = next_open(&[Tz::UTC], &windows, now).is_none() || !in_time(now);
        return if never { Opening::Never } else { Opening::ByPerson };
    };
    match next_open(&[zone], &windows, now) {
        Some(at) if in_time(at) => Opening::At(at),
        Some(_) | None => Opening::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calling_plan::Preset;
    use crate::compliance::testing::{campaign_facts, instant, window};

    fn plan(preset: Preset, own: &str) -> CallingPlan {
        let mut plan = campaign_facts(preset).plan;
        plan.window = window(own);
        plan
    }

    #[test]
    fn hours_open_when_both_windows_do_and_never_where_they_do_not_meet() {
        let night = instant("2026-03-02T03:00:00+08:00");
        let nine = Opening::At(instant("2026-03-02T09:00:00+08:00"));
        assert_eq!(opening(&plan(Preset::CnService, "08:00-18:00"), night), nine);
        let at_nine = instant("2026-03-02T09:00:00+08:00");
        assert_eq!(opening(&plan(Preset::CnService, "08:00-18:00"), at_nine), nine);
        assert_eq!(
            opening(&plan(Preset::CnService, "20:00-23:00"), night),
            Opening::Never
        );
        assert_eq!(
            opening(&plan(Preset::CnService, "19:59-23:00"), night),
            Opening::At(instant("2026-03-02T19:59:00+08:00"))
        );
    }

    #[test]
    fn an_end_before_the_next_opening_leaves_none() {
        let night = instant("2026-03-02T03:00:00+08:00");
        let mut ends = plan(Preset::CnService, "09:00-18:00");
        ends.ends_at = Some(instant("2026-03-02T09:00:00+08:00"));
        assert_eq!(opening(&ends, night), Opening::Never);
        ends.ends_at = Some(instant("2026-03-02T09:00:01+08:00"));
        assert_ne!(opening(&ends, night), Opening::Never);
    }

    #[test]
    fn where_each_person_has_a_zone_only_hours_that_never_meet_can_be_told() {
        let now = instant("2026-03-02T03:00:00+08:00");
        assert_eq!(
            opening(&plan(Preset::EuGdpr, "09:00-18:00"), now),
            Opening::ByPerson
        );
        assert_eq!(opening(&plan(Preset::EuGdpr, "21:00-23:00"), now), Opening::Never);
    }
}
