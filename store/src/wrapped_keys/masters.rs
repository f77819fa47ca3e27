//! Which master key is in force: the one under its name, or the one that a rotation left beside it.

use super::rows::WrappedKeys;
use crate::file_vault::master::MasterKey;
use crate::sealing::Secret;
use domain::ports::id_source::IdSource;
use domain::ports::vault::VaultError;
use std::fs::File;
use std::sync::Arc;

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
    pub(super) async fn find(
        &self,
        keys: &dyn WrappedKeys,
        ids: &Arc<dyn IdSource>,
    ) -> Result<Secret, VaultError> {
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
