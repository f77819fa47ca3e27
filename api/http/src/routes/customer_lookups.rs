//! Our id of somebody, asked by the institution's own in a body: an own id may be an identity number, and no
//! address, and so no log of a proxy, needs to hold it.

use crate::described::Read;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::guard::sees_person;
use domain::ids::CustomerId;
use domain::inquiry::ComparedValue;
use domain::permission::DataScope;
use domain::problem::Problem;
use intake::members::{Members, Order};
use schemars::JsonSchema;
use serde::Serialize;

/// Longest id that is read: what a list's row may have.
const EXTERNAL_ID_BYTES_MAX: usize = 128;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/customers/find",
            "Our id of a customer, by the institution's own id in the body; shows nothing else of them",
            find,
        )
        .needs(Permission::CustomersRead, About::Handler)
        .takes::<CustomerAsked>(),
    ]
}

/// Whom somebody looks for.
#[derive(JsonSchema)]
struct CustomerAsked {
    /// The institution's own id of them, or ours.
    #[schemars(length(min = 1, max = EXTERNAL_ID_BYTES_MAX), example = &"C01")]
    customer: String,
}

impl Order for CustomerAsked {
    fn read(body: &mut Members) -> Self {
        Self {
            customer: body.needed_short_text("customer", EXTERNAL_ID_BYTES_MAX),
        }
    }
}

/// Who it is, by our id alone.
#[derive(Debug, Serialize, JsonSchema)]
struct CustomerFound {
    id: CustomerId,
}

/// Whoever tries ids one after the other learns slowly, as with numbers; who is not theirs is nobody.
async fn find(ctx: Ctx, input: Input) -> Result<Read<CustomerFound>, Problem> {
    let (comparer, scope) = (input.comparer(), input.scope.clone());
    let CustomerAsked { customer } = input.order().await?;
    ctx.admit_comparison(&comparer)?;
    let found = seen(&ctx, &scope, &customer).await;
    let id = ctx.compared(&comparer, ComparedValue::CustomerId, found).await?;
    Ok(Read(CustomerFound { id }))
}

async fn seen(ctx: &Ctx, scope: &DataScope, named: &str) -> Result<CustomerId, Problem> {
    let (id, state) = ctx.installation.customer_named(named).await?;
    match sees_person(ctx, scope, &state).await? {
        true => Ok(id),
        false => Err(Problem::missing("this customer")),
    }
}
