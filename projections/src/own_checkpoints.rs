//! Reads the stored checkpoints of views, compares them with what a feeder assumes, and finds out whether
//! this build can read the rows.

use crate::checkpoint::{Checkpoint, read_checkpoints};
use crate::database::{ReadDb, Tx, read_as};
use crate::error::ProjectionError;
use crate::view::View;
use domain::stored_event::Position;
use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

/// Reads the stored checkpoints of these views, without their parked state, so that a parked view tries its
/// event again.
pub(crate) async fn own_checkpoints(
    db: &dyn ReadDb,
    views: &[Arc<dyn View>],
) -> Result<Vec<Checkpoint>, ProjectionError> {
    let mut all = read_as(db, read_checkpoints).await?;
    all.retain(|row| views.iter().any(|view| view.name() == row.view));
    for row in &mut all {
        row.parked = None;
    }
    Ok(all)
}

/// Reads the stored checkpoints of the views, in the order of `views`. One beyond the checkpoint in
/// `believed` is the work of another process. Returns `Late` if one is behind: a database that crashed may
/// have lost its last commits, or all rows, and the events in between would be skipped.
pub(crate) fn stored_checkpoints(
    tx: &mut dyn Tx,
    views: &[Arc<dyn View>],
    believed: &[Checkpoint],
) -> Result<Vec<Checkpoint>, ProjectionError> {
    // No view runs this query. A table of ours that cannot be read was lost or is of another build.
    let stored = read_checkpoints(tx).map_err(|error| match error {
        ProjectionError::Fault(why) => ProjectionError::Unavailable(format!("the rows are missing: {why}")),
        other => other,
    })?;
    let mut standing = Vec::with_capacity(views.len());
    for view in views {
        let of_view = |row: &&Checkpoint| row.view == view.name();
        let wanted = believed.iter().find(of_view).map(|row| row.position);
        let found = stored.iter().find(of_view);
        let reached = found.map_or(Position(0), |row| row.position);
        let Some(row) = found.filter(|_| wanted.is_none_or(|wanted| reached >= wanted)) else {
            let wanted = wanted.unwrap_or_default();
            return Err(ProjectionError::Late { wanted, reached });
        };
        if row.version != view.version() {
            let (name, is, own) = (view.name(), row.version, view.version());
            return Err(ProjectionError::Unavailable(format!(
                "another build feeds view {name} in version {is}, this one knows {own}"
            )));
        }
        standing.push(row.clone());
    }
    Ok(standing)
}

/// The views with rows that another build wrote, by whether it is earlier or later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OtherBuild {
    /// Rows of an earlier build: names of views, or `all views` if the tables of checkpoints or rebuilds are
    /// older.
    Earlier(Vec<String>),
    /// Rows of a later build: names of views.
    Later(Vec<String>),
}

impl Display for OtherBuild {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (views, build, then) = match self {
            Self::Earlier(views) => (
                views,
                "an earlier",
                "run `ledgerline projections rebuild`, or start the server once: both rebuild them",
            ),
            Self::Later(views) => (views, "a later", "use that build to read them"),
        };
        let views = views.join(", ");
        write!(f, "the rows of {views} were made by {build} ledgerline: {then}")
    }
}

/// Checks whether this build can read the tables of checkpoints and rebuilds. Returns the build that wrote
/// them if it cannot. Fails if there are no views yet.
pub async fn find_incompatible_tables(db: &dyn ReadDb) -> Result<Option<OtherBuild>, ProjectionError> {
    let reads = async |sql: &'static str| match read_as(db, move |tx| tx.query(sql, &[])).await {
        Err(ProjectionError::Fault(_)) => Ok(false),
        done => done.map(|_| true),
    };
    if !reads("select view, version, position from checkpoint limit 1").await? {
        let why = "there are no views yet: start the server once, or run `ledgerline projections rebuild`";
        return Err(ProjectionError::Unavailable(why.to_owned()));
    }
    let is_ours = reads("select recorded_at from checkpoint limit 1").await?
        && reads("select fed_since, comparison from rebuild limit 1").await?;
    Ok((!is_ours).then(|| OtherBuild::Earlier(vec!["all views".to_owned()])))
}

