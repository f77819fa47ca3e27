//! What of access a process keeps in memory: nothing that a log would have to say.

use super::idle::IdleSessions;
use super::passwords::Passwords;
use super::provider_desk::ProviderDesk;
use super::recording::Recording;
use super::refused::Tally;
use super::set_up::FirstSetUp;
use domain::permission::Role;
use domain::user::UserState;
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// What of access this process keeps in memory.
#[derive(Default)]
pub struct AccessDesk {
    /// When each session was used last.
    pub(crate) idle: IdleSessions,
    /// Where slow functions have their turns.
    pub(crate) passwords: Passwords,
    /// The link by which the first admin is made.
    pub first: FirstSetUp,
    /// Refused attempts that are not on record yet.
    pub refused: Tally,
    /// Wrong passwords that are being recorded.
    pub(crate) recording: Recording,
    /// Roles that sign in with a second factor alone; set once, at the start.
    demanded: OnceLock<BTreeSet<Role>>,
    /// The identity provider by which users may sign in too.
    pub provider: ProviderDesk,
}

impl AccessDesk {
    /// From now on users of these roles sign in with a second factor alone. Said once, at the start.
    pub fn demand_second_factor(&self, roles: BTreeSet<Role>) {
        if !roles.is_empty() {
            self.demanded.get_or_init(|| roles);
        }
    }

    /// Roles that sign in with a second factor alone.
    pub fn demanded(&self) -> BTreeSet<Role> {
        self.demanded.get().cloned().unwrap_or_default()
    }

    /// Whether a user of this state has to have a second factor.
    pub(crate) fn demands_second_factor(&self, state: &UserState) -> bool {
        let roles = self.demanded.get();
        let held = state.active().map(|account| &account.roles);
        roles
            .zip(held)
            .is_some_and(|(roles, held)| !held.is_disjoint(roles))
    }
}
