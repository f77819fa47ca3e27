//! The in-memory part of access control: sessions in use, refused attempts, sign-in options. Nothing here
//! has to survive a restart.

use super::idle_sessions::IdleSessions;
use super::passwords::PasswordHashSlots;
use super::provider_service::ProviderService;
use super::refused_attempts::RefusedAttempts;
use super::set_up_links::FirstSetUp;
use super::wrong_password_log::WrongPasswordTurns;
use domain::permission::Role;
use domain::user::UserState;
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// The access state of this process, kept in memory.
#[derive(Default)]
pub struct AccessService {
    /// Last use of each session.
    pub(crate) idle: IdleSessions,
    /// Turns for the slow password functions.
    pub(crate) passwords: PasswordHashSlots,
    /// The link with which the first admin is created.
    pub first: FirstSetUp,
    /// Refused attempts that are not logged yet.
    pub refused: RefusedAttempts,
    /// Wrong passwords that are being logged.
    pub(crate) recording: WrongPasswordTurns,
    /// Roles that must sign in with a second factor. Set once, at the start.
    demanded: OnceLock<BTreeSet<Role>>,
    /// The URL under which browsers reach this server. Set once, at the start; absent if the operator named
    /// none.
    public_url: OnceLock<String>,
    /// The identity provider for sign-in, if there is one.
    pub provider: ProviderService,
}

impl AccessService {
    /// Requires a second factor for sign-ins of users with one of these roles. Called once, at the start;
    /// an empty set and a second call change nothing.
    pub fn demand_second_factor(&self, roles: BTreeSet<Role>) {
        if !roles.is_empty() {
            self.demanded.get_or_init(|| roles);
        }
    }

    /// Sets the URL under which browsers reach this server, without a slash at the end. Called once, at the
    /// start; a second call changes nothing.
    pub fn name_public_url(&self, url: &str) {
        self.public_url.get_or_init(|| url.to_owned());
    }

    /// Returns the URL under which browsers reach this server; `None` if the operator named none.
    pub fn public_url(&self) -> Option<&str> {
        self.public_url.get().map(String::as_str)
    }

    /// Returns the roles that must sign in with a second factor; empty if none.
    pub fn demanded(&self) -> BTreeSet<Role> {
        self.demanded.get().cloned().unwrap_or_default()
    }

    /// Returns true if the user has a role that must sign in with a second factor.
    pub(crate) fn demands_second_factor(&self, state: &UserState) -> bool {
        let roles = self.demanded.get();
        let held = state.active().map(|account| &account.roles);
        roles
            .zip(held)
            .is_some_and(|(roles, held)| !held.is_disjoint(roles))
    }
}
