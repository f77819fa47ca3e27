//! Routes of trunks: their quality, for the last five minutes from the live figures and by day from the view;
//! and the lines of this process.

use crate::api_description::ReadReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::line_use::LineUse;
use crate::live::measures;
use actors::CallerUse;
use application::as_of::{AS_OF, Moment, VALID_AT};
use application::figures::{MetricVersions, QualifiedAnswer, Source, no_metric};
use application::parameter::Parameter;
use domain::problem::Problem;
use domain::time::Timestamp;
use projections::View;
use projections::live_figures::TrunkFigures;
use projections::views::trunk_quality::{ROWS_MAX, TrunkDay, TrunkQuality as TrunkDays, days};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// Days in the report if the request sets no period.
const DAYS: u64 = 7;
/// A day in milliseconds. Beijing has no daylight saving time.
const DAY_MS: u64 = 86_400_000;

/// Ratios per leg in a day's row, with labels. They are no metrics, because a call can have two legs.
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
            "/api/v1/trunks",
            "List the lines of the dialing process",
            |ctx, _| std::future::ready(lines(&ctx)),
        )
        .describe(
            "Returns the load of each line with its limit, its caller numbers, and its figures of the last \
             hour.",
        )
        .needs(Permission::FiguresRead, EndpointSubject::Everybody),
        Endpoint::get("/api/v1/trunks/quality", "Get the quality of trunks", quality)
            .describe(
                "Returns legs, answers, failures, post-dial delay and final codes of each trunk by Beijing \
                 day, and the last five minutes.",
            )
            .needs(Permission::FiguresRead, EndpointSubject::Everybody)
            .query(
                const {
                    &[
                        Parameter::instant("from", "First day (RFC 3339); default: a week ago"),
                        Parameter::instant("to", "End, exclusive (RFC 3339); default: now"),
                        AS_OF,
                        VALID_AT,
                    ]
                },
            ),
    ]
}

async fn quality(ctx: Ctx, input: Input) -> Result<ReadReply<QualifiedAnswer<TrunkQuality>>, Problem> {
    let views: Vec<Arc<dyn View>> = vec![Arc::new(TrunkDays)];
    let source = Source::of_all(&ctx.installation, Moment::of(input.query())?, views).await?;
    let now = source.at.unwrap_or_else(|| ctx.installation.now());
    let to = instant(&input, "to")?.unwrap_or(now);
    let from = instant(&input, "from")?.unwrap_or(now.minus_ms(DAYS * DAY_MS));
    let rows = days(source.db.as_ref(), from, to).await?;
    // The last minutes come from this process and exist for now only.
    let live = source
        .known
        .is_none()
        .then(|| ctx.installation.live.latest().ok());
    let answer = TrunkQuality {
        days: rows.iter().map(describe).collect(),
        versions: of_legs()?,
        complete: rows.len() < ROWS_MAX,
        now: live.flatten().map(|figures| LiveTrunkFigures {
            position: figures.position.to_string(),
            shown_at: figures.shown_at,
            trunks: figures.trunks.clone(),
            versions: measures(),
        }),
        position: source.position.map(|position| position.to_string()),
    };
    Ok(ReadReply(QualifiedAnswer {
        answer,
        completeness: source.completeness,
    }))
}

/// The lines of this process, in order of preference.
#[derive(Debug, Serialize, JsonSchema)]
struct Lines {
    /// The state of dialing in this process. If another process dials, only that one knows its lines.
    #[schemars(example = &"dialing")]
    dialing: String,
    items: Vec<LineStatus>,
    /// Time of the snapshot by this process's clock.
    shown_at: Timestamp,
    /// Log position of the figures; absent while the last hour is being read.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
    versions: MetricVersions,
}

/// A line with its current load.
#[derive(Debug, Serialize, JsonSchema)]
struct LineStatus {
    #[serde(flatten)]
    line: LineUse,
    /// True if its far end is this machine: a rehearsal.
    rehearsal: bool,
    /// The caller numbers that the line uses in turn; numbers of the institution.
    #[schemars(example = &["+861055550100"])]
    caller_numbers: Vec<String>,
    /// The same caller numbers with what is known of each.
    callers: Vec<CallerNumberResponse>,
    /// Maximum simultaneous calls with the same caller number; absent if unlimited.
    #[serde(skip_serializing_if = "Option::is_none")]
    calls_per_number_max: Option<u32>,
    /// The line's live figures; absent if it had no call in the last hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    figures: Option<TrunkFigures>,
}

/// A caller number of the line.
#[derive(Debug, Serialize, JsonSchema)]
struct CallerNumberResponse {
    #[schemars(example = &"+861055550100")]
    number: String,
    /// The last day on which the number's licence is valid, from the trunk's setting.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"2027-03-31")]
    valid_until: Option<String>,
    /// The licence under which the number may be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"京B2-20260001")]
    licence: Option<String>,
    /// Days after today until the licence ends; negative once it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    days_left: Option<i64>,
    /// True if the licence has ended; no call uses the number (rule `caller_number`).
    expired: bool,
    /// Current calls with this caller number, over all lines.
    calls: u32,
}

