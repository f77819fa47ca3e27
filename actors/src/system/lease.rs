//! An entity that is lent to its asker's task.

use super::Inner;
use crate::asker_task::Serving;
use crate::entity::Asked;
use crate::registry::Generation;
use domain::decider::Decider;

/// An entity in its asker's task. If the asker goes away before the answer, a host finishes the request.
pub(super) struct Lease<'a, D: Decider> {
    pub(super) inner: &'a Inner<D>,
    pub(super) id: &'a D::Id,
    pub(super) generation: Generation,
    pub(super) is_settled: bool,
}

impl<D: Decider> Lease<'_, D> {
    pub(super) async fn answered<T: Send + 'static>(
        mut self,
        serving: &Serving<D, T>,
    ) -> Option<Asked<T, D>> {
        let answer = serving.answered().await;
        self.is_settled = true;
        if answer.is_some() {
            self.inner.registry.give_back(self.id, self.generation, serving);
        }
        answer
    }
}

impl<D: Decider> Drop for Lease<'_, D> {
    fn drop(&mut self) {
        if !self.is_settled {
            let host = || self.inner.host();
            self.inner.registry.leave(self.id, self.generation, host);
        }
    }
}
