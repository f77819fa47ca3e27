//! Replies about users, keys and the role table. They never contain a secret or a password.

use crate::as_of::{Moment, ReplayInput, entity_then};
use crate::installation::Installation;
use domain::event_filter::EventFilter;
use domain::ids::{CampaignId, TeamId, UserId};
use domain::permission::{CampaignScope, Permission, Role, reach};
use domain::problem::Problem;
use domain::stored_event::StreamVersion;
use domain::time::Timestamp;
use domain::user::User;
use projections::views::access_board::{self, AccessBoard, KeyRow, UserRow};
use projections::{ReadDb, View};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Longest wait until the read model contains the current users, in milliseconds.
const ROWS_WITHIN_MS: u64 = 30_000;

/// A list of all users.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UserList {
    pub items: Vec<UserResponse>,
}

/// One user as shown over the API.
pub type UserResponse = UserRow;
/// An API key, without its secret.
pub type ApiKeyResponse = KeyRow;

/// A list of all API keys, without their secrets.
#[derive(Debug, Serialize, JsonSchema)]
pub struct KeyList {
    pub items: Vec<ApiKeyResponse>,
}

/// The table of roles and permissions.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RoleTable {
    pub roles: Vec<RoleResponse>,
    pub permissions: Vec<PermissionResponse>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct RoleResponse {
    pub role: Role,
    #[schemars(example = &"管理员")]
    pub zh: &'static str,
    pub en: &'static str,
}

/// The data scope that each role has for one permission.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PermissionResponse {
    pub permission: Permission,
    #[schemars(example = &"查看任务")]
    pub zh: &'static str,
    pub en: &'static str,
    /// One entry per role, in the order of `roles`: `all`, `team`, `own`, or `–` for not at all.
    #[schemars(example = ["all", "team"])]
    pub reach: Vec<&'static str>,
}

/// Returns the roles and the permissions of each, from the table that the access check uses.
pub fn role_table() -> RoleTable {
    let roles = Role::ALL.map(|role| RoleResponse {
        role,
        zh: role.label_zh(),
        en: role.label_en(),
    });
    let permissions = Permission::ALL.map(|permission| {
        let (zh, en) = permission.labels();
        PermissionResponse {
            permission,
            zh,
            en,
            reach: Role::ALL.map(|role| reach(role, permission).word()).to_vec(),
        }
    });
    RoleTable {
        roles: roles.into(),
        permissions: permissions.into(),
    }
}

/// Returns all users with their roles, now or at a past moment.
pub async fn users(installation: &Installation, moment: Moment) -> Result<UserList, Problem> {
    let db = rows(installation, moment).await?;
    let items = access_board::users(db.as_ref()).await?;
    Ok(UserList { items })
}

/// A user, read from the user's own stream, with its version.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UserDetails {
    pub name: UserId,
    pub roles: BTreeSet<Role>,
    /// Campaigns that the user may see. Null means all.
    pub campaigns: Option<BTreeSet<CampaignId>>,
    pub team: Option<TeamId>,
    pub disabled: bool,
    /// For a guest: end of access. Null for other users.
    pub guest_until: Option<Timestamp>,
    /// Version that was read. Send it as `If-Match` when you change the user.
    #[schemars(example = &"\"v3\"")]
    pub etag: String,
    #[serde(skip)]
    #[schemars(skip)]
    pub version: StreamVersion,
}

/// Returns one user with roles, scope and version, now or at a past moment. Fails with `Missing` if the
/// user does not exist then.
pub async fn user(
    installation: &Installation,
    name: UserId,
    moment: &Moment,
) -> Result<UserDetails, Problem> {
    let (account, version) = if moment.is_now() {
        let loaded = installation.entities.users.state(&name).await?;
        (loaded.state.account().cloned(), loaded.version)
    } else {
        let then = moment.resolve(installation.store(), installation.now()).await?;
        let entity =
            entity_then::<User>(installation.store(), &name, &then, installation.vault(), None).await?;
        (entity.state.account().cloned(), StreamVersion(entity.events))
    };
    let account = account.ok_or_else(|| Problem::missing("this user"))?;
    Ok(UserDetails {
        name,
        roles: account.roles,
        campaigns: match account.campaigns {
            CampaignScope::All => None,
            CampaignScope::Only(named) => Some(named),
        },
        team: account.team,
        disabled: account.disabled,
        guest_until: account.until,
        etag: format!("\"v{}\"", version.0),
        version,
    })
}

/// Returns all API keys without their secrets, now or at a past moment.
pub async fn keys(installation: &Installation, moment: Moment) -> Result<KeyList, Problem> {
    let db = rows(installation, moment).await?;
    let items = access_board::keys(db.as_ref()).await?;
    Ok(KeyList { items })
}

/// Returns the rows of all users, after the read model has reached the head of the log. Fails if that takes
/// more than `ROWS_WITHIN_MS`.
pub async fn board_at_head(installation: &Installation) -> Result<Vec<UserRow>, Problem> {
    let head = installation.store().head().await?;
    installation.rows_at(head, ROWS_WITHIN_MS).await?;
    Ok(access_board::users(installation.rows.db().as_ref()).await?)
}

async fn rows(installation: &Installation, moment: Moment) -> Result<Arc<dyn ReadDb>, Problem> {
    if moment.is_now() {
        // Users read permissions right after changing them. Rows that lag would mislead.
        let head = installation.store().head().await?;
        installation.rows_at(head, ROWS_WITHIN_MS).await?;
        return Ok(installation.rows.db());
    }
    let then = moment.resolve(installation.store(), installation.now()).await?;
    let filter = EventFilter {
        kinds: vec!["user.".to_owned(), "api_key.".to_owned()],
        ..EventFilter::default()
    };
    let view: Arc<dyn View> = Arc::new(AccessBoard);
    let wanted = ReplayInput::all_of(filter);
    let folding = installation
        .past
        .fold(&installation.environment, wanted, vec![view], &then);
    Ok(Arc::clone(&folding.await?.rows.db))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reference page in which people read the table.
    const REFERENCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/access.md");

    #[test]
    fn the_reference_shows_the_table_that_the_guard_reads() {
        let text = std::fs::read_to_string(REFERENCE).unwrap();
        for row in role_table().permissions {
            let line = format!("| `{}` {} | {} |", row.permission, row.zh, row.reach.join(" | "));
            assert!(text.lines().any(|known| known == line), "access.md lacks: {line}");
        }
        let named = |line: &&str| {
            let code = line.strip_prefix("| `").and_then(|line| line.split('`').next());
            code.is_some_and(|code| code.contains(':'))
        };
        let rows = text.lines().filter(named).count();
        assert_eq!(
            rows,
            Permission::ALL.len(),
            "a row of access.md is of no permission"
        );
    }
}
