//! Facts about one key. Stored kinds and versions; never changed, only added to. Who did it stands in the
//! envelope.

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
    /// A key was made, and shown once.
    #[serde(rename = "api_key.created")]
    Created {
        #[serde(flatten)]
        facts: KeyFacts,
    },
    /// It opens nothing any more.
    #[serde(rename = "api_key.revoked")]
    Revoked { reason: String },
}

/// What a key is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct KeyFacts {
    /// As whom it asks.
    pub user: UserId,
    /// Of its secret part.
    pub sha256: SecretDigest,
    /// What it may do of what its user may; without it, all of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<BTreeSet<Permission>>,
    /// Of the user's campaigns; left out where it is all of them.
    #[serde(default, skip_serializing_if = "CampaignScope::is_all")]
    pub campaigns: CampaignScope,
    pub expires_at: Timestamp,
    /// What it is for, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// Stored kinds, each named for its variant. They never change.
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
