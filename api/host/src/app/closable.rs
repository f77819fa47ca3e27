//! What a process closes last, after everything that uses it: stores and vaults of every kind.

use async_trait::async_trait;
use domain::ports::event_store::StoreError;
use store::{FileVault, PostgresEventStore, PostgresVault, SqliteEventStore};

/// A store or vault that is closed when nothing uses it any more. What it accepted before stays stored.
#[async_trait]
pub(super) trait ClosableResource: Send + Sync {
    /// Returns why no writes are accepted now; `None` if they are.
    fn failure(&self) -> Option<String> {
        None
    }

    /// Returns why this process can never write again; `None` while it may recover.
    fn lost(&self) -> Option<String> {
        None
    }

    /// Returns what was wrong with an index that was rebuilt when the log was opened; `None` if it was not.
    fn index_remade(&self) -> Option<String> {
        None
    }

    async fn close(&self);
}

#[async_trait]
impl ClosableResource for SqliteEventStore {
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
impl ClosableResource for PostgresEventStore {
    fn failure(&self) -> Option<String> {
        let failure = Self::failure(self).or_else(|| self.refuses());
        failure.map(|failure| failure.to_string())
    }

    async fn close(&self) {
        Self::close(self).await;
    }
}

#[async_trait]
impl ClosableResource for FileVault {
    fn failure(&self) -> Option<String> {
        Self::failure(self).map(|failure| failure.to_string())
    }

    async fn close(&self) {
        Self::close(self).await;
    }
}

#[async_trait]
impl ClosableResource for PostgresVault {
    async fn close(&self) {
        Self::close(self);
    }
}
