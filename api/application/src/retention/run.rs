//! One run: completes what a crash interrupted, finds what is due, and disposes of it unless it is a dry
//! run.

use super::disposal_execution::carry_out;
use super::due_data::{DueData, persons, recordings};
use super::transcripts;
use crate::installation::{Installation, follow};
use domain::calling_plan::Preset;
use domain::ids::{CallId, ConversationId, CustomerId};
use domain::problem::{Problem, ProblemKind};
use domain::retention::{
    DISPOSAL_ITEMS_MAX, DataClass, DisposalBasis, DisposalRequest, DisposalResult, DisposedItems,
    RetentionCommand, RetentionState, ReviewCounts,
};
use domain::stored_event::{Cause, Position};
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;
use tokio::sync::{Semaphore, SemaphorePermit};

/// A semaphore that allows one run of retention at a time.
static PLACE: Semaphore = Semaphore::const_new(1);

/// Longest wait for the rows that select candidates to reach the log's end, in milliseconds.
const ROWS_WAIT_MS: u64 = 5_000;

/// Most things named in a reply. The events name all.
const NAMED_MAX: usize = 20;

/// The result of a run of retention, by class of data.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RetentionRunResponse {
    /// True if nothing was destroyed or stored.
    pub dry_run: bool,
    pub at: Timestamp,
    pub classes: Vec<ClassRun>,
    /// The log's end after the run.
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
}

/// The result of a run of retention for one class of data.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ClassRun {
    pub class: DataClass,
    /// True if a period is set. Without one, nothing is due.
    pub set: bool,
    /// A disposal that an earlier run did not complete. A dry run does not complete it either.
    pub unfinished: Option<u64>,
    pub looked_at: u64,
    /// Things past their period, including those held and those left for the next run.
    pub due: u64,
    /// Past their period but under a hold. They are kept.
    pub held: u64,
    pub destroyed: u64,
    /// Already gone: erased, or destroyed before a crash.
    pub gone: u64,
    /// Kept because of a hold or a new enrolment in the meantime.
    pub kept: u64,
    /// Beyond the limit of one run. The next run continues with them.
    pub left: u64,
    /// Files without an event. They are not touched.
    pub unknown: u64,
    /// Numbers of the disposals of this run.
    #[schemars(example = [17])]
    pub disposals: Vec<u64>,
    /// The things that are due, at most 20 in all.
    pub calls: Vec<CallId>,
    pub customers: Vec<CustomerId>,
    pub conversations: Vec<ConversationId>,
}

/// Returns the permit for disposals, which only one task can have at a time. Fails with `retention-busy`.
pub(super) fn acquire_disposal_permit() -> Result<SemaphorePermit<'static>, Problem> {
    let busy = |_| {
        Problem::new(
            ProblemKind::Busy,
            "retention-busy",
            "a retention run is in progress",
        )
    };
    PLACE.try_acquire().map_err(busy)
}

/// Runs retention once over all classes of data: completes interrupted disposals, then disposes of what is
/// due. A dry run only counts. Fails with `retention-busy` during another run. The caller must check for
/// the approval of another user first.
pub async fn run(
    installation: &Installation,
    dry_run: bool,
    cause: Cause,
) -> Result<RetentionRunResponse, Problem> {
    let _place = acquire_disposal_permit()?;
    let head = installation.store().head().await?;
    installation.rows_at(head, ROWS_WAIT_MS).await?;
    let mut classes = Vec::new();
    for class in DataClass::ALL {
        classes.push(
            RetentionRun::of(installation, class, dry_run, cause)
                .run()
                .await?,
        );
    }
    Ok(RetentionRunResponse {
        dry_run,
        at: installation.now(),
        classes,
        position: installation.store().head().await?,
    })
}

/// A run of retention over one class of data.
struct RetentionRun<'a> {
    installation: &'a Installation,
    class: DataClass,
    dry_run: bool,
    cause: Cause,
    shown: ClassRun,
}

impl<'a> RetentionRun<'a> {
    const fn of(installation: &'a Installation, class: DataClass, dry_run: bool, cause: Cause) -> Self {
        Self {
            installation,
            class,
            dry_run,
            cause,
            shown: ClassRun {
                class,
                set: false,
                unfinished: None,
                looked_at: 0,
                due: 0,
                held: 0,
                destroyed: 0,
                gone: 0,
                kept: 0,
                left: 0,
                unknown: 0,
                disposals: Vec::new(),
                calls: Vec::new(),
                customers: Vec::new(),
                conversations: Vec::new(),
            },
        }
    }

