//! Every stored kind of a customer event, compared with its golden file.

use super::assignee::Assignee;
use super::erasure::DeletedRecording;
use super::erasure_commands::KEY_BACKUP_DAYS_MAX;
use super::event::CustomerEvent;
use super::late_answer_fact::LateAnswerFact;
use super::merge_side::MergeSide;
use super::profile_origin::ProfileOrigin;
use crate::attribute::TagLevel;
use crate::callback::{CALLBACK_LATE_MS_MAX, CallbackEnd};
use crate::calling_plan::Basis;
use crate::compliance::{CountedCalls, CustomerGrant, Decision, GRANT_VALID_MS, Verdict};
use crate::deal::{Currency, Deal, DealCounts, DealKind};
use crate::past_call::HistorySource;
use crate::personal::Personal;
use crate::preferred_times::read_all;
use crate::record::golden_support::{
    at, call, campaign, check, check_with, customer, list, number, other_number, past_call,
};
use std::collections::BTreeMap;
use values::call_caps::{CallCap, CapScope};
use values::disposition::{Disposition, Outcome};
use values::ids::{CommandId, CustomerId, EventId};

fn personal(text: &str) -> Personal<String> {
    Personal::open(text.to_owned())
}

fn other_customer() -> CustomerId {
    "99112233445566778899aabbccddeeff".parse().unwrap()
}

fn facts() -> BTreeMap<String, String> {
    BTreeMap::from([("local_time".to_owned(), "2026-03-02T20:00:00".to_owned())])
}

fn verdict(decision: Decision) -> Verdict {
    Verdict {
        rule: "calling_window".to_owned(),
        version: 1,
        effective_from: "2026-01-01".to_owned(),
        decision,
        facts: facts(),
    }
}

fn grant() -> CustomerGrant {
    CustomerGrant {
        call: call(),
        campaign: campaign(),
        customer: customer(),
        number: number(),
        valid_until: at().plus_ms(GRANT_VALID_MS),
        legs_until: None,
        verdicts: vec![verdict(Decision::Allow)],
    }
}

pub(super) fn who_and_what_they_allow() -> Vec<CustomerEvent> {
    vec![
        CustomerEvent::Registered {
            external_id: Personal::open_hashed("C001".to_owned()),
            name: Some(personal("张三")),
            time_zone: Some("Asia/Shanghai".to_owned()),
        },
        CustomerEvent::NumberAdded {
            number: number(),
            phone: Personal::open_hashed("+8613800138000".to_owned()),
            country: None,
        },
        CustomerEvent::NumberConfirmed {
            number: number(),
            reason: "asked at the branch".to_owned(),
        },
        CustomerEvent::ConsentRecorded {
            scope: "marketing".to_owned(),
            source: "web form".to_owned(),
            given_at: at(),
            until: Some(at().plus_ms(1_000)),
            evidence: Some(personal("form 42")),
        },
        CustomerEvent::ConsentWithdrawn {
            scope: "marketing".to_owned(),
            source: "operator".to_owned(),
            open_calls: Vec::new(),
        },
        CustomerEvent::Enrolled {
            campaign: campaign(),
            list: list(),
            number: number(),
            basis: Basis::Contract,
            due_at: at(),
            variables: BTreeMap::from([("due/date".to_owned(), personal("3月5日"))]),
            placing: None,
        },
    ]
}

fn grants() -> Vec<CustomerEvent> {
    vec![
        CustomerEvent::DialGranted {
            attempt: 1,
            grant: grant(),
        },
        CustomerEvent::DialRefused {
            campaign: campaign(),
            call: call(),
            verdict: verdict(Decision::DeferUntil(at().plus_ms(3_600_000))),
            not_before: Some(at().plus_ms(3_600_000)),
        },
        CustomerEvent::DialReleased {
            campaign: campaign(),
            call: call(),
            reason: "number_refused".to_owned(),
            not_before: Some(at().plus_ms(3_600_000)),
        },
    ]
}

