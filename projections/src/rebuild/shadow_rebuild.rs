//! The shadow rebuild of one view: new rows are made in parallel to the live ones, compared with them, and
//! switched to or dropped.
//!
//! Every step is one transaction that first reads the stored state of the rebuild. A step that is repeated,
//! interrupted, or run by two processes at once therefore does no harm.

use super::rows::{FeedResult, Page, ShadowRows};
use super::stored::{self, Comparison, Rebuild, RebuildState};
use super::{Views, away};
use crate::checkpoint::CHECKPOINT_TABLE;
use crate::context::ProjectionContext;
use crate::database::{ReadDb, read_as, transact};
use crate::error::ProjectionError;
use crate::shadow::ShadowTables;
use crate::view::{View, ViewEvent};
use domain::problem::Problem;
use domain::stored_event::Position;
use serde::Serialize;
use std::cmp::Ordering;
use std::sync::Arc;

/// Most events of one step of a rebuild: more than live views usually take at once, for speed. The live
/// views wait for one step at most.
pub(crate) const STEP_EVENTS_MAX: usize = 1_024;

/// Most tries of a switch while the live rows move ahead of the new ones or readers block it; then it
/// fails.
const SWITCH_TRIES_MAX: u32 = 40;

/// Number of tries of a switch that do not end analysts' queries: about two seconds. Most queries end
/// within one.
const QUESTIONS_GRACE_TRIES: u32 = 3;

/// Wait after a try of a switch that readers or the database blocked, in milliseconds.
const SWITCH_AGAIN_MS: u64 = 250;

/// The reason why a rebuild was not started, switched to or dropped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RebuildError {
    #[error("there is no view {0}")]
    NoView(String),
    /// Not possible now or in this form; the text says what to do.
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Failed(#[from] ProjectionError),
}

impl From<RebuildError> for Problem {
    fn from(error: RebuildError) -> Self {
        match error {
            RebuildError::NoView(_) => Self::missing("this view"),
            RebuildError::Refused(why) => Self::refused("rebuild-refused", why),
            RebuildError::Failed(error) => error.into(),
        }
    }
}

/// The result of one step of a rebuild.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepResult {
    /// There is nothing to feed: no rebuild was started, it failed, or it is over.
    Over,
    /// The new rows advanced.
    Moved,
    /// The new rows have everything that the live rows have; the next step waits until those advance.
    Level,
    /// The new rows were compared with the live ones and are ready.
    Compared,
}

/// The result of a switch: the view, and up to which position its rows are complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SwitchResult {
    pub view: String,
    /// The position up to which the rows are complete.
    pub position: Position,
}

impl SwitchResult {
    fn of(kept: &Rebuild) -> Self {
        Self {
            view: kept.view.clone(),
            position: kept.position,
        }
    }
}

/// The shadow rebuild of one view, with what its steps need.
#[derive(Clone)]
pub(crate) struct ShadowRebuild {
    grounds: ProjectionContext,
    view: Arc<dyn View>,
    shadow: Arc<ShadowTables>,
    /// The names of the tables of all views, which the documented SQL views read.
    tables: Arc<[&'static str]>,
}

impl ShadowRebuild {
    /// Returns the rebuild of the view with this name; an error if there is no such view.
    pub(crate) fn of(grounds: &ProjectionContext, views: &Views, name: &str) -> Result<Self, RebuildError> {
        let view = views.iter().find(|view| view.name() == name);
        let view = view.ok_or_else(|| RebuildError::NoView(name.to_owned()))?;
        let tables = views.iter().flat_map(|view| view.tables());
        Ok(Self {
            tables: tables.map(|table| table.name).chain([CHECKPOINT_TABLE]).collect(),
            grounds: grounds.clone(),
            view: Arc::clone(view),
            shadow: Arc::new(ShadowTables::of(view.as_ref())),
        })
    }

    pub(super) fn name(&self) -> &'static str {
        self.view.name()
    }

    pub(super) fn db(&self) -> &dyn ReadDb {
        self.grounds.db.as_ref()
    }

    fn rows(&self) -> ShadowRows {
        ShadowRows {
            view: Arc::clone(&self.view),
            shadow: Arc::clone(&self.shadow),
            tables: Arc::clone(&self.tables),
        }
    }

    /// Reads the stored state of the rebuild; `None` if there never was one.
    pub(crate) async fn kept(&self) -> Result<Option<Rebuild>, ProjectionError> {
        let name = self.view.name();
        read_as(self.db(), move |tx| stored::read(tx, name)).await
    }

