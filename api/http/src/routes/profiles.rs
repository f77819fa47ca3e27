//! Routes of a customer's attributes and tags: set them for one customer or many, and show them in clear.

use crate::api_description::{ChangeReply, ReadReply};
use crate::comparison_gate::{count_own_ids, note_own_ids};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::reply::WriteResult;
use application::bulk_profiles::{
    BulkProfilesOptions, BulkProfilesReport, PROFILES_OF_REQUEST_MAX, ProfileRow, take_profiles,
};
use application::inquiries::{ReadContent, customer_page, put_on_record};
use application::profiles::{AttributesBody, ProfileResponse, TagsBody};
use domain::customer::CustomerCommand;
use domain::ids::CustomerId;
use domain::problem::Problem;
use domain::stored_event::Position;
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/customers/{id}/attributes",
            "Set a customer's attributes",
            set_attributes,
        )
        .describe("Sets and clears attributes (客户属性). If one value is invalid, nothing is changed.")
        .needs(Permission::CustomersAssign, EndpointSubject::Customer)
        .takes::<AttributesBody>(),
        Endpoint::post("/api/v1/customers/{id}/tags", "Set a customer's tags", tag)
            .describe("Adds and removes tags of one level (客户标签).")
            .needs(Permission::CustomersAssign, EndpointSubject::Customer)
            .takes::<TagsBody>(),
        Endpoint::post(
            "/api/v1/customers/attributes",
            "Set attributes and tags of many customers",
            set_of_many,
        )
        .describe(
            "Each row is applied completely or not at all. Invalid rows are listed and do not affect the \
             others.",
        )
        .needs(Permission::CustomersAssign, EndpointSubject::Everybody)
        .takes::<ProfilesRequest>(),
        Endpoint::get(
            "/api/v1/customers/{id}/attributes",
            "Get a customer's attributes and tags",
            show,
        )
        .describe("Returns them in clear, with the values derived from calls. The read is recorded.")
        .needs(Permission::CustomersReveal, EndpointSubject::Customer),
    ]
}

/// The body with attributes and tags of many customers. Each row is handled separately: a refused row does
/// not affect the others.
#[derive(ApiRequest, JsonSchema)]
struct ProfilesRequest {
    #[schemars(length(min = 1, max = PROFILES_OF_REQUEST_MAX))]
    #[member(read = customers)]
    customers: Vec<ProfileRow>,
    /// If true, nothing is stored: the reply shows what would be.
    dry_run: Option<bool>,
}

fn customers(body: &mut Members, name: &str) -> Vec<ProfileRow> {
    let customers: Vec<ProfileRow> = body.value(name).unwrap_or_default();
    if customers.is_empty() || customers.len() > PROFILES_OF_REQUEST_MAX {
        body.wrong(name, format!("has 1 to {PROFILES_OF_REQUEST_MAX} customers"));
    }
    customers
}

async fn set_of_many(ctx: Ctx, input: Input) -> Result<ChangeReply<BulkProfilesReport>, Problem> {
    let cause = input.cause(&ctx.installation, "customers/attributes/many")?;
    let comparer = input.comparer();
    let order: ProfilesRequest = input.order().await?;
    ctx.admit_guess(&comparer)?;
    let names: Vec<String> = order.customers.iter().map(|row| row.customer.clone()).collect();
    let own_ids = count_own_ids(&names);
    let dry_run = order.dry_run.unwrap_or(false);
    let taking = BulkProfilesOptions {
        dry_run,
        tells_unchanged: comparer.reveals_all(),
    };
    let taken = take_profiles(&ctx.installation, order.customers, taking, cause).await?;
    let missing = taken.refused.iter().filter(|row| row.columns.is_empty());
    let missing = missing.filter_map(|row| names.get(row.row));
    note_own_ids(&ctx, &comparer, own_ids, missing).await?;
    Ok(ChangeReply(WriteResult {
        version: None,
        position: Some(taken.position),
        body: taken,
    }))
}

/// How many attributes and tags the customer has after the change.
#[derive(Debug, Serialize, JsonSchema)]
struct ProfileChangeResponse {
    id: CustomerId,
    /// Attributes that a user or a list set.
    attributes_count: usize,
    tags_count: usize,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    position: Position,
}

async fn set_attributes(ctx: Ctx, input: Input) -> Result<ChangeReply<ProfileChangeResponse>, Problem> {
    let cause = input.cause(&ctx.installation, "customers/attributes")?;
    let (customer, _) = ctx.installation.customer_named(&input.param(0)?).await?;
    let body: AttributesBody = input.order().await?;
    ask(&ctx, customer, body.command(), cause).await
}

async fn tag(ctx: Ctx, input: Input) -> Result<ChangeReply<ProfileChangeResponse>, Problem> {
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
) -> Result<ChangeReply<ProfileChangeResponse>, Problem> {
    let customers = &ctx.installation.entities.customers;
    let answer = customers.ask(&customer, command, cause).await?;
    let profile = answer.state.profile();
    Ok(ChangeReply(WriteResult {
        body: ProfileChangeResponse {
            id: customer,
            attributes_count: profile.map_or(0, |profile| profile.values().len()),
            tags_count: profile.map_or(0, |profile| profile.tags().len()),
            position: answer.position,
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<ProfileResponse>, Problem> {
    let (customer, _) = ctx.installation.customer_named(&input.param(0)?).await?;
    let shown = ctx.installation.profile_of(&customer).await?;
    let what = ReadContent {
        customer: Some(customer),
        ..customer_page::ATTRIBUTES.shown()
    };
    let what = what.with_values(shown.attributes.len() + shown.tags.len());
    put_on_record(&ctx.installation, input.reader(), what).await?;
    Ok(ReadReply(shown))
}
