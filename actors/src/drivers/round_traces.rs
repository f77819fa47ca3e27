//! The traces that the next rounds of the dialer continue: for each campaign that of the event that woke it.
//!
//! Only the first batch after the event continues its trace. Later batches have no single cause and begin a
//! trace of their own.

use domain::ids::CampaignId;
use domain::stored_event::{Envelope, TraceParent};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Most campaigns with a trace to continue. A further one begins its own.
const CAMPAIGNS_MAX: usize = 256;

/// The trace to continue for each campaign.
#[derive(Debug, Default)]
pub(crate) struct RoundTraces(Mutex<BTreeMap<CampaignId, TraceParent>>);

impl RoundTraces {
    /// Notes the trace of an event that woke the dialer, if it is sampled.
    pub(crate) fn note(&self, event: &Envelope) {
        let trace = event.traceparent.filter(TraceParent::is_sampled);
        let Some((campaign, trace)) = event.campaign.clone().zip(trace) else {
            return;
        };
        let mut traces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if traces.len() < CAMPAIGNS_MAX || traces.contains_key(&campaign) {
            traces.insert(campaign, trace);
        }
    }

    /// Returns the campaign's trace, once.
    pub(crate) fn take(&self, campaign: &CampaignId) -> Option<TraceParent> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(campaign)
    }
}
