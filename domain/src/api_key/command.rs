//! The commands of an API key: create it, and revoke it.

use super::event::KeyFacts;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiKeyCommand {
    Create { facts: KeyFacts },
    Revoke { reason: String },
}

impl ApiKeyCommand {
    /// Returns the command's name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Create { .. } => "api_key.create",
            Self::Revoke { .. } => "api_key.revoke",
        }
    }
}
