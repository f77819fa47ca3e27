//! How well trunks carry calls: the last five minutes from the live figures, and days from the view.

use crate::endpoint::{Ctx, Endpoint, Input};
use crate::live::measures;
use crate::reply::Done;
use application::figures::no_metrics;
use domain::problem::Problem;
use domain::time::Timestamp;
use projections::views::trunk_quality::{ROWS_MAX, TrunkDay, days};
use serde_json::{Value, json};

/// Days shown unless asked otherwise.
const DAYS: u64 = 7;
/// A day in Beijing, which has no summer time.
const DAY_MS: u64 = 86_400_000;

/// Ratios of a day: of legs, of which a call may have two, so that they are no metric.
const OF_LEGS: [(&str, &str, &str); 3] = [
    (
        "answer_ratio_per_leg",
        "接通率（按话路，含应答机）",
        "answer rate per leg, machines included",
    ),
    (
        "answer_ratio_per_leg_people",
        "接通率（按话路，仅真人）",
        "answer rate per leg, people only",
    ),
    (
        "failure_ratio_per_leg",
        "线路失败率（按话路）",
        "rate of the trunk's failures per leg",
    ),
];

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/trunks/quality",
            "Legs, answers, failures, post-dial delay and final codes of each trunk by Beijing day, and now",
            |ctx, input| Box::pin(quality(ctx, input)),
        )
        .query(&[
            ("from", "First day (RFC 3339); default a week ago"),
            ("to", "Before this instant; default now"),
        ]),
    ]
}

async fn quality(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let now = ctx.installation.now();
    let to = instant(&input, "to")?.unwrap_or(now);
    let from = instant(&input, "from")?.unwrap_or(now.minus_ms(DAYS * DAY_MS));
    let rows = days(ctx.installation.rows.db().as_ref(), (from, to)).await?;
    let live = ctx.installation.live.latest().ok();
    Ok(Done::Read(json!({
        "days": rows.iter().map(describe).collect::<Vec<_>>(),
        "versions": no_metrics(&OF_LEGS),
        "complete": rows.len() < ROWS_MAX,
        "now": live.map(|figures| json!({
            "position": figures.position.to_string(),
            "shown_at": figures.shown_at,
            "trunks": figures.trunks,
            "versions": measures(),
        })),
        "position": ctx.installation.rows.position().map(|position| position.to_string()),
    })))
}

fn instant(input: &Input, name: &str) -> Result<Option<Timestamp>, Problem> {
    match input.text(name).map(str::parse) {
        None => Ok(None),
        Some(Ok(at)) => Ok(Some(at)),
        Some(Err(_)) => Err(Problem::invalid(
            "query-invalid",
            format!("{name} must be an RFC 3339 instant such as 2026-03-02T10:00:00+08:00"),
        )),
    }
}

/// A day with its ratios per leg; `null` over nothing.
fn describe(day: &TrunkDay) -> Value {
    let ratio = |part: u64, whole: u64| {
        let (part, whole) = (u32::try_from(part).ok()?, u32::try_from(whole).ok()?);
        (whole > 0).then(|| f64::from(part) / f64::from(whole))
    };
    json!({
        "trunk": day.trunk,
        "day_at": day.day_at,
        "legs": day.legs,
        "rang": day.rang,
        "answered": day.answered,
        "person_answered": day.person_answered,
        "failed_trunk": day.failed_trunk,
        "failed_other": day.failed_other,
        "answer_ratio_per_leg": ratio(day.answered, day.legs),
        "answer_ratio_per_leg_people": ratio(day.person_answered, day.legs),
        "failure_ratio_per_leg": ratio(day.failed_trunk, day.legs),
        "post_dial_ms_mean": day.post_dial_ms.checked_div(day.post_dial_count),
        "codes": day.codes.iter().map(|(code, count)| json!({ "code": code, "count": count }))
            .collect::<Vec<_>>(),
    })
}
