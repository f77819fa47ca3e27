//! Tests of keys in a database of their own: the vault's contract suite, several processes, and refusals.

use crate::support::{Database, WallClock, skipped};
use async_trait::async_trait;
use domain::ids::CustomerId;
use domain::ports::id_source::IdSource;
use domain::ports::vault::{Vault, VaultError};
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use store::contract::SuiteTasks;
use store::key_store_contract::{self, KeyStoreFixture};
use store::test_ports::{HashIds, StepClock};
use store::vault_contract::{person, run_vault_contract};
use store::{
    FileVault, KeyStoreLocation, KeyringPolicy, MasterKey, PostgresEventStore, PostgresOptions,
    PostgresVault, back_up_keys, restore_keys, rotate_keys,
};
use tempfile::TempDir;

fn master(digits: &str) -> MasterKey {
    MasterKey::given(&digits.repeat(32)).expect("64 hexadecimal digits")
}

async fn open(
    database: &Database,
    digits: &str,
    keyring: KeyringPolicy,
) -> Result<PostgresVault, VaultError> {
    static SEED: AtomicU64 = AtomicU64::new(0);
    let ids = Arc::new(HashIds::new(SEED.fetch_add(1, Ordering::SeqCst)));
    PostgresVault::open(&database.url, &master(digits), ids, keyring).await
}

