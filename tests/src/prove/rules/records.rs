//! Prepared cases on both sides of the rules about a campaign's state and retries, a customer's own record,
//! another id, a list, a number check, another customer and an open call.

use super::case::{Case, Consent, instant};
use super::further_facts::{FurtherFacts, OtherId};
use super::prepared_cases::{PreparedCases, dialed, member, with};
use domain::time::Timestamp;
use serde_json::{Value, json};

/// A Monday morning in Beijing.
const NOW: &str = "2026-03-02T10:00:00+08:00";

/// Returns the case of a customer in Beijing with further facts.
fn known(at: Timestamp, further: FurtherFacts) -> Case {
    with(Case::new("cn-service", at), |case| case.further = further)
}

fn planned(at: Timestamp, name: &str, value: Value, further: FurtherFacts) -> Case {
    with(known(at, further), |case| member(case, name, value))
}

pub(super) fn cases(sides: &mut PreparedCases) {
    campaign(sides);
    retries(sides);
    own_record(sides);
    other_ids(sides);
    numbers(sides);
    own_phones(sides);
}

fn campaign(sides: &mut PreparedCases) {
    let now = instant(NOW);
    let paused = |paused| {
        let further = FurtherFacts {
            paused,
            ..FurtherFacts::default()
        };
        known(now, further)
    };
    sides.both("a campaign that does not run", paused(true), paused(false));
}

/// One dial per day on earlier days, so that no daily cap applies.
const DIALS: [(&str, bool); 4] = [
    ("2026-02-25T10:00:00+08:00", false),
    ("2026-02-26T10:00:00+08:00", false),
    ("2026-02-27T10:00:00+08:00", false),
    ("2026-02-28T10:00:00+08:00", false),
];

/// Adds the cases of a test stage that is limited to our own phones.
fn own_phones(sides: &mut PreparedCases) {
    let now = instant(NOW);
    let tested = |from: &str, own_phone| {
        let stages = json!({ "from": from, "own_phones": from == "test" });
        with(planned(now, "stages", stages, FurtherFacts::default()), |case| {
            case.kept.own_phone = own_phone;
        })
    };
    sides.both(
        "not one of our own phones, under test",
        tested("test", Some(false)),
        tested("test", Some(true)),
    );
    sides.both(
        "our own phones are not known",
        tested("test", None),
        tested("test", Some(true)),
    );
    let pilot = (
        "a pilot is not limited to our own phones".to_owned(),
        tested("pilot", Some(false)),
        true,
    );
    sides.made.push(pilot);
}

fn retries(sides: &mut PreparedCases) {
    let case = |count: usize, charged: usize, policy: Value| {
        let further = FurtherFacts {
            charged,
            ..FurtherFacts::default()
        };
        let case = planned(instant(NOW), "retry_policy", policy, further);
        dialed(case, DIALS.get(..count).unwrap_or_default())
    };
    let three = || json!({ "retries_max": 3, "uncharged_max": 3, "rules": {} });
    sides.both("three retries", case(4, 4, three()), case(3, 3, three()));
    sides.both("three uncharged dials", case(3, 0, three()), case(2, 0, three()));
    let none = || json!({ "retries_max": 0, "uncharged_max": 0, "rules": {} });
    sides.both("no retry", case(1, 1, none()), case(0, 0, none()));
    let two_calls = || json!({ "retries_max": 3, "uncharged_max": 3, "calls_max": 2, "rules": {} });
    sides.both(
        "two calls in all",
        case(2, 1, two_calls()),
        case(1, 1, two_calls()),
    );
}

fn own_record(sides: &mut PreparedCases) {
    let now = instant(NOW);
    let erasing = |erasing| {
        let further = FurtherFacts {
            erasing,
            ..FurtherFacts::default()
        };
        known(now, further)
    };
    sides.both("a customer who asked to be erased", erasing(true), erasing(false));
    let held = |held| {
        let further = FurtherFacts {
            held,
            ..FurtherFacts::default()
        };
        known(now, further)
    };
    sides.both("a legal hold", held(true), held(false));
    let preferring = |at| {
        let further = FurtherFacts {
            preferred: vec!["mon-fri 17:00-19:00", "sun 10:00-11:00"],
            ..FurtherFacts::default()
        };
        known(at, further)
    };
    for (name, edge, after) in [
        ("a preferred time begins", "2026-03-02T17:00:00+08:00", true),
        ("a preferred time ends", "2026-03-02T19:00:00+08:00", false),
        ("a preferred Sunday", "2026-03-08T10:00:00+08:00", true),
        ("a preferred Sunday ends", "2026-03-08T11:00:00+08:00", false),
    ] {
        sides.at(name, edge, after, preferring);
    }
    let other_day = preferring(instant("2026-03-07T18:00:00+08:00"));
    sides.both(
        "a day that is not preferred",
        other_day,
        preferring(instant("2026-03-06T18:00:00+08:00")),
    );
    own_caps(sides);
}

