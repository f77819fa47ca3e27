//! Grants and refusals in the log near a time: what was decided about this customer and number.

use super::facts::CampaignDialFacts;
use super::responses::NearbyDial;
use crate::installation::Installation;
use domain::customer::Customer;
use domain::customer::event::CustomerEvent;
use domain::decider::Decider;
use domain::ids::{CallId, CampaignId, CustomerId, StreamId};
use domain::number::Number;
use domain::number::event::NumberEvent;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX};
use domain::problem::Problem;
use domain::stored_event::{StoredEvent, StreamVersion};
use domain::time::Timestamp;
use serde::Deserialize;

/// Largest distance between a returned decision and the time of the question, in milliseconds: a day.
const NEAR_MS: u64 = 24 * 3_600_000;

/// Most decisions returned, those nearest to the time. A day within the caps has fewer.
const DIALS_MAX: usize = 20;

/// Kinds of events that are decisions about a dial, in the customer's and the number's stream.
const OF_PERSON: [&str; 3] = [
    CustomerEvent::DIAL_GRANTED,
    CustomerEvent::DIAL_REFUSED,
    CustomerEvent::DIAL_RELEASED,
];
const OF_NUMBER: [&str; 2] = [NumberEvent::DIAL_GRANTED, NumberEvent::DIAL_REFUSED];

/// The data of an event that decides a dial, in either stream.
#[derive(Deserialize)]
struct DecisionData {
    campaign: CampaignId,
    call: CallId,
    #[serde(default)]
    rule: Option<String>,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    not_before: Option<Timestamp>,
}

/// Returns the grants, refusals and releases of the customer's dials near a time, in log order; at most
/// `DIALS_MAX`.
pub(super) async fn dials(
    installation: &Installation,
    customer: &CustomerId,
    of: &CampaignDialFacts,
    at: Timestamp,
) -> Result<Vec<NearbyDial>, Problem> {
    let store = installation.store();
    let mut found = Vec::new();
    let streams = [
        (Customer::stream(customer), OF_PERSON.as_slice()),
        (Number::stream(&of.number), OF_NUMBER.as_slice()),
    ];
    for (stream, kinds) in streams {
        take(store, &stream, kinds, &of.facts.campaign, at, &mut found).await?;
    }
    found.sort_by_key(|(far, _)| *far);
    found.truncate(DIALS_MAX);
    let mut nearest: Vec<NearbyDial> = found.into_iter().map(|(_, dial)| dial).collect();
    nearest.sort_by_key(|dial| (dial.at, dial.event.clone()));
    Ok(nearest)
}

async fn take(
    store: &dyn EventStore,
    stream: &StreamId,
    kinds: &[&str],
    campaign: &CampaignId,
    at: Timestamp,
    found: &mut Vec<(u64, NearbyDial)>,
) -> Result<(), Problem> {
    let mut after = StreamVersion(0);
    loop {
        let page = store.read_stream(stream, after, PAGE_EVENTS_MAX).await?;
        if page.is_empty() {
            return Ok(());
        }
        after.0 = after.0.saturating_add(page.len() as u64);
        for stored in &page {
            found.extend(decision(stored, kinds, campaign, at)?);
        }
    }
}

fn decision(
    stored: &StoredEvent,
    kinds: &[&str],
    campaign: &CampaignId,
    at: Timestamp,
) -> Result<Option<(u64, NearbyDial)>, Problem> {
    let envelope = stored
        .envelope()
        .map_err(|error| Problem::fault(error.to_string()))?;
    let far = envelope.at.micros().abs_diff(at.micros()) / 1_000;
    if far > NEAR_MS || !kinds.contains(&envelope.kind.as_str()) {
        return Ok(None);
    }
    let decided: DecisionData = serde_json::from_str(envelope.data.get())
        .map_err(|error| Problem::fault(format!("{}: {error}", envelope.kind)))?;
    if decided.campaign != *campaign {
        return Ok(None);
    }
    let dial = NearbyDial {
        event: envelope.kind.clone(),
        at: envelope.at,
        position: stored.position.to_string(),
        call: decided.call,
        rule: decided.rule.or(decided.reason),
        not_before: decided.not_before,
    };
    Ok(Some((far, dial)))
}
