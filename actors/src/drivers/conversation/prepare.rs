//! Prepares a conversation while the phone rings: the flow's version, the variables, the first prompts.

use super::clips::Clips;
use super::offer_choice::OfferAndModel;
use crate::drivers::driver_context::{DriverContext, Halt};
use crate::drivers::engines;
use domain::calling_plan::{CallingPlan, CampaignFacts, FlowRef};
use domain::flow::{FlowAction, FlowDefinition, FlowRun};
use domain::ids::CallId;
use domain::personal::Personal;
use domain::ports::speech::{Clip, Manner, Prompt, SpeechError, Urgency};
use domain::ports::worklist::DueEnrolment;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Timeout of the synthesis of one text, in milliseconds.
const SPEAK_MS_MAX: u64 = 10_000;

/// A prepared conversation. Without a run the conversation ends at once as failed.
#[derive(Default)]
pub(crate) struct PreparedConversation {
    pub(crate) run: Option<(FlowRun, Vec<FlowAction>)>,
    pub(crate) voice: Voice,
    pub(crate) chosen: OfferAndModel,
    /// For calls that agents take: the seller's message, which is played if no agent is free.
    pub(crate) seller_message: Option<String>,
}

/// Synthesizes texts in the flow's language and the campaign's voice, and keeps their clips. Clones share
/// the clips.
#[derive(Default, Clone)]
pub(crate) struct Voice {
    language: String,
    manner: Manner,
    pub(super) clips: Clips,
}

/// The variables of a test call, in place of those that other calls take from the enrolment.
#[derive(Debug)]
pub(crate) struct TestCallValues {
    pub(crate) variables: BTreeMap<String, String>,
}

/// Starts a task that prepares the conversation while the leg is dialed. The receiver gets the result.
pub(crate) fn prepare(
    kit: &Arc<DriverContext>,
    call: CallId,
    due: &DueEnrolment,
    facts: &CampaignFacts,
    trial: Option<Arc<TestCallValues>>,
) -> oneshot::Receiver<PreparedConversation> {
    let (sender, receiver) = oneshot::channel();
    let (kit, due) = (Arc::clone(kit), due.clone());
    let (flow, plan) = (facts.flow.clone(), facts.plan.clone());
    let tasks = Arc::clone(&kit.environment.tasks);
    let preparing = async move {
        let prepared = match plan.dialing_mode().needs_agents() {
            true => Ok(prepared_for_agents(&kit, &flow, &plan).await),
            false => prepared(&kit, call, &flow, &plan, &due, trial.as_deref()).await,
        };
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(halt) => {
                tracing::error!(%call, %halt, "a conversation could not be prepared");
                PreparedConversation::default()
            }
        };
        let ahead = prepared.run.as_ref().map(|(run, _)| run.clone());
        let voice = prepared.voice.clone();
        // The call may be over already; then no more clips are made.
        if sender.send(prepared).is_ok()
            && let Some(ahead) = ahead
        {
            voice.look_ahead(&kit, ahead).await;
        }
    };
    tasks.spawn("prepare", Box::pin(preparing));
    receiver
}

async fn prepared(
    kit: &DriverContext,
    call: CallId,
    flow: &FlowRef,
    plan: &CallingPlan,
    due: &DueEnrolment,
    trial: Option<&TestCallValues>,
) -> Result<PreparedConversation, Halt> {
    let definition = definition(kit, flow).await?;
    let variables = match trial {
        Some(trial) => trial.variables.clone(),
        None => variables(kit, due).await?,
    };
    let voice = Voice::of(&definition.lang, plan, &variables);
    let (run, actions) = FlowRun::begin(&definition, &variables);
    let chosen = OfferAndModel::of(kit, &due.customer, &definition, &plan.model_tiers, &variables).await;
    let offer = chosen.offer.as_ref().map(|fact| fact.offer.as_str());
    let run = run.of_call(format!("{call}/{}", flow.version)).of_offer(offer);
    for words in actions.iter().filter_map(spoken_text) {
        if let Err(error) = voice.speak(kit, words, Urgency::AtAnswer).await {
            tracing::error!(%error, "a notice could not be spoken");
            engines::note_voice_failed(kit, &error);
            return Err(Halt::Fault);
        }
    }
    Ok(PreparedConversation {
        run: Some((run, actions)),
        voice,
        chosen,
        seller_message: None,
    })
}

/// Prepares a call that an agent takes: synthesizes only the seller's message. A failure is not fatal; the
/// synthesis is tried again when the message is needed.
async fn prepared_for_agents(
    kit: &DriverContext,
    flow: &FlowRef,
    plan: &CallingPlan,
) -> PreparedConversation {
    if plan.seller.is_none() {
        return PreparedConversation::default();
    }
    let definition = definition(kit, flow).await.ok();
    let language = definition.as_ref().map_or("", |flow| flow.lang.as_str());
    let voice = Voice::of(language, plan, &BTreeMap::new());
    let message = plan.seller_message(definition.as_deref());
    if let Some(text) = &message
        && let Err(error) = voice.speak(kit, SynthesisText::plain(text), Urgency::Ahead).await
    {
        tracing::warn!(%error, "the seller's message could not be spoken ahead");
    }
    PreparedConversation {
        voice,
        seller_message: message,
        ..PreparedConversation::default()
    }
}

