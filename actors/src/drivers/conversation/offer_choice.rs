//! Reads what is known of the callee while the phone rings, and chooses by it: the offer of a flow with
//! several offers, and the model of a campaign with tiers. Both choices are stored before the first word. If
//! the facts cannot be read in time, the defaults are used.

use crate::drivers::driver_context::{DriverContext, Halt};
use domain::customer::{Customer, Profile};
use domain::decider::Decider;
use domain::flow::FlowDefinition;
use domain::ids::CustomerId;
use domain::model_tier::ModelTiers;
use domain::offering::{ModelChosenFact, OfferChosenFact, OfferFacts, model_of};
use domain::ports::event_store::StoreError;
use domain::ports::vault::VaultError;
use domain::stored_event::{UnreadableRecord, open_personal, read_event};
use std::collections::BTreeMap;

/// Timeout of reading the customer's facts, in milliseconds: a quarter of the time for the whole
/// preparation. After it the defaults are used.
const KNOWN_MS_MAX: u64 = 1_000;

/// The offer and the understanding model chosen for one call; `None` where there is no choice.
#[derive(Default, Clone)]
pub(crate) struct OfferAndModel {
    pub(crate) offer: Option<OfferChosenFact>,
    pub(crate) model: Option<ModelChosenFact>,
}

impl OfferAndModel {
    /// Chooses by what is known now. The customer is read only if the flow has offers or the campaign has
    /// tiers.
    pub(super) async fn of(
        kit: &DriverContext,
        customer: &CustomerId,
        definition: &FlowDefinition,
        tiers: &ModelTiers,
        variables: &BTreeMap<String, String>,
    ) -> Self {
        let offers = definition.offers.as_ref();
        if offers.is_none() && tiers.is_empty() {
            return Self::default();
        }
        let as_of = kit.now();
        let known = known(kit, customer).await;
        Self {
            offer: offers.map(|offers| offers.chosen(&known, as_of)),
            model: model_of(tiers, variables, &known),
        }
    }
}

async fn known(kit: &DriverContext, customer: &CustomerId) -> OfferFacts {
    let clock = &kit.environment.clock;
    let read = tokio::select! {
        biased;
        read = read(kit, customer) => read,
        () = clock.wait_until(clock.now().plus_ms(KNOWN_MS_MAX)) => Err(PersonFactsError::Late),
    };
    read.unwrap_or_else(|why| {
        tracing::warn!(%customer, %why, "the facts about a customer could not be read: defaults are used");
        OfferFacts::NotRead
    })
}

/// Why the facts about a customer could not be read.
#[derive(Debug, thiserror::Error)]
enum PersonFactsError {
    #[error("it took too long")]
    Late,
    #[error("the person did not answer: {0}")]
    Customer(Halt),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Unreadable(#[from] UnreadableRecord),
}

/// Replays the customer's own events: what users recorded about the customer, and what follows from earlier
/// calls. `Restricted` if the customer's facts may not be used.
async fn read(kit: &DriverContext, customer: &CustomerId) -> Result<OfferFacts, PersonFactsError> {
    let loaded = kit
        .state(&kit.system.customers, customer)
        .await
        .map_err(PersonFactsError::Customer)?;
    if OfferFacts::is_restricted(&loaded.state) {
        return Ok(OfferFacts::Restricted);
    }
    let environment = &kit.environment;
    let key = environment.vault.existing_key(customer).await?;
    let mut profile = Profile::default();
    for stored in environment
        .store
        .read_whole_stream(&Customer::stream(customer))
        .await?
    {
        let envelope = stored.shared_envelope()?;
        let unreadable = |why: String| UnreadableRecord {
            position: stored.position,
            why,
        };
        let mut event = read_event::<Customer>(&envelope).map_err(|error| unreadable(error.to_string()))?;
        open_personal(&envelope, &mut event, environment.vault.as_ref(), key.as_ref())?;
        profile.evolve(&event);
    }
    Ok(OfferFacts::of(profile, loaded.state.held().is_some()))
}
