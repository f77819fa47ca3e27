//! The route that finds a customer's internal id by external id. The external id is sent in the body: it can
//! be an identity number, which must not appear in a URL or in a proxy's log.

use crate::api_description::ReadReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::guard::sees_person;
use domain::ids::CustomerId;
use domain::inquiry::ComparedValue;
use domain::permission::DataScope;
use domain::problem::Problem;
use intake::members::ApiRequest;
use schemars::JsonSchema;
use serde::Serialize;

/// Maximum length of an external id, in bytes; a row of a list has the same limit.
const EXTERNAL_ID_BYTES_MAX: usize = 128;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/customers/find", "Find a customer's internal id", find)
            .describe(
                "Returns the internal id for an external id, and no other data. Attempts are rate limited \
                 and recorded.",
            )
            .needs(Permission::CustomersRead, EndpointSubject::Handler)
            .takes::<CustomerLookupRequest>(),
    ]
}

/// The body of a look-up.
#[derive(ApiRequest, JsonSchema)]
struct CustomerLookupRequest {
    /// The customer's external id; an internal id is returned unchanged.
    #[schemars(length(min = 1, max = EXTERNAL_ID_BYTES_MAX), example = &"C01")]
    customer: String,
}

/// The customer's internal id.
#[derive(Debug, Serialize, JsonSchema)]
struct CustomerLookupResponse {
    id: CustomerId,
}

/// Returns the internal id of a customer in the caller's data scope. The rate limit of comparisons makes
/// trying out ids slow; a customer outside the scope gives the same `missing` as an unknown id.
async fn find(ctx: Ctx, input: Input) -> Result<ReadReply<CustomerLookupResponse>, Problem> {
    let (comparer, scope) = (input.comparer(), input.scope.clone());
    let CustomerLookupRequest { customer } = input.order().await?;
    ctx.admit_comparison(&comparer)?;
    let found = seen(&ctx, &scope, &customer).await;
    let id = ctx.compared(&comparer, ComparedValue::CustomerId, found).await?;
    Ok(ReadReply(CustomerLookupResponse { id }))
}

async fn seen(ctx: &Ctx, scope: &DataScope, named: &str) -> Result<CustomerId, Problem> {
    let (id, state) = ctx.installation.customer_named(named).await?;
    match sees_person(ctx, scope, &state).await? {
        true => Ok(id),
        false => Err(Problem::missing("this customer")),
    }
}
