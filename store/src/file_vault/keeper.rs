//! The keeper thread: owns the key file, makes keys in groups, destroys keys one by one, and answers each
//! request when the change is durable.

use super::keys::{KeyState, Keys};
use domain::ids::CustomerId;
use domain::ports::vault::{DestroyedKey, PersonKey, VaultError};
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};

/// The most requests that wait for the keeper thread, and the most that it answers after one commit.
pub(super) const KEY_QUEUE_MAX: usize = 4_096;

/// What to do if the person has no key: return none, or make one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MissingKeyAction {
    Existing,
    Made,
}

/// The answer to a request for a key. `Ok(None)`: the key does not exist and was not to be made.
pub(super) type Answer = Result<Option<PersonKey>, VaultError>;

/// A request for one key.
pub(super) struct KeyRequest {
    pub(super) person: CustomerId,
    pub(super) wanted: MissingKeyAction,
    pub(super) answer: oneshot::Sender<Answer>,
}

/// A request to destroy a person's key at `at`. Without `at`, it only asks when the key was destroyed.
pub(super) struct KeyDestruction {
    pub(super) person: CustomerId,
    pub(super) at: Option<Timestamp>,
    pub(super) answer: oneshot::Sender<Result<Option<DestroyedKey>, VaultError>>,
}

/// What the thread that owns the key file is asked to do.
pub(super) enum Request {
    Ask(KeyRequest),
    End(KeyDestruction),
    /// Opens the file again after a failed commit, and clears the failure if that works.
    Mend,
    /// Answers the queued requests and ends the thread. The sender is dropped when the key file is closed.
    Close(oneshot::Sender<()>),
}

/// The keeper's state. `run` needs a thread of its own; it returns after `Close`, or when all senders
/// are dropped.
pub(super) struct Keeper {
    pub(super) keys: Keys,
    /// Set by a failed commit: no key is made until the file has been opened again.
    pub(super) failed: SharedFailure,
}

/// The reason why no key can be made at present, shared by the vault and its keeper. `None` if there is none.
pub(super) type SharedFailure = Arc<Mutex<Option<VaultError>>>;

/// Returns the current reason.
pub(super) fn failure_reason(failed: &SharedFailure) -> Option<VaultError> {
    failed.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

impl Keeper {
    pub(super) fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        let mut buffer = Vec::new();
        let mut closers = Vec::new();
        while requests.blocking_recv_many(&mut buffer, KEY_QUEUE_MAX) > 0 {
            let mut asks = Vec::with_capacity(buffer.len());
            let mut endings = Vec::new();
            for request in buffer.drain(..) {
                match request {
                    Request::Ask(ask) => asks.push(ask),
                    Request::End(ending) => endings.push(ending),
                    // The outcome is in `failed`, where the vault reads it.
                    Request::Mend => drop(self.mend()),
                    Request::Close(closer) => {
                        requests.close();
                        closers.push(closer);
                    }
                }
            }
            // Keys requested before a destruction are answered first.
            self.answer(asks);
            endings.into_iter().for_each(|ending| self.end(ending));
        }
        // The file is closed before the callers of `close` are notified.
        drop(self);
        drop(closers);
    }

    /// Answers requests for existing keys at once. Makes the missing ones of all other requests in one
    /// commit and answers these after it.
    fn answer(&mut self, asks: Vec<KeyRequest>) {
        let mut missing: BTreeMap<CustomerId, Vec<oneshot::Sender<Answer>>> = BTreeMap::new();
        for ask in asks {
            match self.keys.find(&ask.person) {
                Ok(KeyState::None) if ask.wanted == MissingKeyAction::Made => {
                    missing.entry(ask.person).or_default().push(ask.answer);
                }
                Ok(KeyState::Destroyed(_)) if ask.wanted == MissingKeyAction::Made => {
                    tell(ask.answer, Err(VaultError::Destroyed(ask.person)));
                }
                Ok(KeyState::Key(key)) => tell(ask.answer, Ok(Some(key))),
                Ok(KeyState::None | KeyState::Destroyed(_)) => tell(ask.answer, Ok(None)),
                Err(error) => tell(ask.answer, Err(error)),
            }
        }
        if missing.is_empty() {
            return;
        }
        let (persons, waiting): (Vec<_>, Vec<_>) = missing.into_iter().unzip();
        let made = self.make(&persons);
        for (index, answers) in waiting.into_iter().enumerate() {
            let outcome = match &made {
                Ok(keys) => Ok(keys.get(index).cloned()),
                Err(failed) => Err(failed.clone()),
            };
            for answer in answers {
                tell(answer, outcome.clone());
            }
        }
    }

    /// Destroys a key, or looks up when it was destroyed. Sends the result or the error; a failed
    /// destruction is not repeated here.
    fn end(&mut self, ending: KeyDestruction) {
        let KeyDestruction { person, at, answer } = ending;
        let outcome = match at {
            Some(at) => self.keys.destroy(&person, at).map(Some).inspect_err(|error| {
                tracing::error!(%error, %person, "a key could not be destroyed");
                self.keys.roll_back();
            }),
            None => self.keys.find(&person).map(|found| match found {
                KeyState::Destroyed(at) => Some(DestroyedKey { person, at }),
                KeyState::Key(_) | KeyState::None => None,
            }),
        };
        drop(answer.send(outcome));
    }

    fn make(&mut self, persons: &[CustomerId]) -> Result<Vec<PersonKey>, VaultError> {
        self.mend()?;
        self.keys.find_or_make(persons).inspect_err(|error| {
            self.keys.roll_back();
            self.set_failed(Some(error.clone()));
            tracing::error!(%error, "keys could not be made; the key file is opened again first");
        })
    }

    /// Opens the key file again after a failed commit and records the result. Does nothing if no commit
    /// failed.
    fn mend(&mut self) -> Result<(), VaultError> {
        if failure_reason(&self.failed).is_none() {
            return Ok(());
        }
        let mended = self.keys.reopen();
        self.set_failed(mended.clone().err());
        mended
    }

    fn set_failed(&self, failed: Option<VaultError>) {
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = failed;
    }
}

/// Sends an answer. If the requester has gone, the answer is dropped; its key has been made all the same.
fn tell(answer: oneshot::Sender<Answer>, outcome: Answer) {
    drop(answer.send(outcome));
}
