//! Routes for writing flow files: list and read the flows that ship with the program; check, talk with and
//! rehearse a file before it is published. No file is stored.

use crate::api_description::ReadReply;
use crate::background_jobs::run_in_background;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use application::flows::{FlowChecked, check_flow_file, definition_of, parse_runnable_flow, source_of};
use application::rehearsing::{
    Listener, RehearsalResponse, SHIPPED, TYPED_CHARS_MAX, TYPED_TURNS_MAX, TYPED_VALUES_MAX,
    TypedConversation, TypedTurn, find_shipped_flow, rehearse_while, run_typed_conversation,
};
use domain::flow::{FLOW_FILE_BYTES_MAX, FlowDefinition, FlowSelector, is_variable_name};
use domain::problem::Problem;
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Maximum simulated callers per request; the same as for a published flow.
const CALLERS_MAX: u32 = 2_000;

/// Simulated callers if the request sets no number.
const CALLERS_UNASKED: u32 = 200;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/flow-files", "List shipped flows", list)
            .describe(
                "Returns the names of the flows that ship with the program, as starting points for new \
                 flows.",
            )
            .needs(Permission::RulesRead, EndpointSubject::Everybody),
        Endpoint::get("/api/v1/flow-files/{name}", "Get a shipped flow", show)
            .describe("Returns the YAML file with its comments.")
            .needs(Permission::RulesRead, EndpointSubject::Everybody),
        Endpoint::post("/api/v1/flow-files/check", "Check a flow file", check)
            .describe(
                "Returns faults, advice, the estimated speaking rhythm, the paths through the flow, its \
                 hash, and the differences from a published version. Nothing is stored.",
            )
            .needs(Permission::RulesRead, EndpointSubject::Everybody)
            .takes::<FlowFile>()
            .heavy(),
        Endpoint::post("/api/v1/flow-files/talk", "Talk with a flow file in text", talk)
            .describe(
                "Returns the conversation so far, replayed from the beginning with the given turns. No \
                 call is made.",
            )
            .needs(Permission::RulesRead, EndpointSubject::Everybody)
            .takes::<TypedDialogRequest>()
            .heavy(),
        Endpoint::post(
            "/api/v1/flow-files/simulate",
            "Rehearse a flow file with simulated callers",
            simulate,
        )
        .describe(
            "Runs simulated callers in text and returns the figures. The same seed gives the same figures.",
        )
        .needs(Permission::RulesRead, EndpointSubject::Everybody)
        .takes::<FlowFileRehearsal>()
        .heavy(),
    ]
}

/// A short flow for the API description.
const EXAMPLE: &str = "flow: greeting\nnotices: {recording: 本次通话将被录音。}\nstart: bye\non_exception: bye\nnodes:\n  \
    bye:\n    end: {text: 再见。, outcome: success}\n";

