//! What a bundle is made of: the call's stream, both grants, the campaign's plan and the flow version.

use crate::bundle::BUNDLE_EVENTS_MAX;
use domain::call::Call;
use domain::call::event::CallEvent;
use domain::calling_plan::CallingPlan;
use domain::campaign::Campaign;
use domain::campaign::event::CampaignEvent;
use domain::customer::Customer;
use domain::customer::event::CustomerEvent;
use domain::decider::Decider;
use domain::flow::Flow;
use domain::flow::event::FlowEvent;
use domain::ids::{CallId, CampaignId, EventId, StreamId};
use domain::number::Number;
use domain::number::event::NumberEvent;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX};
use domain::problem::Problem;
use domain::stored_event::{Envelope, Position, StoredEvent, StreamVersion, read_event};
use domain::time::Timestamp;

/// An event read as its aggregate's type.
#[derive(Debug, Clone)]
pub struct Typed<E> {
    pub position: Position,
    pub id: EventId,
    pub version: u16,
    pub at: Timestamp,
    pub event: E,
}

/// Everything of one call, sealed as stored.
#[derive(Debug, Clone)]
pub struct Gathered {
    pub call: Vec<Typed<CallEvent>>,
    pub customer_grant: Option<Typed<CustomerEvent>>,
    pub number_grant: Option<Typed<NumberEvent>>,
    pub plan: Option<CallingPlan>,
    /// Canonical JSON of the definition.
    pub flow: Option<serde_json::Value>,
}

/// Reads the call and what belongs to it.
pub async fn gather(store: &dyn EventStore, call: CallId) -> Result<Gathered, Problem> {
    let page = store
        .read_stream(&Call::stream(&call), StreamVersion(0), BUNDLE_EVENTS_MAX + 1)
        .await?;
    if page.len() > BUNDLE_EVENTS_MAX {
        return Err(Problem::refused(
            "not-bundled",
            format!("the call has more than {BUNDLE_EVENTS_MAX} events"),
        ));
    }
    let events: Vec<Typed<CallEvent>> = page.iter().map(typed::<Call>).collect::<Result<_, _>>()?;
    let permitted = events.first().map(|first| &first.event);
    let Some(CallEvent::Permitted {
        customer_grant,
        number_grant,
        flow,
        ..
    }) = permitted
    else {
        return Err(Problem::refused(
            "not-bundled",
            format!("call {call} does not exist"),
        ));
    };
    let of_customer = |event: &CustomerEvent| match event {
        CustomerEvent::DialGranted { grant, .. } => grant.call == call,
        _ => false,
    };
    let of_number = |event: &NumberEvent| match event {
        NumberEvent::DialGranted { grant } => grant.call == call,
        _ => false,
    };
    let published = |event: &FlowEvent| match event {
        FlowEvent::Published { flow_version, .. } => *flow_version == flow.version,
        FlowEvent::RolledBack { .. } => false,
    };
    let flow = find::<Flow>(store, &Flow::stream(&flow.flow), published).await?;
    Ok(Gathered {
        customer_grant: find::<Customer>(store, &Customer::stream(&customer_grant.customer), of_customer)
            .await?,
        number_grant: find::<Number>(store, &Number::stream(&number_grant.number), of_number).await?,
        plan: plan_of(store, &customer_grant.campaign).await?,
        flow: flow.and_then(|found| match found.event {
            FlowEvent::Published { definition, .. } => Some(definition),
            FlowEvent::RolledBack { .. } => None,
        }),
        call: events,
    })
}

async fn plan_of(store: &dyn EventStore, campaign: &CampaignId) -> Result<Option<CallingPlan>, Problem> {
    let created = |event: &CampaignEvent| event.created().is_some();
    let found = find::<Campaign>(store, &Campaign::stream(campaign), created).await?;
    Ok(found.and_then(|found| found.event.created().cloned()))
}

/// The first event of a stream that is wanted.
async fn find<D: Decider>(
    store: &dyn EventStore,
    stream: &StreamId,
    wanted: impl Fn(&D::Event) -> bool,
) -> Result<Option<Typed<D::Event>>, Problem> {
    let mut after = StreamVersion(0);
    loop {
        let page = store.read_stream(stream, after, PAGE_EVENTS_MAX).await?;
        if page.is_empty() {
            return Ok(None);
        }
        after.0 += u64::try_from(page.len()).unwrap_or(u64::MAX);
        for stored in &page {
            let read = typed::<D>(stored)?;
            if wanted(&read.event) {
                return Ok(Some(read));
            }
        }
    }
}

fn typed<D: Decider>(stored: &StoredEvent) -> Result<Typed<D::Event>, Problem> {
    let envelope: Envelope = stored
        .envelope()
        .map_err(|error| Problem::fault(error.to_string()))?;
    let event = read_event::<D>(&envelope).map_err(|error| Problem::fault(error.to_string()))?;
    Ok(Typed {
        position: stored.position,
        id: envelope.id,
        version: envelope.version,
        at: envelope.at,
        event,
    })
}
