//! How what agents are shown changes with a campaign's events.

use super::event::CampaignEvent;
use crate::preview::Offers;
use crate::time::Timestamp;

/// What an event of the campaign says of them; others say nothing.
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
