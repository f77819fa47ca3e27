//! Rotation: everything that is wrapped in a place wrapped anew under another master key.
//!
//! The new key is written beside the old one first (`….next`), then the place's transaction commits, then the
//! new key takes its name. A crash before the commit leaves the old key in force and after it the new one: an
//! open tries the one that stands under its name, then the one beside it. What is beside is taken or dropped
//! only by who holds the turn of the master key's folder, so that no open undoes a rotation that runs.

use super::KeyPlace;
use super::masters::Masters;
use super::rows::{Rotated, WrappedKeys};
use crate::file_vault::master::MasterKey;
use crate::sealing::Secret;
use domain::ports::id_source::IdSource;
use domain::ports::vault::VaultError;
use std::fs::File;
use std::sync::Arc;

/// Wraps all keys of a place anew. With `new` the master key comes from there from now on; without it a new
/// one is made where the old one stands. A rotation that was cut off is brought to its end first; one to
/// `new` whose keys are wrapped already answers what stands.
///
/// A directory's keys must be open nowhere else. Servers on a database's keys make and read no key afterwards
/// until they are started again.
pub async fn rotate_keys(
    place: &KeyPlace,
    old: &MasterKey,
    new: Option<&MasterKey>,
    ids: &Arc<dyn IdSource>,
) -> Result<Rotated, VaultError> {
    let keys = place.wrapped();
    if old.read()?.is_none() {
        let why = format!("{} is missing", old.place());
        return Err(VaultError::WrongMaster(why));
    }
    let masters = Masters::read(old, ids.as_ref())?;
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

/// What stands, if a rotation to `new` was cut off after its commit; else the refusal of the old key.
async fn already(
    keys: &dyn WrappedKeys,
    new: &MasterKey,
    ids: &Arc<dyn IdSource>,
    why: String,
) -> Result<Rotated, VaultError> {
    let Some(secret) = new.read()? else {
        return Err(VaultError::WrongMaster(why));
    };
    if keys.check(&secret, ids).await.is_err() {
        return Err(VaultError::WrongMaster(why));
    }
    let standing = keys.read().await?;
    Ok(Rotated {
        keys_count: standing.keys.len() as u64,
        wrapping: standing.installation.wrapping,
    })
}

/// A rotation whose new key is durable somewhere.
pub(crate) struct Rotation<'a> {
    pub(crate) secret: Secret,
    /// Whose key beside it is to be taken once all is wrapped.
    taken_by: Option<&'a MasterKey>,
    /// Held until the new key has its name.
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
                "a given master key is not made here: name the new one".to_owned(),
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
