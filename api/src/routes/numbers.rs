//! Phone numbers over HTTP: opt out and suppress, at once and everywhere.

use crate::endpoint::{Ctx, Endpoint, Input, Takes};
use crate::members::Members;
use crate::reply::{Done, Problem, Written};
use domain::ids::CallId;
use domain::number::{NumberCommand, OptOutSource};
use domain::phone_number::PhoneNumber;
use domain::time::Timestamp;
use serde_json::json;

/// Longest reason kept: it is stored for ever and must hold nothing personal.
const REASON_BYTES_MAX: usize = 256;

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/numbers/{number}/opt-out",
            "The person asked not to be called: holds before the next dial, everywhere",
            |ctx, input| Box::pin(change(ctx, input, Change::OptOut)),
        )
        .takes(Takes::Json("OptOut")),
        Endpoint::post(
            "/api/v1/numbers/{number}/suppress",
            "The number must not be dialed, for good or until a time",
            |ctx, input| Box::pin(change(ctx, input, Change::Suppress)),
        )
        .takes(Takes::Json("Suppression")),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    OptOut,
    Suppress,
}

async fn change(ctx: Ctx, input: Input, change: Change) -> Result<Done, Problem> {
    let phone = PhoneNumber::parse(&input.param(0)?)
        .map_err(|error| Problem::refused("number-invalid", error.to_string()))?;
    let number = ctx.vault().derive_number(phone.as_e164());
    let cause = input.cause(&ctx, "numbers")?;
    let mut body = Members::new(input.object().await?);
    let reason = body.needed_text("reason");
    if reason.as_ref().is_some_and(|reason| reason.trim().is_empty()) {
        body.wrong("reason", "is empty");
    }
    let reason = reason.unwrap_or_default();
    if reason.len() > REASON_BYTES_MAX {
        body.wrong("reason", format!("has more than {REASON_BYTES_MAX} bytes"));
    }
    let until: Option<Timestamp> = match change {
        Change::OptOut => None,
        Change::Suppress => body.parsed("until"),
    };
    body.refuse_the_rest();
    body.finish()?;
    let command = match change {
        Change::OptOut => NumberCommand::OptOut {
            reason,
            source: OptOutSource::Operator,
            call: None,
        },
        Change::Suppress => NumberCommand::Suppress { reason, until },
    };
    let answer = ctx.system().numbers.ask(&number, command, cause).await?;
    let open: Vec<CallId> = answer.state.open_calls();
    Ok(Done::Changed(Written {
        body: json!({
            "number": phone.mask(),
            "id": number,
            "opted_out": answer.state.opted_out(),
            "suppressed": answer.state.suppressed().is_some(),
            // Granted before: withdrawn, or cancelled if not yet answered.
            "open_calls": open,
            "position": answer.position.to_string(),
        }),
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}
