//! Tables of `ledgerline campaign`: targets, target and actual, funnel, regions, industries, abandonment,
//! best times; and of `ledgerline trunk quality`.

use crate::kit::api::{get, post};
use crate::kit::asking::Asking;
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::table::{items, member_lines, members, percent};
use application::percent::encode;
use domain::ids::CampaignId;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Args)]
pub(super) struct SetArgs {
    /// Id of the campaign (its task_id)
    id: CampaignId,
    /// Target: a metric, `@` and its version unless the headline version, and the ratio to reach, for example
    /// answer_ratio_per_call@1=0.65. Replaces all earlier targets; may be repeated
    #[arg(long, value_name = "METRIC=RATIO", value_parser = read_target)]
    set: Vec<Value>,
    /// Targets of a scenario: general (接通率 65 %, 转化率 15 %) or bank (70 %, 15 %)
    #[arg(long, value_parser = ["general", "bank"], conflicts_with = "set")]
    preset: Option<String>,
    /// Your name, for the record
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    #[command(flatten)]
    asking: Asking,
}

#[derive(Debug, clap::Args)]
pub(super) struct OneArgs {
    /// Id of the campaign (its task_id)
    id: CampaignId,
    #[command(flatten)]
    asking: Asking,
}

#[derive(Debug, clap::Args)]
pub(super) struct SomeArgs {
    /// Only this campaign; default: all
    id: Option<CampaignId>,
    #[command(flatten)]
    asking: Asking,
}

#[derive(Debug, clap::Args)]
pub(super) struct QualityArgs {
    /// First day or instant, for example 2026-11-20T00:00:00+08:00; default: a week ago
    #[arg(long, value_name = "INSTANT")]
    from: Option<String>,
    /// Only before this instant; default: now
    #[arg(long, value_name = "INSTANT")]
    to: Option<String>,
    #[command(flatten)]
    asking: Asking,
}

fn read_target(text: &str) -> Result<Value, String> {
    let (name, ratio) = text
        .split_once('=')
        .ok_or("must be METRIC=RATIO, for example answer_ratio_per_call=0.65")?;
    let ratio: f64 = ratio
        .parse()
        .map_err(|error| format!("has no ratio, for example 0.65: {error}"))?;
    let Some((metric, version)) = name.split_once('@') else {
        return Ok(json!({ "metric": name, "ratio": ratio }));
    };
    let version: u32 = version
        .parse()
        .map_err(|error| format!("has a version that is not a whole number: {error}"))?;
    Ok(json!({ "metric": metric, "version": version, "ratio": ratio }))
}

/// Sets the targets if any are given, and prints them.
pub(super) async fn targets(args: SetArgs, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let path = format!("/api/v1/campaigns/{}/targets", encode(args.id.as_str()));
    let mut body = match (args.preset, args.set.is_empty()) {
        (Some(preset), _) => Some(json!({ "preset": preset })),
        (None, false) => Some(json!({ "targets": args.set })),
        (None, true) => None,
    };
    if let (Some(by), Some(members)) = (args.by, body.as_mut().and_then(Value::as_object_mut)) {
        members.insert("by".to_owned(), json!(by));
    }
    let (request, list) = match &body {
        Some(body) => (post(&path, body), "targets"),
        None => (get(&path), "items"),
    };
    let Some(reply) = args.asking.ask(runtime, request).await? else {
        return Ok(());
    };
    let share = |per_mille: &Value| per_mille.as_f64().map(|value| json!(value / 1_000.0));
    let with_share = |target: &Value| {
        let ratio = target.get("per_mille").and_then(share);
        with(target, "target", percent(ratio.as_ref()))
    };
    let rows: Vec<Value> = items(&reply, list).iter().map(with_share).collect();
    if rows.is_empty() {
        return output::line("没有目标 no targets: set some with --preset or --set");
    }
    let columns = [
        ("指标 metric", "/metric"),
        ("版本 version", "/version"),
        ("目标 target", "/target"),
        ("设定人 by", "/set_by"),
    ];
    members(&columns, &rows)
}

/// Prints targets, actual values, and the main cause of each gap.
pub(super) async fn target_actual(args: SomeArgs, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let query = args.id.map(|id| format!("?campaign={}", encode(id.as_str())));
    let path = format!("/api/v1/reports/target-actual{}", query.unwrap_or_default());
    let mut reply = args.asking.whole(runtime, &path).await?;
    // All pages are read, so nothing is left off.
    if let Some(members) = reply.as_object_mut() {
        members.insert("left_off".to_owned(), Value::from(0));
    }
    if args.asking.wants_json() {
        return args.asking.tell(&reply);
    }
    let rows: Vec<Value> = items(&reply, "items").iter().map(compared).collect();
    if rows.is_empty() {
        return output::line("没有目标 no targets: set some with `ledgerline campaign targets`");
    }
    let columns = [
        ("任务 campaign", "/campaign"),
        ("指标 metric", "/label_zh"),
        ("", "/metric"),
        ("版本 version", "/version"),
        ("目标 target", "/target"),
        ("实际 actual", "/actual"),
        ("差距 gap", "/gap"),
        ("主要原因 main cause", "/cause"),
    ];
    members(&columns, &rows)
}