pub(super) fn endings() -> Vec<CustomerEvent> {
    vec![
        CustomerEvent::CallClosed {
            campaign: campaign(),
            call: call(),
            number: number(),
            disposition: Disposition::InvalidNumber,
            outcome: Some(Outcome::Failed),
            charged: true,
            answered: false,
            dialed_at: at(),
            next_due_at: Some(at().plus_ms(60_000)),
            next_number: Some(other_number()),
            round: None,
            policy_due_at: None,
            timing: None,
        },
        CustomerEvent::PreviewSkipped {
            campaign: campaign(),
            agent: "wang".parse().unwrap(),
            reason: "in a meeting until noon".to_owned(),
            due_at: at().plus_ms(3_600_000),
        },
        CustomerEvent::CallAsked {
            campaign: campaign(),
            due_at: at(),
            deadline: Some(at().plus_ms(3_600_000)),
        },
        CustomerEvent::CallBackOrdered {
            campaign: campaign(),
            call: call(),
            due_at: at().plus_ms(60_000),
            by: Some("duty manager".to_owned()),
        },
        CustomerEvent::LateAnswered(LateAnswerFact {
            campaign: campaign(),
            call: call(),
            due_at: at().plus_ms(86_400_000),
        }),
        CustomerEvent::EnrolmentSettled {
            campaign: campaign(),
            disposition: Disposition::NotPermitted,
            outcome: Some(Outcome::Declined),
            calls_count: 4,
            rule: Some("calling_window".to_owned()),
            facts: facts(),
        },
    ]
}

#[expect(clippy::too_many_lines, reason = "one list")]
fn held_and_erased() -> Vec<CustomerEvent> {
    vec![
        CustomerEvent::Held {
            reason: "court order 12".to_owned(),
            by: Some("counsel".to_owned()),
        },
        CustomerEvent::HoldReleased {
            reason: Some("the case is closed".to_owned()),
            by: Some("counsel".to_owned()),
            four_eyes: None,
        },
        CustomerEvent::Assigned {
            to: Assignee::User("wang".parse().unwrap()),
            before: Some(Assignee::Team("north".parse().unwrap())),
            reason: "speaks the dialect".to_owned(),
        },
        CustomerEvent::EnrolmentWithdrawn {
            campaign: campaign(),
            list: list(),
            reason: "the wrong month's file".to_owned(),
            by: Some("wang".to_owned()),
            open_calls: vec![call()],
        },
        CustomerEvent::Unassigned {
            before: Assignee::User("wang".parse().unwrap()),
            reason: "left the company".to_owned(),
        },
        CustomerEvent::Corrected {
            request: "00000000-0000-5000-8000-000000000001".parse().unwrap(),
            name: Some(personal("王小明")),
            variables: BTreeMap::from([(
                campaign(),
                BTreeMap::from([("due/date".to_owned(), personal("3月6日"))]),
            )]),
        },
        CustomerEvent::AttributesSet {
            attributes: BTreeMap::from([
                ("age".to_owned(), personal("31")),
                ("region".to_owned(), personal("浙江")),
            ]),
            cleared: vec!["customer_level".to_owned()],
            origin: ProfileOrigin::Import { list: list() },
        },
        CustomerEvent::Tagged {
            level: TagLevel::Business,
            added: vec![personal("信用卡")],
            removed: vec![personal("存款")],
            origin: ProfileOrigin::Call { call: call() },
        },
        CustomerEvent::DealReported {
            deal: Box::new(Deal {
                reference: "ORDER-2026-17".to_owned(),
                kind: DealKind::Signed,
                amount_minor: 1_280_000,
                currency: Currency::CNY,
                happened_at: at(),
                campaign: campaign(),
                call: Some(call()),
                cycle_ms: Some(86_400_000),
            }),
            change_minor: -20_000,
            corrects: true,
            counts: None,
        },
        CustomerEvent::HistoryImported {
            source: HistorySource::Asterisk,
            number: number(),
            calls: vec![past_call()],
        },
        CustomerEvent::CapsSet {
            caps: vec![CallCap {
                counted: CountedCalls::Dialed,
                over: CapScope::Person,
                local_days: 7,
                calls_max: 3,
            }],
            reason: "asked for fewer calls".to_owned(),
            by: Some("li".to_owned()),
        },
        CustomerEvent::PreferredTimesSet {
            times: read_all("mon-fri 18:00-20:00; sat 10:00-12:00").unwrap(),
            origin: ProfileOrigin::Person,
        },
        CustomerEvent::CallbackRequested {
            campaign: campaign(),
            callback_at: at().plus_ms(3_600_000),
            until: at().plus_ms(3_600_000 + CALLBACK_LATE_MS_MAX),
            agent: Some("wang".parse().unwrap()),
            call: Some(call()),
            reason: Some("asked for it".to_owned()),
            by: Some("li".to_owned()),
        },
        CustomerEvent::CallbackEnded {
            campaign: campaign(),
            callback_at: at().plus_ms(3_600_000),
            how: CallbackEnd::Missed,
            call: Some(call()),
            rule: Some("calling_window".to_owned()),
            facts: facts(),
            not_before: Some(at().plus_ms(86_400_000)),
            due_at: Some(at().plus_ms(7_200_000)),
            reason: Some("not wanted".to_owned()),
            by: Some("li".to_owned()),
        },
        CustomerEvent::Merged {
            with: other_customer(),
            side: MergeSide::Other,
            reason: "two accounts of one person".to_owned(),
            by: Some("li".to_owned()),
        },
        CustomerEvent::Unmerged {
            with: other_customer(),
            reason: "father and son".to_owned(),
            by: Some("li".to_owned()),
        },
        CustomerEvent::ErasureRequested {
            reason: "the person asked".to_owned(),
            requested_by: Some("officer".to_owned()),
            approved_by: Some("counsel".to_owned()),
            four_eyes: None,
        },
        CustomerEvent::Erased {
            numbers_count: 2,
            enrolments_count: 3,
        },
        CustomerEvent::ErasureCertified {
            certificate: EventId::derive(CommandId::derive_from_text("erase"), 1),
            key_destroyed_at: at().plus_ms(20),
            recordings: vec![DeletedRecording {
                call: call(),
                sha256: Some("ab".repeat(32)),
            }],
            recordings_count: 1,
            stays: vec!["ids".to_owned(), "lookup_hashes".to_owned()],
            key_backup_days_max: KEY_BACKUP_DAYS_MAX,
        },
    ]
}

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    for event in [who_and_what_they_allow(), grants(), endings(), held_and_erased()].concat() {
        check("customer", event);
    }
}

