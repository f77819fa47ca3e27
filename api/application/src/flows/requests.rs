//! Requests about flow versions: publication and rollback.

use domain::approval::REASON_BYTES_MAX;
use domain::flow::FlowDefinition;
use domain::ids::{ApprovalId, FlowId};
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;
use serde_json::Value;

/// A request to publish a flow.
#[derive(Debug)]
pub struct FlowRequest {
    pub flow: FlowId,
    pub definition: Value,
    /// From this version on, each version needs the approval of another user.
    pub approvals: bool,
    pub reason: Option<String>,
    pub approval: Option<ApprovalId>,
}

/// The request body as it is described; the flow's id is part of the definition.
#[derive(JsonSchema)]
#[schemars(rename = "FlowRequest")]
#[expect(dead_code, reason = "its schema alone is used")]
struct FlowRequestBody {
    /// The flow as in its file (YAML is sent as JSON; short forms are expanded).
    definition: FlowDefinition,
    /// From this version on, each version needs the approval of another user.
    approvals: Option<bool>,
    /// Reason for the approver. It must contain no personal data.
    #[schemars(length(max = REASON_BYTES_MAX))]
    reason: Option<String>,
    /// The approval of another user.
    approval: Option<ApprovalId>,
}

impl JsonSchema for FlowRequest {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        FlowRequestBody::schema_name()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        FlowRequestBody::json_schema(generator)
    }
}

impl ApiRequest for FlowRequest {
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

/// Returns a placeholder id for a request that is refused.
fn unnamed() -> FlowId {
    "unnamed".parse().expect("a plain word is an id")
}