fn compared(row: &Value) -> Value {
    let shown = with(row, "target", percent(row.get("target_ratio")));
    let shown = with(&shown, "actual", percent(row.get("actual_ratio")));
    let shown = with(&shown, "gap", percent(row.get("gap_ratio")));
    // The parts are sorted, the largest first.
    let largest = row.pointer("/deviation/parts/0");
    let words = largest.and_then(|part| {
        let share = part.get("part_ratio")?.as_f64().filter(|share| *share > 0.0)?;
        let label = |name: &str| part.get(name).and_then(Value::as_str).unwrap_or_default();
        Some(format!(
            "{} {} {:.1} %",
            label("label_zh"),
            label("label_en"),
            share * 100.0
        ))
    });
    with(&shown, "cause", json!(words))
}

/// Prints the funnel of a campaign: customers by stage.
pub(super) async fn funnel(args: OneArgs, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let Some(reply) = asked_of(runtime, &args, "/funnel").await? else {
        return Ok(());
    };
    let rows: Vec<Value> = items(&reply, "stages")
        .iter()
        .map(|stage| with(stage, "share", percent(stage.get("of_previous_ratio"))))
        .collect();
    let columns = [
        ("阶段", "/label_zh"),
        ("stage", "/label_en"),
        ("客户 customers", "/customers"),
        ("占上一阶段 of previous stage", "/share"),
    ];
    members(&columns, &rows)
}

/// Prints the calls of a campaign by region.
pub(super) async fn regions(args: OneArgs, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let Some(reply) = asked_of(runtime, &args, "/regions").await? else {
        return Ok(());
    };
    region_lines(&reply)
        .iter()
        .try_for_each(|line| output::line(line))
}

/// Prints the calls of a campaign by industry.
pub(super) async fn industries(args: OneArgs, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let Some(reply) = asked_of(runtime, &args, "/industries").await? else {
        return Ok(());
    };
    call_lines(&[("行业 industry", "/industry")], &reply)
        .iter()
        .try_for_each(|line| output::line(line))
}

/// Returns the table of calls by region, with the definition of a region.
pub(super) fn region_lines(reply: &Value) -> Vec<String> {
    let by = [
        ("地区（时区） region", "/region"),
        ("归属地 home location", "/home_location"),
    ];
    call_lines(&by, reply)
}

/// Returns a table of calls by the given columns, with the definition in the reply.
fn call_lines(by: &[(&'static str, &'static str)], reply: &Value) -> Vec<String> {
    let counts = [
        ("拨号 dialed", "/dialed"),
        ("接通 answered", "/answered"),
        ("接通率（按呼叫，含应答机）v1 per call", "/answer_ratio_per_call"),
        ("仅真人 v2 people only", "/answer_ratio_per_call_people"),
        ("转化 converted", "/converted"),
        ("转化率 v1 of answered", "/conversion_ratio"),
        ("仅真人 v2 people only", "/conversion_ratio_people"),
        ("通话毫秒 talk ms", "/talk_ms"),
    ];
    let columns: Vec<(&'static str, &'static str)> = by.iter().chain(&counts).copied().collect();
    let shares = [
        "answer_ratio_per_call",
        "answer_ratio_per_call_people",
        "conversion_ratio",
        "conversion_ratio_people",
    ];
    let rows: Vec<Value> = items(reply, "items")
        .iter()
        .map(|row| with_percents(row, &shares))
        .collect();
    let label = |name: &str| reply.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut lines = member_lines(&columns, &rows);
    lines.extend(["label_zh", "label_en"].map(|name| label(name).to_owned()));
    lines
}

/// Prints the abandon rate under every definition, and the abandonment budget.
pub(super) async fn abandonment(args: OneArgs, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let Some(reply) = asked_of(runtime, &args, "/abandonment").await? else {
        return Ok(());
    };
    let rows: Vec<Value> = items(&reply, "definitions")
        .iter()
        .map(|row| with(row, "share", percent(row.get("value"))))
        .collect();
    let columns = [
        ("口径 definition", "/label/zh"),
        ("", "/name"),
        ("版本 version", "/version"),
        ("呼损 abandoned", "/numerator_count"),
        ("真人接通 answered", "/denominator_count"),
        ("呼损率 rate", "/share"),
    ];
    members(&columns, &rows)?;
    let budget = reply.get("budget").unwrap_or(&Value::Null);
    let number = |name: &str| budget.get(name).and_then(Value::as_i64).unwrap_or(0);
    output::line(&format!(
        "30 天预算 budget ({}): {} / {} = {}‰, 上限 limit {}‰",
        budget.get("metric").and_then(Value::as_str).unwrap_or_default(),
        number("abandoned"),
        number("answered"),
        number("used_per_mille"),
        number("limit_per_mille"),
    ))
}