fn own_caps(sides: &mut PreparedCases) {
    let capped = |at: &str, cap: Value, dials: &[(&str, bool)]| {
        let further = FurtherFacts {
            own_cap: Some(cap),
            ..FurtherFacts::default()
        };
        dialed(known(instant(at), further), dials)
    };
    let answered =
        |days: u32| json!({ "counted": "answered", "over": "person", "local_days": days, "calls_max": 1 });
    let talked = [("2026-02-24T12:00:00+08:00", true)];
    sides.both(
        "a conversation in seven days, the seventh",
        capped(NOW, answered(7), &talked),
        capped("2026-03-03T10:00:00+08:00", answered(7), &talked),
    );
    sides.both(
        "a conversation of the seven days before",
        capped(NOW, answered(7), &talked),
        capped(NOW, answered(6), &talked),
    );
    let two = json!({ "counted": "dialed", "over": "matter", "local_days": 30, "calls_max": 2 });
    let dials = DIALS.get(..2).unwrap_or_default();
    sides.both(
        "two dials in thirty days",
        capped(NOW, two.clone(), dials),
        capped(NOW, two, dials.get(..1).unwrap_or_default()),
    );
}

fn other_ids(sides: &mut PreparedCases) {
    let now = instant(NOW);
    let joined = |at, other: OtherId| {
        let further = FurtherFacts {
            other: Some(other),
            ..FurtherFacts::default()
        };
        known(at, further)
    };
    let nothing = || joined(now, OtherId::default());
    let erasing = OtherId {
        erasing: true,
        ..OtherId::default()
    };
    sides.both("another id asked to be erased", joined(now, erasing), nothing());
    let held = OtherId {
        held: true,
        ..OtherId::default()
    };
    sides.both("a hold on another id", joined(now, held), nothing());
    sides.at("another id's suppression ends", NOW, true, |at| {
        let suppressed = OtherId {
            suppressed_until: Some(now),
            ..OtherId::default()
        };
        joined(at, suppressed)
    });
    // The latest statement counts, under either id.
    let withdrawn = "2026-03-01T10:00:00+08:00";
    sides.at(
        "consent again after another id took it back",
        "2026-03-01T10:00:00.000001+08:00",
        true,
        |given_at| {
            let taken_back = OtherId {
                withdrawn_at: Some(instant(withdrawn)),
                ..OtherId::default()
            };
            with(joined(now, taken_back), |case| {
                case.consent = Some(Consent {
                    given_at,
                    until: None,
                });
            })
        },
    );
}

fn numbers(sides: &mut PreparedCases) {
    let now = instant(NOW);
    let listed = |listed_on| {
        let further = FurtherFacts {
            listed_on,
            ..FurtherFacts::default()
        };
        planned(now, "screening", json!({ "only_listed_on": "ours" }), further)
    };
    sides.both("no number of our list", listed(None), listed(Some("ours")));
    sides.both(
        "a number of another list",
        listed(Some("theirs")),
        listed(Some("ours")),
    );
    let checked = |at, checked| {
        let further = FurtherFacts {
            checked,
            ..FurtherFacts::default()
        };
        let demanded = json!({ "number_check": { "refuse": ["vacant", "suspended"], "max_age_days": 30 } });
        planned(at, "screening", demanded, further)
    };
    let lately = instant("2026-02-20T10:00:00+08:00");
    let live = || checked(now, Some(("live", lately)));
    sides.both("a vacant number", checked(now, Some(("vacant", lately))), live());
    sides.both(
        "a suspended number",
        checked(now, Some(("suspended", lately))),
        live(),
    );
    sides.both("a number that was not checked", checked(now, None), live());
    let (until, past) = (
        instant("2026-03-22T10:00:00+08:00"),
        instant("2026-03-22T10:00:00.001+08:00"),
    );
    let old = |at| checked(at, Some(("live", lately)));
    sides.both("a check of thirty days", old(past), old(until));
    let claimed = |claimed| {
        let further = FurtherFacts {
            claimed,
            ..FurtherFacts::default()
        };
        planned(now, "duplicates", json!("by_number"), further)
    };
    sides.both("a number that is another's", claimed(true), claimed(false));
    // 120 s to set up, 180 s of conversation and 10 s to hang up.
    sides.at(
        "a call of another customer is over",
        "2026-03-02T10:05:10+08:00",
        true,
        |at| {
            let further = FurtherFacts {
                open_since: Some(now),
                ..FurtherFacts::default()
            };
            known(at, further)
        },
    );
}
