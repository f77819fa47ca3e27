//! `ledgerline user key`: creates an API key and prints it once.

use crate::kit::api::post;
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::request_args::RequestArgs;
use crate::kit::session::SignIn;
use application::format_localized;
use application::language::localized;
use serde_json::Value;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Creates an API key and prints it. With `sign_in`, its user creates it in a session.
pub(super) async fn create(
    runtime: Arc<Runtime>,
    asking: &RequestArgs,
    sign_in: Option<SignIn<'_>>,
    body: &Value,
) -> Result<(), Failure> {
    let request = post("/api/v1/api-keys", body);
    let reply = match sign_in {
        Some(sign_in) => sign_in.ask(asking, runtime, request).await?,
        None => asking.reply(runtime, request).await?,
    };
    if asking.wants_json() {
        return output::json(&reply);
    }
    let text = |name: &str| reply.get(name).and_then(Value::as_str).unwrap_or_default();
    output::line(text("key"))?;
    output::notice(&format_localized!(
        "密钥 {}，用户 {}，有效期至 {}：仅显示一次",
        "key {} of {}, valid until {}: shown only once",
        text("id"),
        text("user"),
        text("expires_at")
    ));
    if reply.get("sandbox") == Some(&Value::Bool(true)) {
        output::notice(localized(
            "这是沙箱密钥：不会呼叫真实号码；其事件会保留在日志中",
            "it is a key of the sandbox: it calls no real number, and its events stay in the log",
        ));
    }
    Ok(())
}
