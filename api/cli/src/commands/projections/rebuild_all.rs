//! `projections rebuild` without a name: rebuilds every view in turn without downtime, or drops all rows and
//! rebuilds them in place if they cannot be read.

use crate::commands::projections::rebuild::{
    ASK_AGAIN_MS, agrees, feed_rebuild, path, state, switch_to, why,
};
use crate::commands::projections::{ViewRequestArgs, show_on, view_progress};
use crate::kit::api::get;
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::table::items;
use ::projections::{RebuildState, views};
use application::format_localized;
use domain::ports::clock::Clock;
use host::app::WritableRows;
use host::clock::SystemClock;
use host::outbound::api_client::ApiClient;
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// The result for one view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// The view had no rows of this build; they were built.
    Made,
    /// The new rows replaced the live ones.
    Switched,
    /// The new rows are ready but differ from the live ones, which stay in use.
    Differs,
    /// The rebuild failed; the live rows stay in use.
    Failed,
}

impl Outcome {
    const fn word(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Switched => "switched",
            Self::Differs => "differs",
            Self::Failed => "failed",
        }
    }
}

#[derive(Debug, Serialize)]
struct ViewRebuildResult {
    view: &'static str,
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

impl ViewRebuildResult {
    const fn of(view: &'static str, outcome: Outcome) -> Self {
        Self {
            view,
            outcome,
            why: None,
        }
    }

    fn failed(view: &'static str, why: &impl ToString) -> Self {
        Self {
            why: Some(why.to_string()),
            ..Self::of(view, Outcome::Failed)
        }
    }

    fn is_done(&self) -> bool {
        matches!(self.outcome, Outcome::Made | Outcome::Switched)
    }
}

/// Rebuilds every view in turn; readers always see complete rows.
pub(super) async fn rebuild_in_shadow(
    at: &ViewRequestArgs,
    runtime: Arc<Runtime>,
    accept: Option<&str>,
) -> Result<(), Failure> {
    let client = at.api.client(runtime).await?;
    let turns = all(&client, accept).await;
    client.close().await;
    tell(at, &turns?)
}

fn tell(at: &ViewRequestArgs, turns: &[ViewRebuildResult]) -> Result<(), Failure> {
    let left: Vec<&str> = turns
        .iter()
        .filter(|turn| !turn.is_done())
        .map(|turn| turn.view)
        .collect();
    if at.json {
        output::json(&json!({ "rebuilt": left.is_empty(), "views": turns }))?;
    } else {
        for turn in turns {
            let why = turn
                .why
                .as_ref()
                .map_or_else(String::new, |why| format!(": {why}"));
            output::line(&format!("{:<20} {}{why}", turn.view, turn.outcome.word()))?;
        }
    }
    if left.is_empty() {
        return Ok(());
    }
    Err(Failure::found(format!(
        "the live rows of {} stay in use: `projections status NAME --json` shows why; `projections switch NAME \
         --accept-differences REASON` switches to differing ones anyway",
        left.join(", ")
    )))
}

async fn all(client: &ApiClient, accept: Option<&str>) -> Result<Vec<ViewRebuildResult>, Failure> {
    let stand = get("/api/v1/projections").ask(client).await?;
    let before = items(&stand, "views");
    let mut turns = Vec::new();
    for view in views::all() {
        let row = before
            .iter()
            .find(|row| row.get("view") == Some(&json!(view.name())));
        // A view without rows is being built from the first event anyway; it need not be built twice.
        turns.push(match row {
            Some(row) if number(row, "position") == 0 => {
                made(client, view.name(), number(row, "head")).await?
            }
            Some(_) | None => one(client, view.name(), accept).await?,
        });
    }
    Ok(turns)
}

/// Returns a position of a reply, which is a number or text; 0 if there is none.
fn number(row: &Value, name: &str) -> u64 {
    let position = row.get(name).unwrap_or(&Value::Null);
    let text = position.as_str().and_then(|text| text.parse().ok());
    position.as_u64().or(text).unwrap_or(0)
}

/// Waits until a view without rows has reached `head`, or is parked.
async fn made(client: &ApiClient, name: &'static str, head: u64) -> Result<ViewRebuildResult, Failure> {
    let (path, clock) = (path(name), SystemClock::default());
    loop {
        let shown = get(&path).ask(client).await?;
        if let Some(parked) = shown.get("parked").filter(|parked| !parked.is_null()) {
            let why = parked.get("why").and_then(Value::as_str).unwrap_or_default();
            let position = number(parked, "position");
            return Ok(ViewRebuildResult::failed(
                name,
                &format!("parked before position {position}: {why}"),
            ));
        }
        if number(&shown, "position") >= head {
            return Ok(ViewRebuildResult::of(name, Outcome::Made));
        }
        clock.wait_until(clock.now().plus_ms(ASK_AGAIN_MS)).await;
    }
}

async fn one(
    client: &ApiClient,
    name: &'static str,
    accept: Option<&str>,
) -> Result<ViewRebuildResult, Failure> {
    let shown = feed_rebuild(client, name, true).await?;
    if state(&shown) != RebuildState::Ready.code() {
        return Ok(ViewRebuildResult::failed(name, &why(&shown)));
    }
    if !agrees(&shown) && accept.is_none() {
        return Ok(ViewRebuildResult::of(name, Outcome::Differs));
    }
    match switch_to(client, name, accept).await {
        Ok(_) => Ok(ViewRebuildResult::of(name, Outcome::Switched)),
        Err(refused) => Ok(ViewRebuildResult::failed(name, &refused)),
    }
}

/// Drops all rows and rebuilds them in place; readers see them incomplete meanwhile.
pub(super) async fn rebuild_in_place(at: &ViewRequestArgs) -> Result<(), Failure> {
    let (data, spec, read_db) = at.api.place()?;
    let rows = WritableRows::open(&data, &spec, &read_db).await?;
    let progress = view_progress();
    let mut hear = show_on(&progress);
    let rebuilt = ::projections::rebuild(rows.log.store.as_ref(), rows.rows(), &mut hear).await;
    drop(hear);
    drop(progress);
    rows.close().await;
    let reached = rebuilt?;
    if at.json {
        return output::json(&json!({ "rebuilt": true, "position": reached.to_string() }));
    }
    output::line(&format_localized!(
        "读模型已重建至位置 {reached}",
        "views rebuilt up to position {reached}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::testing::TestServer;

    #[test]
    fn every_view_is_rebuilt_in_turn_by_the_server_that_uses_the_rows() {
        let story = TestServer::begin();
        story.runtime.block_on(async {
            story.append(0, 5).await;
            let head = story.running.installation.store().head().await.unwrap();
            story.running.installation.rows_at(head, 30_000).await.unwrap();
            let turns = all(&story.client(), None).await.unwrap();
            assert_eq!(turns.len(), views::all().len());
            assert!(
                turns.iter().all(|turn| turn.outcome == Outcome::Switched),
                "{turns:?}"
            );
            let kept = story.running.installation.rows.rebuilds().await.unwrap();
            assert!(kept.iter().all(|kept| kept.state == RebuildState::Switched));
        });
        story.end();
    }
}
