//! `ledgerline report saved`: reports that somebody saved: listed, made, sent now, and removed.

use crate::kit::api::{get, post};
use crate::kit::asking::Asking;
use crate::kit::failure::Failure;
use crate::kit::moment::MomentArgs;
use application::percent::encode;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Saved reports (已存报表): figures that somebody wants again, and their sending.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// One's own, and those that others share
    List {
        #[command(flatten)]
        asking: Asking,
    },
    /// One with its figures, now or as of a time
    Show {
        /// As `list` shows it
        name: String,
        #[command(flatten)]
        moment: MomentArgs,
        #[command(flatten)]
        asking: Asking,
    },
    /// Send one's own now, beside its schedule
    Send {
        /// As `list` shows it
        name: String,
        #[command(flatten)]
        asking: Asking,
    },
    /// Become the owner of one with an owner who lost the right
    TakeOver {
        /// As `list` shows it
        name: String,
        /// Why; stored for ever, so name no person
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        asking: Asking,
    },
    /// One's own is none any more
    Remove {
        /// As `list` shows it
        name: String,
        #[command(flatten)]
        asking: Asking,
    },
}

pub(super) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::List { asking } => {
            let columns = [
                ("名称 name", "/name"),
                ("标题 title", "/title"),
                ("所有者 owner", "/owner"),
                ("天数 days", "/days"),
                ("下次发送 next", "/next_due_at"),
                ("上次发送 last", "/last"),
            ];
            let none = "没有已存报表 no saved reports";
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

/// With what came of the last sending in one cell.
fn described(report: &Value) -> Value {
    let mut shown = report.clone();
    let text = |name: &str| report.get(name).and_then(Value::as_str).map(str::to_owned);
    let last = match text("last_fault") {
        Some(fault) => format!("未发送 {fault}"),
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
            "未发送 owner"
        );
        assert_eq!(
            last(json!({ "last_sent_at": "2026-03-02T10:00:00Z" })),
            "2026-03-02T10:00:00Z"
        );
        assert_eq!(last(json!({})), "");
        assert_eq!(path("weekly", "/send"), "/api/v1/saved-reports/weekly/send");
    }
}
