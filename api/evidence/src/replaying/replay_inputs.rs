//! The inputs of a replay: the events of one call with their personal fields opened if the person's key
//! exists, the flow version that it ran, and its variables.

use crate::bundle::recorded_path::{RecordedStep, key_rule, offer_of, read_recorded_step};
use crate::bundle::walk::infer;
use crate::bundle::{Bundle, call_event};
use application::calls::stream_of;
use application::flows::definition_of;
use application::installation::Installation;
use domain::call::Call;
use domain::call::event::CallEvent;
use domain::disposition::Outcome;
use domain::flow::{FlowDefinition, FlowRun, FlowSelector};
use domain::ids::{CallId, CampaignId, CustomerId};
use domain::offering::OfferChosenFact;
use domain::personal::Personal;
use domain::ports::vault::key_to_read;
use domain::problem::Problem;
use domain::stored_event::{open_personal, read_event};
use domain::time::Timestamp;
use domain::transcript::TranscriptParent;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One event of the call, with its time.
#[derive(Debug, Clone)]
pub(super) struct TimedCallEvent {
    pub(super) at: Timestamp,
    pub(super) event: CallEvent,
}

/// A recorded call as a replay needs it: its events, flow version and variables.
#[derive(Debug, Clone)]
pub struct Conversation {
    pub(super) call: Option<CallId>,
    pub(super) campaign: Option<CampaignId>,
    pub(super) customer: Option<CustomerId>,
    pub(super) named: Option<FlowSelector>,
    pub(super) flow: Arc<FlowDefinition>,
    pub(super) variables: BTreeMap<String, String>,
    /// True if the variables are the person's own; otherwise they are stand-ins that lead the recorded way.
    pub(super) are_variables_known: bool,
    pub(super) events: Vec<TimedCallEvent>,
}

impl Conversation {
    /// Returns the customer of the call.
    pub const fn customer(&self) -> Option<&CustomerId> {
        self.customer.as_ref()
    }
    pub const fn campaign(&self) -> Option<&CampaignId> {
        self.campaign.as_ref()
    }

    /// Returns true if another flow tests the callee's values only as the version that the call ran does,
    /// so that its course reveals no more about them.
    pub fn tests_as_much_as(&self, other: &FlowDefinition) -> bool {
        other.tests_only_values_of(&self.flow)
    }

    /// Returns the name of the flow version that the call ran, with the number if it is known.
    pub(super) fn named(&self) -> String {
        match &self.named {
            Some(named) => named.to_string(),
            None => self.flow.flow.to_string(),
        }
    }

    /// Returns true if the flow of the call did anything.
    pub(super) fn talked(&self) -> bool {
        self.story().next().is_some()
    }

    /// Returns the recorded steps of the call through its flow, each with the index of its event.
    pub(super) fn story(&self) -> impl Iterator<Item = (usize, RecordedStep)> {
        let events = self.events.iter().enumerate();
        events.filter_map(|(place, happened)| Some((place, read_recorded_step(&happened.event)?)))
    }

    /// Starts a run of a flow (the call's own or another) with the variables, key rule and offer of the
    /// call.
    pub(super) fn begin(&self, flow: &Arc<FlowDefinition>, version: Option<u32>) -> FlowRun {
        let rule = key_rule(self.events.iter().map(|happened| &happened.event));
        let (run, _) = FlowRun::begin_with_key_rule(rule, flow, &self.variables);
        let run = run.of_offer(self.offer_by(flow).as_deref());
        match (self.call, version) {
            (Some(call), Some(version)) => run.of_call(format!("{call}/{version}")),
            _ => run,
        }
    }

    /// Returns the offer that was chosen for the customer before the first word; `None` if there was none.
    pub(super) fn chosen(&self) -> Option<&OfferChosenFact> {
        offer_of(self.events.iter().map(|happened| &happened.event))
    }

    /// Returns the offer that a flow makes to this customer: the recorded one if the flow has the same
    /// offers; otherwise its choice from the recorded facts.
    fn offer_by(&self, flow: &FlowDefinition) -> Option<String> {
        let chosen = self.chosen()?;
        if flow.offers == self.flow.offers {
            return Some(chosen.offer.clone());
        }
        let known = chosen.restore_known_facts()?;
        Some(flow.offers.as_ref()?.chosen(&known, chosen.as_of).offer)
    }

