//! Rules of one person's own record, over HTTP: caps of calls to them (CMP-5), and when they prefer to be
//! called.

use crate::described::Changed;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::reply::Written;
use domain::call_caps::{CallCap, OWN_CAPS_MAX};
use domain::calling_plan::Preset;
use domain::customer::{CustomerCommand, CustomerState, ProfileOrigin};
use domain::ids::CustomerId;
use domain::preferred_times::{PREFERRED_TIMES_MAX, PreferredTime};
use domain::problem::Problem;
use domain::stored_event::{Cause, Position};
use intake::members::{Members, Order};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// Longest reason, and name of whoever orders it.
const TEXT_BYTES_MAX: usize = 256;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/customers/{id}/caps",
            "Cap the calls to this person over all campaigns; none where the list is empty, never looser than a preset",
            set_caps,
        )
        .needs(Permission::CustomersAssign, About::Customer)
        .takes::<CapsBody>(),
        Endpoint::post(
            "/api/v1/customers/{id}/preferred-times",
            "When this person prefers to be called (偏好时段), in their local time; any time where the list is empty",
            set_preferred,
        )
        .needs(Permission::CustomersAssign, About::Customer)
        .takes::<PreferredTimesBody>(),
    ]
}

/// How often a person is called at most.
#[derive(JsonSchema)]
struct CapsBody {
    #[schemars(length(max = OWN_CAPS_MAX))]
    caps: Option<Vec<CallCap>>,
    /// Stored for ever; nothing personal.
    #[schemars(length(min = 1, max = TEXT_BYTES_MAX), example = &"asked for fewer calls")]
    reason: String,
    /// Who orders it; whoever signed in is it.
    #[schemars(length(max = TEXT_BYTES_MAX), example = &"li")]
    by: Option<String>,
}

impl Order for CapsBody {
    fn read(body: &mut Members) -> Self {
        Self {
            caps: listed(body, "caps"),
            reason: body.needed_short_text("reason", TEXT_BYTES_MAX),
            by: body.short_text("by", TEXT_BYTES_MAX),
        }
    }
}

/// When a person prefers to be called.
#[derive(JsonSchema)]
struct PreferredTimesBody {
    #[schemars(length(max = PREFERRED_TIMES_MAX))]
    times: Option<Vec<PreferredTime>>,
}

impl Order for PreferredTimesBody {
    fn read(body: &mut Members) -> Self {
        Self {
            times: listed(body, "times"),
        }
    }
}

/// A list that must be there, be it empty: what is left out by mistake clears nothing.
fn listed<T: serde::de::DeserializeOwned>(body: &mut Members, name: &str) -> Option<Vec<T>> {
    if body.is_absent(name) {
        body.wrong(name, "is needed; an empty list clears");
    }
    body.value(name)
}

/// What stands in the person's record from then on.
#[derive(Debug, Serialize, JsonSchema)]
struct OwnRulesChanged {
    id: CustomerId,
    caps: Vec<CallCap>,
    preferred_times: Vec<PreferredTime>,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    position: Position,
}

async fn set_caps(ctx: Ctx, input: Input) -> Result<Changed<OwnRulesChanged>, Problem> {
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

async fn set_preferred(ctx: Ctx, input: Input) -> Result<Changed<OwnRulesChanged>, Problem> {
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

/// Presets of the campaigns that may still call the person.
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
) -> Result<Changed<OwnRulesChanged>, Problem> {
    let customers = &ctx.installation.entities.customers;
    let answer = customers.ask(&customer, command, cause).await?;
    Ok(Changed(Written {
        body: OwnRulesChanged {
            id: customer,
            caps: answer.state.own_caps().to_vec(),
            preferred_times: answer.state.preferred_times().to_vec(),
            position: answer.position,
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}
