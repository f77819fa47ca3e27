//! Routes that put a number on one of our lists, or take it off. A campaign can require a list (白名单).

use super::numbers::reply_detail::ReplyDetail;
use crate::api_description::ChangeReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::reply::WriteResult;
use domain::ids::NumberId;
use domain::number::NumberCommand;
use domain::problem::Problem;
use domain::screening::NumberListName;
use intake::members::ApiRequest;
use schemars::JsonSchema;
use serde::Serialize;

/// Maximum length of the reason for a change of a list of numbers, in bytes. It is stored permanently and
/// must not contain personal data.
const REASON_BYTES_MAX: usize = 256;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/numbers/list-on", "Put a number on a list", list_on)
            .describe(
                "Adds the number in the body to one of our lists (白名单). Campaigns that require the list \
                 may then call it.",
            )
            // Campaigns that require the list may then call the number, so this needs more than the
            // permission to protect a number.
            .needs(Permission::NumbersSuppress, EndpointSubject::Everybody)
            .takes::<NumberListRequest>()
            .kept(),
        Endpoint::post("/api/v1/numbers/list-off", "Take a number off a list", list_off)
            .describe(
                "Removes the number in the body from one of our lists. Campaigns that require the list no \
                 longer call it.",
            )
            .needs(Permission::NumbersSuppress, EndpointSubject::Unscoped)
            .takes::<NumberListRequest>()
            .kept(),
    ]
}

/// The body with a number and a list.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "number": "13800138000", "list": "consented-2026",
    "reason": "signed at the counter" }]))]
struct NumberListRequest {
    /// The phone number in any common notation.
    number: String,
    #[schemars(with = "NumberListName")]
    #[member(parse)]
    list: Option<NumberListName>,
    /// Stored permanently; must not name a person.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
}

/// A number after it was put on a list or taken off.
#[derive(Debug, Serialize, JsonSchema)]
struct NumberListResponse {
    /// The number, masked.
    #[schemars(example = &"138****8000")]
    number: String,
    /// Absent for a caller without the reveal permission: the id is the same for every customer with this
    /// number.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<NumberId>,
    /// The lists that contain the number: all of them for callers who may look up numbers, otherwise only the
    /// one of the request.
    lists: Vec<NumberListName>,
    /// Only for callers who may look up numbers: an old position shows that the number was on the list
    /// before.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
}

async fn list_on(ctx: Ctx, input: Input) -> Result<ChangeReply<NumberListResponse>, Problem> {
    change(ctx, input, "numbers/list-on", |list, reason| {
        NumberCommand::List { list, reason }
    })
    .await
}

async fn list_off(ctx: Ctx, input: Input) -> Result<ChangeReply<NumberListResponse>, Problem> {
    change(ctx, input, "numbers/list-off", |list, reason| {
        NumberCommand::Unlist { list, reason }
    })
    .await
}

async fn change(
    ctx: Ctx,
    input: Input,
    what: &'static str,
    command: fn(NumberListName, String) -> NumberCommand,
) -> Result<ChangeReply<NumberListResponse>, Problem> {
    let cause = input.cause(&ctx.installation, what)?;
    let detail = ReplyDetail::for_caller(&ctx, &input);
    let NumberListRequest { number, list, reason } = input.order().await?;
    let list = list.ok_or_else(|| Problem::fault("a list that passed its check is missing"))?;
    let phone = ctx.installation.phone_written(&number).await?;
    let id = ctx.installation.vault().derive_number(phone.as_e164());
    let numbers = &ctx.installation.entities.numbers;
    let answer = numbers.ask(&id, command(list.clone(), reason), cause).await?;
    let was_known = answer.version.0 > answer.events.len() as u64;
    let lists = answer
        .state
        .listed_on()
        .iter()
        .filter(|one| detail.is_full() || **one == list);
    let position = detail.is_full().then_some(answer.position);
    Ok(ChangeReply(WriteResult {
        body: NumberListResponse {
            number: phone.mask(),
            lists: lists.cloned().collect(),
            position: position.map(|position| position.to_string()),
            id: detail.record(&ctx, id, was_known).await?,
        },
        version: detail.is_full().then_some(answer.version),
        position,
    }))
}
