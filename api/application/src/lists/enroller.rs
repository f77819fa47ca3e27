//! Enrolls the customers of one list of one campaign by commands to their entities.

use crate::installation::Installation;
use crate::lists::assignment;
use crate::lists::load::{Enroller, EnrolmentOutcome};
use crate::lists::running_imports::ImportProgress;
use crate::lists::spelling::Spelling;
use crate::lists::status::show;
use crate::lists::withdrawal;
use crate::number_check_runner::check_before_enrolment;
use crate::sandbox_limits::SandboxPlaces;
use actors::{Answer, AskError};
use async_trait::async_trait;
use domain::actor::Actor;
use domain::calling_plan::DuplicatePolicy;
use domain::campaign::command::CampaignCommand;
use domain::campaign::{Campaign, CampaignRefusal, CampaignStatus, QueryMark};
use domain::customer::Assignee;
use domain::customer::command::Enrolment;
use domain::four_eyes::FourEyes;
use domain::ids::{CampaignId, CommandId, CustomerId, EventId, ListId};
use domain::problem::Problem;
use domain::stored_event::{Cause, Position, RequestFacts, RequestMark, WritePriority};
use domain::time::Timestamp;
use intake::row::RowRules;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

/// Most events by which the views may lag behind an import while calls are running: half a batch of the
/// views, in which the dialer finds its customers. Above it, the import waits.
const LAG_EVENTS_DIALING_MAX: u64 = 256;

/// Most events of lag while a campaign is running but no call: enough to spread the commits of the views.
const LAG_EVENTS_RUNNING_MAX: u64 = 4_096;

/// Most events of lag while no campaign is running, when only readers wait for the rows. The views catch up
/// with this many events in about half of the ten seconds after which a server is no longer ready.
const LAG_EVENTS_IDLE_MAX: u64 = 100_000;

/// Enrolments in progress at once while a campaign runs: enough to share a group commit, few enough that
/// dials do not wait behind them. With twice as many, a campaign kept 85 to 88 of 100 concurrent calls on
/// two slow cores.
const AT_ONCE_DIALING_MAX: usize = 16;

/// Enrolments in progress at once while no campaign runs: half of them share a commit while the others are
/// decided.
const AT_ONCE_IDLE_MAX: usize = 512;

/// Interval in milliseconds at which an import checks whether a campaign was started or its list undone.
const LOOK_AGAIN_MS: u64 = 1_000;

/// Longest wait for views that make no progress, in milliseconds; then the import fails, because the
/// database is unavailable or a view is being rebuilt. The same file resumes later where it stopped.
const WAY_MS_MAX: u64 = 60_000;

/// Returns the refusal of an idempotency key that was used for another list.
pub fn of_another_request() -> Problem {
    AskError::<CampaignRefusal>::AnotherRequest.into()
}

/// Enrolls the customers of one list in its campaign, by commands to their entities.
pub struct CampaignEnroller {
    pub(super) installation: Arc<Installation>,
    pub(super) campaign: CampaignId,
    pub(super) list: ListId,
    duplicates: DuplicatePolicy,
    /// Greatest age of a number check in days, if the campaign requires one.
    number_check: Option<u32>,
    /// The user or key that opens the list. Further events follow from the opening.
    by: Option<Actor>,
    /// Who approved the list, if the campaign requires approval.
    four_eyes: Option<Box<FourEyes>>,
    /// Idempotency key of the request that brought the list, if it has one.
    request_key: Option<RequestMark>,
    /// High-water mark of the database query that the list is from.
    mark: Option<QueryMark>,
    /// True if a repeat may bring other rows: the table of a query may have changed, and customers of a
    /// segment may have been erased.
    of_query: bool,
    /// True if the importing user may assign customers to users and teams.
    may_assign: bool,
    /// Last position that this import knows to be stored.
    stored: AtomicU64,
    /// True if a campaign was running at the last check or a call was running since, so that a dialer
    /// depends on the rows.
    campaign_runs: AtomicBool,
    /// Time of the next check, in microseconds.
    look_at: AtomicI64,
    /// True if the list was undone since the import began. Another process may have done that.
    undone: AtomicBool,
    /// The places that the sandbox has left for this list.
    places: SandboxPlaces,
}

impl CampaignEnroller {
    pub fn new(installation: Arc<Installation>, rules: &RowRules, by: Option<Actor>) -> Self {
        Self {
            installation,
            campaign: rules.campaign.clone(),
            list: rules.list,
            duplicates: rules.duplicates,
            number_check: rules.number_check,
            by,
            four_eyes: None,
            request_key: None,
            mark: None,
            of_query: false,
            may_assign: true,
            stored: AtomicU64::new(0),
            campaign_runs: AtomicBool::new(true),
            look_at: AtomicI64::new(i64::MIN),
            undone: AtomicBool::new(false),
            places: SandboxPlaces::default(),
        }
    }

