//! Finds a customer or a call by the institution's own ids, through their keyed hashes and the keys of this
//! log.
//!
//! An id of ours that has events takes precedence; any other text is read as the institution's `customer_id`,
//! as over HTTP. The command then prints, proves or draws our ids only. No sealed value is decrypted.

use crate::kit::failure::Failure;
use domain::call::Call;
use domain::customer::Customer;
use domain::decider::Decider;
use domain::ids::{CallId, CampaignId, CustomerId, EnrolmentId, EventId, StreamId};
use domain::ports::event_store::EventStore;
use domain::stored_event::StreamVersion;
use domain::visible_text::normalize;
use host::app::{ReadOnlyLog, lookup_vault};
use host::keys_spec::KeysSpec;
use host::store_spec::LogArgs;

/// Highest attempt number of an enrolment that is searched for; frequency caps stop far earlier.
const ATTEMPTS_MAX: u32 = 100;

/// The institution's ids of a call, and the keys needed to find it.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct OwnIds {
    /// Name the call by its campaign (task_id) instead of its id; needs --customer
    #[arg(long, value_name = "TASK_ID", requires = "customer")]
    campaign: Option<CampaignId>,
    /// The customer called in --campaign: your own customer_id, or our id
    #[arg(long, value_name = "ID", requires = "campaign")]
    customer: Option<String>,
    /// Number of the attempt for that customer in that campaign, from 1; default: the last
    #[arg(long, value_name = "N", requires = "customer")]
    attempt: Option<u32>,
    #[command(flatten)]
    pub(crate) keys: KeysSpec,
}

impl OwnIds {
    /// Returns the call of `--campaign` and `--customer`, or `None` if neither is given. Refuses if that
    /// customer has no such call.
    pub(crate) async fn call(&self, args: &LogArgs, log: &ReadOnlyLog) -> Result<Option<CallId>, Failure> {
        let (Some(campaign), Some(given)) = (&self.campaign, &self.customer) else {
            return Ok(None);
        };
        let enrolment = EnrolmentId {
            campaign: campaign.clone(),
            customer: self.customer(given, args, log).await?,
        };
        let attempts = self.attempt.map_or(1..=ATTEMPTS_MAX, |attempt| attempt..=attempt);
        // From the last attempt down: without `--attempt` the last call is meant.
        for attempt in attempts.rev() {
            let call = CallId::derive(&enrolment, attempt);
            if exists(log.store.as_ref(), &Call::stream(&call)).await? {
                return Ok(Some(call));
            }
        }
        Err(Failure::refused(match self.attempt {
            Some(attempt) => format!("customer {given} has no call {attempt} in campaign {campaign}"),
            None => format!("customer {given} was not called in campaign {campaign}"),
        }))
    }

    /// Resolves the id of an event, a call or a customer to our id. An id of ours that exists is returned
    /// unchanged.
    pub(crate) async fn resolve_any_id(
        &self,
        text: &str,
        args: &LogArgs,
        log: &ReadOnlyLog,
    ) -> Result<String, Failure> {
        let store = log.store.as_ref();
        if let Ok(call) = text.parse::<CallId>()
            && (exists(store, &Call::stream(&call)).await?
                || store.find(EventId::new(call.uuid())).await?.is_some())
        {
            return Ok(text.to_owned());
        }
        Ok(self.customer(text, args, log).await?.to_string())
    }

    /// Resolves our id or the institution's `customer_id` to a customer. Refuses an id that matches no
    /// customer.
    pub(crate) async fn customer(
        &self,
        text: &str,
        args: &LogArgs,
        log: &ReadOnlyLog,
    ) -> Result<CustomerId, Failure> {
        let store = log.store.as_ref();
        if let Ok(ours) = text.parse::<CustomerId>()
            && exists(store, &Customer::stream(&ours)).await?
        {
            return Ok(ours);
        }
        // Earlier versions may have stored a customer under an id with invisible characters.
        for spelling in [normalize(text).as_ref(), text] {
            let theirs = self.derived(spelling, args, log).await?;
            if exists(store, &Customer::stream(&theirs)).await? {
                return Ok(theirs);
            }
        }
        Err(Failure::refused(format!(
            "{text} is not found: no event, call or customer of this log has that id or customer_id"
        )))
    }

    async fn derived(&self, text: &str, args: &LogArgs, log: &ReadOnlyLog) -> Result<CustomerId, Failure> {
        let hint = "to find your own customer_id, give this log's keys (--data, --keys, --master-key); \
                    without them, give our id as shown in the events";
        let found = async {
            let held = lookup_vault(&self.keys, args.directory()?, log).await;
            let (vault, _) = held?;
            let customer = vault.vault().derive_customer(text);
            vault.close().await;
            Ok::<_, Failure>(customer)
        };
        found.await.map_err(|failure| failure.with(hint))
    }
}

async fn exists(store: &dyn EventStore, stream: &StreamId) -> Result<bool, Failure> {
    Ok(!store.read_stream(stream, StreamVersion(0), 1).await?.is_empty())
}
