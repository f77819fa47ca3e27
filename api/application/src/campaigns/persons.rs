//! Who was ever enrolled in a campaign, as the log has it.

use crate::installation::Installation;
use domain::customer::event::CustomerEvent;
use domain::event_filter::EventFilter;
use domain::ids::{CampaignId, CustomerId};
use domain::ports::event_store::PAGE_EVENTS_MAX;
use domain::problem::Problem;
use domain::stored_event::Position;
use std::collections::BTreeSet;

/// Each person once, also those who are erased; nobody where they are more than `persons_max`.
pub async fn enrolled(
    installation: &Installation,
    campaign: &CampaignId,
    persons_max: usize,
) -> Result<Option<BTreeSet<CustomerId>>, Problem> {
    let filter = EventFilter {
        kinds: vec![CustomerEvent::ENROLLED.to_owned()],
        campaign: Some(campaign.clone()),
        ..EventFilter::default()
    };
    let (mut after, mut persons) = (Position(0), BTreeSet::new());
    loop {
        let page = installation
            .store()
            .read_matching(&filter, after, PAGE_EVENTS_MAX)
            .await?;
        for stored in &page.events {
            let envelope = stored.envelope();
            let envelope = envelope.map_err(|error| Problem::fault(error.to_string()))?;
            persons.extend(envelope.customer);
        }
        if persons.len() > persons_max {
            return Ok(None);
        }
        if page.reached == after {
            return Ok(Some(persons));
        }
        after = page.reached;
    }
}
