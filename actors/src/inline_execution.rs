//! Serves a request in its caller's own task until another task needs the entity.
//!
//! Nearly always one task at a time asks an entity. The entity is then lent to that task: it loads, decides,
//! seals and appends there, which saves the way to an arbiter and back. When another task asks the same
//! entity, or the caller is dropped, the rest of the request and the entity move to an arbiter. So no request
//! waits for a task that is not polled, and a request that was begun is finished.

use crate::entity::{AskResult, Entity};
use domain::decider::Decider;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

/// A future that may continue on any thread.
pub(crate) type BoxedFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The result of a served request: the entity and the answer.
type InlineOutcome<D, T> = (Box<Entity<D>>, AskResult<T, D>);

/// A request that is served in its caller's task, until it is moved to an arbiter.
pub(crate) struct InlineRequest<D: Decider, T> {
    stage: Mutex<Stage<D, T>>,
}

enum Stage<D: Decider, T> {
    /// Being served in the caller's task.
    Here {
        work: BoxedFuture<InlineOutcome<D, T>>,
        asker: Option<Waker>,
    },
    /// Moved to an arbiter, which sends the answer.
    Moved(oneshot::Receiver<AskResult<T, D>>),
    /// The caller has the answer; the entity waits to be taken back.
    Done(Box<Entity<D>>),
    /// The entity is elsewhere, or it died.
    Gone,
}

/// An entity that is lent to a caller's task, as the registry and the arbiters see it.
pub(crate) trait LentEntity<D: Decider>: Send + Sync {
    /// Returns the remaining work, which ends when the entity is free; `None` if it died. `place` is held
    /// until then.
    fn take_over(&self, place: OwnedSemaphorePermit) -> Option<BoxedFuture<Box<Entity<D>>>>;
    /// Returns the entity if its request is answered; otherwise `None`.
    fn take_back(&self) -> Option<Box<Entity<D>>>;
}

