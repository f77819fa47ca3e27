//! Carries out a logged decision (an erasure, for example) customer by customer. Each command is derived
//! from that event, so that a run that resumes after a crash repeats nothing.

use crate::installation::Installation;
use actors::AskError;
use domain::customer::{CustomerCommand, Erasure};
use domain::ids::{CommandId, CustomerId, EventId};
use domain::problem::Problem;
use domain::stored_event::Cause;

/// Longest wait for the erasure certificates of customers who are erased together, in milliseconds: enough
/// for two thousand keys and their files.
const CERTIFIED_MS: u64 = 60_000;
/// Interval at which `wait_for_certificates` looks for the certificates, in milliseconds.
const LOOK_MS: u64 = 20;

/// Returns the cause of a command that follows from the event `begun`. The command id is derived from that
/// event and `what`, the name of the step, so that a repetition changes nothing.
pub(crate) fn derive_cause(begun: EventId, what: &str) -> Cause {
    Cause {
        causation: Some(begun),
        ..Cause::outside(CommandId::derive(begun, what))
    }
}

/// Erases a customer as a consequence of the event `begun`, which names who requested and approved it.
/// Returns false if a legal hold now forbids the erasure.
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
    let cause = derive_cause(begun, &format!("person:{customer}"));
    let customers = &installation.entities.customers;
    match customers.ask(customer, command, cause).await {
        Ok(_) => Ok(true),
        Err(AskError::Refused(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Waits until each of these customers has the certificate that the key is destroyed, so that no reply
/// reports an erasure while data is still readable. Fails with `Unavailable` after `CERTIFIED_MS`.
pub(crate) async fn wait_for_certificates(
    installation: &Installation,
    erased: &[CustomerId],
) -> Result<(), Problem> {
    let late = installation.now().plus_ms(CERTIFIED_MS);
    for customer in erased {
        loop {
            let person = installation.entities.customers.state(customer).await?.state;
            if matches!(person.erasure(), Erasure::Certified { .. }) {
                // Another process may have destroyed the key before this process read the event.
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
