//! What a decision that is on record does to persons, one by one: each command follows from that event alone,
//! so that whoever goes on behind a crash does nothing twice.

use crate::installation::Installation;
use actors::AskError;
use domain::customer::CustomerCommand;
use domain::ids::{CommandId, CustomerId, EventId};
use domain::problem::Problem;
use domain::stored_event::Cause;

/// What follows from an event, named by what is done.
pub(crate) fn caused(begun: EventId, what: &str) -> Cause {
    Cause {
        causation: Some(begun),
        ..Cause::outside(CommandId::derive(begun, what))
    }
}

/// Erases a person as an event decided it, which says who stood behind it; false where a hold came between.
pub(crate) async fn erase(
    installation: &Installation,
    customer: &CustomerId,
    begun: EventId,
    reason: String,
) -> Result<bool, Problem> {
    let command = CustomerCommand::Erase {
        reason,
        requested_by: None,
        approved_by: None,
        four_eyes: None,
    };
    let cause = caused(begun, &format!("person:{customer}"));
    let customers = &installation.entities.customers;
    match customers.ask(customer, command, cause).await {
        Ok(_) => Ok(true),
        Err(AskError::Refused(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
