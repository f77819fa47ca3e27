//! Calls over HTTP: one call as its own stream tells it, its events, and the calls of a campaign.

use crate::endpoint::{Ctx, Endpoint, Input, Takes};
use crate::reply::{Done, Written};
use application::as_of::{Moment, corrections, describe_at};
use application::calls::{describe, put, stream_of};
use application::cloud_event::page_of;
use application::inquiring::{BY, READ_THEN, REASON, Shown, put_on_record};
use application::masked::masked;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::call::command::CallCommand;
use domain::call::event::CallEvent;
use domain::call::{CORRECTION_REASON_CHARS_MAX, Call, Correction, Finding};
use domain::disposition::{Disposition, Outcome};
use domain::ids::{CallId, EventId};
use domain::inquiry::ReadForm;
use domain::phone_number::mask_e164;
use domain::problem::Problem;
use domain::stored_event::{Cause, Position, StoredEvent, read_event};
use intake::members::Members;
use projections::views::call_history::{self, CALLS_MAX, CallFilter, CallRow};
use serde_json::{Value, json};
use std::str::FromStr;

/// Calls on a page unless asked otherwise.
const PAGE_CALLS: usize = 100;

/// Longest name of who corrected: a login or a mail address.
const BY_CHARS_MAX: usize = 128;

/// What is shown of the person called, of one call and of a page of them.
const CALL: Shown = Shown::of(&["callee", "legs", "finding"], ReadForm::Masked);
const PAGE: Shown = Shown::of(&["callee", "finding"], ReadForm::Masked);

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/calls",
            "Calls, newest first; all that is given must hold",
            |ctx, input| Box::pin(list(ctx, input)),
        )
        .query(&[
            ("campaign", "Only calls of this campaign"),
            ("customer", "Only calls of this customer (internal id)"),
            ("disposition", "Only calls that ended so"),
            ("cursor", "Continue below: the `next_cursor` of the page before"),
            ("limit", "At most so many; default 100, at most 500"),
            BY,
            REASON,
        ]),
        Endpoint::get(
            "/api/v1/calls/{id}",
            "One call: state, legs, disposition, outcome",
            |ctx, input| Box::pin(show(ctx, input)),
        )
        .query(READ_THEN),
        Endpoint::post(
            "/api/v1/calls/{id}/correct",
            "How the call ended was recorded wrongly: a new event says so; the old one stays",
            |ctx, input| Box::pin(correct(ctx, input)),
        )
        .takes(Takes::Json("Correction")),
        Endpoint::get(
            "/api/v1/calls/{id}/events",
            "The events of one call, sealed as stored",
            |ctx, input| Box::pin(events(ctx, input)),
        ),
    ]
}

async fn list(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let filter = CallFilter {
        campaign: filter(&input, "campaign")?,
        customer: filter(&input, "customer")?,
        disposition: match input.text("disposition") {
            None => None,
            Some(code) => Some(
                Disposition::from_code(code)
                    .ok_or_else(|| Problem::invalid("query-invalid", "disposition is not one of the list"))?,
            ),
        },
        ..CallFilter::default()
    };
    let before = input.text("cursor").map(read_cursor).transpose()?;
    let limit = input.number("limit")?.unwrap_or(PAGE_CALLS).clamp(1, CALLS_MAX);
    let rows = call_history::list(ctx.installation.rows.db().as_ref(), &filter, before, limit).await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in &rows {
        items.push(describe_row(row, ctx.installation.masked_callee(row).await?));
    }
    let next = (rows.len() == limit)
        .then(|| rows.last().map(|row| cursor(row.first_position)))
        .flatten();
    if !rows.is_empty() {
        let what = Shown {
            customer: filter.customer,
            campaign: filter.campaign,
            calls: rows.iter().map(|row| row.call).collect(),
            ..PAGE
        };
        put_on_record(&ctx.installation, input.reader(&ctx.door), what).await?;
    }
    Ok(Done::Read(json!({ "items": items, "next_cursor": next })))
}

/// Where the next page begins; what is in it is ours to change.
fn cursor(below: Position) -> String {
    URL_SAFE_NO_PAD.encode(format!("below {below}"))
}

fn read_cursor(text: &str) -> Result<Position, Problem> {
    let said = URL_SAFE_NO_PAD.decode(text).ok();
    let said = said.and_then(|bytes| String::from_utf8(bytes).ok());
    let below = said.and_then(|said| said.strip_prefix("below ")?.parse().ok());
    below
        .map(Position)
        .ok_or_else(|| Problem::invalid("cursor-invalid", "the cursor is not one of ours"))
}

fn filter<T: FromStr>(input: &Input, name: &'static str) -> Result<Option<T>, Problem> {
    match input.text(name).map(str::parse) {
        None => Ok(None),
        Some(Ok(value)) => Ok(Some(value)),
        Some(Err(_)) => Err(Problem::invalid(
            "query-invalid",
            format!("{name} is not an id of its kind"),
        )),
    }
}

