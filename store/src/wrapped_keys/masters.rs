//! Determines which master key is current: the one in the configured file, or the new one that a rotation
//! left beside it.

use super::rows::WrappedKeys;
use crate::file_vault::master::MasterKey;
use crate::sealing::Secret;
use domain::ports::id_source::IdSource;
use domain::ports::vault::VaultError;
use std::fs::File;
use std::sync::Arc;

/// Which master key opened the wrapped keys: the configured one, or a rotation's new one beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MasterInUse {
    Current,
    Beside,
}

/// The master key, and the new one of a rotation that is in progress or was interrupted.
pub(crate) struct MasterKeys<'a> {
    master: &'a MasterKey,
    pub(crate) current: Secret,
    pub(crate) beside: Option<Secret>,
    /// The lock for clean-up, if it was free: a running rotation holds it.
    turn: Option<File>,
}

impl<'a> MasterKeys<'a> {
    /// Reads the master key and the new one of a rotation, if there is one. Makes the master key if its
    /// file does not exist.
    pub(crate) fn read(master: &'a MasterKey, ids: &dyn IdSource) -> Result<Self, VaultError> {
        let next = master.next();
        let leftover = match &next {
            Some(next) => next.read()?.is_some(),
            None => false,
        };
        // Both are read again under the lock, because a rotation may have ended in between.
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

    /// Returns the master key that opens the wrapped keys, after completing or undoing an interrupted
    /// rotation. Fails if neither key opens them.
    pub(super) async fn find(
        &self,
        keys: &dyn WrappedKeys,
        ids: &Arc<dyn IdSource>,
    ) -> Result<Secret, VaultError> {
        match (keys.check(&self.current, ids).await, &self.beside) {
            (Ok(()), _) => {
                self.settle(MasterInUse::Current)?;
                Ok(self.current.clone())
            }
            (Err(VaultError::WrongMaster(_)), Some(beside)) => {
                keys.check(beside, ids).await?;
                self.settle(MasterInUse::Beside)?;
                Ok(beside.clone())
            }
            (Err(error), _) => Err(error),
        }
    }

    /// Completes or undoes an interrupted rotation: keeps the key that is in use. Does nothing if there is
    /// no new key, or while a rotation is in progress.
    pub(crate) fn settle(&self, in_force: MasterInUse) -> Result<(), VaultError> {
        if self.beside.is_none() || self.turn.is_none() {
            return Ok(());
        }
        match in_force {
            MasterInUse::Current => {
                tracing::warn!(
                    "a rotation of the master key was interrupted before its commit; it is undone"
                );
                self.master.drop_next()
            }
            MasterInUse::Beside => {
                tracing::warn!("a rotation of the master key was interrupted; it is completed");
                self.master.take_next()
            }
        }
    }
}