/// Checks whether this build can read the rows of these views. Returns the other build with the names of
/// its views if it cannot.
pub async fn rows_of_other_build(
    db: &dyn ReadDb,
    views: &[Arc<dyn View>],
) -> Result<Option<OtherBuild>, ProjectionError> {
    if let Some(other) = find_incompatible_tables(db).await? {
        return Ok(Some(other));
    }
    let stored = read_as(db, read_checkpoints).await?;
    let (mut earlier, mut later) = (Vec::new(), Vec::new());
    for view in views {
        let (name, own) = (view.name(), view.version());
        match stored.iter().find(|row| row.view == name).map(|row| row.version) {
            None => earlier.push(format!("{name} (none yet)")),
            Some(is) if is < own => earlier.push(format!("{name} (version {is}, this build reads {own})")),
            Some(is) if is > own => later.push(format!("{name} (version {is}, this build reads {own})")),
            Some(_) => {}
        }
    }
    Ok(match (later.is_empty(), earlier.is_empty()) {
        (false, _) => Some(OtherBuild::Later(later)),
        (true, false) => Some(OtherBuild::Earlier(earlier)),
        (true, true) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::PostgresReadDb;
    use crate::runner::InlineRunner;
    use crate::sqlite::SqliteReadDb;
    use crate::testing::{TestClock, TestTasks, postgres_url};
    use crate::views;
    use domain::ports::clock::Clock;
    use domain::ports::tasks::Tasks;

    async fn said(db: &dyn ReadDb) -> String {
        let other = rows_of_other_build(db, &views::all()).await.unwrap();
        other.map_or_else(String::new, |other| other.to_string())
    }

    #[tokio::test]
    async fn rows_of_another_build_are_named_with_what_to_do() {
        let (tasks, clock): (_, Arc<dyn Clock>) = (TestTasks::default(), TestClock::new());
        let mut databases: Vec<Arc<dyn ReadDb>> = vec![Arc::new(SqliteReadDb::open_inline().unwrap())];
        if let Some(url) = postgres_url() {
            let opened = PostgresReadDb::open(&url, &clock, &tasks).await.unwrap();
            databases.push(Arc::new(opened));
        }
        for db in &databases {
            let nothing = rows_of_other_build(db.as_ref(), &views::all()).await;
            assert!(
                matches!(nothing, Err(ProjectionError::Unavailable(_))),
                "{nothing:?}"
            );
            InlineRunner::begin(Arc::clone(db), views::all()).await.unwrap();
            assert_eq!(said(db.as_ref()).await, "");
            let change = |sql: &'static str| async move { db.exec(sql, vec![]).await.unwrap() };
            change("update checkpoint set version = 0 where view = 'worklist'").await;
            let earlier = said(db.as_ref()).await;
            assert!(
                earlier.contains("worklist (version 0, this build reads"),
                "{earlier}"
            );
            assert!(earlier.contains("ledgerline projections rebuild"), "{earlier}");
            change("delete from checkpoint where view = 'funnel'").await;
            assert!(said(db.as_ref()).await.contains("funnel (none yet)"));
            change("update checkpoint set version = 99 where view = 'worklist'").await;
            let later = said(db.as_ref()).await;
            assert!(later.contains("later ledgerline: use that build"), "{later}");
            change("drop table rebuild").await;
            assert!(
                said(db.as_ref())
                    .await
                    .contains("all views were made by an earlier")
            );
            InlineRunner::begin(Arc::clone(db), views::all()).await.unwrap();
            assert_eq!(said(db.as_ref()).await, "");
            change("alter table checkpoint drop column recorded_at").await;
            assert!(
                said(db.as_ref())
                    .await
                    .contains("all views were made by an earlier")
            );
        }
        drop(databases);
        tasks.stop().await;
    }
}
