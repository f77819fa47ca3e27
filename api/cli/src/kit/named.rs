//! A person or a call by the institution's own ids, beside ours: found by keyed hash, with this log's keys.
//!
//! An id of ours that has events wins; any other text is a customer_id of the institution's, as over HTTP.
//! What is printed, proved or drawn afterwards names our ids only. Nothing sealed is opened.

use crate::kit::failure::Failure;
use domain::call::Call;
use domain::customer::Customer;
use domain::decider::Decider;
use domain::ids::{CallId, CampaignId, CustomerId, EnrolmentId, EventId, StreamId};
use domain::ports::event_store::EventStore;
use domain::stored_event::StreamVersion;
use domain::visible_text::normalize;
use host::app::{ReadOnly, lookup_vault};
use host::keys_spec::KeysSpec;
use host::store_spec::LogArgs;

/// Most attempts of one enrolment that are looked up for their calls; caps stop far earlier.
const ATTEMPTS_MAX: u32 = 100;

/// The institution's ids of a call, and the keys by which they are found.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct OwnIds {
    /// Instead of a call's id: the campaign it belongs to (its task_id), with --customer
    #[arg(long, value_name = "TASK_ID", requires = "customer")]
    campaign: Option<CampaignId>,
    /// The customer who was called in --campaign: your own customer_id, or our id
    #[arg(long, value_name = "ID", requires = "campaign")]
    customer: Option<String>,
    /// Which call of that customer in that campaign, from 1; default: the last
    #[arg(long, value_name = "N", requires = "customer")]
    attempt: Option<u32>,
    #[command(flatten)]
    pub(crate) keys: KeysSpec,
}

impl OwnIds {
    /// The call of `--campaign` and `--customer`; `None` where neither is given.
    pub(crate) async fn call(&self, args: &LogArgs, log: &ReadOnly) -> Result<Option<CallId>, Failure> {
        let (Some(campaign), Some(given)) = (&self.campaign, &self.customer) else {
            return Ok(None);
        };
        let enrolment = EnrolmentId {
            campaign: campaign.clone(),
            customer: self.customer(given, args, log).await?,
        };
        let attempts = self.attempt.map_or(1..=ATTEMPTS_MAX, |attempt| attempt..=attempt);
        // The last one first: that is the one meant where none is said.
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

    /// What an id of an event, a call or a person means: as it is where it is ours and is there.
    pub(crate) async fn anything(
        &self,
        text: &str,
        args: &LogArgs,
        log: &ReadOnly,
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

    /// A person by our id or the institution's.
    pub(crate) async fn customer(
        &self,
        text: &str,
        args: &LogArgs,
        log: &ReadOnly,
    ) -> Result<CustomerId, Failure> {
        let store = log.store.as_ref();
        if let Ok(ours) = text.parse::<CustomerId>()
            && exists(store, &Customer::stream(&ours)).await?
        {
            return Ok(ours);
        }
        // People of earlier versions may be stored by an id with invisible characters.
        for spelling in [normalize(text).as_ref(), text] {
            let theirs = self.derived(spelling, args, log).await?;
            if exists(store, &Customer::stream(&theirs)).await? {
                return Ok(theirs);
            }
        }
        Err(Failure::refused(format!(
            "{text} names nothing here: it is no id of ours, and no customer_id of this log's people"
        )))
    }

    async fn derived(&self, text: &str, args: &LogArgs, log: &ReadOnly) -> Result<CustomerId, Failure> {
        let hint = "a customer_id of your own is found with this log's keys (--data, --keys, --master-key); \
                    without them give our id, as events show it";
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
