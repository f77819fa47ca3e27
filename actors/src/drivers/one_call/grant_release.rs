//! Gives back grants that will not be dialed: withdrawn on the call's stream first, then released.

use super::{AFTER_EXPIRY_MS, Grants, Worker};
use crate::drivers::driver_context::Halt;
use crate::drivers::watchdog::{GrantRelease, release_grants, withdraw_and_release};
use domain::call::event::EndReason;
use domain::customer::command::ForbiddingRule;

/// The stored reason for a grant of a call that was ordered to end.
const ORDERED: &str = "end_ordered";

/// The stored reason when the customer was withdrawn meanwhile, or the list undone.
const WITHDRAWN: &str = "withdrawn";

impl Worker {
    pub(super) async fn release_erased(&mut self, grants: &Grants) -> Result<(), Halt> {
        self.release(&GrantRelease {
            call: grants.customer.call,
            customer: &grants.customer.customer,
            number: Some(&grants.number.number),
            reason: "erased",
            not_before: None,
            forbidden_by: Some(ForbiddingRule {
                rule: "erased".to_owned(),
                facts: std::collections::BTreeMap::new(),
            }),
            facts: None,
            because: None,
        })
        .await
    }

    /// Withdraws the call on its stream, then releases both grants. If the grants expired before the dial,
    /// the enrolment is held for a while: asking again at once would only write the same events again.
    pub(super) async fn withdraw(&mut self, grants: &Grants, reason: EndReason) -> Result<(), Halt> {
        if reason == EndReason::GrantExpired {
            self.hold_until(self.kit.now().plus_ms(AFTER_EXPIRY_MS));
        }
        // An order to end this call is on its own stream; other requests concern customers or lists.
        let call = grants.customer.call;
        let is_ordered = reason == EndReason::Requested && self.ordered_to_end(call).await?.is_some();
        let word = match reason {
            EndReason::Requested if !is_ordered => WITHDRAWN,
            reason => release_reason(reason),
        };
        let release = GrantRelease {
            call,
            customer: &grants.customer.customer,
            number: Some(&grants.number.number),
            reason: word,
            not_before: None,
            // A call that was ordered to end is not due again at once. A withdrawn customer is settled by the
            // withdrawal.
            forbidden_by: is_ordered.then(|| ForbiddingRule {
                rule: ORDERED.to_owned(),
                facts: std::collections::BTreeMap::new(),
            }),
            facts: None,
            because: None,
        };
        let released = withdraw_and_release(&self.kit, &release, reason).await?;
        self.last = self.last.max(released);
        Ok(())
    }

    pub(super) async fn release(&mut self, release: &GrantRelease<'_>) -> Result<(), Halt> {
        let released = release_grants(&self.kit, release).await?;
        self.last = self.last.max(released);
        Ok(())
    }
}

/// Returns the reason that is stored with a released grant.
const fn release_reason(reason: EndReason) -> &'static str {
    match reason {
        EndReason::OptedOut => "opted_out",
        EndReason::CampaignPaused => "campaign_paused",
        EndReason::CampaignStopped => "campaign_stopped",
        EndReason::Drain => "drain",
        EndReason::EmergencyStop => "emergency_stop",
        EndReason::Requested => ORDERED,
        EndReason::GrantExpired => "grant_expired",
        EndReason::Crash => "crash",
        EndReason::Network
        | EndReason::RingTimeout
        | EndReason::CalleeHungUp
        | EndReason::FlowEnded
        | EndReason::MediaLost
        | EndReason::NoAgent
        | EndReason::AgentHungUp
        | EndReason::Fault => "fault",
    }
}
