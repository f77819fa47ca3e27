//! Whose data many users see, by one order: a row replaces the scope of its user as a whole. Good rows count,
//! bad ones are listed with why.

use super::managing::{CAMPAIGNS_MAX, ScopeOrder, change_scope, others_who_are_admin};
use super::many::{BadRow, RowFault};
use crate::installation::{Installation, follow};
use domain::decider::{Context, Decider};
use domain::ids::{CampaignId, UserId};
use domain::permission::CampaignScope;
use domain::problem::{Kind, Problem};
use domain::stored_event::{Cause, Position, StreamVersion};
use domain::time::Timestamp;
use domain::user::{REASON_BYTES_MAX, User, UserCommand, UserScope};
use intake::members::{Members, Order};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// Most rows of one order, as of roles: each is some reads and an append.
pub const SCOPE_ROWS_MAX: usize = 1_000;

/// All campaigns, also those to come. No campaign's id has such a letter.
const ALL: &str = "*";

/// Whose data many users are to see.
#[derive(Debug, JsonSchema)]
#[schemars(extend("examples" = [{ "rows": [{ "name": "wang", "campaigns": ["TASK20261120"], "team": "north" },
    { "name": "li", "campaigns": ["*"] }], "reason": "the teams are new", "dry_run": true }]))]
pub struct ManyScopes {
    #[schemars(with = "Vec<ScopeRow>", length(min = 1, max = SCOPE_ROWS_MAX))]
    rows: Vec<Value>,
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
    /// Nothing is changed: it says what would be.
    #[schemars(with = "Option<bool>")]
    dry_run: bool,
}

/// One user, and the whole scope that they are to have.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ScopeRow {
    #[schemars(with = "UserId")]
    name: String,
    /// Only these; `*` alone is all of them. It has to be said, so that a gap widens nothing.
    #[schemars(length(min = 1, max = CAMPAIGNS_MAX), example = ["TASK20261120"])]
    campaigns: Vec<String>,
    /// Without it, none.
    #[schemars(example = &"north")]
    team: Option<String>,
    /// Of a guest, who has one: until when.
    #[schemars(with = "Option<Timestamp>")]
    until: Option<String>,
    /// Only while the user is at this version still, as `GET users/{name}` shows it.
    version: Option<u64>,
}

impl Order for ManyScopes {
    fn read(body: &mut Members) -> Self {
        let rows = body.list("rows").unwrap_or_default();
        if rows.is_empty() || rows.len() > SCOPE_ROWS_MAX {
            body.wrong("rows", format!("has 1 to {SCOPE_ROWS_MAX} rows"));
        }
        Self {
            rows,
            reason: body.needed_short_text("reason", REASON_BYTES_MAX),
            dry_run: body.value("dry_run").unwrap_or(false),
        }
    }
}

/// What came of the rows.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ManyScopesChanged")]
pub struct ManyScopesShown {
    pub dry_run: bool,
    pub rows: usize,
    pub changed: Vec<ScopeChanged>,
    /// They have this scope already.
    pub unchanged: usize,
    pub bad_rows: Vec<BadRow>,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
}

/// A user whose scope was changed, or would be.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ScopeChanged {
    /// Counts the rows from 1.
    #[schemars(example = 1)]
    row: usize,
    name: UserId,
    before: ScopeStanding,
    after: ScopeStanding,
}

/// Whose data somebody sees.
#[derive(Debug, Serialize, JsonSchema)]
struct ScopeStanding {
    /// Null: all of them.
    campaigns: Option<BTreeSet<CampaignId>>,
    #[schemars(example = &"north")]
    team: Option<String>,
    until: Option<Timestamp>,
}

impl From<&UserScope> for ScopeStanding {
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

/// Changes the rows one after another.
pub async fn change_many_scopes(
    installation: &Installation,
    order: ManyScopes,
    cause: Cause,
) -> Result<ManyScopesShown, Problem> {
    let mut shown = ManyScopesShown {
        dry_run: order.dry_run,
        rows: order.rows.len(),
        changed: Vec::new(),
        unchanged: 0,
        bad_rows: Vec::new(),
        position: Position(0),
    };
    let mut changing = Changing {
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

struct Changing<'a> {
    installation: &'a Installation,
    cause: Cause,
    reason: String,
    dry_run: bool,
    seen: BTreeSet<UserId>,
    /// Of a dry run: who would be held to campaigns by the rows before.
    held_by_then: BTreeSet<UserId>,
}

impl Changing<'_> {
    /// Whether an admin is left besides this user, by the rows before too.
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
            return Err(bad(format!("{name} stands in a row before")));
        }
        let loaded = self.installation.entities.users.state(&name).await;
        let loaded = loaded.map_err(Problem::from)?;
        let Some(account) = loaded.state.active() else {
            return Err(bad(format!("{name} is unknown or disabled")));
        };
        let version = row.version.map(StreamVersion);
        // Of a row that is changed its stream says so itself: what is repeated is no change of another's.
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
            let order = ScopeOrder {
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
                Err(problem) if matches!(problem.kind, Kind::Stale | Kind::Refused) => {
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
