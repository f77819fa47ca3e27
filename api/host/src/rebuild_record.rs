//! Records manual rebuilds of views as events of the view's aggregate.
//!
//! The read database keeps each view's last rebuild, with what was compared and why differences were
//! accepted. The events are derived from there. If a rebuild was ended without a server, or its server died
//! before recording it, it is therefore recorded at the next start, and nothing is recorded twice.

use application::installation::{Installation, follow};
use domain::ids::ViewId;
use domain::inquiry::mask_numbers;
use domain::problem::Problem;
use domain::stored_event::Cause;
use domain::view::{SwitchFacts, TableFacts, ViewCommand};
use projections::{Rebuild, RebuildState};
use std::sync::Arc;

/// The pause before a store or database that was unavailable is asked again, in milliseconds.
const AGAIN_AFTER_MS: u64 = 5_000;

/// Starts the task that records rebuilds made while no server ran. It tries again until it succeeds.
pub fn begin(installation: &Arc<Installation>) {
    let recording = Arc::clone(installation);
    let stop = installation.tasks().stop_signal();
    installation.tasks().spawn(
        "rebuild record",
        Box::pin(async move {
            tokio::select! {
                biased;
                () = stop.stopping() => {}
                () = catch_up(&recording) => {}
            }
        }),
    );
}

async fn catch_up(installation: &Installation) {
    let mut said = false;
    while let Err(why) = note_all(installation).await {
        if !std::mem::replace(&mut said, true) {
            tracing::warn!(%why, "rebuilds of views could not be recorded yet; trying again");
        }
        installation.pause(AGAIN_AFTER_MS).await;
    }
}

async fn note_all(installation: &Installation) -> Result<(), Problem> {
    for rebuild in installation.rows.rebuilds().await? {
        note_one(
            installation,
            &rebuild,
            None,
            Cause::outside(installation.new_command()),
        )
        .await?;
    }
    Ok(())
}

/// Records the current or last rebuild of a view in its present state. What is recorded already is not
/// repeated.
pub async fn note(
    installation: &Installation,
    view: &str,
    by: Option<String>,
    cause: Cause,
) -> Result<(), Problem> {
    let rebuilds = installation.rows.rebuilds().await?;
    match rebuilds.iter().find(|rebuild| rebuild.view == view) {
        Some(rebuild) => note_one(installation, rebuild, by, cause).await,
        None => Ok(()),
    }
}

async fn note_one(
    installation: &Installation,
    rebuild: &Rebuild,
    by: Option<String>,
    cause: Cause,
) -> Result<(), Problem> {
    let id: ViewId = rebuild
        .view
        .parse()
        .map_err(|error| Problem::fault(format!("a view's name: {error}")))?;
    let by = by.as_deref().map(mask_numbers);
    let begun = ViewCommand::Rebuild {
        version: rebuild.version,
        begun_at: rebuild.begun_at,
        by: by.clone(),
    };
    installation.entities.views.ask(&id, begun, cause).await?;
    if let Some(ended) = ended(rebuild, by) {
        let cause = follow(cause, "ended");
        installation.entities.views.ask(&id, ended, cause).await?;
    }
    Ok(())
}

/// Returns the command that records the end of a rebuild, or `None` if it has not ended.
fn ended(rebuild: &Rebuild, by: Option<String>) -> Option<ViewCommand> {
    let begun_at = rebuild.begun_at;
    match rebuild.state {
        RebuildState::Canceled => Some(ViewCommand::Cancel { begun_at, by }),
        RebuildState::Switched => Some(ViewCommand::Switch {
            facts: facts(rebuild)?,
            accepted_differences: rebuild.why.as_deref().map(mask_numbers),
            by,
        }),
        RebuildState::Feeding | RebuildState::Ready | RebuildState::Failed => None,
    }
}

fn facts(rebuild: &Rebuild) -> Option<SwitchFacts> {
    let compared = rebuild.comparison.as_ref()?;
    let tables = compared.tables.iter().map(|table| TableFacts {
        table: table.table.clone(),
        rows_before: table.live.rows,
        rows_after: table.replay.rows,
        sha256_before: table.live.sha256.clone(),
        sha256_after: table.replay.sha256.clone(),
    });
    Some(SwitchFacts {
        version: rebuild.version,
        begun_at: rebuild.begun_at,
        position: rebuild.position,
        compared_at: compared.position,
        tables: tables.collect(),
    })
}
