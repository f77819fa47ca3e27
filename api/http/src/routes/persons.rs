//! Routes that reveal values of one customer in clear, and assign the customer to a user or a team.

use crate::api_description::{ChangeReply, ReadReply};
use crate::clear_values::{ClearCustomerValues, PersonalField, codes, fields_of, reveal_values};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::reply::WriteResult;
use application::inquiries::{ReadContent, put_on_record};
use domain::customer::{ASSIGNMENT_REASON_BYTES_MAX, Assignee, CustomerCommand};
use domain::ids::{CustomerId, TeamId, UserId};
use domain::inquiry::{REASON_BYTES_MAX, ReadForm};
use domain::problem::Problem;
use domain::stored_event::Position;
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/customers/{id}/reveal",
            "Reveal a customer's values in clear",
            reveal,
        )
        .describe("Needs a reason. The read is recorded before the reply is sent.")
        .needs(Permission::CustomersReveal, EndpointSubject::Customer)
        .takes::<RevealRequest>(),
        Endpoint::post("/api/v1/customers/{id}/assign", "Assign a customer", assign)
            .describe("Assigns the customer to a user or a team; without either, the assignment is removed.")
            .needs(Permission::CustomersAssign, EndpointSubject::Customer)
            .takes::<CustomerAssignRequest>(),
    ]
}

/// The body of a reveal: which fields, and why.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "fields": ["name", "phones"], "reason": "complaint 17" }]))]
struct RevealRequest {
    #[schemars(length(min = 1))]
    #[member(read = fields_of)]
    fields: BTreeSet<PersonalField>,
    /// Stored permanently; must not contain personal data.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
}

async fn reveal(ctx: Ctx, input: Input) -> Result<ReadReply<ClearCustomerValues>, Problem> {
    let (customer, state) = ctx.installation.customer_named(&input.param(0)?).await?;
    let (reader, scope) = (input.reader_by_post(), input.scope.clone());
    let RevealRequest { fields, reason } = input.order().await?;
    let shown = ReadContent {
        fields: codes(&fields),
        customer: Some(customer.clone()),
        ..ReadContent::of(&[], ReadForm::Clear)
    };
    let values = reveal_values(customer, &state, &fields, &scope);
    let shown = shown.with_values(values.values_count());
    put_on_record(&ctx.installation, reader.because(reason), shown).await?;
    Ok(ReadReply(values))
}

/// The body that assigns a customer: at most one of `user` and `team`.
#[derive(ApiRequest, JsonSchema)]
#[request(check = refuse_user_and_team)]
#[schemars(extend("examples" = [{ "user": "wang", "reason": "speaks the dialect" }]))]
struct CustomerAssignRequest {
    #[member(parse)]
    user: Option<UserId>,
    #[member(parse)]
    team: Option<TeamId>,
    #[schemars(length(min = 1, max = ASSIGNMENT_REASON_BYTES_MAX))]
    reason: String,
}

fn refuse_user_and_team(request: &CustomerAssignRequest, body: &mut Members) {
    if request.user.is_some() && request.team.is_some() {
        body.wrong("team", "is given beside user: one of them sees to the person");
    }
}

/// The customer's assignment after the change.
#[derive(Debug, Serialize, JsonSchema)]
struct CustomerAssignResponse {
    id: CustomerId,
    assignee: Option<Assignee>,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    position: Position,
}

async fn assign(ctx: Ctx, input: Input) -> Result<ChangeReply<CustomerAssignResponse>, Problem> {
    let (customer, _) = ctx.installation.customer_named(&input.param(0)?).await?;
    let cause = input.cause(&ctx.installation, "customers/assign")?;
    let CustomerAssignRequest { user, team, reason } = input.order().await?;
    if let Some(user) = &user
        && ctx
            .installation
            .entities
            .users
            .state(user)
            .await?
            .state
            .active()
            .is_none()
    {
        return Err(Problem::missing("this user"));
    }
    let to = user.map(Assignee::User).or(team.map(Assignee::Team));
    let command = match to {
        Some(to) => CustomerCommand::Assign { to, reason },
        None => CustomerCommand::Unassign { reason },
    };
    let answer = ctx
        .installation
        .entities
        .customers
        .ask(&customer, command, cause)
        .await?;
    Ok(ChangeReply(WriteResult {
        body: CustomerAssignResponse {
            id: customer,
            assignee: answer.state.assignee().cloned(),
            position: answer.position,
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}