impl<D: Decider, T: Send + 'static> InlineRequest<D, T> {
    pub(crate) fn new(work: BoxedFuture<InlineOutcome<D, T>>) -> Self {
        Self {
            stage: Mutex::new(Stage::Here { work, asker: None }),
        }
    }

    /// Waits for the answer; `None` if the entity died while serving the request, or if the arbiter that it
    /// had moved to ended.
    pub(crate) async fn answered(&self) -> Option<AskResult<T, D>> {
        std::future::poll_fn(|context| self.poll(context)).await
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<Option<AskResult<T, D>>> {
        let mut stage = self.stage();
        match &mut *stage {
            Stage::Here { work, asker } => {
                match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
                    Ok(Poll::Pending) => {
                        match asker {
                            Some(known) => known.clone_from(context.waker()),
                            None => *asker = Some(context.waker().clone()),
                        }
                        Poll::Pending
                    }
                    Ok(Poll::Ready((entity, answer))) => {
                        *stage = Stage::Done(entity);
                        Poll::Ready(Some(answer))
                    }
                    Err(_died) => {
                        *stage = Stage::Gone;
                        Poll::Ready(None)
                    }
                }
            }
            Stage::Moved(answer) => Pin::new(answer).poll(context).map(Result::ok),
            Stage::Done(_) | Stage::Gone => Poll::Ready(None),
        }
    }

    fn stage(&self) -> MutexGuard<'_, Stage<D, T>> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<D: Decider, T: Send + 'static> LentEntity<D> for InlineRequest<D, T> {
    fn take_over(&self, place: OwnedSemaphorePermit) -> Option<BoxedFuture<Box<Entity<D>>>> {
        let mut stage = self.stage();
        match std::mem::replace(&mut *stage, Stage::Gone) {
            Stage::Here { work, asker } => {
                let (reply, answer) = oneshot::channel();
                *stage = Stage::Moved(answer);
                drop(stage);
                // From here on the caller waits for the answer from the arbiter.
                if let Some(asker) = asker {
                    asker.wake();
                }
                Some(Box::pin(async move {
                    let (entity, answer) = work.await;
                    drop(place);
                    drop(reply.send(answer));
                    entity
                }))
            }
            Stage::Done(entity) => Some(Box::pin(std::future::ready(entity))),
            other @ (Stage::Moved(_) | Stage::Gone) => {
                *stage = other;
                None
            }
        }
    }

    fn take_back(&self) -> Option<Box<Entity<D>>> {
        let mut stage = self.stage();
        match std::mem::replace(&mut *stage, Stage::Gone) {
            Stage::Done(entity) => Some(entity),
            other => {
                *stage = other;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::AskError;
    use crate::testing::counter::Counter;
    use crate::testing::{Fakes, on_one_thread, settle};
    use std::sync::Arc;
    use tokio::sync::Semaphore;

    fn entity(fakes: &Fakes) -> Box<Entity<Counter>> {
        let environment = Arc::new(fakes.environment.clone());
        Box::new(Entity::new("one".to_owned(), &environment, Counter::decide))
    }

    /// A request that is answered with 7 when the returned sender is used.
    fn begun(fakes: &Fakes) -> (InlineRequest<Counter, u64>, oneshot::Sender<()>) {
        let (go_on, permission) = oneshot::channel();
        let entity = entity(fakes);
        let work = async move {
            let answer = permission
                .await
                .map(|()| 7)
                .map_err(|_gone| AskError::Unavailable);
            (entity, answer)
        };
        (InlineRequest::new(Box::pin(work)), go_on)
    }

    fn place() -> (Arc<Semaphore>, OwnedSemaphorePermit) {
        let places = Arc::new(Semaphore::new(1));
        let place = Arc::clone(&places).try_acquire_owned().unwrap();
        (places, place)
    }

    #[test]
    fn a_request_is_answered_where_it_is_asked_and_leaves_the_entity() {
        on_one_thread(async {
            let fakes = Fakes::new();
            let (serving, go_on) = begun(&fakes);
            assert!(serving.take_back().is_none(), "it is being served");
            go_on.send(()).unwrap();
            assert_eq!(serving.answered().await, Some(Ok(7)));
            assert!(serving.take_back().is_some());
            assert!(serving.take_back().is_none(), "there is one");
        });
    }

    #[test]
    fn what_is_taken_over_is_answered_from_there_also_while_the_asker_waits() {
        on_one_thread(async {
            let fakes = Fakes::new();
            let (serving, go_on) = begun(&fakes);
            let serving = Arc::new(serving);
            let waiting = Arc::clone(&serving);
            let (sender, answer) = oneshot::channel();
            let asker = async move { drop(sender.send(waiting.answered().await)) };
            fakes.environment.tasks.spawn("asker", Box::pin(asker));
            settle().await;
            let (places, place) = place();
            let rest = serving.take_over(place).unwrap();
            let (_, second) = self::place();
            assert!(serving.take_over(second).is_none(), "it moves once");
            go_on.send(()).unwrap();
            settle().await;
            assert_eq!(places.available_permits(), 0);
            drop(rest.await);
            assert_eq!(places.available_permits(), 1);
            assert_eq!(answer.await, Ok(Some(Ok(7))));
            assert!(serving.take_back().is_none(), "the entity is there");
        });
    }

    #[test]
    fn an_answered_request_leaves_its_entity_to_the_task_that_takes_it_over() {
        on_one_thread(async {
            let fakes = Fakes::new();
            let (serving, go_on) = begun(&fakes);
            go_on.send(()).unwrap();
            assert_eq!(serving.answered().await, Some(Ok(7)));
            drop(serving.take_over(place().1).unwrap().await);
            assert!(serving.take_back().is_none());
        });
    }

    #[test]
    fn a_request_that_dies_answers_nothing_and_leaves_nothing() {
        on_one_thread(async {
            let dies = async {
                settle().await;
                std::future::ready(None).await.expect("the test said so")
            };
            let serving = InlineRequest::<Counter, u64>::new(Box::pin(dies));
            assert_eq!(serving.answered().await, None);
            assert!(serving.take_over(place().1).is_none() && serving.take_back().is_none());
            // An entity that dies on its arbiter, or with it, gives no answer either.
            let (serving, go_on) = begun(&Fakes::new());
            drop(serving.take_over(place().1));
            assert!(go_on.is_closed());
            assert_eq!(serving.answered().await, None);
        });
    }
}
