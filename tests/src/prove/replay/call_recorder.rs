//! Records calls by the domain's own commands, as a driver would: seeded callers talk with the flow in text,
//! and each command is sent to the call's entity.

use crate::program::fail;
use actors::ActorSystem;
use application::rehearsing::{Listener, RecordedCall, record};
use domain::call::command::{CallCommand, CallEnding};
use domain::call::event::{EndReason, Notice};
use domain::call::{LegIdentity, TurnFact};
use domain::calling_plan::FlowRef;
use domain::compliance::{CustomerGrant, NumberGrant};
use domain::customer::event::CustomerEvent;
use domain::event_filter::EventFilter;
use domain::flow::FlowDefinition;
use domain::ids::{CallId, CampaignId, CommandId, CustomerId, EnrolmentId, FlowId};
use domain::personal::Personal;
use domain::ports::event_store::PAGE_EVENTS_MAX;
use domain::ports::line::AnsweredDialog;
use domain::stored_event::{Cause, Position};
use domain::time::Timestamp;
use host::app::OpenDataDir;
use host::open_settings::OpenSettings;
use host::store_spec::StoreSpec;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// The campaign of all calls; the next constant is its flow.
pub(in crate::prove) const CAMPAIGN: &str = "REPLAYED";
pub(super) const FLOW: &str = "card_instalment_spoken";
/// The seed of the callers.
const SEED: u64 = 14;
/// The number of calls recorded concurrently: enough to fill a group commit.
const AT_ONCE: usize = 32;

/// The recorded calls.
#[derive(Default)]
pub(in crate::prove) struct ReplayCalls {
    /// The calls that are recorded as they were decided.
    pub(in crate::prove) calls: Vec<String>,
    /// The call with a record that names another rule than the one that decided.
    pub(super) altered: String,
    pub(super) altered_rule: String,
    /// The facts of turns and nodes of all calls.
    pub(super) facts: usize,
}

/// Returns a row of the list.
pub(super) fn person(number: u64) -> Value {
    json!({ "customer_id": format!("C{number}"), "phone": format!("138{number:08}"), "name": "张三",
        "bank_name": "示例银行", "card_tail": "1234", "amount": "3250.50", "fee_text": "每期千分之六" })
}

/// What is needed to record calls.
struct CallRecorder {
    system: ActorSystem,
    flow: Arc<FlowDefinition>,
    version: FlowRef,
    listener: Arc<Listener>,
    now: Timestamp,
}

impl ReplayCalls {
    pub(in crate::prove) fn record(data: &Path, calls: u64) -> Self {
        let runtime = Arc::new(Runtime::new().expect("a runtime can be made"));
        let settings = OpenSettings {
            data: data.to_path_buf(),
            store: StoreSpec::Sqlite(data.to_path_buf()),
            keys: None,
            keys_url: None,
            master_key: None,
            rehearse_at: Some(Timestamp::EPOCH),
        };
        runtime.block_on(async {
            let opened = OpenDataDir::open(&settings).await;
            let opened = opened.unwrap_or_else(|error| fail(&error.to_string()));
            let made = recorded(&opened, Arc::clone(&runtime), calls).await;
            opened.close().await;
            made
        })
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the calls of a proof, all of them awaited here"
)]
async fn recorded(opened: &OpenDataDir, runtime: Arc<Runtime>, calls: u64) -> ReplayCalls {
    let stage = Arc::new(stage(opened, runtime).await);
    let people = people(opened).await;
    if u64::try_from(people.len()).ok() != Some(calls) {
        fail(&format!("{} people are enrolled, not {calls}", people.len()));
    }
    let mut made = ReplayCalls::default();
    let mut waiting = (0..calls).zip(people);
    let mut at_work = JoinSet::new();
    loop {
        while at_work.len() < AT_ONCE
            && let Some((number, customer)) = waiting.next()
        {
            // The last call's record is altered.
            let is_altered = number + 1 == calls;
            at_work.spawn(one_call(Arc::clone(&stage), number, customer, is_altered));
        }
        match at_work.join_next().await {
            None => return made,
            Some(Err(error)) => fail(&error.to_string()),
            Some(Ok(one)) => {
                made.facts += one.facts;
                match one.altered_rule {
                    Some(rule) => (made.altered, made.altered_rule) = (one.call, rule),
                    None => made.calls.push(one.call),
                }
            }
        }
    }
}

async fn stage(opened: &OpenDataDir, runtime: Arc<Runtime>) -> CallRecorder {
    let system = opened.entities(runtime);
    let name: FlowId = FLOW.parse().expect("a constant id");
    let loaded = system.flows.state(&name).await;
    let loaded = loaded.unwrap_or_else(|error| fail(&error.to_string()));
    let Some(first) = loaded.state.version(1) else {
        fail("the flow is not published");
    };
    let Some(flow) = first.definition.clone() else {
        fail("the flow cannot be read");
    };
    let listener = Listener::shared(&flow.lang).unwrap_or_else(|fault| fail(&fault.to_string()));
    CallRecorder {
        version: first.flow_ref.clone(),
        flow,
        listener,
        now: opened.environment.clock.now(),
        system,
    }
}

