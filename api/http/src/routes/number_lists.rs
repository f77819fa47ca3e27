//! Lists of ours that numbers stand on, over HTTP: a campaign may demand one (白名单).

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
    id: NumberId,
    /// The lists that it stands on.
    lists: Vec<NumberListName>,
    position: String,
}

async fn list_on(ctx: Ctx, input: Input) -> Result<Changed<NumberListed>, Problem> {
    told(ctx, input, "numbers/list-on", |list, reason| {
        NumberCommand::List { list, reason }
    })
    .await
}

async fn list_off(ctx: Ctx, input: Input) -> Result<Changed<NumberListed>, Problem> {
    told(ctx, input, "numbers/list-off", |list, reason| {
        NumberCommand::Unlist { list, reason }
    })
    .await
}

async fn told(
    ctx: Ctx,
    input: Input,
    what: &'static str,
    command: fn(NumberListName, String) -> NumberCommand,
) -> Result<Changed<NumberListed>, Problem> {
    let cause = input.cause(&ctx.installation, what)?;
    let Listing { number, list, reason } = input.order().await?;
    let list = list.ok_or_else(|| Problem::fault("a list that passed its check is missing"))?;
    let phone = ctx.installation.phone_written(&number).await?;
    let id = ctx.installation.vault().derive_number(phone.as_e164());
    let numbers = &ctx.installation.entities.numbers;
    let answer = numbers.ask(&id, command(list, reason), cause).await?;
    Ok(Changed(Written {
        body: NumberListed {
            number: phone.mask(),
            id,
            lists: answer.state.listed_on().to_vec(),
            position: answer.position.to_string(),
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}
