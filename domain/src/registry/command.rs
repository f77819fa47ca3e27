//! Requests to the lists that others keep: an edition of one was taken in.

use crate::registry_book::Edition;
use crate::screening::NumberListName;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistryCommand {
    /// All its numbers are told. The same edition again: no event.
    Record {
        registry: NumberListName,
        edition: Box<Edition>,
        reason: String,
    },
}

impl RegistryCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Record { .. } => "registry.record",
        }
    }
}
