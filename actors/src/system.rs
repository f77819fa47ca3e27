//! The live system: one `Entities` per aggregate over one environment, asked by id.
//!
//! Shutting down in order: drivers drain, the server stops, then `Tasks::stop` ends the arbiters. An
//! entity holds nothing that its stream does not say, so it needs no farewell.

use crate::clock_skew::ClockSkew;
use crate::entity::{Answer, Asked, Entity, Loaded};
use crate::error::AskError;
use crate::hosting::{Hosting, Place};
use crate::lifespan::{Lifespan, SWEEP_MS};
use crate::log_damage::LogDamage;
use crate::mailbox::{Mailbox, Request};
use crate::registry::{Registry, ReserveError};
use domain::alert::Alert;
use domain::call::Call;
use domain::campaign::Campaign;
use domain::customer::Customer;
use domain::decider::Decider;
use domain::flow::Flow;
use domain::inquiry::Inquiry;
use domain::installation::Installation;
use domain::number::Number;
use domain::ports::clock::Clock;
use domain::ports::event_store::EventStore;
use domain::ports::id_source::IdSource;
use domain::ports::tasks::Tasks;
use domain::ports::vault::Vault;
use domain::report::Report;
use domain::sample::Sample;
use domain::stored_event::Cause;
use domain::view::View;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;
use tokio::sync::oneshot;

/// The ports every entity needs.
#[derive(Clone)]
pub struct Environment {
    pub store: Arc<dyn EventStore>,
    pub vault: Arc<dyn Vault>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdSource>,
    pub tasks: Arc<dyn Tasks>,
    /// What of the log could not be read here; dialing stops at the first of it.
    pub damage: Arc<LogDamage>,
    /// How far the clock is off; nothing new is dialed while that is too far.
    pub skew: Arc<ClockSkew>,
    /// Records are marked as made under a rehearsal clock.
    pub rehearsal: bool,
}

/// Every aggregate's entities. A clone is the same system.
#[derive(Clone)]
pub struct ActorSystem {
    pub campaigns: Entities<Campaign>,
    pub customers: Entities<Customer>,
    pub numbers: Entities<Number>,
    pub calls: Entities<Call>,
    pub flows: Entities<Flow>,
    pub inquiries: Entities<Inquiry>,
    /// One entity: the log as a whole.
    pub installation: Entities<Installation>,
    pub reports: Entities<Report>,
    pub samples: Entities<Sample>,
    pub alerts: Entities<Alert>,
    /// What was done by hand to the rows of each view.
    pub views: Entities<View>,
}

impl ActorSystem {
    /// Starts the hosting; entities begin when they are asked. Ends with `Tasks::stop`.
    pub fn start(environment: Environment, place: Place) -> Self {
        let hosting = Hosting::start(place, &environment.tasks);
        Self {
            campaigns: Entities::start(&environment, &hosting),
            customers: Entities::start(&environment, &hosting),
            numbers: Entities::start(&environment, &hosting),
            calls: Entities::start(&environment, &hosting),
            flows: Entities::start(&environment, &hosting),
            inquiries: Entities::start(&environment, &hosting),
            installation: Entities::start(&environment, &hosting),
            reports: Entities::start(&environment, &hosting),
            samples: Entities::start(&environment, &hosting),
            alerts: Entities::start(&environment, &hosting),
            views: Entities::start(&environment, &hosting),
        }
    }
}

/// Times a dead entity is started again for one ask.
const ASK_TRIES_MAX: usize = 2;

/// All entities of one aggregate.
pub struct Entities<D: Decider> {
    inner: Arc<Inner<D>>,
}

struct Inner<D: Decider> {
    environment: Environment,
    hosting: Hosting,
    registry: Registry<D>,
}

impl<D: Decider> Clone for Entities<D> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<D: Decider> Entities<D> {
    pub(crate) fn start(environment: &Environment, hosting: &Hosting) -> Self {
        Self::start_with(environment, hosting, Lifespan::of::<D>())
    }

    pub(crate) fn start_with(environment: &Environment, hosting: &Hosting, lifespan: Lifespan) -> Self {
        let entities = Self {
            inner: Arc::new(Inner {
                environment: environment.clone(),
                hosting: hosting.clone(),
                registry: Registry::new(lifespan),
            }),
        };
        environment
            .tasks
            .spawn("passivation", Box::pin(sweep(entities.clone())));
        entities
    }

