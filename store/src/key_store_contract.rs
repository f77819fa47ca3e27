//! The contract suite of key places: every place runs all of it. The rules for rotation and backups of keys
//! are the same for a directory and for a database. A failed check panics.

use crate::file_vault::{KeyringPolicy, MASTER_KEY_FILE, MasterKey};
use crate::test_ports::HashIds;
use crate::vault_contract::person;
use crate::wrapped_keys::{
    KeyBackup, KeyBackupError, KeyStoreLocation, Rotation, RotationResult, back_up_keys, restore_keys,
    rotate_keys,
};
use async_trait::async_trait;
use domain::ids::CustomerId;
use domain::ports::id_source::IdSource;
use domain::ports::vault::{Vault, VaultError};
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The number of persons: more than one page of any place.
const PERSONS: u32 = 1_050;

/// The person with the key that `make_keys` destroys.
const GONE: u32 = 7;

/// A day, in milliseconds.
const DAY_MS: u64 = 24 * 3_600_000;

/// A key place under test, isolated from all others.
#[async_trait]
pub trait KeyStoreFixture: Send + Sync {
    type Vault: Vault + 'static;

    fn place(&self) -> KeyStoreLocation;
    /// Returns a folder for master keys and backups, which is deleted with the place.
    fn folder(&self) -> &Path;
    async fn open(
        &self,
        master: &MasterKey,
        ids: Arc<dyn IdSource>,
        keyring: KeyringPolicy,
    ) -> Result<Arc<Self::Vault>, VaultError>;
    async fn close(&self, vault: &Self::Vault);
    /// Removes the keys and leaves the list of destroyed keys, as a loss of the keys does, or a user who
    /// follows the refusal of a restore.
    async fn lose(&self);
}

/// Runs every check, each on a new place.
pub async fn run_key_store_contract<Make, Made, P>(make: Make)
where
    Make: Fn() -> Made,
    Made: Future<Output = P>,
    P: KeyStoreFixture,
{
    after_a_rotation_the_old_key_opens_nothing_and_the_new_one_everything(&make().await).await;
    for steps in 0..3 {
        a_rotation_cut_anywhere_leaves_one_key_that_opens_everything(&make().await, steps).await;
        a_rotation_cut_anywhere_can_be_given_again(&make().await, steps).await;
    }
    a_given_key_replaces_a_file_and_a_wrong_one_is_refused(&make().await).await;
    a_backup_brings_keys_back_and_no_erased_customer(&make().await).await;
    a_backup_of_thirty_days_is_taken_and_an_older_one_refused(&make().await).await;
    keys_that_are_there_are_never_overwritten(&make().await).await;
    keys_are_not_backed_up_beside_events(&make().await).await;
}

type ExpectedKeys = Vec<(CustomerId, [u8; 32])>;

fn ids() -> Arc<dyn IdSource> {
    static SEED: AtomicU64 = AtomicU64::new(1_000_000);
    Arc::new(HashIds::new(SEED.fetch_add(1, Ordering::SeqCst)))
}

fn own(house: &impl KeyStoreFixture) -> MasterKey {
    MasterKey::in_dir(&house.folder().join("keys"))
}

fn file_of(house: &impl KeyStoreFixture) -> PathBuf {
    house.folder().join("keys").join(MASTER_KEY_FILE)
}

fn day(number: u64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000).plus_ms(number * DAY_MS)
}

/// Makes keys for `count` persons under the place's own master key, then destroys the one of `GONE`.
/// Returns all others.
async fn make_keys<P: KeyStoreFixture>(house: &P, count: u32) -> ExpectedKeys {
    let opened = house.open(&own(house), ids(), KeyringPolicy::MayBeNew).await;
    let vault = opened.expect("new keys are made");
    let askers: Vec<_> = (0..8)
        .map(|asker| {
            let vault = Arc::clone(&vault);
            crate::contract::start(async move {
                let mut made = Vec::new();
                for number in (0..count).filter(|number| number % 8 == asker) {
                    let key = vault.key(&person(number)).await.expect("a key is made");
                    made.push((key.person().clone(), *key.bytes()));
                }
                made
            })
        })
        .collect();
    let mut expected = Vec::new();
    for asker in askers {
        expected.extend(asker.await.expect("an asker ends"));
    }
    let at = Timestamp::from_millis(5);
    vault
        .destroy(&person(GONE), at)
        .await
        .expect("a key is destroyed");
    house.close(&vault).await;
    expected.retain(|(one, _)| *one != person(GONE));
    expected
}

