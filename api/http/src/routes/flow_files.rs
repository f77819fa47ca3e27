//! Flow files that are being written: those that ship with the program, to begin with; and a file of
//! anybody's, checked, typed with and rehearsed before it is published. Nothing of a file is kept.

use crate::apart::apart;
use crate::described::Read;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use application::flows::{FlowChecked, checked, definition_of, sound, source_of};
use application::rehearsing::{
    Listener, RehearsalShown, SHIPPED, TYPED_CHARS_MAX, TYPED_TURNS_MAX, TYPED_VALUES_MAX, TypedTalk,
    TypedTurn, rehearse_while, shipped, typed,
};
use domain::flow::{FLOW_FILE_BYTES_MAX, FlowDefinition, FlowNamed, is_variable_name};
use domain::problem::Problem;
use intake::members::{Members, Order};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most callers of one request, as of a published flow.
const CALLERS_MAX: u32 = 2_000;

/// Callers unless asked otherwise.
const CALLERS_UNASKED: u32 = 200;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/flow-files",
            "The flows that ship with the program, by name: to begin one's own with",
            list,
        )
        .needs(Permission::RulesRead, About::Everybody),
        Endpoint::get(
            "/api/v1/flow-files/{name}",
            "The file of a flow that ships with the program, with its comments",
            show,
        )
        .needs(Permission::RulesRead, About::Everybody),
        Endpoint::post(
            "/api/v1/flow-files/check",
            "Check a flow file: faults, advice, rhythm, ways, its hash, what differs; nothing is kept of it",
            check,
        )
        .needs(Permission::RulesRead, About::Everybody)
        .takes::<FlowFile>()
        .heavy(),
        Endpoint::post(
            "/api/v1/flow-files/talk",
            "Talk with a flow file in text, turn by turn from the beginning; nobody is called",
            talk,
        )
        .needs(Permission::RulesRead, About::Everybody)
        .takes::<FlowTalk>()
        .heavy(),
        Endpoint::post(
            "/api/v1/flow-files/simulate",
            "Rehearse a flow file in text with seeded callers; the same seed gives the same figures",
            simulate,
        )
        .needs(Permission::RulesRead, About::Everybody)
        .takes::<FlowFileRehearsal>()
        .heavy(),
    ]
}

/// A short flow, for descriptions.
const EXAMPLE: &str = "flow: greeting\nnotices: {recording: 本次通话将被录音。}\nstart: bye\non_exception: bye\nnodes:\n  \
    bye:\n    end: {text: 再见。, outcome: success}\n";

