//! Decides which prompts are synthesized first if an engine can make only a few at once.
//!
//! Beginning calls ask for several prompts each that may never be played. In one line with them, a callee who
//! is waiting on the telephone would hear nothing for seconds. So each urgency has its own line, which may be
//! full while the others are not; at most as many prompts of a less urgent line as there are engines are
//! served before a waiting callee's, and prompts made ahead leave one engine free.

use domain::ports::speech::{SpeechError, Urgency};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Most prompts of one urgency that wait or are being made; a further one fails. They take some seconds.
const WAITING_MAX: usize = 256;

/// Assigns a synthesizer's engines, each of which makes one prompt at a time, to waiting prompts by
/// urgency.
pub(crate) struct PromptQueue {
    engines: Semaphore,
    /// As many permits as engines, held by prompts that no callee waits for yet while they use an engine or
    /// are next in line for one.
    unhurried: Semaphore,
    /// One permit less than engines: held by prompts made ahead, which leave one engine to prompts for the
    /// answer.
    ahead: Semaphore,
    places: [Semaphore; 3],
}

/// A reserved engine, held until the prompt is made or given up.
pub(crate) struct EngineReservation<'a> {
    _held: [Option<SemaphorePermit<'a>>; 4],
}

impl PromptQueue {
    /// Returns the queue for this many engines, at least two.
    pub(crate) fn before(engines: usize) -> Self {
        Self {
            engines: Semaphore::new(engines),
            unhurried: Semaphore::new(engines),
            ahead: Semaphore::new(engines.saturating_sub(1).max(1)),
            places: [(); 3].map(|()| Semaphore::new(WAITING_MAX)),
        }
    }

    /// Waits for an engine in the line of this urgency. Fails at once if 256 prompts of that urgency wait
    /// or are being made.
    pub(crate) async fn turn(&self, urgency: Urgency) -> Result<EngineReservation<'_>, SpeechError> {
        let [waits, answers, ahead] = &self.places;
        let line = match urgency {
            Urgency::CalleeWaits => waits,
            Urgency::AtAnswer => answers,
            Urgency::Ahead => ahead,
        };
        let Ok(place) = line.try_acquire() else {
            return Err(SpeechError::Failed("too many prompts wait".to_owned()));
        };
        let only = |is_held: bool, semaphore| async move {
            match is_held {
                true => permit(semaphore).await.map(Some),
                false => Ok(None),
            }
        };
        let ahead = only(urgency == Urgency::Ahead, &self.ahead).await?;
        let unhurried = only(urgency != Urgency::CalleeWaits, &self.unhurried).await?;
        let engine = permit(&self.engines).await?;
        Ok(EngineReservation {
            _held: [Some(place), ahead, unhurried, Some(engine)],
        })
    }
}

async fn permit(semaphore: &Semaphore) -> Result<SemaphorePermit<'_>, SpeechError> {
    let permit = semaphore.acquire().await;
    permit.map_err(|closed| SpeechError::Failed(closed.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use futures_util::future::join_all;
    use std::sync::Mutex;

    const ENGINES: usize = 2;

    #[tokio::test]
    async fn a_caller_who_waits_comes_before_what_may_never_be_heard() {
        let queue = PromptQueue::before(ENGINES);
        let order = Mutex::new(Vec::new());
        let one = async |urgency| {
            let turn = queue.turn(urgency).await.unwrap();
            order.lock().unwrap().push(urgency);
            tokio::task::yield_now().await;
            drop(turn);
        };
        let held = [queue.engines.acquire().await, queue.engines.acquire().await];
        let asked = [Urgency::Ahead; 4].into_iter().chain([Urgency::AtAnswer; 4]);
        let asked = asked.chain([Urgency::CalleeWaits; 4]);
        let mut all = Box::pin(join_all(asked.map(one)));
        assert!((&mut all).now_or_never().is_none(), "no engine is free");
        drop(held);
        all.await;
        let order = order.into_inner().unwrap();
        let last = order.iter().rposition(|urgency| *urgency == Urgency::CalleeWaits);
        // One of each other line may have been next already.
        assert!(last.unwrap() < 4 + 2, "{order:?}");
        let last = order.iter().rposition(|urgency| *urgency == Urgency::AtAnswer);
        assert!(last.unwrap() < 8 + 1, "{order:?}");
    }

    #[tokio::test]
    async fn one_engine_is_free_for_who_waits_whatever_is_made_ahead() {
        let queue = PromptQueue::before(ENGINES);
        let ahead = queue.turn(Urgency::Ahead).now_or_never();
        assert!(ahead.as_ref().is_some_and(Result::is_ok));
        assert!(queue.turn(Urgency::Ahead).now_or_never().is_none());
        for urgency in [Urgency::AtAnswer, Urgency::CalleeWaits] {
            let turn = queue.turn(urgency).now_or_never();
            assert!(turn.is_some_and(|turn| turn.is_ok()), "{urgency:?}");
        }
    }

    #[tokio::test]
    async fn a_full_line_refuses_the_next_and_leaves_the_other_lines_alone() {
        let queue = PromptQueue::before(ENGINES);
        let mut ahead: Vec<_> = (0..WAITING_MAX)
            .map(|_| Box::pin(queue.turn(Urgency::Ahead)))
            .collect();
        let waiting: Vec<_> = ahead.iter_mut().map(|turn| turn.now_or_never()).collect();
        assert!(waiting.iter().skip(1).all(Option::is_none));
        let refused = Some(SpeechError::Failed("too many prompts wait".to_owned()));
        assert_eq!(queue.turn(Urgency::Ahead).await.err(), refused);
        assert!(queue.turn(Urgency::CalleeWaits).await.is_ok());
        drop((waiting, ahead));
        assert!(queue.turn(Urgency::Ahead).await.is_ok());
    }
}
