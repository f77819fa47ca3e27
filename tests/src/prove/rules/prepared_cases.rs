//! Prepared cases on both sides of every boundary: the last permitted instant and the first forbidden one, or
//! the other way around.

use super::case::{Case, Consent, Dial, instant};
use super::{records, telemarketing};
use domain::time::Timestamp;
use serde_json::{Value, json};

/// A name, a case, and whether it is permitted.
pub(super) type PreparedCase = (String, Case, bool);

/// Two cases that differ in one fact.
pub(super) struct CasePair {
    pub(super) refused: Case,
    pub(super) permitted: Case,
}

/// The prepared cases, on both sides of each boundary.
#[derive(Default)]
pub(super) struct PreparedCases {
    pub(super) made: Vec<PreparedCase>,
    pub(super) pairs: Vec<CasePair>,
}

impl PreparedCases {
    /// Adds the cases right before and at an instant. `after`: whether it is permitted from the instant on.
    pub(super) fn at(&mut self, name: &str, edge: &str, after: bool, case: impl Fn(Timestamp) -> Case) {
        let edge = instant(edge);
        let before = Timestamp::from_micros(edge.micros() - 1);
        let (before, edge) = (case(before), case(edge));
        self.made
            .push((format!("{name}, before"), before.clone(), !after));
        self.made.push((format!("{name}, at"), edge.clone(), after));
        let (refused, permitted) = if after { (before, edge) } else { (edge, before) };
        self.pairs.push(CasePair { refused, permitted });
    }

    /// Adds a refused case, and one that differs so little that it is permitted.
    pub(super) fn both(&mut self, name: &str, refused: Case, permitted: Case) {
        self.made.push((name.to_owned(), refused.clone(), false));
        self.made
            .push((format!("{name}, other side"), permitted.clone(), true));
        self.pairs.push(CasePair { refused, permitted });
    }
}

pub(super) fn cases() -> PreparedCases {
    let mut sides = PreparedCases::default();
    hours(&mut sides);
    daylight_saving(&mut sides);
    days(&mut sides);
    caps(&mut sides);
    persons(&mut sides);
    telemarketing::cases(&mut sides);
    records::cases(&mut sides);
    sides
}

pub(super) fn with(mut case: Case, change: impl FnOnce(&mut Case)) -> Case {
    change(&mut case);
    case
}

