//! Published flows: publishes, lists and shows versions, and rolls back to an earlier one.

use super::source::Source;
use crate::kit::api::post;
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use application::format_localized;
use application::language::localized;
use application::rehearsing::SHIPPED;
use domain::flow::{FlowDefinition, content_hash};
use domain::ids::{ApprovalId, FlowId};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Reason and approval of a change.
#[derive(Debug, clap::Args)]
pub(super) struct FlowChangeArgs {
    /// Reason, for the approver and the log; name no person
    #[arg(long)]
    reason: Option<String>,
    /// Id of the approval given by another person
    #[arg(long, value_name = "ID")]
    approval: Option<ApprovalId>,
}

pub(super) async fn publish(
    source: &Source<'_>,
    flow: &str,
    approvals: bool,
    reasoned: &FlowChangeArgs,
) -> Result<(), Failure> {
    let definition = source.value(flow).await?;
    let body = remove_nulls(
        json!({ "definition": definition, "approvals": approvals.then_some(true),
        "reason": reasoned.reason, "approval": reasoned.approval }),
    );
    let request = post("/api/v1/flows", &body);
    let reply = source.asking.reply(Arc::clone(&source.runtime), request).await?;
    tell_changed(
        source.asking,
        &reply,
        localized("已发布", "published"),
        localized("已是当前版本", "already current"),
    )
}

pub(super) async fn roll_back(
    runtime: Arc<Runtime>,
    asking: &RequestArgs,
    flow: &FlowId,
    to: Option<u32>,
    reasoned: &FlowChangeArgs,
) -> Result<(), Failure> {
    let path = format!("/api/v1/flows/{flow}/rollback");
    let body = remove_nulls(json!({ "to": to, "reason": reasoned.reason, "approval": reasoned.approval }));
    let reply = asking.reply(runtime, post(&path, &body)).await?;
    tell_changed(
        asking,
        &reply,
        localized("已回退", "rolled back"),
        localized("已是当前版本", "already current"),
    )
}

fn tell_changed(asking: &RequestArgs, reply: &Value, changed: &str, same: &str) -> Result<(), Failure> {
    if asking.wants_json() {
        return output::json(reply);
    }
    let word = |member: &str| reply.get(member).and_then(Value::as_str).unwrap_or_default();
    let is_changed = reply.get("changed").and_then(Value::as_bool) == Some(true);
    let state = if is_changed { changed } else { same };
    output::line(&format_localized!(
        "{state}：{} {}",
        "{state}: {} {}",
        word("named"),
        word("content_hash")
    ))
}

/// Lists the shipped flows; if a server or directory is named, also the published ones.
pub(super) async fn list(runtime: Arc<Runtime>, asking: &RequestArgs) -> Result<(), Failure> {
    let shipped = all_shipped()?;
    let published = match asking.names_installation() {
        true => Some(asking.whole(runtime, "/api/v1/flows").await?),
        false => None,
    };
    let items = published.as_ref().and_then(|list| list.get("items"));
    if asking.wants_json() {
        let mut listed = json!({ "flows": shipped });
        if let (Some(members), Some(items)) = (listed.as_object_mut(), items) {
            members.insert("published".to_owned(), items.clone());
        }
        return output::json(&listed);
    }
    for flow in &shipped {
        let word = |member: &str| flow.get(member).and_then(Value::as_str).unwrap_or_default();
        let nodes = flow.get("nodes").and_then(Value::as_u64).unwrap_or_default();
        output::line(&format_localized!(
            "{} {} {nodes} 个节点",
            "{} {} {nodes} nodes",
            word("name"),
            word("lang")
        ))?;
    }
    for flow in items.and_then(Value::as_array).into_iter().flatten() {
        let name = flow.get("flow").and_then(Value::as_str).unwrap_or_default();
        let number = |member: &str| flow.get(member).and_then(Value::as_u64).unwrap_or_default();
        let (current, versions) = (number("current_version"), number("versions"));
        output::line(&format_localized!(
            "{name}@{current} 已发布，{versions} 个版本",
            "{name}@{current} published, {versions} versions"
        ))?;
    }
    Ok(())
}

fn all_shipped() -> Result<Vec<Value>, Failure> {
    let mut flows = Vec::new();
    for (name, text) in SHIPPED {
        let refused = |fault: domain::flow::ReadFault| Failure::fault(format!("{name}: {fault}"));
        let flow = FlowDefinition::from_yaml(text).map_err(refused)?;
        flows.push(json!({
            "name": name, "flow": flow.flow, "lang": flow.lang, "nodes": flow.nodes.len(),
            "intents": flow.dialogue().intents.len(), "content_hash": content_hash(&flow.to_value()),
        }));
    }
    Ok(flows)
}

/// Prints a published version with the list of all versions; for a file, what would be published.
pub(super) async fn show(source: &Source<'_>, flow: &str) -> Result<(), Failure> {
    let is_published = flow.contains('@') || source.asking.names_installation();
    if is_published && !Path::new(flow).exists() {
        let mut shown = source.published(flow).await?;
        let name = shown.get("id").and_then(Value::as_str).unwrap_or_default();
        let path = format!("/api/v1/flows/{name}/versions");
        let versions = source.asking.whole(Arc::clone(&source.runtime), &path).await?;
        if let (Some(members), Some(items)) = (shown.as_object_mut(), versions.get("items")) {
            members.insert("versions".to_owned(), items.clone());
        }
        return output::pretty(&shown);
    }
    let definition = source.definition(flow).await?.to_value();
    let hash = content_hash(&definition);
    output::pretty(&json!({ "content_hash": hash, "definition": definition }))
}
