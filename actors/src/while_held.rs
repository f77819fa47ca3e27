//! The entities as drivers ask them: only while the right to dial is held (`dial_right`).

use crate::dial_right::DialRight;
use crate::system::{ActorSystem, Entities};
use domain::decider::Decider;
use std::sync::Arc;

impl<D: Decider> Entities<D> {
    /// The same entities; their commands are taken only while `right` is held.
    pub(crate) fn while_held(&self, right: &Arc<dyn DialRight>) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            right: Some(Arc::clone(right)),
        }
    }

    /// The same entities; their commands are also taken while another process dials.
    pub(crate) fn without_right(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            right: None,
        }
    }

    /// Whether another process dials on this log.
    pub(crate) fn is_taken_over(&self) -> bool {
        self.right.as_ref().is_some_and(|right| right.is_of_another())
    }

    /// Whether an effect of a stored decision may begin now: another process may have taken over since.
    pub(crate) fn may_act(&self) -> bool {
        self.right.as_ref().is_none_or(|right| right.is_held())
    }
}

impl ActorSystem {
    /// Returns the same entities for drivers: commands are accepted only while `right` is held.
    pub fn while_held(&self, right: &Arc<dyn DialRight>) -> Self {
        Self {
            campaigns: self.campaigns.while_held(right),
            customers: self.customers.while_held(right),
            numbers: self.numbers.while_held(right),
            calls: self.calls.while_held(right),
            flows: self.flows.while_held(right),
            models: self.models.while_held(right),
            knowledge: self.knowledge.while_held(right),
            labels: self.labels.while_held(right),
            inquiries: self.inquiries.while_held(right),
            installation: self.installation.while_held(right),
            accesses: self.accesses.while_held(right),
            anonymous_transcripts: self.anonymous_transcripts.while_held(right),
            api_keys: self.api_keys.while_held(right),
            approvals: self.approvals.while_held(right),
            reports: self.reports.while_held(right),
            samples: self.samples.while_held(right),
            saved_reports: self.saved_reports.while_held(right),
            chart_notes: self.chart_notes.while_held(right),
            retentions: self.retentions.while_held(right),
            routings: self.routings.while_held(right),
            routing_weights: self.routing_weights.while_held(right),
            settings: self.settings.while_held(right),
            drafts: self.drafts.while_held(right),
            preferences: self.preferences.while_held(right),
            holidays: self.holidays.while_held(right),
            registries: self.registries.while_held(right),
            alerts: self.alerts.while_held(right),
            complaints: self.complaints.while_held(right),
            conversations: self.conversations.while_held(right),
            messages: self.messages.while_held(right),
            person_requests: self.person_requests.while_held(right),
            stops: self.stops.while_held(right),
            subscribers: self.subscribers.while_held(right),
            summaries: self.summaries.while_held(right),
            test_phones: self.test_phones.while_held(right),
            test_calls: self.test_calls.while_held(right),
            users: self.users.while_held(right),
            views: self.views.while_held(right),
            voiceprints: self.voiceprints.while_held(right),
            webhooks: self.webhooks.while_held(right),
            wording_drafts: self.wording_drafts.while_held(right),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::AskError;
    use crate::hosting::Place;
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
            let system = ActorSystem::start(fakes.environment.clone(), Place::Local);
            let drivers = system.while_held(&right);
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
