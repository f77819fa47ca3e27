//! Detects a lost log by what it leaves beside it: keys of customers, proofs, recordings. If those exist and
//! the log does not, it was lost. A new log beside them would dial customers who opted out in the old one.

use crate::app::error::AppError;
use crate::data_dir::RECORDINGS_DIR;
use crate::keys_spec::KeysSpec;
use std::path::Path;
use store::proof::{CHECKPOINT_FILE, EARLIER_DIR, PROOF_DIR};

/// Fails with `MissingLog` if a new log would begin where an earlier one was. A first start that was killed
/// before its first event left nothing: keys of customers are made with the events about them.
pub(crate) fn refuse_new_log(data: &Path, keys: &KeysSpec) -> Result<(), AppError> {
    match find_log_leftovers(data, keys)? {
        None => Ok(()),
        Some(left) => Err(AppError::MissingLog(left)),
    }
}

/// Returns in words, with the paths, which proofs, recordings and customers' keys an earlier log has left;
/// `None` if there are none. Keys in a database do not count.
pub fn find_log_leftovers(data: &Path, keys: &KeysSpec) -> Result<Option<String>, AppError> {
    let proof = data.join(PROOF_DIR);
    let recordings = data.join(RECORDINGS_DIR);
    let keys_dir = keys.directory(data);
    let mut left = Vec::new();
    if proof.join(CHECKPOINT_FILE).exists() || proof.join(EARLIER_DIR).exists() {
        left.push(format!("the proof ({})", proof.display()));
    }
    if std::fs::read_dir(&recordings).is_ok_and(|mut entries| entries.next().is_some()) {
        left.push(format!("recordings ({})", recordings.display()));
    }
    // Keys in a database may be shared by several installations; those in a directory belong to one log.
    if keys.url().is_none() && store::has_people(&keys_dir)? {
        left.push(format!("keys of people ({})", keys_dir.display()));
    }
    Ok((!left.is_empty()).then(|| left.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::OpenDataDir;
    use crate::data_dir::KEYS_DIR;
    use crate::open_settings::OpenSettings;
    use std::fs;

    const LOG_FILES: [&str; 4] = ["events.db", "events.db-wal", "events.db-shm", "index.db"];

    fn remove(directory: &Path, files: &[&str]) {
        for file in files {
            drop(fs::remove_file(directory.join(file)));
        }
    }

    fn settings(data: &Path) -> OpenSettings {
        OpenSettings::of_directory(data.to_owned())
    }

    async fn refused(data: &Path) -> Option<String> {
        match OpenDataDir::open(&settings(data)).await {
            Ok(opened) => {
                opened.close().await;
                None
            }
            Err(error) => Some(error.to_string()),
        }
    }

    #[tokio::test]
    async fn no_log_is_made_beside_the_keys_proofs_or_recordings_of_a_lost_one() {
        for left in ["proof/checkpoint", "recordings/a.wav", "keys of people"] {
            let dir = tempfile::tempdir().unwrap();
            // A first start that ended before its first event is continued.
            assert_eq!(refused(dir.path()).await, None, "{left}");
            let opened = OpenDataDir::open(&settings(dir.path())).await.unwrap();
            if left == "keys of people" {
                let person = opened.environment.vault.derive_customer("C1");
                opened.environment.vault.key(&person).await.unwrap();
            } else {
                let file = dir.path().join(left);
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(file, "x").unwrap();
            }
            opened.close().await;
            drop(opened);
            for (log, files) in [("empty", &[][..]), ("missing", &LOG_FILES[..])] {
                remove(dir.path(), files);
                let why = refused(dir.path()).await.unwrap();
                assert!(why.contains("ledgerline backup restore"), "{left}, {log}: {why}");
            }
            assert!(
                !dir.path().join("events.db").exists(),
                "{left}: nothing is created"
            );
            assert!(dir.path().join(KEYS_DIR).exists());
        }
    }
}
