//! A whole outbound system on one thread: entities, drivers, scripted lines, customers in a campaign.

use super::agents::FakeAgents;
use super::assistant::{FakeAssistant, NoMasking, StarMasking};
use super::line::{FakeLine, FakeRecordings};
use super::speech::{FakeKnowledge, FakeRecognizer, FakeUnderstanding};
use super::synthesizer::FakeSynthesizer;
use super::{FakeClock, FakeStore, FakeWorklist, Fakes, settle};
use crate::call_assistant::CallAssistant;
use crate::call_encoder::CallEncoder;
use crate::drivers::{DriverPorts, Drivers, DriversHandle, ListeningPorts};
use crate::error::StartError;
use crate::hosting::EntityRuntime;
use crate::system::ActorSystem;
use crate::testing::encoder::FakeEncoder;
use domain::calling_plan::{AfterCutOff, Basis, CallingPlan, CallingWindow, FlowRef, RetryPolicy, RetryRule};
use domain::campaign::command::CampaignCommand;
use domain::customer::CountrySource;
use domain::customer::command::{CustomerCommand, Enrolment};
use domain::disposition::Disposition;
use domain::flow::command::FlowCommand;
use domain::flow::{FlowDefinition, from_script};
use domain::ids::{CampaignId, CommandId, CustomerId, FlowId, ListId, NumberId};
use domain::ports::agents::Agents;
use domain::ports::line::Line;
use domain::ports::speech::Clip;
use domain::ports::vault::Vault;
use domain::stored_event::{Cause, Envelope};
use domain::time::{TimeOfDay, Timestamp};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most times that a test moves the clock while it waits.
const MOVES_MAX: usize = 2_000;

const SPOKEN: &str = include_str!("../../../fixtures/flows/card_instalment_spoken.yaml");

pub(crate) struct TestSystem {
    pub(crate) fakes: Fakes,
    pub(crate) system: ActorSystem,
    pub(crate) lines: Vec<Arc<FakeLine>>,
    pub(crate) synthesizer: Arc<FakeSynthesizer>,
    /// The recognizer; `None` unless a test adds one.
    pub(crate) recognizer: Option<Arc<FakeRecognizer>>,
    assistant: Option<Arc<FakeAssistant>>,
    encoder: Option<Arc<FakeEncoder>>,
    /// The agents who take calls; `None` unless a test adds them.
    pub(crate) agents: Option<Arc<FakeAgents>>,
}

/// Changes a test's customer, by its index in the list.
pub(crate) type EnrolmentChange<'a> = &'a dyn Fn(usize, &mut Enrolment);

pub(crate) fn campaign() -> CampaignId {
    "LOAN_REMIND".parse().expect("a plain word")
}

/// Returns a plan that retries twice after each result of people and networks, two seconds apart.
pub(crate) fn plan(max_concurrent: u32) -> CallingPlan {
    let rule = |disposition| {
        let rule = RetryRule {
            waits_ms: vec![2_000],
            retries_max: 2,
        };
        (disposition, rule)
    };
    let retried = [
        Disposition::NoAnswer,
        Disposition::Busy,
        Disposition::Interrupted,
        Disposition::Congestion,
        Disposition::TrunkUnreachable,
    ];
    CallingPlan {
        purpose: "loan_reminder".to_owned(),
        max_concurrent,
        retry_policy: RetryPolicy {
            retries_max: 1,
            uncharged_max: 3,
            calls_max: None,
            interrupted_after_answer: Some(AfterCutOff::Final),
            rules: retried.into_iter().map(rule).collect::<BTreeMap<_, _>>(),
        },
        ..CallingPlan::within(CallingWindow {
            start: TimeOfDay::from_minutes(9 * 60).expect("a time of day"),
            end: TimeOfDay::from_minutes(20 * 60).expect("a time of day"),
            rests: Vec::new(),
        })
    }
}

impl TestSystem {
    pub(crate) fn new(lines: Vec<Arc<FakeLine>>) -> Self {
        Self::over(Arc::new(FakeStore::new()), Arc::new(FakeClock::new()), lines)
    }

    /// Makes the system of a process that starts on the log of another process.
    pub(crate) fn over(store: Arc<FakeStore>, clock: Arc<FakeClock>, lines: Vec<Arc<FakeLine>>) -> Self {
        let fakes = Fakes::over(store, clock);
        let system = ActorSystem::start(fakes.environment.clone(), EntityRuntime::Local);
        Self {
            fakes,
            system,
            lines,
            synthesizer: Arc::default(),
            recognizer: None,
            assistant: None,
            encoder: None,
            agents: None,
        }
    }

    /// Adds an assistant.
    pub(crate) fn that_is_assisted(mut self) -> Self {
        self.assistant = Some(Arc::default());
        self
    }

