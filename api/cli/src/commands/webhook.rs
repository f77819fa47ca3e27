//! `ledgerline webhook`: manages webhooks, shows their progress and dead letters.

use crate::kit::api::{get, post};
use crate::kit::failure::Failure;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use crate::kit::secret::from_env;
use application::format_localized;
use application::language::localized;
use application::percent::encode;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Webhooks (事件推送): send events to a system of yours, signed as defined by Standard Webhooks
///
/// A server sends them, in order for each customer, and retries failed deliveries for three days; then the
/// delivery is a dead letter. Without a server a webhook is stored in the log and starts when a server
/// starts.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Add a webhook: its URL receives events from now on; prints the signing secret once
    Add {
        /// Receiver: an https URL
        url: String,
        /// Kinds of events, for example call.ended,number.opted_out; default: the usual ones
        #[arg(long, value_name = "KIND", value_delimiter = ',')]
        events: Vec<String>,
        /// Format of the body
        #[arg(long, value_name = "FORM", default_value = "standard",
            value_parser = ["standard", "call_ended", "crm", "wecom", "dingtalk", "feishu"])]
        format: String,
        /// Only events of this campaign; may be repeated
        #[arg(long, value_name = "ID")]
        campaign: Vec<String>,
        /// Environment variable that holds a token, sent as Authorization: Bearer
        #[arg(long, value_name = "V")]
        bearer_env: Option<String>,
        /// Environment variable that holds the secret of a DingTalk or Feishu robot
        #[arg(long, value_name = "V")]
        secret_env: Option<String>,
        /// Accept http and addresses of private networks
        #[arg(long)]
        allow_private: bool,
        /// URL under which the receiver reaches this server: call.ended then contains a link to the
        /// recording, valid for an hour
        #[arg(long, value_name = "URL")]
        recordings_from: Option<String>,
        /// Start after this log position; default: with events from now on
        #[arg(long, value_name = "N")]
        after: Option<u64>,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Change a webhook; what is not given stays the same
    Change {
        /// Id of the webhook, as shown by `list`
        id: String,
        /// New URL; the old bearer token is not sent to it
        #[arg(long)]
        url: Option<String>,
        /// New kinds of events, from now on
        #[arg(long, value_name = "KIND", value_delimiter = ',')]
        events: Vec<String>,
        /// New format of the body
        #[arg(long, value_name = "FORM", value_parser = ["standard", "call_ended", "crm"])]
        format: Option<String>,
        /// Environment variable that holds the new token, sent as Authorization: Bearer
        #[arg(long, value_name = "V")]
        bearer_env: Option<String>,
        /// Whether http and addresses of private networks are accepted
        #[arg(long, value_name = "true|false")]
        allow_private: Option<bool>,
        /// Reason; stored permanently, so name no person
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// List webhooks with the position delivered and the events that wait
    List {
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Send a test message without content now and show the response
    Test(WebhookIdArgs),
    /// Send all events after a position again
    Replay {
        #[command(flatten)]
        named: WebhookIdArgs,
        /// Log position; 0 for all events
        #[arg(long, value_name = "N")]
        after: u64,
    },
    /// Create a new secret and print it once; the old one also signs for one more day
    Rotate(WebhookIdArgs),
    /// Show the events that were never accepted
    DeadLetters(WebhookIdArgs),
    /// Become the owner of the webhook: it delivers with your permissions, and waiting events are sent
    TakeOver {
        #[command(flatten)]
        named: WebhookIdArgs,
        /// Reason; stored permanently, so name no person
        #[arg(long)]
        reason: String,
    },
    /// Remove the webhook: it gets no more events
    Remove {
        #[command(flatten)]
        named: WebhookIdArgs,
        /// Reason; stored permanently, so name no person
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, clap::Args)]
struct WebhookIdArgs {
    /// Id of the webhook, as shown by `list`
    id: String,
    #[command(flatten)]
    asking: RequestArgs,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::Add {
            url,
            events,
            format,
            campaign,
            bearer_env,
            secret_env,
            allow_private,
            recordings_from,
            after,
            asking,
        } => {
            let named = |names: Vec<String>| (!names.is_empty()).then_some(names);
            let body = remove_nulls(json!({
                "url": url, "format": format, "events": named(events), "campaigns": named(campaign),
                "bearer": from_env(bearer_env.as_deref())?, "secret": from_env(secret_env.as_deref())?,
                "allow_private": allow_private, "recordings_from": recordings_from,
                "after": after.map(|after| after.to_string()),
            }));
            asking.show(runtime, post("/api/v1/webhooks", &body)).await
        }
        Action::Change {
            id,
            url,
            events,
            format,
            bearer_env,
            allow_private,
            reason,
            asking,
        } => {
            let path = format!("/api/v1/webhooks/{}", encode(&id));
            let body = remove_nulls(json!({
                "url": url, "events": (!events.is_empty()).then_some(events), "format": format,
                "bearer": from_env(bearer_env.as_deref())?, "allow_private": allow_private, "reason": reason,
            }));
            asking
                .replace(runtime, &path, &path, hyper::Method::PUT, &body)
                .await
        }
        Action::List { asking } => {
            list(
                runtime,
                &asking,
                "/api/v1/webhooks",
                localized("没有事件推送", "no webhooks"),
            )
            .await
        }
        Action::Test(named) => named.tell(runtime, "/test", json!({})).await,
        Action::Replay { named, after } => {
            let body = json!({ "after": after.to_string() });
            named.tell(runtime, "/replay", body).await
        }
        Action::Rotate(named) => named.tell(runtime, "/rotate", json!({})).await,
        Action::DeadLetters(named) => {
            let path = named.path("/dead-letters");
            named.asking.show(runtime, get(&path)).await
        }
        Action::TakeOver { named, reason } => {
            named
                .tell(runtime, "/take-over", json!({ "reason": reason }))
                .await
        }
        Action::Remove { named, reason } => named.tell(runtime, "/remove", json!({ "reason": reason })).await,
    }
}

