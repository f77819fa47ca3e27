//! Routes of calls: list calls, show one, list its events, and correct how it ended.

use super::call_filters::{
    CAMPAIGN, CUSTOMER, DISPOSITION, FROM, ORDER, OUTCOME, TALK_MAX, TALK_MIN, TO, TRUNK, filter_of,
};
use crate::api_description::{ChangeReply, ReadReply};
use crate::assigned_customers::{retain_visible_calls, select_customers};
use crate::comparisons::number_ids;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::paging::{CURSOR, ListPage, PageLength, Paging};
use crate::reply::WriteResult;
use application::as_of::{AS_OF, Moment, VALID_AT, corrections, describe_at};
use application::calls::{CallResponse, describe, masked_callee_of, stream_of};
use application::cloud_event::{EventPage, page_of};
use application::figures::{QualifiedAnswer, Source};
use application::inquiries::{BY, READ_THEN, REASON, ReadContent, put_on_record};
use application::logged_recording::read_logged_recording;
use application::parameter::Parameter;
use domain::call::command::CallCommand;
use domain::call::event::CallEvent;
use domain::call::{CORRECTION_REASON_CHARS_MAX, Call, Correction, Finding, FourState};
use domain::disposition::{Disposition, Outcome};
use domain::event_filter::EventFilter;
use domain::ids::{CallId, CampaignId, CustomerId, EventId};
use domain::inquiry::ReadForm;
use domain::problem::Problem;
use domain::stored_event::{Cause, Position, StoredEvent, read_event};
use domain::time::Timestamp;
use intake::members::{ApiRequest, Members};
use projections::View;
use projections::views::call_history::{self, CALLS_MAX, CallFilter, CallHistory, CallRow};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// Length of a page of calls: 100 by default, at most `CALLS_MAX`.
const PAGE: PageLength = PageLength {
    unasked: 100,
    most: CALLS_MAX,
};

/// Maximum length of `by`, the login or mail address of the user who corrects a call, in characters.
const BY_CHARS_MAX: usize = 128;

/// What the audit record of a read of one call names as shown; masked.
const CALL: ReadContent = ReadContent::of(&["callee", "legs", "finding"], ReadForm::Masked);
const LISTED: ReadContent = ReadContent::of(&["callee", "finding"], ReadForm::Masked);

/// Returns the endpoints of calls: list, show, events, correction.
pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/calls", "List calls", list)
            .describe(
                "Newest first unless `order` says otherwise. Filters combine with AND. Phone numbers are \
                 masked, and the read is recorded.",
            )
            .needs(Permission::CallsRead, EndpointSubject::OwnRowsAsked)
            .query(
                const {
                    &[
                        CAMPAIGN,
                        CUSTOMER,
                        DISPOSITION,
                        OUTCOME,
                        TRUNK,
                        FROM,
                        TO,
                        TALK_MIN,
                        TALK_MAX,
                        ORDER,
                        AS_OF,
                        VALID_AT,
                        CURSOR,
                        Parameter::number("limit", "Calls per page; default 100, at most 500", 100),
                        BY,
                        REASON,
                    ]
                },
            ),
        Endpoint::get("/api/v1/calls/{id}", "Get a call", show)
            .describe(
                "Returns the state, legs, disposition, outcome, corrections and recording of a call, now \
                 or at a past moment. The number is masked, and the read is recorded.",
            )
            .needs(Permission::CallsRead, EndpointSubject::Call)
            .query(READ_THEN),
        Endpoint::post("/api/v1/calls/{id}/correct", "Correct how a call ended", correct)
            .describe(
                "Stores a new event with the right disposition and outcome; the first one stays in the \
                 log. Figures use the correction. Refused if the call has not ended.",
            )
            .needs(Permission::CallsCorrect, EndpointSubject::Call)
            .takes::<CorrectionRequest>(),
        Endpoint::get("/api/v1/calls/{id}/events", "List the events of a call", events)
            .describe("Events as stored: personal values are sealed.")
            .needs(Permission::CallsRead, EndpointSubject::Call),
    ]
}

