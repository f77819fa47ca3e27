//! The events of a user. Stored kinds and versions never change; new ones are added. The envelope names the
//! actor.

use super::second_factor::SecondFactorUsed;
use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::{LookupHash, Personal};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use values::digest::SecretDigest;
use values::ids::TeamId;
use values::permission::{CampaignScope, Role};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum UserEvent {
    /// A user was added.
    #[serde(rename = "user.added")]
    Added {
        roles: BTreeSet<Role>,
        /// Absent if the scope is all campaigns.
        #[serde(default, skip_serializing_if = "CampaignScope::is_all")]
        campaigns: CampaignScope,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        team: Option<TeamId>,
        /// Argon2id hash of the password (RFC 9106), sealed under the user's own key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<Personal<String>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        invitation: Option<Invitation>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// End of a guest's access.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
        /// Mail address for set-up links, sealed under the user's own key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mail: Option<Personal<String>>,
    },
    /// A link to choose a password was issued. The previous one became invalid.
    #[serde(rename = "user.invited")]
    Invited { invitation: Invitation },
    /// The user chose a password, with a link or with the previous password. All sessions ended.
    #[serde(rename = "user.password_chosen")]
    PasswordChosen {
        password: Personal<String>,
        /// The second factor that was checked together with the previous password. Absent with a link and
        /// without a second factor.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        second_factor: Option<SecondFactorUsed>,
    },
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
    /// The user's data scope, or a guest's end date, changed.
    #[serde(rename = "user.scope_changed")]
    ScopeChanged {
        before: UserScope,
        after: UserScope,
        reason: String,
    },
    /// The user signed in. The session is stored as the digest of the browser's cookie.
    #[serde(rename = "user.signed_in")]
    SignedIn {
        session: SecretDigest,
        until: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// The second factor that was checked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        second_factor: Option<SecondFactorUsed>,
        /// The identity provider that confirmed the user. Absent for a sign-in with a password.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        issuer: Option<String>,
    },
    #[serde(rename = "user.signed_out")]
    SignedOut { session: SecretDigest },
    /// A sign-in was refused.
    #[serde(rename = "user.sign_in_refused")]
    SignInRefused {
        fault: SignInFault,
        /// Wrong passwords in a row, including this one.
        wrong_count: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
    },
    /// A secret for an authenticator app was shown. It takes effect once its first code is confirmed.
    #[serde(rename = "user.second_factor_offered")]
    SecondFactorOffered {
        /// The secret in base 32 (RFC 4648), sealed under the user's own key.
        secret: Personal<String>,
        until: Timestamp,
    },
    /// The offered secret took effect. All sessions ended.
    #[serde(rename = "user.second_factor_added")]
    SecondFactorAdded {
        /// The time step of the first code. This code and older ones cannot be used again.
        step: u64,
        /// SHA-256 of each recovery code.
        recovery: BTreeSet<SecretDigest>,
    },
    /// The second factor was removed. All sessions ended.
    #[serde(rename = "user.second_factor_reset")]
    SecondFactorReset { reason: String },
    /// The user was linked with a subject of an identity provider.
    #[serde(rename = "user.provider_linked")]
    ProviderLinked {
        issuer: String,
        /// Keyed hash of issuer and subject.
        subject: LookupHash,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The link with the identity provider was removed. All sessions ended.
    #[serde(rename = "user.provider_unlinked")]
    ProviderUnlinked { reason: String },
    /// Too many wrong passwords from one address. Sign-ins from it are refused before `until`, also with the
    /// correct password.
    #[serde(rename = "user.locked")]
    Locked {
        until: Timestamp,
        locked_count: u32,
        /// The locked address; for IPv6 its network. Absent if every address is locked, as in events from
        /// before locks had an address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
    },
    /// The user was disabled. Sign-ins are refused, and the user's API keys are no longer valid.
    #[serde(rename = "user.disabled")]
    Disabled { reason: String },
}

/// The data scope of a user, and the end date of a guest.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct UserScope {
    /// Absent if the scope is all campaigns.
    #[serde(default, skip_serializing_if = "CampaignScope::is_all")]
    pub campaigns: CampaignScope,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamId>,
    /// End of a guest's access.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// A link to choose a password: valid once, before `until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Invitation {
    pub sha256: SecretDigest,
    pub until: Timestamp,
    /// How the link was delivered. Absent in events of earlier builds, which showed every link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<LinkDelivery>,
}

/// How a set-up link was delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LinkDelivery {
    /// By mail to the user: the requester did not see it.
    Mailed,
    /// In the response: the requester saw it.
    Shown,
}

/// Why a sign-in was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignInFault {
    WrongPassword,
    /// The user has not chosen a password yet.
    NoPassword,
    /// The password was correct, but the code of the second factor was wrong or used already.
    WrongCode,
}

/// Event kinds as stored, one per variant. They never change.
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
    pub const SECOND_FACTOR_OFFERED: &'static str = "user.second_factor_offered";
    pub const SECOND_FACTOR_ADDED: &'static str = "user.second_factor_added";
    pub const SECOND_FACTOR_RESET: &'static str = "user.second_factor_reset";
    pub const PROVIDER_LINKED: &'static str = "user.provider_linked";
    pub const PROVIDER_UNLINKED: &'static str = "user.provider_unlinked";
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
            Self::SecondFactorOffered { .. } => Self::SECOND_FACTOR_OFFERED,
            Self::SecondFactorAdded { .. } => Self::SECOND_FACTOR_ADDED,
            Self::SecondFactorReset { .. } => Self::SECOND_FACTOR_RESET,
            Self::ProviderLinked { .. } => Self::PROVIDER_LINKED,
            Self::ProviderUnlinked { .. } => Self::PROVIDER_UNLINKED,
            Self::Locked { .. } => Self::LOCKED,
            Self::Disabled { .. } => Self::DISABLED,
        }
    }

    fn version(&self) -> u16 {
        1
    }

    fn personal(&mut self) -> Vec<(String, &mut Personal<String>)> {
        match self {
            Self::Added { password, mail, .. } => {
                let password = password.as_mut().map(|one| ("/password".to_owned(), one));
                let mail = mail.as_mut().map(|one| ("/mail".to_owned(), one));
                password.into_iter().chain(mail).collect()
            }
            Self::PasswordChosen { password, .. } => vec![("/password".to_owned(), password)],
            Self::SecondFactorOffered { secret, .. } => vec![("/secret".to_owned(), secret)],
            Self::Invited { .. }
            | Self::RoleGranted { .. }
            | Self::RoleRevoked { .. }
            | Self::ScopeChanged { .. }
            | Self::SignedIn { .. }
            | Self::SignedOut { .. }
            | Self::SignInRefused { .. }
            | Self::SecondFactorAdded { .. }
            | Self::SecondFactorReset { .. }
            | Self::ProviderLinked { .. }
            | Self::ProviderUnlinked { .. }
            | Self::Locked { .. }
            | Self::Disabled { .. } => Vec::new(),
        }
    }

    fn read(kind: &str, version: u16, data: &RawValue) -> Result<Self, UnreadableEvent> {
        read_current(kind, version, data)
    }
}
