//! Refused attempts: counted by source and logged at most once a minute per source.

use crate::installation::Installation;
use domain::access::{AccessCommand, RECORDED_EVERY_MS, RefusedFacts};
use domain::ids::{AccessId, KeyId, UserId};
use domain::stored_event::Cause;
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Most sources that are counted separately. Attempts from further sources are counted together.
const SUBJECTS_MAX: usize = 1_000;

/// Hexadecimal digits of an address's keyed hash: enough to tell addresses apart.
const ADDRESS_DIGITS: usize = 32;

/// The source of a refused attempt, as far as it is known.
#[derive(Debug, Clone)]
pub enum AttemptSource {
    User(UserId),
    Key(KeyId),
    Address(Option<IpAddr>),
}

/// Refused attempts that are not logged yet, by source.
#[derive(Default)]
pub struct RefusedAttempts(Mutex<BTreeMap<AccessId, PendingCount>>);

#[derive(Debug)]
struct PendingCount {
    facts: RefusedFacts,
    due: Timestamp,
}

impl AttemptSource {
    /// Returns the stream id under which attempts of this source are logged. An address is personal data
    /// and appears in it as a keyed hash.
    fn subject(&self, installation: &Installation) -> Option<AccessId> {
        let text = match self {
            Self::User(user) => format!("user.{user}"),
            Self::Key(key) => format!("key.{key}"),
            Self::Address(None) => "address.unknown".to_owned(),
            Self::Address(Some(address)) => {
                let hash = installation.vault().hash(&format!("address:{address}"));
                let digits: String = hash.0.chars().take(ADDRESS_DIGITS).collect();
                format!("address.{digits}")
            }
        };
        text.parse().ok()
    }
}

impl RefusedAttempts {
    /// Counts a refused attempt of a source on a route, with the code of the refusal. The first one is
    /// logged at once; those that follow within a minute are logged together at its end.
    pub fn count(&self, installation: &Arc<Installation>, source: &AttemptSource, route: &str, code: &str) {
        let Some(mut subject) = source.subject(installation) else {
            return;
        };
        let now = installation.now();
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.len() >= SUBJECTS_MAX && !counted.contains_key(&subject) {
            let Ok(others) = "address.others".parse() else {
                return;
            };
            subject = others;
        }
        let is_first = !counted.contains_key(&subject);
        let entry = counted.entry(subject.clone()).or_insert_with(|| PendingCount {
            facts: RefusedFacts {
                count: 0,
                since: now,
                route: String::new(),
                code: String::new(),
            },
            due: now,
        });
        entry.facts.count += 1;
        route.clone_into(&mut entry.facts.route);
        code.clone_into(&mut entry.facts.code);
        drop(counted);
        if is_first {
            let installation = Arc::clone(installation);
            let recording = Arc::clone(&installation);
            installation.tasks().spawn(
                "access refused",
                Box::pin(async move { record(&recording, subject).await }),
            );
        }
    }

    /// Takes the count of a source for logging. If nothing was counted since the last log entry, forgets
    /// the source and returns `None`.
    fn take(&self, subject: &AccessId, now: Timestamp) -> Option<RefusedFacts> {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = counted.get_mut(subject)?;
        if entry.facts.count == 0 {
            counted.remove(subject);
            return None;
        }
        let facts = entry.facts.clone();
        entry.facts.count = 0;
        entry.facts.since = now;
        entry.due = now.plus_ms(RECORDED_EVERY_MS);
        Some(facts)
    }

    /// Adds a count that could not be logged back to its source.
    fn put_back(&self, subject: &AccessId, facts: RefusedFacts) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = counted.get_mut(subject) {
            entry.facts.count = entry.facts.count.saturating_add(facts.count);
            entry.facts.since = facts.since;
            if entry.facts.route.is_empty() {
                entry.facts.route = facts.route;
                entry.facts.code = facts.code;
            }
        }
    }
}

/// Logs the attempts of one source each minute until a minute passes without a new one. When the process
/// stops, the remaining count is logged first.
async fn record(installation: &Arc<Installation>, subject: AccessId) {
    let clock = Arc::clone(&installation.environment.clock);
    let stop = installation.tasks().stop_signal();
    while let Some(facts) = installation.access.refused.take(&subject, clock.now()) {
        let command = AccessCommand::Refuse { facts: facts.clone() };
        let cause = Cause::outside(installation.new_command());
        if let Err(why) = installation.entities.accesses.ask(&subject, command, cause).await {
            // Another process logged this source too recently, or the store is unavailable: logged with the
            // next count.
            tracing::debug!(%subject, %why, "refused attempts are logged later");
            installation.access.refused.put_back(&subject, facts);
        }
        if stop.is_stopping() {
            return;
        }
        let again = clock.now().plus_ms(RECORDED_EVERY_MS);
        tokio::select! {
            biased;
            () = stop.stopping() => {}
            () = clock.wait_until(again) => {}
        }
    }
}
