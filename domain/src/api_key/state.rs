//! What a key's events add up to: what it is, and whether it was revoked.

use super::event::{ApiKeyEvent, KeyFacts};
use crate::time::Timestamp;

/// State of one key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApiKeyState {
    facts: Option<KeyFacts>,
    revoked: bool,
}

impl ApiKeyState {
    /// What the key is, whether or not it still opens anything.
    pub const fn facts(&self) -> Option<&KeyFacts> {
        self.facts.as_ref()
    }

    pub const fn is_revoked(&self) -> bool {
        self.revoked
    }

    /// What it opens, where `secret` is the key's and it is neither revoked nor too old.
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