    /// Resumes an open rebuild of this version, or starts one. With `restart` it always starts a new one.
    pub(crate) async fn begin(&self, restart: bool) -> Result<Rebuild, ProjectionError> {
        let (rows, now) = (self.rows(), self.grounds.clock.now());
        let dialect = self.db().dialect();
        transact(self.db(), move |tx| {
            stored::prepare(tx)?;
            let kept = stored::read(tx, rows.view.name())?;
            if let Some(mut open) = kept.clone().filter(|kept| rows.goes_on(kept) && !restart) {
                (open.fed_from, open.fed_since) = (open.position, now);
                if open.state == RebuildState::Failed {
                    // A comparison that was made stays valid; the new rows may be ahead of the live ones by
                    // now.
                    let state = match open.comparison {
                        Some(_) => RebuildState::Ready,
                        None => RebuildState::Feeding,
                    };
                    (open.state, open.why) = (state, None);
                }
                stored::write(tx, &open)?;
                return Ok(open);
            }
            let begun = rows.first_state(kept.map_or(1, |kept| kept.generation + 1), now);
            rows.make(tx, dialect, begun.generation)?;
            stored::write(tx, &begun)?;
            Ok(begun)
        })
        .await
    }

    /// Cancels the rebuild and drops the new rows. Returns false if no rebuild is open.
    pub(crate) async fn cancel(&self) -> Result<bool, ProjectionError> {
        let (rows, now) = (self.rows(), self.grounds.clock.now());
        transact(self.db(), move |tx| {
            let Some(mut kept) = stored::read(tx, rows.view.name())?.filter(|kept| kept.state.is_open())
            else {
                return Ok(false);
            };
            rows.drop_next(tx)?;
            (kept.state, kept.changed_at) = (RebuildState::Canceled, now);
            stored::write(tx, &kept)?;
            Ok(true)
        })
        .await
    }

    async fn page(&self, after: Position) -> Result<Page, ProjectionError> {
        let page = self.grounds.store.read_all(after, STEP_EVENTS_MAX).await;
        let events = page.map_err(away)?.iter().map(ViewEvent::read).collect();
        Ok(Page { after, events })
    }

    /// Feeds one batch of events to the new rows. Compares these with the live rows once both are at the
    /// same position.
    pub(crate) async fn step(&self) -> Result<StepResult, ProjectionError> {
        let Some(kept) = self.kept().await?.filter(|kept| kept.state.is_fed()) else {
            return Ok(StepResult::Over);
        };
        let page = self.page(kept.position).await?;
        let (rows, now) = (self.rows(), self.grounds.clock.now());
        let fed = transact(self.db(), move |tx| rows.feed(tx, &page, now)).await;
        match fed {
            Ok(FeedResult { state: None, .. }) => Ok(StepResult::Over),
            Ok(FeedResult {
                against_live: Ordering::Less,
                ..
            }) => Ok(StepResult::Moved),
            Ok(FeedResult {
                against_live: Ordering::Equal,
                state: Some(RebuildState::Feeding),
            }) => self.compare().await,
            // This includes new rows that are ahead of live rows which started again at the first event.
            Ok(_) => Ok(StepResult::Level),
            Err(ProjectionError::Parked { position, why, .. }) => {
                let why = format!("position {position}: {why}");
                self.fail(kept.generation, why).await?;
                Ok(StepResult::Over)
            }
            Err(other) => Err(other),
        }
    }

    /// Marks the rebuild as failed, unless it was canceled, switched to or started again meanwhile.
    async fn fail(&self, generation: u64, why: String) -> Result<(), ProjectionError> {
        let (name, now) = (self.view.name(), self.grounds.clock.now());
        tracing::error!(
            view = name,
            why,
            "the shadow rebuild of a view failed at an event that it cannot apply"
        );
        transact(self.db(), move |tx| {
            let is_same = |kept: &Rebuild| kept.state.is_fed() && kept.generation == generation;
            let Some(mut kept) = stored::read(tx, name)?.filter(is_same) else {
                return Ok(());
            };
            (kept.state, kept.why, kept.changed_at) = (RebuildState::Failed, Some(why), now);
            stored::write(tx, &kept)
        })
        .await
    }

