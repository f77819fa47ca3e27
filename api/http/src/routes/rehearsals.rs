//! Routes about published flows: rehearse one with simulated callers, and measure what recorded calls used of
//! it.

use crate::api_description::ReadReply;
use crate::background_jobs::run_in_background;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use application::flows::definition_of;
use application::parameter::Parameter;
use application::rehearsing::{Listener, RehearsalResponse, rehearse_while};
use domain::flow::FlowSelector;
use domain::ids::FlowId;
use domain::problem::Problem;
use evidence::replaying::{CoverageResponse, VariantsResponse, coverage, variants};
use intake::members::ApiRequest;
use schemars::JsonSchema;

/// Maximum simulated callers per request, about a second of one core; `ledgerline flow simulate` runs a
/// million.
const CALLERS_MAX: u32 = 2_000;

/// Simulated callers if the request sets no number.
const CALLERS_UNASKED: u32 = 200;

/// Query parameter: a version of the flow.
const VERSION: Parameter = Parameter::number("version", "A version of the flow; default: the current one", 1);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/flows/{id}/simulate",
            "Rehearse a published flow with simulated callers",
            simulate,
        )
        .describe(
            "Runs simulated callers in text and returns the figures. The same seed gives the same figures.",
        )
        .needs(Permission::RulesRead, EndpointSubject::Everybody)
        .takes::<RehearsalRequest>(),
        Endpoint::get(
            "/api/v1/flows/{id}/coverage",
            "Get the coverage of a flow",
            covered,
        )
        .describe(
            "Returns which nodes, edges, timeouts and intents of a published flow its recorded calls \
             reached, and how many questions were answered.",
        )
        .needs(Permission::FiguresRead, EndpointSubject::Everybody)
        .query(const { &[VERSION] }),
        Endpoint::get(
            "/api/v1/flows/{id}/variants",
            "Compare the wordings of a flow",
            varied,
        )
        .describe(
            "Returns which wording of a text has better results, by the figure and after the number of \
             calls that the flow names.",
        )
        .needs(Permission::FiguresRead, EndpointSubject::Everybody)
        .query(const { &[VERSION] }),
    ]
}

/// The body of a rehearsal.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "version": 1, "callers": 200, "seed": 7 }]))]
struct RehearsalRequest {
    /// Default: the current version.
    #[schemars(range(min = 1))]
    version: Option<u32>,
    /// Number of simulated callers; default 200.
    #[schemars(range(min = 1, max = CALLERS_MAX))]
    callers: Option<u32>,
    /// Seed of all random choices; default 1.
    seed: Option<u64>,
}

fn named(input: &Input, version: Option<u32>) -> Result<FlowSelector, Problem> {
    let flow: FlowId = input.id(0, "this flow")?;
    Ok(FlowSelector { flow, version })
}

async fn simulate(ctx: Ctx, input: Input) -> Result<ReadReply<RehearsalResponse>, Problem> {
    let flow: FlowId = input.id(0, "this flow")?;
    let RehearsalRequest {
        version,
        callers,
        seed,
    } = input.order().await?;
    let named = FlowSelector { flow, version };
    let (_, definition) = definition_of(&ctx.installation, &named).await?;
    let callers = u64::from(callers.unwrap_or(CALLERS_UNASKED));
    let seed = seed.unwrap_or(1);
    run_in_background(&ctx.installation, move |goes_on| {
        let lang = &definition.lang;
        let listener = Listener::shared(lang).map_err(|fault| Problem::fault(fault.to_string()))?;
        let found = rehearse_while(&definition, &listener, callers, seed, goes_on);
        Ok(found.map(|found| found.shown(&definition, seed)))
    })
    .await
}

async fn covered(ctx: Ctx, input: Input) -> Result<ReadReply<CoverageResponse>, Problem> {
    let named = named(&input, input.number(VERSION.name)?)?;
    coverage(&ctx.installation, &named).await.map(ReadReply)
}

async fn varied(ctx: Ctx, input: Input) -> Result<ReadReply<VariantsResponse>, Problem> {
    let named = named(&input, input.number(VERSION.name)?)?;
    variants(&ctx.installation, &named).await.map(ReadReply)
}
