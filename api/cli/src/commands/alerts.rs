//! `ledgerline alerts`: lists, shows, acknowledges and mutes alerts, and manages the channels that deliver
//! them.

use super::alert_channel;
use crate::kit::api::{get, post};
use crate::kit::failure::Failure;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use application::language::localized;
use application::percent::encode;
use domain::time::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Alerts (告警): list them, acknowledge one, or mute one for a while
///
/// An alert is a rule, for example answer_ratio_low, applied to one subject. It is raised once, however long
/// the condition lasts, and cleared when the condition ends. If it is raised again, it keeps its id.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List alerts: active ones first, then the latest
    List {
        /// Only active alerts
        #[arg(long)]
        standing: bool,
        /// Only alerts of this rule: answer_ratio_low, line_failures, abandon_budget, view_parked,
        /// views_late, calls_left_over, log_damaged, history_lost, clock_off, sensitive_word, engine_failing,
        /// caller_number_expires or caller_number_expired
        #[arg(long, value_name = "RULE")]
        rule: Option<String>,
        /// Only alerts of this campaign
        #[arg(long, value_name = "ID")]
        campaign: Option<String>,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Show one alert in full
    Show(AlertIdArgs),
    /// Manage alert channels: mail, SMS, group robots, webhooks
    Channel {
        #[command(subcommand)]
        action: alert_channel::Action,
    },
    /// Acknowledge an active alert; it is then not escalated
    Acknowledge {
        #[command(flatten)]
        named: AlertIdArgs,
        /// What is being done; stored permanently, so name no person
        #[arg(long)]
        note: String,
        /// Your name, for the record
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// Mute an alert until a time, at most a week ahead: no channel is notified, the alert is still raised
    /// and recorded
    Mute {
        #[command(flatten)]
        named: AlertIdArgs,
        /// End, for example 2026-03-02T18:00:00+08:00
        #[arg(long, value_name = "INSTANT", required_unless_present = "minutes")]
        until: Option<Timestamp>,
        /// Duration in minutes, from now
        #[arg(long, value_name = "N", conflicts_with = "until")]
        minutes: Option<u32>,
        /// Reason; stored permanently, so name no person
        #[arg(long)]
        reason: String,
        /// Your name, for the record
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
}

#[derive(Debug, clap::Args)]
struct AlertIdArgs {
    /// Id of the alert, as shown by `list`
    id: String,
    #[command(flatten)]
    asking: RequestArgs,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::List {
            standing,
            rule,
            campaign,
            asking,
        } => {
            let wanted = [
                standing.then(|| "standing=true".to_owned()),
                rule.map(|rule| format!("rule={}", encode(&rule))),
                campaign.map(|campaign| format!("campaign={}", encode(&campaign))),
            ];
            let query: Vec<String> = wanted.into_iter().flatten().collect();
            let path = format!("/api/v1/alerts?{}", query.join("&"));
            list(runtime, &asking, &path).await
        }
        Action::Channel { action } => alert_channel::run(action, runtime).await,
        Action::Show(named) => {
            let path = named.path("");
            named.asking.show(runtime, get(&path)).await
        }
        Action::Acknowledge { named, note, by } => {
            let body = json!({ "note": note, "by": by });
            tell(runtime, &named, "/acknowledge", body).await
        }
        Action::Mute {
            named,
            until,
            minutes,
            reason,
            by,
        } => {
            // Minutes are counted from the server's time: a rehearsal has its own clock.
            let body = json!({ "until": until, "minutes": minutes, "reason": reason, "by": by });
            tell(runtime, &named, "/mute", body).await
        }
    }
}

async fn list(runtime: Arc<Runtime>, asking: &RequestArgs, path: &str) -> Result<(), Failure> {
    let columns = [
        (localized("告警", "alert"), "/alert"),
        (localized("状态", "state"), "/state"),
        (localized("规则", "rule"), localized("/label_zh", "/label_en")),
        ("", "/rule"),
        (localized("对象", "about"), "/subject"),
        (localized("值", "value"), "/shown"),
        (localized("发生", "raised"), "/raised_at"),
        (localized("次", "times"), "/raised_count"),
        (localized("说明", "detail"), "/detail"),
    ];
    let none = localized("没有告警", "no alerts");
    asking.show_items(runtime, path, described, &columns, none).await
}

/// Returns the alert with two more members for the table: its state in words, and its figure against the
/// limit.
fn described(alert: &Value) -> Value {
    let mut shown = alert.clone();
    let flag = |name: &str| alert.get(name).is_some_and(|value| !value.is_null());
    let is_standing = alert.get("standing").and_then(Value::as_bool) == Some(true);
    let state = match (is_standing, flag("acknowledged_at"), flag("escalated_at")) {
        (false, ..) => localized("已恢复", "cleared"),
        (true, true, _) => localized("处理中", "acknowledged"),
        (true, false, true) => localized("已升级", "escalated"),
        (true, false, false) => localized("告警中", "active"),
    };
    let number = |pointer: &str| alert.pointer(pointer).and_then(Value::as_i64).unwrap_or(0);
    let unit = alert
        .pointer("/figure/unit")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let figure = format!("{} / {} {unit}", number("/figure/value"), number("/figure/limit"));
    if let Some(members) = shown.as_object_mut() {
        members.insert("state".to_owned(), json!(state));
        members.insert("shown".to_owned(), json!(figure));
    }
    shown
}

impl AlertIdArgs {
    fn path(&self, verb: &str) -> String {
        format!("/api/v1/alerts/{}{verb}", encode(&self.id))
    }
}

async fn tell(runtime: Arc<Runtime>, named: &AlertIdArgs, verb: &str, body: Value) -> Result<(), Failure> {
    let (path, body) = (named.path(verb), remove_nulls(body));
    named.asking.show(runtime, post(&path, &body)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_one_word_of_what_was_done() {
        let alert = |standing: bool, acknowledged: Value, escalated: Value| {
            let alert = json!({ "standing": standing, "acknowledged_at": acknowledged, "escalated_at": escalated,
                "figure": { "value": 212, "limit": 300, "unit": "per_mille" } });
            described(&alert)
        };
        let at = json!("2026-03-02T02:00:00Z");
        assert_eq!(alert(true, Value::Null, Value::Null)["state"], "active");
        assert_eq!(alert(true, Value::Null, at.clone())["state"], "escalated");
        assert_eq!(alert(true, at.clone(), at.clone())["state"], "acknowledged");
        assert_eq!(alert(false, at, Value::Null)["state"], "cleared");
        assert_eq!(
            alert(true, Value::Null, Value::Null)["shown"],
            "212 / 300 per_mille"
        );
    }
}