    /// Adds an encoder.
    pub(crate) fn that_has_an_encoder(mut self) -> Self {
        self.encoder = Some(Arc::default());
        self
    }

    pub(crate) fn encoder(&self) -> &FakeEncoder {
        self.encoder.as_deref().expect("this world has an encoder")
    }

    pub(crate) fn assistant(&self) -> &FakeAssistant {
        self.assistant.as_deref().expect("this world is assisted")
    }

    /// Adds a recognizer, and lines that deliver audio, so that calls listen.
    pub(crate) fn that_listens(mut self) -> Self {
        let clock = &self.fakes.environment.clock;
        for line in &self.lines {
            line.hand_out_sound(Arc::clone(clock));
        }
        self.recognizer = Some(Arc::default());
        self
    }

    pub(crate) fn ear(&self) -> &FakeRecognizer {
        self.recognizer.as_deref().expect("this world listens")
    }

    pub(crate) fn ports(&self) -> DriverPorts {
        let lines = self
            .lines
            .iter()
            .map(|line| Arc::<FakeLine>::clone(line) as Arc<dyn Line>);
        DriverPorts {
            worklist: Arc::new(FakeWorklist(Arc::clone(&self.fakes.store))),
            lines: lines.collect(),
            synthesizer: Arc::<FakeSynthesizer>::clone(&self.synthesizer),
            hearing: self.recognizer.as_ref().map(|recognizer| ListeningPorts {
                recognizer: Arc::<FakeRecognizer>::clone(recognizer),
                understanding: Arc::new(FakeUnderstanding),
                masking: Arc::new(StarMasking),
                probe: Arc::new(Clip {
                    samples: vec![0; 1_600],
                }),
                knowledge: Arc::new(FakeKnowledge),
                assist: self.assistant.as_ref().map(|assistant| {
                    let assistant = Arc::<FakeAssistant>::clone(assistant);
                    CallAssistant::new(assistant, Arc::new(NoMasking))
                }),
                encode: self.encoder.as_ref().map(|encoder| {
                    let encoder = Arc::<FakeEncoder>::clone(encoder);
                    CallEncoder::new(encoder, Arc::new(StarMasking))
                }),
            }),
            recordings: Arc::new(FakeRecordings),
            agents: self.agents.clone().map(|agents| agents as Arc<dyn Agents>),
        }
    }

    pub(crate) async fn try_start_drivers(&self) -> Result<DriversHandle, StartError> {
        let environment = self.fakes.environment.clone();
        Drivers::start(self.system.clone(), environment, self.ports()).await
    }

    pub(crate) async fn start_drivers(&self) -> DriversHandle {
        self.try_start_drivers().await.expect("the drivers start")
    }

    pub(crate) fn outside(&self) -> Cause {
        let environment = &self.fakes.environment;
        Cause::outside(environment.ids.command(environment.clock.now()))
    }

    pub(crate) async fn tell_campaign(&self, command: CampaignCommand) {
        let asked = self
            .system
            .campaigns
            .ask(&campaign(), command, self.outside())
            .await;
        asked.expect("the campaign takes the command");
    }

    pub(crate) fn customer(&self, index: usize) -> CustomerId {
        self.fakes.vault.derive_customer(&index.to_string())
    }

    pub(crate) fn number(&self, index: usize) -> NumberId {
        self.fakes.vault.derive_number(&phone(index))
    }

    /// Creates and starts a campaign with `people` customers.
    pub(crate) async fn run_campaign(&self, people: usize, max_concurrent: u32, flow: FlowRef) {
        self.run_plan(people, &|_, _| {}, flow, plan(max_concurrent))
            .await;
    }

    /// Creates and starts a campaign with an end time and one call at a time.
    pub(crate) async fn run_campaign_until(&self, people: usize, ends_at: Timestamp) {
        let plan = CallingPlan {
            ends_at: Some(ends_at),
            ..plan(1)
        };
        self.run_plan(people, &|_, _| {}, no_flow(), plan).await;
    }

    /// Creates and starts a campaign with this plan. `change` changes each customer before it is enrolled.
    pub(crate) async fn run_plan(
        &self,
        people: usize,
        change: EnrolmentChange<'_>,
        flow: FlowRef,
        plan: CallingPlan,
    ) {
        self.tell_campaign(CampaignCommand::Create {
            campaign: campaign(),
            customer_segment: None,
            flow,
            plan,
        })
        .await;
        self.run_created(people, change).await;
    }