pub(super) fn member(case: &mut Case, name: &str, value: Value) {
    if let Some(members) = case.plan.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

fn hours(sides: &mut PreparedCases) {
    for (preset, opens, closes) in [
        ("cn-service", "09:00", "20:00"),
        ("cn-collection", "08:00", "22:00"),
    ] {
        let on = |time: &str| format!("2026-03-02T{time}:00+08:00");
        sides.at(preset, &on(opens), true, |at| Case::new(preset, at));
        sides.at(preset, &on(closes), false, |at| Case::new(preset, at));
    }
    let landline = |at| {
        with(Case::new("cn-cloud-trunk", at), |case| {
            case.phone = "+861065529988";
        })
    };
    sides.at("cn-cloud-trunk", "2026-03-02T08:00:00+08:00", true, landline);
    sides.at("cn-cloud-trunk", "2026-03-02T21:00:00+08:00", false, landline);
    let resting = |at| {
        with(Case::new("cn-service", at), |case| {
            let window = json!({ "start": "09:30", "end": "18:00", "rests": [["12:00", "14:00"]] });
            member(case, "window", window);
        })
    };
    for (edge, after) in [
        ("09:30", true),
        ("12:00", false),
        ("14:00", true),
        ("18:00", false),
    ] {
        sides.at(
            "own window",
            &format!("2026-03-02T{edge}:00+08:00"),
            after,
            resting,
        );
    }
    let ending = |at| {
        with(Case::new("cn-service", at), |case| {
            member(case, "ends_at", json!("2026-03-02T15:00:00.000000Z"));
        })
    };
    // 23:00 in Beijing is closed anyway: the end itself is tried in the afternoon.
    let ends_soon = |at| {
        with(ending(at), |case| {
            member(case, "ends_at", json!("2026-03-02T07:00:00.000000Z"));
        })
    };
    sides.at(
        "the campaign's end",
        "2026-03-02T15:00:00+08:00",
        false,
        ends_soon,
    );
}

/// Returns the case of a customer abroad who consented.
pub(super) fn abroad(preset: &'static str, phone: &'static str, at: Timestamp) -> Case {
    with(Case::new(preset, at), |case| {
        case.phone = phone;
        case.consent = Some(Consent {
            given_at: instant("2025-01-01T00:00:00Z"),
            until: None,
        });
    })
}

fn daylight_saving(sides: &mut PreparedCases) {
    let london = |at| abroad("eu-gdpr", "+442079460018", at);
    sides.at("London, winter", "2026-03-28T09:00:00Z", true, london);
    sides.at("London, summer time", "2026-03-29T08:00:00Z", true, london);
    sides.at("London, summer time ends", "2026-10-25T09:00:00Z", true, london);
    sides.at("London, evening", "2026-10-25T20:00:00Z", false, london);
    let new_york = |at| {
        with(abroad("us-regf", "+12025550123", at), |case| {
            case.time_zone = Some("America/New_York");
        })
    };
    sides.at("New York, winter", "2026-03-07T08:00:00-05:00", true, new_york);
    sides.at(
        "New York, summer time",
        "2026-03-08T08:00:00-04:00",
        true,
        new_york,
    );
    // If only the country is known: morning in Honolulu opens, evening in New York closes.
    let anywhere = |at| abroad("us-regf", "+12025550123", at);
    sides.at("all American zones", "2026-07-01T08:00:00-10:00", true, anywhere);
    sides.at("all American zones", "2026-07-01T21:00:00-04:00", false, anywhere);
    let spain = |at| abroad("eu-gdpr", "+34911234567", at);
    sides.at("Spain with its islands", "2026-07-01T09:00:00+01:00", true, spain);
    sides.at(
        "Spain with its islands",
        "2026-07-01T20:00:00+02:00",
        false,
        spain,
    );
}

fn days(sides: &mut PreparedCases) {
    let working = |at| {
        with(Case::new("cn-service", at), |case| {
            let days = json!({ "holidays": "observe", "rest_days": ["sat", "sun"] });
            member(case, "days", days);
        })
    };
    // A Saturday with work, the first day of the holiday, and the morning after it.
    sides.at("a swapped Saturday", "2026-02-14T09:00:00+08:00", true, working);
    sides.made.push((
        "the first day of the Spring Festival".to_owned(),
        working(instant("2026-02-15T10:00:00+08:00")),
        false,
    ));
    sides.at(
        "after the Spring Festival",
        "2026-02-24T09:00:00+08:00",
        true,
        working,
    );
    sides.at("a swapped Sunday", "2026-01-04T09:00:00+08:00", true, working);
    for (name, at, permitted) in [
        ("a swapped Saturday in autumn", "2026-10-10T10:00:00+08:00", true),
        ("an ordinary Saturday", "2026-03-07T10:00:00+08:00", false),
        ("an ordinary Friday", "2026-03-06T10:00:00+08:00", true),
        (
            "the last day of the National Day",
            "2026-10-07T10:00:00+08:00",
            false,
        ),
        ("a year without its calendar", "2028-03-06T10:00:00+08:00", false),
        ("a day of the provisional year", "2027-03-01T10:00:00+08:00", true),
        (
            "the Spring Festival of the provisional year",
            "2027-02-06T10:00:00+08:00",
            false,
        ),
    ] {
        sides
            .made
            .push((name.to_owned(), working(instant(at)), permitted));
    }
    let on = |day: &str| working(instant(&format!("{day}T10:00:00+08:00")));
    sides.both("a Saturday of rest", on("2026-03-07"), on("2026-03-06"));
    sides.both(
        "a holiday and a worked Saturday",
        on("2026-02-15"),
        on("2026-02-14"),
    );
    let resting = |at| {
        with(Case::new("cn-service", at), |case| {
            member(
                case,
                "days",
                json!({ "holidays": "ignore", "rest_days": ["sun"] }),
            );
        })
    };
    let leap = [
        ("a leap day", "2028-02-29T10:00:00+08:00", true),
        ("a Sunday of a leap year", "2028-02-27T10:00:00+08:00", false),
    ];
    for (name, at, permitted) in leap {
        sides
            .made
            .push((name.to_owned(), resting(instant(at)), permitted));
    }
}

pub(super) fn dialed(case: Case, dials: &[(&str, bool)]) -> Case {
    with(case, |case| {
        case.dials = dials
            .iter()
            .map(|(at, answered)| Dial {
                at: instant(at),
                answered: *answered,
            })
            .collect();
    })
}

fn caps(sides: &mut PreparedCases) {
    let two = [
        ("2028-02-28T10:00:00+08:00", false),
        ("2028-02-28T11:00:00+08:00", false),
    ];
    let service = |at| dialed(Case::new("cn-service", at), &two);
    sides.at(
        "two dials before a leap day",
        "2028-02-29T09:00:00+08:00",
        true,
        service,
    );
    sides.made.push((
        "a third dial of a day".to_owned(),
        service(instant("2028-02-28T12:00:00+08:00")),
        false,
    ));
    let thrice = [
        ("2026-03-02T09:00:00+08:00", true),
        ("2026-03-02T10:00:00+08:00", true),
        ("2026-03-02T11:00:00+08:00", true),
    ];
    for (count, permitted) in [(2, true), (3, false)] {
        let dials = thrice.get(..count).unwrap_or_default();
        let case = dialed(
            Case::new("cn-collection", instant("2026-03-02T12:00:00+08:00")),
            dials,
        );
        sides
            .made
            .push((format!("{count} conversations with a debtor"), case, permitted));
    }
    let rolling = [
        ("2026-03-02T10:00:00+08:00", false),
        ("2026-03-02T10:01:00+08:00", false),
        ("2026-03-02T10:02:00+08:00", false),
    ];
    let cloud = |at| {
        with(dialed(Case::new("cn-cloud-trunk", at), &rolling), |case| {
            case.phone = "+861065529988";
        })
    };
    sides.at("three in five minutes", "2026-03-02T10:05:00+08:00", true, cloud);
    let talked = [("2026-03-02T12:00:00-05:00", true)];
    let seventh = |at| {
        let case = dialed(abroad("us-regf", "+12025550123", at), &talked);
        with(case, |case| case.time_zone = Some("America/New_York"))
    };
    // The day of the conversation is the first of seven; clocks change on 8 March.
    sides.at("the seventh day", "2026-03-09T08:00:00-04:00", true, seventh);
    sides.both(
        "within the seventh day",
        seventh(instant("2026-03-08T12:00:00-04:00")),
        seventh(instant("2026-03-09T12:00:00-04:00")),
    );
}

fn persons(sides: &mut PreparedCases) {
    let now = instant("2026-03-02T10:00:00+08:00");
    for (name, phone, permitted) in [
        ("a landline elsewhere", "+861065529988", true),
        ("a landline in Tibet", "+868916529988", false),
        ("a landline in Xinjiang", "+869916529988", false),
        ("a mobile number of Beijing", "+8613800138000", true),
        ("a mobile number of unknown home", "+8616666666666", false),
    ] {
        let case = with(Case::new("cn-cloud-trunk", now), |case| case.phone = phone);
        sides.made.push((name.to_owned(), case, permitted));
    }
    let of = |phone| with(Case::new("cn-cloud-trunk", now), |case| case.phone = phone);
    sides.both(
        "a landline in Tibet, or in Beijing",
        of("+868916529988"),
        of("+861065529988"),
    );
    let chinese = |guessed| {
        with(Case::new("us-regf", now), |case| {
            case.phone = "+8613800138000";
            case.consent = Some(Consent {
                given_at: instant("2026-03-01T10:00:00+08:00"),
                until: None,
            });
            case.further.guessed_country = guessed;
        })
    };
    sides.both(
        "a Chinese number abroad, its country guessed or written",
        chinese(true),
        chinese(false),
    );
    let consenting = |given: &str, until: Option<&str>| Consent {
        given_at: instant(given),
        until: until.map(instant),
    };
    let marketing = |at, consent| with(Case::new("cn-marketing", at), |case| case.consent = consent);
    sides
        .made
        .push(("no consent".to_owned(), marketing(now, None), false));
    let given = consenting("2026-03-02T10:00:00+08:00", None);
    sides.at("a consent begins", "2026-03-02T10:00:00+08:00", true, |at| {
        marketing(at, Some(given))
    });
    let ends = consenting("2026-03-01T10:00:00+08:00", Some("2026-03-02T10:00:00+08:00"));
    sides.at("a consent ends", "2026-03-02T10:00:00+08:00", false, |at| {
        marketing(at, Some(ends))
    });
    let opted_out = with(Case::new("cn-service", now), |case| case.opted_out = true);
    sides.made.push(("an opt-out".to_owned(), opted_out, false));
    sides.at("a suppression ends", "2026-03-02T10:00:00+08:00", true, |at| {
        with(Case::new("cn-service", at), |case| {
            case.suppressed_until = Some(now);
        })
    });
    let nowhere = with(Case::new("eu-gdpr", now), |case| case.phone = "+2902123");
    sides.made.push(("an unknown region".to_owned(), nowhere, false));
}