    /// Compares live and new rows in one snapshot, and stores the result. If they are not at the same
    /// position there, returns `Moved`, and the next step feeds on.
    async fn compare(&self) -> Result<StepResult, ProjectionError> {
        let rows = self.rows();
        let dialect = self.db().dialect();
        let Some(comparison) = read_as(self.db(), move |tx| rows.compared(tx, dialect)).await? else {
            return Ok(StepResult::Moved);
        };
        let (name, now) = (self.view.name(), self.grounds.clock.now());
        let agrees = comparison.agrees();
        let position = comparison.position;
        transact(self.db(), move |tx| {
            let kept = stored::read(tx, name)?;
            let Some(mut kept) = kept.filter(|kept| kept.state == RebuildState::Feeding) else {
                return Ok(());
            };
            (kept.state, kept.comparison, kept.changed_at) = (RebuildState::Ready, Some(comparison), now);
            stored::write(tx, &kept)
        })
        .await?;
        tracing::info!(
            view = name,
            position = position.0,
            agrees,
            "the shadow rebuild of a view is ready"
        );
        Ok(StepResult::Compared)
    }

    /// Makes the new rows the live ones, in one transaction. Refused while they are not ready, and if they
    /// differ from the live rows, unless `accept` gives a reason to accept that.
    pub(crate) async fn switch(&self, accept: Option<&str>) -> Result<SwitchResult, RebuildError> {
        let name = self.view.name();
        let (mut away, mut asked) = (None, None);
        for tried in 0..SWITCH_TRIES_MAX {
            let kept = self.kept().await?;
            // If the connection broke at the end of a try, it is unknown whether that try was committed.
            if let Some(done) = kept
                .as_ref()
                .filter(|kept| Some(kept.generation) == asked && is_done(kept))
            {
                return Ok(SwitchResult::of(done));
            }
            let kept = ready(name, kept, accept)?;
            asked = Some(kept.generation);
            let page = self.page(kept.position).await?;
            let (rows, now) = (self.rows(), self.grounds.clock.now());
            let (reason, dialect) = (accept.map(str::to_owned), self.db().dialect());
            let done = transact(self.db(), move |tx| {
                if tried >= QUESTIONS_GRACE_TRIES {
                    tx.end_questions()?;
                }
                if rows.feed(tx, &page, now)?.state != Some(RebuildState::Ready) {
                    return Ok(None);
                }
                rows.switch_tables(tx, reason, now, dialect)
            })
            .await;
            match done {
                Ok(Some(position)) => {
                    return Ok(SwitchResult {
                        position,
                        ..SwitchResult::of(&kept)
                    });
                }
                Ok(None) => away = None,
                Err(ProjectionError::Unavailable(why)) => {
                    tracing::warn!(
                        view = name,
                        why,
                        "the switch of a view is blocked and tries again"
                    );
                    away = Some(why);
                    let again = self.grounds.clock.now().plus_ms(SWITCH_AGAIN_MS);
                    self.grounds.clock.wait_until(again).await;
                }
                Err(ProjectionError::Parked { position, why, .. }) => {
                    let why = format!("position {position}: {why}");
                    self.fail(kept.generation, why).await?;
                }
                Err(other) => return Err(other.into()),
            }
        }
        if let Some(why) = away {
            return Err(ProjectionError::Unavailable(why).into());
        }
        Err(RebuildError::Refused(format!(
            "view {name} could not be switched in {SWITCH_TRIES_MAX} tries, because of readers or because its \
             live rows moved on; nothing was changed, try again"
        )))
    }
}

fn is_done(kept: &Rebuild) -> bool {
    kept.state == RebuildState::Switched
}

/// Returns the rebuild if its new rows may become the live ones; otherwise the reason why not.
fn ready(name: &str, kept: Option<Rebuild>, accept: Option<&str>) -> Result<Rebuild, RebuildError> {
    let refused = |why: String| Err(RebuildError::Refused(why));
    let Some(kept) = kept.filter(|kept| kept.state.is_open()) else {
        return refused(format!("no rebuild of {name} was started"));
    };
    let (state, position) = (kept.state.code(), kept.position);
    if kept.state != RebuildState::Ready {
        let why = kept.why.unwrap_or_default();
        return refused(format!(
            "the rebuild of {name} is {state} at position {position} {why}"
        ));
    }
    let agrees = kept.comparison.as_ref().is_some_and(Comparison::agrees);
    if !agrees && accept.is_none_or(|reason| reason.trim().is_empty()) {
        return refused(format!(
            "the new rows of {name} differ from the live ones; look at the comparison, and accept the \
             differences with a reason"
        ));
    }
    Ok(kept)
}
