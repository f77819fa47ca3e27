//! The clips of one conversation, by text. A clip that is made ahead may wait behind other calls' clips; a
//! request that a callee waits for does not wait for it and uses the clip that is ready first.

use domain::ports::speech::{Clip, SpeechError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::OnceCell;

/// Most texts of which one conversation keeps the clips; a further text is synthesized each time.
const TEXTS_MAX: usize = 64;

type ClipResult = Result<Arc<Clip>, SpeechError>;
type Cell = OnceCell<Arc<Clip>>;

/// One text's clip: made ahead, or for a waiting callee. The second is made only if the first is not ready.
#[derive(Debug, Default)]
pub(super) struct ClipCells {
    ahead: Cell,
    wanted: Cell,
}

/// The clips of a conversation by text, ready or being made. Clones share them.
#[derive(Debug, Default, Clone)]
pub(super) struct Clips(Arc<Mutex<Texts>>);

#[derive(Debug, Default)]
struct Texts {
    made: BTreeMap<String, Arc<ClipCells>>,
    /// Texts made ahead that no callee has waited for yet.
    guesses: BTreeSet<String>,
}

impl Clips {
    /// Returns the clip entry of a text, and makes one if needed. Above `TEXTS_MAX` the new entry is not
    /// kept.
    pub(super) fn of(&self, text: &str) -> Arc<ClipCells> {
        let mut texts = self.texts();
        if let Some(made) = texts.made.get(text) {
            return Arc::clone(made);
        }
        let made = Arc::default();
        if texts.made.len() < TEXTS_MAX {
            texts.made.insert(text.to_owned(), Arc::clone(&made));
        }
        made
    }

    /// Returns the clip entry of a text that a callee waits for. It is no longer a guess, so it is kept.
    pub(super) fn wanted(&self, text: &str) -> Arc<ClipCells> {
        self.texts().guesses.remove(text);
        self.of(text)
    }

    /// Sets the texts that may be heard next. Drops earlier guesses that are not among them and that no
    /// callee waited for. Returns true if any of the given texts is still to be made.
    pub(super) fn guess_only<'a>(&self, next: impl Iterator<Item = &'a str>) -> bool {
        let next: BTreeSet<&str> = next.collect();
        let texts = &mut *self.texts();
        let is_past = |text: &String| !next.contains(text.as_str());
        for past in texts.guesses.extract_if(.., is_past) {
            texts.made.remove(&past);
        }
        let unmade = |text: &&&str| texts.made.get(**text).is_none_or(|made| !made.is_there());
        let unmade: Vec<&str> = next.iter().filter(unmade).copied().collect();
        let unknown = unmade.iter().filter(|text| !texts.made.contains_key(**text));
        texts.guesses.extend(unknown.map(|text| (*text).to_owned()));
        !unmade.is_empty()
    }

    fn texts(&self) -> MutexGuard<'_, Texts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClipCells {
    fn is_there(&self) -> bool {
        self.ahead.get().or(self.wanted.get()).is_some()
    }

    /// Returns the clip, made ahead by `make` unless it exists; `make` runs at most once at a time.
    pub(super) async fn ahead(&self, make: impl Future<Output = ClipResult>) -> ClipResult {
        if let Some(clip) = self.wanted.get() {
            return Ok(Arc::clone(clip));
        }
        self.ahead.get_or_try_init(|| make).await.cloned()
    }

    /// Returns the clip for a waiting callee: the one being made ahead or the one from `make`, whichever is
    /// ready first.
    pub(super) async fn wanted(&self, make: impl Future<Output = ClipResult>) -> ClipResult {
        if let Some(clip) = self.ahead.get() {
            return Ok(Arc::clone(clip));
        }
        // If no task makes it ahead, this never completes.
        let another = self.ahead.get_or_try_init(std::future::pending::<ClipResult>);
        tokio::select! {
            biased;
            Ok(clip) = another => Ok(Arc::clone(clip)),
            made = self.wanted.get_or_try_init(|| make) => made.cloned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};
    use tokio::sync::oneshot;

    /// The result of a future if it completes without waiting.
    fn now<T>(future: impl Future<Output = T>) -> Option<T> {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => Some(done),
            Poll::Pending => None,
        }
    }

    fn clip(length: usize) -> ClipResult {
        let samples = vec![0; length];
        Ok(Arc::new(Clip { samples }))
    }

    #[test]
    fn a_waiting_call_does_not_wait_for_clips_made_ahead() {
        let made = ClipCells::default();
        let mut ahead = Box::pin(made.ahead(pending::<ClipResult>()));
        assert!(now(&mut ahead).is_none());
        assert_eq!(now(made.wanted(ready(clip(2)))), Some(clip(2)));
        assert_eq!(now(made.wanted(pending())), Some(clip(2)), "it is kept");
    }

    #[test]
    fn what_is_made_ahead_is_heard_where_it_is_there_first() {
        let made = ClipCells::default();
        let (sender, receiver) = oneshot::channel::<ClipResult>();
        let mut ahead = Box::pin(made.ahead(async { receiver.await.unwrap() }));
        assert!(now(&mut ahead).is_none());
        let mut wanted = Box::pin(made.wanted(pending()));
        assert!(now(&mut wanted).is_none());
        sender.send(clip(1)).unwrap();
        assert_eq!(now(&mut ahead), Some(clip(1)));
        assert_eq!(now(wanted), Some(clip(1)));
        assert_eq!(now(made.wanted(pending())), Some(clip(1)), "it is kept");
    }

    #[test]
    fn what_failed_ahead_is_made_again_and_what_was_wanted_is_not_made_ahead() {
        let made = ClipCells::default();
        let failed = || Err(SpeechError::Failed("full".to_owned()));
        assert_eq!(now(made.ahead(ready(failed()))), Some(failed()));
        assert_eq!(now(made.wanted(ready(failed()))), Some(failed()));
        assert_eq!(now(made.wanted(ready(clip(3)))), Some(clip(3)));
        assert_eq!(now(made.ahead(pending())), Some(clip(3)));
    }

    #[test]
    fn a_text_has_one_place_and_a_flow_of_many_texts_takes_no_more_memory() {
        let clips = Clips::default();
        let shared = clips.clone();
        assert!(Arc::ptr_eq(&clips.of("a"), &shared.of("a")));
        for number in 0..TEXTS_MAX {
            clips.of(&number.to_string());
        }
        assert!(!Arc::ptr_eq(&clips.of("last"), &clips.of("last")));
    }

    #[test]
    fn a_guess_is_let_go_once_another_is_made_and_what_was_waited_for_is_kept() {
        let clips = Clips::default();
        let known = clips.of("known");
        assert!(clips.guess_only(["known", "first", "second"].into_iter()));
        let (first, second) = (clips.of("first"), clips.of("second"));
        for made in [&known, &first, &second] {
            assert!(now(made.ahead(ready(clip(1)))).is_some());
        }
        assert!(
            !clips.guess_only(["first", "second"].into_iter()),
            "both are made"
        );
        assert!(Arc::ptr_eq(&clips.wanted("first"), &first));
        assert!(clips.guess_only(["third"].into_iter()));
        assert!(Arc::ptr_eq(&clips.of("known"), &known));
        assert!(Arc::ptr_eq(&clips.of("first"), &first));
        assert!(
            !Arc::ptr_eq(&clips.of("second"), &second),
            "no callee waited for it"
        );
    }
}
