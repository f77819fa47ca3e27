//! The state of an API key, folded from its events: its properties, and whether it was revoked.

use super::event::{ApiKeyEvent, KeyFacts};
use crate::time::Timestamp;

/// The state of one API key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApiKeyState {
    facts: Option<KeyFacts>,
    revoked: bool,
}

impl ApiKeyState {
    /// Returns the key's properties, also if it was revoked or has expired; `None` before it is created.
    pub const fn facts(&self) -> Option<&KeyFacts> {
        self.facts.as_ref()
    }

    pub const fn is_revoked(&self) -> bool {
        self.revoked
    }

    /// Returns the key's properties if `secret` is its secret and it is neither revoked nor expired at
    /// `now`; `None` otherwise.
    pub fn opened_by(&self, secret: &str, now: Timestamp) -> Option<&KeyFacts> {
        let facts = self.facts.as_ref().filter(|facts| facts.sha256.is_of(secret))?;
        (!self.revoked && now < facts.expires_at).then_some(facts)
    }

    pub(super) fn apply(&mut self, event: &ApiKeyEvent) {
        match event {
            ApiKeyEvent::Created { facts } => self.facts = Some(facts.clone()),
            ApiKeyEvent::Revoked { .. } => self.revoked = true,
        }
    }
}
