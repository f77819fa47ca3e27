//! Confirmation of numbers that were stored as Chinese without a country code.

use crate::comparisons::number_ids;
use crate::described::Changed;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::reply::Written;
use application::installation::follow;
use domain::compliance::PhoneCountry;
use domain::customer::{CONFIRMATION_REASON_BYTES_MAX, CustomerCommand};
use domain::ids::{CustomerId, NumberId};
use domain::problem::Problem;
use domain::stored_event::Position;
use intake::members::{Members, Order};
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/customers/{id}/confirm-numbers",
            "Confirm this person's numbers that were stored as Chinese without a country code: dialing resumes",
            confirm,
        )
        .needs(Permission::CustomersAssign, About::Customer)
        .takes::<NumberConfirmation>(),
    ]
}

/// Confirms that the stored country is right.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "reason": "asked at the branch" }]))]
struct NumberConfirmation {
    /// One of the numbers; without it all that wait to be confirmed.
    #[schemars(with = "Option<NumberId>")]
    number: Option<NumberId>,
    /// Stored for ever; nothing personal.
    #[schemars(length(min = 1, max = CONFIRMATION_REASON_BYTES_MAX))]
    reason: String,
}

impl Order for NumberConfirmation {
    fn read(body: &mut Members) -> Self {
        Self {
            number: body.parsed("number"),
            reason: body.needed_short_text("reason", CONFIRMATION_REASON_BYTES_MAX),
        }
    }
}

/// What was confirmed.
#[derive(Debug, Serialize, JsonSchema)]
struct NumbersConfirmed {
    id: CustomerId,
    /// How many numbers were confirmed now.
    confirmed: usize,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    position: Position,
}

async fn confirm(ctx: Ctx, input: Input) -> Result<Changed<NumbersConfirmed>, Problem> {
    let cause = input.cause(&ctx.installation, "customers/confirm-numbers")?;
    let ids = number_ids(&input.caller);
    let named = input.param(0)?;
    let NumberConfirmation { number, reason } = input.order().await?;
    let (customer, state) = ctx.installation.customer_named(&named).await?;
    let guessed = state.numbers().iter();
    let guessed = guessed.filter(|known| known.phone_country() == PhoneCountry::Guessed);
    let numbers = match number {
        Some(named) => {
            // The caller sends the id that replies to this caller show.
            let mut known = state.numbers().iter().map(|known| &known.number);
            let known = known.find(|known| ids.of_customer(known, &customer) == named);
            let known = known.ok_or_else(|| Problem::missing("this number"))?;
            vec![known.clone()]
        }
        None => guessed.map(|known| known.number.clone()).collect(),
    };
    let mut body = NumbersConfirmed {
        id: customer.clone(),
        confirmed: 0,
        position: Position(0),
    };
    for number in numbers {
        let cause = follow(cause, number.as_str());
        let command = CustomerCommand::ConfirmNumber {
            number,
            reason: reason.clone(),
        };
        let answer = ctx
            .installation
            .entities
            .customers
            .ask(&customer, command, cause)
            .await?;
        body.confirmed += answer.events.len();
        body.position = body.position.max(answer.position);
    }
    Ok(Changed(Written {
        position: Some(body.position),
        version: None,
        body,
    }))
}
