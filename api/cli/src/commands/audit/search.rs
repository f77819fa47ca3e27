//! `ledgerline audit search`: searches the audit trail by actor, time, subject and words, and can prove the
//! result.

use crate::kit::api::{ApiArgs, post};
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::request_args::remove_nulls;
use crate::kit::table;
use application::format_localized;
use application::language::localized;
use domain::time::Timestamp;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Search the audit trail (审计检索) by actor, time, kind, subject and words
///
/// The count is exact: every event of the log is searched. The search itself is logged. With --out the events
/// found are written to one file with their proof; `ledgerline audit check FILE` checks it.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only actions of this user or key
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Only events of this kind, or of kinds with this prefix: access.refused, user.
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
    campaign: Option<String>,
    /// Only about this customer: the institution's own customer_id, or our id
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// Only events of this call, or that name it
    #[arg(long, value_name = "ID")]
    call: Option<String>,
    /// Only events of this user, or that name the user
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Only events of this API key, or that name it
    #[arg(long, value_name = "ID")]
    key: Option<String>,
    /// Only events of this phone number, or that name it: the number, or our id of it
    #[arg(long, value_name = "NUMBER")]
    number: Option<String>,
    /// Words that must all occur in the event
    #[arg(long, value_name = "TEXT")]
    words: Option<String>,
    /// Continue after this position: the `next` of the previous page
    #[arg(long, value_name = "POSITION", conflicts_with = "out")]
    after: Option<u64>,
    /// Most events returned; default 100, at most 1000
    #[arg(long, value_name = "N", conflicts_with = "out")]
    limit: Option<usize>,
    /// Write the events found, with their proof, to this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    api: ApiArgs,
}

/// Returns the columns of the table: heading, and JSON pointer in an event.
fn columns() -> [(&'static str, &'static str); 5] {
    [
        (localized("位置", "position"), "/position"),
        (localized("时间", "time"), "/at"),
        (localized("操作人", "by"), "/by_whom"),
        (localized("类型", "kind"), "/kind"),
        (localized("对象", "stream"), "/stream"),
    ]
}

impl Args {
    fn body(&self) -> Value {
        remove_nulls(json!({
            "by": self.by, "kind": self.kind, "from": self.from, "to": self.to, "campaign": self.campaign,
            "customer": self.customer, "call": self.call, "user": self.user, "key": self.key,
            "number": self.number, "words": self.words, "limit": self.limit,
            "after": self.after.map(|after| after.to_string()),
        }))
    }
}

pub(super) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let body = args.body();
    if let Some(out) = &args.out {
        return write(&args, out, &body, runtime).await;
    }
    let found = args.api.ask(runtime, post("/api/v1/audit/search", &body)).await?;
    if args.json {
        return output::json(&found);
    }
    table::print_table(&columns(), table::items(&found, "items"))?;
    let text = |name: &str| found.get(name).and_then(Value::as_str);
    let total = found.get("total").cloned().unwrap_or_default();
    output::line(&format_localized!("共 {total} 条", "total: {total}"))?;
    match text("next") {
        Some(next) => output::line(&format_localized!("更多：--after {next}", "more: --after {next}")),
        None => Ok(()),
    }
}

async fn write(args: &Args, out: &Path, body: &Value, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let report = args
        .api
        .bundle(runtime, "/api/v1/audit/export", body, out)
        .await?;
    let count = report.index.events.len();
    output::line(&format_localized!(
        "已导出 {count} 条事件及其证明：{}",
        "{count} events with their proof: {}",
        out.display()
    ))
}
