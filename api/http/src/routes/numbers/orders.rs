//! Opt-outs and suppressions of a phone number. A number without a known country is handled in every country
//! in use; the reply names the countries.

use super::number_bodies::{NumberOptOutRequest, NumberSuppressionRequest};
use super::reply_detail::ReplyDetail;
use crate::api_description::ChangeReply;
use crate::endpoint::{Ctx, Input};
use crate::reply::WriteResult;
use application::countries::NumberInCountry;
use application::installation::follow;
use domain::ids::{CallId, NumberId};
use domain::number::{NumberCommand, OptOutSource};
use domain::phone_number::PhoneNumber;
use domain::problem::Problem;
use domain::stored_event::Cause;
use domain::time::Timestamp;
use intake::members::ApiRequest;
use schemars::JsonSchema;
use serde::Serialize;

/// Maximum length of the reason of an opt-out or suppression, in bytes. It is stored permanently and must
/// not contain personal data.
const REASON_BYTES_MAX: usize = 256;

/// The body of an opt-out: the reason.
#[derive(ApiRequest, JsonSchema)]
pub(super) struct OptOut {
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
}

/// The body of a suppression: the reason and its end.
#[derive(ApiRequest, JsonSchema)]
pub(super) struct Suppression {
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
    /// End of the suppression; without it the suppression is permanent.
    #[member(parse)]
    until: Option<Timestamp>,
}

/// A number after an opt-out or a suppression, with the calls that were permitted before.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct NumberChangeResponse {
    /// The number, masked.
    #[schemars(example = &"138****8000")]
    number: String,
    /// Absent for a caller without the reveal permission: the id is the same for every customer with this
    /// number.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<NumberId>,
    /// After a suppression only for callers who may look up numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    opted_out: Option<bool>,
    /// After an opt-out only for callers who may look up numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressed: Option<bool>,
    /// Calls that were permitted before: withdrawn, or canceled if not yet answered. Only for callers who may
    /// look up numbers in all campaigns, because a number does not show which customers the calls are of.
    open_calls: Vec<CallId>,
    /// Only for callers who may look up numbers: an old position shows that it was requested before.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
    /// If the country of the number is unknown: the countries in which it was opted out or suppressed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    countries: Vec<NumberInCountry>,
}

const fn opting_out(reason: String) -> NumberCommand {
    NumberCommand::OptOut {
        reason,
        source: OptOutSource::Operator,
        call: None,
    }
}

pub(super) async fn opt_out(ctx: Ctx, input: Input) -> Result<ChangeReply<NumberChangeResponse>, Problem> {
    let phones = ctx.installation.phones_forbidden(&input.param(0)?).await?;
    let cause = input.cause(&ctx.installation, "numbers")?;
    let detail = ReplyDetail::for_caller(&ctx, &input);
    let OptOut { reason } = input.order().await?;
    change(&ctx, &phones, opting_out(reason), cause, detail).await
}

pub(super) async fn opt_out_here(
    ctx: Ctx,
    input: Input,
) -> Result<ChangeReply<NumberChangeResponse>, Problem> {
    let cause = input.cause(&ctx.installation, "numbers/opt-out")?;
    let detail = ReplyDetail::for_caller(&ctx, &input);
    let NumberOptOutRequest { number, order } = input.order().await?;
    let phones = ctx.installation.phones_forbidden(&number).await?;
    change(&ctx, &phones, opting_out(order.reason), cause, detail).await
}

pub(super) async fn suppress(ctx: Ctx, input: Input) -> Result<ChangeReply<NumberChangeResponse>, Problem> {
    let phones = ctx.installation.phones_forbidden(&input.param(0)?).await?;
    let cause = input.cause(&ctx.installation, "numbers")?;
    let detail = ReplyDetail::for_caller(&ctx, &input);
    let Suppression { reason, until } = input.order().await?;
    let command = NumberCommand::Suppress { reason, until };
    change(&ctx, &phones, command, cause, detail).await
}

pub(super) async fn suppress_here(
    ctx: Ctx,
    input: Input,
) -> Result<ChangeReply<NumberChangeResponse>, Problem> {
    let cause = input.cause(&ctx.installation, "numbers/suppress")?;
    let detail = ReplyDetail::for_caller(&ctx, &input);
    let NumberSuppressionRequest { number, order } = input.order().await?;
    let Suppression { reason, until } = order;
    let command = NumberCommand::Suppress { reason, until };
    let phones = ctx.installation.phones_forbidden(&number).await?;
    change(&ctx, &phones, command, cause, detail).await
}

/// Sends the command to each number that the text can mean. The reply is about the first one and names all
/// countries.
async fn change(
    ctx: &Ctx,
    phones: &[PhoneNumber],
    command: NumberCommand,
    cause: Cause,
    detail: ReplyDetail,
) -> Result<ChangeReply<NumberChangeResponse>, Problem> {
    let (first, others) = phones
        .split_first()
        .ok_or_else(|| Problem::fault("an order about no number"))?;
    let changed = change_one(ctx, first, command.clone(), cause, &detail).await;
    let (mut open_calls, mut failed) = (Vec::new(), None);
    // The command is sent to every number, even if it failed for another one.
    for phone in others {
        let id = ctx.installation.vault().derive_number(phone.as_e164());
        let cause = follow(cause, id.as_str());
        match change_one(ctx, phone, command.clone(), cause, &detail).await {
            Ok(ChangeReply(other)) => open_calls.extend(other.body.open_calls),
            Err(problem) => failed = Some(problem),
        }
    }
    let ChangeReply(mut written) = changed?;
    if let Some(problem) = failed {
        return Err(problem);
    }
    written.body.open_calls.extend(open_calls);
    written.body.countries = NumberInCountry::each_of(phones);
    Ok(ChangeReply(written))
}

async fn change_one(
    ctx: &Ctx,
    phone: &PhoneNumber,
    command: NumberCommand,
    cause: Cause,
    detail: &ReplyDetail,
) -> Result<ChangeReply<NumberChangeResponse>, Problem> {
    let number = ctx.installation.vault().derive_number(phone.as_e164());
    let (is_full, opts_out) = (detail.is_full(), matches!(command, NumberCommand::OptOut { .. }));
    let numbers = &ctx.installation.entities.numbers;
    let was_known = is_full && numbers.state(&number).await?.version.0 > 0;
    // Stored in one commit, so that the record of what the reply shows does not delay the command.
    let (answer, id) = tokio::join!(
        numbers.ask(&number, command, cause),
        detail.record(ctx, number.clone(), was_known)
    );
    let (answer, id) = (answer?, id?);
    let position = is_full.then_some(answer.position);
    Ok(ChangeReply(WriteResult {
        body: NumberChangeResponse {
            number: phone.mask(),
            id,
            opted_out: (is_full || opts_out).then(|| answer.state.opted_out()),
            suppressed: (is_full || !opts_out).then(|| answer.state.suppressed().is_some()),
            open_calls: match is_full {
                true => answer.state.open_calls(),
                false => Vec::new(),
            },
            position: position.map(|position| position.to_string()),
            countries: Vec::new(),
        },
        // A number without a version had no event before this one.
        version: is_full.then_some(answer.version),
        position,
    }))
}
