//! The reply to a repeated order for a single call: the same as the first time.

use super::{CallNowCustomer, CallNowRequest, RequestedCall};
use crate::as_of::{Moment, entity_then};
use crate::installation::{Installation, follow};
use domain::campaign::Campaign;
use domain::customer::Customer;
use domain::customer::command::CustomerCommand;
use domain::customer::event::CustomerEvent;
use domain::ids::{CallId, EnrolmentId, EventId, ListId};
use domain::problem::Problem;
use domain::stored_event::{Cause, read_event};

/// Returns the first reply to an order that was stored before, with what was known then. `None` if this
/// order is new.
pub(super) async fn first_reply(
    installation: &Installation,
    order: &CallNowRequest,
    known: &CallNowCustomer,
    cause: Cause,
) -> Result<Option<RequestedCall>, Problem> {
    let store = installation.store();
    let first = EventId::derive(cause.command, 0);
    let Some(stored) = store.find(first).await? else {
        return Ok(None);
    };
    let damaged = |why: String| Problem::fault(why);
    let envelope = stored.envelope().map_err(|error| damaged(error.to_string()))?;
    let event = read_event::<Customer>(&envelope).map_err(|error| damaged(error.to_string()))?;
    let CustomerEvent::CallAsked {
        campaign,
        due_at,
        deadline,
    } = event
    else {
        return Ok(None);
    };
    if cause.request.mark.is_some() {
        // Changes nothing; its answer means that the order is stored as durably as configured. The first
        // append may have failed because a standby was missing.
        let command = CustomerCommand::CallNow {
            campaign: campaign.clone(),
            deadline: order.deadline,
        };
        let customers = &installation.entities.customers;
        customers.ask(&known.customer, command, cause).await?;
    }
    let position = stored.position.to_string();
    let moment = Moment::parse(Some(&position), None)?;
    let then = moment.resolve(store, installation.now()).await?;
    let vault = installation.vault();
    let person = entity_then::<Customer>(store, &known.customer, &then, vault, None).await?;
    let campaign_then = entity_then::<Campaign>(store, &campaign, &then, vault, None).await?;
    let (Some(enrolment), Some(campaign_status)) =
        (person.state.enrolment(&campaign), campaign_then.state.status())
    else {
        return Err(Problem::fault("an order without its enrolment or its campaign"));
    };
    let own_list = follow(cause, "list").command.to_string();
    let id = EnrolmentId {
        campaign: order.campaign.clone(),
        customer: known.customer.clone(),
    };
    Ok(Some(RequestedCall {
        call: CallId::derive(&id, enrolment.attempts.saturating_add(1)),
        enrolled: enrolment.list == ListId::derive(&campaign, &own_list),
        campaign,
        customer: known.customer.clone(),
        campaign_status,
        due_at,
        deadline,
        position: stored.position,
        version: envelope.stream_version,
    }))
}
