//! `ledgerline campaign preflight`: prints the forecast for a campaign's start, or makes a test call.

use crate::commands::test_call::{TestCallOptions, run_test_call};
use crate::kit::api::get;
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::request_args::RequestArgs;
use application::format_localized;
use application::language::localized;
use application::percent::encode;
use domain::ids::CampaignId;
use serde_json::Value;
use std::sync::Arc;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Id of the campaign (its task_id)
    id: CampaignId,
    /// Tariff in fen per minute, for the cost
    #[arg(long, value_name = "FEN")]
    per_minute_fen: Option<u32>,
    /// Call one of our own phones with the campaign's flow (试呼): this number, or the only one on the list
    /// (`settings test-phones`). A test call counts in no figure and is no call to a customer
    #[arg(long, value_name = "NUMBER", num_args = 0..=1)]
    test_call: Option<Option<String>>,
    /// With --test-call: value of a variable of the flow, NAME=VALUE; may be repeated
    #[arg(long, value_name = "NAME=VALUE", requires = "test_call")]
    variable: Vec<String>,
    #[command(flatten)]
    asking: RequestArgs,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    if let Some(phone) = &args.test_call {
        let tried = TestCallOptions {
            campaign: &args.id,
            phone: phone.as_deref(),
            variables: &args.variable,
        };
        return run_test_call(tried, &args.asking, runtime).await;
    }
    let tariff = args
        .per_minute_fen
        .map_or_else(String::new, |fen| format!("?per_minute_fen={fen}"));
    let path = format!("/api/v1/campaigns/{}/preflight{tariff}", encode(args.id.as_str()));
    match args.asking.ask(runtime, get(&path)).await? {
        Some(reply) => show(&reply),
        None => Ok(()),
    }
}

fn show(reply: &Value) -> Result<(), Failure> {
    let count = |of: &Value, member: &str| of.get(member).and_then(Value::as_u64).unwrap_or_default();
    let word = |pointer: &str| reply.pointer(pointer).and_then(Value::as_str).unwrap_or("–");
    output::line(&format_localized!(
        "名单客户 {}，规则判定时刻 {}",
        "customers {}, evaluated at {}",
        count(reply, "people"),
        word("/judged_at")
    ))?;
    let items = |member: &str| reply.get(member).and_then(Value::as_array);
    for step in items("funnel").into_iter().flatten() {
        let rule = step.get("rule").and_then(Value::as_str).unwrap_or("–");
        output::line(&format_localized!(
            "  {rule:<18} 不可呼 {:>7}  稍后 {:>7}  剩余 {:>7}",
            "  {rule:<18} never {:>7}  later {:>7}  left {:>7}",
            count(step, "never"),
            count(step, "later"),
            count(step, "left")
        ))?;
    }
    let found = ["blockers", "warnings"].into_iter().filter_map(items);
    for blocker in found.flatten() {
        let text = |member: &str| blocker.get(member).and_then(Value::as_str).unwrap_or("–");
        output::line(&format!("! {}", text(localized("zh", "en"))))?;
    }
    for model in items("models").into_iter().flatten() {
        let text = |member: &str| model.get(member).and_then(Value::as_str);
        if let Some(why) = text(localized("zh", "en")) {
            let of = [text("model"), text("tier")].into_iter().flatten();
            let named: Vec<&str> = of.collect();
            output::line(&format_localized!("! {}：{why}", "! {}: {why}", named.join(" ")))?;
        }
    }
    let unknown = reply.pointer("/ends/unknown").and_then(Value::as_array);
    let unknown: Vec<&str> = unknown.into_iter().flatten().filter_map(Value::as_str).collect();
    output::line(&format_localized!(
        "预计完成 {} – {}，依据 {} 通呼叫{}",
        "ends {} – {}, based on {} calls{}",
        word("/ends/earliest"),
        word("/ends/latest"),
        reply
            .pointer("/ends/evidence_calls")
            .and_then(Value::as_u64)
            .unwrap_or_default(),
        match unknown.is_empty() {
            true => String::new(),
            false => format_localized!("，无法得知：{}", ", unknown: {}", unknown.join(", ")),
        }
    ))?;
    let fen = |pointer: &str| reply.pointer(pointer).and_then(Value::as_u64);
    match fen("/cost/low_fen").zip(fen("/cost/high_fen")) {
        Some((low, high)) => output::line(&format_localized!(
            "预计费用 {low} – {high} 分",
            "cost {low} – {high} fen"
        )),
        None => Ok(()),
    }
}
