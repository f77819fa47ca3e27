//! Rotation: everything in `keys.db` wrapped anew under another master key, in one transaction.
//!
//! The new key is written beside the old one first (`….next`), then the transaction commits, then the new
//! key takes its name. A crash before the commit leaves the old key in force and after it the new one: an
//! open tries the one that stands under its name, then the one beside it.

use super::keys::Keys;
use super::master::MasterKey;
use crate::sealing::Secret;
use domain::ports::id_source::IdSource;
use domain::ports::vault::VaultError;
use std::path::Path;
use std::sync::Arc;

/// What a rotation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotated {
    pub keys_count: u64,
    /// Number of the wrapping now in force; the first is 1.
    pub wrapping: i64,
}

/// Wraps all keys of a directory anew. Nothing else may have it open. With `new` the master key comes from
/// there from now on; without it a new one is made where the old one stands.
pub fn rotate_keys(
    dir: &Path,
    old: &MasterKey,
    new: Option<&MasterKey>,
    ids: &Arc<dyn IdSource>,
) -> Result<Rotated, VaultError> {
    let (mut keys, _) = open_keys(dir, old, ids, false)?;
    let rotation = Rotation::prepare(old, new, ids.as_ref())?;
    let rotated = keys.rewrap(rotation.secret.clone())?;
    rotation.finish()?;
    Ok(rotated)
}

/// A rotation whose new key is durable somewhere.
pub(super) struct Rotation<'a> {
    pub(super) secret: Secret,
    /// Whose key beside it is to be taken once all is wrapped.
    taken_by: Option<&'a MasterKey>,
}

impl<'a> Rotation<'a> {
    pub(super) fn prepare(
        old: &'a MasterKey,
        new: Option<&MasterKey>,
        ids: &dyn IdSource,
    ) -> Result<Self, VaultError> {
        if let Some(new) = new {
            let secret = match new.read()? {
                Some(secret) => secret,
                None => new.create(ids)?,
            };
            let taken_by = None;
            return Ok(Self { secret, taken_by });
        }
        let Some(next) = old.next() else {
            return Err(VaultError::WrongMaster(
                "a given master key is not made here: name the new one".to_owned(),
            ));
        };
        Ok(Self {
            secret: next.create(ids)?,
            taken_by: Some(old),
        })
    }

    pub(super) fn finish(self) -> Result<(), VaultError> {
        self.taken_by.map_or(Ok(()), MasterKey::take_next)
    }
}

