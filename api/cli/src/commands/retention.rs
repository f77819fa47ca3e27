//! `ledgerline retention`: shows and sets how long each data class is kept, and disposes of expired data.

use crate::kit::api::{get, post};
use crate::kit::failure::Failure;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use crate::kit::{output, table};
use application::format_localized;
use application::language::localized;
use domain::ids::ApprovalId;
use hyper::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Retention (保存期限): how long recordings, persons and transcripts are kept, and what was disposed of
///
/// Data is disposed of only after a period was set. No period is below its floor, the longest applicable one
/// counts, and a legal hold takes precedence. A running server checks once a day.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show each data class with its periods, their floors and sources, and the last disposal
    Show {
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Set the retention period of a data class
    Set {
        /// Data class
        #[arg(value_parser = ["recordings", "persons", "transcripts"])]
        class: String,
        /// Period in days
        #[arg(long, value_name = "N", required_unless_present = "keep")]
        days: Option<u32>,
        /// Remove the period: data of this class is kept
        #[arg(long, conflicts_with = "days")]
        keep: bool,
        /// Only under this preset, for example cn-collection
        #[arg(long, value_name = "CODE")]
        preset: Option<String>,
        /// Id of the approval given by another person; needed if persons are erased
        #[arg(long, value_name = "ID")]
        approval: Option<ApprovalId>,
        /// Reason; stored permanently, so name no person
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Dispose of expired data now
    Run {
        /// Destroy and store nothing: only report what is due
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        asking: RequestArgs,
    },
}

const RETENTION: &str = "/api/v1/retention";

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::Show { asking } => show(runtime, &asking).await,
        Action::Set {
            class,
            days,
            keep,
            preset,
            approval,
            reason,
            asking,
        } => {
            let body = remove_nulls(
                json!({ "days": days, "keep": keep.then_some(true), "preset": preset, "approval": approval,
                "reason": reason }),
            );
            let path = format!("{RETENTION}/{class}");
            asking.replace(runtime, &path, &path, Method::PUT, &body).await
        }
        Action::Run { dry_run, asking } => {
            let body = json!({ "dry_run": dry_run });
            let path = format!("{RETENTION}/run");
            asking.show(runtime, post(&path, &body)).await
        }
    }
}

async fn show(runtime: Arc<Runtime>, asking: &RequestArgs) -> Result<(), Failure> {
    let Some(shown) = asking.ask(runtime, get(RETENTION)).await? else {
        return Ok(());
    };
    for class in table::items(&shown, "classes") {
        output::line(&headline(class))?;
        let columns = [
            (localized("合规规则集", "preset"), "/preset"),
            (localized("设定", "set"), "/set_days"),
            (localized("适用天数", "days"), "/days"),
            (localized("依据", "rule"), "/rule"),
            (localized("下限", "floor"), "/floor_days"),
            (localized("下限来源", "source"), "/floor_source"),
        ];
        table::print_table(&columns, table::items(class, "presets"))?;
        output::line("")?;
    }
    Ok(())
}

/// Formats a class as one line: its period for all presets, the number disposed of, and the time of the last
/// check.
fn headline(class: &Value) -> String {
    let text = |pointer: &str| class.pointer(pointer).and_then(Value::as_str).unwrap_or("-");
    let days = class["days"].as_u64();
    let days = days.map_or_else(
        || localized("未设定期限，长期保存", "kept, no period set").to_owned(),
        |days| format_localized!("{days} 天", "{days} days"),
    );
    format_localized!(
        "{}：{days}；已处置 {}；上次检查 {}",
        "{}: {days}; disposed of {}; last checked {}",
        text(localized("/class_zh", "/class")),
        class["destroyed"],
        text("/last_review/at"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_says_whether_anything_is_disposed_of_and_when_it_was_looked() {
        let kept = json!({ "class": "recordings", "class_zh": "录音", "days": null, "destroyed": 0,
            "last_review": null });
        let line = headline(&kept);
        assert!(
            line.contains("no period set") && line.ends_with("last checked -"),
            "{line}"
        );
        let set = json!({ "class": "persons", "class_zh": "个人信息", "days": 365, "destroyed": 7,
            "last_review": { "at": "2026-03-02T02:00:00Z" } });
        let line = headline(&set);
        assert!(
            line.contains("365 days") && line.contains("disposed of 7"),
            "{line}"
        );
        assert!(line.ends_with("2026-03-02T02:00:00Z"), "{line}");
    }
}