/// Returns the enrolled customers, in the order of the log.
async fn people(opened: &OpenDataDir) -> Vec<CustomerId> {
    let filter = EventFilter {
        kinds: vec![CustomerEvent::ENROLLED.to_owned()],
        ..EventFilter::default()
    };
    let (mut after, mut people) = (Position(0), Vec::new());
    loop {
        let page = opened
            .environment
            .store
            .read_matching(&filter, after, PAGE_EVENTS_MAX);
        let page = page.await.unwrap_or_else(|error| fail(&error.to_string()));
        for event in &page.events {
            let envelope = event.envelope().expect("a stored event can be read");
            people.extend(envelope.customer);
        }
        if page.reached == after {
            return people;
        }
        after = page.reached;
    }
}

struct RecordingOutcome {
    call: String,
    facts: usize,
    altered_rule: Option<String>,
}

async fn one_call(
    stage: Arc<CallRecorder>,
    number: u64,
    customer: CustomerId,
    is_altered: bool,
) -> RecordingOutcome {
    let campaign: CampaignId = CAMPAIGN.parse().expect("a constant id");
    let state = stage.system.customers.state(&customer).await;
    let state = state.unwrap_or_else(|error| fail(&error.to_string())).state;
    let Some((enrolled, known)) = state.enrolment(&campaign).zip(state.numbers().first()) else {
        fail("an enrolled customer has variables and a number");
    };
    let open = |(name, value): (&String, &Personal<String>)| Some((name.clone(), value.value()?.clone()));
    let values: BTreeMap<String, String> = enrolled.variables.iter().filter_map(open).collect();
    let enrolment = EnrolmentId {
        campaign: campaign.clone(),
        customer: customer.clone(),
    };
    let call = CallId::derive(&enrolment, 1);
    let wording = format!("{call}/{}", stage.version.version);
    let mut recorded = record(&stage.flow, &values, &stage.listener, wording, SEED, number);
    let altered_rule = is_altered.then(|| alter(&mut recorded));
    let valid_until = stage.now.plus_ms(86_400_000);
    let customer_grant = CustomerGrant {
        call,
        campaign: campaign.clone(),
        customer: customer.clone(),
        number: known.number.clone(),
        valid_until,
        legs_until: None,
        verdicts: Vec::new(),
    };
    let number_grant = NumberGrant {
        call,
        campaign,
        number: known.number.clone(),
        valid_until,
        verdicts: Vec::new(),
    };
    let callee = known.phone.value().cloned().unwrap_or_default();
    let mut commands = dialed(call, callee, customer_grant, number_grant, stage.version.clone());
    let facts = recorded.commands.len();
    commands.append(&mut recorded.commands);
    commands.push(CallCommand::End(CallEnding {
        reason: Some(match recorded.outcome {
            Some(_) => EndReason::FlowEnded,
            None => EndReason::CalleeHungUp,
        }),
        outcome: recorded.outcome,
        heard_rtp: true,
        ..CallEnding::default()
    }));
    for (place, command) in commands.into_iter().enumerate() {
        let cause = Cause::outside(CommandId::derive_from_text(&format!("{call} {place}")));
        let kind = command.kind();
        if let Err(error) = stage.system.calls.ask(&call, command, cause).await {
            fail(&format!("{kind} of {call}: {error}"));
        }
    }
    RecordingOutcome {
        call: call.to_string(),
        facts,
        altered_rule,
    }
}

/// Returns the commands from the permit to the first notice.
fn dialed(
    call: CallId,
    callee: String,
    customer_grant: CustomerGrant,
    number_grant: NumberGrant,
    flow: FlowRef,
) -> Vec<CallCommand> {
    vec![
        CallCommand::Permit {
            call,
            attempt: 1,
            callee,
            customer_grant: Box::new(customer_grant),
            number_grant: Box::new(number_grant),
            flow,
        },
        CallCommand::Dial {
            leg: 1,
            trunk: "nobody".to_owned(),
            sip_call_id: LegIdentity::from_ids(call, 1).sip_call_id(),
            local: "127.0.0.1:5060".to_owned(),
            caller: None,
            hold_off_ms: 5_000,
        },
        CallCommand::NoteRinging {
            leg: 1,
            sip_code: 180,
            early_media: false,
        },
        CallCommand::Answer {
            leg: 1,
            dialog: AnsweredDialog {
                to_tag: "made".to_owned(),
                remote_target: "sip:made@127.0.0.1".to_owned(),
                route_set: Vec::new(),
                cseq: 1,
                key_paths: None,
            },
        },
        CallCommand::NoteNoticePlayed {
            leg: 1,
            notice: Notice::Recording,
            recorded_ms: None,
        },
    ]
}

/// Replaces the rule in the first decision, as if another build had decided. Returns that rule.
fn alter(recorded: &mut RecordedCall) -> String {
    for command in &mut recorded.commands {
        if let CallCommand::NoteTurn(TurnFact::Decided(decision)) = command {
            decision.rule = format!("nodes.{}.made_up", decision.node);
            return decision.rule.clone();
        }
    }
    fail("a call without a decision cannot be altered: choose another seed");
}
