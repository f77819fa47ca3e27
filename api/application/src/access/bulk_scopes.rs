//! Changes the data scopes of many users in one request: a row replaces the whole scope of its user. Bad
//! rows are returned with their reason; the others are applied.

use super::bulk_roles::{BadRow, ROLE_ROWS_MAX, RowFault, rows_of};
use super::user_management::{CAMPAIGNS_MAX, UserScopeRequest, change_scope, others_who_are_admin};
use crate::installation::{Installation, follow};
use domain::decider::{Context, Decider};
use domain::ids::{CampaignId, UserId};
use domain::permission::CampaignScope;
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::{Cause, Position, StreamVersion};
use domain::time::Timestamp;
use domain::user::{REASON_BYTES_MAX, User, UserCommand, UserScope};
use intake::members::ApiRequest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// Most rows in one request, as for roles. Each needs some reads and an append.
pub const SCOPE_ROWS_MAX: usize = ROLE_ROWS_MAX;

/// The value of `campaigns` that means all campaigns, future ones included. Campaign ids cannot contain
/// this character.
const ALL: &str = "*";

/// A request to set the data scopes of many users.
#[derive(Debug, ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "rows": [{ "name": "wang", "campaigns": ["TASK20261120"], "team": "north" },
    { "name": "li", "campaigns": ["*"] }], "reason": "the teams are new", "dry_run": true }]))]
pub struct BulkScopesRequest {
    #[schemars(with = "Vec<ScopeRow>", length(min = 1, max = SCOPE_ROWS_MAX))]
    #[member(read = rows_of)]
    rows: Vec<Value>,
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
    /// If true, nothing is changed and the reply states what would change.
    #[schemars(with = "Option<bool>")]
    dry_run: bool,
}

/// One user with the whole new data scope.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ScopeRow {
    #[schemars(with = "UserId")]
    name: String,
    /// Campaigns that the user may see; `*` alone means all. Required, so that a forgotten value does not
    /// widen the scope.
    #[schemars(length(min = 1, max = CAMPAIGNS_MAX), example = ["TASK20261120"])]
    campaigns: Vec<String>,
    /// The team. If absent, the user has none.
    #[schemars(example = &"north")]
    team: Option<String>,
    /// New end of access, for a guest.
    #[schemars(with = "Option<Timestamp>")]
    until: Option<String>,
    /// If given, the row applies only while the user is at this version, as returned by `GET users/{name}`.
    version: Option<u64>,
}

/// The result of the request.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "BulkScopesResponse")]
pub struct BulkScopesResponse {
    pub dry_run: bool,
    pub rows: usize,
    pub changed: Vec<ScopeChanged>,
    /// Rows that change nothing: the user already has this scope.
    pub unchanged: usize,
    pub bad_rows: Vec<BadRow>,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
}

/// A user with a changed scope; in a dry run, with a scope that would change.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ScopeChanged {
    /// Number of the row, from 1.
    #[schemars(example = 1)]
    row: usize,
    name: UserId,
    before: ScopeValues,
    after: ScopeValues,
}

/// The data scope that a row gives its user.
#[derive(Debug, Serialize, JsonSchema)]
struct ScopeValues {
    /// Campaigns that the user may see. Null means all.
    campaigns: Option<BTreeSet<CampaignId>>,
    #[schemars(example = &"north")]
    team: Option<String>,
    until: Option<Timestamp>,
}

impl From<&UserScope> for ScopeValues {
    fn from(scope: &UserScope) -> Self {
        Self {
            campaigns: match &scope.campaigns {
                CampaignScope::All => None,
                CampaignScope::Only(named) => Some(named.clone()),
            },
            team: scope.team.as_ref().map(ToString::to_string),
            until: scope.until,
        }
    }
}

