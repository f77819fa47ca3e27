//! `ledgerline audit trail`: who did or read what, when, and of whom.

use crate::cli::failure::Failure;
use crate::cli::holder::{Holder, HolderArgs};
use crate::cli::output;
use crate::cli::table;
use crate::inquiring::{TrailAsk, trail};
use hyper::Method;
use serde_json::Value;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Search every operation, export and read of personal data (审计日志) by time, user and kind.
///
/// ledgerline audit trail --kind inquiry.personal_data_read --customer C001 --data DIR
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    ask: TrailAsk,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    holder: HolderArgs,
}

/// What is shown of each event.
const COLUMNS: &[(&str, &str)] = &[
    ("位置 position", "/position"),
    ("时间 time", "/at"),
    ("操作人 by", "/by_whom"),
    ("类型 kind", "/kind"),
    ("客户 customer", "/customer"),
    ("字段 fields", "/data/fields"),
    ("途径 route", "/data/route"),
];

pub(super) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let shown = match args.holder.find(runtime).await? {
        Holder::Server(server) => {
            let path = format!("/api/v1/audit{}", args.ask.query());
            server.ask(Method::GET, &path, None).await?
        }
        Holder::Here(here) => {
            let found = trail(&here.installation, args.ask).await;
            here.close().await;
            found?
        }
    };
    if args.json {
        return output::json(&shown);
    }
    let items: Vec<Value> = table::items(&shown, "items").iter().map(readable).collect();
    table::members(COLUMNS, &items)?;
    match shown.get("next").and_then(Value::as_str) {
        Some(next) => output::line(&format!("更多 more: --after {next}")),
        None => Ok(()),
    }
}

/// With its fields in one text.
fn readable(item: &Value) -> Value {
    let mut item = item.clone();
    if let Some(fields) = item.pointer_mut("/data/fields") {
        let names: Vec<&str> = fields
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        *fields = Value::String(names.join(", "));
    }
    item
}