/// A text that is to be synthesized.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SynthesisText<'a> {
    pub(crate) text: &'a str,
    /// True if the text contains a personal value.
    pub(crate) personal: bool,
    /// The text's parts: fixed text and values in turn. Empty for a text without values.
    pub(crate) parts: &'a [String],
}

impl<'a> SynthesisText<'a> {
    /// Makes a text without values.
    pub(crate) const fn plain(text: &'a str) -> Self {
        Self {
            text,
            personal: false,
            parts: &[],
        }
    }
}

/// Returns the text that a flow action speaks; `None` if it speaks none.
pub(super) fn spoken_text(action: &FlowAction) -> Option<SynthesisText<'_>> {
    match action {
        FlowAction::Notice { text, .. } => Some(SynthesisText::plain(text)),
        FlowAction::Say {
            text,
            personal,
            parts,
            ..
        } => Some(SynthesisText {
            text,
            personal: *personal,
            parts,
        }),
        FlowAction::EnterNode { .. }
        | FlowAction::Decide { .. }
        | FlowAction::Intend { .. }
        | FlowAction::SpeakSlower
        | FlowAction::StopSaying
        | FlowAction::Listen { .. }
        | FlowAction::RequestTransfer { .. }
        | FlowAction::OptOut
        | FlowAction::End { .. } => None,
    }
}

async fn definition(kit: &DriverContext, flow: &FlowRef) -> Result<Arc<FlowDefinition>, Halt> {
    let loaded = kit.state(&kit.system.flows, &flow.flow).await?;
    let published = loaded.state.version(flow.version);
    let same = published.filter(|one| one.flow_ref.content_hash == flow.content_hash);
    same.and_then(|one| one.definition.clone()).ok_or(Halt::Fault)
}

/// Returns the variables of the customer's enrolment. Fails if the customer was erased, because there are
/// no values to speak.
async fn variables(kit: &DriverContext, due: &DueEnrolment) -> Result<BTreeMap<String, String>, Halt> {
    let loaded = kit.state(&kit.system.customers, &due.customer).await?;
    let enrolled = loaded.state.enrolment(&due.campaign).ok_or(Halt::Fault)?;
    let open = |(name, value): (&String, &Personal<String>)| Some((name.clone(), value.value()?.clone()));
    let variables: Option<BTreeMap<_, _>> = enrolled.variables.iter().map(open).collect();
    variables.ok_or(Halt::Fault)
}

impl Voice {
    /// Returns the voice that a campaign uses for a customer with these variables.
    fn of(language: &str, plan: &CallingPlan, variables: &BTreeMap<String, String>) -> Self {
        let speech = plan.speech.as_deref();
        Self {
            language: language.to_owned(),
            manner: speech.map_or_else(Manner::default, |speech| speech.manner_of(variables)),
            clips: Clips::default(),
        }
    }

    /// Returns the same voice, one step slower. It shares no clips with the first one, because those have
    /// the old speed.
    pub(crate) fn slower(&self) -> Self {
        Self {
            language: self.language.clone(),
            manner: self.manner.slower(),
            clips: Clips::default(),
        }
    }

    /// Synthesizes a text and keeps its clip for this call. A kept clip is returned at once.
    pub(crate) async fn speak(
        &self,
        kit: &DriverContext,
        words: SynthesisText<'_>,
        urgency: Urgency,
    ) -> Result<Arc<Clip>, SpeechError> {
        let prompt = Prompt {
            text: words.text.to_owned(),
            language: self.language.clone(),
            personal: words.personal,
            parts: words.parts.to_vec(),
            manner: self.manner.clone(),
            urgency,
        };
        let making = speak_in_time(kit, &prompt);
        match urgency {
            Urgency::Ahead => self.clips.of(words.text).ahead(making).await,
            Urgency::AtAnswer | Urgency::CalleeWaits => self.clips.wanted(words.text).wanted(making).await,
        }
    }
}

async fn speak_in_time(kit: &DriverContext, prompt: &Prompt) -> Result<Arc<Clip>, SpeechError> {
    let clock = &kit.environment.clock;
    tokio::select! {
        biased;
        () = clock.wait_until(clock.now().plus_ms(SPEAK_MS_MAX)) => {
            Err(SpeechError::Failed("it took too long".to_owned()))
        }
        spoken = kit.ports.synthesizer.speak(prompt) => {
            if spoken.is_ok() {
                engines::note_voice(kit, prompt);
            }
            spoken
        }
    }
}
