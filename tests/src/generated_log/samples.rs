//! The parts of a generated log: a random generator from a seed, a plan, a flow, a dialog.

use domain::call::event::CallEvent;
use domain::calling_plan::{CallingPlan, CallingWindow, FlowRef, RetryPolicy};
use domain::campaign::event::CampaignEvent;
use domain::ids::{CampaignId, ListId};
use domain::ports::line::AnsweredDialog;
use domain::time::TimeOfDay;
use std::collections::BTreeMap;

/// The id of the flow of both campaigns.
pub const FLOW: &str = "made-up";

/// A random generator from a seed (the constants of Knuth's MMIX).
pub struct SeededGenerator(u64);

impl SeededGenerator {
    pub const fn from_seed(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns a number below `bound`, which must not be 0.
    pub const fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

pub(super) fn campaign(name: &str) -> CampaignId {
    name.parse().expect("it is an id")
}

/// Returns the event that closes the campaign's list, which contained no customer by its own count.
pub(super) fn list_closed(name: &str) -> CampaignEvent {
    CampaignEvent::ListClosed {
        list: ListId::derive(&campaign(name), "00"),
        count: 0,
        before: None,
    }
}

pub(super) fn flow_ref(version: u32) -> FlowRef {
    FlowRef {
        flow: FLOW.parse().expect("it is an id"),
        version,
        content_hash: "00".repeat(32),
    }
}

fn dialog() -> AnsweredDialog {
    AnsweredDialog {
        to_tag: "t".to_owned(),
        remote_target: "sip:callee@127.0.0.1:5070".to_owned(),
        route_set: Vec::new(),
        cseq: 1,
        key_paths: None,
    }
}

pub(super) fn answered() -> CallEvent {
    CallEvent::Answered {
        leg: 1,
        dialog: dialog(),
        key_rule: None,
    }
}

pub(super) fn plan() -> CallingPlan {
    CallingPlan {
        max_concurrent: 50,
        retry_policy: RetryPolicy {
            retries_max: 3,
            uncharged_max: 3,
            calls_max: None,
            interrupted_after_answer: None,
            rules: BTreeMap::new(),
        },
        ..CallingPlan::within(CallingWindow {
            start: TimeOfDay::from_minutes(540).expect("it is a time of day"),
            end: TimeOfDay::from_minutes(1_260).expect("it is a time of day"),
            rests: Vec::new(),
        })
    }
}
