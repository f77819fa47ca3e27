//! What a process closes after everything that uses it: stores and vaults, whatever their makes.

use async_trait::async_trait;
use domain::ports::event_store::StoreError;
use store::{FileVault, PostgresEventStore, PostgresVault, SqliteEventStore};

/// Closed once nobody uses it any more; what was accepted before is kept.
#[async_trait]
pub(super) trait Closing: Send + Sync {
    /// Why it takes no more writes; `None` while it does.
    fn failure(&self) -> Option<String> {
        None
    }

    /// Why it never takes writes again in this process; `None` while there is hope.
    fn lost(&self) -> Option<String> {
        None
    }

    /// What was wrong with an index that had to be made again when the log was opened.
    fn index_remade(&self) -> Option<String> {
        None
    }

    async fn close(&self);
}

#[async_trait]
impl Closing for SqliteEventStore {
    fn failure(&self) -> Option<String> {
        Self::failure(self).map(|failure| failure.to_string())
    }

    fn lost(&self) -> Option<String> {
        Self::failure(self)
            .filter(|failure| matches!(failure, StoreError::Damaged(_)))
            .map(|failure| failure.to_string())
    }

    fn index_remade(&self) -> Option<String> {
        Self::index_remade(self).map(|remade| remade.why.clone())
    }

    async fn close(&self) {
        Self::close(self).await;
    }
}

#[async_trait]
impl Closing for PostgresEventStore {
    fn failure(&self) -> Option<String> {
        let failure = Self::failure(self).or_else(|| self.refuses());
        failure.map(|failure| failure.to_string())
    }

    async fn close(&self) {
        Self::close(self).await;
    }
}

#[async_trait]
impl Closing for FileVault {
    fn failure(&self) -> Option<String> {
        Self::failure(self).map(|failure| failure.to_string())
    }

    async fn close(&self) {
        Self::close(self).await;
    }
}

#[async_trait]
impl Closing for PostgresVault {
    async fn close(&self) {
        Self::close(self);
    }
}
