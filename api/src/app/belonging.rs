//! Whether log and keys belong together: the log says whose it is, and whoever opens both compares that with the
//! keys before anything is read, dialed or written under them.
//!
//! Under foreign keys every person is somebody new: an opt-out binds nobody, and what is sealed anew is noise
//! when the right keys return. An older copy of the right keys knows nothing of whoever came since.

use super::AppError;
use crate::log_walk::Matching;
use domain::customer::event::CustomerEvent;
use domain::customer::Customer;
use domain::decider::{Context, Decider};
use domain::event_filter::EventFilter;
use domain::ids::{CommandId, CustomerId, LogId, StreamId};
use domain::installation::keys::NAMED_BY;
use domain::installation::{
    Installation, InstallationCommand, InstallationEvent, InstallationState, RestoredKeys,
};
use domain::personal::Personal;
use domain::ports::clock::Clock;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX, StoreError};
use domain::ports::vault::{Vault, VaultError};
use domain::stored_event::{
    Cause, Envelope, Position, RecordFacts, Sealer, StoredEvent, StreamVersion, open_personal, read_event,
    record,
};
use std::collections::VecDeque;

/// People registered last whose keys are asked for at each start. An older copy of the keys lacks whoever came
/// after it; that many may have come at once, in another order than their keys.
const NEWEST_PEOPLE_MAX: usize = 256;

/// Events looked through for them, from the newest on: about a second of reading. Where more follow upon the
/// last registration an older copy is not found out here; nobody without a key is dialed all the same.
const LOOKED_AT_MAX: u64 = 1_000_000;

/// Events of the first look; each further one is four times as long.
const FIRST_LOOK: u64 = 16_384;

/// People of a log without a name whose values are tried: one that opens is enough, and so is none of many.
const TRIED_PEOPLE_MAX: usize = 1_024;

/// How often the name is put behind the last event of its stream when others write there, too.
const TRIES_MAX: usize = 8;

/// What the log says of whose it is.
struct Said {
    state: InstallationState,
    version: StreamVersion,
    /// Where the last restore of keys stands: who came before it was counted then.
    keys_restored_at: Position,
}

fn damaged(error: impl std::fmt::Display) -> AppError {
    AppError::Store(StoreError::Damaged(error.to_string()))
}

impl Said {
    async fn read(store: &dyn EventStore) -> Result<Self, AppError> {
        let stream = Installation::stream(&LogId);
        let mut said = Self {
            state: InstallationState::default(),
            version: StreamVersion(0),
            keys_restored_at: Position(0),
        };
        loop {
            let page = store.read_stream(&stream, said.version, PAGE_EVENTS_MAX).await?;
            for stored in &page {
                said.take(stored)?;
            }
            if page.len() < PAGE_EVENTS_MAX {
                return Ok(said);
            }
        }
    }

    fn take(&mut self, stored: &StoredEvent) -> Result<(), AppError> {
        let envelope = stored.envelope().map_err(damaged)?;
        let event = read_event::<Installation>(&envelope).map_err(damaged)?;
        if matches!(event, InstallationEvent::KeysRestored { .. }) {
            self.keys_restored_at = stored.position;
        }
        Installation::evolve(&mut self.state, &event, envelope.at);
        self.version = envelope.stream_version;
        Ok(())
    }
}

fn fingerprint(vault: &dyn Vault) -> String {
    vault.hash(NAMED_BY).0
}

/// Compares the keys with what the log says; writes nothing. A log without a name takes the keys that open a
/// sealed value of it, or any while it has none. Answers the last restore of keys.
pub(super) async fn hold_to_log(
    store: &dyn EventStore,
    vault: &dyn Vault,
) -> Result<Option<RestoredKeys>, AppError> {
    let said = Said::read(store).await?;
    match said.state.fingerprint() {
        Some(is) if is == fingerprint(vault) => {}
        Some(_) => return Err(AppError::OtherKeys),
        None => open_one_value(store, vault).await?,
    }
    refuse_older_keys(store, vault, &said).await?;
    Ok(said.state.restored_keys().cloned())
}

/// Writes whose log it is, unless that stands there already: one process of several does.
pub(super) async fn name(
    store: &dyn EventStore,
    vault: &dyn Vault,
    (clock, rehearsal): (&dyn Clock, bool),
) -> Result<(), AppError> {
    let fingerprint = fingerprint(vault);
    for _ in 0..TRIES_MAX {
        let said = Said::read(store).await?;
        let command = InstallationCommand::Name {
            fingerprint: fingerprint.clone(),
        };
        let now = clock.now();
        let decided = Installation::decide(&said.state, command, Context { now });
        let events = decided.map_err(|_other_name| AppError::OtherKeys)?;
        let Some(event) = events.first() else {
            return Ok(());
        };
        let stream = Installation::stream(&LogId);
        let facts = RecordFacts {
            stream: stream.clone(),
            stream_version: StreamVersion(said.version.0 + 1),
            at: now,
            // The same for every process that names this log: a second one is a repeat.
            cause: Cause::outside(CommandId::derive_from_text(&format!("name:{fingerprint}"))),
            index: 0,
            scope: Installation::scope(&LogId, &said.state, event),
            rehearsal,
        };
        // Nothing of it is personal: no key is asked for.
        let mut sealer = Sealer {
            vault,
            key: None,
            random: &mut |buffer| buffer.fill(0),
        };
        let made = record(facts, event, &mut sealer).map_err(damaged)?;
        match store.append(&stream, said.version, vec![made]).await {
            Err(StoreError::WrongVersion { .. }) => {}
            appended => return Ok(appended.map(drop)?),
        }
    }
    Err(AppError::Store(StoreError::Busy))
}

