//! `ledgerline what-if`: evaluates recorded calls of a campaign with another flow version or model, or its
//! dials under another pacer, preset or retry policy.

use crate::commands::what_if_policies::{PolicyArgs, show as show_policies};
use crate::kit::api::post;
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use application::format_localized;
use application::percent::encode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::flow::FlowSelector;
use domain::ids::CampaignId;
use domain::model::ModelSelector;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// What-if (假设分析): a campaign's recorded calls with another published flow version or model: how many take
/// the same path, where others diverge, and how they would have ended
///
/// Or the campaign's dials under another pacer, preset or retry policy, with what the record cannot answer.
/// No call is made and no recognizer is used: the utterances are in the record.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    /// Campaign of the calls
    #[arg(long, value_name = "ID")]
    campaign: CampaignId,
    /// Another published version; default: the one that the campaign uses
    #[arg(long, value_name = "FLOW@V", required_unless_present_any = ["model", "pacing", "preset", "retry"],
        conflicts_with_all = ["pacing", "preset", "retry"])]
    flow: Option<FlowSelector>,
    /// Model of `ledgerline nlu train`, or a published one: the utterances are classified with it again
    #[arg(long, value_name = "FILE|NAME@V", conflicts_with_all = ["pacing", "preset", "retry"])]
    model: Option<String>,
    /// Also show example calls that could identify the callee; needs the permission to see personal data in
    /// clear. The reason is logged
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["pacing", "preset", "retry"])]
    reason: Option<String>,
    #[command(flatten)]
    policy: PolicyArgs,
    #[command(flatten)]
    asking: RequestArgs,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    if args.policy.is_asked() {
        let path = format!(
            "/api/v1/campaigns/{}/what-if/policies",
            encode(args.campaign.as_str())
        );
        let body = args.policy.body()?;
        return match args.asking.ask(runtime, post(&path, &body)).await? {
            Some(reply) => show_policies(&reply),
            None => Ok(()),
        };
    }
    let named = args.model.as_deref().filter(|model| is_named(model));
    let file = args.model.as_deref().filter(|model| !is_named(model));
    let model = file.map(|file| {
        let unavailable = |error: std::io::Error| Failure::unavailable(format!("{file}: {error}"));
        std::fs::read(file)
            .map(|bytes| STANDARD.encode(bytes))
            .map_err(unavailable)
    });
    let flow = args.flow.as_ref().map(ToString::to_string);
    let body = remove_nulls(
        json!({ "flow": flow, "model_base64": model.transpose()?, "model": named,
        "reason": args.reason }),
    );
    let path = format!("/api/v1/campaigns/{}/what-if", args.campaign);
    match args.asking.ask(runtime, post(&path, &body)).await? {
        Some(found) => show(&found),
        None => Ok(()),
    }
}

/// Returns true if the argument names a published model; an existing file takes precedence.
fn is_named(model: &str) -> bool {
    !Path::new(model).exists() && model.parse::<ModelSelector>().is_ok()
}

fn show(found: &Value) -> Result<(), Failure> {
    let number = |member: &str| found.get(member).and_then(Value::as_u64).unwrap_or_default();
    output::line(&format_localized!(
        "{} 通呼叫：相同 {}，话术不同 {}，分歧 {}，无对话 {}，未能重现 {}",
        "{} calls: same {}, other wording {}, diverged {}, silent {}, not reproduced {}",
        number("calls"),
        number("same"),
        number("worded"),
        number("parted"),
        number("silent"),
        number("unexplained")
    ))?;
    let partings = found.get("partings").and_then(Value::as_array);
    for one in partings.into_iter().flatten() {
        let word = |member: &str| one.get(member).and_then(Value::as_str).unwrap_or("–");
        let calls = one.get("calls").and_then(Value::as_u64).unwrap_or_default();
        let example = one.get("example").and_then(Value::as_str);
        let example = example.map_or(String::new(), |call| {
            format!("  (call replay {call} --against …)")
        });
        output::line(&format!(
            "{calls:>6}  {}: {} → {}{example}",
            word("node"),
            word("recorded"),
            word("other"),
        ))?;
    }
    let changed = found.pointer("/outcomes/changed").and_then(Value::as_object);
    for (change, count) in changed.into_iter().flatten() {
        output::line(&format_localized!(
            "{count:>6}  结果：{change}",
            "{count:>6}  outcome: {change}"
        ))?;
    }
    Ok(())
}
