//! The caller of a request as the access check identified it, and the data scope of each of its
//! permissions.

use domain::actor::{Actor, SignInMethod};
use domain::digest::SecretDigest;
use domain::ids::UserId;
use domain::permission::{CampaignScope, DataScope, Permission, PermissionReach, Role, reach};
use domain::problem::{Problem, ProblemKind};
use domain::realm::RealmName;
use domain::user::Account;
use std::collections::BTreeSet;

/// The caller of a request.
#[derive(Debug, Clone)]
pub enum Caller {
    /// The owner of the data directory: in its own process, or with the directory's key from this machine.
    Directory {
        /// How logged reads name this access: `directory`, or `token` over a connection.
        door: &'static str,
    },
    User(Box<KnownUser>),
    /// A caller without credentials, on a route that is open to all.
    Unauthenticated,
}

/// An authenticated user, with the limits of the key or session in use.
#[derive(Debug, Clone)]
pub struct KnownUser {
    pub user: UserId,
    pub account: Account,
    pub way: SignInMethod,
    /// Digest of the session's secret, if a session is used.
    pub session: Option<SecretDigest>,
    /// The scopes of the key. `None` permits everything that the user may do.
    pub scopes: Option<BTreeSet<Permission>>,
    /// The campaigns to which the key is limited, among those of the user.
    pub campaigns: CampaignScope,
    /// The realm of the key; the real one for a session.
    pub realm: RealmName,
}

impl Caller {
    /// Returns the data scope in which this caller has `permission`. Fails with `Unauthenticated` without
    /// credentials, and with `Forbidden` if the user or the key does not have the permission.
    pub fn scope_for(&self, permission: Permission) -> Result<DataScope, Problem> {
        match self {
            Self::Directory { .. } => Ok(DataScope::ALL),
            Self::User(known) => known.scope_for(permission),
            Self::Unauthenticated => Err(Problem::new(
                ProblemKind::Unauthenticated,
                "token-needed",
                "sign in, or send a key as `Authorization: Bearer KEY`",
            )),
        }
    }

    /// Returns the realm in which the caller's requests work: that of the key.
    pub fn realm(&self) -> RealmName {
        self.user().map_or(RealmName::Real, |known| known.realm)
    }

    /// Returns true if the caller has the permission in any data scope.
    pub fn may(&self, permission: Permission) -> bool {
        self.scope_for(permission).is_ok()
    }

    /// Returns the actor for the envelope of the events that this caller causes; `None` without
    /// credentials. `claimed` is used only for the owner of the data directory, who may name any actor; it
    /// is not verified.
    pub fn actor(&self, claimed: Option<&str>) -> Option<Actor> {
        match self {
            Self::Directory { .. } => Some(Actor::new(claimed.unwrap_or_default(), SignInMethod::Directory)),
            Self::User(known) => Some(Actor::new(known.user.as_str(), known.way)),
            Self::Unauthenticated => None,
        }
    }

    /// Returns the name under which a read is logged: the user's, or `claimed` for the owner of the data
    /// directory. `None` without credentials.
    pub fn name_for_record(&self, claimed: Option<String>) -> Option<String> {
        match self {
            Self::Directory { .. } => claimed,
            Self::User(known) => Some(known.user.to_string()),
            Self::Unauthenticated => None,
        }
    }

    /// Returns the code of how the caller was authenticated, as logged reads contain it: `open` without
    /// credentials.
    pub const fn door(&self) -> &'static str {
        match self {
            Self::Directory { door } => door,
            Self::User(known) => known.way.code(),
            Self::Unauthenticated => "open",
        }
    }

    /// Returns the key for rate limits: each API key counts separately, all sessions of a user count
    /// together. `None` for the directory's owner and without credentials, which are not limited by it.
    pub fn counted_as(&self) -> Option<String> {
        let known = self.user()?;
        Some(match known.way {
            SignInMethod::Key(key) => key.to_string(),
            SignInMethod::Directory | SignInMethod::Session | SignInMethod::SetUp | SignInMethod::Other => {
                format!("user {}", known.user)
            }
        })
    }

    /// Returns the authenticated user; `None` for the directory's owner and without credentials.
    pub const fn user(&self) -> Option<&KnownUser> {
        match self {
            Self::User(known) => Some(known),
            Self::Directory { .. } | Self::Unauthenticated => None,
        }
    }
}