impl WebhookIdArgs {
    fn path(&self, verb: &str) -> String {
        format!("/api/v1/webhooks/{}{verb}", encode(&self.id))
    }

    async fn tell(&self, runtime: Arc<Runtime>, verb: &str, body: Value) -> Result<(), Failure> {
        let path = self.path(verb);
        self.asking.show(runtime, post(&path, &body)).await
    }
}

/// Prints webhooks, or alert channels, as a table.
pub(super) async fn list(
    runtime: Arc<Runtime>,
    asking: &RequestArgs,
    path: &str,
    none: &str,
) -> Result<(), Failure> {
    let columns = [
        (localized("编号", "id"), "/id"),
        (localized("格式", "form"), "/format"),
        (localized("地址", "target"), "/target"),
        (localized("状态", "state"), "/state"),
        (localized("所有者", "owner"), "/owner"),
        (localized("已投", "delivered"), "/delivered"),
        (localized("等待", "waiting"), "/waiting"),
        (localized("死信", "dead"), "/dead_letters"),
        (localized("位置", "through"), "/through"),
        (localized("末位", "head"), "/head"),
    ];
    asking.show_items(runtime, path, described, &columns, none).await
}

/// Returns the webhook with its state and owner in words, for the table.
fn described(webhook: &Value) -> Value {
    let mut shown = webhook.clone();
    let is_disabled = webhook.get("disabled").and_then(Value::as_bool) == Some(true);
    let fault = webhook.get("last_fault").and_then(Value::as_str);
    let reason = webhook.get("disabled_reason").and_then(Value::as_str);
    let state = match (is_disabled, fault) {
        (true, _) => match reason {
            None | Some("receiver_gone") => localized("已停用", "gone").to_owned(),
            Some(reason) => format_localized!("已停用 {reason}", "disabled {reason}"),
        },
        (false, Some(fault)) => format_localized!("失败 {fault}", "failed {fault}"),
        (false, None) => localized("正常", "ok").to_owned(),
    };
    if let Some(members) = shown.as_object_mut() {
        members.insert("state".to_owned(), json!(state));
        let owner = members.get("owner").and_then(Value::as_str);
        let owner = owner
            .unwrap_or(localized("安装所有者或未知", "installation owner or unknown"))
            .to_owned();
        members.insert("owner".to_owned(), json!(owner));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_one_word_of_what_the_receiver_did_last() {
        let state = |disabled: bool, fault: Value| {
            described(&json!({ "disabled": disabled, "last_fault": fault }))["state"].clone()
        };
        assert_eq!(state(false, Value::Null), "ok");
        assert_eq!(state(false, json!("timed_out")), "failed timed_out");
        assert_eq!(state(true, json!("status")), "gone");
        let lost = json!({ "disabled": true, "disabled_reason": "owner_disabled", "owner": "wang" });
        let lost = described(&lost);
        assert_eq!(
            (&lost["state"], &lost["owner"]),
            (&json!("disabled owner_disabled"), &json!("wang"))
        );
        let unowned = described(&json!({ "disabled": false, "owner": null }));
        assert_eq!(unowned["owner"], "installation owner or unknown");
    }
}
