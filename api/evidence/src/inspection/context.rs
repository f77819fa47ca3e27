//! Loads and decrypts what an inspection needs besides the events: customers with their keys, flows, and
//! campaign plans.

use super::gather::{InspectionEvents, ParsedEvent};
use super::response::InspectionPersonResponse;
use application::installation::Installation;
use application::transcript_masking::masked_among;
use application::value_masking::masked;
use domain::call::Call;
use domain::call::event::CallEvent;
use domain::calling_plan::{CallingPlan, FlowRef};
use domain::compliance::zone_of;
use domain::customer::{CustomerState, Erasure};
use domain::flow::FlowDefinition;
use domain::ids::{CampaignId, CustomerId, FlowId, StreamId};
use domain::personal::{Personal, mask_external_id, mask_name};
use domain::phone_number::mask_e164;
use domain::ports::vault::{PersonKey, Vault, VaultError, key_to_read};
use domain::problem::Problem;
use domain::stored_event::{Envelope, OpenEventError, read_opened_event};
use domain::transcript::TranscriptParent;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The form in which personal values are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonalValueForm {
    Masked,
    Clear,
}

impl PersonalValueForm {
    /// Returns a personal value in this form, masked by `mask` if required; `None` if it is absent or
    /// cannot be read.
    pub(crate) fn of(self, value: Option<&Personal<String>>, mask: fn(&str) -> String) -> Option<String> {
        match self {
            Self::Masked => masked(value, mask),
            Self::Clear => value.and_then(Personal::value).cloned(),
        }
    }

    /// Returns words of the callee in this form; `None` if they cannot be read. Words that occur in the
    /// flow (`own_words`) are not masked as names.
    pub(super) fn words(self, words: &Personal<String>, own_words: &str) -> Option<String> {
        let words = words.value()?;
        Some(match self {
            Self::Masked => masked_among(words, own_words),
            Self::Clear => words.clone(),
        })
    }
}

struct Person {
    state: Arc<CustomerState>,
    key: Option<PersonKey>,
    zone: &'static str,
}

/// The customers, flows and campaigns of one inspection, with their keys.
pub(super) struct InspectionContext<'a> {
    vault: &'a dyn Vault,
    values: PersonalValueForm,
    persons: BTreeMap<CustomerId, Person>,
    /// By stream of the call: the customer's key together with the key of the transcript.
    transcripts: BTreeMap<StreamId, PersonKey>,
    plans: BTreeMap<CampaignId, CallingPlan>,
    flows: BTreeMap<(FlowId, u32), Arc<FlowDefinition>>,
}

impl<'a> InspectionContext<'a> {
    pub(super) async fn of(
        installation: &'a Installation,
        found: &InspectionEvents,
        values: PersonalValueForm,
    ) -> Result<Self, Problem> {
        let mut opened = Self {
            vault: installation.vault(),
            values,
            persons: BTreeMap::new(),
            transcripts: BTreeMap::new(),
            plans: BTreeMap::new(),
            flows: BTreeMap::new(),
        };
        let calls = || found.calls.values().flatten();
        let called = calls().filter_map(|parsed| parsed.envelope.customer.clone());
        let persons: BTreeSet<CustomerId> = called.chain(found.ask.persons.iter().cloned()).collect();
        for person in persons {
            opened.open_person(installation, person).await?;
        }
        let of_calls = calls().filter_map(|parsed| parsed.envelope.campaign.clone());
        let of_persons = found
            .customers
            .iter()
            .filter_map(|parsed| parsed.event.campaign().cloned());
        for campaign in of_calls.chain(of_persons).collect::<BTreeSet<_>>() {
            let loaded = installation.entities.campaigns.state(&campaign).await?;
            if let Some(plan) = loaded.state.plan() {
                opened.plans.insert(campaign, plan.clone());
            }
        }
        for parsed in calls() {
            if let CallEvent::Permitted { flow, .. } = &parsed.event {
                opened.open_flow(installation, flow).await?;
                opened.open_transcript(&parsed.envelope).await?;
            }
        }
        Ok(opened)
    }

