//! What the editions of all lists add up to.

use super::event::RegistryEvent;
use crate::registry_book::RegistryBook;
use std::sync::Arc;

/// State of the lists that others keep.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegistryState {
    book: Arc<RegistryBook>,
}

impl RegistryState {
    /// What is known of all lists; shared, because it travels with every batch.
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
