//! Routes of alerts: lists present and past alerts, and lets a user acknowledge one or mute it until a given
//! time.

use crate::api_description::{ChangeReply, ReadReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::paging::{CURSOR, LIMIT, ListPage, PageLength, Paging};
use crate::reply::WriteResult;
use application::as_of::{AS_OF, Moment, PARAMETERS, VALID_AT};
use application::figures::{QualifiedAnswer, Source};
use application::installation::Installation;
use application::parameter::Parameter;
use domain::alert::{AlertCommand, AlertRule, NOTE_BYTES_MAX, USER_BYTES_MAX};
use domain::ids::AlertId;
use domain::problem::Problem;
use domain::stored_event::Cause;
use domain::time::Timestamp;
use intake::members::{ApiRequest, Members};
use projections::View;
use projections::views::alert_board::{ALERTS_MAX, AlertBoard, AlertFilter, AlertRow, list};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// Milliseconds in a minute.
const MINUTE_MS: u64 = 60_000;

/// The longest mute in minutes: a week, the domain's own limit.
const MUTE_MINUTES_MAX: u32 = 10_080;

/// Length of a page of alerts: `ALERTS_MAX`, as default and as maximum.
const PAGE: PageLength = PageLength {
    unasked: ALERTS_MAX,
    most: ALERTS_MAX,
};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/alerts", "List alerts", all)
            .describe(
                "Alerts that are still raised come first, then cleared ones; each group is sorted by the \
                 time it was raised, latest first.",
            )
            .needs(Permission::AlertsRead, EndpointSubject::CampaignAsked)
            .query(
                const {
                    &[
                        Parameter::flag(
                            "standing",
                            "true: only alerts that are raised now; false: only cleared alerts",
                        ),
                        Parameter::text(
                            "rule",
                            "Only alerts of this rule, for example answer_ratio_low",
                            "answer_ratio_low",
                        ),
                        Parameter::campaign("Only alerts about this campaign"),
                        AS_OF,
                        VALID_AT,
                        CURSOR,
                        LIMIT,
                    ]
                },
            ),
        Endpoint::get("/api/v1/alerts/{id}", "Get an alert", one)
            .describe(
                "Returns the rule, the subject, the measured value with its limit, and who acknowledged or \
                 muted the alert.",
            )
            .needs(Permission::AlertsRead, EndpointSubject::Everybody)
            .query(PARAMETERS),
        Endpoint::post(
            "/api/v1/alerts/{id}/acknowledge",
            "Acknowledge an alert",
            acknowledge,
        )
        .describe(
            "Records that a user handles the alert, with a note. An alert that stays unacknowledged for 15 \
             minutes is escalated. The acknowledgment ends when the alert clears.",
        )
        .needs(Permission::AlertsWrite, EndpointSubject::Everybody)
        .takes::<AlertNote>(),
        Endpoint::post("/api/v1/alerts/{id}/mute", "Mute an alert", mute)
            .describe(
                "Sends no notifications of this alert until a time, at most a week ahead. The alert is \
                 still raised, listed and recorded, but not escalated.",
            )
            .needs(Permission::AlertsWrite, EndpointSubject::Everybody)
            .takes::<AlertMute>(),
    ]
}

/// A page of alerts; those that are raised now come first.
#[derive(Debug, Serialize, JsonSchema)]
struct Alerts {
    items: Vec<AlertRow>,
}

/// The body of an acknowledgment. `note` is stored permanently and must not name a person.
#[derive(ApiRequest, JsonSchema)]
struct AlertNote {
    #[schemars(length(min = 1, max = NOTE_BYTES_MAX))]
    note: String,
    #[schemars(length(max = USER_BYTES_MAX))]
    by: Option<String>,
}

/// The body of a mute. Exactly one of `until` and `minutes` sets its end; `reason` is stored permanently.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "minutes": 30, "reason": "known" }]))]
struct AlertMute {
    until: Option<Timestamp>,
    /// Length of the mute in minutes from the server's clock; replaces `until`.
    #[schemars(range(min = 1, max = MUTE_MINUTES_MAX))]
    minutes: Option<u32>,
    #[schemars(length(max = NOTE_BYTES_MAX))]
    reason: String,
    #[schemars(length(max = USER_BYTES_MAX))]
    by: Option<String>,
}

impl ApiRequest for AlertMute {
    fn read(body: &mut Members) -> Self {
        let reason = body.needed_text("reason").unwrap_or_default();
        let by = body.text("by");
        let minutes = body.count("minutes", 1, MUTE_MINUTES_MAX);
        let until = match minutes {
            Some(_) => body.text("until"),
            None => body.needed_text("until"),
        };
        if minutes.is_some() && until.is_some() {
            body.wrong("minutes", "is given beside until: one of them says it");
        }
        let until: Option<Timestamp> = match until.map(|text| text.parse()) {
            Some(Ok(until)) => Some(until),
            Some(Err(_)) => {
                body.wrong(
                    "until",
                    "must be an RFC 3339 instant such as 2026-03-02T10:00:00+08:00",
                );
                None
            }
            None => None,
        };
        Self {
            until,
            minutes,
            reason,
            by,
        }
    }
}

/// The state of an alert after it was acknowledged or muted, with the log position of the change.
#[derive(Debug, Serialize, JsonSchema)]
struct AlertChangeResponse {
    alert: AlertId,
    standing: bool,
    acknowledged: bool,
    muted_until: Option<Timestamp>,
    position: String,
}

/// Returns the rows of the alert board, as of now or of the given moment. A past moment replays all events of
/// alerts; they are few.
async fn source(ctx: &Ctx, moment: Moment) -> Result<Source, Problem> {
    let views: Vec<Arc<dyn View>> = vec![Arc::new(AlertBoard)];
    Source::of_all(&ctx.installation, moment, views).await
}