/// Returns the rows of the call history: as of now, or for a past moment replayed from the events of the
/// filter's campaign or customer, or of all calls.
async fn source(ctx: &Ctx, moment: Moment, filter: &CallFilter) -> Result<Source, Problem> {
    let events = EventFilter {
        campaign: filter.campaign.clone(),
        customer: filter.customer.clone(),
        ..EventFilter::default()
    };
    let views: Vec<Arc<dyn View>> = vec![Arc::new(CallHistory)];
    Source::of_events(&ctx.installation, moment, events, views).await
}

async fn list(ctx: Ctx, input: Input) -> Result<ReadReply<ListPage<QualifiedAnswer<CallList>>>, Problem> {
    let asked = filter_of(&input)?;
    let scope = input.scope.clone();
    let customers = select_customers(&ctx, &scope, asked.customer.as_ref()).await?;
    let filter = CallFilter { customers, ..asked };
    let paging = Paging::of(&ctx.installation, &input, PAGE)?;
    let below = paging.place()?.map(Position);
    let limit = paging.limit;
    let source = source(&ctx, Moment::of(input.query())?, &filter).await?;
    let rows = call_history::list(source.db.as_ref(), &filter, below, limit).await?;
    let last = rows.last().filter(|_| rows.len() == limit);
    let next = last.map(|row| paging.cursor(&row.first_position.0)).transpose()?;
    let rows = retain_visible_calls(&ctx, &scope, rows).await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in &rows {
        items.push(describe_row(row, ctx.installation.masked_callee(row).await?));
    }
    if !rows.is_empty() {
        let what = ReadContent {
            customer: filter.customer,
            campaign: filter.campaign,
            calls: rows.iter().map(|row| row.call).collect(),
            ..LISTED
        };
        put_on_record(&ctx.installation, input.reader(), what).await?;
    }
    Ok(ReadReply(ListPage {
        list: QualifiedAnswer {
            answer: CallList { items },
            completeness: source.completeness,
        },
        next_cursor: next,
    }))
}

/// A page of calls.
#[derive(Debug, Serialize, JsonSchema)]
struct CallList {
    items: Vec<CallListItem>,
}

/// A call in a list.
#[derive(Debug, Serialize, JsonSchema)]
struct CallListItem {
    id: CallId,
    campaign: CampaignId,
    customer: CustomerId,
    attempt: u64,
    callee: Option<String>,
    state: FourState,
    trunks: Vec<String>,
    dialing_at: Option<Timestamp>,
    answered_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    /// As known now, or at the requested moment.
    disposition: Option<Disposition>,
    disposition_zh: Option<&'static str>,
    outcome: Option<Outcome>,
    /// The first recorded disposition, before any correction.
    recorded_disposition: Option<Disposition>,
    recorded_outcome: Option<Outcome>,
    corrected_at: Option<Timestamp>,
    talk_ms: Option<u64>,
    late_answer: bool,
    recording_sha256: Option<String>,
}

