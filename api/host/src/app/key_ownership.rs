//! Checks at the start that the keys belong to the log, before anything is read, dialed or written under
//! them.
//!
//! The log contains a fingerprint of its keys. Under another installation's keys every customer would get a
//! new id: opt-outs would have no effect, and newly sealed values could not be read when the right keys
//! return. An older copy of the right keys lacks the keys of customers who were registered later.

use crate::app::error::AppError;
use domain::customer::Customer;
use domain::customer::event::CustomerEvent;
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
use evidence::log_walk::FilteredEventReader;
use std::collections::VecDeque;

/// The most recently registered customers for which a key is looked up at each start. An older copy of the
/// keys lacks customers registered after it; so many may have been registered at once, in another order than
/// their keys were made.
const NEWEST_PEOPLE_MAX: usize = 256;

/// The most events that are searched for those customers, from the newest on: about a second of reading. If
/// more events follow the last registration, an older copy is not detected here; customers without a key are
/// still not dialed.
const LOOKED_AT_MAX: u64 = 1_000_000;

/// The events in the first stretch of that search. Each further stretch is four times as long.
const FIRST_LOOK: u64 = 16_384;

/// In a log without a fingerprint: the most customers that are tried. For each one sealed value is opened;
/// one that opens is enough, and if none of so many opens, the keys are wrong.
const TRIED_PEOPLE_MAX: usize = 1_024;

/// How often writing the fingerprint is tried while other processes write to the same stream.
const TRIES_MAX: usize = 8;

/// The content of the installation's stream: its state, which contains the fingerprint, and its version.
struct InstallationRecord {
    state: InstallationState,
    version: StreamVersion,
    /// The position of the last restore of keys. That restore counted missing keys of customers registered
    /// before it.
    keys_restored_at: Position,
}

fn damaged(error: impl std::fmt::Display) -> AppError {
    AppError::Store(StoreError::Damaged(error.to_string()))
}