impl CallerNumberResponse {
    fn of(one: &CallerUse) -> Self {
        Self {
            number: one.caller.number.clone(),
            valid_until: one.caller.valid_until.map(|day| day.to_string()),
            licence: one.caller.licence.clone(),
            days_left: one.days_left,
            expired: one.is_expired(),
            calls: one.calls,
        }
    }
}

fn lines(ctx: &Ctx) -> Result<ReadReply<Lines>, Problem> {
    let installation = &ctx.installation;
    let figures = installation.live.latest().ok();
    let drivers = installation.dialing.drivers();
    let loads = drivers.map(|drivers| drivers.lines()).unwrap_or_default();
    let items = loads.into_iter().map(|load| {
        let trunks = figures.iter().flat_map(|figures| &figures.trunks);
        LineStatus {
            line: LineUse::of(&load),
            rehearsal: load.is_loopback,
            figures: trunks.clone().find(|one| one.trunk == load.trunk).cloned(),
            caller_numbers: load.callers.iter().map(|one| one.caller.number.clone()).collect(),
            callers: load.callers.iter().map(CallerNumberResponse::of).collect(),
            calls_per_number_max: load.calls_per_number_max,
        }
    });
    Ok(ReadReply(Lines {
        dialing: installation.dialing.now().word().to_owned(),
        items: items.collect(),
        shown_at: installation.now(),
        position: figures.as_ref().map(|figures| figures.position.to_string()),
        versions: measures(),
    }))
}

/// The quality of trunks.
#[derive(Debug, Serialize, JsonSchema)]
struct TrunkQuality {
    days: Vec<TrunkDayResponse>,
    /// Definitions of the ratios of a day.
    versions: MetricVersions,
    /// False if there are more days than one reply holds.
    complete: bool,
    now: Option<LiveTrunkFigures>,
    position: Option<String>,
}

/// The figures of trunks in the last five minutes, from the live figures.
#[derive(Debug, Serialize, JsonSchema)]
struct LiveTrunkFigures {
    position: String,
    shown_at: Timestamp,
    trunks: Vec<TrunkFigures>,
    versions: MetricVersions,
}

/// Returns the definitions of the ratios per leg of a trunk's day.
fn of_legs() -> Result<MetricVersions, Problem> {
    let mut all = MetricVersions::default();
    for (member, zh, en) in OF_LEGS {
        all.put(member, no_metric(zh, en))?;
    }
    Ok(all)
}

/// A trunk's day with its ratios per leg; a ratio without legs is null.
#[derive(Debug, Serialize, JsonSchema)]
struct TrunkDayResponse {
    trunk: String,
    /// Beginning of the day.
    day_at: Timestamp,
    legs: u64,
    rang: u64,
    answered: u64,
    /// Of the answered legs: answered by a person.
    person_answered: u64,
    /// Failures caused by the trunk.
    failed_trunk: u64,
    failed_other: u64,
    answer_ratio_per_leg: Option<f64>,
    answer_ratio_per_leg_people: Option<f64>,
    failure_ratio_per_leg: Option<f64>,
    post_dial_ms_mean: Option<u64>,
    /// Final codes, most frequent first.
    codes: Vec<CodeCount>,
}

/// A final SIP code or cause of legs, with its count.
#[derive(Debug, Serialize, JsonSchema)]
struct CodeCount {
    #[schemars(example = &"486")]
    code: String,
    count: u64,
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

/// Converts a trunk's day for the reply, with its ratios per leg; a ratio without legs is null.
fn describe(day: &TrunkDay) -> TrunkDayResponse {
    let ratio = |part: u64, whole: u64| {
        let (part, whole) = (u32::try_from(part).ok()?, u32::try_from(whole).ok()?);
        (whole > 0).then(|| f64::from(part) / f64::from(whole))
    };
    TrunkDayResponse {
        trunk: day.trunk.clone(),
        day_at: day.day_at,
        legs: day.legs,
        rang: day.rang,
        answered: day.answered,
        person_answered: day.person_answered,
        failed_trunk: day.failed_trunk,
        failed_other: day.failed_other,
        answer_ratio_per_leg: ratio(day.answered, day.legs),
        answer_ratio_per_leg_people: ratio(day.person_answered, day.legs),
        failure_ratio_per_leg: ratio(day.failed_trunk, day.legs),
        post_dial_ms_mean: day.post_dial_ms.checked_div(day.post_dial_count),
        codes: day
            .codes
            .iter()
            .map(|(code, count)| CodeCount {
                code: code.clone(),
                count: *count,
            })
            .collect(),
    }
}
