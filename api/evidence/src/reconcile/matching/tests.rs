//! Our calls and their rows: what is matched, missing and disputed.

use super::*;
use domain::calling_code::CallingCode;
use domain::ids::CallId;
use domain::stored_event::Position;

const CALLEE: &str = "13800138000";

fn ten() -> Timestamp {
    "2026-11-20T10:00:00+08:00".parse().unwrap()
}

/// A stand-in for the vault: the last digits are the id.
fn derive(e164: &str) -> NumberId {
    let digits = e164.trim_start_matches('+');
    format!("{digits:0>32}").parse().unwrap()
}

fn ours(n: u128, after_s: u64, talk_ms: u64) -> OurCall {
    OurCall {
        call: CallId::new(uuid::Uuid::from_u128(n)),
        number: derive("+8613800138000"),
        dialed_at: ten().plus_ms(after_s * 1_000),
        sip_call_ids: vec![format!("sip-{n}")],
        trunk: format!("trunk-{}", n % 2),
        answered: talk_ms > 0,
        talk_ms,
        disposition: if talk_ms > 0 { "answered" } else { "busy" },
    }
}

fn theirs(line: u64, id: Option<&str>, after_s: u64, talk_s: u64) -> ExternalCallRow {
    ExternalCallRow {
        line,
        sip_ids: id.map(str::to_owned).into_iter().collect(),
        key: format!("row-{line}"),
        callee: CALLEE.to_owned(),
        start: ten().plus_ms(after_s * 1_000),
        talk_s,
        minutes: talk_s.div_ceil(60),
    }
}

const RULES: Rules = Rules {
    tolerance_ms: 1_000,
    window_ms: 60_000,
    answered_only: false,
    country: DefaultCountry::Of(CallingCode::MAINLAND_CHINA),
    from: None,
    to: None,
};

fn reconcile(calls: Vec<OurCall>, rows: Vec<ExternalCallRow>, rules: Rules) -> ReconciliationResult {
    let ours = OurCalls::of(calls, Position(9));
    let mut matcher = Matcher::new(&ours, Some(&derive), rules);
    rows.into_iter().for_each(|row| matcher.take(Ok(row)));
    matcher.finish()
}

#[test]
fn a_call_id_matches_before_the_number_and_the_nearest_dial_before_another() {
    let calls = vec![ours(1, 0, 5_000), ours(2, 50, 7_000)];
    let rows = vec![theirs(1, Some("sip-1"), 55, 5), theirs(2, None, 45, 7)];
    let outcome = reconcile(calls, rows, RULES);
    assert_eq!((outcome.by_sip_call_id, outcome.by_number_and_time), (1, 1));
    assert!(outcome.agrees(), "{outcome:?}");
}

#[test]
fn the_last_second_of_the_window_and_of_the_tolerance_agree() {
    let one = |after_s, talk_s| {
        let outcome = reconcile(
            vec![ours(1, 0, 5_000)],
            vec![theirs(1, None, after_s, talk_s)],
            RULES,
        );
        (outcome.matched, outcome.disputed)
    };
    assert_eq!(one(60, 6), (1, 0));
    assert_eq!(one(61, 6).0, 0);
    assert_eq!(one(0, 7), (1, 1));
    assert_eq!(one(0, 4), (1, 0));
}

#[test]
fn a_minute_more_than_the_tolerance_explains_is_disputed_by_so_much() {
    let mut row = theirs(1, Some("sip-1"), 0, 59);
    row.minutes = 2;
    let outcome = reconcile(vec![ours(1, 0, 58_000)], vec![row.clone()], RULES);
    assert_eq!(outcome.disputes[0].why, ["minutes"]);
    assert_eq!(outcome.months["2026-11"].whole.disputed_minutes, 1);
    let explained = reconcile(vec![ours(1, 0, 59_500)], vec![row], RULES);
    assert_eq!(explained.disputed, 0, "60.5 s are two minutes");
}

#[test]
fn an_answer_on_one_side_only_is_disputed() {
    let rows = |talk_s| vec![theirs(1, Some("sip-1"), 0, talk_s)];
    let outcome = reconcile(vec![ours(1, 0, 0)], rows(30), RULES);
    assert_eq!(outcome.disputes[0].why, ["answer", "minutes"]);
    let outcome = reconcile(vec![ours(1, 0, 30_000)], rows(0), RULES);
    assert_eq!(outcome.months["2026-11"].whole.disputed_minutes, -1);
}

#[test]
fn what_one_side_lacks_is_missing_there_and_a_second_row_is_a_duplicate() {
    let calls = vec![ours(1, 0, 5_000), ours(2, 10, 0), ours(3, 20, 5_000)];
    let rows = vec![
        theirs(1, Some("sip-1"), 0, 5),
        theirs(2, Some("sip-1"), 0, 5),
        theirs(3, Some("unknown"), 4_000, 5),
    ];
    let outcome = reconcile(calls.clone(), rows.clone(), RULES);
    assert_eq!(
        (outcome.matched, outcome.duplicates, outcome.missing_on_our_side),
        (1, 1, 1)
    );
    assert_eq!(outcome.missing_on_their_side, 2);
    let answered_only = Rules {
        answered_only: true,
        ..RULES
    };
    assert_eq!(reconcile(calls, rows, answered_only).missing_on_their_side, 1);
}

