//! The commands of a user: add, change roles and scope, choose a password, sign in and out, second factor,
//! identity provider, disable.

use super::event::{Invitation, SignInFault, UserScope};
use super::second_factor::SignInProof;
use crate::personal::{LookupHash, Personal};
use crate::time::Timestamp;
use std::collections::BTreeSet;
use values::digest::SecretDigest;
use values::ids::TeamId;
use values::permission::{CampaignScope, Role};

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "user")]
pub enum UserCommand {
    /// Adds a user, with a password or with a link to choose one.
    Add {
        roles: BTreeSet<Role>,
        campaigns: CampaignScope,
        team: Option<TeamId>,
        /// An argon2id hash, never the password itself.
        password: Option<Personal<String>>,
        invitation: Option<Invitation>,
        reason: Option<String>,
        /// Makes the user a guest. Access ends at this time.
        until: Option<Timestamp>,
        /// The mail address for set-up links.
        mail: Option<Personal<String>>,
    },
    /// Changes the data scope; for a guest also the end date. If nothing changes, no event is stored.
    ChangeScope {
        to: UserScope,
        reason: String,
        /// True if another user can manage users. An admin with a campaign scope cannot.
        has_other_admin: bool,
    },
    /// Issues a new link to choose a password. The previous one becomes invalid.
    Invite {
        invitation: Invitation,
    },
    /// Sets the password that the user chose with the link.
    ChoosePassword {
        password: Personal<String>,
        link: SecretDigest,
    },
    /// Changes the password. The user entered the previous one, and a code if there is a second factor.
    ChangePassword {
        password: Personal<String>,
        /// The stored hash that the previous password was checked against.
        held_against: Personal<String>,
        proof: SignInProof,
    },
    GrantRole {
        role: Role,
        reason: String,
        /// True if another admin could revoke the role, or if the owner of the data directory makes the
        /// request.
        others_could_revoke: bool,
    },
    RevokeRole {
        role: Role,
        reason: String,
        /// True if there is another admin.
        has_other_admin: bool,
    },
    /// Signs in: the password was correct, or the identity provider confirmed the user.
    SignIn {
        session: SecretDigest,
        until: Timestamp,
        /// The source address, as the connection gives it.
        from: Option<String>,
        /// The stored hash that the password was checked against. `None` with an identity provider.
        held_against: Option<Personal<String>>,
        proof: SignInProof,
    },
    /// Records a failed sign-in.
    RefuseSignIn {
        fault: SignInFault,
        from: Option<String>,
    },
    /// Offers a new secret for an authenticator app. An earlier offer becomes invalid.
    OfferSecondFactor {
        secret: Personal<String>,
    },
    /// Confirms the offered secret: its first code was correct.
    AddSecondFactor {
        step: u64,
        recovery: BTreeSet<SecretDigest>,
    },
    ResetSecondFactor {
        reason: String,
    },
    /// Links the user with a subject of an identity provider.
    LinkProvider {
        issuer: String,
        /// Keyed hash of issuer and subject.
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
        /// True if there is another admin.
        has_other_admin: bool,
    },
}