/// Opens the keys under the master key, or under the one that a rotation left beside it.
pub(super) fn open_keys(
    dir: &Path,
    master: &MasterKey,
    ids: &Arc<dyn IdSource>,
    make: bool,
) -> Result<(Keys, Secret), VaultError> {
    let secret = match master.read()? {
        Some(secret) => secret,
        None => master.create(ids.as_ref())?,
    };
    let beside = match master.next() {
        Some(next) => next.read()?,
        None => None,
    };
    match (Keys::open(dir, secret, Arc::clone(ids), make), beside) {
        (Ok(opened), Some(_)) => {
            tracing::warn!("a rotation of the master key was cut off before it was in force");
            master.drop_next()?;
            Ok(opened)
        }
        (Err(VaultError::WrongMaster(_)), Some(next)) => {
            let opened = Keys::open(dir, next, Arc::clone(ids), make)?;
            tracing::warn!("a rotation of the master key was cut off and is brought to its end");
            master.take_next()?;
            Ok(opened)
        }
        (opened, _) => opened,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file_vault::KEYS_FILE;
    use crate::file_vault::keys::Found;
    use crate::test_ports::HashIds;
    use crate::vault_contract::person;
    use domain::ids::CustomerId;
    use domain::time::Timestamp;

    fn ids(seed: u64) -> Arc<dyn IdSource> {
        Arc::new(HashIds::new(seed))
    }

    fn made(dir: &Path) -> Vec<(CustomerId, [u8; 32])> {
        let master = MasterKey::in_dir(dir);
        let (keys, _) = open_keys(dir, &master, &ids(1), true).unwrap();
        let persons: Vec<_> = (0..2_500).map(person).collect();
        let made = keys.find_or_make(&persons).unwrap();
        keys.destroy(&person(7), Timestamp::from_millis(5)).unwrap();
        made.into_iter()
            .map(|key| (key.person().clone(), *key.bytes()))
            .filter(|(one, _)| *one != person(7))
            .collect()
    }

    fn holds(dir: &Path, master: &MasterKey, expected: &[(CustomerId, [u8; 32])]) {
        let (keys, _) = open_keys(dir, master, &ids(2), false).unwrap();
        for (person, bytes) in expected {
            let Found::Key(key) = keys.find(person).unwrap() else {
                panic!("{person} has no key");
            };
            assert_eq!(key.bytes(), bytes);
        }
        assert!(matches!(keys.find(&person(7)).unwrap(), Found::Destroyed(_)));
    }

    #[test]
    fn after_a_rotation_the_old_master_key_opens_nothing_and_the_new_one_everything() {
        let dir = tempfile::tempdir().unwrap();
        let expected = made(dir.path());
        let master = MasterKey::in_dir(dir.path());
        let old = std::fs::read(dir.path().join("master.key")).unwrap();
        let rotated = rotate_keys(dir.path(), &master, None, &ids(3)).unwrap();
        assert_eq!((rotated.keys_count, rotated.wrapping), (2_499, 2));
        holds(dir.path(), &master, &expected);
        let new = std::fs::read(dir.path().join("master.key")).unwrap();
        assert_ne!(new, old);
        std::fs::write(dir.path().join("master.key"), old).unwrap();
        let refused = open_keys(dir.path(), &master, &ids(4), false);
        assert!(matches!(refused.err(), Some(VaultError::WrongMaster(_))));
    }

    #[test]
    fn a_rotation_cut_anywhere_leaves_one_key_that_opens_everything() {
        for steps in 0..3 {
            let dir = tempfile::tempdir().unwrap();
            let expected = made(dir.path());
            let master = MasterKey::in_dir(dir.path());
            let (mut keys, _) = open_keys(dir.path(), &master, &ids(1), false).unwrap();
            if steps >= 1 {
                let rotation = Rotation::prepare(&master, None, &HashIds::new(9)).unwrap();
                if steps >= 2 {
                    keys.rewrap(rotation.secret).unwrap();
                }
            }
            drop(keys);
            holds(dir.path(), &master, &expected);
            assert!(
                !dir.path().join("master.key.next").exists(),
                "after {steps} steps"
            );
            holds(dir.path(), &master, &expected);
        }
    }

    #[test]
    fn a_given_key_replaces_a_file_and_a_wrong_one_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let expected = made(dir.path());
        let master = MasterKey::in_dir(dir.path());
        let given = MasterKey::given(&"ab".repeat(32)).unwrap();
        rotate_keys(dir.path(), &master, Some(&given), &ids(3)).unwrap();
        holds(dir.path(), &given, &expected);
        for wrong in [master, MasterKey::given(&"ac".repeat(32)).unwrap()] {
            let refused = open_keys(dir.path(), &wrong, &ids(4), false).err();
            let Some(VaultError::WrongMaster(why)) = refused else {
                panic!("{refused:?}");
            };
            assert!(why.contains("not the one that keys.db was made under"), "{why}");
        }
        assert!(dir.path().join(KEYS_FILE).exists());
    }

    #[test]
    fn a_master_key_is_read_as_hexadecimal_or_base64_of_32_bytes() {
        let base64 = "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=";
        let one = MasterKey::given(&"ab".repeat(32))
            .unwrap()
            .read()
            .unwrap()
            .unwrap();
        let same = MasterKey::given(base64).unwrap().read().unwrap().unwrap();
        assert_eq!(one.bytes(), same.bytes());
        for wrong in ["", "ab", &"ab".repeat(31), &"ab".repeat(33), "q6urq6s="] {
            assert!(MasterKey::given(wrong).is_none(), "{wrong}");
        }
    }
}
