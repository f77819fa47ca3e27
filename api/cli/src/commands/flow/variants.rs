//! `ledgerline flow variants`: compares the wordings of each text, by the metric that the flow states.

use crate::kit::api::get;
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::request_args::RequestArgs;
use application::format_localized;
use application::language::localized;
use domain::flow::FlowSelector;
use serde_json::Value;
use std::sync::Arc;
use tokio::runtime::Runtime;

pub(super) async fn run(
    runtime: Arc<Runtime>,
    asking: &RequestArgs,
    flow: &FlowSelector,
) -> Result<(), Failure> {
    let version = flow
        .version
        .map_or_else(String::new, |version| format!("?version={version}"));
    let path = format!("/api/v1/flows/{}/variants{version}", flow.flow);
    let Some(found) = asking.ask(runtime, get(&path)).await? else {
        return Ok(());
    };
    let name = found.get("flow").and_then(Value::as_str).unwrap_or_default();
    let texts = found.get("texts").and_then(Value::as_array);
    if texts.is_none_or(Vec::is_empty) {
        return output::line(&format_localized!(
            "{name}：没有多版本话术",
            "{name}: no text has several wordings"
        ));
    }
    for figures in texts.into_iter().flatten() {
        show(name, figures)?;
    }
    Ok(())
}

fn show(name: &str, figures: &Value) -> Result<(), Failure> {
    let text = |member: &str| figures.get(member).and_then(Value::as_str).unwrap_or_default();
    let number = |of: &Value, member: &str| of.get(member).and_then(Value::as_u64).unwrap_or_default();
    let verdict = match text("verdict") {
        "better" => format_localized!("更好：{}", "better: {}", text("winner")),
        "no_difference" => localized("无差别", "no difference").to_owned(),
        _ => localized("未决", "undecided").to_owned(),
    };
    output::line(&format_localized!(
        "{name} {}：{}，{} / {} 通；{verdict}",
        "{name} {}: {}, {} / {} calls; {verdict}",
        text("node"),
        text("metric"),
        number(figures, "calls"),
        number(figures, "stop_after_calls")
    ))?;
    for arm in figures
        .get("arms")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let share = |member: &str| arm.get(member).and_then(Value::as_f64);
        let bounds = match (share("ratio"), share("low"), share("high")) {
            (Some(ratio), Some(low), Some(high)) => {
                format!(
                    "{:.1} % ({:.1} – {:.1})",
                    ratio * 100.0,
                    low * 100.0,
                    high * 100.0
                )
            }
            _ => "-".to_owned(),
        };
        output::line(&format!(
            "  {}: {} / {}  {bounds}  {}",
            arm.get("arm").and_then(Value::as_str).unwrap_or_default(),
            number(arm, "hits"),
            number(arm, "calls"),
            arm.get("text").and_then(Value::as_str).unwrap_or_default()
        ))?;
    }
    Ok(())
}