impl InstallationRecord {
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

/// Checks the keys against the log, writing nothing. A log without a fingerprint accepts keys that open one
/// of its sealed values, or any keys if nothing in it is sealed. Returns the last restore of keys, or an
/// error if the keys are of another installation or an older copy.
pub(super) async fn hold_to_log(
    store: &dyn EventStore,
    vault: &dyn Vault,
) -> Result<Option<RestoredKeys>, AppError> {
    let said = InstallationRecord::read(store).await?;
    match said.state.fingerprint() {
        Some(is) if is == fingerprint(vault) => {}
        Some(_) => return Err(AppError::OtherKeys),
        None => open_one_value(store, vault).await?,
    }
    refuse_older_keys(store, vault, &said).await?;
    Ok(said.state.restored_keys().cloned())
}

/// Writes the fingerprint of the keys into the log unless it is there. Of several processes one writes it.
/// Fails if the log has another fingerprint.
pub(super) async fn name(
    store: &dyn EventStore,
    vault: &dyn Vault,
    clock: &dyn Clock,
    rehearsal: bool,
) -> Result<(), AppError> {
    let fingerprint = fingerprint(vault);
    for _ in 0..TRIES_MAX {
        let said = InstallationRecord::read(store).await?;
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
            // The same command id for every process that names this log: a second one is a repeat.
            cause: Cause::outside(CommandId::derive_from_text(&format!("name:{fingerprint}"))),
            index: 0,
            scope: Installation::scope(&LogId, &said.state, event),
            rehearsal,
        };
        // The event contains nothing personal, so that no key is needed.
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

/// Tries sealed values of registered customers. Succeeds if one opens with these keys or nothing in the log
/// is sealed; otherwise fails with `OtherKeys`.
async fn open_one_value(store: &dyn EventStore, vault: &dyn Vault) -> Result<(), AppError> {
    let mut log = FilteredEventReader::of_kinds(store, &[CustomerEvent::REGISTERED]);
    let mut tried = 0;
    while let Some(page) = log.next().await? {
        for stored in &page {
            let Some(sealed) = SealedPerson::of(stored)? else {
                continue;
            };
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

/// The registration of a customer with a sealed external id.
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

    /// Returns true if the customer's key opens the sealed values, or is known to be destroyed. Ids derive
    /// from the installation's secret, so that another installation's list of destroyed keys cannot contain
    /// this customer.
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

/// Fails with `OlderKeys` if customers of the log have no key and were not erased.
async fn refuse_older_keys(
    store: &dyn EventStore,
    vault: &dyn Vault,
    said: &InstallationRecord,
) -> Result<(), AppError> {
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
        kinds: vec![CustomerEvent::ERASED.to_owned()],
        streams: vec![stream.as_str().to_owned()],
        customer: Some(person.clone()),
        ..EventFilter::default()
    };
    let mut events = FilteredEventReader::new(store, filter);
    while let Some(page) = events.next().await? {
        if !page.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns the last customers with a sealed value that were registered after a position, oldest first, at
/// most `NEWEST_PEOPLE_MAX`.
async fn newest_people(store: &dyn EventStore, after: Position) -> Result<VecDeque<CustomerId>, AppError> {
    let head = store.head().await?;
    if !store.capabilities().dense {
        // Positions without density cannot be used to count events; the server itself filters by kind.
        return people_between(store, after, head).await;
    }
    let mut newest: VecDeque<CustomerId> = VecDeque::new();
    let (mut until, mut look) = (head, FIRST_LOOK);
    let from = after.0.max(head.0.saturating_sub(LOOKED_AT_MAX));
    while until.0 > from && newest.len() < NEWEST_PEOPLE_MAX {
        let begin = Position(until.0.saturating_sub(look).max(from));
        let mut found = people_between(store, begin, until).await?;
        found.append(&mut newest);
        newest = found;
        (until, look) = (begin, look.saturating_mul(4));
    }
    while newest.len() > NEWEST_PEOPLE_MAX {
        newest.pop_front();
    }
    Ok(newest)
}

/// Returns the last `NEWEST_PEOPLE_MAX` customers registered in a range of the log, in order.
async fn people_between(
    store: &dyn EventStore,
    after: Position,
    until: Position,
) -> Result<VecDeque<CustomerId>, AppError> {
    let mut log = FilteredEventReader::of_kinds(store, &[CustomerEvent::REGISTERED]).between(after, until);
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

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::NumberId;
    use std::sync::Arc;
    use store::test_ports::{HashIds, StepClock};
    use store::{MemoryDisk, MemoryEventStore, MemoryVault};

    fn log() -> MemoryEventStore {
        MemoryEventStore::new(Arc::new(StepClock::default()), Arc::new(MemoryDisk::new())).unwrap()
    }

    /// Makes a vault. Vaults of the same seed have the keys of the same installation.
    fn keys(seed: u64) -> MemoryVault {
        MemoryVault::new(Arc::new(HashIds::new(seed)))
    }

    async fn register(log: &MemoryEventStore, vault: &dyn Vault, external_id: &str) -> CustomerId {
        let person = vault.derive_customer(external_id);
        let key = vault.key(&person).await.unwrap();
        let event = CustomerEvent::Registered {
            external_id: Personal::open_hashed(external_id.to_owned()),
            name: None,
            time_zone: None,
        };
        store_one::<Customer>(log, &person, &event, 0, Some((vault, &key))).await;
        person
    }

    async fn store_one<D: Decider>(
        log: &MemoryEventStore,
        id: &D::Id,
        event: &D::Event,
        before: u64,
        sealed_by: Option<(&dyn Vault, &domain::ports::vault::PersonKey)>,
    ) {
        let stream = D::stream(id);
        let facts = RecordFacts {
            stream: stream.clone(),
            stream_version: StreamVersion(before + 1),
            at: domain::time::Timestamp::EPOCH,
            cause: Cause::outside(CommandId::derive_from_text(&format!("{stream}/{before}"))),
            index: 0,
            scope: D::scope(id, &D::State::default(), event),
            rehearsal: false,
        };
        let none = keys(0);
        let mut sealer = Sealer {
            vault: sealed_by.map_or(&none as &dyn Vault, |(vault, _)| vault),
            key: sealed_by.map(|(_, key)| key),
            random: &mut |buffer| buffer.fill(7),
        };
        let made = record(facts, event, &mut sealer).unwrap();
        log.append(&stream, StreamVersion(before), vec![made])
            .await
            .unwrap();
    }

    async fn named(log: &MemoryEventStore, vault: &dyn Vault) {
        name(log, vault, &StepClock::default(), false).await.unwrap();
    }

    #[tokio::test]
    async fn a_log_takes_its_name_once_and_then_no_other_keys() {
        let (log, own, foreign) = (log(), keys(1), keys(2));
        // Nothing in the log is sealed: the first process names it.
        assert!(hold_to_log(&log, &own).await.is_ok());
        named(&log, &own).await;
        named(&log, &own).await;
        assert_eq!(log.head().await, Ok(Position(1)), "once");
        assert!(hold_to_log(&log, &own).await.is_ok());
        assert!(matches!(
            hold_to_log(&log, &foreign).await,
            Err(AppError::OtherKeys)
        ));
        let renamed = name(&log, &foreign, &StepClock::default(), false).await;
        assert!(matches!(renamed, Err(AppError::OtherKeys)));
        assert_eq!(log.head().await, Ok(Position(1)));
    }

    #[tokio::test]
    async fn a_log_from_before_goes_only_with_keys_that_open_a_value_of_it() {
        let (log, own) = (log(), keys(1));
        let person = register(&log, &own, "C001").await;
        assert!(matches!(
            hold_to_log(&log, &keys(2)).await,
            Err(AppError::OtherKeys)
        ));
        // Another key of the same customer, as an import under foreign keys makes it.
        let other = keys(3);
        other.key(&person).await.unwrap();
        assert!(matches!(
            hold_to_log(&log, &other).await,
            Err(AppError::OtherKeys)
        ));
        assert!(hold_to_log(&log, &own).await.is_ok());
        // The list of destroyed keys contains this customer: the keys are this log's.
        own.destroy(&person, domain::time::Timestamp::EPOCH)
            .await
            .unwrap();
        assert!(hold_to_log(&log, &own).await.is_ok());
    }

    #[tokio::test]
    async fn an_older_copy_of_the_keys_is_refused_until_a_restore_is_on_record() {
        let (log, own) = (log(), keys(1));
        named(&log, &own).await;
        let first = register(&log, &own, "C001").await;
        let second = register(&log, &own, "C002").await;
        assert!(hold_to_log(&log, &own).await.is_ok());
        let older = keys(1);
        older.key(&first).await.unwrap();
        let refused = hold_to_log(&log, &older).await;
        assert!(
            matches!(
                refused,
                Err(AppError::OlderKeys {
                    missing: 1,
                    looked_at: 2
                })
            ),
            "{refused:?}"
        );
        let restored = RestoredKeys {
            backup_taken_at: domain::time::Timestamp::EPOCH,
            keys_count: 1,
            newest_readable: Some(first.clone()),
            unreadable_count: 1,
        };
        let event = InstallationEvent::KeysRestored {
            keys: restored.clone(),
        };
        store_one::<Installation>(&log, &LogId, &event, 1, None).await;
        assert_eq!(hold_to_log(&log, &older).await.unwrap(), Some(restored));
        // An even older copy also lacks the customer that the restore brought back.
        let oldest = hold_to_log(&log, &keys(1)).await;
        assert!(
            matches!(oldest, Err(AppError::OlderKeys { missing: 1, .. })),
            "{oldest:?}"
        );
        let third = register(&log, &own, "C003").await;
        assert!(matches!(
            hold_to_log(&log, &older).await,
            Err(AppError::OlderKeys { missing: 1, .. })
        ));
        for person in [&second, &third] {
            older.key(person).await.unwrap();
        }
        assert!(hold_to_log(&log, &older).await.is_ok());
    }

    #[tokio::test]
    async fn an_erased_customer_is_not_missed_and_no_search_is_endless() {
        let (log, own) = (log(), keys(1));
        named(&log, &own).await;
        let erased = register(&log, &own, "C001").await;
        let event = CustomerEvent::Erased {
            numbers_count: 0,
            enrolments_count: 0,
        };
        store_one::<Customer>(&log, &erased, &event, 1, None).await;
        let without = keys(1);
        assert!(hold_to_log(&log, &without).await.is_ok());
        let number: NumberId = own.derive_number("+8613800138000");
        assert_ne!(number, keys(2).derive_number("+8613800138000"), "keys make ids");
        for index in 0..NEWEST_PEOPLE_MAX {
            let person = register(&log, &own, &format!("N{index}")).await;
            without.key(&person).await.unwrap();
        }
        let people = newest_people(&log, Position(0)).await.unwrap();
        assert_eq!(people.len(), NEWEST_PEOPLE_MAX);
        assert!(!people.contains(&erased));
    }
}
