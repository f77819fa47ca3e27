//! `ledgerline flow coverage`: shows which parts of a flow its recorded calls reached.

use crate::kit::api::get;
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::request_args::RequestArgs;
use application::format_localized;
use application::language::Language;
use domain::flow::FlowSelector;
use serde_json::Value;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// The parts counted: member of the reply, and label.
const COUNTED: [(&str, (&str, &str)); 4] = [
    ("nodes", ("节点", "nodes")),
    ("edges", ("路径", "edges")),
    ("timeouts", ("超时", "time-outs")),
    ("global_intents", ("全局意图", "global intents")),
];

pub(super) async fn run(
    runtime: Arc<Runtime>,
    asking: &RequestArgs,
    flow: &FlowSelector,
) -> Result<(), Failure> {
    let version = flow
        .version
        .map_or_else(String::new, |version| format!("?version={version}"));
    let path = format!("/api/v1/flows/{}/coverage{version}", flow.flow);
    let Some(found) = asking.ask(runtime, get(&path)).await? else {
        return Ok(());
    };
    let number = |pointer: &str| found.pointer(pointer).and_then(Value::as_u64).unwrap_or_default();
    let name = found.get("flow").and_then(Value::as_str).unwrap_or_default();
    output::line(&format_localized!(
        "{name}：{} 通，{} 通有对话",
        "{name}: {} calls, {} with a conversation",
        number("/calls"),
        number("/talked")
    ))?;
    for (member, label) in COUNTED {
        let (seen, all) = (
            number(&format!("/{member}/seen")),
            number(&format!("/{member}/all")),
        );
        let label = Language::current().pick(label);
        output::line(&format_localized!(
            "{label}：{seen} / {all}",
            "{label}: {seen} / {all}"
        ))?;
        let missed = found
            .pointer(&format!("/{member}/missed"))
            .and_then(Value::as_array);
        for one in missed.into_iter().flatten().filter_map(Value::as_str) {
            output::line(&format_localized!("  未经过：{one}", "  not reached: {one}"))?;
        }
    }
    let (asked, answered) = (number("/questions/asked"), number("/questions/answered"));
    output::line(&format_localized!(
        "常见问题：已答 {answered} / {asked}",
        "questions: {answered} / {asked} answered"
    ))?;
    let unanswered = found.pointer("/questions/unanswered").and_then(Value::as_object);
    for (intent, count) in unanswered.into_iter().flatten() {
        output::line(&format_localized!(
            "  未答：{intent} {count}",
            "  not answered: {intent} {count}"
        ))?;
    }
    Ok(())
}
