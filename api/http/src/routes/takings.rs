//! Events taken away as they are stored, by commands beside a server: their beginning and their end are put
//! on record here, in the log that the commands cannot write.

use crate::described::Changed;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::reply::Written;
use crate::taken_away::{Taken, Taking, TakingEnd};
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

/// Longest code of an end: ours are a fifth of it.
const CODE_BYTES_MAX: usize = 64;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/exports/record",
            "Events are about to be taken away as they are stored, in a proof, a backup or a copy, or compared: put it on record",
            put_on_record,
        )
        .needs(Permission::DirectoryWrite, About::Everybody)
        .takes::<TakingOrder>(),
        Endpoint::post(
            "/api/v1/exports/record/{id}/end",
            "How that ended: with how much, or why not",
            put_end_on_record,
        )
        .needs(Permission::DirectoryWrite, About::Everybody)
        .takes::<TakingEndOrder>(),
    ]
}

/// That a taking is on record.
#[derive(Debug, Serialize, JsonSchema)]
struct TakingRecorded {
    inquiry: InquiryId,
    position: String,
}

/// What is about to be taken away, and by whom.
struct TakingOrder {
    taking: Taking,
    by: Option<String>,
}

impl JsonSchema for TakingOrder {
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
                    "description": "Who takes them, for the record" } },
        })
    }
}

impl members::Order for TakingOrder {
    fn read(body: &mut Members) -> Self {
        let word = body.needed_text("what");
        let what = word.as_deref().and_then(Taken::of_word);
        if word.is_some() && what.is_none() {
            body.wrong("what", "proof, backup, copy or comparison");
        }
        let taking = Taking {
            // Without one the body is refused.
            what: what.unwrap_or(Taken::Copy),
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

/// For commands beside this server, which read the log themselves and cannot write it.
async fn put_on_record(ctx: Ctx, input: Input) -> Result<Changed<TakingRecorded>, Problem> {
    let cause = input.cause(&ctx.installation, "inquiry")?;
    let TakingOrder { taking, by } = input.order().await?;
    let id = InquiryId::derive(cause.command);
    let facts = taking.facts();
    let command = InquiryCommand::Export { facts, by };
    let answer = ctx
        .installation
        .entities
        .inquiries
        .ask(&id, command, cause)
        .await?;
    Ok(Changed(Written {
        body: TakingRecorded {
            inquiry: id,
            position: answer.position.to_string(),
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

/// How much was taken, or why not.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "events": 120, "bytes": 48213, "elapsed_ms": 35 }]))]
struct TakingEndOrder {
    /// Of a proof or a copy; of a comparison the rows that were compared.
    events: Option<u64>,
    bytes: Option<u64>,
    elapsed_ms: Option<u64>,
    /// Where it was not taken.
    #[schemars(length(max = CODE_BYTES_MAX))]
    code: Option<String>,
    /// Why; digits that may be a phone number are starred.
    detail: Option<String>,
}

impl members::Order for TakingEndOrder {
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

/// Of a taking that is on record and has not ended: files that a server hands out tell their own end.
async fn put_end_on_record(ctx: Ctx, input: Input) -> Result<Changed<TakingRecorded>, Problem> {
    let id: InquiryId = input.id(0, "this record")?;
    let cause = input.cause(&ctx.installation, "inquiry/end")?;
    let order: TakingEndOrder = input.order().await?;
    let end = match order.code {
        Some(code) => TakingEnd::Failed {
            code,
            detail: order.detail.unwrap_or_default(),
        },
        None => TakingEnd::Done {
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
    if !matches!(&fact, InquiryEvent::Exported { facts, .. } if Taken::is_of(facts)) {
        return Err(missing());
    }
    let inquiries = &installation.entities.inquiries;
    // The same request again is answered as it was.
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
    Ok(Changed(Written {
        body: TakingRecorded {
            inquiry: id,
            position: answer.position.to_string(),
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}