    /// Adds a list of `people` to the created campaign and starts it.
    pub(crate) async fn run_created(&self, people: usize, change: EnrolmentChange<'_>) {
        let list = ListId::new(CommandId::derive_from_text("list").uuid());
        self.tell_campaign(CampaignCommand::OpenList {
            list,
            source: "a test".to_owned(),
            four_eyes: None,
            request_key: None,
        })
        .await;
        for index in 0..people {
            let mut row = self.row(index, list);
            change(index, &mut row);
            self.enrol(row).await;
        }
        self.tell_campaign(CampaignCommand::CloseList {
            list,
            count: people as u64,
        })
        .await;
        self.tell_campaign(CampaignCommand::Start).await;
    }

    fn row(&self, index: usize, list: ListId) -> Enrolment {
        Enrolment {
            customer: self.customer(index),
            external_id: index.to_string(),
            number: self.number(index),
            phone: phone(index),
            country: CountrySource::Written,
            further_phones: Vec::new(),
            name: None,
            time_zone: None,
            campaign: campaign(),
            list,
            basis: Basis::Contract,
            variables: BTreeMap::from([("name".to_owned(), format!("person {index}"))]),
            consent: None,
            same_number_as: None,
            best_times: None,
            preferred: Vec::new(),
            priority: None,
            dedupe: domain::calling_plan::DeduplicationScope::Campaign,
        }
    }

    async fn enrol(&self, row: Enrolment) {
        let customer = row.customer.clone();
        let command = CustomerCommand::Enrol(Box::new(row));
        let asked = self
            .system
            .customers
            .ask(&customer, command, self.outside())
            .await;
        asked.expect("a new person can be enrolled");
    }

    /// Moves the clock until `done` accepts the kinds of the stored events.
    #[track_caller]
    pub(crate) fn until<'a>(
        &'a self,
        what: &'a str,
        done: impl Fn(&[String]) -> bool + 'a,
    ) -> impl Future<Output = ()> + 'a {
        let place = std::panic::Location::caller();
        async move {
            for _ in 0..MOVES_MAX {
                settle().await;
                if done(&self.fakes.store.kinds()) {
                    return;
                }
                assert!(self.fakes.clock.advance_to_next(), "no task waits for a time");
            }
            panic!(
                "{place}: {what} never came; the log is {:#?}",
                self.fakes.store.kinds()
            );
        }
    }

    /// Runs the shipped spoken flow for one customer up to the question whether it is their card.
    pub(crate) async fn asks_for_card_holder(&self) {
        let _drivers = self.start_drivers().await;
        let definition = FlowDefinition::from_yaml(SPOKEN).expect("a shipped flow");
        let flow = publish_flow(self, &definition).await;
        self.run_campaign(1, 1, flow).await;
        self.until("the question", |log| count(log, "call.node_entered") == 2)
            .await;
    }

    pub(crate) fn count(&self, kind: &str) -> usize {
        count(&self.fakes.store.kinds(), kind)
    }

    /// Returns the data of all events of one kind, in order.
    pub(crate) fn data(&self, kind: &str) -> Vec<Value> {
        let envelopes = self.fakes.store.envelopes();
        let of_kind = envelopes.iter().filter(|envelope| envelope.kind == kind);
        of_kind.map(data).collect()
    }

    /// Returns the kinds of the events of calls, in order.
    pub(crate) fn call_kinds(&self) -> Vec<String> {
        let kinds = self.fakes.store.kinds().into_iter();
        kinds.filter(|kind| kind.starts_with("call.")).collect()
    }
}

fn data(envelope: &Envelope) -> Value {
    serde_json::from_str(envelope.data.get()).expect("data is JSON")
}

pub(crate) fn count(kinds: &[String], kind: &str) -> usize {
    kinds.iter().filter(|one| *one == kind).count()
}

/// Returns a generated number that does not exist.
pub(crate) fn phone(index: usize) -> String {
    format!("+8613800{:06}", 138_000 + index)
}

/// Returns the reference of a flow that was never published.
pub(crate) fn no_flow() -> FlowRef {
    FlowRef {
        flow: "none".parse().expect("a plain word"),
        version: 1,
        content_hash: "none".to_owned(),
    }
}

/// Publishes a reminder with a menu. Returns its version.
pub(crate) async fn publish(world: &TestSystem) -> FlowRef {
    let flow: FlowId = "remind".parse().expect("a plain word");
    let definition = from_script(flow, "{{name}}您好，您的贷款将到期。").expect("a good script");
    publish_flow(world, &definition).await
}

/// Publishes a flow. Returns its version.
pub(crate) async fn publish_flow(world: &TestSystem, definition: &FlowDefinition) -> FlowRef {
    let flow = definition.flow.clone();
    let command = FlowCommand::Publish {
        flow: flow.clone(),
        definition: serde_json::to_value(definition).expect("a definition is JSON"),
    };
    let answer = world
        .system
        .flows
        .ask(&flow, command, world.outside())
        .await
        .expect("a good flow");
    answer.state.latest().expect("just published").flow_ref.clone()
}
