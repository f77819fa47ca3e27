//! Lists of ours that numbers stand on, over HTTP: a campaign may demand one (白名单).

use super::numbers::reply_detail::ReplyDetail;
use crate::described::Changed;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::reply::Written;
use domain::ids::NumberId;
use domain::number::NumberCommand;
use domain::problem::Problem;
use domain::screening::NumberListName;
use intake::members::{Members, Order};
use schemars::JsonSchema;
use serde::Serialize;

/// Longest reason kept: it is stored for ever and must hold nothing personal.
const REASON_BYTES_MAX: usize = 256;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/numbers/list-on",
            "Puts the number in the body on a list of ours, which a campaign may demand",
            list_on,
        )
        // It lets other campaigns call the number that demand the list: more than protecting somebody.
        .needs(Permission::NumbersSuppress, About::Everybody)
        .takes::<Listing>()
        .kept(),
        Endpoint::post(
            "/api/v1/numbers/list-off",
            "Takes the number in the body off a list of ours",
            list_off,
        )
        .needs(Permission::NumbersSuppress, About::Nobody)
        .takes::<Listing>()
        .kept(),
    ]
}

/// A number and a list.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "number": "13800138000", "list": "consented-2026",
    "reason": "signed at the counter" }]))]
struct Listing {
    /// In any usual form.
    number: String,
    #[schemars(with = "NumberListName")]
    list: Option<NumberListName>,
    /// Stored for ever; name no person.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
}

impl Order for Listing {
    fn read(body: &mut Members) -> Self {
        if body.is_absent("list") {
            body.wrong("list", "is missing");
        }
        Self {
            number: body.needed_text("number").unwrap_or_default(),
            list: body.parsed("list"),
            reason: body.needed_short_text("reason", REASON_BYTES_MAX),
        }
    }
}

/// A number after it was put on a list or taken off.
#[derive(Debug, Serialize, JsonSchema)]
struct NumberListed {
    /// Masked.
    #[schemars(example = &"138****8000")]
    number: String,
    /// Absent for a caller without the reveal right: it is the same for every customer with this number.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<NumberId>,
    /// The lists that it is on: all of them for callers who may look up numbers, else the one of the request.
    lists: Vec<NumberListName>,
    /// Only for callers who may look up numbers: an old position shows that it was on the list before.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
}

async fn list_on(ctx: Ctx, input: Input) -> Result<Changed<NumberListed>, Problem> {
    change(ctx, input, "numbers/list-on", |list, reason| {
        NumberCommand::List { list, reason }
    })
    .await
}

async fn list_off(ctx: Ctx, input: Input) -> Result<Changed<NumberListed>, Problem> {
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
) -> Result<Changed<NumberListed>, Problem> {
    let cause = input.cause(&ctx.installation, what)?;
    let detail = ReplyDetail::for_caller(&ctx, &input);
    let Listing { number, list, reason } = input.order().await?;
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
    Ok(Changed(Written {
        body: NumberListed {
            number: phone.mask(),
            lists: lists.cloned().collect(),
            position: position.map(|position| position.to_string()),
            id: detail.record(&ctx, id, was_known).await?,
        },
        version: detail.is_full().then_some(answer.version),
        position,
    }))
}
