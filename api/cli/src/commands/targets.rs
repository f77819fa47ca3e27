//! Tables of `ledgerline campaign`: targets, target and actual, funnel, regions, industries, abandonment,
//! best times.

use crate::kit::api::{get, post};
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::request_args::RequestArgs;
use crate::kit::table::{items, member_lines, percent, print_table};
use application::format_localized;
use application::language::localized;
use application::percent::encode;
use domain::ids::CampaignId;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Args)]
pub(super) struct SetTargetsArgs {
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
    asking: RequestArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct CampaignTableArgs {
    /// Id of the campaign (its task_id)
    id: CampaignId,
    #[command(flatten)]
    asking: RequestArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct OptionalCampaignArgs {
    /// Only this campaign; default: all
    id: Option<CampaignId>,
    #[command(flatten)]
    asking: RequestArgs,
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
pub(super) async fn targets(args: SetTargetsArgs, runtime: Arc<Runtime>) -> Result<(), Failure> {
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
        return output::line(localized(
            "没有目标：用 --preset 或 --set 设定",
            "no targets: set some with --preset or --set",
        ));
    }
    let columns = [
        (localized("指标", "metric"), "/metric"),
        (localized("版本", "version"), "/version"),
        (localized("目标", "target"), "/target"),
        (localized("设定人", "by"), "/set_by"),
    ];
    print_table(&columns, &rows)
}

/// Prints targets, actual values, and the main cause of each gap.
pub(super) async fn target_actual(args: OptionalCampaignArgs, runtime: Arc<Runtime>) -> Result<(), Failure> {
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
        return output::line(localized(
            "没有目标：用 `ledgerline campaign targets` 设定",
            "no targets: set some with `ledgerline campaign targets`",
        ));
    }
    let columns = [
        (localized("任务", "campaign"), "/campaign"),
        (localized("指标", "metric"), localized("/label_zh", "/label_en")),
        ("", "/metric"),
        (localized("版本", "version"), "/version"),
        (localized("目标", "target"), "/target"),
        (localized("实际", "actual"), "/actual"),
        (localized("差距", "gap"), "/gap"),
        (localized("主要原因", "main cause"), "/cause"),
    ];
    print_table(&columns, &rows)
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
            "{} {:.1} %",
            label(localized("label_zh", "label_en")),
            share * 100.0
        ))
    });
    with(&shown, "cause", json!(words))
}

/// Prints the funnel of a campaign: customers by stage.
pub(super) async fn funnel(args: CampaignTableArgs, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let Some(reply) = asked_of(runtime, &args, "/funnel").await? else {
        return Ok(());
    };
    let rows: Vec<Value> = items(&reply, "stages")
        .iter()
        .map(|stage| with(stage, "share", percent(stage.get("of_previous_ratio"))))
        .collect();
    let columns = [
        (localized("阶段", "stage"), localized("/label_zh", "/label_en")),
        (localized("客户", "customers"), "/customers"),
        (localized("占上一阶段", "of previous stage"), "/share"),
    ];
    print_table(&columns, &rows)
}

/// Prints the calls of a campaign by region.
pub(super) async fn regions(args: CampaignTableArgs, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let Some(reply) = asked_of(runtime, &args, "/regions").await? else {
        return Ok(());
    };
    region_lines(&reply)
        .iter()
        .try_for_each(|line| output::line(line))
}

/// Prints the calls of a campaign by industry.
pub(super) async fn industries(args: CampaignTableArgs, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let Some(reply) = asked_of(runtime, &args, "/industries").await? else {
        return Ok(());
    };
    call_lines(&[(localized("行业", "industry"), "/industry")], &reply)
        .iter()
        .try_for_each(|line| output::line(line))
}

/// Returns the table of calls by region, with the definition of a region.
pub(super) fn region_lines(reply: &Value) -> Vec<String> {
    let by = [
        (localized("地区（时区）", "region"), "/region"),
        (localized("归属地", "home location"), "/home_location"),
    ];
    call_lines(&by, reply)
}

