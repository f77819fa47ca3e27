//! Finds the flow that an argument names: a file, a published version, or a flow that ships with the program.

use crate::kit::api::get;
use crate::kit::failure::Failure;
use crate::kit::request_args::RequestArgs;
use application::rehearsing::find_shipped_flow;
use domain::flow::{FLOW_FILE_BYTES_MAX, FlowDefinition, FlowSelector};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Reads flows; published ones from the API.
pub(crate) struct Source<'a> {
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) asking: &'a RequestArgs,
}

impl Source<'_> {
    /// Returns the flow of this name, parsed.
    pub(super) async fn definition(&self, flow: &str) -> Result<FlowDefinition, Failure> {
        let refused = |fault| Failure::refused(format!("{flow}: {fault}"));
        FlowDefinition::from_value(&self.value(flow).await?).map_err(refused)
    }

    /// Returns the flow of this name if it has no faults. A flow with faults cannot be published or
    /// rehearsed.
    pub(crate) async fn sound(&self, flow: &str) -> Result<Arc<FlowDefinition>, Failure> {
        let definition = self.definition(flow).await?;
        match definition.check().as_slice() {
            [] => Ok(Arc::new(definition)),
            [first, ..] => Err(Failure::refused(format!(
                "{flow}: {first}; `flow check` lists every fault"
            ))),
        }
    }

    /// Returns the flow of this name as written, unparsed. Order of search: file, published version, shipped
    /// flow.
    pub(super) async fn value(&self, flow: &str) -> Result<Value, Failure> {
        let path = Path::new(flow);
        if path.exists() {
            return yaml(flow, &read(path)?);
        }
        let is_version = flow.contains('@');
        if is_version || self.asking.names_installation() {
            match self.published(flow).await {
                Ok(shown) => return Ok(shown.get("definition").cloned().unwrap_or_default()),
                Err(failure) if is_version || find_shipped_flow(flow).is_none() => return Err(failure),
                Err(_) => {}
            }
        }
        match find_shipped_flow(flow) {
            Some(text) => yaml(flow, text),
            None => Err(Failure::refused(format!(
                "{flow}: there is no file and no shipped flow (`flow list`) of this name; for a published \
                 flow give NAME@V with --data or --server"
            ))),
        }
    }

    /// Returns a published version of a flow as the API shows it.
    pub(super) async fn published(&self, flow: &str) -> Result<Value, Failure> {
        let named: FlowSelector = flow
            .parse()
            .map_err(|error: domain::flow::InvalidFlowName| Failure::usage(error.to_string()))?;
        let mut path = format!("/api/v1/flows/{}", named.flow);
        if let Some(version) = named.version {
            path.push_str(&format!("?version={version}"));
        }
        self.asking.reply(Arc::clone(&self.runtime), get(&path)).await
    }
}

fn yaml(flow: &str, text: &str) -> Result<Value, Failure> {
    FlowDefinition::yaml_value(text).map_err(|fault| Failure::refused(format!("{flow}: {fault}")))
}

/// Reads a flow file. Refuses one that is too large.
pub(super) fn read(path: &Path) -> Result<String, Failure> {
    let unavailable = |error: std::io::Error| Failure::unavailable(format!("{}: {error}", path.display()));
    let bytes = std::fs::metadata(path).map_err(unavailable)?.len();
    if usize::try_from(bytes).map_or(true, |bytes| bytes > FLOW_FILE_BYTES_MAX) {
        return Err(Failure::refused(format!(
            "{}: too large for a flow",
            path.display()
        )));
    }
    std::fs::read_to_string(path).map_err(unavailable)
}
