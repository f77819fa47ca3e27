//! Facts about one user. Stored kinds and versions; never changed, only added to. Who did it stands in the
//! envelope.

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
        /// Where set-up links go, sealed under the user's own key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mail: Option<Personal<String>>,
    },
    /// A link to choose a password was made; the one before it is void.
    #[serde(rename = "user.invited")]
    Invited { invitation: Invitation },
    /// The user chose a password, with the link or with the one before; every session ends.
    #[serde(rename = "user.password_chosen")]
    PasswordChosen {
        password: Personal<String>,
        /// What was asked beside the password before; left out with a link, and where there was no second
        /// factor.
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
        /// What was asked beyond one factor.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        second_factor: Option<SecondFactorUsed>,
        /// The identity provider that said who it is; left out of a password's sign-in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        issuer: Option<String>,
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
    /// A secret for an authenticator app was shown; it counts once its first code was right.
    #[serde(rename = "user.second_factor_offered")]
    SecondFactorOffered {
        /// Base 32 (RFC 4648), sealed under the user's own key.
        secret: Personal<String>,
        until: Timestamp,
    },
    /// The secret that was offered counts from now on; every session ends.
    #[serde(rename = "user.second_factor_added")]
    SecondFactorAdded {
        /// The step of time whose code was the first: neither it nor an older one is good again.
        step: u64,
        /// SHA-256 of each recovery code.
        recovery: BTreeSet<SecretDigest>,
    },
    /// Somebody took the second factor away; every session ends.
    #[serde(rename = "user.second_factor_reset")]
    SecondFactorReset { reason: String },
    /// The user signs in as a subject of an identity provider too.
    #[serde(rename = "user.provider_linked")]
    ProviderLinked {
        issuer: String,
        /// A keyed hash of issuer and subject.
        subject: LookupHash,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// And no more; every session ends.
    #[serde(rename = "user.provider_unlinked")]
    ProviderUnlinked { reason: String },
    /// Too many wrong passwords from one address: sign-ins from there are refused before `until`, also with
    /// the right one.
    #[serde(rename = "user.locked")]
    Locked {
        until: Timestamp,
        locked_count: u32,
        /// The locked address, of IPv6 its network. Absent: every address, as before locks were of one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
    },
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
    /// Who saw the link; absent in events of earlier builds, which showed every link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<LinkDelivery>,
}

/// How a set-up link left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LinkDelivery {
    /// To the user's mail address: the person who asked for it did not see it.
    Mailed,
    /// In the reply: the person who asked for it saw it.
    Shown,
}

/// Why a sign-in was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignInFault {
    WrongPassword,
    /// The user has chosen no password yet.
    NoPassword,
    /// The password was right, and the code of the second factor was wrong or had been used.
    WrongCode,
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