    async fn run(mut self) -> Result<ClassRun, Problem> {
        let state = self.state().await?;
        self.finish(&state).await?;
        self.shown.set = !state.is_unset();
        if !self.shown.set {
            return Ok(self.shown);
        }
        let (mut through, mut through_position) = (None, None);
        match self.class {
            DataClass::Recordings => {
                let due = recordings(self.installation, &state).await?;
                let things = |calls| DisposedItems {
                    calls,
                    ..DisposedItems::default()
                };
                self.shown.calls = self.dispose(due, things).await?;
            }
            DataClass::Persons => {
                let due = persons(self.installation, &state).await?;
                through.clone_from(&due.through);
                let things = |customers| DisposedItems {
                    customers,
                    ..DisposedItems::default()
                };
                self.shown.customers = self.dispose(due, things).await?;
            }
            DataClass::Transcripts => {
                let due = transcripts::due(self.installation, &state).await?;
                through_position = due.through_position;
                let named = self.dispose(due, transcripts::things).await?;
                let DisposedItems {
                    calls, conversations, ..
                } = transcripts::things(named);
                (self.shown.calls, self.shown.conversations) = (calls, conversations);
            }
        }
        if !self.dry_run {
            self.say(through, through_position).await?;
        }
        Ok(self.shown)
    }

    async fn state(&self) -> Result<Arc<RetentionState>, Problem> {
        Ok(self
            .installation
            .entities
            .retentions
            .state(&self.class)
            .await?
            .state)
    }

    /// Completes the disposal that a crash interrupted, if there is one; a dry run only reports it.
    async fn finish(&mut self, state: &RetentionState) -> Result<(), Problem> {
        let Some(under_way) = state.under_way() else {
            return Ok(());
        };
        self.shown.unfinished = Some(under_way.disposal);
        if !self.dry_run {
            let result = carry_out(self.installation, self.class, under_way).await?;
            self.count(result);
        }
        Ok(())
    }

    /// Disposes of due things, one disposal per preset. Returns the things that the reply names.
    async fn dispose<T: Clone>(
        &mut self,
        due: DueData<T>,
        things: impl Fn(Vec<T>) -> DisposedItems,
    ) -> Result<Vec<T>, Problem> {
        let found = due.count() as u64;
        self.shown.looked_at = due.looked_at;
        self.shown.held = due.held;
        self.shown.left = due.left;
        self.shown.unknown = due.unknown;
        self.shown.due = found.saturating_add(due.held).saturating_add(due.left);
        let all = due.groups.values().flatten();
        let named = all.take(NAMED_MAX).map(|item| item.id.clone()).collect();
        if self.dry_run {
            return Ok(named);
        }
        for (preset, mut items) in due.groups {
            items.sort_by_key(|item| item.rested_at);
            for part in items.chunks(DISPOSAL_ITEMS_MAX) {
                let (Some(oldest), Some(newest)) = (part.first(), part.last()) else {
                    continue;
                };
                let what = things(part.iter().map(|item| item.id.clone()).collect());
                self.begin(preset, oldest.rested_at, newest.rested_at, what)
                    .await?;
            }
        }
        Ok(named)
    }

    /// Records the begin of one disposal in the log, then destroys what it names.
    async fn begin(
        &mut self,
        preset: Preset,
        oldest_at: Timestamp,
        newest_at: Timestamp,
        what: DisposedItems,
    ) -> Result<(), Problem> {
        let nth = format!("{}/{}/{}", self.class, preset.code(), self.shown.disposals.len());
        let command = RetentionCommand::BeginDisposal(Box::new(DisposalRequest {
            class: self.class,
            preset,
            oldest_at,
            newest_at,
            what,
            under: DisposalBasis::Period,
        }));
        let entities = &self.installation.entities.retentions;
        let answer = entities
            .ask(&self.class, command, follow(self.cause, &nth))
            .await?;
        let Some(under_way) = answer.state.under_way() else {
            return Ok(());
        };
        self.shown.disposals.push(under_way.disposal);
        let result = carry_out(self.installation, self.class, under_way).await?;
        self.count(result);
        Ok(())
    }

    const fn count(&mut self, result: DisposalResult) {
        self.shown.destroyed = self.shown.destroyed.saturating_add(result.destroyed);
        self.shown.gone = self.shown.gone.saturating_add(result.gone);
        self.shown.kept = self.shown.kept.saturating_add(result.kept);
    }

    async fn say(
        &self,
        through: Option<CustomerId>,
        through_position: Option<Position>,
    ) -> Result<(), Problem> {
        let command = RetentionCommand::Review(ReviewCounts {
            looked_at: self.shown.looked_at,
            due: self.shown.due,
            destroyed: self.shown.destroyed,
            held: self.shown.held,
            left: self.shown.left,
            through,
            through_position,
        });
        let cause = follow(self.cause, &format!("{}/reviewed", self.class));
        let entities = &self.installation.entities.retentions;
        entities.ask(&self.class, command, cause).await?;
        Ok(())
    }
}
