//! Calls over HTTP: one call as its own stream tells it, its events, and the calls of a campaign.

use crate::cloud_event::page_of;
use crate::endpoint::{Ctx, Endpoint, Input};
use crate::reply::masked;
use crate::reply::{Done, Problem};
use domain::call::{Call, CallState, LegState};
use domain::decider::Decider;
use domain::disposition::Disposition;
use domain::ids::CallId;
use domain::phone_number::mask_e164;
use domain::ports::event_store::EventStore;
use domain::stored_event::{Position, StoredEvent, StreamVersion};
use projections::views::call_history::{self, CALLS_MAX, CallFilter, CallRow};
use serde_json::{Value, json};
use std::str::FromStr;

/// Calls on a page unless asked otherwise.
const PAGE_CALLS: usize = 100;

/// Events of one call shown: its legs, keypresses and nodes are bounded far below.
const CALL_EVENTS_MAX: usize = 2_000;

pub(crate) fn endpoints() -> Vec<Endpoint> {
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
            ("before", "Continue below: the `next` of the page before"),
            ("limit", "At most so many; default 100, at most 500"),
        ]),
        Endpoint::get(
            "/api/v1/calls/{id}",
            "One call: state, legs, disposition, outcome",
            |ctx, input| Box::pin(show(ctx, input)),
        ),
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
    let before = input.number("before")?.map(Position);
    let limit = input.number("limit")?.unwrap_or(PAGE_CALLS).clamp(1, CALLS_MAX);
    let rows = call_history::list(ctx.views().db().as_ref(), &filter, before, limit).await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in &rows {
        items.push(describe_row(row, ctx.masked_callee(row).await?));
    }
    let next = (rows.len() == limit)
        .then(|| rows.last().map(|row| row.first_position.to_string()))
        .flatten();
    Ok(Done::Read(json!({ "items": items, "next": next })))
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
        "talk_ms": row.talk_ms,
        "late_answer": row.late_answer,
        "recording_sha256": row.recording_sha256,
    })
}

async fn show(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let call: CallId = input.id(0, "this call")?;
    let loaded = ctx.system().calls.state(&call).await?;
    if loaded.version.0 == 0 {
        return Err(Problem::missing("this call"));
    }
    Ok(Done::Read(describe(call, &loaded.state)))
}

async fn events(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let call: CallId = input.id(0, "this call")?;
    let events = stream_of(ctx.store(), call).await?;
    if events.is_empty() {
        return Err(Problem::missing("this call"));
    }
    Ok(Done::Read(page_of(&events, Position(0))?))
}

/// The stored events of one call.
pub(crate) async fn stream_of(store: &dyn EventStore, call: CallId) -> Result<Vec<StoredEvent>, Problem> {
    let stream = Call::stream(&call);
    Ok(store
        .read_stream(&stream, StreamVersion(0), CALL_EVENTS_MAX)
        .await?)
}

/// A call as shown; the number is masked, or absent where its key is not at hand.
pub(crate) fn describe(call: CallId, state: &CallState) -> Value {
    let ended = state.ended().map(|ended| {
        json!({
            "at": ended.at,
            "disposition": ended.disposition,
            "disposition_zh": ended.disposition.label_zh(),
            "outcome": ended.outcome,
            "outcome_zh": ended.outcome.map(|outcome| outcome.label_zh()),
            "talk_ms": ended.talk_ms,
            "reason": ended.reason,
        })
    });
    json!({
        "id": call,
        "campaign": state.campaign(),
        "customer": state.customer(),
        "attempt": state.permitted().map(|permitted| permitted.attempt),
        "callee": masked(state.callee(), mask_e164),
        "state": state.four_state(),
        "flow": state.flow(),
        "node": state.node(),
        "answered_at": state.answered_at(),
        "transfer_requested": state.transfer_requested(),
        "legs": state.legs().iter().map(describe_leg).collect::<Vec<_>>(),
        "ended": ended,
    })
}

fn describe_leg(leg: &LegState) -> Value {
    json!({
        "leg": leg.leg,
        "trunk": leg.trunk,
        "sip_call_id": leg.sip_call_id,
        "caller": leg.caller,
        "dialing_at": leg.dialing_at,
        "rang": leg.rang,
        "answered": leg.answered.is_some(),
        "late_answered": leg.late_answered.is_some(),
        "sip_code": leg.failure.as_ref().and_then(|failure| failure.sip_code),
        "q850": leg.failure.as_ref().and_then(|failure| failure.q850),
    })
}
