//! Facts about one user. Stored kinds and versions; never changed, only added to. Who did it stands in the
//! envelope.

use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::digest::SecretDigest;
use crate::ids::TeamId;
use crate::permission::{CampaignScope, Role};
use crate::personal::Personal;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeSet;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum UserEvent {
    /// A user is there.
    #[serde(rename = "user.added")]
    Added {
        roles: BTreeSet<Role>,
        /// Left out where it is all of them.
        #[serde(default, skip_serializing_if = "CampaignScope::is_all")]
        campaigns: CampaignScope,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        team: Option<TeamId>,
        /// An argon2id text (RFC 9106), sealed under the user's own key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<Personal<String>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        invitation: Option<Invitation>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Of a guest: from when on nothing opens for them any more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// A link to choose a password was made; the one before it is void.
    #[serde(rename = "user.invited")]
    Invited { invitation: Invitation },
    /// The user chose a password, with the link.
    #[serde(rename = "user.password_chosen")]
    PasswordChosen { password: Personal<String> },
    #[serde(rename = "user.role_granted")]
    RoleGranted {
        role: Role,
        before: BTreeSet<Role>,
        after: BTreeSet<Role>,
        reason: String,
    },
    #[serde(rename = "user.role_revoked")]
    RoleRevoked {
        role: Role,
        before: BTreeSet<Role>,
        after: BTreeSet<Role>,
        reason: String,
    },
    /// From here on the user sees other data, or a guest stays for another time.
    #[serde(rename = "user.scope_changed")]
    ScopeChanged {
        before: UserScope,
        after: UserScope,
        reason: String,
    },
    /// The user signed in: a session, by the digest of what the browser holds.
    #[serde(rename = "user.signed_in")]
    SignedIn {
        session: SecretDigest,
        until: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
    },
    #[serde(rename = "user.signed_out")]
    SignedOut { session: SecretDigest },
    /// Somebody tried and was not let in.
    #[serde(rename = "user.sign_in_refused")]
    SignInRefused {
        fault: SignInFault,
        /// Wrong passwords in a row, this one included.
        wrong_count: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
    },
    /// Too many wrong passwords: nobody signs in before `until`, not even with the right one.
    #[serde(rename = "user.locked")]
    Locked { until: Timestamp, locked_count: u32 },
    /// The user signs in no more, and the user's keys open nothing.
    #[serde(rename = "user.disabled")]
    Disabled { reason: String },
}

/// Whose data a user sees, and of a guest until when.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct UserScope {
    /// Left out where it is all of them.
    #[serde(default, skip_serializing_if = "CampaignScope::is_all")]
    pub campaigns: CampaignScope,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamId>,
    /// Of a guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// A link by which a user chooses a password: valid once, and until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Invitation {
    pub sha256: SecretDigest,
    pub until: Timestamp,
}

/// Why a sign-in was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignInFault {
    WrongPassword,
    /// The user has chosen no password yet.
    NoPassword,
}

/// Stored kinds, each named for its variant. They never change.
impl UserEvent {
    pub const ADDED: &'static str = "user.added";
    pub const INVITED: &'static str = "user.invited";
    pub const PASSWORD_CHOSEN: &'static str = "user.password_chosen";
    pub const ROLE_GRANTED: &'static str = "user.role_granted";
    pub const ROLE_REVOKED: &'static str = "user.role_revoked";
    pub const SCOPE_CHANGED: &'static str = "user.scope_changed";
    pub const SIGNED_IN: &'static str = "user.signed_in";
    pub const SIGNED_OUT: &'static str = "user.signed_out";
    pub const SIGN_IN_REFUSED: &'static str = "user.sign_in_refused";
    pub const LOCKED: &'static str = "user.locked";
    pub const DISABLED: &'static str = "user.disabled";
}

impl EventData for UserEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Added { .. } => Self::ADDED,
            Self::Invited { .. } => Self::INVITED,
            Self::PasswordChosen { .. } => Self::PASSWORD_CHOSEN,
            Self::RoleGranted { .. } => Self::ROLE_GRANTED,
            Self::RoleRevoked { .. } => Self::ROLE_REVOKED,
            Self::ScopeChanged { .. } => Self::SCOPE_CHANGED,
            Self::SignedIn { .. } => Self::SIGNED_IN,
            Self::SignedOut { .. } => Self::SIGNED_OUT,
            Self::SignInRefused { .. } => Self::SIGN_IN_REFUSED,
            Self::Locked { .. } => Self::LOCKED,
            Self::Disabled { .. } => Self::DISABLED,
        }
    }

    fn version(&self) -> u16 {
        1
    }

    fn personal(&mut self) -> Vec<(String, &mut Personal<String>)> {
        match self {
            Self::Added {
                password: Some(password),
                ..
            }
            | Self::PasswordChosen { password } => vec![("/password".to_owned(), password)],
            Self::Added { .. }
            | Self::Invited { .. }
            | Self::RoleGranted { .. }
            | Self::RoleRevoked { .. }
            | Self::ScopeChanged { .. }
            | Self::SignedIn { .. }
            | Self::SignedOut { .. }
            | Self::SignInRefused { .. }
            | Self::Locked { .. }
            | Self::Disabled { .. } => Vec::new(),
        }
    }

    fn read(kind: &str, version: u16, data: &RawValue) -> Result<Self, UnreadableEvent> {
        read_current(kind, version, data)
    }
}