    pub(super) fn outcome(&self) -> Option<Outcome> {
        self.events.iter().find_map(|happened| match &happened.event {
            CallEvent::Ended { outcome, .. } => *outcome,
            _ => None,
        })
    }
}

/// Reads the conversation of a call. A personal value that can no longer be decrypted is replaced by one
/// that leads along the recorded path.
pub async fn conversation(installation: &Installation, call: CallId) -> Result<Conversation, Problem> {
    let stored = stream_of(installation.store(), call).await?;
    let fault = |why: String| Problem::fault(why);
    let mut events = Vec::with_capacity(stored.len());
    let mut key = None;
    let mut permitted = None;
    for one in &stored {
        let envelope = one.envelope().map_err(|error| fault(error.to_string()))?;
        let mut event = read_event::<Call>(&envelope).map_err(|error| fault(error.to_string()))?;
        if let CallEvent::Permitted {
            customer_grant, flow, ..
        } = &event
        {
            let of = TranscriptParent::Call(call);
            key = key_to_read(installation.vault(), &customer_grant.customer, of).await?;
            let (customer, campaign) = (customer_grant.customer.clone(), customer_grant.campaign.clone());
            permitted = Some((customer, campaign, flow.clone()));
        }
        open_personal(&envelope, &mut event, installation.vault(), key.as_ref())?;
        events.push(TimedCallEvent {
            at: envelope.at,
            event,
        });
    }
    let Some((customer, campaign, flow_ref)) = permitted else {
        return Err(Problem::missing("this call"));
    };
    let named = FlowSelector {
        flow: flow_ref.flow,
        version: Some(flow_ref.version),
    };
    let (_, flow) = definition_of(installation, &named).await?;
    let known = variables(installation, &customer, &campaign).await?;
    let mut conversation = Conversation {
        call: Some(call),
        named: Some(named),
        variables: BTreeMap::new(),
        are_variables_known: known.is_some(),
        campaign: Some(campaign),
        customer: Some(customer),
        flow,
        events,
    };
    conversation.variables = match known {
        Some(known) => known,
        None => conversation.inferred(),
    };
    Ok(conversation)
}

impl Conversation {
    /// Returns variables that lead along the recorded path.
    fn inferred(&self) -> BTreeMap<String, String> {
        let rule = key_rule(self.events.iter().map(|happened| &happened.event));
        let story: Vec<RecordedStep> = self.story().map(|(_, step)| step).collect();
        let offer = self.chosen().map(|fact| fact.offer.as_str());
        infer(rule, &self.flow, offer, &story).variables
    }
}

/// Returns the variables of the customer's enrolment; `None` if one of them can no longer be decrypted.
async fn variables(
    installation: &Installation,
    customer: &CustomerId,
    campaign: &CampaignId,
) -> Result<Option<BTreeMap<String, String>>, Problem> {
    let state = installation.entities.customers.state(customer).await?.state;
    let Some(enrolled) = state.enrolment(campaign) else {
        return Ok(None);
    };
    let open = |(name, value): (&String, &Personal<String>)| Some((name.clone(), value.value()?.clone()));
    Ok(enrolled.variables.iter().map(open).collect())
}

/// Reads the conversation of a bundle, which contains no spoken words. Fails with `bundle-unreadable`.
pub fn of_bundle(bundle: &Bundle) -> Result<Conversation, Problem> {
    let unreadable = |why: String| Problem::refused("bundle-unreadable", why);
    let mut events = Vec::new();
    for one in &bundle.events {
        if one.stream.starts_with("call-") {
            events.push(TimedCallEvent {
                at: one.at,
                event: call_event(one)?,
            });
        }
    }
    let flow = bundle.flow.as_ref().map(FlowDefinition::from_value);
    let flow = flow.ok_or_else(|| unreadable("the flow of this call is not in the bundle".to_owned()))?;
    let flow = flow.map_err(|fault| unreadable(fault.to_string()))?;
    Ok(Conversation {
        call: None,
        campaign: None,
        customer: None,
        named: None,
        flow: Arc::new(flow),
        variables: bundle.variables.clone(),
        are_variables_known: false,
        events,
    })
}
