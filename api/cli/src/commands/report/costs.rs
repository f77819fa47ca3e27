//! `ledgerline report costs`: what calls cost on the lines, from the rows beside a running server or
//! without one.

use super::from_rows;
use crate::kit::failure::Failure;
use crate::kit::{output, table};
use application::reply_value::value;
use application::tables::{Costing, cost_table};
use domain::ids::CampaignId;
use host::read_db_spec::ReadDbArgs;
use host::store_spec::LogArgs;
use serde_json::Value;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only this campaign
    #[arg(long, value_name = "ID")]
    campaign: Option<CampaignId>,
    /// First day, such as 2026-11-01 (Beijing)
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// The day before which it ends
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    /// Seconds to which the carrier rounds each call up: 60, 6 or 1
    #[arg(long, value_name = "S", default_value = "60")]
    step: String,
    /// Tariff in fen (0.01 yuan) a minute, a whole number; without one only seconds are shown
    #[arg(long, value_name = "FEN")]
    per_minute_fen: Option<u64>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    log: LogArgs,
    #[command(flatten)]
    read_db: ReadDbArgs,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let asked = Costing::read(
        args.campaign.clone(),
        args.from.as_deref(),
        args.to.as_deref(),
        Some(args.step.as_str()),
        args.per_minute_fen,
    );
    let asked = asked.map_err(|problem| Failure::usage(problem.detail))?;
    let report = from_rows(&args.log, &args.read_db, async |rows, _| {
        Ok(value(&cost_table(rows, &asked).await?))
    })
    .await?;
    if args.json {
        return output::json(&report);
    }
    text(&report)
}

fn text(report: &Value) -> Result<(), Failure> {
    let mut campaigns = table::items(report, "campaigns").to_vec();
    let mut total = report.get("total").cloned().unwrap_or_default();
    if let Some(members) = total.as_object_mut() {
        members.insert("campaign".to_owned(), Value::from("合计 all"));
    }
    campaigns.push(total);
    let columns = [
        ("任务 campaign", "/campaign"),
        ("呼叫 calls", "/calls"),
        ("计费 billed", "/billed_calls"),
        ("计费秒 billed s", "/billed_seconds"),
        ("费用 cost, fen", "/cost_fen"),
        ("转化 conversions", "/conversions"),
        ("单次转化 per conversion, fen", "/cost_per_conversion_fen"),
    ];
    table::members(&columns, &campaigns)?;
    output::line("")?;
    let columns = [
        ("任务 campaign", "/campaign"),
        ("结果 disposition", "/disposition"),
        ("结局 outcome", "/outcome"),
        ("呼叫 calls", "/calls"),
        ("计费 billed", "/billed_calls"),
        ("计费秒 billed s", "/billed_seconds"),
        ("费用 cost, fen", "/cost_fen"),
    ];
    table::members(&columns, table::items(report, "endings"))?;
    let label = |name: &str| report.get(name).and_then(Value::as_str).unwrap_or_default();
    output::line(label("label_zh"))?;
    output::line(label("label_en"))
}