/// Asserts that the place opens with `master`, that it has these keys, and that the key of `GONE` stays
/// destroyed.
async fn holds<P: KeyStoreFixture>(house: &P, master: &MasterKey, expected: &ExpectedKeys) {
    let opened = house.open(master, ids(), KeyringPolicy::MustExist).await;
    let vault = opened.expect("the key in force opens");
    for (person, bytes) in expected {
        let key = vault.existing_key(person).await.expect("the vault answers");
        assert_eq!(key.as_ref().map(|key| key.bytes()), Some(bytes), "{person}");
    }
    let gone = vault.key(&person(GONE)).await;
    assert!(matches!(gone, Err(VaultError::Destroyed(_))), "{gone:?}");
    house.close(&vault).await;
}

/// Returns the text of the error with which the place refuses `master`.
async fn refusal<P: KeyStoreFixture>(house: &P, master: &MasterKey) -> String {
    match house.open(master, ids(), KeyringPolicy::MustExist).await {
        Err(VaultError::WrongMaster(why)) => why,
        Err(other) => format!("another error: {other}"),
        Ok(_) => "it opened".to_owned(),
    }
}

async fn after_a_rotation_the_old_key_opens_nothing_and_the_new_one_everything<P: KeyStoreFixture>(
    house: &P,
) {
    let expected = make_keys(house, PERSONS).await;
    let old = std::fs::read(file_of(house)).expect("the master key is a file");
    let rotated = rotate_keys(&house.place(), &own(house), None, &ids()).await;
    let keys_count = u64::from(PERSONS) - 1;
    assert_eq!(
        rotated,
        Ok(RotationResult {
            keys_count,
            wrapping: 2
        })
    );
    holds(house, &own(house), &expected).await;
    let new = std::fs::read(file_of(house)).expect("the new one has replaced it");
    assert_ne!(new, old);
    std::fs::write(file_of(house), old).expect("a file can be written");
    let why = refusal(house, &own(house)).await;
    assert!(why.contains("the master key is not the one that"), "{why}");
    let again = rotate_keys(&house.place(), &own(house), None, &ids()).await;
    assert!(matches!(again, Err(VaultError::WrongMaster(_))), "{again:?}");
}

/// Runs the first `steps` of a rotation and stops, as a crash would. Step 1 writes the new master key
/// beside the old one, step 2 wraps all keys under it.
async fn cut<P: KeyStoreFixture>(house: &P, steps: u32) {
    let master = own(house);
    if steps == 0 {
        return;
    }
    let rotation = Rotation::prepare(&master, None, ids().as_ref()).expect("a key is made beside");
    if steps == 2 {
        let old = master.read().expect("it can be read").expect("it is there");
        let keys = house.place().wrapped();
        let wrapped = keys.rewrap(&old, &rotation.secret, &ids()).await;
        wrapped.expect("all keys are wrapped again");
    }
}

async fn a_rotation_cut_anywhere_leaves_one_key_that_opens_everything<P: KeyStoreFixture>(
    house: &P,
    steps: u32,
) {
    let expected = make_keys(house, 20).await;
    cut(house, steps).await;
    for _ in 0..2 {
        holds(house, &own(house), &expected).await;
        let beside = file_of(house).with_extension("key.next");
        assert!(!beside.exists(), "after {steps} steps");
    }
}

async fn a_rotation_cut_anywhere_can_be_given_again<P: KeyStoreFixture>(house: &P, steps: u32) {
    let expected = make_keys(house, 20).await;
    cut(house, steps).await;
    let again = rotate_keys(&house.place(), &own(house), None, &ids()).await;
    let wrapping = if steps == 2 { 3 } else { 2 };
    assert_eq!(
        again,
        Ok(RotationResult {
            keys_count: 19,
            wrapping
        }),
        "after {steps}"
    );
    holds(house, &own(house), &expected).await;
}

async fn a_given_key_replaces_a_file_and_a_wrong_one_is_refused<P: KeyStoreFixture>(house: &P) {
    let expected = make_keys(house, 20).await;
    let given = MasterKey::given(&"ab".repeat(32)).expect("64 digits are a key");
    let wrong = MasterKey::given(&"ac".repeat(32)).expect("64 digits are a key");
    let place = house.place();
    let done = Ok(RotationResult {
        keys_count: 19,
        wrapping: 2,
    });
    assert_eq!(rotate_keys(&place, &own(house), Some(&given), &ids()).await, done);
    // The same command again: its first run may have been interrupted before it could answer.
    assert_eq!(rotate_keys(&place, &own(house), Some(&given), &ids()).await, done);
    holds(house, &given, &expected).await;
    for refused in [&own(house), &wrong] {
        let why = refusal(house, refused).await;
        assert!(why.contains("the master key is not the one that"), "{why}");
        let rotated = rotate_keys(&place, refused, Some(&wrong), &ids()).await;
        assert!(matches!(rotated, Err(VaultError::WrongMaster(_))), "{rotated:?}");
    }
    let same = rotate_keys(&place, &given, Some(&given), &ids()).await;
    assert!(
        same.is_err_and(|error| error.to_string().contains("the one in force")),
        "a key cannot be replaced by itself"
    );
    let unnamed = rotate_keys(&place, &given, None, &ids()).await;
    assert!(
        unnamed.is_err_and(|error| error.to_string().contains("name the new one")),
        "a rotation does not make a new given key"
    );
    holds(house, &given, &expected).await;
}

