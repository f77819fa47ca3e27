//! The commands of an API key: create it, and revoke it.

use super::event::KeyFacts;

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "api_key")]
pub enum ApiKeyCommand {
    Create { facts: KeyFacts },
    Revoke { reason: String },
}
