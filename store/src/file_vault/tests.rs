//! Tests of the file vault: first start, restart, refusals, and the content of the files.

use super::*;
use crate::contract::SuiteTasks;
use crate::key_store_contract::{self, KeyStoreFixture};
use crate::test_ports::HashIds;
use crate::vault_contract::{person, run_vault_contract};
use crate::wrapped_keys::{KeyStoreLocation, Rotation};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;

fn open_with(dir: &TempDir, seed: u64, keyring: KeyringPolicy) -> Result<FileVault, VaultError> {
    let ids = Arc::new(HashIds::new(seed));
    FileVault::open(&dir.path().join("keys"), ids, &SuiteTasks::default(), keyring)
}

fn refusal(dir: &TempDir, keyring: KeyringPolicy) -> String {
    match open_with(dir, 99, keyring) {
        Err(VaultError::WrongMaster(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn memory_keeps_the_vault_contract() {
    let seed = AtomicU64::new(0);
    run_vault_contract(async || {
        let ids = HashIds::new(seed.fetch_add(1, Ordering::SeqCst));
        Arc::new(crate::memory_vault::MemoryVault::new(Arc::new(ids)))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_keep_the_vault_contract() {
    let dirs = Mutex::new(Vec::new());
    run_vault_contract(async || {
        let dir = tempfile::tempdir().unwrap();
        let seed = dirs.lock().unwrap().len() as u64;
        let vault = open_with(&dir, seed, KeyringPolicy::MayBeNew).unwrap();
        dirs.lock().unwrap().push(dir);
        Arc::new(vault)
    })
    .await;
}

/// A keys directory with its master key, for the contract suite of key places.
struct Directory {
    folder: TempDir,
    dir: PathBuf,
    tasks: SuiteTasks,
}

#[async_trait]
impl KeyStoreFixture for Directory {
    type Vault = FileVault;

    fn place(&self) -> KeyStoreLocation {
        KeyStoreLocation::Directory(self.dir.clone())
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }

    async fn open(
        &self,
        master: &MasterKey,
        ids: Arc<dyn IdSource>,
        keyring: KeyringPolicy,
    ) -> Result<Arc<FileVault>, VaultError> {
        FileVault::open_under(&self.dir, master, ids, &self.tasks, keyring).map(Arc::new)
    }

    async fn close(&self, vault: &FileVault) {
        vault.close().await;
    }

    async fn lose(&self) {
        std::fs::remove_file(self.dir.join(KEYS_FILE)).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_keep_the_contract_of_places() {
    key_store_contract::run_key_store_contract(async || {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("keys");
        let tasks = SuiteTasks::default();
        Directory { folder, dir, tasks }
    })
    .await;
}

#[test]
fn a_master_key_is_read_as_hexadecimal_or_base64_of_32_bytes() {
    let base64 = "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=";
    let read = |text: &str| MasterKey::given(text).unwrap().read().unwrap().unwrap();
    assert_eq!(read(&"ab".repeat(32)).bytes(), read(base64).bytes());
    for wrong in ["", "ab", &"ab".repeat(31), &"ab".repeat(33), "q6urq6s="] {
        assert!(MasterKey::given(wrong).is_none(), "{wrong}");
    }
}

#[test]
fn an_open_leaves_a_key_beside_alone_while_a_rotation_has_the_turn() {
    let dir = tempfile::tempdir().unwrap();
    let ids: Arc<dyn IdSource> = Arc::new(HashIds::new(1));
    let master = MasterKey::in_dir(dir.path());
    drop(open_keys(dir.path(), &master, &ids, true).unwrap());
    let beside = dir.path().join("master.key.next");
    let rotation = Rotation::prepare(&master, None, &HashIds::new(2)).unwrap();
    drop(open_keys(dir.path(), &master, &ids, false).unwrap());
    assert!(beside.exists(), "the rotation still holds the lock");
    drop(rotation);
    drop(open_keys(dir.path(), &master, &ids, false).unwrap());
    assert!(
        !beside.exists(),
        "the leftover of an interrupted rotation is removed"
    );
}

#[tokio::test]
async fn a_restart_finds_the_same_keys_and_secret() {
    let dir = tempfile::tempdir().unwrap();
    let first = open_with(&dir, 1, KeyringPolicy::MayBeNew).unwrap();
    let made = first.key(&person(1)).await.unwrap();
    let number = first.derive_number("13800138000");
    first.close().await;
    assert!(matches!(
        first.key(&person(2)).await,
        Err(VaultError::Unavailable(_))
    ));
    for keyring in [KeyringPolicy::MustExist, KeyringPolicy::MayBeNew] {
        let again = open_with(&dir, 2, keyring).unwrap();
        assert_eq!(again.key(&person(1)).await.unwrap().bytes(), made.bytes());
        assert_eq!(again.derive_number("13800138000"), number);
        assert!(again.existing_key(&person(2)).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn with_events_present_what_is_missing_or_wrong_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    assert!(refusal(&dir, KeyringPolicy::MustExist).contains("keys.db is missing, but events are present"));
    assert!(!dir.path().join("keys").exists(), "a refusal makes nothing");
    open_with(&dir, 1, KeyringPolicy::MayBeNew).unwrap().close().await;
    let master = dir.path().join("keys/master.key");
    let aside = dir.path().join("aside");
    std::fs::rename(&master, &aside).unwrap();
    assert!(
        refusal(&dir, KeyringPolicy::MustExist).contains("master.key is missing, but events are present")
    );
    assert!(refusal(&dir, KeyringPolicy::MayBeNew).contains("master.key is missing, but keys.db is present"));
    std::fs::write(&master, "0123\n").unwrap();
    assert!(refusal(&dir, KeyringPolicy::MayBeNew).contains("64 hexadecimal digits"));
    std::fs::write(&master, "ab".repeat(32)).unwrap();
    assert!(refusal(&dir, KeyringPolicy::MustExist).contains("not the one that keys.db was made under"));
    assert!(refusal(&dir, KeyringPolicy::MayBeNew).contains("not the one that keys.db was made under"));
    std::fs::rename(&aside, &master).unwrap();
    open_with(&dir, 2, KeyringPolicy::MustExist)
        .unwrap()
        .close()
        .await;
    for file in ["keys.db", "keys.db-wal", "keys.db-shm"] {
        drop(std::fs::remove_file(dir.path().join("keys").join(file)));
    }
    assert!(refusal(&dir, KeyringPolicy::MustExist).contains("keys.db is missing"));
}

#[tokio::test]
async fn a_first_start_cut_after_the_master_key_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let keys = dir.path().join("keys");
    MasterKey::in_dir(&keys).create(&HashIds::new(5)).unwrap();
    let master = std::fs::read(keys.join(MASTER_KEY_FILE)).unwrap();
    open_with(&dir, 1, KeyringPolicy::MayBeNew).unwrap();
    assert_eq!(std::fs::read(keys.join(MASTER_KEY_FILE)).unwrap(), master);
}

/// Runs `one` in four threads at once, which stand for four processes. Returns their results.
fn at_once<T: Send>(one: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let begin = std::sync::Barrier::new(4);
    let run = |process| {
        begin.wait();
        one(process)
    };
    let run = &run;
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|process| scope.spawn(move || run(process))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[tokio::test]
async fn first_starts_at_once_make_one_master_key_and_one_secret() {
    for round in 0..8 {
        let dir = tempfile::tempdir().unwrap();
        let vaults =
            at_once(|process| open_with(&dir, round * 10 + process, KeyringPolicy::MayBeNew).unwrap());
        let secrets: std::collections::BTreeSet<_> =
            vaults.iter().map(|vault| vault.derive_number("1")).collect();
        assert_eq!(secrets.len(), 1, "one secret");
        let made = vaults[0].key(&person(1)).await.unwrap();
        for vault in &vaults {
            assert_eq!(vault.key(&person(1)).await.unwrap().bytes(), made.bytes());
        }
        open_with(&dir, 99, KeyringPolicy::MustExist)
            .expect("the master key in the file is the one in force");
    }
}

#[test]
fn a_master_key_is_never_overwritten_by_another_process() {
    let dir = tempfile::tempdir().unwrap();
    let master = MasterKey::in_dir(dir.path());
    let made = at_once(|process| *master.create(&HashIds::new(process)).unwrap().bytes());
    let kept = *master.read().unwrap().unwrap().bytes();
    assert_eq!(made, [kept; 4]);
    assert_eq!(
        std::fs::read_dir(dir.path()).unwrap().count(),
        1,
        "no temporary file is left"
    );
}

#[tokio::test]
async fn another_start_is_not_refused_while_keys_are_written_and_read() {
    let dir = tempfile::tempdir().unwrap();
    let vault = open_with(&dir, 1, KeyringPolicy::MayBeNew).unwrap();
    vault.key(&person(1)).await.unwrap();
    let reader = rusqlite::Connection::open(dir.path().join("keys").join(KEYS_FILE)).unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM installation").unwrap();
    let made = vault.key(&person(2)).await.unwrap();
    let other = open_with(&dir, 2, KeyringPolicy::MustExist)
        .expect("the write-ahead log cannot be truncated, and need not be");
    assert_eq!(other.key(&person(2)).await.unwrap().bytes(), made.bytes());
}

#[tokio::test]
async fn files_are_private_and_hold_no_key_in_clear() {
    let dir = tempfile::tempdir().unwrap();
    let vault = open_with(&dir, 1, KeyringPolicy::MayBeNew).unwrap();
    let key = vault.key(&person(1)).await.unwrap();
    vault.close().await;
    let keys = dir.path().join("keys");
    let mode = |file: &str| std::fs::metadata(keys.join(file)).unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (mode(""), mode("master.key"), mode("keys.db")),
        (0o700, 0o600, 0o600)
    );
    for file in std::fs::read_dir(&keys).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(32).any(|window| window == key.bytes()));
    }
}

#[tokio::test]
async fn a_destroyed_key_is_in_no_file_and_an_older_copy_of_the_file_brings_it_not_back() {
    let dir = tempfile::tempdir().unwrap();
    let keys = dir.path().join("keys");
    let vault = open_with(&dir, 1, KeyringPolicy::MayBeNew).unwrap();
    for number in 0..50 {
        vault.key(&person(number)).await.unwrap();
    }
    vault.close().await;
    let old = std::fs::read(keys.join("keys.db")).unwrap();
    let wrapped: Vec<u8> = rusqlite::Connection::open(keys.join("keys.db"))
        .unwrap()
        .query_row(
            "SELECT wrapped FROM person_key WHERE customer = ?1",
            [person(7).as_str()],
            |row| row.get(0),
        )
        .unwrap();
    let is_there = || {
        let files = std::fs::read_dir(&keys).unwrap();
        files.into_iter().any(|file| {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            bytes.windows(wrapped.len()).any(|window| window == wrapped)
        })
    };
    assert!(is_there(), "the search finds an existing key");
    let at = Timestamp::from_millis(1_000);
    let vault = open_with(&dir, 1, KeyringPolicy::MustExist).unwrap();
    vault.key(&person(7)).await.unwrap();
    assert_eq!(vault.destroy(&person(7), at).await.unwrap().at, at);
    assert!(!is_there(), "with the database still open");
    vault.close().await;
    assert!(!is_there());
    std::fs::write(keys.join("keys.db"), old).unwrap();
    let vault = open_with(&dir, 1, KeyringPolicy::MustExist).unwrap();
    assert!(matches!(
        vault.key(&person(7)).await,
        Err(VaultError::Destroyed(_))
    ));
    assert!(!is_there(), "destroyed again before anything opens");
    assert!(vault.existing_key(&person(8)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_wrapped_key_moved_to_another_person_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let vault = open_with(&dir, 1, KeyringPolicy::MayBeNew).unwrap();
    vault.key(&person(1)).await.unwrap();
    vault.close().await;
    let file = rusqlite::Connection::open(dir.path().join("keys/keys.db")).unwrap();
    file.execute("UPDATE person_key SET customer = ?1", [person(2).as_str()])
        .unwrap();
    drop(file);
    let vault = open_with(&dir, 1, KeyringPolicy::MustExist).unwrap();
    let refused = vault.existing_key(&person(2)).await;
    assert!(matches!(refused, Err(VaultError::WrongMaster(_))), "{refused:?}");
}

#[tokio::test]
async fn after_a_failed_commit_keys_are_made_again_once_the_file_takes_them() {
    let dir = tempfile::tempdir().unwrap();
    let keys = dir.path().join("keys");
    let ids = Arc::new(HashIds::new(1));
    let master = MasterKey::in_dir(&keys).create(&*ids).unwrap();
    let (keys, _) = Keys::open(&keys, master, ids, true).unwrap();
    let existing = keys.find_or_make(&[person(1)]).unwrap();
    let failed = SharedFailure::default();
    let keeper = Keeper {
        keys,
        failed: Arc::clone(&failed),
    };
    let (requests, receiver) = mpsc::channel(KEY_QUEUE_MAX);
    SuiteTasks::default().thread("key keeper", Box::new(move || keeper.run(receiver)));
    let ask = async |number| {
        let (answer, answered) = oneshot::channel();
        let ask = KeyRequest {
            person: person(number),
            wanted: MissingKeyAction::Made,
            answer,
        };
        requests.try_send(Request::Ask(ask)).unwrap();
        answered.await.unwrap()
    };
    let file = rusqlite::Connection::open(dir.path().join("keys/keys.db")).unwrap();
    file.execute_batch(
        "CREATE TRIGGER full BEFORE INSERT ON person_key BEGIN SELECT RAISE(ABORT, 'full'); END",
    )
    .unwrap();
    for _ in 0..2 {
        assert!(matches!(ask(2).await, Err(VaultError::Unavailable(_))));
        assert!(failure_reason(&failed).is_some());
        assert_eq!(ask(1).await.unwrap().unwrap().bytes(), existing[0].bytes());
    }
    file.execute_batch("DROP TRIGGER full").unwrap();
    let made = ask(2).await.unwrap().unwrap();
    assert_eq!(failure_reason(&failed), None);
    assert_eq!(ask(2).await.unwrap().unwrap().bytes(), made.bytes());
    file.execute_batch("UPDATE installation SET id = 'another'")
        .unwrap();
    file.execute_batch(
        "CREATE TRIGGER full BEFORE INSERT ON person_key BEGIN SELECT RAISE(ABORT, 'full'); END",
    )
    .unwrap();
    ask(3).await.unwrap_err();
    file.execute_batch("DROP TRIGGER full").unwrap();
    let foreign = ask(3).await;
    assert!(matches!(foreign, Err(VaultError::WrongMaster(_))), "{foreign:?}");
}
