//! Reads a campaign's dials from the log: its grants, and how each call of each person ended.

use crate::log_walk::{FilteredEventReader, unreadable};
use domain::customer::event::CustomerEvent;
use domain::decider::EventData;
use domain::disposition::{Disposition, Outcome};
use domain::event_filter::EventFilter;
use domain::ids::{CampaignId, CustomerId, NumberId};
use domain::ports::event_store::EventStore;
use domain::problem::Problem;
use domain::stored_event::Position;
use domain::time::Timestamp;
use std::collections::BTreeMap;

/// Most dials read for one question; with more, `whole` of the answer is false.
pub(super) const DIALS_MAX: usize = 200_000;

/// A dial that was granted.
#[derive(Debug, Clone)]
pub(super) struct DialGrant {
    pub(super) customer: CustomerId,
    pub(super) number: NumberId,
    pub(super) at: Timestamp,
    pub(super) position: Position,
}

/// How one call ended, as the retry policy sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RetryCallResult {
    pub(super) disposition: Disposition,
    pub(super) charged: bool,
    pub(super) answered: bool,
    pub(super) outcome: Option<Outcome>,
    pub(super) behind: NextCallRound,
}

/// Whether the next call of the same person belongs to the same round of the retry policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NextCallRound {
    /// The same round.
    SameRound,
    /// A new round: the enrolment started again.
    NewRound,
}

/// The record of a campaign.
#[derive(Debug, Default)]
pub(super) struct CampaignDialRecord {
    pub(super) grants: Vec<DialGrant>,
    pub(super) people: BTreeMap<CustomerId, Vec<RetryCallResult>>,
    pub(super) calls: u64,
    pub(super) answered: u64,
    pub(super) whole: bool,
    pub(super) head: Position,
}

/// Reads the dials of a campaign and how the calls ended, up to the log's head or `DIALS_MAX` dials.
pub(super) async fn load_campaign_record(
    store: &dyn EventStore,
    campaign: &CampaignId,
) -> Result<CampaignDialRecord, Problem> {
    let filter = EventFilter {
        campaign: Some(campaign.clone()),
        kinds: [CustomerEvent::DIAL_GRANTED, CustomerEvent::CALL_CLOSED]
            .map(str::to_owned)
            .to_vec(),
        ..EventFilter::default()
    };
    let head = store.head().await?;
    let mut found = CampaignDialRecord {
        whole: true,
        head,
        ..CampaignDialRecord::default()
    };
    let mut log = FilteredEventReader::new(store, filter).between(Position(0), head);
    while let Some(page) = log.next().await? {
        for stored in &page {
            let envelope = stored.envelope().map_err(unreadable)?;
            let Some(customer) = envelope.customer.clone() else {
                continue;
            };
            let read = CustomerEvent::read(&envelope.kind, envelope.version, &envelope.data);
            let event = read.map_err(|error| Problem::fault(error.to_string()))?;
            found.take(customer, event, stored.position, envelope.at);
            if found.grants.len() >= DIALS_MAX {
                found.whole = false;
                return Ok(found);
            }
        }
    }
    Ok(found)
}

impl CampaignDialRecord {
    /// Adds a grant or the end of a call to the record; ignores other events.
    fn take(&mut self, customer: CustomerId, event: CustomerEvent, position: Position, at: Timestamp) {
        if let CustomerEvent::DialGranted { grant, .. } = &event {
            self.grants.push(DialGrant {
                customer: customer.clone(),
                number: grant.number.clone(),
                at,
                position,
            });
        }
        if let CustomerEvent::CallClosed {
            disposition,
            outcome,
            charged,
            answered,
            round,
            ..
        } = event
        {
            self.calls += 1;
            self.answered += u64::from(answered);
            self.people.entry(customer).or_default().push(RetryCallResult {
                disposition,
                charged,
                answered,
                outcome,
                behind: round.map_or(NextCallRound::SameRound, |_begun| NextCallRound::NewRound),
            });
        }
    }
}