/// Applies the rows one after another. Refused rows are returned in `bad_rows` and do not affect the
/// others; an unavailable log ends the request. A dry run stores nothing.
pub async fn change_many_scopes(
    installation: &Installation,
    order: BulkScopesRequest,
    cause: Cause,
) -> Result<BulkScopesResponse, Problem> {
    let mut shown = BulkScopesResponse {
        dry_run: order.dry_run,
        rows: order.rows.len(),
        changed: Vec::new(),
        unchanged: 0,
        bad_rows: Vec::new(),
        position: Position(0),
    };
    let mut changing = BulkScopeChange {
        installation,
        cause,
        reason: order.reason,
        dry_run: order.dry_run,
        seen: BTreeSet::new(),
        held_by_then: BTreeSet::new(),
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

struct BulkScopeChange<'a> {
    installation: &'a Installation,
    cause: Cause,
    reason: String,
    dry_run: bool,
    seen: BTreeSet<UserId>,
    /// In a dry run: users that earlier rows would limit to certain campaigns; they no longer count as
    /// admins.
    held_by_then: BTreeSet<UserId>,
}

impl BulkScopeChange<'_> {
    /// Returns true if an admin other than this user is left, with the changes of the earlier rows taken
    /// into account.
    async fn has_other_admin(&self, name: &UserId) -> Result<bool, RowFault> {
        let others = others_who_are_admin(self.installation, name).await?;
        Ok(others.iter().any(|other| !self.held_by_then.contains(other)))
    }

    async fn row(&mut self, number: usize, row: Value) -> Result<Option<ScopeChanged>, RowFault> {
        let bad = |why: String| RowFault::Bad(why);
        let row: ScopeRow = serde_json::from_value(row).map_err(|error| bad(error.to_string()))?;
        let name: UserId = row.name.parse().map_err(|error| bad(format!("name: {error}")))?;
        let after = scope_of(&row)?;
        if !self.seen.insert(name.clone()) {
            return Err(bad(format!("{name} is also in an earlier row")));
        }
        let loaded = self.installation.entities.users.state(&name).await;
        let loaded = loaded.map_err(Problem::from)?;
        let Some(account) = loaded.state.active() else {
            return Err(bad(format!("{name} is unknown or disabled")));
        };
        let version = row.version.map(StreamVersion);
        // Outside a dry run the stream checks the version itself: a repeat of the same request must not
        // count as another user's change.
        if self.dry_run && version.is_some_and(|version| version != loaded.version) {
            return Err(bad(format!("{name} is at version {} by now", loaded.version.0)));
        }
        let before = UserScope {
            campaigns: account.campaigns.clone(),
            team: account.team.clone(),
            until: account.until,
        };
        let command = UserCommand::ChangeScope {
            to: after.clone(),
            reason: self.reason.clone(),
            has_other_admin: self.has_other_admin(&name).await?,
        };
        let now = self.installation.now();
        let decided = User::decide(&loaded.state, command, Context { now });
        let is_same = decided.map_err(|refusal| bad(refusal.to_string()))?.is_empty();
        if self.dry_run && is_same {
            return Ok(None);
        }
        if self.dry_run && !after.campaigns.is_all() {
            self.held_by_then.insert(name.clone());
        }
        if !self.dry_run {
            let mut cause = follow(self.cause, &format!("{number}/scope"));
            cause.request.expected = version;
            let order = UserScopeRequest {
                campaigns: match &after.campaigns {
                    CampaignScope::All => None,
                    CampaignScope::Only(named) => Some(named.iter().cloned().collect()),
                },
                team: after.team.clone(),
                until: after.until,
                reason: self.reason.clone(),
            };
            match change_scope(self.installation, name.clone(), order, cause).await {
                Ok(changed) if changed.is_change => {}
                Ok(_) => return Ok(None),
                Err(problem) if matches!(problem.kind, ProblemKind::Stale | ProblemKind::Refused) => {
                    return Err(bad(problem.detail));
                }
                Err(problem) => return Err(problem.into()),
            }
        }
        Ok(Some(ScopeChanged {
            row: number,
            name,
            before: (&before).into(),
            after: (&after).into(),
        }))
    }
}

fn scope_of(row: &ScopeRow) -> Result<UserScope, RowFault> {
    let wrong = |member: &str, error: &dyn std::fmt::Display| RowFault::Bad(format!("{member}: {error}"));
    let named = row.campaigns.len();
    if named == 0 || named > CAMPAIGNS_MAX {
        let why = format!("1 to {CAMPAIGNS_MAX}, or {ALL} for all of them");
        return Err(wrong("campaigns", &why));
    }
    let campaigns = match row.campaigns.as_slice() {
        [only] if only == ALL => CampaignScope::All,
        several => {
            let named = several.iter().map(|one| one.parse::<CampaignId>());
            let named: Result<Vec<CampaignId>, _> = named.collect();
            CampaignScope::of(named.map_err(|error| wrong("campaigns", &error))?)
        }
    };
    let team = row.team.as_deref().map(str::parse).transpose();
    let until = row.until.as_deref().map(str::parse).transpose();
    Ok(UserScope {
        campaigns,
        team: team.map_err(|error: domain::ids::InvalidId| wrong("team", &error))?,
        until: until.map_err(|error: domain::time::InvalidTimestamp| wrong("until", &error))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn scope(row: Value) -> Result<UserScope, String> {
        let row: ScopeRow = serde_json::from_value(row).map_err(|error| error.to_string())?;
        scope_of(&row).map_err(|fault| match fault {
            RowFault::Bad(why) => why,
            RowFault::Stop(problem) => panic!("{problem:?}"),
        })
    }

    #[test]
    fn all_campaigns_have_to_be_said_and_a_gap_is_a_bad_row() {
        let all = scope(json!({ "name": "li", "campaigns": ["*"] })).unwrap();
        assert_eq!(all, UserScope::default());
        let named = scope(json!({ "name": "li", "campaigns": ["T", "U"], "team": "north" })).unwrap();
        assert!(!named.campaigns.is_all() && named.team.is_some());
        for bad in [
            json!({ "name": "li" }),
            json!({ "name": "li", "campaigns": [] }),
            json!({ "name": "li", "campaigns": ["*", "T"] }),
            json!({ "name": "li", "campaigns": ["T"], "team": "No Team" }),
            json!({ "name": "li", "campaigns": ["T"], "until": "tomorrow" }),
            json!({ "name": "li", "campaigns": ["T"], "roles": ["admin"] }),
        ] {
            assert!(scope(bad.clone()).is_err(), "{bad}");
        }
    }
}
