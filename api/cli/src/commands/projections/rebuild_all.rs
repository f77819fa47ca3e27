//! `projections rebuild` without a name: every view in turn beside its live rows, by the server that uses the
//! directory or here; or, where the rows cannot even be read, all dropped and made again in place.

use crate::commands::projections::rebuild::{Holder, fed_there, holder, path, state};
use crate::commands::projections::{Where, bar, show_on};
use crate::kit::failure::Failure;
use crate::kit::output;
use ::projections::{Comparison, RebuildError, RebuildState, Rebuilds, checkpoints, views};
use domain::stored_event::Position;
use host::app::WritableRows;
use host::outbound::own_server::OwnServer;
use hyper::Method;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What became of a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// It had no rows of this build: they were made.
    Made,
    /// The next rows are the live ones.
    Switched,
    /// The next rows are ready and not the same as the live ones, which stay.
    Differs,
    /// The live rows stay.
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
struct Turn {
    view: &'static str,
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

impl Turn {
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

/// Every view in turn; readers see no gap.
pub(super) async fn beside(at: &Where, accept: Option<&str>) -> Result<(), Failure> {
    let turns = match holder(at).await? {
        Holder::Server(server) => all_there(&server, accept).await?,
        Holder::Here(rows, rebuilds) => {
            let done = all_here(&rows, &rebuilds, accept).await;
            drop(rebuilds);
            rows.close().await;
            done?
        }
    };
    tell(at, &turns)
}

fn tell(at: &Where, turns: &[Turn]) -> Result<(), Failure> {
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
        "the live rows stay of {}: `projections status NAME --json` shows why; `projections switch NAME \
         --accept-differences REASON` puts differing ones in place all the same",
        left.join(", ")
    )))
}

async fn all_here(
    rows: &WritableRows,
    rebuilds: &Rebuilds,
    accept: Option<&str>,
) -> Result<Vec<Turn>, Failure> {
    // Rows that are made from nothing now need not be made twice.
    let stored = checkpoints(rows.rows().as_ref()).await?.into_iter();
    let fresh: BTreeSet<String> = stored
        .filter(|row| row.position == Position(0))
        .map(|row| row.view)
        .collect();
    let bar = bar();
    let mut hear = show_on(&bar);
    let mut turns = Vec::new();
    rebuilds.catch_up(&mut hear).await?;
    let stored = checkpoints(rows.rows().as_ref()).await?;
    for view in views::all() {
        let name = view.name();
        let parked = stored
            .iter()
            .find(|row| row.view == name)
            .and_then(|row| row.parked.as_ref());
        let turn = match parked {
            Some((position, why)) if fresh.contains(name) => {
                Turn::failed(name, &format!("parked before position {position}: {why}"))
            }
            None if fresh.contains(name) => Turn::of(name, Outcome::Made),
            _ => one_here(rebuilds, (name, accept), &mut hear).await?,
        };
        turns.push(turn);
    }
    drop(hear);
    bar.finish_and_clear();
    Ok(turns)
}

async fn one_here(
    rebuilds: &Rebuilds,
    (name, accept): (&'static str, Option<&str>),
    hear: &mut (dyn FnMut(Position, Position) + Send),
) -> Result<Turn, Failure> {
    rebuilds.begin(name, true).await?;
    let made = rebuilds.feed(name, hear).await?;
    if made.state != RebuildState::Ready {
        return Ok(Turn::failed(name, &made.why.unwrap_or_default()));
    }
    let agrees = made.comparison.as_ref().is_some_and(Comparison::agrees);
    if !agrees && accept.is_none() {
        return Ok(Turn::of(name, Outcome::Differs));
    }
    match rebuilds.switch(name, accept).await {
        Ok(_) => Ok(Turn::of(name, Outcome::Switched)),
        Err(RebuildError::Refused(why)) => Ok(Turn::failed(name, &why)),
        Err(other) => Err(other.into()),
    }
}

async fn all_there(server: &OwnServer, accept: Option<&str>) -> Result<Vec<Turn>, Failure> {
    let mut turns = Vec::new();
    for view in views::all() {
        turns.push(one_there(server, (view.name(), accept)).await?);
    }
    Ok(turns)
}

async fn one_there(
    server: &OwnServer,
    (name, accept): (&'static str, Option<&str>),
) -> Result<Turn, Failure> {
    let shown = fed_there(server, (name, true)).await?;
    if state(&shown) != RebuildState::Ready.code() {
        let why = shown.pointer("/rebuild/why").and_then(Value::as_str);
        return Ok(Turn::failed(name, &why.unwrap_or_default()));
    }
    let agrees = shown.pointer("/rebuild/agrees").and_then(Value::as_bool);
    if agrees != Some(true) && accept.is_none() {
        return Ok(Turn::of(name, Outcome::Differs));
    }
    let body = accept.map_or_else(|| json!({}), |reason| json!({ "accept_differences": reason }));
    let switch = format!("{}/switch", path(name));
    match server.ask(Method::POST, &switch, Some(&body)).await {
        Ok(_) => Ok(Turn::of(name, Outcome::Switched)),
        Err(refused) => Ok(Turn::failed(name, &refused)),
    }
}

/// Drops all rows and makes them again: readers of other processes see them come.
pub(super) async fn in_place(at: &Where) -> Result<(), Failure> {
    let (data, spec) = at.place()?;
    let rows = WritableRows::open(&data, &spec, &at.read_db.spec(&data)).await?;
    let bar = bar();
    let mut hear = show_on(&bar);
    let rebuilt = ::projections::rebuild(rows.log.store.as_ref(), rows.rows(), &mut hear).await;
    drop(hear);
    bar.finish_and_clear();
    rows.close().await;
    let reached = rebuilt?;
    if at.json {
        return output::json(&json!({ "rebuilt": true, "position": reached.to_string() }));
    }
    output::line(&format!("views rebuilt up to position {reached}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::testing::Story;

    #[test]
    fn every_view_is_rebuilt_in_turn_by_the_server_that_uses_the_rows() {
        let story = Story::begin();
        story.runtime.block_on(async {
            story.append(0, 5).await;
            let head = story.running.installation.store().head().await.unwrap();
            story.running.installation.rows_at(head, 30_000).await.unwrap();
            let turns = all_there(&story.client(), None).await.unwrap();
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
