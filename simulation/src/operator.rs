//! The operators of campaigns: each day they create one or two campaigns, sometimes pause one or record an
//! opt-out, all drawn from the seed. At times they resume campaigns that a trunk's fault paused.
//!
//! Every command id is derived from what the command is about, so after a crash the operator repeats the day,
//! and each command takes effect once.

use super::campaign_profile::{CampaignProfile, WHITE_LIST};
use super::clock::SeededChance;
use super::home::CustomerHome;
use super::people;
use super::shape::WorldShape;
use super::telemarketing;
use super::world::WorldPlan;
use actors::{ActorSystem, AskError, Environment};
use domain::calling_plan::{CallingPlan, FlowRef};
use domain::campaign::CampaignRefusal;
use domain::campaign::command::CampaignCommand;
use domain::customer::CustomerRefusal;
use domain::customer::command::{CustomerCommand, Enrolment};
use domain::dialing_plan::{DialingMode, DialingPlan};
use domain::flow::command::FlowCommand;
use domain::ids::{CampaignId, CommandId, FlowId, ListId, NumberId};
use domain::number::command::NumberCommand;
use domain::stored_event::{Cause, Position};
use domain::time::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Milliseconds in a day.
const DAY_MS: u64 = 86_400_000;
/// Milliseconds in an hour.
const HOUR_MS: u64 = 3_600_000;

/// Start of most days' campaigns, in milliseconds from midnight: 09:30, Beijing time.
const START_MS: u64 = 9 * HOUR_MS + HOUR_MS / 2;

/// Late start on other days, in milliseconds from midnight: a minute before the calling window closes, so
/// that most customers are never dialed.
const LATE_START_MS: u64 = 18 * HOUR_MS - 60_000;

/// Interval at which the operator resumes campaigns that were paused because of a trunk, in milliseconds.
const LOOKS_EVERY_MS: u64 = 10 * 60_000;

/// Last time of day to resume campaigns, in ms from midnight; those in China end ten minutes later.
const LOOKS_UNTIL_MS: u64 = CustomerHome::China.end_ms() - LOOKS_EVERY_MS;

/// Name of the list with most customers of a campaign.
pub(crate) const FIRST_LIST: &str = "simulated";
/// Name of the list that is undone, in campaigns that have one. It has one of ten customers.
pub(crate) const SECOND_LIST: &str = "a mistake";
/// One customer in this many is in the second list.
const UNDONE_OF: usize = 10;

/// One number in this many is not on the white list that its campaign requires.
const UNLISTED_OF: u8 = 6;

/// Wait before a command is repeated that a crash or a busy entity left unanswered, in milliseconds.
const TRY_AGAIN_MS: u64 = 500;

/// The operator's memory, which survives crashes.
#[derive(Default)]
pub(crate) struct OperatorMemory {
    /// Acknowledged log positions: they must be in the log forever.
    acknowledged: Mutex<Vec<Position>>,
    days_done: AtomicU32,
    /// Campaigns started too late, and when: no calling window opened before their end.
    never_began: Mutex<BTreeMap<String, Timestamp>>,
}

impl OperatorMemory {
    pub(crate) fn note(&self, position: Position) {
        self.acknowledged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(position);
    }

