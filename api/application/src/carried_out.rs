//! What a decision that is on record does to persons, one by one: each command follows from that event alone,
//! so that whoever goes on behind a crash does nothing twice.

use crate::installation::Installation;
use actors::AskError;
use domain::customer::{CustomerCommand, Erasure};
use domain::ids::{CommandId, CustomerId, EventId};
use domain::problem::Problem;
use domain::stored_event::Cause;

/// Longest wait for the certificates of persons who are erased together: two thousand keys and their files.
const CERTIFIED_MS: u64 = 60_000;
/// How often it is looked whether they are there.
const LOOK_MS: u64 = 20;

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

/// Waits until each of them has the certificate that the key is destroyed: whoever is told before that they
/// are erased may still read what they said.
pub(crate) async fn certified(installation: &Installation, erased: &[CustomerId]) -> Result<(), Problem> {
    let late = installation.now().plus_ms(CERTIFIED_MS);
    for customer in erased {
        loop {
            let person = installation.entities.customers.state(customer).await?.state;
            if matches!(person.erasure(), Erasure::Certified { .. }) {
                // Another process may have destroyed it before this one looked at the log.
                installation.vault().forget_cached(customer);
                break;
            }
            if installation.now() >= late {
                let why = "not all keys of the erased customers are destroyed yet: send the request again to \
                           continue";
                return Err(Problem::unavailable(why));
            }
            installation.pause(LOOK_MS).await;
        }
    }
    Ok(())
}
