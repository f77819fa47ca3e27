//! An agent who is kept for one call: nobody else is given to them from the grant until the call is over.

use super::Worker;
use crate::drivers::kit::{Halt, Kit};
use crate::drivers::watchdog::Release;
use domain::compliance::CustomerGrant;
use domain::customer::CALLBACK_AGENT;
use domain::ids::{CallId, UserId};
use std::sync::Arc;

/// Wait before an agent is asked for again who was taken by another call in between.
const TAKEN_AGAIN_MS: u64 = 5_000;

/// Lets the agent go when the work on the call is over, also where it was never dialed.
pub(super) struct Kept {
    kit: Arc<Kit>,
    agent: UserId,
    call: CallId,
}

impl Drop for Kept {
    fn drop(&mut self) {
        if let Some(agents) = &self.kit.ports.agents {
            agents.over(&self.agent, self.call, self.kit.now());
        }
    }
}

impl Worker {
    /// Keeps the agent who alone takes this call; gives the grant back where somebody was faster.
    pub(super) async fn reserved(&mut self, grant: &CustomerGrant) -> Result<bool, Halt> {
        let Some(agent) = self.only.clone() else {
            return Ok(true);
        };
        let now = self.kit.now();
        let agents = self.kit.ports.agents.as_ref();
        if agents.is_some_and(|agents| agents.reserve(&grant.campaign, &agent, grant.call, now)) {
            self.kept = Some(Kept {
                kit: Arc::clone(&self.kit),
                agent,
                call: grant.call,
            });
            return Ok(true);
        }
        self.release(&Release {
            call: grant.call,
            customer: &grant.customer,
            number: None,
            reason: CALLBACK_AGENT,
            not_before: Some(now.plus_ms(TAKEN_AGAIN_MS)),
            forbidden_by: None,
            // Seconds only: whoever is asked again then is told what was missed.
            facts: None,
            because: None,
        })
        .await?;
        Ok(false)
    }
}
