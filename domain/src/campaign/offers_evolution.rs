//! Applies a campaign's events to its open preview offers.

use super::event::CampaignEvent;
use crate::preview::Offers;
use crate::time::Timestamp;

/// Applies the event to the offers; events that concern no offer change nothing.
pub(super) fn apply(offers: &mut Offers, event: &CampaignEvent, at: Timestamp) {
    if let CampaignEvent::PreviewOffered {
        agent,
        customer,
        until,
    } = event
    {
        offers.offer(agent, customer, *until, at);
    }
    if let CampaignEvent::PreviewAccepted {
        agent, call, until, ..
    } = event
    {
        offers.accept(agent, *call, *until);
    }
    if let CampaignEvent::PreviewSkipped { agent, .. } = event {
        offers.end(agent);
    }
    if let CampaignEvent::PreviewsWithdrawn { .. } = event {
        offers.clear();
    }
}
