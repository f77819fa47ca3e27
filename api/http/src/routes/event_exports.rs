//! Routes that record exports of events in stored form. Commands that read the log next to a server cannot
//! write it, so the server stores the beginning and the end of their export.

use crate::api_description::ChangeReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::event_exports::{EventExport, EventExportEnd, EventExportKind};
use crate::reply::WriteResult;
use domain::decider::Decider;
use domain::ids::{CallId, CampaignId, CustomerId, EventId, InquiryId};
use domain::inquiry::event::InquiryEvent;
use domain::inquiry::{Inquiry, InquiryCommand, USER_BYTES_MAX};
use domain::problem::Problem;
use domain::stored_event::{Cause, StreamVersion, read_event};
use intake::members::{self, Members};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use std::borrow::Cow;

/// Maximum length in bytes of the error code with which an export ends. Ours are at most a fifth of it.
const CODE_BYTES_MAX: usize = 64;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/exports/record",
            "Record the beginning of an export of events",
            put_on_record,
        )
        .describe(
            "Called by commands before they export stored events in a proof, a backup or a copy, or \
             compare them.",
        )
        .needs(Permission::DirectoryWrite, EndpointSubject::Everybody)
        .takes::<EventExportRequest>(),
        Endpoint::post(
            "/api/v1/exports/record/{id}/end",
            "Record the end of an export of events",
            put_end_on_record,
        )
        .describe("Stores how much was exported, or why it failed.")
        .needs(Permission::DirectoryWrite, EndpointSubject::Everybody)
        .takes::<EventExportEndRequest>(),
    ]
}

/// The record of an export.
#[derive(Debug, Serialize, JsonSchema)]
struct EventExportResponse {
    inquiry: InquiryId,
    position: String,
}

/// The body that records an export: what is exported, and by which user.
struct EventExportRequest {
    taking: EventExport,
    by: Option<String>,
}

impl JsonSchema for EventExportRequest {
    fn schema_name() -> Cow<'static, str> {
        "Taking".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object", "required": ["what"], "additionalProperties": false, "properties": {
                "what": { "type": "string", "enum": ["proof", "backup", "copy", "comparison"] },
                "campaign": generator.subschema_for::<CampaignId>(),
                "customer": generator.subschema_for::<CustomerId>(),
                "call": generator.subschema_for::<CallId>(),
                "event": generator.subschema_for::<EventId>(),
                "by": { "type": "string", "maxLength": USER_BYTES_MAX,
                    "description": "Name of the user who exports them, for the record" } },
        })
    }
}

impl members::ApiRequest for EventExportRequest {
    fn read(body: &mut Members) -> Self {
        let word = body.needed_text("what");
        let what = word.as_deref().and_then(EventExportKind::of_word);
        if word.is_some() && what.is_none() {
            body.wrong("what", "proof, backup, copy or comparison");
        }
        let taking = EventExport {
            // The body is refused if `what` is missing.
            what: what.unwrap_or(EventExportKind::Copy),
            campaign: body.parsed("campaign"),
            customer: body.parsed("customer"),
            call: body.parsed("call"),
            event: body.parsed("event"),
        };
        Self {
            taking,
            by: body.short_text("by", USER_BYTES_MAX),
        }
    }
}

/// Records an export by a command that reads the log next to this server and cannot write it.
async fn put_on_record(ctx: Ctx, input: Input) -> Result<ChangeReply<EventExportResponse>, Problem> {
    let cause = input.cause(&ctx.installation, "inquiry")?;
    let EventExportRequest { taking, by } = input.order().await?;
    let id = InquiryId::derive(cause.command);
    let facts = taking.facts();
    let command = InquiryCommand::Export { facts, by };
    let answer = ctx
        .installation
        .entities
        .inquiries
        .ask(&id, command, cause)
        .await?;
    Ok(ChangeReply(WriteResult {
        body: EventExportResponse {
            inquiry: id,
            position: answer.position.to_string(),
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

/// The body that records the end of an export: how much was exported, or why it failed.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "events": 120, "bytes": 48213, "elapsed_ms": 35 }]))]
struct EventExportEndRequest {
    /// Events of a proof or a copy; for a comparison, the rows that were compared.
    events: Option<u64>,
    bytes: Option<u64>,
    elapsed_ms: Option<u64>,
    /// The error code, if the export failed.
    #[schemars(length(max = CODE_BYTES_MAX))]
    code: Option<String>,
    /// The reason of the failure; digits that may be a phone number are masked.
    detail: Option<String>,
}

impl members::ApiRequest for EventExportEndRequest {
    fn read(body: &mut Members) -> Self {
        if body.is_absent("events") == body.is_absent("code") {
            body.wrong("events", "or code says how it ended: one of them");
        }
        Self {
            events: body.value("events"),
            bytes: body.value("bytes"),
            elapsed_ms: body.value("elapsed_ms"),
            code: body.short_text("code", CODE_BYTES_MAX),
            detail: body.text("detail"),
        }
    }
}

/// Records the end of an export that was recorded and has not ended. Files that a server sends record their
/// own end.
async fn put_end_on_record(ctx: Ctx, input: Input) -> Result<ChangeReply<EventExportResponse>, Problem> {
    let id: InquiryId = input.id(0, "this record")?;
    let cause = input.cause(&ctx.installation, "inquiry/end")?;
    let order: EventExportEndRequest = input.order().await?;
    let end = match order.code {
        Some(code) => EventExportEnd::Failed {
            code,
            detail: order.detail.unwrap_or_default(),
        },
        None => EventExportEnd::Done {
            events: order.events.unwrap_or_default(),
            bytes: order.bytes.unwrap_or_default(),
            elapsed_ms: order.elapsed_ms.unwrap_or_default(),
        },
    };
    let installation = &ctx.installation;
    let stream = Inquiry::stream(&id);
    let first = installation
        .store()
        .read_stream(&stream, StreamVersion(0), 1)
        .await?;
    let first = first.first().map(|first| first.envelope()).transpose();
    let first = first.map_err(|error| Problem::fault(error.to_string()))?;
    let missing = || Problem::missing("this record");
    let begun = first.filter(|first| first.kind == InquiryEvent::EXPORTED);
    let begun = begun.ok_or_else(missing)?;
    let fact = read_event::<Inquiry>(&begun).map_err(|error| Problem::fault(error.to_string()))?;
    if !matches!(&fact, InquiryEvent::Exported { facts, .. } if EventExportKind::is_of(facts)) {
        return Err(missing());
    }
    let inquiries = &installation.entities.inquiries;
    // A repeated request gets the same reply.
    let is_repeated = installation
        .store()
        .find(EventId::derive(cause.command, 0))
        .await?
        .is_some();
    if !is_repeated && inquiries.state(&id).await?.state.has_ended() {
        let detail = "the end is already recorded and cannot be changed";
        return Err(Problem::refused("taking-ended", detail));
    }
    let cause = Cause {
        causation: Some(begun.id),
        correlation: begun.correlation,
        ..cause
    };
    let answer = inquiries.ask(&id, end.command(), cause).await?;
    Ok(ChangeReply(WriteResult {
        body: EventExportResponse {
            inquiry: id,
            position: answer.position.to_string(),
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}
