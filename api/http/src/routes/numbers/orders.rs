//! Orders about a phone number: its person opted out, or it must not be dialed. A number without a known
//! country is meant in every country in use here, and the reply says so.

use super::in_body::{OptOutHere, SuppressionHere};
use super::reply_detail::ReplyDetail;
use crate::described::Changed;
use crate::endpoint::{Ctx, Input};
use crate::reply::Written;
use application::countries::NumberInCountry;
use application::installation::follow;
use domain::ids::{CallId, NumberId};
use domain::number::{NumberCommand, OptOutSource};
use domain::phone_number::PhoneNumber;
use domain::problem::Problem;
use domain::stored_event::Cause;
use domain::time::Timestamp;
use intake::members::{Members, Order};
use schemars::JsonSchema;
use serde::Serialize;

/// Longest reason kept: it is stored for ever and must hold nothing personal.
const REASON_BYTES_MAX: usize = 256;

/// The person asked not to be called.
#[derive(JsonSchema)]
pub(super) struct OptOut {
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
}

impl Order for OptOut {
    fn read(body: &mut Members) -> Self {
        Self {
            reason: body.needed_short_text("reason", REASON_BYTES_MAX),
        }
    }
}

/// The number must not be dialed.
#[derive(JsonSchema)]
pub(super) struct Suppression {
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
    /// Without it: for good.
    until: Option<Timestamp>,
}

impl Order for Suppression {
    fn read(body: &mut Members) -> Self {
        Self {
            reason: body.needed_short_text("reason", REASON_BYTES_MAX),
            until: body.parsed("until"),
        }
    }
}

/// A number after an order, and the calls that were granted before it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct NumberChanged {
    /// Masked.
    #[schemars(example = &"138****8000")]
    number: String,
    /// Absent for a caller without the reveal right: it is the same for every customer with this number.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<NumberId>,
    /// After a suppression only for callers who may look up numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    opted_out: Option<bool>,
    /// After an opt-out only for callers who may look up numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressed: Option<bool>,
    /// Granted before: withdrawn, or cancelled if not yet answered. Only for callers who may look up numbers
    /// in all campaigns, because a number does not show which customers the calls are of.
    open_calls: Vec<CallId>,
    /// Only for callers who may look up numbers: an old position shows that it was ordered before.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
    /// The country of the number is not known: it holds for the number in each of these.
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

pub(super) async fn opt_out(ctx: Ctx, input: Input) -> Result<Changed<NumberChanged>, Problem> {
    let phones = ctx.installation.phones_forbidden(&input.param(0)?).await?;
    let cause = input.cause(&ctx.installation, "numbers")?;
    let detail = ReplyDetail::for_caller(&ctx, &input);
    let OptOut { reason } = input.order().await?;
    change(&ctx, &phones, opting_out(reason), cause, detail).await
}

pub(super) async fn opt_out_here(ctx: Ctx, input: Input) -> Result<Changed<NumberChanged>, Problem> {
    let cause = input.cause(&ctx.installation, "numbers/opt-out")?;
    let detail = ReplyDetail::for_caller(&ctx, &input);
    let OptOutHere { number, order } = input.order().await?;
    let phones = ctx.installation.phones_forbidden(&number).await?;
    change(&ctx, &phones, opting_out(order.reason), cause, detail).await
}

pub(super) async fn suppress(ctx: Ctx, input: Input) -> Result<Changed<NumberChanged>, Problem> {
    let phones = ctx.installation.phones_forbidden(&input.param(0)?).await?;
    let cause = input.cause(&ctx.installation, "numbers")?;
    let detail = ReplyDetail::for_caller(&ctx, &input);
    let Suppression { reason, until } = input.order().await?;
    let command = NumberCommand::Suppress { reason, until };
    change(&ctx, &phones, command, cause, detail).await
}

pub(super) async fn suppress_here(ctx: Ctx, input: Input) -> Result<Changed<NumberChanged>, Problem> {
    let cause = input.cause(&ctx.installation, "numbers/suppress")?;
    let detail = ReplyDetail::for_caller(&ctx, &input);
    let SuppressionHere { number, order } = input.order().await?;
    let Suppression { reason, until } = order;
    let command = NumberCommand::Suppress { reason, until };
    let phones = ctx.installation.phones_forbidden(&number).await?;
    change(&ctx, &phones, command, cause, detail).await
}

/// Gives the order for each number that the text may mean. The reply is about the first and names them all.
async fn change(
    ctx: &Ctx,
    phones: &[PhoneNumber],
    command: NumberCommand,
    cause: Cause,
    detail: ReplyDetail,
) -> Result<Changed<NumberChanged>, Problem> {
    let (first, others) = phones
        .split_first()
        .ok_or_else(|| Problem::fault("an order about no number"))?;
    let changed = change_one(ctx, first, command.clone(), cause, &detail).await;
    let (mut open_calls, mut failed) = (Vec::new(), None);
    // The order is given for every number, also if it failed for another one.
    for phone in others {
        let id = ctx.installation.vault().derive_number(phone.as_e164());
        let cause = follow(cause, id.as_str());
        match change_one(ctx, phone, command.clone(), cause, &detail).await {
            Ok(Changed(other)) => open_calls.extend(other.body.open_calls),
            Err(problem) => failed = Some(problem),
        }
    }
    let Changed(mut written) = changed?;
    if let Some(problem) = failed {
        return Err(problem);
    }
    written.body.open_calls.extend(open_calls);
    written.body.countries = NumberInCountry::each_of(phones);
    Ok(Changed(written))
}

async fn change_one(
    ctx: &Ctx,
    phone: &PhoneNumber,
    command: NumberCommand,
    cause: Cause,
    detail: &ReplyDetail,
) -> Result<Changed<NumberChanged>, Problem> {
    let number = ctx.installation.vault().derive_number(phone.as_e164());
    let (is_full, opts_out) = (detail.is_full(), matches!(command, NumberCommand::OptOut { .. }));
    let numbers = &ctx.installation.entities.numbers;
    let was_known = is_full && numbers.state(&number).await?.version.0 > 0;
    // In one commit: the order is not answered later for the record of what its reply shows.
    let (answer, id) = tokio::join!(
        numbers.ask(&number, command, cause),
        detail.record(ctx, number.clone(), was_known)
    );
    let (answer, id) = (answer?, id?);
    let position = is_full.then_some(answer.position);
    Ok(Changed(Written {
        body: NumberChanged {
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
        // An unknown number has had one event.
        version: is_full.then_some(answer.version),
        position,
    }))
}
