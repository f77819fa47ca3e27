//! The state of the registries, folded from their editions.

use super::event::RegistryEvent;
use crate::registry_book::RegistryBook;
use std::sync::Arc;

/// The state of all registries of the installation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegistryState {
    book: Arc<RegistryBook>,
}

impl RegistryState {
    /// Returns the dates and salts of all registries. The book is shared, because every granted batch
    /// carries it.
    pub const fn book(&self) -> &Arc<RegistryBook> {
        &self.book
    }

    pub(super) fn apply(&mut self, event: &RegistryEvent) {
        match event {
            RegistryEvent::Imported {
                registry, edition, ..
            } => Arc::make_mut(&mut self.book).take(registry, edition),
        }
    }
}
