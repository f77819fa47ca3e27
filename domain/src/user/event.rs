//! The events of a user. Stored kinds and versions never change; new ones are added. The envelope names the
//! actor.

use super::second_factor::SecondFactorUsed;
use crate::personal::{LookupHash, Personal};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use values::digest::SecretDigest;
use values::ids::TeamId;
use values::permission::{CampaignScope, Role};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum UserEvent {
    /// A user was added.
    #[serde(rename = "user.added")]
    #[open(reason)]
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
    #[open(reason)]
    RoleGranted {
        role: Role,
        before: BTreeSet<Role>,
        after: BTreeSet<Role>,
        reason: String,
    },
    #[serde(rename = "user.role_revoked")]
    #[open(reason)]
    RoleRevoked {
        role: Role,
        before: BTreeSet<Role>,
        after: BTreeSet<Role>,
        reason: String,
    },
    /// The user's data scope, or a guest's end date, changed.
    #[serde(rename = "user.scope_changed")]
    #[open(reason)]
    ScopeChanged {
        before: UserScope,
        after: UserScope,
        reason: String,
    },
    /// The user signed in. The session is stored as the digest of the browser's cookie.
    #[serde(rename = "user.signed_in")]
    #[open(from, issuer)]
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
    #[open(wrong_count, from)]
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
    #[open(step)]
    SecondFactorAdded {
        /// The time step of the first code. This code and older ones cannot be used again.
        step: u64,
        /// SHA-256 of each recovery code.
        recovery: BTreeSet<SecretDigest>,
    },
    /// The second factor was removed. All sessions ended.
    #[serde(rename = "user.second_factor_reset")]
    #[open(reason)]
    SecondFactorReset { reason: String },
    /// The user was linked with a subject of an identity provider.
    #[serde(rename = "user.provider_linked")]
    #[open(issuer, reason)]
    ProviderLinked {
        issuer: String,
        /// Keyed hash of issuer and subject.
        subject: LookupHash,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The link with the identity provider was removed. All sessions ended.
    #[serde(rename = "user.provider_unlinked")]
    #[open(reason)]
    ProviderUnlinked { reason: String },
    /// Too many wrong passwords from one address. Sign-ins from it are refused before `until`, also with the
    /// correct password.
    #[serde(rename = "user.locked")]
    #[open(locked_count, from)]
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
    #[open(reason)]
    Disabled { reason: String },
}

/// The data scope of a user, and the end date of a guest.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
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
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
pub struct Invitation {
    pub sha256: SecretDigest,
    pub until: Timestamp,
    /// How the link was delivered. Absent in events of earlier builds, which showed every link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<LinkDelivery>,
}

/// How a set-up link was delivered.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum LinkDelivery {
    /// By mail to the user: the requester did not see it.
    Mailed,
    /// In the response: the requester saw it.
    Shown,
}

/// Why a sign-in was refused.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum SignInFault {
    WrongPassword,
    /// The user has not chosen a password yet.
    NoPassword,
    /// The password was correct, but the code of the second factor was wrong or used already.
    WrongCode,
}