/// Prints the hours in which customers may be called, with their answers, by group and kind of day.
pub(super) async fn times(args: OneArgs, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let Some(reply) = asked_of(runtime, &args, "/times").await? else {
        return Ok(());
    };
    let said = |name: &str| reply.get(name).filter(|value| !value.is_null());
    if reply.get("learns") != Some(&Value::Bool(true)) {
        return output::line("该任务未启用最佳时间学习 its plan does not learn best call times (best_times)");
    }
    let mut rows: Vec<Value> = Vec::new();
    for group in items(&reply, "rows") {
        let best = group.get("best_hour");
        for hour in items(group, "hours")
            .iter()
            .filter(|hour| hour["open"] == json!(true))
        {
            let mark = if hour.get("hour") == best {
                "最佳 best"
            } else {
                ""
            };
            let mut row = with(hour, "mark", json!(mark));
            for name in ["group", "day"] {
                row = with(&row, name, group.get(name).cloned().unwrap_or(Value::Null));
            }
            rows.push(row);
        }
    }
    let columns = [
        ("组 group", "/group"),
        ("日类型 day", "/day"),
        ("时 hour", "/hour"),
        ("拨打 dials", "/dials"),
        ("接听 answers", "/answers"),
        ("全机构拨打 all dials", "/institution_dials"),
        ("全机构接听 all answers", "/institution_answers"),
        ("预计接听‰ expected", "/per_mille"),
        ("", "/mark"),
    ];
    members(&columns, &rows)?;
    let text =
        |name: &str| said(name).map_or_else(|| "–".to_owned(), |value| value.to_string().replace('"', ""));
    output::line(&format!(
        "学习于 learned at {}, 截至位置 through {}, 拨打 dials {}, 先验 prior {} dials",
        text("learnt_at"),
        text("through"),
        text("dials"),
        text("prior_dials"),
    ))
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
        return output::line("这段时间没有呼叫 no calls in this period");
    }
    quality_lines(&reply)
        .iter()
        .try_for_each(|line| output::line(line))
}

/// Returns the table of trunks by day.
pub(super) fn quality_lines(reply: &Value) -> Vec<String> {
    let columns = [
        ("线路 trunk", "/trunk"),
        ("日 day", "/day"),
        ("话路 legs", "/legs"),
        ("振铃 rang", "/rang"),
        ("接通 answered", "/answered"),
        ("接通率（按话路，含应答机） per leg", "/answer_ratio_per_leg"),
        ("仅真人 people only", "/answer_ratio_per_leg_people"),
        ("线路失败 failed", "/failed_trunk"),
        ("失败率 rate", "/failure_ratio_per_leg"),
        ("接续时延 PDD ms", "/post_dial_ms_mean"),
        ("结束码 codes", "/ended"),
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

/// Returns a copy of the object with these members formatted as per cent.
fn with_percents(object: &Value, names: &[&str]) -> Value {
    let shown = object.clone();
    names
        .iter()
        .fold(shown, |shown, name| with(&shown, name, percent(shown.get(name))))
}

/// Returns a copy of the object with one member added or replaced.
fn with(object: &Value, name: &str, value: Value) -> Value {
    let mut shown = object.clone();
    if let Some(members) = shown.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
    shown
}

async fn asked_of(runtime: Arc<Runtime>, args: &OneArgs, rest: &str) -> Result<Option<Value>, Failure> {
    let path = format!("/api/v1/campaigns/{}{rest}", encode(args.id.as_str()));
    args.asking.ask(runtime, get(&path)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_metric_perhaps_a_version_and_a_ratio() {
        assert_eq!(read_target("a=0.65"), Ok(json!({ "metric": "a", "ratio": 0.65 })));
        let second = json!({ "metric": "a", "version": 2, "ratio": 1.0 });
        assert_eq!(read_target("a@2=1"), Ok(second));
        for wrong in ["a", "a=", "a=b", "a@=0.5", "a@x=0.5"] {
            assert!(read_target(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_gap_is_shown_with_its_largest_cause() {
        let part = |zh: &str, gap: f64| json!({ "label_zh": zh, "label_en": "x", "part_ratio": gap });
        let row = json!({ "target_ratio": 0.7, "actual_ratio": 0.65, "gap_ratio": 0.05,
            "deviation": { "parts": [part("号码质量", 0.04), part("忙线", 0.01)] } });
        let shown = compared(&row);
        assert_eq!(
            (&shown["target"], &shown["gap"]),
            (&json!("70.0 %"), &json!("5.0 %"))
        );
        assert_eq!(shown["cause"], "号码质量 x 4.0 %");
        let reached = json!({ "target_ratio": 0.7, "actual_ratio": null, "gap_ratio": null });
        assert_eq!(compared(&reached)["cause"], Value::Null);
    }
}