fn describe_row(row: &CallRow, callee: Option<String>) -> Value {
    json!({
        "id": row.call,
        "campaign": row.campaign,
        "customer": row.customer,
        "attempt": row.attempt,
        "callee": callee,
        "state": row.state,
        "trunks": row.trunks,
        "dialing_at": row.dialing_at,
        "answered_at": row.answered_at,
        "ended_at": row.ended_at,
        "disposition": row.disposition,
        "disposition_zh": row.disposition.map(Disposition::label_zh),
        "outcome": row.outcome,
        "recorded_disposition": row.recorded_disposition,
        "recorded_outcome": row.recorded_outcome,
        "corrected_at": row.corrected_at,
        "talk_ms": row.talk_ms,
        "late_answer": row.late_answer,
        "recording_sha256": row.recording_sha256,
    })
}

async fn show(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let call: CallId = input.id(0, "this call")?;
    let loaded = ctx.installation.entities.calls.state(&call).await?;
    if loaded.version.0 == 0 {
        return Err(Problem::missing("this call"));
    }
    let moment = Moment::of(input.query())?;
    let stored = stream_of(ctx.installation.store(), call).await?;
    let shown = if moment.is_now() {
        let mut shown = describe(call, &loaded.state);
        put(&mut shown, "corrections", json!(corrections(&stored)?));
        shown
    } else {
        let then = moment
            .resolve(ctx.installation.store(), ctx.installation.now())
            .await?;
        let mut shown = describe_at(call, &stored, &then)?;
        put(&mut shown, "callee", masked(loaded.state.callee(), mask_e164));
        shown
    };
    let what = Shown {
        customer: loaded.state.customer().cloned(),
        campaign: loaded.state.campaign().cloned(),
        calls: vec![call],
        ..CALL
    };
    put_on_record(&ctx.installation, input.reader(&ctx.door), what).await?;
    Ok(Done::Read(shown))
}

/// `corrects` and `before` are what the stream says now; the decider refuses when another correction was
/// faster.
async fn correct(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let call: CallId = input.id(0, "this call")?;
    let cause = input.cause(&ctx.installation, "calls/correct")?;
    let mut body = Members::new(input.object().await?);
    let disposition = body.needed_text("disposition");
    let disposition = listed(&mut body, "disposition", disposition, Disposition::from_code);
    let outcome = body.text("outcome");
    let outcome = listed(&mut body, "outcome", outcome, Outcome::from_code);
    let reason = body.needed_text("reason").unwrap_or_default();
    let by = body.text("by");
    if reason.chars().count() > CORRECTION_REASON_CHARS_MAX {
        body.wrong(
            "reason",
            format!("has more than {CORRECTION_REASON_CHARS_MAX} characters"),
        );
    }
    if by.as_ref().is_some_and(|by| by.chars().count() > BY_CHARS_MAX) {
        body.wrong("by", format!("has more than {BY_CHARS_MAX} characters"));
    }
    body.refuse_the_rest();
    body.finish()?;
    let Some(disposition) = disposition else {
        return Err(Problem::invalid("disposition-invalid", "disposition is missing"));
    };
    let stored = stream_of(ctx.installation.store(), call).await?;
    if stored.is_empty() {
        return Err(Problem::missing("this call"));
    }
    let (corrects, before) = present_finding(&stored)?.ok_or_else(|| {
        Problem::refused(
            "call-not-ended",
            "the call has not ended: there is nothing to correct",
        )
    })?;
    let correction = Correction {
        corrects,
        before,
        after: Finding { disposition, outcome },
        reason,
        by,
    };
    let cause = Cause {
        causation: Some(corrects),
        ..cause
    };
    let command = CallCommand::Correct(correction);
    let answer = ctx.installation.entities.calls.ask(&call, command, cause).await?;
    let mut shown = describe(call, &answer.state);
    put(&mut shown, "corrected", json!(!answer.events.is_empty()));
    put(&mut shown, "position", json!(answer.position.to_string()));
    Ok(Done::Changed(Written {
        body: shown,
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

/// A code of a closed list; what is none is noted.
fn listed<T>(body: &mut Members, name: &str, code: Option<String>, read: fn(&str) -> Option<T>) -> Option<T> {
    let code = code?;
    let found = read(&code);
    if found.is_none() {
        body.wrong(name, format!("{code:?} is not a code of its list"));
    }
    found
}

/// The event that decided how the call ended as known now, and what it says.
fn present_finding(stored: &[StoredEvent]) -> Result<Option<(EventId, Finding)>, Problem> {
    let mut present = None;
    for one in stored {
        let envelope = one
            .envelope()
            .map_err(|error| Problem::fault(error.to_string()))?;
        let event = read_event::<Call>(&envelope).map_err(|error| Problem::fault(error.to_string()))?;
        let found = match event {
            CallEvent::Ended {
                disposition, outcome, ..
            } => Some(Finding { disposition, outcome }),
            CallEvent::Corrected { after, .. } => Some(after),
            _ => None,
        };
        present = found.map(|found| (envelope.id, found)).or(present);
    }
    Ok(present)
}

async fn events(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let call: CallId = input.id(0, "this call")?;
    let events = stream_of(ctx.installation.store(), call).await?;
    if events.is_empty() {
        return Err(Problem::missing("this call"));
    }
    Ok(Done::Read(page_of(&events, Position(0))?))
}
