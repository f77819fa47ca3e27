//! `ledgerline subscriber`: who follows the events under a name, up to where, and how far behind.

use crate::kit::api::{get, post};
use crate::kit::asking::{Asking, given};
use crate::kit::failure::Failure;
use application::percent::encode;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Named subscribers (订阅者): whoever follows the events with ?subscriber=NAME, and acknowledges what it has.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Every subscriber: what it follows, where it is, how far behind
    List {
        #[command(flatten)]
        asking: Asking,
    },
    /// One subscriber
    Show(Named),
    /// The reader has everything up to a position
    Acknowledge {
        #[command(flatten)]
        named: Named,
        /// A position of the log
        #[arg(long, value_name = "N")]
        position: u64,
    },
    /// Send it back, or forward: it is told what comes after a position
    Reset {
        #[command(flatten)]
        named: Named,
        /// A position of the log; 0 for everything
        #[arg(long, value_name = "N")]
        after: u64,
        /// Why; stored for ever, so name no person
        #[arg(long)]
        reason: Option<String>,
    },
    /// Nobody follows under this name any more
    Remove {
        #[command(flatten)]
        named: Named,
        /// Why; stored for ever, so name no person
        #[arg(long)]
        reason: Option<String>,
    },
}

#[derive(Debug, clap::Args)]
struct Named {
    /// The subscriber's name, as `list` shows it: crm, or crm@wang of the user wang
    name: String,
    #[command(flatten)]
    asking: Asking,
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
            let body = given(json!({ "after": after.to_string(), "reason": reason }));
            named.tell(runtime, "/reset", body).await
        }
        Action::Remove { named, reason } => {
            let body = given(json!({ "reason": reason }));
            named.tell(runtime, "/remove", body).await
        }
    }
}

impl Named {
    fn path(&self, verb: &str) -> String {
        format!("/api/v1/subscribers/{}{verb}", encode(&self.name))
    }

    async fn tell(&self, runtime: Arc<Runtime>, verb: &str, body: Value) -> Result<(), Failure> {
        let path = self.path(verb);
        self.asking.show(runtime, post(&path, &body)).await
    }
}

async fn list(runtime: Arc<Runtime>, asking: &Asking) -> Result<(), Failure> {
    let columns = [
        ("名称 name", "/name"),
        ("订阅 follows", "/what"),
        ("位置 position", "/position"),
        ("未确认 behind", "/behind"),
        ("始于 since", "/lag/since"),
        ("在线 following", "/following"),
    ];
    let none = "没有订阅者 no subscribers";
    asking
        .show_items(runtime, "/api/v1/subscribers", described, &columns, none)
        .await
}

/// With what it follows and how far it is behind in a word each.
fn described(subscriber: &Value) -> Value {
    let mut shown = subscriber.clone();
    let behind = match subscriber.pointer("/lag/events").and_then(Value::as_u64) {
        Some(events) => events.to_string(),
        None => match subscriber.pointer("/lag/positions").and_then(Value::as_u64) {
            Some(positions) => format!("至多 up to {positions}"),
            None => "?".to_owned(),
        },
    };
    if let Some(members) = shown.as_object_mut() {
        members.insert("behind".to_owned(), json!(behind));
        members.insert("what".to_owned(), json!(followed(subscriber)));
    }
    shown
}

/// A filter on one line.
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
        true => "全部 all".to_owned(),
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
            (&json!("全部 all"), &json!("至多 up to 90000"))
        );
    }
}
