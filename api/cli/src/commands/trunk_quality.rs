//! `ledgerline trunk quality`: prints the quality of trunks by day.

use crate::commands::targets::{with, with_percents};
use crate::kit::api::get;
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::request_args::RequestArgs;
use crate::kit::table::{items, member_lines};
use application::language::localized;
use application::percent::encode;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Args)]
pub(super) struct QualityArgs {
    /// First day or instant, for example 2026-11-20T00:00:00+08:00; default: a week ago
    #[arg(long, value_name = "INSTANT")]
    from: Option<String>,
    /// Only before this instant; default: now
    #[arg(long, value_name = "INSTANT")]
    to: Option<String>,
    #[command(flatten)]
    asking: RequestArgs,
}

/// Prints the quality of trunks by day.
pub(super) async fn quality(args: QualityArgs, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let given = [("from", args.from), ("to", args.to)];
    let query: Vec<String> = given
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", encode(&value?))))
        .collect();
    let path = format!("/api/v1/trunks/quality?{}", query.join("&"));
    let Some(reply) = args.asking.ask(runtime, get(&path)).await? else {
        return Ok(());
    };
    if items(&reply, "days").is_empty() {
        return output::line(localized("这段时间没有呼叫", "no calls in this period"));
    }
    quality_lines(&reply)
        .iter()
        .try_for_each(|line| output::line(line))
}

/// Returns the table of trunks by day.
pub(super) fn quality_lines(reply: &Value) -> Vec<String> {
    let columns = [
        (localized("线路", "trunk"), "/trunk"),
        (localized("日", "day"), "/day"),
        (localized("话路", "legs"), "/legs"),
        (localized("振铃", "rang"), "/rang"),
        (localized("接通", "answered"), "/answered"),
        (
            localized(
                "接通率（按话路，含应答机）",
                "answer rate (per leg, with machines)",
            ),
            "/answer_ratio_per_leg",
        ),
        (localized("仅真人", "people only"), "/answer_ratio_per_leg_people"),
        (localized("线路失败", "failed"), "/failed_trunk"),
        (localized("失败率", "rate"), "/failure_ratio_per_leg"),
        (localized("接续时延 ms", "PDD ms"), "/post_dial_ms_mean"),
        (localized("结束码", "codes"), "/ended"),
    ];
    let rows: Vec<Value> = items(reply, "days").iter().map(trunk_day).collect();
    member_lines(&columns, &rows)
}

fn trunk_day(row: &Value) -> Value {
    let codes: Vec<String> = items(row, "codes")
        .iter()
        .map(|one| {
            let code = one.get("code").and_then(Value::as_str).unwrap_or_default();
            format!("{code}×{}", one.get("count").and_then(Value::as_u64).unwrap_or(0))
        })
        .collect();
    let at = row.get("day_at").and_then(Value::as_str);
    let day = at.and_then(|at| Some(domain::calendar::beijing_date(at.parse().ok()?).to_string()));
    let shown = with(row, "day", json!(day));
    let shares = [
        "answer_ratio_per_leg",
        "answer_ratio_per_leg_people",
        "failure_ratio_per_leg",
    ];
    with(&with_percents(&shown, &shares), "ended", json!(codes.join(" ")))
}
