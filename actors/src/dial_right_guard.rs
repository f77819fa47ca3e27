//! The entities as drivers ask them: only while the right to dial is held (`dial_right`).

use crate::dial_right::DialRight;
use crate::system::{ActorSystem, Entities};
use domain::decider::Decider;
use std::sync::Arc;

impl<D: Decider> Entities<D> {
    /// Returns the same entities with this right: their commands are accepted only while it is held.
    pub(crate) fn with_dial_right(&self, right: &Arc<dyn DialRight>) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            right: Some(Arc::clone(right)),
        }
    }

    /// Returns the same entities without a right: their commands are also accepted while another process
    /// dials.
    pub(crate) fn without_right(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            right: None,
        }
    }

    /// Returns true if another process dials on this log.
    pub(crate) fn is_taken_over(&self) -> bool {
        self.right.as_ref().is_some_and(|right| right.is_of_another())
    }

    /// Returns true if an effect of a stored decision may begin now. False if the right is not held any
    /// more: another process may have taken over since.
    pub(crate) fn may_act(&self) -> bool {
        self.right.as_ref().is_none_or(|right| right.is_held())
    }
}

impl ActorSystem {
    /// Returns the same entities for drivers: their commands are accepted only while `right` is held.
    pub fn with_dial_right(&self, right: &Arc<dyn DialRight>) -> Self {
        Self {
            campaigns: self.campaigns.with_dial_right(right),
            customers: self.customers.with_dial_right(right),
            numbers: self.numbers.with_dial_right(right),
            calls: self.calls.with_dial_right(right),
            flows: self.flows.with_dial_right(right),
            models: self.models.with_dial_right(right),
            knowledge: self.knowledge.with_dial_right(right),
            labels: self.labels.with_dial_right(right),
            inquiries: self.inquiries.with_dial_right(right),
            installation: self.installation.with_dial_right(right),
            accesses: self.accesses.with_dial_right(right),
            anonymous_transcripts: self.anonymous_transcripts.with_dial_right(right),
            api_keys: self.api_keys.with_dial_right(right),
            approvals: self.approvals.with_dial_right(right),
            reports: self.reports.with_dial_right(right),
            samples: self.samples.with_dial_right(right),
            saved_reports: self.saved_reports.with_dial_right(right),
            chart_notes: self.chart_notes.with_dial_right(right),
            retentions: self.retentions.with_dial_right(right),
            routings: self.routings.with_dial_right(right),
            routing_weights: self.routing_weights.with_dial_right(right),
            settings: self.settings.with_dial_right(right),
            drafts: self.drafts.with_dial_right(right),
            preferences: self.preferences.with_dial_right(right),
            holidays: self.holidays.with_dial_right(right),
            registries: self.registries.with_dial_right(right),
            alerts: self.alerts.with_dial_right(right),
            complaints: self.complaints.with_dial_right(right),
            conversations: self.conversations.with_dial_right(right),
            messages: self.messages.with_dial_right(right),
            person_requests: self.person_requests.with_dial_right(right),
            stops: self.stops.with_dial_right(right),
            subscribers: self.subscribers.with_dial_right(right),
            summaries: self.summaries.with_dial_right(right),
            test_phones: self.test_phones.with_dial_right(right),
            test_calls: self.test_calls.with_dial_right(right),
            users: self.users.with_dial_right(right),
            views: self.views.with_dial_right(right),
            voiceprints: self.voiceprints.with_dial_right(right),
            webhooks: self.webhooks.with_dial_right(right),
            wording_drafts: self.wording_drafts.with_dial_right(right),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::AskError;
    use crate::hosting::EntityRuntime;
    use crate::testing::dial_right::FakeRight;
    use crate::testing::{Fakes, on_one_thread, settle};
    use domain::ids::CommandId;
    use domain::stop::{StopCommand, StopId};
    use domain::stored_event::Cause;

    #[test]
    fn a_driver_waits_until_it_is_known_who_dials_and_stores_nothing_when_it_is_another() {
        on_one_thread(async {
            let fakes = Fakes::new();
            let verdict = FakeRight::new(None);
            let right: Arc<dyn DialRight> = Arc::<FakeRight>::clone(&verdict);
            let system = ActorSystem::start(fakes.environment.clone(), EntityRuntime::Local);
            let drivers = system.with_dial_right(&right);
            let engage = |reason: &str| {
                let (system, reason) = (drivers.clone(), reason.to_owned());
                async move {
                    let cause = Cause::outside(CommandId::derive_from_text(&reason));
                    let stop = StopId::All;
                    let hang_up = false;
                    let command = StopCommand::Engage {
                        stop,
                        reason,
                        hang_up,
                    };
                    system.stops.ask(&StopId::All, command, cause).await
                }
            };
            let (done, mut answered) = tokio::sync::oneshot::channel();
            let first = engage("first");
            let asking = async move {
                let _heard = done.send(first.await.is_ok());
            };
            fakes.environment.tasks.spawn("driver", Box::pin(asking));
            settle().await;
            assert!(answered.try_recv().is_err(), "it is not known who dials");
            assert!(!drivers.stops.may_act());
            verdict.set(Some(true));
            assert_eq!(answered.await, Ok(true));
            assert!(drivers.stops.may_act() && system.stops.may_act());
            verdict.set(Some(false));
            let refused = engage("second").await;
            assert!(matches!(refused, Err(AskError::Unavailable)));
            let state = drivers.stops.state(&StopId::All).await.unwrap();
            assert_eq!(state.version.0, 1, "reads go on, and nothing was stored");
        });
    }
}