/// Makes twenty keys and a backup of them on day 0, destroys the key of `later`, then loses the keys. Returns
/// the keys of the backup and its path.
async fn lost<P: KeyStoreFixture>(house: &P, later: u32) -> (ExpectedKeys, PathBuf) {
    let expected = make_keys(house, 20).await;
    let out = house.folder().join("keys.backup");
    let made = back_up_keys(&house.place(), &out, day(0)).await;
    assert_eq!(
        made,
        Ok(KeyBackup {
            taken_at: day(0),
            keys_count: 19,
            destroyed_count: 1
        })
    );
    let opened = house.open(&own(house), ids(), KeyringPolicy::MustExist).await;
    let vault = opened.expect("the keys are there");
    let destroyed = vault.destroy(&person(later), day(1)).await;
    destroyed.expect("a key is destroyed");
    house.close(&vault).await;
    house.lose().await;
    (expected, out)
}

async fn a_backup_brings_keys_back_and_no_erased_customer<P: KeyStoreFixture>(house: &P) {
    let (mut expected, out) = lost(house, 2).await;
    let by_log = BTreeMap::from([(person(3), day(2))]);
    let restored = restore_keys(&out, &house.place(), &by_log, day(30)).await;
    assert_eq!(
        restored,
        Ok(KeyBackup {
            taken_at: day(0),
            keys_count: 17,
            destroyed_count: 3
        })
    );
    expected.retain(|(one, _)| *one != person(2) && *one != person(3));
    holds(house, &own(house), &expected).await;
    let opened = house.open(&own(house), ids(), KeyringPolicy::MustExist).await;
    let vault = opened.expect("the keys are there again");
    for (number, at) in [(2, day(1)), (3, day(2)), (GONE, Timestamp::from_millis(5))] {
        let destroyed = vault.destroyed(&person(number)).await.expect("the vault answers");
        assert_eq!(destroyed.map(|one| one.at), Some(at), "{number}");
    }
    house.close(&vault).await;
}

async fn a_backup_of_thirty_days_is_taken_and_an_older_one_refused<P: KeyStoreFixture>(house: &P) {
    let (_, out) = lost(house, 2).await;
    let none_erased = BTreeMap::new();
    let late = restore_keys(&out, &house.place(), &none_erased, day(30).plus_ms(1)).await;
    assert_eq!(late, Err(KeyBackupError::TooOld { days: 30 }));
    let why = refusal(house, &own(house)).await;
    assert!(
        why.contains("are missing") || why.contains("is missing") || why.contains("holds no"),
        "{why}"
    );
    let restored = restore_keys(&out, &house.place(), &none_erased, day(30)).await;
    assert_eq!(restored.map(|restored| restored.keys_count), Ok(18));
}

async fn keys_that_are_there_are_never_overwritten<P: KeyStoreFixture>(house: &P) {
    let expected = make_keys(house, 20).await;
    let out = house.folder().join("keys.backup");
    let made = back_up_keys(&house.place(), &out, day(0)).await;
    assert!(made.is_ok(), "{made:?}");
    let over = restore_keys(&out, &house.place(), &BTreeMap::new(), day(1)).await;
    assert!(matches!(over, Err(KeyBackupError::Misplaced(_))), "{over:?}");
    let twice = back_up_keys(&house.place(), &out, day(1)).await;
    assert!(matches!(twice, Err(KeyBackupError::Disk { .. })), "{twice:?}");
    holds(house, &own(house), &expected).await;
}

async fn keys_are_not_backed_up_beside_events<P: KeyStoreFixture>(house: &P) {
    make_keys(house, 8).await;
    for name in [crate::EVENTS_FILE, crate::backup::MANIFEST_FILE] {
        let beside = house.folder().join(format!("with {name}"));
        std::fs::create_dir(&beside).expect("a folder can be made");
        std::fs::write(beside.join(name), "").expect("a file can be written");
        let refused = back_up_keys(&house.place(), &beside.join("keys.backup"), day(1)).await;
        assert!(
            matches!(refused, Err(KeyBackupError::Misplaced(_))),
            "{refused:?}"
        );
    }
}