    /// Asks one entity. The same command id asked again is answered as the first time. An entity that dies
    /// while it answers is loaded again and asked once more.
    pub async fn ask(&self, id: &D::Id, command: D::Command, cause: Cause) -> Asked<Answer<D>, D> {
        self.request(id, |reply| Request::Ask {
            command: command.clone(),
            cause,
            reply,
        })
        .await
    }

    /// The entity's state now; the default state when its stream is empty.
    pub async fn state(&self, id: &D::Id) -> Asked<Loaded<D>, D> {
        match Box::pin(self.load_here(id)).await? {
            Some(loaded) => Ok(loaded),
            None => self.request(id, |reply| Request::Read { reply }).await,
        }
    }

    /// Loads an entity that is not live in the asker's own task, which spares the way to its arbiter and
    /// back: it is hosted only when it is asked something. `None` when the entity itself is to be asked,
    /// which is also how one that dies of its stream comes to be counted.
    async fn load_here(&self, id: &D::Id) -> Asked<Option<Loaded<D>>, D> {
        let inner = &self.inner;
        let now = inner.environment.clock.now();
        let loading = match inner.registry.begin_loading(id, now) {
            Ok(Some(loading)) => loading,
            Ok(None) => return Ok(None),
            Err(ReserveError::Busy) => return Err(AskError::Busy),
            Err(ReserveError::GivenUp) => return Err(AskError::Fault),
        };
        let mut entity = Box::new(Entity::new(id.clone(), inner.environment.clone()));
        let Some(loaded) = unless_it_dies(entity.read()).await else {
            return Ok(None);
        };
        let loaded = loaded?;
        loading.rest(entity, now);
        Ok(Some(loaded))
    }

    /// How many entities are in memory.
    pub fn live_count(&self) -> usize {
        self.inner.registry.live_count()
    }

    async fn request<T>(
        &self,
        id: &D::Id,
        mut request: impl FnMut(oneshot::Sender<Asked<T, D>>) -> Request<D>,
    ) -> Asked<T, D> {
        let inner = &self.inner;
        for _ in 0..ASK_TRIES_MAX {
            let now = inner.environment.clock.now();
            let start = |resting: Option<Box<Entity<D>>>| {
                let anew = || Box::new(Entity::new(id.clone(), inner.environment.clone()));
                Mailbox::new(inner.hosting.host(resting.unwrap_or_else(anew)))
            };
            let (place, generation) = match inner.registry.reserve(id, now, start) {
                Ok(reserved) => reserved,
                Err(ReserveError::Busy) => return Err(AskError::Busy),
                Err(ReserveError::GivenUp) => return Err(AskError::Fault),
            };
            let (reply, answer) = oneshot::channel();
            place.deliver(request(reply));
            match answer.await {
                Ok(answer) => return answer,
                Err(_gone) if inner.environment.tasks.stop_signal().is_stopping() => {
                    return Err(AskError::Unavailable);
                }
                Err(_gone) => inner.registry.bury(id, generation, inner.environment.clock.now()),
            }
        }
        Err(AskError::Fault)
    }
}

/// What a future answers; `None` when it panics.
async fn unless_it_dies<F: Future>(future: F) -> Option<F::Output> {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(
        |context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(polled) => polled.map(Some),
            Err(_died) => Poll::Ready(None),
        },
    )
    .await
}

async fn sweep<D: Decider>(entities: Entities<D>) {
    let environment = entities.inner.environment.clone();
    let stop = environment.tasks.stop_signal();
    loop {
        let next = environment.clock.now().plus_ms(SWEEP_MS);
        tokio::select! {
            biased;
            () = stop.stopping() => return,
            () = environment.clock.wait_until(next) => {}
        }
        entities.inner.registry.passivate(environment.clock.now());
    }
}

#[cfg(test)]
mod tests {
    use super::unless_it_dies;
    use crate::testing::{on_one_thread, settle};

    #[test]
    fn a_future_that_panics_after_it_waited_answers_nothing() {
        on_one_thread(async {
            let dies = async {
                settle().await;
                std::future::ready(None::<u32>).await.expect("the test said so")
            };
            assert_eq!(unless_it_dies(dies).await, None);
            assert_eq!(unless_it_dies(async { 1 }).await, Some(1));
        });
    }
}
