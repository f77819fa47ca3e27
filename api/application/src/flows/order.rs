//! What is asked for of a flow's versions: a publication, and the way back.

use domain::approval::REASON_BYTES_MAX;
use domain::flow::FlowDefinition;
use domain::ids::{ApprovalId, FlowId};
use intake::members::{Members, Order};
use schemars::JsonSchema;
use serde_json::Value;

/// A flow to be published.
#[derive(Debug)]
pub struct FlowOrder {
    pub flow: FlowId,
    pub definition: Value,
    /// From this version on another person approves each.
    pub approvals: bool,
    pub reason: Option<String>,
    pub approval: Option<ApprovalId>,
}

/// As it is described: the id stands in the definition.
#[derive(JsonSchema)]
#[schemars(rename = "FlowOrder")]
#[expect(dead_code, reason = "its schema alone is used")]
struct Described {
    /// The flow, as its file has it (YAML is sent as JSON; short forms are written out).
    definition: FlowDefinition,
    /// From this version on another person approves each.
    approvals: Option<bool>,
    /// For whoever is to approve it; nothing personal.
    #[schemars(length(max = REASON_BYTES_MAX))]
    reason: Option<String>,
    /// The approval that another person gave.
    approval: Option<ApprovalId>,
}

impl JsonSchema for FlowOrder {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        Described::schema_name()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Described::json_schema(generator)
    }
}

impl Order for FlowOrder {
    fn read(body: &mut Members) -> Self {
        let definition = body.raw("definition").unwrap_or_default();
        let named = definition.get("flow").and_then(Value::as_str);
        let flow = match named.map(str::parse::<FlowId>) {
            Some(Ok(flow)) => flow,
            Some(Err(error)) => {
                body.wrong_at("/definition/flow", error);
                unnamed()
            }
            None => {
                body.wrong("definition", "is missing, or names no flow");
                unnamed()
            }
        };
        Self {
            flow,
            definition,
            approvals: body.value("approvals").unwrap_or_default(),
            reason: body.short_text("reason", REASON_BYTES_MAX),
            approval: body.parsed("approval"),
        }
    }
}

/// Stands where the order is refused.
fn unnamed() -> FlowId {
    "unnamed".parse().expect("a plain word is an id")
}
