//! `ledgerline report plan`: drafts the call plan of a quarter from the forecast, read from the rows; a
//! server may be running.

use super::from_rows;
use crate::kit::failure::Failure;
use crate::kit::{output, table};
use application::format_localized;
use application::language::localized;
use application::reply_value::value;
use chrono::NaiveDate;
use domain::calendar::beijing_date;
use domain::ids::CampaignId;
use evidence::pdca::{CallPlanInputs, call_plan};
use host::read_db_spec::ReadDbArgs;
use host::store_spec::LogArgs;
use serde_json::Value;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only this campaign
    #[arg(long, value_name = "ID")]
    campaign: Option<CampaignId>,
    /// A day of the quarter to plan; default: the quarter after the last event
    #[arg(long, value_name = "DATE")]
    quarter_of: Option<NaiveDate>,
    /// Tariff in fen (0.01 yuan) per minute, a whole number; without it no cost is shown
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
    let plan = from_rows(&args.log, &args.read_db, async |rows, store| {
        let last = store.last_recorded_at().await?;
        let today = last
            .map(beijing_date)
            .ok_or_else(|| Failure::refused("the log is empty: there is nothing to plan from"))?;
        let ask = CallPlanInputs {
            today,
            quarter_of: args.quarter_of,
            campaign: args.campaign.clone(),
            per_minute_fen: args.per_minute_fen,
        };
        Ok(value(&call_plan(rows, &ask).await?))
    })
    .await?;
    if args.json {
        return output::json(&plan);
    }
    text(&plan)
}

fn text(plan: &Value) -> Result<(), Failure> {
    let word = |name: &str| plan.get(name).and_then(Value::as_str).unwrap_or_default();
    output::line(&format_localized!("外呼计划 {}", "call plan {}", word("quarter")))?;
    let months = table::items(plan, "months");
    if months.is_empty() {
        return output::line(localized(
            "不足两周数据，不作计划",
            "less than two weeks of calls: no plan",
        ));
    }
    let columns = [
        (localized("月", "month"), "/month"),
        (localized("呼叫", "calls"), "/calls"),
        (localized("至少", "low"), "/calls_low"),
        (localized("至多", "high"), "/calls_high"),
        (localized("通话分钟", "talk min"), "/talk_minutes"),
        (localized("线路", "lines"), "/lines"),
        (localized("坐席", "agents"), "/agents"),
        (localized("费用（分）", "cost, fen"), "/cost_fen"),
    ];
    table::print_table(&columns, months)?;
    output::line(word(localized("label_zh", "label_en")))
}
