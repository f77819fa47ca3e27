//! `ledgerline report costs`: shows what calls cost on the lines, in agents' minutes and in engines, compared
//! with agents alone. Read from the rows; a server may be running.

use super::from_rows;
use crate::kit::failure::Failure;
use crate::kit::{output, table};
use application::language::localized;
use application::reply_value::value;
use application::tables::{Baseline, CostParameters, cost_table};
use domain::ids::CampaignId;
use host::read_db_spec::ReadDbArgs;
use host::store_spec::LogArgs;
use intake::bounded_file;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Largest baseline file, in bytes.
const BASELINE_BYTES_MAX: usize = 4_096;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only this campaign
    #[arg(long, value_name = "ID")]
    campaign: Option<CampaignId>,
    /// First day, for example 2026-11-01 (Beijing)
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// Day before which the period ends
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    /// Billing step: seconds to which the carrier rounds each call up: 60, 6 or 1
    #[arg(long, value_name = "S", default_value = "60")]
    step: String,
    /// Tariff in fen (0.01 yuan) per minute, a whole number; without it only seconds are shown
    #[arg(long, value_name = "FEN")]
    per_minute_fen: Option<u64>,
    /// Baseline of agents alone, and tariffs: a YAML or JSON file with agent_year_fen (8000000),
    /// work_days_per_year (250), calls_per_agent_day_min and _max (150, 200), line_minute_fen_before,
    /// line_minute_fen, agent_minute_fen, recognition_hour_fen, synthesis_ten_thousand_chars_fen,
    /// assistant_thousand_requests_fen, assistant_million_tokens_fen. Missing values are those printed here,
    /// or not priced. Default: the settings `costs.…` of the log
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    log: LogArgs,
    #[command(flatten)]
    read_db: ReadDbArgs,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let asked = CostParameters::read(
        args.campaign.clone(),
        args.from.as_deref(),
        args.to.as_deref(),
        Some(args.step.as_str()),
        args.per_minute_fen,
    );
    let asked = asked.map_err(|problem| Failure::usage(problem.detail))?;
    let stated = args.baseline.as_deref().map(baseline_of).transpose()?;
    let report = from_rows(&args.log, &args.read_db, async |rows, store| {
        let baseline = match stated {
            Some(stated) => stated,
            None => Baseline::stored(store, None).await?.possible()?,
        };
        let asked = asked.beside(Some(baseline));
        Ok(value(&cost_table(rows, &asked).await?))
    })
    .await?;
    if args.json {
        return output::json(&report);
    }
    text(&report)
}

/// Reads a baseline file. Missing values are those of the requirement.
fn baseline_of(path: &Path) -> Result<Baseline, Failure> {
    let failure = |error: &dyn std::fmt::Display| Failure::usage(format!("{}: {error}", path.display()));
    let text = bounded_file::read_text(path, BASELINE_BYTES_MAX).map_err(|error| failure(&error))?;
    let baseline: Baseline = domain::yaml::from_str(&text).map_err(|error| failure(&error))?;
    match baseline.fault() {
        None => Ok(baseline),
        Some(fault) => Err(failure(&fault)),
    }
}

fn text(report: &Value) -> Result<(), Failure> {
    let mut campaigns = table::items(report, "campaigns").to_vec();
    let mut total = report.get("total").cloned().unwrap_or_default();
    if let Some(members) = total.as_object_mut() {
        members.insert("campaign".to_owned(), Value::from(localized("合计", "all")));
    }
    campaigns.push(total);
    let columns = [
        (localized("任务", "campaign"), "/campaign"),
        (localized("呼叫", "calls"), "/calls"),
        (localized("计费", "billed"), "/billed_calls"),
        (localized("计费秒", "billed s"), "/billed_seconds"),
        (localized("费用（分）", "cost, fen"), "/cost_fen"),
        (localized("转化", "conversions"), "/conversions"),
        (
            localized("单次转化（分）", "per conversion, fen"),
            "/cost_per_conversion_fen",
        ),
        (localized("总费用（分）", "total, fen"), "/total_cost_fen"),
        (
            localized("纯人工（分）", "agents only, fen"),
            "/baseline/people_cost_fen_min",
        ),
        (localized("至", "to"), "/baseline/people_cost_fen_max"),
        (localized("占比 ‰", "share, ‰"), "/baseline/total_cost_per_mille"),
    ];
    table::print_table(&columns, &campaigns)?;
    output::line("")?;
    let columns = [
        (localized("任务", "campaign"), "/campaign"),
        (localized("坐席 ms", "agents, ms"), "/used/agents/talk_ms"),
        (localized("分", "fen"), "/used/agents/cost_fen"),
        (
            localized("识别 ms", "recognition, ms"),
            "/used/recognition/speech_ms",
        ),
        (localized("分", "fen"), "/used/recognition/cost_fen"),
        (
            localized("合成字数", "synthesis, chars"),
            "/used/synthesis/characters",
        ),
        (localized("分", "fen"), "/used/synthesis/cost_fen"),
        (
            localized("大模型请求", "language model requests"),
            "/used/assistant/requests",
        ),
        ("tokens", "/used/assistant/tokens"),
        (localized("分", "fen"), "/used/assistant/cost_fen"),
    ];
    table::print_table(&columns, &campaigns)?;
    output::line("")?;
    let columns = [
        (localized("任务", "campaign"), "/campaign"),
        (localized("结果", "disposition"), "/disposition"),
        (localized("沟通结果", "outcome"), "/outcome"),
        (localized("呼叫", "calls"), "/calls"),
        (localized("计费", "billed"), "/billed_calls"),
        (localized("计费秒", "billed s"), "/billed_seconds"),
        (localized("费用（分）", "cost, fen"), "/cost_fen"),
        (localized("总费用（分）", "total, fen"), "/total_cost_fen"),
    ];
    table::print_table(&columns, table::items(report, "endings"))?;
    let label = |name: &str| report.get(name).and_then(Value::as_str).unwrap_or_default();
    output::line(label(localized("label_zh", "label_en")))
}
