//! `projections rebuild NAME`, `switch`, `cancel` and `retry`: requests to the server or directory that has
//! the rows.

use crate::commands::projections::{ViewRequestArgs, view_progress};
use crate::kit::api::{get, post};
use crate::kit::failure::Failure;
use crate::kit::output;
use ::projections::RebuildState;
use application::format_localized;
use application::language::localized;
use application::percent::encode;
use domain::ports::clock::Clock;
use host::clock::SystemClock;
use host::outbound::api_client::ApiClient;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Interval in milliseconds at which the progress of a rebuild is read.
pub(super) const ASK_AGAIN_MS: u64 = 300;

/// Options of a rebuild.
pub(super) struct RebuildOptions {
    pub(super) restart: bool,
    pub(super) no_switch: bool,
    pub(super) accept: Option<String>,
}

pub(super) fn path(name: &str) -> String {
    format!("/api/v1/projections/{}", encode(name))
}

/// Rebuilds one view and switches to the new rows if they equal the live ones or differences are accepted.
pub(super) async fn rebuild_view(
    at: &ViewRequestArgs,
    runtime: Arc<Runtime>,
    name: &str,
    wish: &RebuildOptions,
) -> Result<(), Failure> {
    let client = at.api.client(runtime).await?;
    let made = make(&client, name, wish).await;
    client.close().await;
    let made = made?;
    if at.json {
        output::json(&json!({
            "view": name, "position": made.position, "agree": made.agrees, "switched": made.is_switched,
            "comparison": made.comparison,
        }))?;
    } else {
        let done = match made.is_switched {
            true => localized("已启用", "in use"),
            false => localized("已就绪", "ready"),
        };
        output::line(&format_localized!(
            "{name}：新数据{done}，截至位置 {}",
            "{name}: new rows {done}, up to position {}",
            made.position
        ))?;
    }
    if made.agrees || made.is_switched {
        return Ok(());
    }
    // The exit code reports differences.
    Err(Failure::found(format!(
        "the new rows of {name} differ from the live ones: `projections status {name} --json` shows where; \
         `projections switch {name} --accept-differences REASON` switches to them anyway"
    )))
}

/// The result of a rebuild.
struct RebuildResult {
    position: String,
    agrees: bool,
    is_switched: bool,
    comparison: Value,
}

async fn make(client: &ApiClient, name: &str, wish: &RebuildOptions) -> Result<RebuildResult, Failure> {
    let shown = feed_rebuild(client, name, wish.restart).await?;
    if state(&shown) != RebuildState::Ready.code() {
        return Err(Failure::found(format!(
            "the rebuild of {name} failed: {}",
            why(&shown)
        )));
    }
    let agrees = agrees(&shown);
    let is_switched = !wish.no_switch && (agrees || wish.accept.is_some());
    if is_switched {
        switch_to(client, name, wish.accept.as_deref()).await?;
    }
    let position = shown.pointer("/rebuild/position").cloned().unwrap_or_default();
    Ok(RebuildResult {
        position: position
            .as_str()
            .map_or_else(|| position.to_string(), str::to_owned),
        agrees,
        is_switched,
        comparison: shown.pointer("/rebuild/comparison").cloned().unwrap_or_default(),
    })
}

/// Starts a rebuild and waits until the new rows are complete or failed. Returns the state of the view.
pub(super) async fn feed_rebuild(client: &ApiClient, name: &str, restart: bool) -> Result<Value, Failure> {
    let (begin, body) = (format!("{}/rebuild", path(name)), json!({ "restart": restart }));
    let mut shown = post(&begin, &body).ask(client).await?;
    let (progress, clock) = (view_progress(), SystemClock::default());
    while state(&shown) == RebuildState::Feeding.code() {
        clock.wait_until(clock.now().plus_ms(ASK_AGAIN_MS)).await;
        shown = get(&path(name)).ask(client).await?;
        let number = |pointer: &str| shown.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
        progress.set(number("/rebuild/position"), number("/head"));
    }
    drop(progress);
    Ok(shown)
}

/// Returns the state of a view's rebuild.
pub(super) fn state(shown: &Value) -> &str {
    let state = shown.pointer("/rebuild/state");
    state.and_then(Value::as_str).unwrap_or_default()
}

/// Returns why the rebuild failed.
pub(super) fn why(shown: &Value) -> &str {
    let why = shown.pointer("/rebuild/why");
    why.and_then(Value::as_str).unwrap_or_default()
}

/// Returns true if the rebuilt rows of a view equal its live rows.
pub(super) fn agrees(shown: &Value) -> bool {
    shown.pointer("/rebuild/agrees") == Some(&Value::Bool(true))
}

/// Replaces the live rows of a view with its rebuilt ones and returns the reply. Rows that differ need the
/// reason `accept`.
pub(super) async fn switch_to(
    client: &ApiClient,
    name: &str,
    accept: Option<&str>,
) -> Result<Value, Failure> {
    let body = accept.map_or_else(|| json!({}), |reason| json!({ "accept_differences": reason }));
    post(&format!("{}/switch", path(name)), &body).ask(client).await
}

/// Runs `projections switch`: replaces the live rows and prints the state of the view.
pub(super) async fn switch(
    at: &ViewRequestArgs,
    runtime: Arc<Runtime>,
    name: &str,
    accept: Option<&str>,
) -> Result<(), Failure> {
    let client = at.api.client(runtime).await?;
    let switched = switch_to(&client, name, accept).await;
    client.close().await;
    say(at, &switched?, &format!("{name}: switched"))
}

/// Drops the new rows.
pub(super) async fn cancel(at: &ViewRequestArgs, runtime: Arc<Runtime>, name: &str) -> Result<(), Failure> {
    let (path, body) = (format!("{}/cancel", path(name)), json!({}));
    at.api.ask(runtime, post(&path, &body)).await?;
    say(
        at,
        &json!({ "view": name, "canceled": true }),
        &format!("{name}: new rows dropped"),
    )
}

/// Lets a parked view retry its event.
pub(super) async fn retry(at: &ViewRequestArgs, runtime: Arc<Runtime>, name: &str) -> Result<(), Failure> {
    let (path, body) = (format!("{}/retry", path(name)), json!({}));
    let shown = at.api.ask(runtime, post(&path, &body)).await?;
    say(at, &shown, &format!("{name}: retrying"))
}

fn say(at: &ViewRequestArgs, value: &Value, line: &str) -> Result<(), Failure> {
    if at.json {
        return output::json(value);
    }
    output::line(line)
}
