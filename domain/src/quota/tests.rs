//! Tests of quotas: the quotas of a customer, what a place counts as, and when a quota is full.

use super::*;
use crate::time::Timestamp;
use chrono_tz::Tz;
use values::ids::{CallId, CustomerId};

fn quota(json: &str) -> Quota {
    serde_json::from_str(json).unwrap()
}

fn east(counted: &str, per: &str, most: u32) -> Quota {
    let text = format!(r#"{{"name":"east","where":"VIP","{counted}":{most},"per":"{per}"}}"#);
    quota(&text)
}

fn customer(nth: u32) -> CustomerId {
    format!("{nth:032x}").parse().unwrap()
}

fn person(nth: u32, quotas: &[u8]) -> QuotaPerson {
    QuotaPerson {
        customer: customer(nth),
        attempt: 1,
        quotas: quotas.to_vec(),
    }
}

fn end(nth: u32, came: &str) -> QuotaEnd {
    let call: CallId = format!("00000000-0000-5000-8000-{nth:012x}").parse().unwrap();
    QuotaEnd {
        customer: customer(nth),
        attempt: 1,
        call: Some(call).filter(|_| came != "nothing"),
        connected: came == "answer",
        completed: false,
    }
}

fn now() -> Timestamp {
    "2026-03-02T10:00:00+08:00".parse().unwrap()
}

fn account(quotas: &[Quota]) -> QuotaAccount {
    QuotaAccount::of(quotas, Tz::Asia__Shanghai)
}

fn take(account: &mut QuotaAccount, wanted: u32, people: &[QuotaPerson], at: Timestamp) -> u32 {
    let (count, places) = account.take(wanted, people, at);
    places.iter().for_each(|place| account.taken(place, at));
    count
}

#[test]
fn a_place_counts_until_its_call_is_known_and_no_quota_is_passed() {
    let mut account = account(&[east("connected", "campaign", 2)]);
    let people: Vec<QuotaPerson> = (0..5).map(|nth| person(nth, &[0])).collect();
    assert_eq!(
        take(&mut account, 5, &people, now()),
        2,
        "two places, however many are wanted"
    );
    assert_eq!(take(&mut account, 5, &people, now()), 0);
    assert_eq!(account.standings(now())[0].standing, QuotaStatus::Taken);
    assert_eq!(
        account.full_for(&[0], now()),
        None,
        "what they come to is not known yet"
    );
    // One call was not answered and its place is free. One was answered and counts.
    account.ended(&end(0, "dial"));
    account.ended(&end(1, "answer"));
    assert_eq!(take(&mut account, 5, &people[2..], now()), 1);
    account.ended(&end(2, "answer"));
    account.ended(&end(2, "answer"));
    let standing = &account.standings(now())[0];
    assert_eq!(
        (standing.counted, standing.in_flight, standing.standing),
        (2, 0, QuotaStatus::Full)
    );
    let full = account.full_for(&[0], now()).unwrap();
    assert_eq!(full.until, None, "for good");
    assert_eq!(
        (full.facts["quota"].as_str(), full.facts["counted"].as_str()),
        ("east", "2")
    );
    assert_eq!(account.full_for(&[], now()), None);
}

#[test]
fn a_day_is_of_the_grant_and_opens_again_and_others_are_not_held_up() {
    let mut account = account(&[east("dials", "day", 1)]);
    let late: Timestamp = "2026-03-02T23:59:59+08:00".parse().unwrap();
    let midnight: Timestamp = "2026-03-03T00:00:00+08:00".parse().unwrap();
    let people = [person(1, &[0]), person(2, &[]), person(3, &[0])];
    assert_eq!(
        take(&mut account, 3, &people, late),
        2,
        "one of the quota, one of none"
    );
    // The call ends after midnight and counts for the day of its grant.
    assert_eq!(take(&mut account, 1, &people[2..], midnight), 1);
    account.ended(&end(1, "dial"));
    assert_eq!(account.full_for(&[0], late).unwrap().until, Some(midnight));
    assert_eq!(account.standings(midnight)[0].standing, QuotaStatus::Taken);
    // Never dialed: nothing counts.
    account.ended(&end(3, "nothing"));
    assert_eq!(account.standings(midnight)[0].standing, QuotaStatus::Open);
}

#[test]
fn who_is_of_two_quotas_needs_a_place_of_both() {
    let vip = quota(r#"{"name":"vip","where":"VIP","dials":5,"per":"campaign"}"#);
    let mut account = account(&[east("dials", "campaign", 1), vip]);
    let people = [person(1, &[0, 1]), person(2, &[0, 1]), person(3, &[1])];
    assert_eq!(take(&mut account, 9, &people, now()), 2);
    let counts: Vec<u32> = account.standings(now()).iter().map(|one| one.in_flight).collect();
    assert_eq!(counts, [1, 2]);
    assert!(account.has_place(&customer(1), 1) && !account.has_place(&customer(2), 1));
}
