//! The customers who were ever enrolled in a campaign, read from the log.

use crate::installation::Installation;
use domain::customer::event::CustomerEvent;
use domain::event_filter::EventFilter;
use domain::ids::{CampaignId, CustomerId};
use domain::ports::event_store::PAGE_EVENTS_MAX;
use domain::problem::Problem;
use domain::stored_event::Position;
use std::collections::BTreeSet;

/// Reads the customers enrolled in a campaign from the log, one page at a time. A customer who was enrolled
/// twice occurs twice.
pub(super) struct Enrolments {
    filter: EventFilter,
    after: Position,
}

impl Enrolments {
    pub(super) fn of(campaign: &CampaignId) -> Self {
        Self {
            filter: EventFilter {
                kinds: vec![CustomerEvent::ENROLLED.to_owned()],
                campaign: Some(campaign.clone()),
                ..EventFilter::default()
            },
            after: Position(0),
        }
    }

    /// Returns the customers enrolled in the next page of the log, which may be none. `None` at the end of
    /// the log.
    pub(super) async fn next(
        &mut self,
        installation: &Installation,
    ) -> Result<Option<Vec<CustomerId>>, Problem> {
        let store = installation.store();
        let page = store
            .read_matching(&self.filter, self.after, PAGE_EVENTS_MAX)
            .await?;
        if page.reached == self.after {
            return Ok(None);
        }
        self.after = page.reached;
        let mut persons = Vec::with_capacity(page.events.len());
        for stored in &page.events {
            let envelope = stored.envelope();
            let envelope = envelope.map_err(|error| Problem::fault(error.to_string()))?;
            persons.extend(envelope.customer);
        }
        Ok(Some(persons))
    }
}

/// Returns every customer who was ever enrolled in the campaign, each once, with erased ones. `None` if
/// there are more than `persons_max`.
pub async fn list_enrolled_customers(
    installation: &Installation,
    campaign: &CampaignId,
    persons_max: usize,
) -> Result<Option<BTreeSet<CustomerId>>, Problem> {
    let (mut enrolments, mut persons) = (Enrolments::of(campaign), BTreeSet::new());
    while let Some(page) = enrolments.next(installation).await? {
        persons.extend(page);
        if persons.len() > persons_max {
            return Ok(None);
        }
    }
    Ok(Some(persons))
}