#[test]
fn a_period_is_held_to_on_both_sides() {
    let calls = vec![ours(1, 0, 5_000), ours(2, 100, 5_000)];
    let rules = Rules {
        from: Some(ten()),
        to: Some(ten().plus_ms(100_000)),
        ..RULES
    };
    let outcome = reconcile(calls, vec![theirs(1, Some("sip-2"), 100, 5)], rules);
    assert_eq!((outcome.outside, outcome.matched), (1, 0));
    assert_eq!(outcome.missing_on_their_side, 1, "the one at the beginning");
}

#[test]
fn callees_are_masked_and_a_row_without_a_callee_is_bad() {
    let mut without_callee = theirs(1, None, 0, 5);
    without_callee.callee = "s".to_owned();
    let outcome = reconcile(Vec::new(), vec![without_callee, theirs(2, None, 0, 5)], RULES);
    assert_eq!((outcome.bad_rows, outcome.missing_on_our_side), (1, 1));
    assert!(!serde_json::to_string(&outcome).unwrap().contains("13800138000"));
}

#[test]
fn every_row_is_in_its_month_its_trunk_and_its_day_and_they_add_up() {
    let calls = vec![ours(1, 0, 5_000), ours(2, 100, 60_000), ours(3, 90_000, 7_000)];
    let rows = vec![
        theirs(1, Some("sip-1"), 0, 5),
        theirs(2, Some("sip-2"), 100, 121),
        theirs(3, Some("sip-2"), 100, 121),
        theirs(4, Some("nobody"), 50_000, 61),
    ];
    let outcome = reconcile(calls, rows, RULES);
    let month = &outcome.months["2026-11"];
    assert_eq!((month.whole.their_rows, month.whole.their_minutes), (4, 9));
    assert_eq!(
        (month.whole.disputed_minutes, month.whole.unfounded_minutes),
        (2, 5)
    );
    let trunks: Vec<_> = month
        .trunks
        .iter()
        .map(|(name, sums)| (name.as_str(), sums.their_rows, sums.disputed_minutes))
        .collect();
    assert_eq!(trunks, [("-", 2, 0), ("trunk-0", 1, 2), ("trunk-1", 1, 0)]);
    let of_trunks: u64 = month.trunks.values().map(|sums| sums.our_minutes).sum();
    let of_days: u64 = outcome.days.values().map(|sums| sums.our_minutes).sum();
    assert_eq!(
        (of_trunks, of_days),
        (month.whole.our_minutes, month.whole.our_minutes)
    );
    assert_eq!(
        outcome.days.len(),
        1,
        "the third call is behind what the file covers"
    );
}

#[test]
fn a_callee_that_cannot_be_read_is_a_bad_row_and_no_call_that_we_never_made() {
    let unreadable = [
        "abc",
        "138****8041",
        "'13800138041",
        "\u{202a}+86 138 0013 8041\u{202c}",
        "sip:13800138041@gw",
    ];
    let rows = (1..).zip(unreadable).map(|(line, callee)| ExternalCallRow {
        callee: callee.to_owned(),
        ..theirs(line, Some("their-own-id"), line, 13)
    });
    let outcome = reconcile(Vec::new(), rows.collect(), RULES);
    assert_eq!((outcome.bad_rows, outcome.missing_on_our_side), (5, 0));
    assert!(outcome.months.is_empty(), "no minute is claimed");
}

#[test]
fn a_call_id_of_ours_matches_whatever_the_callee_looks_like() {
    let masked = ExternalCallRow {
        callee: "138****8000".to_owned(),
        ..theirs(1, Some("sip-1"), 0, 30)
    };
    let outcome = reconcile(vec![ours(1, 0, 30_000)], vec![masked.clone(), masked], RULES);
    assert_eq!((outcome.matched, outcome.duplicates, outcome.bad_rows), (1, 1, 0));
}

#[test]
fn a_callee_without_a_country_is_of_the_default_country() {
    let american = OurCall {
        number: derive("+12025550123"),
        ..ours(1, 0, 30_000)
    };
    let row = ExternalCallRow {
        callee: "(202) 555-0123".to_owned(),
        ..theirs(1, None, 0, 30)
    };
    let of = |country| {
        let rules = Rules { country, ..RULES };
        reconcile(vec![american.clone()], vec![row.clone()], rules)
    };
    assert_eq!(of(DefaultCountry::Of(CallingCode::NORTH_AMERICA)).matched, 1);
    assert_eq!(of(DefaultCountry::Unknown).bad_rows, 1);
}
