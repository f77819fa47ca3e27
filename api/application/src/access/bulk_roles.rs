//! Changes the roles of many users in one request: each row names all roles that its user is to have. A row
//! is applied completely or not at all. Bad rows are returned with their reason; the others are applied.

use super::caller::Caller;
use super::user_management::{RoleChange, change_role, others_who_are_admin};
use crate::installation::{Installation, follow};
use domain::decider::{Context, Decider};
use domain::ids::UserId;
use domain::permission::Role;
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::{Cause, Position, StreamVersion};
use domain::user::{REASON_BYTES_MAX, User, UserCommand, UserState};
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// Most rows in one request. Each needs some reads and a few appends, so that a request takes seconds.
pub const ROLE_ROWS_MAX: usize = 1_000;

/// A request to set the roles of many users.
#[derive(Debug, ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "rows": [{ "name": "wang", "roles": ["operator", "analyst"] }],
    "reason": "the night shift begins", "dry_run": true }]))]
pub struct BulkRolesRequest {
    #[schemars(with = "Vec<RoleRow>", length(min = 1, max = ROLE_ROWS_MAX))]
    #[member(read = rows_of)]
    rows: Vec<Value>,
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
    /// If true, nothing is changed and the reply states what would change.
    #[schemars(with = "Option<bool>")]
    dry_run: bool,
}

/// One user with all roles that the user is to have.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RoleRow {
    #[schemars(with = "UserId")]
    name: String,
    #[schemars(with = "Vec<Role>", length(min = 1))]
    roles: Vec<String>,
    /// If given, the row applies only while the user is at this version, as returned by `GET users/{name}`.
    version: Option<u64>,
}

/// Reads the rows of a request. A list that is empty or too long is added to the body's errors.
pub(super) fn rows_of(body: &mut Members, name: &str) -> Vec<Value> {
    let rows = body.list(name).unwrap_or_default();
    if rows.is_empty() || rows.len() > ROLE_ROWS_MAX {
        body.wrong(name, format!("has 1 to {ROLE_ROWS_MAX} rows"));
    }
    rows
}

/// The result of the request.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "BulkRolesResponse")]
pub struct BulkRolesResponse {
    pub dry_run: bool,
    pub rows: usize,
    pub changed: Vec<RolesChanged>,
    /// Rows that change nothing: the user already has these roles.
    pub unchanged: usize,
    pub bad_rows: Vec<BadRow>,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
}

/// A user with changed roles; in a dry run, with roles that would change.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RolesChanged {
    /// Number of the row, from 1.
    #[schemars(example = 1)]
    row: usize,
    name: UserId,
    before: BTreeSet<Role>,
    after: BTreeSet<Role>,
}

/// A row that was refused, with the reason.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "BadRoleRow")]
pub struct BadRow {
    #[schemars(example = 2)]
    row: usize,
    #[schemars(example = &"the last admin stays one")]
    why: String,
}

impl BadRow {
    pub(super) const fn of(row: usize, why: String) -> Self {
        Self { row, why }
    }
}

/// Applies the rows one after another. Refused rows are returned in `bad_rows` and do not affect the
/// others; an unavailable log or key store ends the request. A dry run stores nothing.
pub async fn change_many(
    installation: &Installation,
    order: BulkRolesRequest,
    caller: &Caller,
    cause: Cause,
) -> Result<BulkRolesResponse, Problem> {
    let mut shown = BulkRolesResponse {
        dry_run: order.dry_run,
        rows: order.rows.len(),
        changed: Vec::new(),
        unchanged: 0,
        bad_rows: Vec::new(),
        position: Position(0),
    };
    let mut changing = BulkRoleChange {
        installation,
        caller,
        cause,
        reason: order.reason,
        dry_run: order.dry_run,
        seen: BTreeSet::new(),
        would_be: Vec::new(),
    };
    for (index, row) in order.rows.into_iter().enumerate() {
        let row_number = index.saturating_add(1);
        match changing.row(row_number, row).await {
            Ok(Some(changed)) => shown.changed.push(changed),
            Ok(None) => shown.unchanged = shown.unchanged.saturating_add(1),
            Err(RowFault::Bad(why)) => shown.bad_rows.push(BadRow::of(row_number, why)),
            Err(RowFault::Stop(problem)) => return Err(problem),
        }
    }
    shown.position = installation.store().head().await?;
    Ok(shown)
}

/// Why a row was not applied.
pub(super) enum RowFault {
    /// The row itself is wrong.
    Bad(String),
    /// The log or the keys are unavailable. All further rows would fail too, so the request ends.
    Stop(Problem),
}

