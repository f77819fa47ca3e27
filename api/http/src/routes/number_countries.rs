//! The route that confirms numbers that were stored as Chinese without a country code.

use crate::api_description::ChangeReply;
use crate::comparisons::number_ids;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::reply::WriteResult;
use application::installation::follow;
use domain::compliance::PhoneCountry;
use domain::customer::{CONFIRMATION_REASON_BYTES_MAX, CustomerCommand};
use domain::ids::{CustomerId, NumberId};
use domain::problem::Problem;
use domain::stored_event::Position;
use intake::members::ApiRequest;
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/customers/{id}/confirm-numbers",
            "Confirm the country of a customer's numbers",
            confirm,
        )
        .describe(
            "Confirms numbers that were stored as Chinese although they had no country code. Dialing them \
             resumes.",
        )
        .needs(Permission::CustomersAssign, EndpointSubject::Customer)
        .takes::<NumberConfirmation>(),
    ]
}

/// The body that confirms the stored country of a customer's numbers.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "reason": "asked at the branch" }]))]
struct NumberConfirmation {
    /// One of the numbers; without it all numbers that need a confirmation.
    #[schemars(with = "Option<NumberId>")]
    #[member(parse)]
    number: Option<NumberId>,
    /// Stored permanently; must not contain personal data.
    #[schemars(length(min = 1, max = CONFIRMATION_REASON_BYTES_MAX))]
    reason: String,
}

/// The result of a confirmation.
#[derive(Debug, Serialize, JsonSchema)]
struct NumberConfirmationResponse {
    id: CustomerId,
    /// How many numbers were confirmed with this request.
    confirmed: usize,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    position: Position,
}

async fn confirm(ctx: Ctx, input: Input) -> Result<ChangeReply<NumberConfirmationResponse>, Problem> {
    let cause = input.cause(&ctx.installation, "customers/confirm-numbers")?;
    let ids = number_ids(&input.caller);
    let named = input.param(0)?;
    let NumberConfirmation { number, reason } = input.order().await?;
    let (customer, state) = ctx.installation.customer_named(&named).await?;
    let guessed = state.numbers().iter();
    let guessed = guessed.filter(|known| known.phone_country() == PhoneCountry::Guessed);
    let numbers = match number {
        Some(named) => {
            // The caller sends the number id in the form in which replies show it to this caller.
            let mut known = state.numbers().iter().map(|known| &known.number);
            let known = known.find(|known| ids.of_customer(known, &customer) == named);
            let known = known.ok_or_else(|| Problem::missing("this number"))?;
            vec![known.clone()]
        }
        None => guessed.map(|known| known.number.clone()).collect(),
    };
    let mut body = NumberConfirmationResponse {
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
    Ok(ChangeReply(WriteResult {
        position: Some(body.position),
        version: None,
        body,
    }))
}