    /// Sets who approved the list.
    pub fn behind(mut self, four_eyes: Option<Box<FourEyes>>) -> Self {
        self.four_eyes = four_eyes;
        self
    }

    /// Sets the idempotency key of the request.
    pub const fn asked_by(mut self, request_key: Option<RequestMark>) -> Self {
        self.request_key = request_key;
        self
    }

    /// Sets the high-water mark of the query that the list is from, stored with the list.
    pub fn read_to(mut self, mark: Option<QueryMark>) -> Self {
        self.mark = mark;
        self
    }

    /// Sets whether a repeat may bring other rows than the first time.
    pub const fn of_query(mut self, of_query: bool) -> Self {
        self.of_query = of_query;
        self
    }

    /// Sets whether the importing user may assign customers. If not, rows with an assignment are bad.
    pub const fn assigning(mut self, may_assign: bool) -> Self {
        self.may_assign = may_assign;
        self
    }

    /// Returns the cause of a command of this list. All its events have the list's id as their correlation
    /// and the event that opened the list as their causation.
    pub(super) fn cause(&self, command: CommandId) -> Cause {
        let opened = self.command("open-list");
        Cause {
            command,
            causation: (command != opened).then(|| EventId::derive(opened, 0)),
            correlation: Some(self.list.uuid()),
            by: self.by.filter(|_| command == opened),
            request: RequestFacts::NONE,
            urgency: WritePriority::Behind,
        }
    }

    /// Returns a command id that is derived from the campaign, the list and `what`, so that a repetition
    /// has the same id.
    fn command(&self, what: &str) -> CommandId {
        CommandId::derive_from_text(&format!("{what}:{}/{}", self.campaign, self.list))
    }

    pub(super) fn note_stored(&self, position: Position) {
        self.stored.fetch_max(position.0, Ordering::Relaxed);
    }

    /// Checks, at most every `LOOK_AGAIN_MS`, whether a campaign was started or the list was undone.
    /// `is_dialing`: calls are running now.
    async fn look_again(&self, is_dialing: bool) {
        let now = self.installation.now();
        let is_due = now.micros() >= self.look_at.load(Ordering::Relaxed);
        if is_dialing {
            self.campaign_runs.store(true, Ordering::Relaxed);
        }
        if is_due {
            self.look(now).await;
        }
    }

    /// Checks the list's own campaign by its entity, because the rows of campaigns may be late. If that
    /// fails, the import continues as if a campaign were running.
    async fn look(&self, now: Timestamp) {
        self.look_at
            .store(now.plus_ms(LOOK_AGAIN_MS).micros(), Ordering::Relaxed);
        let Ok(own) = self.installation.entities.campaigns.state(&self.campaign).await else {
            return;
        };
        if own.state.undone_lists().contains(&self.list) {
            self.undone.store(true, Ordering::Relaxed);
        }
        if self.campaign_runs.load(Ordering::Relaxed) {
            return;
        }
        let own_runs = own.state.status() == Some(CampaignStatus::Running);
        self.look_whether_one_runs(own_runs).await;
    }

    async fn look_whether_one_runs(&self, own_runs: bool) {
        let boards = self.installation.boards().await.ok();
        let runs = boards.is_none_or(|boards| boards.iter().any(|row| row.status == CampaignStatus::Running));
        self.campaign_runs.store(own_runs || runs, Ordering::Relaxed);
    }

    fn refuse_undone(&self) -> Result<(), Problem> {
        match self.is_undone() {
            true => Err(AskError::Refused(CampaignRefusal::ListUndone { list: self.list }).into()),
            false => Ok(()),
        }
    }

    async fn campaign(&self, what: &str, command: CampaignCommand) -> Result<Answer<Campaign>, Problem> {
        let id = self.command(what);
        let answer = self
            .installation
            .entities
            .campaigns
            .ask(&self.campaign, command, self.cause(id));
        answer.await.map_err(|error| match error {
            AskError::Refused(CampaignRefusal::KeyOfOtherList { .. }) => of_another_request(),
            other => other.into(),
        })
    }
}

#[async_trait]
impl Enroller for CampaignEnroller {
    async fn open(&self, source: &str) -> Result<Option<u64>, Problem> {
        self.places.count(&self.installation).await?;
        let command = CampaignCommand::OpenList {
            list: self.list,
            source: source.to_owned(),
            four_eyes: self.four_eyes.clone(),
            request_key: self.request_key,
        };
        let answer = self.campaign("open-list", command).await?;
        let own_runs = answer.state.status() == Some(CampaignStatus::Running);
        self.look_whether_one_runs(own_runs).await;
        Ok(answer.state.lists().get(&self.list).copied().flatten())
    }