    async fn open_person(&mut self, installation: &Installation, person: CustomerId) -> Result<(), Problem> {
        let state = installation.entities.customers.state(&person).await?.state;
        let key = match self.vault.existing_key(&person).await {
            Err(VaultError::Destroyed(_)) => None,
            other => other?,
        };
        let phone = state.numbers().first().and_then(|known| known.phone.value());
        let zone = zone_of(state.time_zone(), phone.map(String::as_str)).name();
        self.persons.insert(person, Person { state, key, zone });
        Ok(())
    }

    async fn open_transcript(&mut self, permitted: &Envelope) -> Result<(), Problem> {
        let (Some(person), Ok(call)) = (&permitted.customer, permitted.stream.id().parse()) else {
            return Ok(());
        };
        if let Some(key) = key_to_read(self.vault, person, TranscriptParent::Call(call)).await? {
            self.transcripts.insert(permitted.stream.clone(), key);
        }
        Ok(())
    }

    async fn open_flow(&mut self, installation: &Installation, of: &FlowRef) -> Result<(), Problem> {
        let named = (of.flow.clone(), of.version);
        if self.flows.contains_key(&named) {
            return Ok(());
        }
        let loaded = installation.entities.flows.state(&of.flow).await?;
        let published = loaded.state.version(of.version);
        if let Some(definition) = published.and_then(|published| published.definition.clone()) {
            self.flows.insert(named, definition);
        }
        Ok(())
    }

    pub(super) fn plan(&self, campaign: &CampaignId) -> Option<&CallingPlan> {
        self.plans.get(campaign)
    }

    /// Returns the time zone in which a customer's times are shown; UTC for an unknown customer.
    pub(super) fn zone(&self, customer: &CustomerId) -> &'static str {
        self.persons.get(customer).map_or("UTC", |person| person.zone)
    }

    pub(super) fn persons(&self) -> Vec<InspectionPersonResponse> {
        let persons = self.persons.iter();
        persons
            .map(|(customer, person)| self.person(customer, person))
            .collect()
    }

    fn person(&self, customer: &CustomerId, person: &Person) -> InspectionPersonResponse {
        let state = &person.state;
        let numbers = state.numbers().iter();
        InspectionPersonResponse {
            customer: customer.clone(),
            external_id: self.values.of(state.external_id(), mask_external_id),
            name: self.values.of(state.name(), mask_name),
            phones: numbers
                .filter_map(|known| self.values.of(Some(&known.phone), mask_e164))
                .collect(),
            local_zone: person.zone,
            held: state.held().map(str::to_owned),
            erased: state.erasure() != Erasure::None,
        }
    }

    /// Returns the event of a call with its personal fields decrypted; `None` if the customer's key does
    /// not exist.
    pub(super) fn opened(&self, customer: &CustomerId, parsed: &ParsedEvent<CallEvent>) -> Option<CallEvent> {
        let own = self.persons.get(customer)?.key.as_ref()?;
        let key = self.transcripts.get(&parsed.envelope.stream).unwrap_or(own);
        match read_opened_event::<Call>(&parsed.envelope, self.vault, Some(key)) {
            Ok(event) => Some(event),
            Err(OpenEventError::Unreadable(_)) => None,
            Err(OpenEventError::Vault(why)) => {
                let event = parsed.envelope.id;
                tracing::warn!(%event, %why, "a value of an inspection cannot be decrypted");
                None
            }
        }
    }

    /// Returns the dialed number, in the form to show.
    pub(super) fn callee(&self, parsed: &ParsedEvent<CallEvent>) -> Option<String> {
        let customer = parsed.envelope.customer.as_ref()?;
        let CallEvent::Permitted { callee, .. } = self.opened(customer, parsed)? else {
            return None;
        };
        self.values.of(Some(&callee), mask_e164)
    }

    pub(super) const fn values(&self) -> PersonalValueForm {
        self.values
    }

    pub(super) fn flow(&self, of: &FlowRef) -> Option<&FlowDefinition> {
        self.flows.get(&(of.flow.clone(), of.version)).map(AsRef::as_ref)
    }

    pub(super) fn state(&self, customer: &CustomerId) -> Option<&CustomerState> {
        self.persons.get(customer).map(|person| person.state.as_ref())
    }
}
