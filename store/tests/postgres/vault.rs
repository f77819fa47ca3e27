//! Keys in a database of their own: the vault's contract, several processes, and what is refused.

use crate::support::{Database, WallClock, skipped};
use domain::ids::CustomerId;
use domain::ports::vault::{Vault, VaultError};
use domain::time::Timestamp;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use store::contract::SuiteTasks;
use store::test_ports::{HashIds, StepClock};
use store::vault_contract::{person, run_whole};
use store::{Keyring, MasterKey, PostgresEventStore, PostgresOptions, PostgresVault};

fn master(digits: &str) -> MasterKey {
    MasterKey::given(&digits.repeat(32)).expect("64 hexadecimal digits")
}

async fn open(database: &Database, digits: &str, keyring: Keyring) -> Result<PostgresVault, VaultError> {
    static SEED: AtomicU64 = AtomicU64::new(0);
    let ids = Arc::new(HashIds::new(SEED.fetch_add(1, Ordering::SeqCst)));
    PostgresVault::open(&database.url, &master(digits), ids, keyring).await
}

fn why(refused: Result<PostgresVault, VaultError>) -> String {
    match refused {
        Err(VaultError::WrongMaster(why)) => why,
        Err(other) => format!("another error: {other}"),
        Ok(_) => "it opened".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_keeps_the_vault_contract() {
    if skipped() {
        return;
    }
    let databases = Mutex::new(Vec::new());
    run_whole(async || {
        let database = Database::make().await;
        let vault = open(&database, "ab", Keyring::MayBeNew).await.unwrap();
        databases.lock().unwrap().push(database);
        Arc::new(vault)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_keys_and_a_destroyed_one_is_gone_for_both() {
    if skipped() {
        return;
    }
    let database = Database::make().await;
    let (one, other) = tokio::join!(
        open(&database, "ab", Keyring::MayBeNew),
        open(&database, "ab", Keyring::MayBeNew)
    );
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one.derive_number("1"), other.derive_number("1"), "one secret");
    let persons: Vec<CustomerId> = (0..20).map(person).collect();
    for person in &persons {
        let (a, b) = tokio::join!(one.key(person), other.key(person));
        assert_eq!(a.unwrap().bytes(), b.unwrap().bytes());
    }
    let at = Timestamp::from_millis(1_000);
    for person in &persons {
        one.destroy(person, at).await.unwrap();
        other.forget_cached(person);
        assert!(matches!(other.key(person).await, Err(VaultError::Destroyed(_))));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_master_key_a_missing_installation_and_a_database_of_events_are_refused() {
    if skipped() {
        return;
    }
    let database = Database::make().await;
    let absent = open(&database, "ab", Keyring::MustExist).await;
    assert!(why(absent).contains("holds no keys, but events are present"));
    open(&database, "ab", Keyring::MayBeNew).await.unwrap();
    let wrong = open(&database, "ac", Keyring::MustExist).await;
    assert!(why(wrong).contains("not the one that the keys were made under"));
    let clock = WallClock::telling(Arc::new(StepClock::default()));
    let options = PostgresOptions::default();
    PostgresEventStore::connect(&database.url, clock, &SuiteTasks::default(), &options)
        .await
        .expect("an event log can be made there");
    let beside = open(&database, "ab", Keyring::MustExist).await;
    assert!(why(beside).contains("holds events"));
}
