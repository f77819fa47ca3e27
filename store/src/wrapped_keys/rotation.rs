//! Rotation: wraps everything in a key place again under another master key.
//!
//! The new key is first written beside the old one (`….next`), then the place's transaction commits, then
//! the new key replaces the old one. After a crash before the commit the old key is in force, after it the
//! new one: opening tries the key in the configured file, then the one beside it. Only the holder of the
//! lock on the master key's folder uses or removes the key beside, so that opening never disturbs a rotation
//! in progress.

use super::KeyStoreLocation;
use super::masters::MasterKeys;
use super::rows::{RotationResult, WrappedKeys};
use crate::file_vault::master::MasterKey;
use crate::sealing::Secret;
use domain::ports::id_source::IdSource;
use domain::ports::vault::VaultError;
use std::fs::File;
use std::sync::Arc;

/// Wraps all keys of a place again. With `new`, the master key comes from there from now on; without it, a
/// new one replaces the old one in its file. An interrupted rotation is completed first. If the keys are
/// already wrapped under `new`, returns the current state.
///
/// A directory's keys must not be open anywhere else. Servers that use a database's keys can make and read no
/// key afterwards until they are restarted.
pub async fn rotate_keys(
    place: &KeyStoreLocation,
    old: &MasterKey,
    new: Option<&MasterKey>,
    ids: &Arc<dyn IdSource>,
) -> Result<RotationResult, VaultError> {
    let keys = place.wrapped();
    if old.read()?.is_none() {
        let why = format!("{} is missing", old.place());
        return Err(VaultError::WrongMaster(why));
    }
    let masters = MasterKeys::read(old, ids.as_ref())?;
    let current = match masters.find(keys.as_ref(), ids).await {
        Err(VaultError::WrongMaster(why)) => {
            return match new {
                Some(new) => already(keys.as_ref(), new, ids, why).await,
                None => Err(VaultError::WrongMaster(why)),
            };
        }
        found => found?,
    };
    drop(masters);
    let rotation = Rotation::prepare(old, new, ids.as_ref())?;
    if rotation.secret.bytes() == current.bytes() {
        return Err(VaultError::WrongMaster(
            "the new master key is the one in force".to_owned(),
        ));
    }
    let rotated = keys.rewrap(&current, &rotation.secret, ids).await?;
    rotation.finish()?;
    Ok(rotated)
}

/// Returns the current state if `new` already opens the keys: an earlier rotation to it was interrupted
/// after its commit. Otherwise fails with `WrongMaster` and the reason `why`.
async fn already(
    keys: &dyn WrappedKeys,
    new: &MasterKey,
    ids: &Arc<dyn IdSource>,
    why: String,
) -> Result<RotationResult, VaultError> {
    let Some(secret) = new.read()? else {
        return Err(VaultError::WrongMaster(why));
    };
    if keys.check(&secret, ids).await.is_err() {
        return Err(VaultError::WrongMaster(why));
    }
    let standing = keys.read().await?;
    Ok(RotationResult {
        keys_count: standing.keys.len() as u64,
        wrapping: standing.installation.wrapping,
    })
}

/// A rotation with a new key that is already durable.
pub(crate) struct Rotation<'a> {
    pub(crate) secret: Secret,
    /// The configured master key, which the new key's file replaces after the wrapping; `None` if the new
    /// key has its own source.
    taken_by: Option<&'a MasterKey>,
    /// The lock, held until the new key has replaced the old one.
    _turn: Option<File>,
}

impl<'a> Rotation<'a> {
    pub(crate) fn prepare(
        old: &'a MasterKey,
        new: Option<&MasterKey>,
        ids: &dyn IdSource,
    ) -> Result<Self, VaultError> {
        if let Some(new) = new {
            let secret = match new.read()? {
                Some(secret) => secret,
                None => new.create(ids)?,
            };
            return Ok(Self {
                secret,
                taken_by: None,
                _turn: None,
            });
        }
        let Some(next) = old.next() else {
            return Err(VaultError::WrongMaster(
                "a given master key cannot be generated: name the new one".to_owned(),
            ));
        };
        let turn = old.wait_turn();
        Ok(Self {
            secret: next.create(ids)?,
            taken_by: Some(old),
            _turn: turn,
        })
    }

    pub(crate) fn finish(self) -> Result<(), VaultError> {
        self.taken_by.map_or(Ok(()), MasterKey::take_next)
    }
}
