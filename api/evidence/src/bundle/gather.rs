//! Collects the content of a bundle: the call's stream, both grants, the campaign's plan and the flow
//! version.

use crate::bundle::BUNDLE_EVENTS_MAX;
use domain::call::Call;
use domain::call::event::CallEvent;
use domain::calling_plan::CallingPlan;
use domain::campaign::Campaign;
use domain::campaign::event::CampaignEvent;
use domain::customer::Customer;
use domain::customer::event::CustomerEvent;
use domain::decider::Decider;
use domain::event_filter::EventFilter;
use domain::flow::Flow;
use domain::flow::event::FlowEvent;
use domain::ids::{CallId, CampaignId, EventId, StreamId};
use domain::number::Number;
use domain::number::event::NumberEvent;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX};
use domain::problem::Problem;
use domain::stored_event::{Envelope, Position, StoredEvent, StreamVersion, read_event};
use domain::time::Timestamp;

/// An event parsed as the type of its aggregate.
#[derive(Debug, Clone)]
pub struct TypedEvent<E> {
    pub position: Position,
    pub id: EventId,
    pub version: u16,
    pub at: Timestamp,
    pub event: E,
}

/// Everything in the log that belongs to one call, with personal values sealed.
#[derive(Debug, Clone)]
pub struct BundleInputs {
    pub call: Vec<TypedEvent<CallEvent>>,
    pub customer_grant: Option<TypedEvent<CustomerEvent>>,
    pub number_grant: Option<TypedEvent<NumberEvent>>,
    pub plan: Option<CallingPlan>,
    /// Definition of the flow, as canonical JSON.
    pub flow: Option<serde_json::Value>,
}

/// Reads the call with its grants, plan and flow. Fails for a call that does not exist or has more than
/// `BUNDLE_EVENTS_MAX` events.
pub async fn gather(store: &dyn EventStore, call: CallId) -> Result<BundleInputs, Problem> {
    let page = store
        .read_stream(&Call::stream(&call), StreamVersion(0), BUNDLE_EVENTS_MAX + 1)
        .await?;
    if page.len() > BUNDLE_EVENTS_MAX {
        return Err(Problem::refused(
            "not-bundled",
            format!("the call has more than {BUNDLE_EVENTS_MAX} events"),
        ));
    }
    let events: Vec<TypedEvent<CallEvent>> = page.iter().map(typed::<Call>).collect::<Result<_, _>>()?;
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
    let granted = find::<Customer>(store, &Customer::stream(&customer_grant.customer), of_customer).await?;
    // The grant was decided with the plan of that time.
    let judged_at = granted.as_ref().map(|granted| granted.position);
    let judged_at = judged_at.or_else(|| events.first().map(|first| first.position));
    let plan = plan_of(store, &customer_grant.campaign, judged_at.unwrap_or_default()).await?;
    Ok(BundleInputs {
        customer_grant: granted,
        number_grant: find::<Number>(store, &Number::stream(&number_grant.number), of_number).await?,
        plan,
        flow: flow.and_then(|found| match found.event {
            FlowEvent::Published { definition, .. } => Some(definition),
            FlowEvent::RolledBack { .. } => None,
        }),
        call: events,
    })
}

/// Returns the plan of a campaign as created, with all changes before a position; `None` if it was not
/// created.
async fn plan_of(
    store: &dyn EventStore,
    campaign: &CampaignId,
    before: Position,
) -> Result<Option<CallingPlan>, Problem> {
    let filter = EventFilter {
        kinds: vec![
            CampaignEvent::CREATED.to_owned(),
            CampaignEvent::PLAN_CHANGED.to_owned(),
        ],
        ..EventFilter::of_campaign(campaign.clone())
    };
    let (mut plan, mut after) = (None::<CallingPlan>, Position(0));
    loop {
        let page = store.read_matching(&filter, after, PAGE_EVENTS_MAX).await?;
        for stored in page.events.iter().filter(|stored| stored.position < before) {
            let event = typed::<Campaign>(stored)?.event;
            if let Some(created) = event.created() {
                plan = Some(created.clone());
            }
            if let (Some(plan), Some(terms)) = (plan.as_mut(), event.changed_terms()) {
                terms.apply_to(plan);
            }
        }
        if page.reached <= after || page.reached >= before {
            return Ok(plan);
        }
        after = page.reached;
    }
}

/// Returns the first event of a stream for which `wanted` returns true; `None` if there is none.
async fn find<D: Decider>(
    store: &dyn EventStore,
    stream: &StreamId,
    wanted: impl Fn(&D::Event) -> bool,
) -> Result<Option<TypedEvent<D::Event>>, Problem> {
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

fn typed<D: Decider>(stored: &StoredEvent) -> Result<TypedEvent<D::Event>, Problem> {
    let envelope: Envelope = stored
        .envelope()
        .map_err(|error| Problem::fault(error.to_string()))?;
    let event = read_event::<D>(&envelope).map_err(|error| Problem::fault(error.to_string()))?;
    Ok(TypedEvent {
        position: stored.position,
        id: envelope.id,
        version: envelope.version,
        at: envelope.at,
        event,
    })
}
