//! The keeper thread: owns the key file, makes keys in groups, destroys them one by one, and answers once
//! that is durable.

use super::keys::{Found, Keys};
use domain::ids::CustomerId;
use domain::ports::vault::{Destroyed, PersonKey, VaultError};
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};

/// Most questions waiting for the keeper, and most answered with one commit.
pub(super) const KEY_QUEUE_MAX: usize = 4_096;

/// Whether a missing key is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Existing,
    Made,
}

/// A key, or `None` when it exists not and was not to be made.
pub(super) type Answer = Result<Option<PersonKey>, VaultError>;

/// One question.
pub(super) struct Ask {
    pub(super) person: CustomerId,
    pub(super) wanted: Wanted,
    pub(super) answer: oneshot::Sender<Answer>,
}

/// A key to destroy, or to ask about when there is no instant.
pub(super) struct Ending {
    pub(super) person: CustomerId,
    pub(super) at: Option<Timestamp>,
    pub(super) answer: oneshot::Sender<Result<Option<Destroyed>, VaultError>>,
}

pub(super) enum Request {
    Ask(Ask),
    End(Ending),
    /// After a failed commit: open the file anew and go on, if that works now.
    Mend,
    /// Answer what is queued and end; dropped when the key file is closed.
    Close(oneshot::Sender<()>),
}

/// Runs on its own thread until it is closed or nobody can ask any more.
pub(super) struct Keeper {
    pub(super) keys: Keys,
    /// Set by a failed commit: no key is made until the file was opened anew.
    pub(super) failed: Failed,
}

/// Why no key is made now, as the vault and its keeper know it.
pub(super) type Failed = Arc<Mutex<Option<VaultError>>>;

/// What is known of it.
pub(super) fn why(failed: &Failed) -> Option<VaultError> {
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
                    // What came of it is known to whoever asks.
                    Request::Mend => drop(self.mend()),
                    Request::Close(closer) => {
                        requests.close();
                        closers.push(closer);
                    }
                }
            }
            // A key asked for before its end is answered before it.
            self.answer(asks);
            endings.into_iter().for_each(|ending| self.end(ending));
        }
        // The file is closed before whoever closed the vault is told.
        drop(self);
        drop(closers);
    }

    /// Answers what exists at once, and the rest after one commit.
    fn answer(&mut self, asks: Vec<Ask>) {
        let mut missing: BTreeMap<CustomerId, Vec<oneshot::Sender<Answer>>> = BTreeMap::new();
        for ask in asks {
            match self.keys.find(&ask.person) {
                Ok(Found::None) if ask.wanted == Wanted::Made => {
                    missing.entry(ask.person).or_default().push(ask.answer);
                }
                Ok(Found::Destroyed(_)) if ask.wanted == Wanted::Made => {
                    tell(ask.answer, Err(VaultError::Destroyed(ask.person)));
                }
                Ok(Found::Key(key)) => tell(ask.answer, Ok(Some(key))),
                Ok(Found::None | Found::Destroyed(_)) => tell(ask.answer, Ok(None)),
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

    /// A destruction that failed is answered as such and tried again by whoever asked for it.
    fn end(&mut self, ending: Ending) {
        let Ending { person, at, answer } = ending;
        let outcome = match at {
            Some(at) => self.keys.destroy(&person, at).map(Some).inspect_err(|error| {
                tracing::error!(%error, %person, "a key could not be destroyed");
                self.keys.roll_back();
            }),
            None => self.keys.find(&person).map(|found| match found {
                Found::Destroyed(at) => Some(Destroyed { person, at }),
                Found::Key(_) | Found::None => None,
            }),
        };
        drop(answer.send(outcome));
    }

    fn make(&mut self, persons: &[CustomerId]) -> Result<Vec<PersonKey>, VaultError> {
        self.mend()?;
        self.keys.find_or_make(persons).inspect_err(|error| {
            self.keys.roll_back();
            self.set_failed(Some(error.clone()));
            tracing::error!(%error, "keys could not be made; the key file is opened anew before the next");
        })
    }

    /// Goes on after a failed commit, where the file can be opened anew.
    fn mend(&mut self) -> Result<(), VaultError> {
        if why(&self.failed).is_none() {
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

/// An asker that has gone is told nothing; its key is made all the same.
fn tell(answer: oneshot::Sender<Answer>, outcome: Answer) {
    drop(answer.send(outcome));
}