/// The flows that ship with the program, by name.
#[derive(Debug, Serialize, JsonSchema)]
struct FlowFiles {
    items: Vec<FlowFileListItem>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct FlowFileListItem {
    #[schemars(example = &"reminder")]
    name: &'static str,
}

#[derive(Debug, Serialize, JsonSchema)]
struct FlowFileResponse {
    #[schemars(example = &"reminder")]
    name: String,
    /// The YAML file as written, with comments.
    #[schemars(example = &EXAMPLE)]
    source: &'static str,
}

/// The body with a flow file to check.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "source": EXAMPLE, "against": "greeting@1" }]))]
struct FlowFile {
    /// The flow file: YAML or JSON.
    #[schemars(length(max = FLOW_FILE_BYTES_MAX))]
    #[member(read = source_of)]
    source: String,
    /// A published version, NAME or NAME@V, to compare with.
    #[schemars(with = "Option<String>")]
    #[member(parse)]
    against: Option<FlowSelector>,
}

/// The body of a typed conversation with a flow file.
#[derive(ApiRequest, JsonSchema)]
#[request(check = check_sizes)]
#[schemars(extend("examples" = [{ "source": EXAMPLE, "turns": [{ "say": "可以" }, { "key": "1" }, { "silence": {} }] }]))]
struct TypedDialogRequest {
    /// The flow file: YAML or JSON.
    #[schemars(length(max = FLOW_FILE_BYTES_MAX))]
    #[member(read = source_of)]
    source: String,
    /// What the callee did so far, from the beginning.
    #[schemars(length(max = TYPED_TURNS_MAX))]
    #[member(read = typed_turns)]
    turns: Vec<TypedTurn>,
    /// Values of variables, by name; missing ones are made up. They are test values, not customer data.
    values: Option<BTreeMap<String, String>>,
}

/// Reads the turns. A body without them is a conversation of which only the robot's opening is wanted.
fn typed_turns(body: &mut Members, name: &str) -> Vec<TypedTurn> {
    body.value(name).unwrap_or_default()
}

fn check_sizes(request: &TypedDialogRequest, body: &mut Members) {
    if request.turns.len() > TYPED_TURNS_MAX {
        body.wrong("turns", format!("has more than {TYPED_TURNS_MAX} turns"));
    }
    let long = |text: &str| text.chars().count() > TYPED_CHARS_MAX;
    if request
        .turns
        .iter()
        .any(|turn| matches!(turn, TypedTurn::Say(text) if long(text)))
    {
        body.wrong(
            "turns",
            format!("has a turn of more than {TYPED_CHARS_MAX} characters"),
        );
    }
    let values = request.values.iter().flatten();
    let is_wrong = |(name, value): (&String, &String)| !is_variable_name(name) || long(value);
    if values.clone().count() > TYPED_VALUES_MAX || values.clone().any(is_wrong) {
        body.wrong(
            "values",
            "has too many values, one that is too long, or a name that is none",
        );
    }
}

/// The body with a flow file to rehearse.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "source": EXAMPLE, "callers": 200, "seed": 7 }]))]
struct FlowFileRehearsal {
    /// The flow file: YAML or JSON.
    #[schemars(length(max = FLOW_FILE_BYTES_MAX))]
    #[member(read = source_of)]
    source: String,
    /// Number of simulated callers; default 200.
    #[schemars(range(min = 1, max = CALLERS_MAX))]
    callers: Option<u32>,
    /// Seed of all random choices; default 1.
    seed: Option<u64>,
}

async fn list(_: Ctx, _: Input) -> Result<ReadReply<FlowFiles>, Problem> {
    let items = SHIPPED.iter().map(|(name, _)| FlowFileListItem { name });
    Ok(ReadReply(FlowFiles {
        items: items.collect(),
    }))
}

async fn show(_: Ctx, input: Input) -> Result<ReadReply<FlowFileResponse>, Problem> {
    let name: String = input.id(0, "this flow")?;
    let source = find_shipped_flow(&name).ok_or_else(|| Problem::missing("this flow"))?;
    Ok(ReadReply(FlowFileResponse { name, source }))
}

async fn check(ctx: Ctx, input: Input) -> Result<ReadReply<FlowChecked>, Problem> {
    let body_work = input.work.clone();
    let FlowFile { source, against } = input.order().await?;
    let published = match &against {
        Some(named) => Some(definition_of(&ctx.installation, named).await?.1),
        None => None,
    };
    let work = move || check_flow_file(&source, published.as_deref());
    Ok(ReadReply(body_work.run(work).await?))
}

async fn talk(ctx: Ctx, input: Input) -> Result<ReadReply<TypedConversation>, Problem> {
    let body_work = input.work.clone();
    let TypedDialogRequest {
        source,
        turns,
        values,
    } = input.order().await?;
    let flow = body_work.run(move || parse_runnable_flow(&source)).await??;
    let now = ctx.installation.now();
    let values = values.unwrap_or_default();
    run_in_background(&ctx.installation, move |_| {
        let listener = listener(&flow)?;
        Ok(Some(run_typed_conversation(
            &flow, &listener, &values, &turns, now,
        )))
    })
    .await
}

async fn simulate(ctx: Ctx, input: Input) -> Result<ReadReply<RehearsalResponse>, Problem> {
    let body_work = input.work.clone();
    let FlowFileRehearsal {
        source,
        callers,
        seed,
    } = input.order().await?;
    let flow = body_work.run(move || parse_runnable_flow(&source)).await??;
    let callers = u64::from(callers.unwrap_or(CALLERS_UNASKED));
    let seed = seed.unwrap_or(1);
    run_in_background(&ctx.installation, move |goes_on| {
        let listener = listener(&flow)?;
        let found = rehearse_while(&flow, &listener, callers, seed, goes_on);
        Ok(found.map(|found| found.shown(&flow, seed)))
    })
    .await
}

fn listener(flow: &FlowDefinition) -> Result<Arc<Listener>, Problem> {
    Listener::shared(&flow.lang).map_err(|fault| Problem::fault(fault.to_string()))
}
