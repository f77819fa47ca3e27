//! The people who run campaigns: each morning one or two new ones, sometimes a pause or an opt-out, from the
//! seed; what paused for want of a trunk is resumed every now and then.
//!
//! Every command id follows from what the command is about, so that after a crash the operator simply
//! does the day again and is answered once.

use super::clock::SeededChance;
use super::people;
use super::shape::Shape;
use super::world::WorldPlan;
use actors::{ActorSystem, AskError, Environment};
use domain::approvals_asked::Approvals;
use domain::calling_plan::{Basis, CallingPlan, CallingWindow, FlowRef, Preset, RetryPolicy};
use domain::campaign::command::CampaignCommand;
use domain::campaign::event::PauseReason;
use domain::customer::CustomerRefusal;
use domain::customer::command::CustomerCommand;
use domain::dialing_plan::{DialingMode, DialingPlan};
use domain::flow::command::FlowCommand;
use domain::ids::{CampaignId, CommandId, FlowId, ListId};
use domain::number::command::NumberCommand;
use domain::number::event::OptOutSource;
use domain::sensitive_words::SensitiveWordList;
use domain::stored_event::{Cause, Position};
use domain::time::{TimeOfDay, Timestamp};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Milliseconds in a day and an hour.
const DAY_MS: u64 = 86_400_000;
/// Sixty minutes.
const HOUR_MS: u64 = 3_600_000;

/// Most days' campaigns start at 09:30, Beijing time.
const START_MS: u64 = 9 * HOUR_MS + HOUR_MS / 2;

/// The others' start a minute before the calling window closes: most of their people are never dialed.
const LATE_START_MS: u64 = 18 * HOUR_MS - 60_000;

/// One day in so many is a late one.
const LATE_OF: u64 = 5;

/// It ends at 19:00: what is due later is settled.
const END_MS: u64 = 19 * HOUR_MS;

/// A campaign that was paused for want of a trunk is resumed when somebody looks, so often.
const LOOKS_EVERY_MS: u64 = 10 * 60_000;

/// The last look of a day; the campaign ends ten minutes later.
const LOOKS_UNTIL_MS: u64 = END_MS - LOOKS_EVERY_MS;

/// Pause between two tries of a command that a crash or a busy entity did not answer.
const TRY_AGAIN_MS: u64 = 500;

/// What the operator remembers, whatever becomes of the machine.
#[derive(Default)]
pub(crate) struct Notebook {
    /// Positions that were acknowledged to somebody: they must be in the log for ever.
    acknowledged: Mutex<Vec<Position>>,
    days_done: AtomicU32,
}

impl Notebook {
    fn note(&self, position: Position) {
        self.acknowledged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(position);
    }
    pub(crate) fn positions(&self) -> Vec<Position> {
        self.acknowledged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// What the operator works with; made anew after each crash.
#[derive(Clone)]
pub(crate) struct Operator {
    pub(crate) system: ActorSystem,
    pub(crate) environment: Environment,
    pub(crate) notebook: Arc<Notebook>,
    pub(crate) seed: u64,
    pub(crate) midnight: Timestamp,
    pub(crate) plan: WorldPlan,
    pub(crate) shape: Shape,
}

fn cause(about: &str) -> Cause {
    Cause::outside(CommandId::derive_from_text(about))
}

impl Operator {
    /// Works through the days; ends when the last day's campaign has been started.
    pub(crate) async fn work(self) {
        for day in self.notebook.days_done.load(Ordering::Relaxed)..self.plan.days {
            let starts_at = self.at(day, self.starts_ms(day));
            self.environment.clock.wait_until(starts_at).await;
            for part in 0..self.shape.campaigns_per_day {
                self.begin(day, part).await;
            }
            tokio::join!(biased; self.disturb(day), self.erase_some(day));
            self.look_after(day).await;
            self.notebook.days_done.store(day + 1, Ordering::Relaxed);
        }
    }

    /// An instant of a day, milliseconds from midnight.
    fn at(&self, day: u32, ms: u64) -> Timestamp {
        self.midnight.plus_ms(u64::from(day) * DAY_MS + ms)
    }

    fn starts_ms(&self, day: u32) -> u64 {
        let chance = SeededChance::new(self.seed, 3_000 + u64::from(day));
        if chance.below(LATE_OF) == 0 {
            LATE_START_MS
        } else {
            START_MS
        }
    }

    /// How long after its start a campaign is disturbed.
    fn busy_ms(&self, day: u32) -> u64 {
        if self.starts_ms(day) == START_MS {
            2 * HOUR_MS
        } else {
            60_000
        }
    }

    /// The same hours for every campaign of a day; their people overlap.
    fn campaign_id(day: u32, part: u32) -> CampaignId {
        let text = format!("DAY-{day}-{part}");
        text.parse().expect("a made id is valid")
    }

    /// Looks every now and then, and resumes what was paused.
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
            for part in 0..self.shape.campaigns_per_day {
                let id = Self::campaign_id(day, part);
                self.campaign(&id, CampaignCommand::Resume, &format!("look:{id}:{looks_ms}"))
                    .await;
            }
        }
    }

    async fn again_later(&self) {
        let clock = &self.environment.clock;
        clock.wait_until(clock.now().plus_ms(TRY_AGAIN_MS)).await;
    }

