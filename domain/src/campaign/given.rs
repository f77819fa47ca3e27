//! What tests of the campaign are given: a moment, and a plan under which calls may be placed at it.

use crate::approvals_asked::Approvals;
use crate::calling_plan::{Basis, CallingPlan, CallingWindow, Preset, RetryPolicy};
use crate::time::{TimeOfDay, Timestamp};

pub(super) fn now() -> Timestamp {
    "2026-03-02T02:00:00Z".parse().unwrap()
}

pub(super) fn plan() -> CallingPlan {
    CallingPlan {
        preset: Preset::CnService,
        basis: Basis::Contract,
        purpose: "service".to_owned(),
        window: CallingWindow {
            start: TimeOfDay::from_minutes(540).unwrap(),
            end: TimeOfDay::from_minutes(1080).unwrap(),
            rests: Vec::new(),
        },
        max_concurrent: 50,
        retry_policy: RetryPolicy::standard(),
        ring_timeout_ms: None,
        ends_at: Some(now().plus_ms(60_000)),
        trial: false,
        duplicates: None,
        approvals: Approvals::NONE,
        sensitive_words: Default::default(),
        model: None,
        knowledge: None,
        assist: None,
        speech: None,
        emotion: None,
        dialing: None,
        days: None,
        screening: None,
        stages: None,
        running: None,
        dispositions: Default::default(),
        caps: Vec::new(),
        ignores_preferred_times: false,
    }
}
