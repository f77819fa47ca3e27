//! `ledgerline audit trail`: shows who did or read what, when, and about which customer.

use crate::kit::api::{ApiArgs, get};
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::table;
use application::format_localized;
use application::inquiries::AuditTrailFilter;
use application::language::localized;
use domain::ids::CampaignId;
use domain::time::Timestamp;
use serde_json::Value;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Search operations, exports and reads of personal data (审计日志) by time, user and kind
///
/// ledgerline audit trail --kind inquiry.personal_data_read --customer C001 --data DIR
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    ask: TrailFilterArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    api: ApiArgs,
}

/// Conditions of the search; all that are given must hold.
#[derive(Debug, clap::Args)]
struct TrailFilterArgs {
    /// Only actions of this actor: the name in the event; `token`, `directory` or `keys` if the reader gave
    /// none
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Only this kind, for example inquiry.personal_data_read
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Only from this instant on (RFC 3339)
    #[arg(long, value_name = "INSTANT")]
    from: Option<Timestamp>,
    /// Only before this instant
    #[arg(long, value_name = "INSTANT")]
    to: Option<Timestamp>,
    /// Only about this campaign
    #[arg(long, value_name = "TASK_ID")]
    campaign: Option<CampaignId>,
    /// Only about this customer: the institution's own customer_id, or our id
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// Only events of this stream, for example call-…
    #[arg(long, value_name = "STREAM")]
    stream: Option<String>,
    /// Continue after this position: the `next` of the previous page
    #[arg(long, value_name = "POSITION")]
    after: Option<u64>,
    /// Most events returned; default 100, at most 1000
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

impl From<TrailFilterArgs> for AuditTrailFilter {
    fn from(args: TrailFilterArgs) -> Self {
        let TrailFilterArgs {
            by,
            kind,
            from,
            to,
            campaign,
            customer,
            stream,
            after,
            limit,
        } = args;
        Self {
            by,
            kind,
            from,
            to,
            campaign,
            customer,
            stream,
            after,
            limit,
        }
    }
}

/// Returns the columns of the table: heading, and JSON pointer in an event.
fn columns() -> [(&'static str, &'static str); 7] {
    [
        (localized("位置", "position"), "/position"),
        (localized("时间", "time"), "/at"),
        (localized("操作人", "by"), "/by_whom"),
        (localized("类型", "kind"), "/kind"),
        (localized("客户", "customer"), "/customer"),
        (localized("字段", "fields"), "/data/fields"),
        (localized("途径", "route"), "/data/route"),
    ]
}

pub(super) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let ask = AuditTrailFilter::from(args.ask);
    let path = format!("/api/v1/audit{}", ask.query());
    let shown = args.api.ask(runtime, get(&path)).await?;
    if args.json {
        return output::json(&shown);
    }
    let items: Vec<Value> = table::items(&shown, "items").iter().map(readable).collect();
    table::print_table(&columns(), &items)?;
    match shown.get("next").and_then(Value::as_str) {
        Some(next) => output::line(&format_localized!("更多：--after {next}", "more: --after {next}")),
        None => Ok(()),
    }
}

/// Joins the list of fields of an event into one text for the table.
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