fn describe_row(row: &CallRow, callee: Option<String>) -> CallListItem {
    CallListItem {
        id: row.call,
        campaign: row.campaign.clone(),
        customer: row.customer.clone(),
        attempt: row.attempt,
        callee,
        state: row.state,
        trunks: row.trunks.clone(),
        dialing_at: row.dialing_at,
        answered_at: row.answered_at,
        ended_at: row.ended_at,
        disposition: row.disposition,
        disposition_zh: row.disposition.map(Disposition::label_zh),
        outcome: row.outcome,
        recorded_disposition: row.recorded_disposition,
        recorded_outcome: row.recorded_outcome,
        corrected_at: row.corrected_at,
        talk_ms: row.talk_ms,
        late_answer: row.late_answer,
        recording_sha256: row.recording_sha256.clone(),
    }
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<CallResponse>, Problem> {
    let call: CallId = input.id(0, "this call")?;
    let loaded = ctx.installation.entities.calls.state(&call).await?;
    if loaded.version.0 == 0 {
        return Err(Problem::missing("this call"));
    }
    let moment = Moment::of(input.query())?;
    let stored = stream_of(ctx.installation.store(), call).await?;
    let shown = if moment.is_now() {
        CallResponse {
            callee: masked_callee_of(&loaded.state),
            corrections: Some(corrections(&stored)?),
            recording: read_logged_recording(&stored)?,
            ..describe(call, &loaded.state)
        }
    } else {
        let then = moment
            .resolve(ctx.installation.store(), ctx.installation.now())
            .await?;
        CallResponse {
            callee: masked_callee_of(&loaded.state),
            ..describe_at(call, &stored, &then)?
        }
    };
    let what = ReadContent {
        customer: loaded.state.customer().cloned(),
        campaign: loaded.state.campaign().cloned(),
        calls: vec![call],
        ..CALL
    };
    put_on_record(&ctx.installation, input.reader(), what).await?;
    Ok(ReadReply(shown))
}

/// The body of a correction: the disposition and outcome as they are known now.
#[derive(JsonSchema)]
#[schemars(rename = "CorrectionRequest")]
struct CorrectionRequest {
    #[schemars(with = "Disposition")]
    disposition: Option<Disposition>,
    /// Only for a call in which a conversation took place.
    outcome: Option<Outcome>,
    /// Stored permanently; must not name a person.
    #[schemars(length(max = CORRECTION_REASON_CHARS_MAX))]
    reason: String,
    #[schemars(length(max = BY_CHARS_MAX))]
    by: Option<String>,
}

impl ApiRequest for CorrectionRequest {
    fn read(body: &mut Members) -> Self {
        let disposition = body.needed_text("disposition");
        let disposition = listed(body, "disposition", disposition, Disposition::from_code);
        let outcome = body.text("outcome");
        let outcome = listed(body, "outcome", outcome, Outcome::from_code);
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
        Self {
            disposition,
            outcome,
            reason,
            by,
        }
    }
}

/// The call after a correction. `corrected` is false if it was recorded this way already.
#[derive(Debug, Serialize, JsonSchema)]
struct CallCorrectionResponse {
    #[serde(flatten)]
    call: CallResponse,
    corrected: bool,
    position: String,
}

/// Corrects the disposition and outcome of a call. The command names the event with the finding that the
/// request saw; the decider refuses it if another correction was stored in between.
async fn correct(ctx: Ctx, input: Input) -> Result<ChangeReply<CallCorrectionResponse>, Problem> {
    let call: CallId = input.id(0, "this call")?;
    let cause = input.cause(&ctx.installation, "calls/correct")?;
    let CorrectionRequest {
        disposition,
        outcome,
        reason,
        by,
    } = input.order().await?;
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
    Ok(ChangeReply(WriteResult {
        body: CallCorrectionResponse {
            call: describe(call, &answer.state),
            corrected: !answer.events.is_empty(),
            position: answer.position.to_string(),
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

/// Reads the code of a closed list. An unknown code is added to the body's errors and gives `None`.
fn listed<T>(body: &mut Members, name: &str, code: Option<String>, read: fn(&str) -> Option<T>) -> Option<T> {
    let code = code?;
    let found = read(&code);
    if found.is_none() {
        body.wrong(name, format!("{code:?} is not a code of its list"));
    }
    found
}

/// Returns the event that holds the latest finding of the call, and that finding. `None` if the call has not
/// ended.
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

async fn events(ctx: Ctx, input: Input) -> Result<ReadReply<EventPage>, Problem> {
    let call: CallId = input.id(0, "this call")?;
    let events = stream_of(ctx.installation.store(), call).await?;
    if events.is_empty() {
        return Err(Problem::missing("this call"));
    }
    page_of(&events, Position(0), number_ids(&input.caller)).map(ReadReply)
}
