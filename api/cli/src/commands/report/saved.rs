//! `ledgerline report saved`: lists, shows, sends, takes over and removes saved reports.

use crate::kit::api::{get, post};
use crate::kit::failure::Failure;
use crate::kit::moment::MomentArgs;
use crate::kit::request_args::RequestArgs;
use application::format_localized;
use application::language::localized;
use application::percent::encode;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Saved reports (已存报表): stored selections of figures, with recipients and schedule
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List your own reports, and those shared by others
    List {
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Show one report with its figures, now or as of a past moment
    Show {
        /// Name, as shown by `list`
        name: String,
        #[command(flatten)]
        moment: MomentArgs,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Send one of your own reports now, in addition to its schedule
    Send {
        /// Name, as shown by `list`
        name: String,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Become the owner of a report, if its owner lost the permission
    TakeOver {
        /// Name, as shown by `list`
        name: String,
        /// Reason; stored permanently, so name no person
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Remove one of your own reports
    Remove {
        /// Name, as shown by `list`
        name: String,
        #[command(flatten)]
        asking: RequestArgs,
    },
}

pub(super) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::List { asking } => {
            let columns = [
                (localized("名称", "name"), "/name"),
                (localized("标题", "title"), "/title"),
                (localized("所有者", "owner"), "/owner"),
                (localized("天数", "days"), "/days"),
                (localized("下次发送", "next"), "/next_due_at"),
                (localized("上次发送", "last"), "/last"),
            ];
            let none = localized("没有已存报表", "no saved reports");
            asking
                .show_items(runtime, "/api/v1/saved-reports", described, &columns, none)
                .await
        }
        Action::Show { name, moment, asking } => {
            let path = format!("{}{}", path(&name, ""), moment.query());
            asking.show(runtime, get(&path)).await
        }
        Action::Send { name, asking } => {
            asking
                .show(runtime, post(&path(&name, "/send"), &json!({})))
                .await
        }
        Action::TakeOver { name, reason, asking } => {
            let body = json!({ "reason": reason });
            asking
                .show(runtime, post(&path(&name, "/take-over"), &body))
                .await
        }
        Action::Remove { name, asking } => {
            asking
                .show(runtime, post(&path(&name, "/remove"), &json!({})))
                .await
        }
    }
}

fn path(name: &str, verb: &str) -> String {
    format!("/api/v1/saved-reports/{}{verb}", encode(name))
}

/// Returns the saved report with `last` for the table: the time of the last sending, or why it failed.
fn described(report: &Value) -> Value {
    let mut shown = report.clone();
    let text = |name: &str| report.get(name).and_then(Value::as_str).map(str::to_owned);
    let last = match text("last_fault") {
        Some(fault) => format_localized!("未发送 {fault}", "not sent {fault}"),
        None => text("last_sent_at").unwrap_or_default(),
    };
    if let Some(members) = shown.as_object_mut() {
        members.insert("last".to_owned(), json!(last));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_sent_says_why() {
        let last = |report: Value| described(&report)["last"].clone();
        assert_eq!(
            last(json!({ "last_fault": "owner", "last_sent_at": "2026-03-02T10:00:00Z" })),
            "not sent owner"
        );
        assert_eq!(
            last(json!({ "last_sent_at": "2026-03-02T10:00:00Z" })),
            "2026-03-02T10:00:00Z"
        );
        assert_eq!(last(json!({})), "");
        assert_eq!(path("weekly", "/send"), "/api/v1/saved-reports/weekly/send");
    }
}
