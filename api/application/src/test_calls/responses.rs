//! The result of a test call: what was dialed, whether it was answered, what was heard, decided and said,
//! and how it ended.

use crate::calls::{CallResponse, describe, masked_callee_of};
use crate::installation::Installation;
use crate::transcript_masking::{masked_by_node, own_words};
use domain::call::event::CallEvent;
use domain::call::{TestCall, TestCallEvent};
use domain::compliance::test_stand_in;
use domain::decider::{Decider, EventData};
use domain::ids::{CallId, CampaignId};
use domain::ports::vault::key_to_read;
use domain::problem::Problem;
use domain::stored_event::read_opened_event;
use domain::time::Timestamp;
use domain::transcript::TranscriptParent;
use schemars::JsonSchema;
use serde::Serialize;

/// A test call with its steps.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TestCallResponse {
    /// True: it counts in no figure, and no customer was called.
    pub test: bool,
    pub call: CallResponse,
    /// The steps of the test call, in order.
    pub steps: Vec<TestStepResponse>,
}

/// One step of a test call.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TestStepResponse {
    pub at: Timestamp,
    /// The kind of event that it would be in a call.
    #[schemars(example = &CallEvent::HEARD)]
    pub step: &'static str,
    /// The node of the flow in which the step happened.
    #[schemars(example = &"greeting")]
    pub node: Option<String>,
    /// What was heard, masked; what was said, by its place in the flow; or the rule of a decision.
    #[schemars(example = &"听得到")]
    pub text: Option<String>,
}

/// Interval between checks of a call in progress, in milliseconds.
const LOOK_MS: u64 = 200;

/// Returns a test call of this campaign with its steps. Waits for its end, up to the given time.
pub async fn shown(
    installation: &Installation,
    campaign: &CampaignId,
    call: CallId,
    within_ms: u64,
) -> Result<TestCallResponse, Problem> {
    let until = installation.now().plus_ms(within_ms);
    let state = loop {
        let state = installation.entities.test_calls.state(&call).await?.state;
        if state.campaign() != Some(campaign) {
            return Err(Problem::missing("this test call"));
        }
        if state.is_ended() || installation.now() >= until {
            break state;
        }
        installation.pause(LOOK_MS).await;
    };
    let vault = installation.vault();
    let key = key_to_read(vault, &test_stand_in(), TranscriptParent::Call(call)).await?;
    let own_words = own_words(installation, state.flow()).await;
    let fault = |why: String| Problem::fault(why);
    let mut steps = Vec::new();
    for stored in installation
        .store()
        .read_whole_stream(&TestCall::stream(&call))
        .await?
    {
        let envelope = stored.envelope().map_err(|error| fault(error.to_string()))?;
        let opened = read_opened_event::<TestCall>(&envelope, vault, key.as_ref())?;
        let TestCallEvent::StepRecorded { step } = opened;
        steps.push(step_shown(envelope.at, &step));
    }
    mask_heard(&mut steps, &own_words);
    let call = CallResponse {
        // The substitute id is not a customer.
        customer: None,
        attempt: None,
        callee: masked_callee_of(&state),
        ..describe(call, &state)
    };
    Ok(TestCallResponse {
        test: true,
        call,
        steps,
    })
}

/// Masks what was heard, across the turns of one question.
fn mask_heard(steps: &mut [TestStepResponse], own_words: &str) {
    let is_heard = |step: &&mut TestStepResponse| step.step == CallEvent::HEARD && step.text.is_some();
    let mut heard: Vec<&mut TestStepResponse> = steps.iter_mut().filter(is_heard).collect();
    let turns: Vec<(&str, &str)> = heard
        .iter()
        .map(|step| {
            let node = step.node.as_deref().unwrap_or_default();
            (node, step.text.as_deref().unwrap_or_default())
        })
        .collect();
    let masked = masked_by_node(&turns, own_words);
    for (step, text) in heard.iter_mut().zip(masked) {
        step.text = Some(text);
    }
}

fn step_shown(at: Timestamp, step: &CallEvent) -> TestStepResponse {
    let (node, text) = match step {
        CallEvent::NodeEntered { node } => (Some(node), None),
        CallEvent::TransferRequested { node, reason } => {
            (Some(node), reason.map(|reason| reason.code().to_owned()))
        }
        CallEvent::Keypressed { node, digit, .. } => (Some(node), digit.value().cloned()),
        CallEvent::Heard(fact) => {
            // Masked with the other turns.
            (Some(&fact.node), fact.text.value().cloned())
        }
        CallEvent::Understood(fact) => (None, fact.intent.clone()),
        CallEvent::Decided(decision) => (Some(&decision.node), Some(decision.rule.clone())),
        CallEvent::Said(fact) => (Some(&fact.node), Some(fact.prompt.clone())),
        CallEvent::SilenceTimedOut(fact) => (Some(&fact.node), None),
        CallEvent::EngineFailed(fact) => (Some(&fact.node), Some(fact.class.clone())),
        CallEvent::Dialing { trunk, .. } => (None, Some(trunk.clone())),
        _ => (None, None),
    };
    TestStepResponse {
        at,
        step: step.kind(),
        node: node.cloned(),
        text,
    }
}