/// Flows that ship, by name.
#[derive(Debug, Serialize, JsonSchema)]
struct FlowFiles {
    items: Vec<FlowFileListed>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct FlowFileListed {
    #[schemars(example = &"reminder")]
    name: &'static str,
}

#[derive(Debug, Serialize, JsonSchema)]
struct FlowFileShown {
    #[schemars(example = &"reminder")]
    name: String,
    /// YAML, as it was written.
    #[schemars(example = &EXAMPLE)]
    source: &'static str,
}

/// A file to be checked.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "source": EXAMPLE, "against": "greeting@1" }]))]
struct FlowFile {
    /// YAML, or JSON, as it is written.
    #[schemars(length(max = FLOW_FILE_BYTES_MAX))]
    source: String,
    /// A published version, NAME or NAME@V: what differs from it.
    #[schemars(with = "Option<String>")]
    against: Option<FlowNamed>,
}

impl Order for FlowFile {
    fn read(body: &mut Members) -> Self {
        Self {
            source: source_of(body),
            against: body.parsed("against"),
        }
    }
}

/// A conversation that is typed.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "source": EXAMPLE, "turns": [{ "say": "可以" }, { "key": "1" }, { "silence": {} }] }]))]
struct FlowTalk {
    /// YAML, or JSON, as it is written.
    #[schemars(length(max = FLOW_FILE_BYTES_MAX))]
    source: String,
    /// What the callee did so far, from the beginning.
    #[schemars(length(max = TYPED_TURNS_MAX))]
    turns: Vec<TypedTurn>,
    /// For variables, by name; what has none is made up. Nobody's data.
    values: Option<BTreeMap<String, String>>,
}

impl Order for FlowTalk {
    fn read(body: &mut Members) -> Self {
        let order = Self {
            source: source_of(body),
            turns: body.value("turns").unwrap_or_default(),
            values: body.value("values"),
        };
        if order.turns.len() > TYPED_TURNS_MAX {
            body.wrong("turns", format!("has more than {TYPED_TURNS_MAX} turns"));
        }
        let long = |text: &str| text.chars().count() > TYPED_CHARS_MAX;
        if order
            .turns
            .iter()
            .any(|turn| matches!(turn, TypedTurn::Say(text) if long(text)))
        {
            body.wrong(
                "turns",
                format!("has a turn of more than {TYPED_CHARS_MAX} characters"),
            );
        }
        let values = order.values.iter().flatten();
        let is_wrong = |(name, value): (&String, &String)| !is_variable_name(name) || long(value);
        if values.clone().count() > TYPED_VALUES_MAX || values.clone().any(is_wrong) {
            body.wrong(
                "values",
                "has too many values, one that is too long, or a name that is none",
            );
        }
        order
    }
}

/// A file to be rehearsed.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "source": EXAMPLE, "callers": 200, "seed": 7 }]))]
struct FlowFileRehearsal {
    /// YAML, or JSON, as it is written.
    #[schemars(length(max = FLOW_FILE_BYTES_MAX))]
    source: String,
    /// Default: 200.
    #[schemars(range(min = 1, max = CALLERS_MAX))]
    callers: Option<u32>,
    /// Decides everything; default: 1.
    seed: Option<u64>,
}

impl Order for FlowFileRehearsal {
    fn read(body: &mut Members) -> Self {
        Self {
            source: source_of(body),
            callers: body.count("callers", 1, CALLERS_MAX),
            seed: body.value("seed"),
        }
    }
}

async fn list(_: Ctx, _: Input) -> Result<Read<FlowFiles>, Problem> {
    let items = SHIPPED.iter().map(|(name, _)| FlowFileListed { name });
    Ok(Read(FlowFiles {
        items: items.collect(),
    }))
}

async fn show(_: Ctx, input: Input) -> Result<Read<FlowFileShown>, Problem> {
    let name: String = input.id(0, "this flow")?;
    let source = shipped(&name).ok_or_else(|| Problem::missing("this flow"))?;
    Ok(Read(FlowFileShown { name, source }))
}

async fn check(ctx: Ctx, input: Input) -> Result<Read<FlowChecked>, Problem> {
    let body_work = input.work.clone();
    let FlowFile { source, against } = input.order().await?;
    let published = match &against {
        Some(named) => Some(definition_of(&ctx.installation, named).await?.1),
        None => None,
    };
    let work = move || checked(&source, published.as_deref());
    Ok(Read(body_work.run(work).await?))
}

async fn talk(ctx: Ctx, input: Input) -> Result<Read<TypedTalk>, Problem> {
    let body_work = input.work.clone();
    let FlowTalk {
        source,
        turns,
        values,
    } = input.order().await?;
    let flow = body_work.run(move || sound(&source)).await??;
    let now = ctx.installation.now();
    let values = values.unwrap_or_default();
    apart(&ctx.installation, move |_| {
        let listener = listener(&flow)?;
        Ok(Some(typed(&flow, &listener, &values, &turns, now)))
    })
    .await
}

async fn simulate(ctx: Ctx, input: Input) -> Result<Read<RehearsalShown>, Problem> {
    let body_work = input.work.clone();
    let FlowFileRehearsal {
        source,
        callers,
        seed,
    } = input.order().await?;
    let flow = body_work.run(move || sound(&source)).await??;
    let callers = u64::from(callers.unwrap_or(CALLERS_UNASKED));
    let seed = seed.unwrap_or(1);
    apart(&ctx.installation, move |goes_on| {
        let listener = listener(&flow)?;
        let found = rehearse_while(&flow, &listener, callers, seed, goes_on);
        Ok(found.map(|found| found.shown(&flow, seed)))
    })
    .await
}

fn listener(flow: &FlowDefinition) -> Result<Arc<Listener>, Problem> {
    Listener::shared(&flow.lang).map_err(|fault| Problem::fault(fault.to_string()))
}
