//! The check of `ledgerline doctor` for the place of the master key: a copy of the data directory must not
//! open itself.

use crate::commands::doctor_check::{Check, CheckStatus, says};
use host::keys_spec::{KeysSpec, MasterSpec};
use std::path::{Path, PathBuf};
use store::MASTER_KEY_FILE;

/// Checks that the master key is not in the data directory, which is copied and mounted as a whole. `None` if
/// there is no master key yet.
pub(super) fn check_master_key(keys: &KeysSpec, directory: &Path) -> Option<Check> {
    const NAME: &str = "master key";
    let Some(file) = master_key_file(keys, directory) else {
        let says = says!("不在数据目录中", "not in the data directory");
        return Some(Check::new(NAME, CheckStatus::Good, says));
    };
    if !file.exists() {
        return None;
    }
    if !file.starts_with(directory) {
        let says = says!("位于 {}", "in {}", file.display());
        return Some(Check::new(NAME, CheckStatus::Good, says));
    }
    let says = says!(
        "位于数据目录中（{}）：数据目录或数据卷的副本不需要其他密钥即可读取；请单独存放（--master-key file:PATH）",
        "in the data directory ({}): a copy of the directory or volume can be read without any other key; keep it \
         elsewhere (--master-key file:PATH)",
        file.display()
    );
    Some(Check::new(NAME, CheckStatus::Note, says))
}

/// Returns the file of the master key; `None` if a variable or a program supplies it.
fn master_key_file(keys: &KeysSpec, directory: &Path) -> Option<PathBuf> {
    match &keys.master_key {
        None => Some(keys.directory(directory).join(MASTER_KEY_FILE)),
        Some(MasterSpec::File(path)) => Some(path.clone()),
        Some(MasterSpec::Env(_) | MasterSpec::Exec(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(master_key: Option<MasterSpec>, directory: &Path) -> Option<&'static str> {
        let keys = KeysSpec {
            keys: None,
            master_key,
        };
        check_master_key(&keys, directory).map(|check| check.finding.word())
    }

    #[test]
    fn only_a_master_key_in_the_data_directory_is_remarked() {
        let (data, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        assert_eq!(finding(None, data.path()), None, "no key yet");
        let own = data.path().join("keys");
        std::fs::create_dir(&own).unwrap();
        std::fs::write(own.join(MASTER_KEY_FILE), "key").unwrap();
        assert_eq!(finding(None, data.path()), Some("note"));
        let outside = elsewhere.path().join("master");
        std::fs::write(&outside, "key").unwrap();
        assert_eq!(finding(Some(MasterSpec::File(outside)), data.path()), Some("ok"));
        let variable = Some(MasterSpec::Env("MASTER".to_owned()));
        assert_eq!(finding(variable, data.path()), Some("ok"));
    }
}
