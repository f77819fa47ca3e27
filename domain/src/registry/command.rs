//! The command of the registries: record that an edition was imported.

use crate::registry_book::Edition;
use crate::screening::NumberListName;

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "registry")]
pub enum RegistryCommand {
    /// Records an edition after all of its numbers were stored. If the same edition is recorded already, no
    /// event is stored.
    Record {
        registry: NumberListName,
        edition: Box<Edition>,
        reason: String,
    },
}
