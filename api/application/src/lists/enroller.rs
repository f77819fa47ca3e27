//! Enrolments as asked of the live customers, for one list of one campaign.

use crate::installation::Installation;
use crate::lists::assigning;
use crate::lists::load::{Enrolled, Enroller};
use crate::lists::spelling::Spelling;
use crate::lists::standing::show;
use crate::lists::under_way::Course;
use crate::lists::withdrawing;
use crate::number_keeping::check_before_enrolment;
use actors::{Answer, AskError};
use async_trait::async_trait;
use domain::actor::Actor;
use domain::calling_plan::Duplicates;
use domain::campaign::command::CampaignCommand;
use domain::campaign::{Campaign, CampaignRefusal, CampaignStatus, QueryMark};
use domain::customer::Assignee;
use domain::customer::command::Enrolment;
use domain::four_eyes::FourEyes;
use domain::ids::{CampaignId, CommandId, CustomerId, EventId, ListId};
use domain::problem::Problem;
use domain::stored_event::{Cause, Position, RequestFacts, RequestMark, Urgency};
use domain::time::Timestamp;
use intake::row::RowRules;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

/// Most events by which the rows may be behind what a list has stored before more of it is, while people are
/// dialed: half a batch of the views, in whose rows the dialer finds them.
const LAG_EVENTS_DIALING_MAX: u64 = 256;

/// The same while nobody is called, though a campaign runs: enough to spread the views' commits.
const LAG_EVENTS_RUNNING_MAX: u64 = 4_096;

/// The same where no campaign runs: nobody waits for the rows but those who look. What views catch up with in
/// about half of the ten seconds after which a server is not ready any more.
const LAG_EVENTS_IDLE_MAX: u64 = 100_000;

/// Enrolments asked for at once: enough to share a group commit, few enough that they are not what a dial
/// waits behind. With twice as many a campaign kept 85 to 88 of 100 dials on two slow cores.
const AT_ONCE_DIALING_MAX: usize = 16;

/// The same where no campaign runs: a commit is shared by half of them while the others are decided.
const AT_ONCE_IDLE_MAX: usize = 512;

/// Between two looks whether a campaign was started.
const LOOK_AGAIN_MS: u64 = 1_000;

/// Longest wait for rows that do not come on: a database that is away, or a view that is made again. The
/// same file goes on later where it stopped.
const WAY_MS_MAX: u64 = 60_000;

/// A key that brought another list: nobody is enrolled by it.
pub fn of_another_request() -> Problem {
    AskError::<CampaignRefusal>::AnotherRequest.into()
}

