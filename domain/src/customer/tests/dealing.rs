//! Deals of a person: attributed to a call within the window, superseded by later reports.

use super::*;
use crate::customer::{DealCall, DealReport};
use crate::deal::{Currency, Deal, DealCounts, DealKind};

/// One day in milliseconds.
const DAY_MS: u64 = 86_400_000;

fn later(days: u64) -> Timestamp {
    now().plus_ms(days * DAY_MS)
}

fn report(amount_minor: u64, happened_at: Timestamp) -> DealReport {
    DealReport {
        customer: customer(),
        reference: "ORDER-17".to_owned(),
        kind: DealKind::Signed,
        amount_minor,
        currency: Currency::CNY,
        happened_at,
        campaign: campaign(),
        call: DealCall {
            call: nth_call(1),
            dialed_at: now(),
            first_dialed_at: now(),
        },
        window_days: 30,
    }
}

fn tell(given: &[CustomerEvent], report: DealReport) -> DecideResult {
    let command = CustomerCommand::ReportDeal(Box::new(report));
    let context = Context { now: later(90) };
    Customer::decide(&state_at(given, now()), command, context)
}

fn called() -> Vec<CustomerEvent> {
    person(&[granted(1), closed(&closing(1, Disposition::Answered), None)])
}

fn reported(events: &[CustomerEvent]) -> (Deal, i64, bool) {
    match events {
        [
            CustomerEvent::DealReported {
                deal,
                change_minor,
                corrects,
                ..
            },
        ] => ((**deal).clone(), *change_minor, *corrects),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_deal_within_the_window_is_put_down_to_its_call_and_one_after_it_to_the_campaign_alone() {
    for (days, is_attributed) in [(0, true), (30, true), (31, false)] {
        let events = tell(&called(), report(500_000, later(days))).unwrap();
        let (deal, change, corrects) = reported(&events);
        assert_eq!((change, corrects), (500_000, false));
        assert_eq!(deal.call, is_attributed.then(|| nth_call(1)), "after {days} days");
        assert_eq!(deal.cycle_ms, is_attributed.then_some(days * DAY_MS));
        assert_eq!(deal.campaign, campaign());
    }
}

#[test]
fn the_same_report_again_is_no_event_and_another_amount_supersedes_it_by_the_difference() {
    let first = tell(&called(), report(500_000, later(1))).unwrap();
    let given = [called(), first].concat();
    assert_eq!(tell(&given, report(500_000, later(1))), Ok(vec![]));
    let (deal, change, corrects) = reported(&tell(&given, report(320_000, later(1))).unwrap());
    assert_eq!((deal.amount_minor, change, corrects), (320_000, -180_000, true));
    let (_, taken_back, _) = reported(&tell(&given, report(0, later(1))).unwrap());
    assert_eq!(taken_back, -500_000);
    let mut other = report(1, later(1));
    other.kind = DealKind::Repaid;
    assert_eq!(tell(&given, other), Err(CustomerRefusal::DealOfAnother));
}

#[test]
fn a_deal_of_an_unknown_call_before_it_or_to_come_is_refused_and_says_why() {
    let mut unknown = report(1, later(1));
    unknown.call.call = nth_call(2);
    assert_eq!(tell(&called(), unknown), Err(CustomerRefusal::DealOfUnknownCall));
    let before = report(1, now().minus_ms(1));
    assert_eq!(
        tell(&called(), before),
        Err(CustomerRefusal::DealBeforeCall { dialed_at: now() })
    );
    assert!(matches!(
        tell(&called(), report(1, later(91))),
        Err(CustomerRefusal::DealInvalid { .. })
    ));
    let mut nameless = report(1, later(1));
    nameless.reference = "身份证 17".to_owned();
    assert!(matches!(
        tell(&called(), nameless),
        Err(CustomerRefusal::DealInvalid { .. })
    ));
    let mut elsewhere = report(1, later(1));
    elsewhere.campaign = "ANOTHER".parse().unwrap();
    assert!(matches!(
        tell(&called(), elsewhere),
        Err(CustomerRefusal::NotEnrolled { .. })
    ));
}

/// Checks what each report adds to the counted figures, one after another, and their sum.
fn counted(reports: &[DealReport]) -> (Vec<[i64; 4]>, DealCounts) {
    let mut given = called();
    let mut each = Vec::new();
    let mut whole = DealCounts::default();
    for report in reports {
        let events = tell(&given, report.clone()).unwrap();
        for event in &events {
            if let CustomerEvent::DealReported {
                counts: Some(one), ..
            } = event
            {
                each.push([
                    one.counted_minor,
                    one.counted_deals,
                    one.counted_people,
                    one.cycle_change_ms,
                ]);
                whole.counted_minor += one.counted_minor;
                whole.counted_deals += one.counted_deals;
                whole.counted_people += one.counted_people;
                whole.cycle_change_ms += one.cycle_change_ms;
            }
        }
        given.extend(events);
    }
    (each, whole)
}

#[test]
fn figures_count_the_valid_deals_within_the_window_whatever_was_corrected() {
    let day = |days: u64| i64::try_from(days * DAY_MS).unwrap();
    let second = |amount_minor: u64, at: Timestamp| DealReport {
        reference: "ORDER-18".to_owned(),
        ..report(amount_minor, at)
    };
    let (each, whole) = counted(&[
        report(500_000, later(1)),
        second(70_000, later(2)),
        report(320_000, later(3)),
        // Beyond the window it no longer counts,
        report(320_000, later(31)),
        // and within the window it counts again.
        report(320_000, later(4)),
        second(0, later(2)),
    ]);
    assert_eq!(
        each,
        [
            [500_000, 1, 1, day(1)],
            [70_000, 1, 0, day(2)],
            [-180_000, 0, 0, day(2)],
            [-320_000, -1, 0, -day(3)],
            [320_000, 1, 0, day(4)],
            [-70_000, -1, 0, -day(2)],
        ]
    );
    let expected = DealCounts {
        counted_minor: 320_000,
        counted_deals: 1,
        counted_people: 1,
        cycle_change_ms: day(4),
    };
    assert_eq!(whole, expected);
}

#[test]
fn after_the_last_one_is_taken_back_no_person_is_counted() {
    let (each, whole) = counted(&[report(1, later(1)), report(0, later(1))]);
    assert_eq!(each.last().map(|one| one[2]), Some(-1));
    assert_eq!(whole, DealCounts::default());
}

/// Returns the events without counts, as an older log holds them.
fn without_counts(mut events: Vec<CustomerEvent>) -> Vec<CustomerEvent> {
    for event in &mut events {
        if let CustomerEvent::DealReported { counts, .. } = event {
            *counts = None;
        }
    }
    events
}

#[test]
fn a_correction_of_what_figures_never_counted_takes_nothing_from_them() {
    let old = without_counts(tell(&called(), report(5_000, later(1))).unwrap());
    let given = [called(), old].concat();
    let counts = |given: &[CustomerEvent], report: DealReport| {
        let events = tell(given, report).unwrap();
        events.iter().find_map(|event| {
            if let CustomerEvent::DealReported { counts, .. } = event {
                return *counts;
            }
            None
        })
    };
    assert_eq!(counts(&given, report(0, later(1))), Some(DealCounts::default()));
    let more = counts(&given, report(6_000, later(1))).unwrap();
    assert_eq!(
        (more.counted_minor, more.counted_deals, more.counted_people),
        (6_000, 1, 1)
    );
    let second = DealReport {
        reference: "ORDER-18".to_owned(),
        ..report(70, later(2))
    };
    let first_counted = counts(&given, second).unwrap();
    assert_eq!(
        (first_counted.counted_deals, first_counted.counted_people),
        (1, 1)
    );
    let corrected = tell(&given, report(6_000, later(1))).unwrap();
    let taken_back = counts(&[given, corrected].concat(), report(0, later(1))).unwrap();
    assert_eq!(
        (taken_back.counted_minor, taken_back.counted_people),
        (-6_000, -1)
    );
}
