//! Routes for a customer's own rules: caps on the number of calls (CMP-5), and preferred times.

use crate::api_description::ChangeReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::reply::WriteResult;
use domain::call_caps::{CallCap, OWN_CAPS_MAX};
use domain::calling_plan::Preset;
use domain::customer::{CustomerCommand, CustomerState, ProfileOrigin};
use domain::ids::CustomerId;
use domain::preferred_times::{PREFERRED_TIMES_MAX, PreferredTime};
use domain::problem::Problem;
use domain::stored_event::{Cause, Position};
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// Maximum length of a reason and of `by`, in bytes.
const TEXT_BYTES_MAX: usize = 256;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/customers/{id}/caps",
            "Set a customer's own caps",
            set_caps,
        )
        .describe(
            "Limits the calls to this customer over all campaigns. Caps looser than the campaign's preset \
             are refused. An empty list removes them.",
        )
        .needs(Permission::CustomersAssign, EndpointSubject::Customer)
        .takes::<CapsBody>(),
        Endpoint::post(
            "/api/v1/customers/{id}/preferred-times",
            "Set a customer's preferred times",
            set_preferred,
        )
        .describe(
            "Sets when this customer prefers to be called (偏好时段), in the customer's local time. An empty \
             list allows any time.",
        )
        .needs(Permission::CustomersAssign, EndpointSubject::Customer)
        .takes::<PreferredTimesBody>(),
    ]
}

/// The body that sets a customer's own caps on calls. An empty list removes them.
#[derive(ApiRequest, JsonSchema)]
struct CapsBody {
    #[schemars(length(max = OWN_CAPS_MAX))]
    #[member(read = listed)]
    caps: Option<Vec<CallCap>>,
    /// Stored permanently; must not contain personal data.
    #[schemars(length(min = 1, max = TEXT_BYTES_MAX), example = &"asked for fewer calls")]
    reason: String,
    /// The user who sets them. Only used with the directory's own key; a user acts under their own name.
    #[schemars(length(max = TEXT_BYTES_MAX), example = &"li")]
    by: Option<String>,
}

/// The body that sets a customer's preferred times for calls. An empty list removes them.
#[derive(ApiRequest, JsonSchema)]
struct PreferredTimesBody {
    #[schemars(length(max = PREFERRED_TIMES_MAX))]
    #[member(read = listed)]
    times: Option<Vec<PreferredTime>>,
}

/// Reads a list that must be present, even if empty, so that a forgotten member clears nothing.
fn listed<T: serde::de::DeserializeOwned>(body: &mut Members, name: &str) -> Option<Vec<T>> {
    if body.is_absent(name) {
        body.wrong(name, "is needed; an empty list clears");
    }
    body.value(name)
}

/// The customer's own rules after the change.
#[derive(Debug, Serialize, JsonSchema)]
struct OwnRulesChangeResponse {
    id: CustomerId,
    caps: Vec<CallCap>,
    preferred_times: Vec<PreferredTime>,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    position: Position,
}

async fn set_caps(ctx: Ctx, input: Input) -> Result<ChangeReply<OwnRulesChangeResponse>, Problem> {
    let cause = input.cause(&ctx.installation, "customers/caps")?;
    let (named, signed_in) = (input.param(0)?, input.by());
    let body: CapsBody = input.order().await?;
    let (customer, state) = ctx.installation.customer_named(&named).await?;
    let command = CustomerCommand::SetCaps {
        caps: body.caps.unwrap_or_default(),
        presets: presets_of(&ctx, &state).await?,
        reason: body.reason,
        by: signed_in.or(body.by),
    };
    ask(&ctx, customer, command, cause).await
}

async fn set_preferred(ctx: Ctx, input: Input) -> Result<ChangeReply<OwnRulesChangeResponse>, Problem> {
    let cause = input.cause(&ctx.installation, "customers/preferred-times")?;
    let named = input.param(0)?;
    let body: PreferredTimesBody = input.order().await?;
    let (customer, _) = ctx.installation.customer_named(&named).await?;
    let command = CustomerCommand::SetPreferredTimes {
        times: body.times.unwrap_or_default(),
        origin: ProfileOrigin::Person,
    };
    ask(&ctx, customer, command, cause).await
}

/// Returns the presets of the campaigns that may still call the customer.
async fn presets_of(ctx: &Ctx, state: &CustomerState) -> Result<Vec<Preset>, Problem> {
    let open = state.enrolments().iter();
    let open = open.filter(|(_, enrolment)| enrolment.settled.is_none());
    let mut presets = BTreeSet::new();
    for (campaign, _) in open {
        let loaded = ctx.installation.entities.campaigns.state(campaign).await?;
        presets.extend(loaded.state.plan().into_iter().flat_map(|plan| plan.presets()));
    }
    Ok(presets.into_iter().collect())
}

async fn ask(
    ctx: &Ctx,
    customer: CustomerId,
    command: CustomerCommand,
    cause: Cause,
) -> Result<ChangeReply<OwnRulesChangeResponse>, Problem> {
    let customers = &ctx.installation.entities.customers;
    let answer = customers.ask(&customer, command, cause).await?;
    Ok(ChangeReply(WriteResult {
        body: OwnRulesChangeResponse {
            id: customer,
            caps: answer.state.own_caps().to_vec(),
            preferred_times: answer.state.preferred_times().to_vec(),
            position: answer.position,
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}
