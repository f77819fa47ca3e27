//! Logs with violations that our deciders would never write: each violation is found once, with the event
//! that shows it.

use crate::compliance_report::figures::{Figures, Format};
use crate::compliance_report::fold::Fold;
use crate::log_walk::LogEnd;
use domain::calendar::PeriodLength;
use domain::event_filter::EventFacts;
use domain::stored_event::{Position, StoredEvent};
use domain::time::Timestamp;
use serde_json::{Value, json};

const CALL: &str = "308b38fa-b3fa-59e5-b685-93b305968d97";
const OTHER_CALL: &str = "597feaee-cccb-510d-ae2f-29e1bcc64af6";
const NUMBER: &str = "ffeeddccbbaa99887766554433221100";
const OTHER_NUMBER: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
const CUSTOMER: &str = "00112233445566778899aabbccddeeff";

/// Day of the events, unless stated otherwise, and period of the report.
const DAY: &str = "2026-03-02";

/// An event: milliseconds since ten o'clock, stream, kind, data.
type EventSpec = (u64, String, &'static str, Value);

fn at(ms: u64) -> Timestamp {
    let start: Timestamp = format!("{DAY}T10:00:00+08:00").parse().unwrap();
    start.plus_ms(ms)
}

fn verdicts(rules: &[&str]) -> Value {
    let verdict = |rule: &&str| json!({ "rule": rule, "version": 1, "effective_from": "2026-01-01", "decision": "allow" });
    rules.iter().map(verdict).collect()
}

fn grant(rules: &[&str]) -> Value {
    json!({ "call": CALL, "campaign": "C", "number": NUMBER, "customer": CUSTOMER, "valid_until": at(2_000),
        "verdicts": verdicts(rules) })
}

fn call(ms: u64, kind: &'static str, data: Value) -> EventSpec {
    (ms, format!("call-{CALL}"), kind, data)
}

fn number(ms: u64, kind: &'static str, data: Value) -> EventSpec {
    (ms, format!("number-{NUMBER}"), kind, data)
}

fn granted(ms: u64) -> EventSpec {
    number(
        ms,
        "number.dial_granted",
        grant(&["suppression", "open_call", "frequency_cap"]),
    )
}

fn permitted(ms: u64) -> EventSpec {
    let data = json!({
        "attempt": 1,
        "callee": { "erased": true },
        "customer_grant": grant(&["consent", "calling_window", "frequency_cap"]),
        "number_grant": grant(&["suppression", "open_call", "frequency_cap"]),
        "flow": { "flow": "reminder", "version": 1, "content_hash": "00".repeat(32) },
    });
    call(ms, "call.permitted", data)
}

/// Returns a permit with one member of its data replaced.
fn permitted_with(pointer: &str, value: Value) -> EventSpec {
    let mut given = permitted(1);
    *given.3.pointer_mut(pointer).unwrap() = value;
    given
}

fn dialing(ms: u64, leg: u8) -> EventSpec {
    let data = json!({ "leg": leg, "trunk": "t", "sip_call_id": format!("id-{leg}"), "local": "127.0.0.1:5060",
        "hold_off_ms": 0 });
    call(ms, "call.dialing", data)
}

fn failed(ms: u64, leg: u8, definite: bool) -> EventSpec {
    let data = json!({ "leg": leg, "cause": "response", "definite": definite, "rang": false, "after_ms": 1 });
    call(ms, "call.leg_failed", data)
}

fn noticed(ms: u64, notice: &str) -> EventSpec {
    call(ms, "call.notice_played", json!({ "leg": 1, "notice": notice }))
}

/// Returns the end of the notice, with the length of the recording at that time.
fn noticed_at(ms: u64, recorded_ms: u64) -> EventSpec {
    let data = json!({ "leg": 1, "notice": "recording", "recorded_ms": recorded_ms });
    call(ms, "call.notice_played", data)
}

/// Returns the end of a call with a recording of five seconds, and when the callee is first heard in it.
fn heard(ms: u64, callee_from_ms: Option<u64>) -> EventSpec {
    let mut given = ended(ms, true);
    given.3["recording_ms"] = json!(5_000);
    if let Some(from_ms) = callee_from_ms {
        given.3["callee_audio_from_ms"] = json!(from_ms);
    }
    given
}

/// Returns counts of recorded calls: notice first, callee heard before its end, ended during it, unknown.
fn recorded(log: &[EventSpec]) -> [u64; 4] {
    let notices = report_of(DAY, log).notices;
    let parts = [
        notices.recorded_with_notice,
        notices.recorded_without_notice,
        notices.ended_during_notice.unwrap(),
        notices.ended_during_notice_unknown.unwrap(),
    ];
    assert_eq!(notices.recorded_calls, parts.iter().sum::<u64>());
    parts
}

fn ended(ms: u64, recorded: bool) -> EventSpec {
    let mut data = json!({ "disposition": "answered", "disposition_version": 1, "talk_ms": 5_000, "charged": true,
        "reason": "flow_ended" });
    if recorded {
        data["recording_sha256"] = json!("ab".repeat(32));
    }
    call(ms, "call.ended", data)
}

fn opted_out(ms: u64) -> EventSpec {
    number(
        ms,
        "number.opted_out",
        json!({ "reason": "asked", "source": "operator" }),
    )
}

fn suppressed(ms: u64, until: Option<Timestamp>) -> EventSpec {
    let mut data = json!({ "reason": "list" });
    if let Some(until) = until {
        data["until"] = json!(until);
    }
    number(ms, "number.suppressed", data)
}

fn erased(ms: u64) -> EventSpec {
    let data = json!({ "enrolments_count": 0, "numbers_count": 1 });
    (ms, format!("customer-{CUSTOMER}"), "customer.erased", data)
}

fn stored(position: u64, (ms, stream, kind, data): &EventSpec) -> StoredEvent {
    let record = json!({ "id": CALL, "kind": kind, "version": 1, "stream": stream, "stream_version": position,
        "at": at(*ms), "command": CALL, "data": data });
    StoredEvent::new(
        Position(position),
        at(*ms),
        record.to_string().into_bytes().into(),
    )
}

/// Returns the report of a day for these events, at positions 1, 2, 3 …
fn report_of(day: &str, log: &[EventSpec]) -> Figures {
    let mut fold = Fold::of(PeriodLength::Day.of(day.parse().unwrap()), Format::NEWEST);
    for (position, given) in (1..).zip(log) {
        let stored = stored(position, given);
        fold.take(&stored, &EventFacts::of(&stored).unwrap()).unwrap();
    }
    fold.finish(LogEnd {
        position: Position(u64::try_from(log.len()).unwrap()),
        size: 0,
        root: String::new(),
    })
}

/// Checks that the log has this violation at that position and no other.
fn check(what: &str, position: u64, log: &[EventSpec]) {
    let figures = report_of(DAY, log);
    let counted: Vec<_> = figures
        .violations
        .iter()
        .map(|(code, count)| (code.as_str(), *count))
        .collect();
    assert_eq!(counted, [(what, 1)], "{log:?}");
    let named: Vec<_> = figures
        .named
        .iter()
        .map(|one| (one.what, one.position, one.stream.as_str()))
        .collect();
    let index = usize::try_from(position).unwrap() - 1;
    assert_eq!(named, [(what, position, log[index].1.as_str())]);
    assert!(
        report_of("2026-03-03", log).violations.is_empty(),
        "it counts on the day of the event"
    );
}

fn clean(log: &[EventSpec]) {
    let figures = report_of(DAY, log);
    assert_eq!(figures.named, [], "{log:?}");
}

#[test]
fn a_call_as_it_should_be_breaches_nothing() {
    clean(&[
        granted(0),
        permitted(1),
        dialing(2_000, 1),
        failed(2_100, 1, true),
        dialing(8_000, 2),
        noticed(9_000, "recording"),
        ended(10_000, true),
    ]);
    clean(&[granted(0), permitted(1), ended(5_000, false)]);
}

#[test]
fn a_call_dialed_after_the_opt_out_is_named_and_one_in_flight_is_counted_apart() {
    check(
        "dialed_after_opt_out",
        4,
        &[opted_out(0), granted(0), permitted(1), dialing(2, 1)],
    );
    let in_flight = [granted(0), opted_out(0), permitted(1), dialing(2, 1)];
    clean(&in_flight);
    assert_eq!(report_of(DAY, &in_flight).opt_outs.dialed_in_flight, 1);
}

#[test]
fn a_suppressed_number_is_not_dialed_before_the_suppression_ends() {
    let log = |until| [suppressed(0, until), granted(0), permitted(1), dialing(5, 1)];
    check("dialed_while_suppressed", 4, &log(None));
    check("dialed_while_suppressed", 4, &log(Some(at(6))));
    clean(&log(Some(at(5))));
    let longer_once_more = [
        suppressed(0, None),
        granted(0),
        permitted(1),
        suppressed(2, Some(at(9))),
        dialing(5, 1),
    ];
    check("dialed_while_suppressed", 5, &longer_once_more);
}

#[test]
fn a_dial_needs_an_open_permit() {
    check("dialed_without_permit", 1, &[dialing(0, 1)]);
    let behind_the_end = [granted(0), permitted(1), ended(2, false), dialing(3, 1)];
    check("dialed_without_permit", 4, &behind_the_end);
    check("ended_without_permit", 1, &[ended(0, false)]);
    check(
        "permitted_twice",
        3,
        &[granted(0), permitted(1), permitted(1), dialing(2, 1)],
    );
}

#[test]
fn a_grant_is_dialed_up_to_its_last_instant() {
    clean(&[granted(0), permitted(1), dialing(2_000, 1)]);
    check(
        "dialed_outside_grant",
        3,
        &[granted(0), permitted(1), dialing(2_001, 1)],
    );
    let further = |ms| {
        [
            granted(0),
            permitted(1),
            dialing(1_000, 1),
            failed(1_001, 1, true),
            dialing(ms, 2),
        ]
    };
    clean(&further(7_000));
    check("dialed_outside_grant", 5, &further(7_001));
}

#[test]
fn two_invites_that_may_both_ring_are_one_breach() {
    let same_leg = [granted(0), permitted(1), dialing(2, 1), dialing(3, 1)];
    check("dialed_twice", 4, &same_leg);
    let unfailed = [granted(0), permitted(1), dialing(2, 1), dialing(3, 2)];
    check("dialed_twice", 4, &unfailed);
    let silent = [
        granted(0),
        permitted(1),
        dialing(2, 1),
        failed(3, 1, false),
        dialing(4, 2),
    ];
    check("dialed_twice", 5, &silent);
    let mut same_identity = dialing(4, 2);
    same_identity.3["sip_call_id"] = json!("id-1");
    let log = [
        granted(0),
        permitted(1),
        dialing(2, 1),
        failed(3, 1, true),
        same_identity,
    ];
    check("dialed_twice", 5, &log);
}

#[test]
fn a_permit_needs_every_verdict_and_none_that_refuses() {
    let lacking = verdicts(&["calling_window", "frequency_cap"]);
    let log = [granted(0), permitted_with("/customer_grant/verdicts", lacking)];
    check("permitted_without_verdict", 2, &log);
    let none = [granted(0), permitted_with("/number_grant/verdicts", json!([]))];
    check("permitted_without_verdict", 2, &none);
    for decision in [json!("forbid"), json!({ "defer_until": at(9) })] {
        for side in ["/customer_grant", "/number_grant"] {
            let pointer = format!("{side}/verdicts/0/decision");
            let log = [granted(0), permitted_with(&pointer, decision.clone())];
            check("permitted_against_verdict", 2, &log);
        }
    }
}

#[test]
fn a_permit_rests_on_grants_of_its_own_call_and_number() {
    for (pointer, other) in [
        ("/customer_grant/call", OTHER_CALL),
        ("/number_grant/call", OTHER_CALL),
        ("/customer_grant/number", OTHER_NUMBER),
    ] {
        let log = [granted(0), permitted_with(pointer, json!(other))];
        check("permitted_by_other_grant", 2, &log);
    }
}

#[test]
fn an_erased_person_is_not_permitted() {
    check(
        "permitted_after_erasure",
        3,
        &[erased(0), granted(1), permitted(2)],
    );
    clean(&[granted(0), permitted(1), erased(2)]);
}

#[test]
fn the_callee_is_heard_only_after_the_recording_notice() {
    let log = |noticed: EventSpec, end: EventSpec| [granted(0), permitted(1), dialing(2, 1), noticed, end];
    for at in [None, Some(4_000), Some(4_980)] {
        let with_notice = log(noticed_at(3, 4_000), heard(4, at));
        clean(&with_notice);
        assert_eq!(recorded(&with_notice), [1, 0, 0, 0], "{at:?}");
    }
    let early = log(noticed_at(3, 4_000), heard(4, Some(3_999)));
    check("recorded_without_notice", 5, &early);
    assert_eq!(recorded(&early), [0, 1, 0, 0]);
    let other_notice = log(noticed(3, "ai"), heard(4, Some(0)));
    check("recorded_without_notice", 5, &other_notice);
}

#[test]
fn who_ends_the_call_during_the_notice_was_not_recorded_and_is_counted_apart() {
    let log = |end: EventSpec| [granted(0), permitted(1), dialing(2, 1), end];
    clean(&log(heard(3, None)));
    assert_eq!(recorded(&log(heard(3, None))), [0, 0, 1, 0]);
    let spoken = log(heard(3, Some(4_980)));
    check("recorded_without_notice", 4, &spoken);
    assert_eq!(recorded(&spoken), [0, 1, 0, 0]);
}

#[test]
fn calls_stored_before_it_was_known_when_the_callee_is_heard_are_accused_of_nothing() {
    let before = [granted(0), permitted(1), dialing(2, 1), ended(3, true)];
    clean(&before);
    assert_eq!(recorded(&before), [0, 0, 0, 1]);
    let with_notice = [
        granted(0),
        permitted(1),
        dialing(2, 1),
        noticed(3, "recording"),
        ended(4, true),
    ];
    clean(&with_notice);
    assert_eq!(recorded(&with_notice), [1, 0, 0, 0]);
}

#[test]
fn more_breaches_than_are_named_are_all_counted() {
    let log: Vec<EventSpec> = (0..150).map(|ms| dialing(ms, 1)).collect();
    let figures = report_of(DAY, &log);
    assert_eq!(figures.violations["dialed_without_permit"], 150);
    assert_eq!(figures.named.len(), 100);
    let page = crate::compliance_report::render::page(&figures, "sha256");
    let (shown, data) = page.split_once("<script").unwrap();
    assert_eq!(shown.matches(&format!("<td>call-{CALL}</td>")).count(), 10);
    assert!(
        shown.contains("href=\"./compliance-2026-03-02-p"),
        "the page links to the rest"
    );
    assert!(data.len() > shown.len(), "the page still contains all figures");
}