impl KnownUser {
    fn scope_for(&self, permission: Permission) -> Result<DataScope, Problem> {
        if self
            .scopes
            .as_ref()
            .is_some_and(|scopes| !scopes.contains(&permission))
        {
            return Err(Problem::new(
                ProblemKind::Forbidden,
                "scope-missing",
                format!(
                    "this API key does not have the permission {permission}: create a key with that scope"
                ),
            ));
        }
        if self.account.is_guest() && !permission.only_reads() {
            return Err(Problem::new(
                ProblemKind::Forbidden,
                "guest-reads-only",
                format!("a guest cannot have the permission {permission}"),
            ));
        }
        let reaches = self.account.roles.iter().map(|role| reach(*role, permission));
        let reach = reaches.max().unwrap_or(PermissionReach::No);
        if reach == PermissionReach::No {
            return Err(Problem::new(
                ProblemKind::Forbidden,
                "role-missing",
                format!("this needs {permission}, which {} does not have", self.roles()),
            ));
        }
        let campaigns = self.account.campaigns.and(&self.campaigns);
        Ok(DataScope::of(
            reach,
            &self.user,
            self.account.team.as_ref(),
            &campaigns,
        ))
    }

    fn roles(&self) -> String {
        let codes = self.account.roles.iter().copied().map(Role::code);
        codes.collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::permission::AssigneeScope;

    fn user(roles: &[Role], scopes: Option<&[Permission]>) -> Caller {
        Caller::User(Box::new(KnownUser {
            user: "wang".parse().unwrap(),
            account: Account {
                roles: roles.iter().copied().collect(),
                campaigns: CampaignScope::of(["A".parse().unwrap(), "B".parse().unwrap()]),
                team: None,
                disabled: false,
                until: None,
            },
            way: SignInMethod::Session,
            session: None,
            scopes: scopes.map(|scopes| scopes.iter().copied().collect()),
            campaigns: CampaignScope::of(["B".parse().unwrap(), "C".parse().unwrap()]),
            realm: RealmName::Real,
        }))
    }

    fn code(caller: &Caller, permission: Permission) -> &'static str {
        caller
            .scope_for(permission)
            .map_or_else(|problem| problem.code, |_| "ok")
    }

    #[test]
    fn roles_join_and_a_key_and_its_campaigns_narrow() {
        let viewer = user(&[Role::Viewer], None);
        assert_eq!(code(&viewer, Permission::CampaignsWrite), "role-missing");
        let both = user(&[Role::Viewer, Role::Operator], None);
        let scope = both.scope_for(Permission::CampaignsWrite).unwrap();
        assert!(scope.admits_campaign(&"B".parse().unwrap()));
        assert!(!scope.admits_campaign(&"A".parse().unwrap()), "not the key's");
        let key = user(&[Role::Operator], Some(&[Permission::CampaignsRead]));
        assert_eq!(code(&key, Permission::CampaignsRead), "ok");
        assert_eq!(code(&key, Permission::CampaignsWrite), "scope-missing");
        assert_eq!(
            code(&Caller::Unauthenticated, Permission::RulesRead),
            "token-needed"
        );
    }

    #[test]
    fn a_supervisor_without_a_team_has_no_customers() {
        let supervisor = user(&[Role::Supervisor], None);
        let scope = supervisor.scope_for(Permission::CustomersRead).unwrap();
        assert_eq!(scope.people, AssigneeScope::NoCustomers);
        assert!(
            scope.admits_campaign(&"B".parse().unwrap()),
            "and the campaigns that are named"
        );
    }

    #[test]
    fn a_guest_sees_and_changes_nothing() {
        let Caller::User(mut known) = user(&[Role::Auditor], None) else {
            panic!("a user");
        };
        let caller = |known: &KnownUser| Caller::User(Box::new(known.clone()));
        assert_eq!(code(&caller(&known), Permission::SamplesWrite), "ok");
        known.account.until = Some("2026-03-02T10:00:00Z".parse().unwrap());
        assert_eq!(
            code(&caller(&known), Permission::SamplesWrite),
            "guest-reads-only"
        );
        for seen in [Permission::AuditRead, Permission::InspectionsMake] {
            assert_eq!(code(&caller(&known), seen), "ok");
        }
    }

    #[test]
    fn only_the_directory_s_owner_says_who_acts() {
        let owner = Caller::Directory { door: "token" };
        assert_eq!(owner.actor(Some("li")).unwrap().name(), "li");
        let known = user(&[Role::Viewer], None);
        assert_eq!(known.actor(Some("li")).unwrap().name(), "wang");
        assert_eq!(
            known.name_for_record(Some("li".to_owned())).as_deref(),
            Some("wang")
        );
    }
}
