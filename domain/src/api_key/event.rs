//! The events of an API key. Stored kinds and versions never change; new ones are added. The envelope names
//! the actor.

use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use values::digest::SecretDigest;
use values::ids::UserId;
use values::permission::{CampaignScope, Permission};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum ApiKeyEvent {
    /// A key was created and shown once.
    #[serde(rename = "api_key.created")]
    Created {
        #[serde(flatten)]
        facts: KeyFacts,
    },
    /// The key was revoked. It is no longer valid.
    #[serde(rename = "api_key.revoked")]
    Revoked { reason: String },
}

/// The properties of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct KeyFacts {
    /// The user as which the key acts.
    pub user: UserId,
    /// Digest of the key's secret part.
    pub sha256: SecretDigest,
    /// The permissions of the key, within those of its user. Absent: all of the user's permissions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<BTreeSet<Permission>>,
    /// The campaigns of the key, within those of its user. Absent for all.
    #[serde(default, skip_serializing_if = "CampaignScope::is_all")]
    pub campaigns: CampaignScope,
    pub expires_at: Timestamp,
    /// What the key is for, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// Event kinds as stored, one per variant. They never change.
impl ApiKeyEvent {
    pub const CREATED: &'static str = "api_key.created";
    pub const REVOKED: &'static str = "api_key.revoked";
}

impl EventData for ApiKeyEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Created { .. } => Self::CREATED,
            Self::Revoked { .. } => Self::REVOKED,
        }
    }

    fn version(&self) -> u16 {
        1
    }

    fn personal(&mut self) -> Vec<(String, &mut Personal<String>)> {
        Vec::new()
    }

    fn read(kind: &str, version: u16, data: &RawValue) -> Result<Self, UnreadableEvent> {
        read_current(kind, version, data)
    }
}