    /// Asks until it is answered; a refusal is an answer.
    async fn campaign(&self, id: &CampaignId, command: CampaignCommand, about: &str) {
        loop {
            match self.system.campaigns.ask(id, command.clone(), cause(about)).await {
                Ok(answer) => return self.notebook.note(answer.position),
                Err(AskError::Refused(_)) => return,
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

    fn plan(&self, day: u32) -> CallingPlan {
        let time = |minutes| TimeOfDay::from_minutes(minutes).expect("a constant time of day");
        CallingPlan {
            preset: Preset::CnService,
            basis: Basis::Contract,
            purpose: "service".to_owned(),
            window: CallingWindow {
                start: time(9 * 60),
                end: time(18 * 60),
                rests: Vec::new(),
            },
            max_concurrent: self.shape.max_concurrent,
            retry_policy: RetryPolicy::standard(),
            ring_timeout_ms: Some(15_000),
            ends_at: Some(self.at(day, END_MS)),
            trial: false,
            duplicates: None,
            approvals: Approvals::NONE,
            sensitive_words: SensitiveWordList::default(),
            model: None,
            knowledge: None,
            assist: None,
            speech: None,
            emotion: None,
            dialing: (self.plan.agents > 0).then_some(DialingPlan {
                mode: DialingMode::Predictive,
                holds_each_day: false,
            }),
            days: None,
            screening: None,
            stages: None,
            running: None,
            dispositions: Default::default(),
            caps: Vec::new(),
            ignores_preferred_times: false,
        }
    }

    async fn begin(&self, day: u32, part: u32) {
        let id = Self::campaign_id(day, part);
        let flow = self.flow().await;
        let create = CampaignCommand::Create {
            campaign: id.clone(),
            customer_segment: None,
            flow,
            plan: self.plan(day),
        };
        self.campaign(&id, create, &format!("create:{id}")).await;
        let list = ListId::derive(&id, "simulated");
        let open = CampaignCommand::OpenList {
            list,
            source: "simulation".to_owned(),
            four_eyes: None,
        };
        self.campaign(&id, open, &format!("open:{id}")).await;
        let chance = SeededChance::new(self.seed, 1_000 + u64::from(day) + (u64::from(part) << 32));
        let count = self.plan.calls_per_day / self.shape.campaigns_per_day;
        let persons = people::draw(&chance, count, people::population(self.plan.calls_per_day));
        let mut count = 0;
        for index in &persons {
            count += u64::from(self.enrol(*index, &id, list).await);
        }
        let close = CampaignCommand::CloseList { list, count };
        self.campaign(&id, close, &format!("close:{id}")).await;
        self.campaign(&id, CampaignCommand::Start, &format!("start:{id}"))
            .await;
    }

    /// False for somebody who was erased: refused, and not counted.
    async fn enrol(&self, index: u64, campaign: &CampaignId, list: ListId) -> bool {
        let row = people::row(index, campaign, list, self.environment.vault.as_ref());
        let customer = row.customer.clone();
        let about = format!("enrol:{campaign}:{index}");
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

    /// Some people ask to be forgotten, whether a call of theirs is open or not.
    async fn erase_some(&self, day: u32) {
        let chance = SeededChance::new(self.seed, 4_000 + u64::from(day));
        let begun_at = self.at(day, self.starts_ms(day));
        for letter in 0..chance.below(3) {
            let at = begun_at.plus_ms(chance.below(self.busy_ms(day)));
            self.environment.clock.wait_until(at).await;
            let id = Self::campaign_id(day, 0);
            let list = ListId::derive(&id, "simulated");
            let index = chance.below(people::population(self.plan.calls_per_day));
            let row = people::row(index, &id, list, self.environment.vault.as_ref());
            let command = CustomerCommand::Erase {
                reason: "asked by letter".to_owned(),
                requested_by: None,
                approved_by: None,
                four_eyes: None,
            };
            let cause = cause(&format!("erase:{day}:{letter}"));
            if let Ok(answer) = self.system.customers.ask(&row.customer, command, cause).await {
                self.notebook.note(answer.position);
            }
        }
    }

    /// Some days the campaign is paused for a while, and some people ask by letter not to be called.
    async fn disturb(&self, day: u32) {
        let chance = SeededChance::new(self.seed, 2_000 + u64::from(day));
        let clock = &self.environment.clock;
        let begun_at = self.at(day, self.starts_ms(day));
        let id = Self::campaign_id(day, 0);
        for letter in 0..chance.below(4) {
            let at = begun_at.plus_ms(chance.below(self.busy_ms(day)));
            clock.wait_until(at).await;
            let phone = people::phone(chance.below(people::population(self.plan.calls_per_day)));
            let number = self.environment.vault.derive_number(&phone);
            let command = NumberCommand::OptOut {
                reason: "asked by letter".to_owned(),
                source: OptOutSource::Operator,
                call: None,
            };
            let cause = cause(&format!("opt-out:{day}:{letter}"));
            if let Ok(answer) = self.system.numbers.ask(&number, command, cause).await {
                self.notebook.note(answer.position);
            }
        }
        if chance.below(3) == 0 {
            let at = begun_at.plus_ms(chance.below(self.busy_ms(day)));
            let resumes_at = at.plus_ms(chance.below(self.busy_ms(day) / 2));
            clock.wait_until(at).await;
            let pause = CampaignCommand::Pause {
                reason: PauseReason::Requested,
            };
            self.campaign(&id, pause, &format!("pause:{id}")).await;
            clock.wait_until(resumes_at).await;
            self.campaign(&id, CampaignCommand::Resume, &format!("resume:{id}"))
                .await;
        }
    }
}
