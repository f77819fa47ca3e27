//! Where entities run. This is the only file that names the actor runtime's own types.
//!
//! In production N arbiters share the runtime of calls (decision 0192); in a simulation everything runs in
//! the caller's `LocalSet`. An entity handles one request at a time (atomic response): load, decide, append.
//! A panic ends only that entity; the next caller gets a new one, loaded from its stream.

use crate::entity::Entity;
use crate::entrance::Entrance;
use crate::mailbox::MailboxMessage;
use actix::prelude::{
    Actor, ActorFutureExt, Addr, Arbiter, ArbiterHandle, AtomicResponse, Context, Handler, Message, System,
    WrapFuture,
};
use domain::decider::Decider;
use domain::ports::tasks::Tasks;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::runtime::Runtime;

/// The runtime or threads on which the entities of a system run.
pub enum EntityRuntime {
    /// `count` arbiters, each an OS thread, that share one multi-thread runtime. Its last `Arc` must be
    /// dropped outside async code.
    Arbiters { runtime: Arc<Runtime>, count: usize },
    /// The current thread's `LocalSet`. It must be running whenever an entity is asked, and whenever an ask
    /// is dropped before its answer.
    Local,
}

/// Most arbiters: more than cores are of no use.
pub const ARBITERS_MAX: usize = 64;

/// Where the tasks of entities run: on the process's arbiters, or on the caller's thread.
#[derive(Clone)]
pub(crate) enum Hosting {
    Arbiters(Arc<Shards>),
    Local,
}

/// The arbiters of a process, which get new entities in turn.
pub(crate) struct Shards {
    entrance: Entrance,
    arbiters: Vec<ArbiterHandle>,
    next: AtomicUsize,
}

impl Hosting {
    /// Makes the place where entities run, and starts its arbiters. They end when `tasks` stops.
    pub(crate) fn start(place: EntityRuntime, tasks: &Arc<dyn Tasks>) -> Self {
        match place {
            EntityRuntime::Local => Self::Local,
            EntityRuntime::Arbiters { runtime, count } => {
                let (sender, receiver) = std::sync::mpsc::sync_channel(1);
                let stop = tasks.stop_signal();
                let entrance = Entrance::new(runtime.handle().id());
                let count = count.clamp(1, ARBITERS_MAX);
                tasks.thread(
                    "arbiters",
                    Box::new(move || {
                        let runner = System::with_tokio_rt(|| Arc::clone(&runtime));
                        let arbiters: Vec<Arbiter> = (0..count).map(|_| arbiter(&runtime)).collect();
                        drop(sender.send(arbiters.iter().map(Arbiter::handle).collect::<Vec<_>>()));
                        runner.block_on(async move { stop.stopping().await });
                        for arbiter in arbiters {
                            arbiter.stop();
                            drop(arbiter.join());
                        }
                    }),
                );
                let arbiters = receiver
                    .recv()
                    .expect("the arbiters' thread answers before anything else");
                Self::Arbiters(Arc::new(Shards {
                    entrance,
                    arbiters,
                    next: AtomicUsize::new(0),
                }))
            }
        }
    }

    /// Returns the entrance for a caller on another runtime; `None` for a caller on the entities' own.
    pub(crate) fn entrance(&self) -> Option<&Entrance> {
        match self {
            Self::Local => None,
            Self::Arbiters(shards) => Some(&shards.entrance).filter(|entrance| !entrance.is_inside()),
        }
    }

    /// Starts the host of an entity. The entity arrives with the first delivery. Arbiters take turns; the
    /// registry knows where each entity lives.
    pub(crate) fn host<D: Decider>(&self) -> HostedEntity<D> {
        let actor = EntityActor { entity: None };
        HostedEntity(match self {
            Self::Local => actor.start(),
            Self::Arbiters(shards) => {
                let turn = shards.next.fetch_add(1, Ordering::Relaxed) % shards.arbiters.len().max(1);
                match shards.arbiters.get(turn) {
                    Some(handle) => EntityActor::start_in_arbiter(handle, move |_| actor),
                    None => actor.start(),
                }
            }
        })
    }
}

fn arbiter(runtime: &Arc<Runtime>) -> Arbiter {
    let runtime = Arc::clone(runtime);
    Arbiter::with_tokio_rt(move || runtime)
}

/// The address of a hosted entity. The entity stops when its last address is dropped.
pub(crate) struct HostedEntity<D: Decider>(Addr<EntityActor<D>>);

impl<D: Decider> Clone for HostedEntity<D> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<D: Decider> HostedEntity<D> {
    /// Delivers through a clone of its own, which the runtime always accepts. The bound is the mailbox's
    /// slots.
    pub(crate) fn deliver(&self, delivery: MailboxMessage<D>) {
        if self.0.clone().try_send(delivery).is_err() {
            tracing::debug!(aggregate = D::AGGREGATE, "an entity was gone when asked");
        }
    }
}

struct EntityActor<D: Decider> {
    /// `None` while a request is being served, before the entity has arrived, and permanently if it died
    /// before.
    entity: Option<Box<Entity<D>>>,
}

impl<D: Decider> Actor for EntityActor<D> {
    type Context = Context<Self>;
}

impl<D: Decider> Message for MailboxMessage<D> {
    type Result = ();
}

impl<D: Decider> Handler<MailboxMessage<D>> for EntityActor<D> {
    type Result = AtomicResponse<Self, ()>;

    fn handle(&mut self, delivery: MailboxMessage<D>, _: &mut Context<Self>) -> Self::Result {
        let entity = self.entity.take();
        AtomicResponse::new(Box::pin(
            delivery
                .serve(entity)
                .into_actor(self)
                .map(|entity, this, _| this.entity = entity),
        ))
    }
}