/// Opens the keys at a URL. Returns the error's text.
pub(crate) async fn opened_at(url: &str) -> Result<(), String> {
    let ids = Arc::new(HashIds::new(77));
    let opened = PostgresVault::open(url, &master("ab"), ids, KeyringPolicy::MayBeNew).await;
    opened.map(drop).map_err(|error| error.to_string())
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
    run_vault_contract(async || {
        let database = Database::make().await;
        let vault = open(&database, "ab", KeyringPolicy::MayBeNew).await.unwrap();
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
        open(&database, "ab", KeyringPolicy::MayBeNew),
        open(&database, "ab", KeyringPolicy::MayBeNew)
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
    let absent = open(&database, "ab", KeyringPolicy::MustExist).await;
    assert!(why(absent).contains("holds no keys, but events are present"));
    open(&database, "ab", KeyringPolicy::MayBeNew).await.unwrap();
    let wrong = open(&database, "ac", KeyringPolicy::MustExist).await;
    assert!(why(wrong).contains("not the one that the keys were made under"));
    let clock = WallClock::telling(Arc::new(StepClock::default()));
    let options = PostgresOptions::default();
    PostgresEventStore::connect(&database.url, clock, &SuiteTasks::default(), &options)
        .await
        .expect("an event log can be made there");
    let beside = open(&database, "ab", KeyringPolicy::MustExist).await;
    assert!(why(beside).contains("holds events"));
}

/// A database of keys, with its master key in a folder, for the contract suite of key places.
struct Keys {
    database: Database,
    folder: TempDir,
}

#[async_trait]
impl KeyStoreFixture for Keys {
    type Vault = PostgresVault;

    fn place(&self) -> KeyStoreLocation {
        KeyStoreLocation::Database(self.database.url.clone())
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }

    async fn open(
        &self,
        master: &MasterKey,
        ids: Arc<dyn IdSource>,
        keyring: KeyringPolicy,
    ) -> Result<Arc<PostgresVault>, VaultError> {
        let opened = PostgresVault::open(&self.database.url, master, ids, keyring).await;
        opened.map(Arc::new)
    }

    async fn close(&self, vault: &PostgresVault) {
        vault.close();
    }

    /// Runs the statements that the refusal of a restore names.
    async fn lose(&self) {
        let sql = "DELETE FROM ledgerline_keys.person_key WHERE destroyed_at IS NULL;
                   DELETE FROM ledgerline_keys.installation";
        let deleted = self.database.client().await.batch_execute(sql).await;
        deleted.expect("the statements make sense");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_keeps_the_contract_of_places() {
    if skipped() {
        return;
    }
    key_store_contract::run_key_store_contract(async || Keys {
        database: Database::make().await,
        folder: tempfile::tempdir().unwrap(),
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_missed_a_rotation_makes_no_key_under_the_old_master_key() {
    if skipped() {
        return;
    }
    let database = Database::make().await;
    let late = open(&database, "ab", KeyringPolicy::MayBeNew).await.unwrap();
    let cached = late.key(&person(1)).await.unwrap();
    let ids: Arc<dyn IdSource> = Arc::new(HashIds::new(9_000));
    let place = KeyStoreLocation::Database(database.url.clone());
    rotate_keys(&place, &master("ab"), Some(&master("ac")), &ids)
        .await
        .unwrap();
    assert_eq!(late.key(&person(1)).await.unwrap().bytes(), cached.bytes());
    for number in [2, 3] {
        let refused = late.key(&person(number)).await;
        let Err(VaultError::WrongMaster(why)) = refused else {
            panic!("{refused:?}");
        };
        assert!(why.contains("rotated by another process: start again"), "{why}");
    }
    // An erasure needs no rotation to end, and holds under both master keys.
    late.destroy(&person(1), Timestamp::from_millis(5)).await.unwrap();
    let again = open(&database, "ac", KeyringPolicy::MustExist).await.unwrap();
    assert!(matches!(
        again.key(&person(1)).await,
        Err(VaultError::Destroyed(_))
    ));
    assert!(again.existing_key(&person(2)).await.unwrap().is_none());
    assert!(again.key(&person(3)).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_files_is_restored_into_a_database_and_one_of_a_database_into_files() {
    if skipped() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("keys");
    let tasks = SuiteTasks::default();
    let given = master("ab");
    let ids: Arc<dyn IdSource> = Arc::new(HashIds::new(9_100));
    let files = |keyring| FileVault::open_under(&dir, &given, Arc::clone(&ids), &tasks, keyring).unwrap();
    let vault = files(KeyringPolicy::MayBeNew);
    let made = vault.key(&person(1)).await.unwrap();
    let number = vault.derive_number("1");
    vault.close().await;
    let now = Timestamp::from_millis(1_800_000_000_000);
    let (to, back) = (folder.path().join("a.backup"), folder.path().join("b.backup"));
    back_up_keys(&KeyStoreLocation::Directory(dir.clone()), &to, now)
        .await
        .unwrap();
    let database = Database::make().await;
    let place = KeyStoreLocation::Database(database.url.clone());
    restore_keys(&to, &place, &BTreeMap::new(), now).await.unwrap();
    let moved = open(&database, "ab", KeyringPolicy::MustExist).await.unwrap();
    assert_eq!(moved.key(&person(1)).await.unwrap().bytes(), made.bytes());
    assert_eq!(
        moved.derive_number("1"),
        number,
        "the secret is part of the backup"
    );
    moved.destroy(&person(1), now).await.unwrap();
    let kept = moved.key(&person(2)).await.unwrap();
    back_up_keys(&place, &back, now).await.unwrap();
    std::fs::remove_file(dir.join(store::KEYS_FILE)).unwrap();
    let restored = restore_keys(
        &back,
        &KeyStoreLocation::Directory(dir.clone()),
        &BTreeMap::new(),
        now,
    )
    .await;
    assert_eq!(
        restored.map(|one| (one.keys_count, one.destroyed_count)),
        Ok((1, 1))
    );
    let vault = files(KeyringPolicy::MustExist);
    assert!(matches!(
        vault.key(&person(1)).await,
        Err(VaultError::Destroyed(_))
    ));
    assert_eq!(vault.key(&person(2)).await.unwrap().bytes(), kept.bytes());
    vault.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_events_takes_no_backup_of_keys() {
    if skipped() {
        return;
    }
    let (database, folder) = (Database::make().await, tempfile::tempdir().unwrap());
    open(&database, "ab", KeyringPolicy::MayBeNew).await.unwrap();
    let now = Timestamp::from_millis(1_800_000_000_000);
    let out = folder.path().join("keys.backup");
    let place = KeyStoreLocation::Database(database.url.clone());
    back_up_keys(&place, &out, now).await.unwrap();
    let log = Database::make().await;
    log.store().await;
    let (beside, none_erased) = (KeyStoreLocation::Database(log.url.clone()), BTreeMap::new());
    let refused = restore_keys(&out, &beside, &none_erased, now).await;
    let why = refused.unwrap_err().to_string();
    assert!(why.contains("holds events"), "{why}");
}