/// Members that were added later have their own golden files; the files without them stay as they were.
#[test]
fn how_long_legs_may_follow_is_written_as_its_golden_file() {
    let grant = CustomerGrant {
        legs_until: Some(at().plus_ms(5_000)),
        ..grant()
    };
    let granted = CustomerEvent::DialGranted { attempt: 1, grant };
    check_with("customer", "legs_until", granted);
}

#[test]
fn why_a_rule_said_so_is_written_as_its_golden_file() {
    let is_set = |event: &CustomerEvent| matches!(event, CustomerEvent::AttributesSet { .. });
    let mut set = held_and_erased().into_iter().find(is_set).unwrap();
    if let CustomerEvent::AttributesSet { origin, .. } = &mut set {
        *origin = ProfileOrigin::Rule {
            rule: "rfm".to_owned(),
            reason: Some("grades of the quarter".to_owned()),
        };
    }
    check_with("customer", "rule_reason", set);
}

#[test]
fn a_tag_of_a_conversation_in_text_is_written_as_its_golden_file() {
    let is_tagged = |event: &CustomerEvent| matches!(event, CustomerEvent::Tagged { .. });
    let mut tagged = held_and_erased().into_iter().find(is_tagged).unwrap();
    if let CustomerEvent::Tagged { origin, .. } = &mut tagged {
        *origin = ProfileOrigin::Conversation {
            conversation: "3f2f1b0e-6c1a-5b0e-9d55-0a4f5c8e7d21".parse().unwrap(),
        };
    }
    check_with("customer", "conversation", tagged);
}

#[test]
fn a_further_round_is_written_as_its_golden_file() {
    let mut closed = endings().swap_remove(0);
    if let CustomerEvent::CallClosed { round, .. } = &mut closed {
        *round = Some(1);
    }
    check_with("customer", "round", closed);
}

#[test]
fn when_the_policy_would_call_is_written_as_its_golden_file() {
    let mut closed = endings().swap_remove(0);
    if let CustomerEvent::CallClosed { policy_due_at, .. } = &mut closed {
        *policy_due_at = Some(at().plus_ms(5_000));
    }
    check_with("customer", "policy_due_at", closed);
}

#[test]
fn what_figures_count_of_a_deal_is_written_as_its_golden_file() {
    let reported = CustomerEvent::DealReported {
        deal: Box::new(Deal {
            reference: "ORDER-2026-18".to_owned(),
            kind: DealKind::Kept,
            amount_minor: 1,
            currency: Currency::CNY,
            happened_at: at(),
            campaign: campaign(),
            call: Some(call()),
            cycle_ms: Some(86_400_000),
        }),
        change_minor: 1,
        corrects: false,
        counts: Some(DealCounts {
            counted_minor: 1,
            counted_deals: 1,
            counted_people: 1,
            cycle_change_ms: 86_400_000,
        }),
    };
    check_with("customer", "counts", reported);
}