/// Whether a value that this log holds sealed opens with these keys, or nothing in it is sealed.
async fn open_one_value(store: &dyn EventStore, vault: &dyn Vault) -> Result<(), AppError> {
    let mut log = Matching::of_kinds(store, &[REGISTERED]);
    let mut tried = 0;
    while let Some(page) = log.next().await? {
        for stored in &page {
            let Some(sealed) = SealedPerson::of(stored)? else { continue };
            if sealed.is_known_to(vault).await? {
                return Ok(());
            }
            tried += 1;
            if tried == TRIED_PEOPLE_MAX {
                return Err(AppError::OtherKeys);
            }
        }
    }
    match tried {
        0 => Ok(()),
        _ => Err(AppError::OtherKeys),
    }
}

const REGISTERED: &str = "customer.registered";

/// A person of the log of whom something is sealed.
struct SealedPerson {
    person: CustomerId,
    envelope: Envelope,
    event: CustomerEvent,
}

impl SealedPerson {
    fn of(stored: &StoredEvent) -> Result<Option<Self>, AppError> {
        let envelope = stored.envelope().map_err(damaged)?;
        let event = read_event::<Customer>(&envelope).map_err(damaged)?;
        let CustomerEvent::Registered {
            external_id: Personal::Sealed(sealed),
            ..
        } = &event
        else {
            return Ok(None);
        };
        Ok(Some(Self {
            person: sealed.key.clone(),
            envelope,
            event,
        }))
    }

    /// The person's key opens what is sealed, or is known to be destroyed: ids follow from the installation's
    /// secret, so no other one's list names this person.
    async fn is_known_to(&self, vault: &dyn Vault) -> Result<bool, AppError> {
        let Some(key) = vault.existing_key(&self.person).await? else {
            return Ok(vault.destroyed(&self.person).await?.is_some());
        };
        let mut event = self.event.clone();
        match open_personal(&self.envelope, &mut event, vault, Some(&key)) {
            Ok(()) => Ok(true),
            Err(VaultError::DoesNotOpen) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// Refuses keys that lack people of the log whom nobody has erased.
async fn refuse_older_keys(store: &dyn EventStore, vault: &dyn Vault, said: &Said) -> Result<(), AppError> {
    let mut people = newest_people(store, said.keys_restored_at).await?;
    let restored = said.state.restored_keys();
    people.extend(restored.and_then(|keys| keys.newest_readable.clone()));
    let mut missing = 0;
    for person in &people {
        let is_there = vault.existing_key(person).await?.is_some()
            || vault.destroyed(person).await?.is_some()
            || is_erased(store, person).await?;
        missing += usize::from(!is_there);
    }
    if missing == 0 {
        return Ok(());
    }
    Err(AppError::OlderKeys {
        missing,
        looked_at: people.len(),
    })
}

async fn is_erased(store: &dyn EventStore, person: &CustomerId) -> Result<bool, AppError> {
    let stream: StreamId = Customer::stream(person);
    let filter = EventFilter {
        kinds: vec!["customer.erased".to_owned()],
        streams: vec![stream.as_str().to_owned()],
        customer: Some(person.clone()),
        ..EventFilter::default()
    };
    let mut events = Matching::new(store, filter);
    while let Some(page) = events.next().await? {
        if !page.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// People registered last, behind a position: the newest, of whom something is sealed.
async fn newest_people(store: &dyn EventStore, after: Position) -> Result<VecDeque<CustomerId>, AppError> {
    let head = store.head().await?;
    if !store.capabilities().dense {
        // Positions that are no numbers of events cannot be counted back; the server itself picks the kind.
        return people_between(store, (after, head)).await;
    }
    let mut newest: VecDeque<CustomerId> = VecDeque::new();
    let (mut until, mut look) = (head, FIRST_LOOK);
    let from = after.0.max(head.0.saturating_sub(LOOKED_AT_MAX));
    while until.0 > from && newest.len() < NEWEST_PEOPLE_MAX {
        let begin = Position(until.0.saturating_sub(look).max(from));
        let mut found = people_between(store, (begin, until)).await?;
        found.append(&mut newest);
        newest = found;
        (until, look) = (begin, look.saturating_mul(4));
    }
    while newest.len() > NEWEST_PEOPLE_MAX {
        newest.pop_front();
    }
    Ok(newest)
}

/// The last `NEWEST_PEOPLE_MAX` of a stretch of the log, in order.
async fn people_between(
    store: &dyn EventStore,
    (after, until): (Position, Position),
) -> Result<VecDeque<CustomerId>, AppError> {
    let mut log = Matching::of_kinds(store, &[REGISTERED]).between(after, until);
    let mut people = VecDeque::new();
    while let Some(page) = log.next().await? {
        for stored in &page {
            people.extend(SealedPerson::of(stored)?.map(|sealed| sealed.person));
            if people.len() > NEWEST_PEOPLE_MAX {
                people.pop_front();
            }
        }
    }
    Ok(people)
}