    /// Returns the campaigns that could not be started, permanently, each with the time of the refusal.
    pub(crate) fn never_began(&self) -> BTreeMap<String, Timestamp> {
        let noted = self.never_began.lock();
        noted.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note_never_began(&self, id: &CampaignId, at: Timestamp) {
        let noted = self.never_began.lock();
        let mut noted = noted.unwrap_or_else(PoisonError::into_inner);
        noted.insert(id.to_string(), at);
    }

    pub(crate) fn positions(&self) -> Vec<Position> {
        self.acknowledged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// The operator of a world's campaigns, with what it works with; created again after each crash.
#[derive(Clone)]
pub(crate) struct Operator {
    pub(crate) system: ActorSystem,
    pub(crate) environment: Environment,
    pub(crate) notebook: Arc<OperatorMemory>,
    pub(crate) seed: u64,
    pub(crate) midnight: Timestamp,
    pub(crate) plan: WorldPlan,
    pub(crate) shape: WorldShape,
}

pub(crate) fn cause(about: &str) -> Cause {
    Cause::outside(CommandId::derive_from_text(about))
}

impl Operator {
    /// Does the work of each day in turn, from the first day that is not done, and ends after the last one.
    pub(crate) async fn work(self) {
        for day in self.notebook.days_done.load(Ordering::Relaxed)..self.plan.days {
            let starts_at = self.at(day, self.starts_ms(day));
            self.environment.clock.wait_until(starts_at).await;
            self.import_registry(day).await;
            for part in 0..self.shape.campaigns_per_day {
                self.begin(day, part).await;
            }
            tokio::join!(
                biased;
                self.disturb(day),
                self.erase_some(day),
                self.take_back(day),
                self.name_times(day)
            );
            self.look_after(day).await;
            self.notebook.days_done.store(day + 1, Ordering::Relaxed);
        }
    }

    /// Returns an instant of a day, `ms` milliseconds from midnight in Beijing.
    pub(crate) fn at(&self, day: u32, ms: u64) -> Timestamp {
        self.midnight.plus_ms(u64::from(day) * DAY_MS + ms)
    }

    pub(crate) fn starts_ms(&self, day: u32) -> u64 {
        let chance = SeededChance::new(self.seed, 3_000 + u64::from(day));
        if chance.below(10) < u64::from(self.plan.scenario.late_starts_of_ten) {
            LATE_START_MS
        } else {
            START_MS
        }
    }

    /// Returns how long after its start a campaign is disturbed, in ms: two hours; if late, a minute.
    pub(crate) fn busy_ms(&self, day: u32) -> u64 {
        if self.starts_ms(day) == START_MS {
            2 * HOUR_MS
        } else {
            60_000
        }
    }

    /// Returns the id of a campaign. A day's campaigns have the same hours and overlapping customers.
    pub(crate) fn campaign_id(day: u32, part: u32) -> CampaignId {
        let text = format!("DAY-{day}-{part}");
        text.parse().expect("a made id is valid")
    }

    /// Resumes all campaigns every `LOOKS_EVERY_MS`, because some were paused on account of a trunk.
    async fn look_after(&self, day: u32) {
        let clock = &self.environment.clock;
        let mut looks_ms = self.starts_ms(day);
        while looks_ms <= LOOKS_UNTIL_MS {
            let looks_at = self.at(day, looks_ms);
            looks_ms += LOOKS_EVERY_MS;
            if looks_at < clock.now() {
                continue;
            }
            clock.wait_until(looks_at).await;
            for id in self.running(day, looks_at) {
                self.campaign(
                    &id,
                    CampaignCommand::Resume,
                    &format!("look:{id}:{day}:{looks_ms}"),
                )
                .await;
            }
        }
    }

    /// Returns the ids of the day's campaigns and of earlier ones that have not ended at `at`.
    fn running(&self, day: u32, at: Timestamp) -> Vec<CampaignId> {
        let first = day.saturating_sub(self.plan.scenario.lasts_days_max);
        let campaigns =
            (first..=day).flat_map(|day| (0..self.shape.campaigns_per_day).map(move |part| (day, part)));
        campaigns
            .filter(|(day, part)| self.manner(*day, *part).ends_at(self.at(*day, 0)) > at)
            .map(|(day, part)| Self::campaign_id(day, part))
            .collect()
    }

    pub(crate) async fn again_later(&self) {
        let clock = &self.environment.clock;
        clock.wait_until(clock.now().plus_ms(TRY_AGAIN_MS)).await;
    }

    /// Repeats a command to a campaign until it is answered. Returns its refusal, if it was refused.
    pub(crate) async fn campaign(
        &self,
        id: &CampaignId,
        command: CampaignCommand,
        about: &str,
    ) -> Option<CampaignRefusal> {
        loop {
            match self.system.campaigns.ask(id, command.clone(), cause(about)).await {
                Ok(answer) => {
                    self.notebook.note(answer.position);
                    return None;
                }
                Err(AskError::Refused(refusal)) => return Some(refusal),
                Err(_) => self.again_later().await,
            }
        }
    }

    async fn flow(&self) -> FlowRef {
        let id: FlowId = "reminder".parse().expect("a constant id");
        let definition = domain::flow::from_script(id.clone(), "您好{{name}}，请按时还款。")
            .expect("a constant script is valid");
        let definition = serde_json::to_value(definition).expect("a definition is JSON");
        loop {
            let command = FlowCommand::Publish {
                flow: id.clone(),
                definition: definition.clone(),
            };
            match self.system.flows.ask(&id, command, cause("flow:reminder")).await {
                Ok(answer) => {
                    if let Some(latest) = answer.state.latest() {
                        return latest.flow_ref.clone();
                    }
                }
                Err(_) => self.again_later().await,
            }
        }
    }

    /// Returns the properties of a campaign, which follow from the seed.
    pub(crate) fn manner(&self, day: u32, part: u32) -> CampaignProfile {
        manner_of(&self.plan, self.seed, day, part)
    }

    fn calling_plan(&self, day: u32, part: u32) -> CallingPlan {
        let purpose = people::purpose(&Self::campaign_id(day, part));
        let manner = self.manner(day, part);
        let mut plan = manner.plan(self.at(day, 0), purpose, self.shape.max_concurrent);
        let mode = match (self.plan.agents > 0, manner.callbacks) {
            (true, _) => Some(DialingMode::Predictive),
            (false, true) => Some(DialingMode::Callback),
            (false, false) => None,
        };
        plan.dialing = mode.map(|mode| DialingPlan {
            mode,
            holds_each_day: false,
            ..DialingPlan::default()
        });
        telemarketing::add_agents_to_plan(&mut plan, &manner, self.plan.agents);
        plan
    }

    async fn begin(&self, day: u32, part: u32) {
        let id = Self::campaign_id(day, part);
        let flow = self.flow().await;
        let create = CampaignCommand::Create {
            campaign: id.clone(),
            customer_segment: None,
            flow,
            plan: self.calling_plan(day, part),
        };
        self.campaign(&id, create, &format!("create:{id}")).await;
        let persons = self.persons(day, part);
        let (first, second) = persons.split_at(persons.len() - self.undone_count(day, part, persons.len()));
        self.fill(day, part, FIRST_LIST, first).await;
        if !second.is_empty() {
            self.fill(day, part, SECOND_LIST, second).await;
        }
        let start = format!("start:{id}");
        let refused = self.campaign(&id, CampaignCommand::Start, &start).await;
        if refused == Some(CampaignRefusal::NeverOpens) {
            self.notebook.note_never_began(&id, self.environment.clock.now());
        }
    }

    /// Returns the numbers of the customers in the lists of a campaign.
    pub(crate) fn persons(&self, day: u32, part: u32) -> Vec<u64> {
        let chance = SeededChance::new(self.seed, 1_000 + u64::from(day) + (u64::from(part) << 32));
        let count = self.plan.calls_per_day / self.shape.campaigns_per_day;
        people::draw(&chance, count, people::population(self.plan.calls_per_day))
    }

    /// Returns how many of a campaign's customers, the last ones, are in the list that is undone.
    pub(crate) fn undone_count(&self, day: u32, part: u32, persons_count: usize) -> usize {
        if self.manner(day, part).undone {
            return persons_count / UNDONE_OF;
        }
        0
    }

    async fn fill(&self, day: u32, part: u32, name: &str, persons: &[u64]) {
        let id = Self::campaign_id(day, part);
        let list = ListId::derive(&id, name);
        let open = CampaignCommand::OpenList {
            list,
            source: "simulation".to_owned(),
            four_eyes: None,
            request_key: None,
        };
        self.campaign(&id, open, &format!("open:{id}:{name}")).await;
        let mut count = 0;
        for index in persons {
            let row = self.row(day, part, name, *index);
            self.list_number(day, part, &row).await;
            self.register(&self.manner(day, part), &row).await;
            count += u64::from(self.enrol(*index, row).await);
        }
        let close = CampaignCommand::CloseList { list, count };
        self.campaign(&id, close, &format!("close:{id}:{name}")).await;
    }

    /// A customer's row in a list.
    pub(crate) fn row(&self, day: u32, part: u32, list: &str, index: u64) -> Enrolment {
        let id = Self::campaign_id(day, part);
        let row = people::Row {
            index,
            campaign: &id,
            list: ListId::derive(&id, list),
            manner: &self.manner(day, part),
            by_second: (day + part) % 2 == 1,
            since: self.at(day, 0),
            seed: self.seed,
        };
        row.enrolment(&self.plan.scenario, self.environment.vault.as_ref())
    }

    /// Puts the number of most customers on the white list, if the campaign requires one.
    async fn list_number(&self, day: u32, part: u32, row: &Enrolment) {
        if !self.manner(day, part).listed {
            return;
        }
        let Ok(list) = WHITE_LIST.parse() else {
            return;
        };
        let reason = "asked for by themselves".to_owned();
        let about = format!("list:{day}:{part}:{}", row.number);
        let [draw, ..]: [u8; 32] = Sha256::digest(format!("{}:{about}", self.seed)).into();
        if draw % UNLISTED_OF != 0 {
            self.number(&row.number, NumberCommand::List { list, reason }, &about)
                .await;
        }
    }

    /// Repeats a command to a number until it is answered; a refusal is an answer.
    pub(crate) async fn number(&self, id: &NumberId, command: NumberCommand, about: &str) {
        loop {
            match self.system.numbers.ask(id, command.clone(), cause(about)).await {
                Ok(answer) => return self.notebook.note(answer.position),
                Err(AskError::Refused(_)) => return,
                Err(_) => self.again_later().await,
            }
        }
    }

    /// Enrols a customer. Returns false for an erased customer, who is refused and not counted.
    async fn enrol(&self, index: u64, row: Enrolment) -> bool {
        let customer = row.customer.clone();
        let about = format!("enrol:{}:{index}", row.campaign);
        loop {
            let command = CustomerCommand::Enrol(Box::new(row.clone()));
            match self.system.customers.ask(&customer, command, cause(&about)).await {
                Ok(answer) => {
                    self.notebook.note(answer.position);
                    return true;
                }
                Err(AskError::Refused(CustomerRefusal::Erased)) => return false,
                Err(AskError::Refused(_)) => return true,
                Err(_) => self.again_later().await,
            }
        }
    }
}

/// Returns a campaign's properties, which follow from its world's seed, for operator and oracle.
pub(crate) fn manner_of(plan: &WorldPlan, seed: u64, day: u32, part: u32) -> CampaignProfile {
    let chance = SeededChance::new(seed, 6_000 + u64::from(day) + (u64::from(part) << 32));
    CampaignProfile::draw(&chance, &plan.scenario, plan.days.saturating_sub(day))
}
