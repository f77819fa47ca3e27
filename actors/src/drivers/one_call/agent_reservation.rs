//! Reserves an agent for one call: from the grant until the call is over the agent gets no other call.

use super::Worker;
use crate::drivers::driver_context::{DriverContext, Halt};
use crate::drivers::watchdog::GrantRelease;
use domain::compliance::CustomerGrant;
use domain::customer::CALLBACK_AGENT;
use domain::ids::{CallId, UserId};
use std::sync::Arc;

/// How long the enrolment is held if its agent took another call in between, in milliseconds.
const TAKEN_AGAIN_MS: u64 = 5_000;

/// Holds the agent who is reserved for a call. Dropping it releases the agent, also if the call was never
/// dialed.
pub(super) struct AgentReservation {
    kit: Arc<DriverContext>,
    agent: UserId,
    call: CallId,
}

impl Drop for AgentReservation {
    fn drop(&mut self) {
        if let Some(agents) = &self.kit.ports.agents {
            agents.over(&self.agent, self.call, self.kit.now());
        }
    }
}

impl Worker {
    /// Reserves the agent who alone may take this call, if there is one. If another call has the agent,
    /// releases the grant and returns false.
    pub(super) async fn reserved(&mut self, grant: &CustomerGrant) -> Result<bool, Halt> {
        let Some(agent) = self.only.clone() else {
            return Ok(true);
        };
        let now = self.kit.now();
        let agents = self.kit.ports.agents.as_ref();
        if agents.is_some_and(|agents| agents.reserve(&grant.campaign, &agent, grant.call, now)) {
            self.kept = Some(AgentReservation {
                kit: Arc::clone(&self.kit),
                agent,
                call: grant.call,
            });
            return Ok(true);
        }
        self.release(&GrantRelease {
            call: grant.call,
            customer: &grant.customer,
            number: None,
            reason: CALLBACK_AGENT,
            not_before: Some(now.plus_ms(TAKEN_AGAIN_MS)),
            forbidden_by: None,
            // A matter of seconds: the next request reports a callback that was missed.
            facts: None,
            because: None,
        })
        .await?;
        Ok(false)
    }
}