async fn all(ctx: Ctx, input: Input) -> Result<ReadReply<ListPage<QualifiedAnswer<Alerts>>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, PAGE)?;
    let rule: Option<AlertRule> = match input.text("rule").map(str::parse) {
        None => None,
        Some(Ok(rule)) => Some(rule),
        Some(Err(_)) => {
            let known: Vec<&str> = AlertRule::ALL.iter().map(|rule| rule.code()).collect();
            let hint = format!("rule must be one of {}", known.join(", "));
            return Err(Problem::invalid("rule-invalid", hint));
        }
    };
    let campaign = input.text("campaign").map(str::parse).transpose();
    let campaign = campaign.map_err(|error| Problem::invalid("query-invalid", format!("{error}")))?;
    let standing = match input.text("standing") {
        None => None,
        Some(_) => Some(input.flag("standing")?),
    };
    let filter = AlertFilter {
        standing,
        rule,
        campaign,
        alert: None,
        behind: paging.place()?,
    };
    let source = source(&ctx, Moment::of(input.query())?).await?;
    let rows = list(source.db.as_ref(), &filter, paging.limit).await?;
    let last = rows.last().filter(|_| rows.len() == paging.limit);
    let place = |row: &AlertRow| paging.cursor(&(row.standing, row.raised_at, row.alert));
    Ok(ReadReply(ListPage {
        next_cursor: last.map(place).transpose()?,
        list: QualifiedAnswer {
            answer: Alerts { items: rows },
            completeness: source.completeness,
        },
    }))
}

async fn one(ctx: Ctx, input: Input) -> Result<ReadReply<AlertRow>, Problem> {
    let alert: AlertId = input.id(0, "this alert")?;
    let filter = AlertFilter {
        alert: Some(alert),
        ..AlertFilter::default()
    };
    let source = source(&ctx, Moment::of(input.query())?).await?;
    let rows = list(source.db.as_ref(), &filter, 1).await?;
    let row = rows
        .into_iter()
        .next()
        .ok_or_else(|| Problem::missing("this alert"))?;
    Ok(ReadReply(row))
}

async fn acknowledge(ctx: Ctx, input: Input) -> Result<ChangeReply<AlertChangeResponse>, Problem> {
    let alert: AlertId = input.id(0, "this alert")?;
    let cause = input.cause(&ctx.installation, "alert")?;
    let AlertNote { note, by } = input.order().await?;
    let command = AlertCommand::Acknowledge { by, note };
    ask(&ctx.installation, alert, command, cause).await
}

async fn mute(ctx: Ctx, input: Input) -> Result<ChangeReply<AlertChangeResponse>, Problem> {
    let alert: AlertId = input.id(0, "this alert")?;
    let cause = input.cause(&ctx.installation, "alert")?;
    let AlertMute {
        until,
        minutes,
        reason,
        by,
    } = input.order().await?;
    // Counted from this server's clock. In a rehearsal that clock is not the wall clock.
    let from_now = minutes.map(|minutes| ctx.installation.now().plus_ms(u64::from(minutes) * MINUTE_MS));
    let until = from_now.or(until).unwrap_or(Timestamp::EPOCH);
    let command = AlertCommand::Mute { until, by, reason };
    ask(&ctx.installation, alert, command, cause).await
}

async fn ask(
    installation: &Installation,
    alert: AlertId,
    command: AlertCommand,
    cause: Cause,
) -> Result<ChangeReply<AlertChangeResponse>, Problem> {
    let answer = installation.entities.alerts.ask(&alert, command, cause).await?;
    let now = installation.now();
    Ok(ChangeReply(WriteResult {
        body: AlertChangeResponse {
            alert,
            standing: answer.state.standing().is_some(),
            acknowledged: answer
                .state
                .standing()
                .is_some_and(|standing| standing.acknowledged),
            muted_until: answer.state.muted_at(now),
            position: answer.position.to_string(),
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

#[cfg(test)]
mod tests {
    use crate::listeners::Listeners;
    use crate::running_server::RunningServer;
    use crate::testing::{answer, settings};
    use domain::ids::AlertId;
    use domain::time::Timestamp;
    use serde_json::{Value, json};
    use std::sync::Arc;
    use tokio::runtime::Runtime;

    #[test]
    fn minutes_of_a_mute_count_from_the_servers_now_also_in_a_rehearsal() {
        let directory = tempfile::tempdir().unwrap();
        let runtime = Arc::new(Runtime::new().unwrap());
        let started = RunningServer::start(
            settings(directory.path()),
            Listeners::none(),
            Arc::clone(&runtime),
        );
        let running = runtime.block_on(started).unwrap();
        let mute = |body: Value| {
            let path = format!("/api/v1/alerts/{}/mute", AlertId::derive("clock_off", "it"));
            runtime.block_on(answer(&running, "POST", &path, &body.to_string()))
        };
        let before = running.installation.now();
        let (status, response) = mute(json!({ "minutes": 30, "reason": "known" }));
        assert_eq!(status, 200, "{response}");
        let until: Timestamp = response["muted_until"].as_str().unwrap().parse().unwrap();
        let after = running.installation.now();
        assert!(until >= before.plus_ms(1_800_000) && until <= after.plus_ms(1_800_000));
        for body in [
            json!({ "reason": "known" }),
            json!({ "minutes": 0, "reason": "known" }),
            json!({ "minutes": 10_081, "reason": "known" }),
            json!({ "minutes": 3, "until": until, "reason": "known" }),
        ] {
            assert_eq!(mute(body.clone()).0, 422, "{body}");
        }
        runtime.block_on(running.stop());
    }
}
