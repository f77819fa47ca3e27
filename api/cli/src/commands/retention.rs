//! `ledgerline retention`: how long each class of data is kept, and disposing of what is past it.

use crate::kit::api::{get, post};
use crate::kit::asking::{Asking, given};
use crate::kit::failure::Failure;
use crate::kit::{output, table};
use domain::ids::ApprovalId;
use hyper::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Retention (保存期限): how long recordings, persons and transcripts are kept, and what was disposed of.
///
/// Nothing is disposed of before a period is set; none is below its floor, the longest that applies counts,
/// and a hold beats all. A running server looks once a day.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show each class with its periods, their floors and sources, and what was last disposed of
    Show {
        #[command(flatten)]
        asking: Asking,
    },
    /// Set for how long a class of data is kept
    Set {
        /// Which
        #[arg(value_parser = ["recordings", "persons", "transcripts"])]
        class: String,
        /// For so many days
        #[arg(long, value_name = "N", required_unless_present = "keep")]
        days: Option<u32>,
        /// Take the period back: nothing is disposed of by it
        #[arg(long, conflicts_with = "days")]
        keep: bool,
        /// Only under this preset, such as cn-collection
        #[arg(long, value_name = "CODE")]
        preset: Option<String>,
        /// The approval that another person gave, where persons are erased by it
        #[arg(long, value_name = "ID")]
        approval: Option<ApprovalId>,
        /// Why; stored for ever, so name no person
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        asking: Asking,
    },
    /// Dispose now of what is past its period
    Run {
        /// Destroy and store nothing: only say what is due
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        asking: Asking,
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
            let body = given(
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

async fn show(runtime: Arc<Runtime>, asking: &Asking) -> Result<(), Failure> {
    let Some(shown) = asking.ask(runtime, get(RETENTION)).await? else {
        return Ok(());
    };
    for class in table::items(&shown, "classes") {
        output::line(&headline(class))?;
        let columns = [
            ("预设 preset", "/preset"),
            ("设定 set", "/set_days"),
            ("适用天数 days", "/days"),
            ("依据 rule", "/rule"),
            ("下限 floor", "/floor_days"),
            ("下限来源 source", "/floor_source"),
        ];
        table::members(&columns, table::items(class, "presets"))?;
        output::line("")?;
    }
    Ok(())
}

/// A class in one line: for all presets, how much was disposed of, and when it was last looked.
fn headline(class: &Value) -> String {
    let text = |pointer: &str| class.pointer(pointer).and_then(Value::as_str).unwrap_or("-");
    let days = class["days"].as_u64();
    let days = days.map_or_else(
        || "未设定，长期保存 kept, no period is set".to_owned(),
        |days| format!("{days} 天 days"),
    );
    format!(
        "{} {}: {days}; 已处置 disposed of {}; 上次检查 last looked {}",
        text("/class_zh"),
        text("/class"),
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
            line.contains("no period is set") && line.ends_with("last looked -"),
            "{line}"
        );
        let set = json!({ "class": "persons", "class_zh": "个人信息", "days": 365, "destroyed": 7,
            "last_review": { "at": "2026-03-02T02:00:00Z" } });
        let line = headline(&set);
        assert!(
            line.contains("365 天") && line.contains("disposed of 7"),
            "{line}"
        );
        assert!(line.ends_with("2026-03-02T02:00:00Z"), "{line}");
    }
}