impl From<Problem> for RowFault {
    fn from(problem: Problem) -> Self {
        match matches!(
            problem.kind,
            ProblemKind::Unavailable | ProblemKind::Busy | ProblemKind::Fault
        ) {
            true => Self::Stop(problem),
            false => Self::Bad(problem.detail),
        }
    }
}

struct BulkRoleChange<'a> {
    installation: &'a Installation,
    caller: &'a Caller,
    cause: Cause,
    reason: String,
    dry_run: bool,
    seen: BTreeSet<UserId>,
    /// In a dry run: the roles that earlier rows would have given.
    would_be: Vec<(UserId, BTreeSet<Role>)>,
}

impl BulkRoleChange<'_> {
    async fn row(&mut self, number: usize, row: Value) -> Result<Option<RolesChanged>, RowFault> {
        let bad = |why: String| RowFault::Bad(why);
        let row: RoleRow = serde_json::from_value(row).map_err(|error| bad(error.to_string()))?;
        let name: UserId = row.name.parse().map_err(|error| bad(format!("name: {error}")))?;
        let roles: Result<BTreeSet<Role>, _> = row.roles.iter().map(|role| role.parse::<Role>()).collect();
        let after = roles.map_err(|error| bad(format!("roles: {error}")))?;
        if after.is_empty() {
            return Err(bad("roles: a user has at least one".to_owned()));
        }
        if !self.seen.insert(name.clone()) {
            return Err(bad(format!("{name} is also in an earlier row")));
        }
        let loaded = self.installation.entities.users.state(&name).await;
        let loaded = loaded.map_err(Problem::from)?;
        let Some(account) = loaded.state.active() else {
            return Err(bad(format!("{name} is unknown or disabled")));
        };
        if row
            .version
            .is_some_and(|version| StreamVersion(version) != loaded.version)
        {
            return Err(bad(format!("{name} is at version {} by now", loaded.version.0)));
        }
        let before = account.roles.clone();
        // Roles are granted before others are revoked, so that a user is never without a role.
        let given = after.difference(&before).map(|role| (*role, true));
        let taken = before.difference(&after).map(|role| (*role, false));
        let changes: Vec<(Role, bool)> = given.chain(taken).collect();
        if changes.is_empty() {
            return Ok(None);
        }
        self.refuse_in_part(&name, &loaded.state, &changes).await?;
        if self.dry_run {
            self.would_be.push((name.clone(), after.clone()));
        } else {
            self.change(number, &name, changes).await?;
        }
        Ok(Some(RolesChanged {
            row: number,
            name,
            before,
            after,
        }))
    }

    /// Judges all role changes of a row before the first one is stored. Fails if one of them would be
    /// refused, so that a row is never applied in part.
    async fn refuse_in_part(
        &self,
        name: &UserId,
        state: &UserState,
        changes: &[(Role, bool)],
    ) -> Result<(), RowFault> {
        let has_other_admin = self.has_other_admin(name).await?;
        let others_could_revoke = has_other_admin || matches!(self.caller, Caller::Directory { .. });
        let now = self.installation.now();
        let mut state = state.clone();
        for (role, is_granted) in changes {
            let (role, reason) = (*role, self.reason.clone());
            let command = if *is_granted {
                UserCommand::GrantRole {
                    role,
                    reason,
                    others_could_revoke,
                }
            } else {
                UserCommand::RevokeRole {
                    role,
                    reason,
                    has_other_admin,
                }
            };
            let decided = User::decide(&state, command, Context { now });
            let events = decided.map_err(|refusal| RowFault::Bad(refusal.to_string()))?;
            for event in &events {
                User::evolve(&mut state, event, now);
            }
        }
        Ok(())
    }

    /// Returns true if an admin other than this user is left; in a dry run, with the changes of the earlier
    /// rows taken into account.
    async fn has_other_admin(&self, name: &UserId) -> Result<bool, RowFault> {
        let others = others_who_are_admin(self.installation, name).await?;
        let would_be = |user: &UserId| self.would_be.iter().find(|(changed, _)| changed == user);
        let is_left = |user: &UserId| would_be(user).is_none_or(|(_, roles)| roles.contains(&Role::Admin));
        let is_new = |(user, roles): &(UserId, BTreeSet<Role>)| user != name && roles.contains(&Role::Admin);
        Ok(others.iter().any(is_left) || self.would_be.iter().any(is_new))
    }

    async fn change(&self, number: usize, name: &UserId, changes: Vec<(Role, bool)>) -> Result<(), RowFault> {
        for (role, is_granted) in changes {
            let cause = follow(self.cause, &format!("{number}/{role}"));
            let change = RoleChange {
                role,
                is_granted,
                reason: self.reason.clone(),
            };
            change_role(self.installation, name.clone(), change, self.caller, cause).await?;
        }
        Ok(())
    }
}
