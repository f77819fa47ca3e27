//! `ledgerline campaign preflight ID --test-call`: calls one of our own phones and prints the result.
//! `ledgerline settings test-phones`: manages the list of these phones.

use crate::kit::api::{get, post};
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use application::format_localized;
use application::language::localized;
use application::percent::encode;
use domain::ids::CampaignId;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Most requests for the state of one test call; together they last longer than a call can ring and talk.
const LOOKS_MAX: u32 = 30;
/// Seconds that each of these requests waits for the end of the call.
const WITHIN_SECONDS: u64 = 15;

/// A test call: campaign, phone, and variables of the flow.
pub(crate) struct TestCallOptions<'a> {
    pub(crate) campaign: &'a CampaignId,
    pub(crate) phone: Option<&'a str>,
    /// Each as `NAME=VALUE`.
    pub(crate) variables: &'a [String],
}

/// Starts the test call, waits for its end, and prints its course.
pub(crate) async fn run_test_call(
    tried: TestCallOptions<'_>,
    asking: &RequestArgs,
    runtime: Arc<Runtime>,
) -> Result<(), Failure> {
    let path = format!("/api/v1/campaigns/{}/test-calls", encode(tried.campaign.as_str()));
    let body = remove_nulls(json!({ "phone": tried.phone, "variables": values(tried.variables)? }));
    // One client for all requests: without a server, this process dials only while the client is open.
    let client = asking.client(runtime).await?;
    let asked = post(&path, &body).mark_as_dialing().ask(&client).await?;
    let call = asked.get("call").and_then(Value::as_str).unwrap_or_default();
    let path = format!("{path}/{call}?within_seconds={WITHIN_SECONDS}");
    for _ in 0..LOOKS_MAX {
        let reply = get(&path).ask(&client).await?;
        if reply.pointer("/call/ended").is_some_and(|ended| !ended.is_null()) {
            return tell(&reply, asking);
        }
    }
    Err(Failure::unavailable("the test call has not ended"))
}

fn values(variables: &[String]) -> Result<Map<String, Value>, Failure> {
    let value = |text: &String| {
        let (name, value) = text.split_once('=')?;
        Some((name.trim().to_owned(), Value::from(value)))
    };
    let known: Option<Map<String, Value>> = variables.iter().map(value).collect();
    known.ok_or_else(|| Failure::usage("a variable is NAME=VALUE"))
}

fn tell(reply: &Value, asking: &RequestArgs) -> Result<(), Failure> {
    if asking.wants_json() {
        return output::json(reply);
    }
    let word = |of: &Value, pointer: &str| -> String {
        let found = of.pointer(pointer).and_then(Value::as_str);
        found.unwrap_or("–").to_owned()
    };
    output::line(&format_localized!(
        "试呼 {}  {}  {}",
        "test call {}  {}  {}",
        word(reply, "/call/id"),
        word(reply, "/call/callee"),
        word(reply, "/call/legs/0/trunk")
    ))?;
    for step in reply.get("steps").and_then(Value::as_array).into_iter().flatten() {
        output::line(&format!(
            "  {}  {:<26} {:<16} {}",
            word(step, "/at"),
            word(step, "/step"),
            word(step, "/node"),
            word(step, "/text")
        ))?;
    }
    output::line(&format_localized!(
        "结束 {} {} {}",
        "ended {} {} {}",
        word(reply, "/call/ended/disposition"),
        word(reply, "/call/ended/outcome"),
        word(reply, "/call/ended/reason")
    ))
}

/// Commands for the list of our own phones.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum TestPhonesAction {
    /// List our own phones, masked
    List {
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Add a phone to the list
    Add {
        /// Phone number
        phone: String,
        /// Label of the phone, without a person's name
        #[arg(long, default_value = "")]
        label: String,
        /// Reason, for the log; stored permanently, so name no person
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Remove a phone from the list
    Remove {
        /// Phone number
        phone: String,
        /// Reason, for the log; stored permanently, so name no person
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        asking: RequestArgs,
    },
}

pub(crate) async fn phones(action: TestPhonesAction, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match action {
        TestPhonesAction::List { asking } => {
            let columns = [
                (localized("号码", "phone"), "/phone"),
                (localized("说明", "label"), "/label"),
                (localized("编号", "number"), "/number"),
            ];
            let path = "/api/v1/test-phones";
            asking
                .show_items(
                    runtime,
                    path,
                    Value::clone,
                    &columns,
                    localized("没有测试号码", "no test phones"),
                )
                .await
        }
        TestPhonesAction::Add {
            phone,
            label,
            reason,
            asking,
        } => {
            let body = json!({ "phone": phone, "label": label, "reason": reason });
            asking.show(runtime, post("/api/v1/test-phones/add", &body)).await
        }
        TestPhonesAction::Remove {
            phone,
            reason,
            asking,
        } => {
            let body = json!({ "phone": phone, "reason": reason });
            asking
                .show(runtime, post("/api/v1/test-phones/remove", &body))
                .await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_names_with_values() {
        let variables = values(&["days=3".to_owned(), "name=a=b".to_owned()]).unwrap();
        assert_eq!(Value::Object(variables), json!({ "days": "3", "name": "a=b" }));
        assert!(values(&["days".to_owned()]).is_err());
    }
}
