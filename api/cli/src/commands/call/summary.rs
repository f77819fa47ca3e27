//! `ledgerline call summary`: shows the summary of an answered call.

use crate::kit::api::get;
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::reader::ReaderArgs;
use crate::kit::request_args::RequestArgs;
use application::format_localized;
use application::language::{Language, localized};
use domain::ids::CallId;
use serde_json::Value;
use std::sync::Arc;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Id of the call
    call: CallId,
    /// Show text and slots in clear; needs the permission and --reason
    #[arg(long, requires = "reason")]
    clear: bool,
    #[command(flatten)]
    reader: ReaderArgs,
    #[command(flatten)]
    asking: RequestArgs,
}

pub(super) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let path = format!("/api/v1/calls/{}/summary?clear={}", args.call, args.clear);
    let summary = args.asking.reply(runtime, get(&args.reader.put(&path))).await?;
    if args.asking.wants_json() {
        return output::json(&summary);
    }
    show(&summary)
}

fn text<'a>(of: &'a Value, pointer: &str) -> &'a str {
    of.pointer(pointer).and_then(Value::as_str).unwrap_or("-")
}

fn show(summary: &Value) -> Result<(), Failure> {
    output::line(text(summary, "/text"))?;
    show_course(summary)?;
    output::line(&format_localized!(
        "跟进       {} {}（{} {}）",
        "follow-up  {} {}  ({} {})",
        text(summary, "/follow_up/action"),
        text(summary, localized("/follow_up/action_zh", "/follow_up/action_en")),
        text(summary, "/follow_up/reason"),
        text(summary, localized("/follow_up/reason_zh", "/follow_up/reason_en"))
    ))?;
    if let Some(state) = summary.pointer("/wording/state").and_then(Value::as_str) {
        let words = match state {
            "failed" => "/wording/failure",
            _ => "/wording/text",
        };
        output::line(&format_localized!(
            "模型撰写   {}（{}，{state}）",
            "model      {}  ({}, {state})",
            text(summary, words),
            text(summary, "/wording/model")
        ))?;
        if state == "worded" {
            output::line(&format!("           {}", text(summary, "/wording/follow_up")))?;
        }
    }
    output::line(&format_localized!(
        "结束时间   {}，小结写于 {}",
        "ended      {}, written {}",
        text(summary, "/ended_at"),
        text(summary, "/recorded_at")
    ))
}

/// Prints outcome, intent, interest, slots and tags.
fn show_course(summary: &Value) -> Result<(), Failure> {
    output::line(&match Language::current() {
        Language::Zh => format!(
            "结果       {} {}",
            text(summary, "/disposition"),
            text(summary, "/outcome_zh")
        ),
        Language::En => format!(
            "outcome    {} {}",
            text(summary, "/disposition"),
            text(summary, "/outcome")
        ),
    })?;
    output::line(&format_localized!(
        "意图       {}（{}）",
        "intent     {}  ({})",
        text(summary, "/intent"),
        text(summary, "/intent_rule")
    ))?;
    output::line(&format_localized!(
        "意向       {}（{}）",
        "interest   {}  ({})",
        text(summary, localized("/interest/level_zh", "/interest/level")),
        text(summary, localized("/interest/rule_zh", "/interest/rule"))
    ))?;
    let slots = summary.get("slots").and_then(Value::as_object);
    for (name, value) in slots.into_iter().flatten() {
        output::line(&format_localized!(
            "要素       {name}：{}",
            "slot       {name}: {}",
            value.as_str().unwrap_or("-")
        ))?;
    }
    let tags = summary.pointer("/flow_tags").and_then(Value::as_array);
    for tag in tags.into_iter().flatten() {
        let tag = tag.as_str().unwrap_or("-");
        output::line(&format_localized!("标签       {tag}", "tag        {tag}"))?;
    }
    Ok(())
}