/// Returns a table of calls by the given columns, with the definition in the reply.
fn call_lines(by: &[(&'static str, &'static str)], reply: &Value) -> Vec<String> {
    let counts = [
        (localized("拨号", "dialed"), "/dialed"),
        (localized("接通", "answered"), "/answered"),
        (
            localized(
                "接通率 v1（按呼叫，含应答机）",
                "answer rate v1 (per call, with machines)",
            ),
            "/answer_ratio_per_call",
        ),
        (
            localized("仅真人 v2", "people only v2"),
            "/answer_ratio_per_call_people",
        ),
        (localized("转化", "converted"), "/converted"),
        (localized("转化率 v1", "conversion rate v1"), "/conversion_ratio"),
        (
            localized("仅真人 v2", "people only v2"),
            "/conversion_ratio_people",
        ),
        (localized("通话毫秒", "talk ms"), "/talk_ms"),
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
    lines.push(label(localized("label_zh", "label_en")).to_owned());
    lines
}

/// Prints the abandon rate under every definition, and the abandonment budget.
pub(super) async fn abandonment(args: CampaignTableArgs, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let Some(reply) = asked_of(runtime, &args, "/abandonment").await? else {
        return Ok(());
    };
    let rows: Vec<Value> = items(&reply, "definitions")
        .iter()
        .map(|row| with(row, "share", percent(row.get("value"))))
        .collect();
    let columns = [
        (
            localized("口径", "definition"),
            localized("/label/zh", "/label/en"),
        ),
        ("", "/name"),
        (localized("版本", "version"), "/version"),
        (localized("呼损", "abandoned"), "/numerator_count"),
        (localized("真人接通", "answered"), "/denominator_count"),
        (localized("呼损率", "rate"), "/share"),
    ];
    print_table(&columns, &rows)?;
    let budget = reply.get("budget").unwrap_or(&Value::Null);
    let number = |name: &str| budget.get(name).and_then(Value::as_i64).unwrap_or(0);
    output::line(&format_localized!(
        "30 天呼损预算（{}）：{} / {} = {}‰，上限 {}‰",
        "30-day abandonment budget ({}): {} / {} = {}‰, limit {}‰",
        budget.get("metric").and_then(Value::as_str).unwrap_or_default(),
        number("abandoned"),
        number("answered"),
        number("used_per_mille"),
        number("limit_per_mille"),
    ))
}

/// Prints the hours in which customers may be called, with their answers, by group and kind of day.
pub(super) async fn times(args: CampaignTableArgs, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let Some(reply) = asked_of(runtime, &args, "/times").await? else {
        return Ok(());
    };
    let said = |name: &str| reply.get(name).filter(|value| !value.is_null());
    if reply.get("learns") != Some(&Value::Bool(true)) {
        return output::line(localized(
            "该任务未启用最佳时间学习（best_times）",
            "its plan does not learn best call times (best_times)",
        ));
    }
    let mut rows: Vec<Value> = Vec::new();
    for group in items(&reply, "rows") {
        let best = group.get("best_hour");
        for hour in items(group, "hours")
            .iter()
            .filter(|hour| hour["open"] == json!(true))
        {
            let mark = if hour.get("hour") == best {
                localized("最佳", "best")
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
        (localized("组", "group"), "/group"),
        (localized("日类型", "day"), "/day"),
        (localized("时", "hour"), "/hour"),
        (localized("拨打", "dials"), "/dials"),
        (localized("接听", "answers"), "/answers"),
        (localized("全机构拨打", "all dials"), "/institution_dials"),
        (localized("全机构接听", "all answers"), "/institution_answers"),
        (localized("预计接听‰", "expected ‰"), "/per_mille"),
        ("", "/mark"),
    ];
    print_table(&columns, &rows)?;
    let text =
        |name: &str| said(name).map_or_else(|| "–".to_owned(), |value| value.to_string().replace('"', ""));
    output::line(&format_localized!(
        "学习于 {}，截至位置 {}，拨打 {} 次，先验 {} 次",
        "learned at {}, through position {}, {} dials, prior {} dials",
        text("learnt_at"),
        text("through"),
        text("dials"),
        text("prior_dials"),
    ))
}

/// Returns a copy of the object with these members formatted as per cent.
pub(super) fn with_percents(object: &Value, names: &[&str]) -> Value {
    let shown = object.clone();
    names
        .iter()
        .fold(shown, |shown, name| with(&shown, name, percent(shown.get(name))))
}

/// Returns a copy of the object with one member added or replaced.
pub(super) fn with(object: &Value, name: &str, value: Value) -> Value {
    let mut shown = object.clone();
    if let Some(members) = shown.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
    shown
}

async fn asked_of(
    runtime: Arc<Runtime>,
    args: &CampaignTableArgs,
    rest: &str,
) -> Result<Option<Value>, Failure> {
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
        assert_eq!(shown["cause"], "x 4.0 %");
        let reached = json!({ "target_ratio": 0.7, "actual_ratio": null, "gap_ratio": null });
        assert_eq!(compared(&reached)["cause"], Value::Null);
    }
}
