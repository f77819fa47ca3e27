//! Rotation: everything that is wrapped in a place wrapped anew under another master key.
//!
//! The new key is written beside the old one first (`….next`), then the place's transaction commits, then the
//! new key takes its name. A crash before the commit leaves the old key in force and after it the new one: an
//! open tries the one that stands under its name, then the one beside it. What is beside is taken or dropped
//! only by who holds the turn of the master key's folder, so that no open undoes a rotation that runs.

use super::{KeyPlace, WrappedKeys};
use crate::file_vault::MasterKey;
use crate::sealing::Secret;
use domain::ports::id_source::IdSource;
use domain::ports::vault::VaultError;
use std::fs::File;
use std::sync::Arc;

/// What a rotation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotated {
    pub keys_count: u64,
    /// Number of the wrapping now in force; the first is 1.
    pub wrapping: i64,
}

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

/// Which of two keys opened what is wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InForce {
    Current,
    Beside,
}

/// The master key, and the one that a rotation left, or has just put, beside it.
pub(crate) struct Masters<'a> {
    master: &'a MasterKey,
    pub(crate) current: Secret,
    pub(crate) beside: Option<Secret>,
    /// Who holds it may tidy up; nobody does while a rotation runs.
    turn: Option<File>,
}

impl<'a> Masters<'a> {
    /// Reads both; makes the master key where there is none.
    pub(crate) fn read(master: &'a MasterKey, ids: &dyn IdSource) -> Result<Self, VaultError> {
        let next = master.next();
        let leftover = match &next {
            Some(next) => next.read()?.is_some(),
            None => false,
        };
        // Both are read again under the turn: a rotation may have ended between.
        let turn = if leftover { master.try_turn() } else { None };
        let current = match master.read()? {
            Some(secret) => secret,
            None => master.create(ids)?,
        };
        let beside = match &next {
            Some(next) => next.read()?,
            None => None,
        };
        Ok(Self {
            master,
            current,
            beside,
            turn,
        })
    }

    /// The key in force, tidied up after a rotation that was cut off.
    async fn find(&self, keys: &dyn WrappedKeys, ids: &Arc<dyn IdSource>) -> Result<Secret, VaultError> {
        match (keys.check(&self.current, ids).await, &self.beside) {
            (Ok(()), _) => {
                self.settle(InForce::Current)?;
                Ok(self.current.clone())
            }
            (Err(VaultError::WrongMaster(_)), Some(beside)) => {
                keys.check(beside, ids).await?;
                self.settle(InForce::Beside)?;
                Ok(beside.clone())
            }
            (Err(error), _) => Err(error),
        }
    }

    /// Tidies up after a rotation that was cut off, unless one runs.
    pub(crate) fn settle(&self, in_force: InForce) -> Result<(), VaultError> {
        if self.beside.is_none() || self.turn.is_none() {
            return Ok(());
        }
        match in_force {
            InForce::Current => {
                tracing::warn!("a rotation of the master key was cut off before it was in force");
                self.master.drop_next()
            }
            InForce::Beside => {
                tracing::warn!("a rotation of the master key was cut off and is brought to its end");
                self.master.take_next()
            }
        }
    }
}
