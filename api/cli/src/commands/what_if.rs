//! `ledgerline what-if`: recorded calls of a campaign along another version of a flow, read by another model,
//! or under another pacer, preset or retry policy.

use crate::commands::what_if_policies::{PolicyArgs, show as show_policies};
use crate::kit::api::post;
use crate::kit::asking::{Asking, given};
use crate::kit::failure::Failure;
use crate::kit::output;
use application::percent::encode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::flow::FlowNamed;
use domain::ids::CampaignId;
use domain::model::ModelNamed;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// What if (假如): the recorded calls of a campaign, along another published version of a flow, or read by
/// another model: how many go the same way, where the others part, and how they would have ended. Or its
/// dials under another pacer, preset or retry policy, with what the record cannot say.
///
/// Nobody is called, and no recognizer is asked: what was heard is on record.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    /// The campaign whose calls they are
    #[arg(long, value_name = "ID")]
    campaign: CampaignId,
    /// Another published version; default: the one that the campaign runs
    #[arg(long, value_name = "FLOW@V", required_unless_present_any = ["model", "pacing", "preset", "retry"],
        conflicts_with_all = ["pacing", "preset", "retry"])]
    flow: Option<FlowNamed>,
    /// A model of `ledgerline nlu train`, or a published one: what was heard is read by it again
    #[arg(long, value_name = "FILE|NAME@V", conflicts_with_all = ["pacing", "preset", "retry"])]
    model: Option<String>,
    /// Tell examples also of calls whose ways tell of the callee: who may see persons in clear says why
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["pacing", "preset", "retry"])]
    reason: Option<String>,
    #[command(flatten)]
    policy: PolicyArgs,
    #[command(flatten)]
    asking: Asking,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    if args.policy.is_asked() {
        let path = format!(
            "/api/v1/campaigns/{}/what-if/policies",
            encode(args.campaign.as_str())
        );
        let body = args.policy.body()?;
        return match args.asking.ask(runtime, post(&path, &body)).await? {
            Some(told) => show_policies(&told),
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
    let body = given(
        json!({ "flow": flow, "model_base64": model.transpose()?, "model": named,
        "reason": args.reason }),
    );
    let path = format!("/api/v1/campaigns/{}/what-if", args.campaign);
    match args.asking.ask(runtime, post(&path, &body)).await? {
        Some(found) => show(&found),
        None => Ok(()),
    }
}

/// A file that is there is meant, whatever its name; else a published model.
fn is_named(model: &str) -> bool {
    !Path::new(model).exists() && model.parse::<ModelNamed>().is_ok()
}

fn show(found: &Value) -> Result<(), Failure> {
    let number = |member: &str| found.get(member).and_then(Value::as_u64).unwrap_or_default();
    output::line(&format!(
        "{} 通 calls: 相同 same {}, 话术不同 other words {}, 分歧 parted {}, 无对话 silent {}, 未能重现 unexplained {}",
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
        output::line(&format!("{count:>6}  结果 outcome: {change}"))?;
    }
    Ok(())
}
