//! `ledgerline subscriber`: lists named readers of the events with their position and lag, and moves or
//! removes them.

use crate::kit::api::{get, post};
use crate::kit::failure::Failure;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use application::format_localized;
use application::language::localized;
use application::percent::encode;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Subscribers (订阅者): programs that follow the events with ?subscriber=NAME and acknowledge them
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List all subscribers: what they follow, their position and lag
    List {
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Show one subscriber
    Show(SubscriberNameArgs),
    /// Acknowledge all events up to a position for a subscriber
    Acknowledge {
        #[command(flatten)]
        named: SubscriberNameArgs,
        /// Log position
        #[arg(long, value_name = "N")]
        position: u64,
    },
    /// Move a subscriber back or forward: it next receives the event after a position
    Reset {
        #[command(flatten)]
        named: SubscriberNameArgs,
        /// Log position; 0 for all events
        #[arg(long, value_name = "N")]
        after: u64,
        /// Reason; stored permanently, so name no person
        #[arg(long)]
        reason: Option<String>,
    },
    /// Remove a subscriber
    Remove {
        #[command(flatten)]
        named: SubscriberNameArgs,
        /// Reason; stored permanently, so name no person
        #[arg(long)]
        reason: Option<String>,
    },
}

#[derive(Debug, clap::Args)]
struct SubscriberNameArgs {
    /// Name of the subscriber, as shown by `list`: crm, or crm@wang for user wang
    name: String,
    #[command(flatten)]
    asking: RequestArgs,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::List { asking } => list(runtime, &asking).await,
        Action::Show(named) => {
            let path = named.path("");
            named.asking.show(runtime, get(&path)).await
        }
        Action::Acknowledge { named, position } => {
            let body = json!({ "position": position.to_string() });
            named.tell(runtime, "/acknowledge", body).await
        }
        Action::Reset { named, after, reason } => {
            let body = remove_nulls(json!({ "after": after.to_string(), "reason": reason }));
            named.tell(runtime, "/reset", body).await
        }
        Action::Remove { named, reason } => {
            let body = remove_nulls(json!({ "reason": reason }));
            named.tell(runtime, "/remove", body).await
        }
    }
}

impl SubscriberNameArgs {
    fn path(&self, verb: &str) -> String {
        format!("/api/v1/subscribers/{}{verb}", encode(&self.name))
    }

    async fn tell(&self, runtime: Arc<Runtime>, verb: &str, body: Value) -> Result<(), Failure> {
        let path = self.path(verb);
        self.asking.show(runtime, post(&path, &body)).await
    }
}

async fn list(runtime: Arc<Runtime>, asking: &RequestArgs) -> Result<(), Failure> {
    let columns = [
        (localized("名称", "name"), "/name"),
        (localized("订阅", "follows"), "/what"),
        (localized("位置", "position"), "/position"),
        (localized("未确认", "behind"), "/behind"),
        (localized("始于", "since"), "/lag/since"),
        (localized("在线", "following"), "/following"),
    ];
    let none = localized("没有订阅者", "no subscribers");
    asking
        .show_items(runtime, "/api/v1/subscribers", described, &columns, none)
        .await
}

/// Returns the subscriber with two members for the table: its lag as `behind`, and what it follows as
/// `what`.
fn described(subscriber: &Value) -> Value {
    let mut shown = subscriber.clone();
    let behind = match subscriber.pointer("/lag/events").and_then(Value::as_u64) {
        Some(events) => events.to_string(),
        None => match subscriber.pointer("/lag/positions").and_then(Value::as_u64) {
            Some(positions) => format_localized!("至多 {positions}", "up to {positions}"),
            None => "?".to_owned(),
        },
    };
    if let Some(members) = shown.as_object_mut() {
        members.insert("behind".to_owned(), json!(behind));
        members.insert("what".to_owned(), json!(followed(subscriber)));
    }
    shown
}

/// Formats the filter of a subscriber as one line.
fn followed(subscriber: &Value) -> String {
    let texts = |name: &str| {
        let named = subscriber.pointer(name).and_then(Value::as_array);
        let texts = named.into_iter().flatten().filter_map(Value::as_str);
        texts.map(str::to_owned).collect::<Vec<_>>()
    };
    let mut words = texts("/follows/kinds");
    words.extend(texts("/follows/streams"));
    for name in ["/follows/campaign", "/follows/customer"] {
        let word = subscriber.pointer(name).and_then(Value::as_str);
        words.extend(word.map(str::to_owned));
    }
    match words.is_empty() {
        true => localized("全部", "all").to_owned(),
        false => words.join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscriber_is_shown_with_what_it_follows_and_how_far_it_is_behind() {
        let one = described(&json!({
            "follows": { "kinds": ["call."], "campaign": "T" }, "lag": { "positions": 9, "events": 2 }
        }));
        assert_eq!((&one["what"], &one["behind"]), (&json!("call. T"), &json!("2")));
        let far = described(&json!({ "follows": {}, "lag": { "positions": 90_000, "events": null } }));
        assert_eq!(
            (&far["what"], &far["behind"]),
            (&json!("all"), &json!("up to 90000"))
        );
    }
}
