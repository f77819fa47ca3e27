//! `ledgerline mine`: analyzes the recorded calls of a campaign: reasons of refusal, and keywords.

use crate::kit::api::{get, with_query};
use crate::kit::failure::Failure;
use crate::kit::request_args::RequestArgs;
use crate::kit::{output, table};
use application::format_localized;
use application::language::localized;
use domain::ids::CampaignId;
use serde_json::Value;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Mining (数据挖掘): what the recorded calls of a campaign show together
///
/// Refusals are taken from recognized intents: no personal data is decrypted. Keywords are counted in
/// transcripts: at most 2,000 calls are decrypted for it, masked, and logged first; a word that occurs in
/// fewer than three calls is not shown.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show the most frequent words, and the share of customers who care about the price
    Keywords {
        /// Campaign of the calls
        #[arg(long, value_name = "ID")]
        campaign: CampaignId,
        /// Group by this column of the lists, or by customer_segment
        #[arg(long, value_name = "COLUMN")]
        by: Option<String>,
        /// Your name, for the record
        #[arg(long, value_name = "NAME")]
        reader: Option<String>,
        /// Reason, for the record; no personal data
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Show why customers refused: recognized reasons with their share, by day, and what to change
    Refusals {
        /// Campaign of the calls
        #[arg(long, value_name = "ID")]
        campaign: CampaignId,
        #[command(flatten)]
        asking: RequestArgs,
    },
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::Refusals { campaign, asking } => refusals(&campaign, &asking, runtime).await,
        Action::Keywords {
            campaign,
            by,
            reader,
            reason,
            asking,
        } => {
            let asked = [("column", by), ("by", reader), ("reason", reason)];
            let path = with_query(&format!("/api/v1/campaigns/{campaign}/keywords"), &asked);
            let found = asking.reply(runtime, get(&path)).await?;
            match asking.wants_json() {
                true => output::json(&found),
                false => keywords(&found),
            }
        }
    }
}

fn number(of: &Value, member: &str) -> u64 {
    of.get(member).and_then(Value::as_u64).unwrap_or_default()
}

fn word<'a>(of: &'a Value, member: &str) -> &'a str {
    of.get(member).and_then(Value::as_str).unwrap_or_default()
}

async fn refusals(campaign: &CampaignId, asking: &RequestArgs, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let path = format!("/api/v1/campaigns/{campaign}/refusals");
    let found = asking.reply(runtime, get(&path)).await?;
    if asking.wants_json() {
        return output::json(&found);
    }
    output::line(&format_localized!(
        "{} 通呼叫，有对话 {}，拒绝 {}",
        "{} calls, talked {}, refused {}",
        number(&found, "calls"),
        number(&found, "talked"),
        number(&found, "refused")
    ))?;
    for one in table::items(&found, "reasons") {
        let share = number(one, "share_permille");
        output::line(&format!(
            "{:>3}.{} % {:>6}  {} ({})",
            share / 10,
            share % 10,
            number(one, "calls"),
            word(one, localized("label_zh", "label_en")),
            word(one, "intent")
        ))?;
        output::line(&format!(
            "                → {}",
            word(one, localized("change_zh", "change_en"))
        ))?;
    }
    let columns = [
        (localized("日", "day"), "/day"),
        (localized("有对话", "talked"), "/talked"),
        (localized("拒绝", "refused"), "/refused"),
    ];
    match table::items(&found, "days") {
        [] => Ok(()),
        days => table::print_table(&columns, days),
    }
}

fn keywords(found: &Value) -> Result<(), Failure> {
    output::line(&format_localized!(
        "已查阅 {} 通呼叫{}",
        "{} calls opened{}",
        number(found, "calls"),
        if found.get("truncated").and_then(Value::as_bool) == Some(true) {
            localized("（只取最近的）", " (the newest only)")
        } else {
            ""
        }
    ))?;
    said(localized("全部", "all"), found)?;
    for group in table::items(found, "groups") {
        said(word(group, "group"), group)?;
    }
    Ok(())
}

fn said(name: &str, of: &Value) -> Result<(), Failure> {
    let share = number(of, "price_sensitive_permille");
    output::line(&format_localized!(
        "{name}：{} 人，{} 通呼叫，关注价格 {}.{} %",
        "{name}: {} persons, {} calls, price-sensitive {}.{} %",
        number(of, "persons"),
        number(of, "talked"),
        share / 10,
        share % 10
    ))?;
    for one in table::items(of, "keywords") {
        let share = number(one, "share_permille");
        output::line(&format!(
            "{:>5}.{} % {:>6}  {}",
            share / 10,
            share % 10,
            number(one, "calls"),
            word(one, "word")
        ))?;
    }
    Ok(())
}
