//! Requests to one user: be added, get and lose roles, choose a password, sign in and out, be disabled.

use super::event::{Invitation, SignInFault, UserScope};
use super::second_factor::SignInProof;
use crate::personal::{LookupHash, Personal};
use crate::time::Timestamp;
use std::collections::BTreeSet;
use values::digest::SecretDigest;
use values::ids::TeamId;
use values::permission::{CampaignScope, Role};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserCommand {
    /// A new user, with a password or the link to choose one.
    Add {
        roles: BTreeSet<Role>,
        campaigns: CampaignScope,
        team: Option<TeamId>,
        /// An argon2id text, never the password.
        password: Option<Personal<String>>,
        invitation: Option<Invitation>,
        reason: Option<String>,
        /// Makes it a guest: nothing opens for them from then on.
        until: Option<Timestamp>,
        /// Where set-up links go.
        mail: Option<Personal<String>>,
    },
    /// Other data from now on; of a guest perhaps another end. So already: no event.
    ChangeScope {
        to: UserScope,
        reason: String,
        /// Whether anybody else manages users: an admin who is held to campaigns does not.
        has_other_admin: bool,
    },
    /// A new link to choose a password; the one before it is void.
    Invite {
        invitation: Invitation,
    },
    /// The password that the user chose, with the link that was given.
    ChoosePassword {
        password: Personal<String>,
        link: SecretDigest,
    },
    /// Another password, by whoever typed the one before, and a code where there is a second factor.
    ChangePassword {
        password: Personal<String>,
        /// What the one before was held against.
        held_against: Personal<String>,
        proof: SignInProof,
    },
    GrantRole {
        role: Role,
        reason: String,
        /// Whether somebody else could take it back: another admin, or the directory's owner, who asks.
        others_could_revoke: bool,
    },
    RevokeRole {
        role: Role,
        reason: String,
        /// Whether there is another admin.
        has_other_admin: bool,
    },
    /// The password was right, or an identity provider is believed.
    SignIn {
        session: SecretDigest,
        until: Timestamp,
        /// Where from, as far as the connection says.
        from: Option<String>,
        /// What the password was held against; nothing where a provider is believed.
        held_against: Option<Personal<String>>,
        proof: SignInProof,
    },
    /// It was not.
    RefuseSignIn {
        fault: SignInFault,
        from: Option<String>,
    },
    /// A new secret for an authenticator app; one that was offered before is void.
    OfferSecondFactor {
        secret: Personal<String>,
    },
    /// The first code of what was offered was right.
    AddSecondFactor {
        step: u64,
        recovery: BTreeSet<SecretDigest>,
    },
    ResetSecondFactor {
        reason: String,
    },
    /// From now on the user signs in as this subject of an identity provider too.
    LinkProvider {
        issuer: String,
        /// Of issuer and subject together.
        subject: LookupHash,
        reason: Option<String>,
    },
    UnlinkProvider {
        reason: String,
    },
    SignOut {
        session: SecretDigest,
    },
    Disable {
        reason: String,
        /// Whether there is another admin.
        has_other_admin: bool,
    },
}

impl UserCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Add { .. } => "user.add",
            Self::ChangeScope { .. } => "user.change_scope",
            Self::Invite { .. } => "user.invite",
            Self::ChoosePassword { .. } => "user.choose_password",
            Self::ChangePassword { .. } => "user.change_password",
            Self::GrantRole { .. } => "user.grant_role",
            Self::RevokeRole { .. } => "user.revoke_role",
            Self::SignIn { .. } => "user.sign_in",
            Self::RefuseSignIn { .. } => "user.refuse_sign_in",
            Self::OfferSecondFactor { .. } => "user.offer_second_factor",
            Self::AddSecondFactor { .. } => "user.add_second_factor",
            Self::ResetSecondFactor { .. } => "user.reset_second_factor",
            Self::LinkProvider { .. } => "user.link_provider",
            Self::UnlinkProvider { .. } => "user.unlink_provider",
            Self::SignOut { .. } => "user.sign_out",
            Self::Disable { .. } => "user.disable",
        }
    }
}
