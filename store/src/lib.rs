//! The event stores, and the key stores (vaults), which hold the keys of persons apart from the events.
//!
//! Every backend fulfils the contract of `domain::ports::event_store` and runs the whole suite in
//! `contract`: an acknowledged append is never lost, and a reader never misses an event below its
//! checkpoint. `SqliteEventStore` is the embedded default; `MemoryEventStore` serves tests and the
//! simulation. Likewise `FileVault` and `MemoryVault` run the whole suite `vault_contract`. This crate makes
//! no business decisions.
//!
//! A process that writes acquires the `DataLock` first, then opens vault and store. At its end it closes
//! store and vault after all their users, and before the supervisor of their threads stops.

pub mod backup;
mod batch;
mod column_check;
#[cfg(any(test, feature = "testing"))]
pub mod contract;
mod data_lock;
mod durable_file;
mod error;
mod file_vault;
mod frame;
mod group_wait;
#[cfg(any(test, feature = "testing"))]
pub mod key_store_contract;
#[cfg(feature = "kurrent")]
mod kurrent;
mod lanes;
#[cfg(any(test, feature = "testing"))]
mod live_readers;
mod log_import;
mod memory;
mod memory_disk;
mod memory_vault;
mod postgres;
mod postgres_vault;
pub mod proof;
#[cfg(any(test, feature = "testing"))]
mod race;
mod realm_head;
mod realm_records;
mod realm_store;
mod realm_subscription;
#[cfg(test)]
mod realm_tests;
mod realm_vault;
#[cfg(any(test, feature = "testing"))]
mod retrieval;
mod sealing;
mod sqlite;
mod subscription;
#[cfg(any(test, feature = "testing"))]
mod suite_ports;
#[cfg(any(test, feature = "testing"))]
pub mod test_overlay;
#[cfg(any(test, feature = "testing"))]
pub mod test_ports;
#[cfg(any(test, feature = "testing"))]
pub mod test_records;
#[cfg(any(test, feature = "testing"))]
pub mod vault_contract;
mod wrapped_keys;
pub mod yardstick;

pub use column_check::LookupMismatch;
pub use data_lock::{DataLock, LOCK_FILE};
pub use error::{LockError, OpenError};
pub use file_vault::{
    FileVault, KEYS_FILE, KeyWrapper, KeyringPolicy, MASTER_KEY_FILE, MasterKey, WRAPPED_MASTER_FILE,
    has_people,
};
#[cfg(feature = "kurrent")]
pub use kurrent::{KurrentEventStore, KurrentOptions};
pub use memory::{MEMORY_LOG_FILE, MemoryEventStore};
pub use memory_disk::MemoryDisk;
pub use memory_vault::MemoryVault;
pub use postgres::{
    DriverLock, DriverLockClient, LOCK_MS, LockAnswer, LockTime, PostgresEventStore, PostgresOptions,
    Timeouts as PostgresTimeouts,
};
pub use postgres_vault::PostgresVault;
pub use realm_records::realm_of;
pub use realm_store::RealmStore;
pub use realm_vault::RealmVault;
pub use sqlite::{
    EVENTS_FILE, INDEX_FILE, IndexRemade, SqliteEventStore, SqliteOptions, begin_filling, end_filling,
    find_misleading,
};
pub use subscription::SUBSCRIPTIONS_MAX;
pub use wrapped_keys::{
    KeyBackup, KeyBackupError, KeyBackupPeople, KeyStoreLocation, RotationResult, back_up_keys,
    destroyed_keys, people_of_key_backup, remove_old_key_backups, restore_keys, rotate_keys,
};
