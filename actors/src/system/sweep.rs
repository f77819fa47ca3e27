//! Entities that are idle leave memory.

use super::Entities;
use crate::lifespan::SWEEP_MS;
use domain::decider::Decider;

pub(super) async fn sweep<D: Decider>(entities: Entities<D>) {
    let stop = entities.inner.environment.tasks.stop_signal();
    tokio::select! {
        biased;
        () = stop.stopping() => {}
        () = keep_swept(&entities) => {}
    }
}

/// Looks at those that live every now and then; of most aggregates none does, and nobody wakes for them.
async fn keep_swept<D: Decider>(entities: &Entities<D>) {
    let (registry, clock) = (&entities.inner.registry, &entities.inner.environment.clock);
    loop {
        registry.occupied().await;
        loop {
            clock.wait_until(clock.now().plus_ms(SWEEP_MS)).await;
            if registry.passivate(clock.now()) {
                break;
            }
        }
    }
}
