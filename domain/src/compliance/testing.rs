//! Facts for the tests of the rules: a plan that permits much, to be changed in single points.

use super::{ContactHistory, CustomerFacts, NumberFacts, PhoneCountry};
use crate::calling_plan::{
    Basis, CallingPlan, CallingWindow, CampaignFacts, FlowRef, Preset, RetryPolicy, RetryRule,
};
use crate::preset_facts::PresetFacts;
use crate::time::{TimeOfDay, Timestamp};
use crate::working_calendar::Calendars;
use std::collections::BTreeMap;
use values::disposition::Disposition;
use values::ids::{CallId, CampaignId, CustomerId, EnrolmentId};

pub(crate) fn instant(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

pub(crate) fn campaign() -> CampaignId {
    "LOAN_REMIND_20231101".parse().expect("a task id")
}

pub(crate) fn customer() -> CustomerId {
    "00112233445566778899aabbccddeeff".parse().expect("a customer id")
}

/// Returns the call of an attempt of the tests' enrolment.
pub(crate) fn nth_call(attempt: u32) -> CallId {
    let enrolment = EnrolmentId {
        campaign: campaign(),
        customer: customer(),
    };
    CallId::derive(&enrolment, attempt)
}

pub(crate) fn time_of_day(text: &str) -> TimeOfDay {
    text.to_owned().try_into().expect("a time of day")
}

/// Returns a window from a text such as `09:00-20:00`.
pub(crate) fn window(text: &str) -> CallingWindow {
    let (start, end) = text.split_once('-').expect("two times");
    CallingWindow {
        start: time_of_day(start),
        end: time_of_day(end),
        rests: Vec::new(),
    }
}

/// Returns a running campaign, open all day, with three retries: one and two minutes after no answer, one
/// after busy.
pub(crate) fn campaign_facts(preset: Preset) -> CampaignFacts {
    let rule = |waits_ms: &[u64], retries_max| RetryRule {
        waits_ms: waits_ms.to_vec(),
        retries_max,
    };
    let plan = CallingPlan {
        preset,
        max_concurrent: 50,
        retry_policy: RetryPolicy {
            retries_max: 3,
            uncharged_max: 3,
            calls_max: None,
            interrupted_after_answer: None,
            rules: BTreeMap::from([
                (Disposition::NoAnswer, rule(&[60_000, 120_000], 3)),
                (Disposition::Busy, rule(&[60_000], 1)),
                (Disposition::Congestion, rule(&[1_000], 3)),
                (Disposition::Interrupted, rule(&[5_000], 3)),
                (Disposition::TrunkTimeout, rule(&[5_000], 3)),
            ]),
        },
        ..CallingPlan::within(window("00:00-24:00"))
    };
    CampaignFacts {
        campaign: campaign(),
        version: 7,
        running: true,
        flow: FlowRef {
            flow: "loan_remind".parse().expect("a flow id"),
            version: 1,
            content_hash: "00".repeat(32),
        },
        plan,
        calendars: Calendars::default(),
        kept: PresetFacts::default(),
        undone_lists: Default::default(),
        free_agents: Vec::new(),
        accepted: Vec::new(),
        learnt: None,
        full: None,
    }
}

/// Returns the facts of a mainland customer who may be dialed.
pub(crate) fn customer_facts<'a>(
    campaign: &'a CampaignFacts,
    history: &'a ContactHistory,
) -> CustomerFacts<'a> {
    CustomerFacts {
        campaign,
        basis: Basis::Contract,
        consent: None,
        phone: Some("+8613800138000"),
        phone_country: PhoneCountry::Known,
        home_location: None,
        time_zone: None,
        charged_dials: 0,
        uncharged_dials: 0,
        callback: None,
        own_caps: &[],
        preferred: &[],
        erasing: false,
        held: false,
        history,
        joined: &[],
        coming: None,
    }
}

/// Returns the facts of a number that may be dialed.
pub(crate) fn number_facts<'a>(campaign: &'a CampaignFacts, history: &'a ContactHistory) -> NumberFacts<'a> {
    NumberFacts {
        campaign,
        opted_out: false,
        suppressed: None,
        invalid: false,
        claimed_by: None,
        listed_on: &[],
        hashed_on: &[],
        checked: None,
        history,
        coming: None,
    }
}

/// Returns a history of closed dials: when they were made, and if they were answered.
pub(crate) fn history_of(dials: &[(&str, bool)]) -> ContactHistory {
    let mut history = ContactHistory::default();
    for (attempt, (at, answered)) in (100..).zip(dials) {
        history.grant(nth_call(attempt), campaign(), instant(at));
        history.close(nth_call(attempt), instant(at), *answered);
    }
    history
}