    async fn make_way(&self, course: &ImportProgress) -> Result<(), Problem> {
        let is_dialing = self.installation.dialing.drivers().is_some_and(|drivers| {
            let calls = drivers.progress();
            calls.ringing + calls.talking > 0
        });
        self.look_again(is_dialing).await;
        self.refuse_undone()?;
        let lag_max = match (is_dialing, self.campaign_runs.load(Ordering::Relaxed)) {
            (true, _) => LAG_EVENTS_DIALING_MAX,
            (false, true) => LAG_EVENTS_RUNNING_MAX,
            (false, false) => LAG_EVENTS_IDLE_MAX,
        };
        let wanted = Position(self.stored.load(Ordering::Relaxed).saturating_sub(lag_max));
        // If all views are parked, there are no rows to wait for.
        if self
            .installation
            .rows
            .position()
            .is_none_or(|reached| reached >= wanted)
        {
            return Ok(());
        }
        course.begin_wait(self.installation.now());
        let waited = self.installation.rows_at(wanted, WAY_MS_MAX).await;
        course.end_wait(self.installation.now());
        self.look_again(is_dialing).await;
        self.refuse_undone()?;
        waited.map_err(|problem| {
            Problem::unavailable(format!(
                "the views lag behind the writes ({}): send the same file again to continue from where it \
                 stopped / 读模型跟不上写入，请稍后重新发送同一文件，将从中断处继续",
                problem.detail
            ))
        })
    }

    fn at_once(&self) -> usize {
        if self.campaign_runs.load(Ordering::Relaxed) {
            AT_ONCE_DIALING_MAX
        } else {
            AT_ONCE_IDLE_MAX
        }
    }

    async fn enrol(&self, command: CommandId, enrolment: Enrolment) -> Result<EnrolmentOutcome, Problem> {
        self.places.take()?;
        if self.is_claimed_elsewhere(&enrolment).await? {
            let loaded = self
                .installation
                .entities
                .customers
                .state(&enrolment.customer)
                .await?;
            return Ok(self
                .known(&loaded.state)
                .unwrap_or(EnrolmentOutcome::ByAnotherCampaign));
        }
        if let Some(max_age_days) = self.number_check {
            check_before_enrolment(&self.installation, &enrolment, max_age_days).await?;
        }
        match self.duplicates {
            DuplicatePolicy::ByCustomer => self.enrol_as_it_is(command, enrolment).await,
            DuplicatePolicy::ByNumber => self.enrol_by_number(command, enrolment).await,
        }
    }

    async fn foresee(&self, enrolment: &Enrolment) -> Result<EnrolmentOutcome, Problem> {
        let customer = self
            .installation
            .entities
            .customers
            .state(&enrolment.customer)
            .await?;
        if let Some(known) = self.known(&customer.state) {
            return Ok(known);
        }
        // Other campaigns are not asked: otherwise a caller could try one number after another in dry runs,
        // which leave only a logged attempt.
        let number = match self.duplicates {
            DuplicatePolicy::ByCustomer => None,
            DuplicatePolicy::ByNumber => Some(
                self.installation
                    .entities
                    .numbers
                    .state(&enrolment.number)
                    .await?,
            ),
        };
        let claimed_by = number
            .as_ref()
            .and_then(|loaded| loaded.state.claims().get(&self.campaign));
        Ok(match claimed_by {
            Some(other) if *other != enrolment.customer => EnrolmentOutcome::SameNumber(other.clone()),
            Some(_) | None => EnrolmentOutcome::ByThisList(Position(0)),
        })
    }

    async fn spelling(&self, normalized: &CustomerId, written: &CustomerId) -> Result<Spelling, Problem> {
        self.installation.spelling(normalized, written).await
    }

    async fn refuse_assignee(&self, to: &Assignee) -> Result<Option<String>, Problem> {
        assignment::refuse(&self.installation, self.may_assign, to).await
    }

    async fn assign(&self, customer: &CustomerId, to: Assignee) -> Result<(), Problem> {
        assignment::assign(self, customer, to).await
    }

    async fn close(&self, count: u64) -> Result<Position, Problem> {
        // A customer without a row in the query any more still belongs to the list and counts in it.
        let count = match self.of_query {
            true => {
                show(&self.installation, &self.campaign, self.list)
                    .await?
                    .enrolled
            }
            false => count,
        };
        let command = CampaignCommand::CloseList {
            list: self.list,
            count,
        };
        let closed = self.campaign("close-list", command).await?.position;
        if self.number_check.is_some() {
            self.installation.number_checks.wake(&self.campaign);
        }
        // Stored after the closing: if the process stops in between, the same rows are read again and found
        // enrolled.
        let Some(mark) = self.mark.clone() else {
            return Ok(closed);
        };
        let marked = self.campaign("mark-query", CampaignCommand::MarkQuery { mark });
        Ok(marked.await?.position)
    }

    fn is_undone(&self) -> bool {
        self.undone.load(Ordering::Relaxed)
    }

    async fn finish_undone(&self) -> Result<(), Problem> {
        withdrawal::finish_undone(&self.installation, &self.campaign, self.list).await
    }
}
