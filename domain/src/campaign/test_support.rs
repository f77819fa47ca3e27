//! Shared by the tests of campaigns: a point in time, and a plan under which calls may be placed then.

use crate::calling_plan::{CallingPlan, CallingWindow};
use crate::time::{TimeOfDay, Timestamp};

pub(super) fn now() -> Timestamp {
    "2026-03-02T02:00:00Z".parse().unwrap()
}

pub(super) fn plan() -> CallingPlan {
    CallingPlan {
        max_concurrent: 50,
        ends_at: Some(now().plus_ms(60_000)),
        ..CallingPlan::within(CallingWindow {
            start: TimeOfDay::from_minutes(540).unwrap(),
            end: TimeOfDay::from_minutes(1080).unwrap(),
            rests: Vec::new(),
        })
    }
}
