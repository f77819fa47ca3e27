//! What is known of one person, over HTTP: attributes and tags set, and shown in clear on record.

use crate::described::{Changed, Read};
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::reply::Written;
use application::inquiring::{Shown, put_on_record};
use application::profiles::{AttributesBody, ProfileShown, TagsBody};
use domain::customer::CustomerCommand;
use domain::ids::CustomerId;
use domain::inquiry::ReadForm;
use domain::problem::Problem;
use domain::stored_event::Position;
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/customers/{id}/attributes",
            "Set and clear what is known of one person (客户属性): all of it, or nothing where a value is wrong",
            set_attributes,
        )
        .needs(Permission::CustomersAssign, About::Customer)
        .takes::<AttributesBody>(),
        Endpoint::post(
            "/api/v1/customers/{id}/tags",
            "Give tags of one level to one person (客户标签), and take them away",
            tag,
        )
        .needs(Permission::CustomersAssign, About::Customer)
        .takes::<TagsBody>(),
        Endpoint::get(
            "/api/v1/customers/{id}/attributes",
            "What is known of one person, in clear, also what follows from calls: on record before it is shown",
            show,
        )
        .needs(Permission::CustomersReveal, About::Customer),
    ]
}

/// How much is known of the person from then on.
#[derive(Debug, Serialize, JsonSchema)]
struct ProfileChanged {
    id: CustomerId,
    /// Attributes that somebody or a list set.
    attributes_count: usize,
    tags_count: usize,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    position: Position,
}

async fn set_attributes(ctx: Ctx, input: Input) -> Result<Changed<ProfileChanged>, Problem> {
    let cause = input.cause(&ctx.installation, "customers/attributes")?;
    let (customer, _) = ctx.installation.customer_named(&input.param(0)?).await?;
    let body: AttributesBody = input.order().await?;
    ask(&ctx, customer, body.command(), cause).await
}

async fn tag(ctx: Ctx, input: Input) -> Result<Changed<ProfileChanged>, Problem> {
    let cause = input.cause(&ctx.installation, "customers/tags")?;
    let (customer, _) = ctx.installation.customer_named(&input.param(0)?).await?;
    let body: TagsBody = input.order().await?;
    ask(&ctx, customer, body.command(), cause).await
}

async fn ask(
    ctx: &Ctx,
    customer: CustomerId,
    command: CustomerCommand,
    cause: domain::stored_event::Cause,
) -> Result<Changed<ProfileChanged>, Problem> {
    let customers = &ctx.installation.entities.customers;
    let answer = customers.ask(&customer, command, cause).await?;
    let profile = answer.state.profile();
    Ok(Changed(Written {
        body: ProfileChanged {
            id: customer,
            attributes_count: profile.map_or(0, |profile| profile.values().len()),
            tags_count: profile.map_or(0, |profile| profile.tags().len()),
            position: answer.position,
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

async fn show(ctx: Ctx, input: Input) -> Result<Read<ProfileShown>, Problem> {
    let (customer, _) = ctx.installation.customer_named(&input.param(0)?).await?;
    let shown = ctx.installation.profile_of(&customer).await?;
    let what = Shown {
        customer: Some(customer),
        ..Shown::of(&["attributes", "tags"], ReadForm::Clear)
    };
    put_on_record(&ctx.installation, input.reader(), what).await?;
    Ok(Read(shown))
}
