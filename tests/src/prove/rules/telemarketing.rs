//! Prepared cases of `us-tsr`, on both sides of each boundary of its requirements, and of lists of digests.

use super::case::{Case, OtherFacts, instant};
use super::prepared_cases::{PreparedCases, abroad, member, with};
use domain::time::Timestamp;
use serde_json::json;

/// Returns a changed case of a customer in New York under `us-tsr` with everything that it needs.
fn of_tsr(at: Timestamp, change: impl FnOnce(&mut Case)) -> Case {
    let case = with(abroad("us-tsr", "+12025550123", at), |case| {
        case.time_zone = Some("America/New_York");
        case.kept = OtherFacts {
            registry: Some(("2026-01-30", Some("202"))),
            abandoned: Some((1_000, 30)),
            agents: true,
            hashed: false,
            own_phone: None,
        };
        member(case, "screening", json!({ "relief": "agents" }));
    });
    with(case, change)
}

type Change = fn(&mut Case);

/// Returns changes of a permitted case, and whether it is still permitted.
fn changes() -> [(&'static str, Change, bool); 10] {
    [
        (
            "a list of 31 days, whole",
            |case| case.kept.registry = Some(("2026-01-30", None)),
            true,
        ),
        (
            "a list of 32 days, whole",
            |case| case.kept.registry = Some(("2026-01-29", None)),
            false,
        ),
        (
            "the list of another area code",
            |case| case.kept.registry = Some(("2026-03-01", Some("212"))),
            false,
        ),
        ("no list", |case| case.kept.registry = None, false),
        (
            "31 of 1,000 abandoned",
            |case| case.kept.abandoned = Some((1_000, 31)),
            false,
        ),
        (
            "3 of the first 10 abandoned",
            |case| case.kept.abandoned = Some((10, 3)),
            true,
        ),
        (
            "4 of the first 99 abandoned",
            |case| case.kept.abandoned = Some((99, 4)),
            false,
        ),
        ("no account", |case| case.kept.abandoned = None, false),
        ("no agents", |case| case.kept.agents = false, false),
        (
            "a robot",
            |case| member(case, "screening", json!({ "relief": "robot" })),
            false,
        ),
    ]
}

pub(super) fn cases(sides: &mut PreparedCases) {
    let last_day = "2026-03-02T08:00:00-05:00";
    sides.at("us-tsr, its last day with this list", last_day, true, |at| {
        of_tsr(at, |_| {})
    });
    let day_after = "2026-03-03T08:00:00-05:00";
    let morning = instant(day_after);
    for (name, at, permitted) in [
        ("a list of 31 days", instant("2026-03-02T20:59:59-05:00"), true),
        ("a list of 32 days", morning, false),
    ] {
        sides.made.push((name.to_owned(), of_tsr(at, |_| {}), permitted));
    }
    let now = instant("2026-03-02T10:00:00-05:00");
    for (name, change, permitted) in changes() {
        sides
            .made
            .push((format!("us-tsr, {name}"), of_tsr(now, change), permitted));
    }
    let listed = |as_of| of_tsr(now, |case| case.kept.registry = Some((as_of, None)));
    sides.both(
        "us-tsr, a list of 32 days and one of 31",
        listed("2026-01-29"),
        listed("2026-01-30"),
    );
    let abandoned = |drops| of_tsr(now, |case| case.kept.abandoned = Some((1_000, drops)));
    sides.both(
        "us-tsr, 31 and 30 of 1,000 abandoned",
        abandoned(31),
        abandoned(30),
    );
    seller_cases(sides);
    let hashed = with(
        Case::new("cn-service", instant("2026-03-02T10:00:00+08:00")),
        |case| {
            case.kept.hashed = true;
        },
    );
    sides
        .made
        .push(("a number with a digest on a list".to_owned(), hashed, false));
}

/// Adds the cases about the seller, which a plan must name since 2026-11-26.
fn seller_cases(sides: &mut PreparedCases) {
    let (before, since) = (
        instant("2026-11-25T10:00:00-05:00"),
        instant("2026-11-26T10:00:00-05:00"),
    );
    let named = |at, seller: Option<&str>| {
        of_tsr(at, |case| {
            case.kept.registry = Some(("2026-11-01", None));
            if let Some(number) = seller {
                member(
                    case,
                    "seller",
                    json!({ "name": "Example Bank", "number": number }),
                );
            }
        })
    };
    for (name, case, permitted) in [
        (
            "no seller, the day before it is asked for",
            named(before, None),
            true,
        ),
        ("no seller", named(since, None), false),
        ("a seller", named(since, Some("+12025550100")), true),
        (
            "a seller that cannot be called",
            named(since, Some("5550100")),
            false,
        ),
    ] {
        sides.made.push((format!("us-tsr, {name}"), case, permitted));
    }
}
