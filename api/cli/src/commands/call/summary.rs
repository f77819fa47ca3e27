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
    let told = args.asking.reply(runtime, get(&args.reader.put(&path))).await?;
    if args.asking.wants_json() {
        return output::json(&told);
    }
    show(&told)
}

fn text<'a>(of: &'a Value, pointer: &str) -> &'a str {
    of.pointer(pointer).and_then(Value::as_str).unwrap_or("-")
}

fn show(told: &Value) -> Result<(), Failure> {
    output::line(text(told, "/text"))?;
    show_course(told)?;
    output::line(&format_localized!(
        "跟进       {} {}（{} {}）",
        "follow-up  {} {}  ({} {})",
        text(told, "/follow_up/action"),
        text(told, localized("/follow_up/action_zh", "/follow_up/action_en")),
        text(told, "/follow_up/reason"),
        text(told, localized("/follow_up/reason_zh", "/follow_up/reason_en"))
    ))?;
    if let Some(state) = told.pointer("/wording/state").and_then(Value::as_str) {
        let words = match state {
            "failed" => "/wording/failure",
            _ => "/wording/text",
        };
        output::line(&format_localized!(
            "模型撰写   {}（{}，{state}）",
            "model      {}  ({}, {state})",
            text(told, words),
            text(told, "/wording/model")
        ))?;
        if state == "worded" {
            output::line(&format!("           {}", text(told, "/wording/follow_up")))?;
        }
    }
    output::line(&format_localized!(
        "结束时间   {}，小结写于 {}",
        "ended      {}, written {}",
        text(told, "/ended_at"),
        text(told, "/recorded_at")
    ))
}

/// Prints outcome, intent, interest, slots and tags.
fn show_course(told: &Value) -> Result<(), Failure> {
    output::line(&match Language::current() {
        Language::Zh => format!(
            "结果       {} {}",
            text(told, "/disposition"),
            text(told, "/outcome_zh")
        ),
        Language::En => format!(
            "outcome    {} {}",
            text(told, "/disposition"),
            text(told, "/outcome")
        ),
    })?;
    output::line(&format_localized!(
        "意图       {}（{}）",
        "intent     {}  ({})",
        text(told, "/intent"),
        text(told, "/intent_rule")
    ))?;
    output::line(&format_localized!(
        "意向       {}（{}）",
        "interest   {}  ({})",
        text(told, localized("/interest/level_zh", "/interest/level")),
        text(told, localized("/interest/rule_zh", "/interest/rule"))
    ))?;
    let slots = told.get("slots").and_then(Value::as_object);
    for (name, value) in slots.into_iter().flatten() {
        output::line(&format_localized!(
            "要素       {name}：{}",
            "slot       {name}: {}",
            value.as_str().unwrap_or("-")
        ))?;
    }
    let tags = told.pointer("/flow_tags").and_then(Value::as_array);
    for tag in tags.into_iter().flatten() {
        let tag = tag.as_str().unwrap_or("-");
        output::line(&format_localized!("标签       {tag}", "tag        {tag}"))?;
    }
    Ok(())
}