/// Enrols into one list.
pub struct CampaignEnroller {
    pub(super) installation: Arc<Installation>,
    pub(super) campaign: CampaignId,
    pub(super) list: ListId,
    duplicates: Duplicates,
    /// How old a vacancy check may be, where the campaign demands one.
    number_check: Option<u32>,
    /// Who opens the list; what it leads to follows from that.
    by: Option<Actor>,
    /// Who stood behind it, where the campaign asks for somebody.
    four_eyes: Option<Box<FourEyes>>,
    /// Of the request that brought the list, where it may come again.
    request_key: Option<RequestMark>,
    /// How far the query was read that the list is of.
    mark: Option<QueryMark>,
    /// The same content is not what comes again: a query's table holds other rows then, and of a segment's
    /// people some are erased since.
    of_query: bool,
    /// Whether whoever opens it may give persons to users and teams.
    may_assign: bool,
    /// The last position that this import knows to be stored.
    stored: AtomicU64,
    /// A campaign ran when it was last looked at, or somebody was called since: its dialer stands on the
    /// rows.
    campaign_runs: AtomicBool,
    /// When that is looked at again, in microseconds.
    look_at: AtomicI64,
    /// Somebody undid the list since it was begun: this process may be the last to learn of it.
    undone: AtomicBool,
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
        }
    }

    /// The same, with who stands behind the list.
    pub fn behind(mut self, four_eyes: Option<Box<FourEyes>>) -> Self {
        self.four_eyes = four_eyes;
        self
    }

    /// The same of a request that may come again, by what its key is known by.
    pub const fn asked_by(mut self, request_key: Option<RequestMark>) -> Self {
        self.request_key = request_key;
        self
    }

    /// The same of a query that was read to here.
    pub fn read_to(mut self, mark: Option<QueryMark>) -> Self {
        self.mark = mark;
        self
    }

    /// The same where the rows may be others than those by which the list was begun.
    pub const fn of_query(mut self, of_query: bool) -> Self {
        self.of_query = of_query;
        self
    }

    /// The same for whoever may not give persons to anybody: rows that say so are bad.
    pub const fn assigning(mut self, may_assign: bool) -> Self {
        self.may_assign = may_assign;
        self
    }

    /// All that one list leads to shares its id as the correlation, and follows from its opening.
    pub(super) fn cause(&self, command: CommandId) -> Cause {
        let opened = self.command("open-list");
        Cause {
            command,
            causation: (command != opened).then(|| EventId::derive(opened, 0)),
            correlation: Some(self.list.uuid()),
            by: self.by.filter(|_| command == opened),
            request: RequestFacts::NONE,
            urgency: Urgency::Behind,
        }
    }

    /// A command id fixed by the list and what is asked of its campaign.
    fn command(&self, what: &str) -> CommandId {
        CommandId::derive_from_text(&format!("{what}:{}/{}", self.campaign, self.list))
    }

    pub(super) fn note_stored(&self, position: Position) {
        self.stored.fetch_max(position.0, Ordering::Relaxed);
    }

    /// One that was started since has its people soon, and a list that was undone since has no more.
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

    /// The list's own campaign says it itself, the others' rows may be behind. What cannot be asked says
    /// nothing: then the import goes as if one ran.
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

    async fn make_way(&self, course: &Course) -> Result<(), Problem> {
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
        // Where every view is parked nobody waits for rows.
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

    async fn enrol(&self, command: CommandId, enrolment: Enrolment) -> Result<Enrolled, Problem> {
        if self.is_claimed_elsewhere(&enrolment).await? {
            let loaded = self
                .installation
                .entities
                .customers
                .state(&enrolment.customer)
                .await?;
            return Ok(self.known(&loaded.state).unwrap_or(Enrolled::ByAnotherCampaign));
        }
        if let Some(max_age_days) = self.number_check {
            check_before_enrolment(&self.installation, &enrolment, max_age_days).await?;
        }
        match self.duplicates {
            Duplicates::ByCustomer => self.enrol_as_it_is(command, enrolment).await,
            Duplicates::ByNumber => self.enrol_by_number(command, enrolment).await,
        }
    }

    async fn foresee(&self, enrolment: &Enrolment) -> Result<Enrolled, Problem> {
        let customer = self
            .installation
            .entities
            .customers
            .state(&enrolment.customer)
            .await?;
        if let Some(known) = self.known(&customer.state) {
            return Ok(known);
        }
        // Other campaigns are not asked: a caller could try numbers one after another, and nothing would be
        // on record of it but the attempt.
        let number = match self.duplicates {
            Duplicates::ByCustomer => None,
            Duplicates::ByNumber => Some(
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
            Some(other) if *other != enrolment.customer => Enrolled::SameNumber(other.clone()),
            Some(_) | None => Enrolled::ByThisList(Position(0)),
        })
    }

    async fn spelling(&self, normalized: &CustomerId, written: &CustomerId) -> Result<Spelling, Problem> {
        self.installation.spelling(normalized, written).await
    }

    async fn refuse_assignee(&self, to: &Assignee) -> Result<Option<String>, Problem> {
        assigning::refuse(&self.installation, self.may_assign, to).await
    }

    async fn assign(&self, customer: &CustomerId, to: Assignee) -> Result<(), Problem> {
        assigning::assign(self, customer, to).await
    }

    async fn close(&self, count: u64) -> Result<Position, Problem> {
        // Whom rows brought that are there no more is of the list all the same, and settles with it.
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
        // Behind the closing: who stops between the two reads the same rows again, and finds them enrolled.
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
        withdrawing::finish_undone(&self.installation, &self.campaign, self.list).await
    }
}
