//! Routes of proofs: the signed state of the log, the proof of one call, and the causes and effects of an
//! event.

use crate::api_description::{Bundle, ReadReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::event_exports::{EventExport, EventExportKind};
use application::inquiries::log_answer;
use domain::hex;
use domain::ids::{CallId, InquiryId};
use domain::inquiry::InquiryCommand;
use domain::problem::Problem;
use evidence::causes::{CausationGraphResponse, Graph};
use evidence::event_bundles::{EventProofs, Subject};
use schemars::JsonSchema;
use serde::Serialize;
use store::proof::bundle::{Attachments, BundleSubject};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/log/checkpoint",
            "Get a signed checkpoint of the log",
            checkpoint,
        )
        .describe(
            "Returns the size and Merkle root of the log, signed with the log's key. A recipient who keeps \
             it can later prove that the log was not changed.",
        )
        .needs(Permission::InstallationRead, EndpointSubject::Unscoped)
        .skip_view_wait(),
        Endpoint::get("/api/v1/calls/{id}/proof", "Export the proof of a call", proof)
            .describe(
                "Returns a bundle that proves all events of the call, both grants, and what led to them. \
                 Values are sealed. `ledgerline audit check` verifies it. The export is recorded.",
            )
            .needs(Permission::AuditRead, EndpointSubject::Call)
            .heavy()
            .skip_view_wait(),
        Endpoint::get(
            "/api/v1/events/{id}/graph",
            "Get the causes and effects of an event",
            graph,
        )
        .describe(
            "Returns the events that led to an event, a call or a customer's events, and the events that \
             followed from it.",
        )
        .needs(Permission::EventsRead, EndpointSubject::Everybody)
        .heavy()
        .skip_view_wait(),
    ]
}

/// A signed checkpoint of the log (C2SP tlog-checkpoint).
#[derive(Debug, Serialize, JsonSchema)]
struct CheckpointResponse {
    /// The name of the log.
    #[schemars(example = &"ledgerline.example/log")]
    origin: String,
    /// Number of events in the log.
    size: u64,
    /// Merkle root over these events, lower-case hex (RFC 9162).
    root: String,
    /// The public key that verifies the signature.
    #[schemars(example = &"ledgerline.example+1a2b3c4d+AQ==")]
    key: String,
    #[schemars(example = &"3f5a 9c01 77de 4b12")]
    key_fingerprint: String,
    /// The signed note.
    #[schemars(example = &"ledgerline.example/log\n42\nCsUY\n\n— ledgerline.example Az3g\n")]
    checkpoint: String,
}

async fn checkpoint(ctx: Ctx, _: Input) -> Result<ReadReply<CheckpointResponse>, Problem> {
    let head = ctx.installation.store().head().await?;
    let signed = ctx.checkpoint_over(head).await?;
    let (claimed, key) = (signed.claimed(), ctx.prover()?.key());
    Ok(ReadReply(CheckpointResponse {
        origin: claimed.origin.clone(),
        size: claimed.size,
        root: hex::encode(&claimed.root),
        key: key.to_string(),
        key_fingerprint: key.fingerprint(),
        checkpoint: signed.text(),
    }))
}

async fn proof(ctx: Ctx, input: Input) -> Result<Bundle, Problem> {
    let call: CallId = input.id(0, "this call")?;
    let subject = Subject::Call(call);
    let selection = subject.select(ctx.installation.store()).await?;
    let Some(last) = selection.events.keys().next_back().copied() else {
        return Err(Problem::missing("this call"));
    };
    let signed = ctx.checkpoint_over(last).await?;
    let prover = ctx.prover()?;
    let EventProofs { events, .. } = prover.proved(selection, subject.later(), &signed)?;
    let taking = EventExport {
        call: Some(call),
        ..EventExport::all(EventExportKind::Proof)
    };
    let began = ctx.installation.now();
    let cause = input.cause(&ctx.installation, "calls/proof")?;
    let command = InquiryCommand::Export {
        facts: taking.facts(),
        by: input.by(),
    };
    let id = InquiryId::derive(cause.command);
    ctx.installation
        .entities
        .inquiries
        .ask(&id, command, cause)
        .await?;
    let of = BundleSubject {
        kind: subject.word().to_owned(),
        id: subject.to_string(),
    };
    let made = prover.bundle(of, events, Attachments::new(), &signed)?;
    let bytes = u64::try_from(made.bytes.len()).unwrap_or(u64::MAX);
    log_answer(&ctx.installation, id, made.events, bytes, began).await?;
    Ok(Bundle {
        name: format!("call-{call}.proof"),
        bytes: made.bytes,
    })
}

async fn graph(ctx: Ctx, input: Input) -> Result<ReadReply<CausationGraphResponse>, Problem> {
    let graph = Graph::of(ctx.installation.store(), &input.param(0)?).await;
    match graph {
        Ok(graph) => Ok(ReadReply(graph.shown())),
        Err(problem) if problem.code == "no-such-event" => {
            Err(Problem::missing("this event, call or customer"))
        }
        Err(problem) => Err(problem),
    }
}
