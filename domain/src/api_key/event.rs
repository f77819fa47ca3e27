//! The events of an API key. Stored kinds and versions never change; new ones are added. The envelope names
//! the actor.

use crate::realm::RealmName;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use values::digest::SecretDigest;
use values::ids::UserId;
use values::permission::{CampaignScope, Permission};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
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
    #[open(reason)]
    Revoked { reason: String },
}

/// The properties of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(label)]
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
    /// The realm in which the key works; it never changes. Absent: the real one.
    #[serde(default, skip_serializing_if = "RealmName::is_real")]
    pub realm: RealmName,
    /// What the key is for, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}
