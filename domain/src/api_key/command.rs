//! Requests to one key: be made, and open nothing any more.

use super::event::KeyFacts;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiKeyCommand {
    Create { facts: KeyFacts },
    Revoke { reason: String },
}

impl ApiKeyCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Create { .. } => "api_key.create",
            Self::Revoke { .. } => "api_key.revoke",
        }
    }
}
