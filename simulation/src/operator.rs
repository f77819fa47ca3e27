//! The people who run campaigns: each morning a new one, sometimes a pause or an opt-out, from the seed.
//!
//! Every command id follows from what the command is about, so that after a crash the operator simply
//! does the day again and is answered once.

use super::clock::SeededChance;
use super::people;
use actors::{ActorSystem, AskError, Environment};
use domain::calling_plan::{Basis, CallingPlan, CallingWindow, FlowRef, Preset, RetryPolicy};
use domain::campaign::command::CampaignCommand;
use domain::campaign::event::PauseReason;
use domain::customer::command::CustomerCommand;
use domain::flow::command::FlowCommand;
use domain::ids::{CampaignId, CommandId, FlowId, ListId};
use domain::number::command::NumberCommand;
use domain::number::event::OptOutSource;
use domain::stored_event::{Cause, Position};
use domain::time::{TimeOfDay, Timestamp};
use std::sync::{Arc, Mutex, PoisonError};

/// Milliseconds in a day and an hour.
const DAY_MS: u64 = 86_400_000;
/// Sixty minutes.
const HOUR_MS: u64 = 3_600_000;

/// A campaign starts at 09:30, Beijing time.
const START_MS: u64 = 9 * HOUR_MS + HOUR_MS / 2;

/// It ends at 19:00: what is due later is settled.
const END_MS: u64 = 19 * HOUR_MS;

/// Pause between two tries of a command that a crash or a busy entity did not answer.
const TRY_AGAIN_MS: u64 = 500;

/// Positions that were acknowledged to somebody: they must be in the log for ever.
#[derive(Default)]
pub(crate) struct Acknowledged(Mutex<Vec<Position>>);

impl Acknowledged {
    fn note(&self, position: Position) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(position);
    }
    pub(crate) fn positions(&self) -> Vec<Position> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What the operator works with; made anew after each crash.
#[derive(Clone)]
pub(crate) struct Operator {
    pub(crate) system: ActorSystem,
    pub(crate) environment: Environment,
    pub(crate) acknowledged: Arc<Acknowledged>,
    pub(crate) seed: u64,
    pub(crate) midnight: Timestamp,
    pub(crate) days: u32,
    pub(crate) calls_per_day: u32,
}

fn cause(about: &str) -> Cause {
    Cause::outside(CommandId::derive_from_text(about))
}

impl Operator {
    /// Works through the days; ends when the last day's campaign has been started.
    pub(crate) async fn work(self) {
        for day in 0..self.days {
            let starts_at = self.midnight.plus_ms(u64::from(day) * DAY_MS + START_MS);
            self.environment.clock.wait_until(starts_at).await;
            self.begin(day).await;
            self.disturb(day).await;
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
                Ok(answer) => return self.acknowledged.note(answer.position),
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
            max_concurrent: 20,
            retry_policy: RetryPolicy::standard(),
            ring_timeout_ms: Some(15_000),
            ends_at: Some(self.midnight.plus_ms(u64::from(day) * DAY_MS + END_MS)),
            trial: false,
        }
    }

    async fn begin(&self, day: u32) {
        let id: CampaignId = format!("DAY-{day}").parse().expect("a made id is valid");
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
        };
        self.campaign(&id, open, &format!("open:{id}")).await;
        let chance = SeededChance::new(self.seed, 1_000 + u64::from(day));
        let persons = people::draw(&chance, self.calls_per_day);
        for index in &persons {
            self.enrol(*index, &id, list).await;
        }
        let close = CampaignCommand::CloseList {
            list,
            count: persons.len() as u64,
        };
        self.campaign(&id, close, &format!("close:{id}")).await;
        self.campaign(&id, CampaignCommand::Start, &format!("start:{id}"))
            .await;
    }

    async fn enrol(&self, index: u64, campaign: &CampaignId, list: ListId) {
        let row = people::row(index, campaign, list, self.environment.vault.as_ref());
        let customer = row.customer.clone();
        let about = format!("enrol:{campaign}:{index}");
        loop {
            let command = CustomerCommand::Enrol(Box::new(row.clone()));
            match self.system.customers.ask(&customer, command, cause(&about)).await {
                Ok(answer) => return self.acknowledged.note(answer.position),
                Err(AskError::Refused(_)) => return,
                Err(_) => self.again_later().await,
            }
        }
    }

    /// Some days the campaign is paused for a while, and some people ask by letter not to be called.
    async fn disturb(&self, day: u32) {
        let chance = SeededChance::new(self.seed, 2_000 + u64::from(day));
        let clock = &self.environment.clock;
        let today = self.midnight.plus_ms(u64::from(day) * DAY_MS);
        let id: CampaignId = format!("DAY-{day}").parse().expect("a made id is valid");
        for letter in 0..chance.below(4) {
            let at = today.plus_ms(START_MS + chance.below(2 * HOUR_MS));
            clock.wait_until(at).await;
            let phone = people::phone(chance.below(u64::from(self.calls_per_day) * 3));
            let number = self.environment.vault.derive_number(&phone);
            let command = NumberCommand::OptOut {
                reason: "asked by letter".to_owned(),
                source: OptOutSource::Operator,
                call: None,
            };
            let cause = cause(&format!("opt-out:{day}:{letter}"));
            if let Ok(answer) = self.system.numbers.ask(&number, command, cause).await {
                self.acknowledged.note(answer.position);
            }
        }
        if chance.below(3) == 0 {
            let at = today.plus_ms(START_MS + chance.below(3 * HOUR_MS));
            let resumes_at = at.plus_ms(chance.below(HOUR_MS));
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
