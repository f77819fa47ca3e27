//! The view of users and API keys: roles, scopes, state and times. It holds no secrets.

use crate::database::{ReadDb, Table, Tx};
use crate::error::ProjectionError;
use crate::value::{Row, Val};
use crate::view::{HandledKinds, View, ViewDefinition, ViewEvent};
use domain::api_key::{ApiKeyEvent, KeyFacts};
use domain::ids::{CampaignId, KeyId, TeamId, UserId};
use domain::permission::{CampaignScope, Permission, Role};
use domain::personal::LookupHash;
use domain::time::Timestamp;
use domain::user::{UserEvent, UserScope};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;

/// The view's name, for `wait_for_view`.
pub const NAME: &str = "access_board";

/// Most users, and most keys, in one response.
const SHOWN_MAX: usize = 10_000;

/// The view of users and API keys.
pub struct AccessBoard;

const TABLES: &[Table] = &[
    Table {
        name: "access_board_user",
        ddl: &[
            "create table access_board_user (name text primary key, roles text not null, campaigns text,
            team text, disabled bigint not null, has_password bigint not null,
            has_second_factor bigint not null, issuer text, provider_subject text, added_at bigint not null,
            signed_in_at bigint, locked_until bigint, guest_until bigint, pos bigint not null)",
        ],
        key_columns: 1,
    },
    Table {
        name: "access_board_key",
        ddl: &[
            "create table access_board_key (id text primary key, user_name text not null, scopes text,
            campaigns text, label text, created_at bigint not null, created_by text,
            expires_at bigint not null, revoked_at bigint, sandbox bigint not null, pos bigint not null)",
        ],
        key_columns: 1,
    },
];

const DEFINITION: ViewDefinition = ViewDefinition {
    name: NAME,
    version: 3,
    tables: TABLES,
    handles: HandledKinds::Kinds(&[
        UserEvent::ADDED,
        UserEvent::PASSWORD_CHOSEN,
        UserEvent::ROLE_GRANTED,
        UserEvent::ROLE_REVOKED,
        UserEvent::SCOPE_CHANGED,
        UserEvent::SIGNED_IN,
        UserEvent::SECOND_FACTOR_ADDED,
        UserEvent::SECOND_FACTOR_RESET,
        UserEvent::PROVIDER_LINKED,
        UserEvent::PROVIDER_UNLINKED,
        UserEvent::LOCKED,
        UserEvent::DISABLED,
        ApiKeyEvent::CREATED,
        ApiKeyEvent::REVOKED,
    ]),
};

impl View for AccessBoard {
    fn definition(&self) -> ViewDefinition {
        DEFINITION
    }

    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        if event.envelope.kind.starts_with("api_key.") {
            return key(tx, event);
        }
        let name: UserId = event.stream_id()?;
        let (set, value) = match event.read_as()? {
            added @ UserEvent::Added { .. } => return added_row(tx, event, &name, &added),
            UserEvent::PasswordChosen { .. } => ("has_password", Val::Int(1)),
            UserEvent::RoleGranted { after, .. } | UserEvent::RoleRevoked { after, .. } => {
                ("roles", json(&after)?)
            }
            UserEvent::ScopeChanged { after, .. } => return scope_row(tx, event, &name, &after),
            UserEvent::SignedIn { .. } => ("signed_in_at", Val::at(event.at())),
            UserEvent::Locked { until, .. } => ("locked_until", Val::at(until)),
            UserEvent::Disabled { .. } => ("disabled", Val::Int(1)),
            UserEvent::SecondFactorAdded { .. } => ("has_second_factor", Val::Int(1)),
            UserEvent::SecondFactorReset { .. } => ("has_second_factor", Val::Int(0)),
            UserEvent::ProviderLinked { issuer, subject, .. } => {
                return provider(tx, event, &name, Some((issuer, subject)));
            }
            UserEvent::ProviderUnlinked { .. } => return provider(tx, event, &name, None),
            UserEvent::Invited { .. }
            | UserEvent::SignedOut { .. }
            | UserEvent::SecondFactorOffered { .. }
            | UserEvent::SignInRefused { .. } => return Ok(()),
        };
        let values = [Val::text(name), Val::position(event.position), value];
        let sql = format!("update access_board_user set {set} = $3, pos = $2 where name = $1");
        tx.exec(&sql, &values)?;
        Ok(())
    }
}

fn provider(
    tx: &mut dyn Tx,
    event: &ViewEvent,
    name: &UserId,
    linked: Option<(String, LookupHash)>,
) -> Result<(), ProjectionError> {
    let (issuer, subject) = linked.unzip();
    let values = [
        Val::text(name),
        Val::position(event.position),
        Val::maybe_text(issuer),
        Val::maybe_text(subject.map(|subject| subject.0)),
    ];
    tx.exec(
        "update access_board_user set issuer = $3, provider_subject = $4, pos = $2 where name = $1",
        &values,
    )?;
    Ok(())
}

fn added_row(
    tx: &mut dyn Tx,
    event: &ViewEvent,
    name: &UserId,
    added: &UserEvent,
) -> Result<(), ProjectionError> {
    let UserEvent::Added {
        roles,
        campaigns,
        team,
        password,
        until,
        ..
    } = added
    else {
        return Ok(());
    };
    tx.exec(
        "insert into access_board_user (name, roles, campaigns, team, disabled, has_password,
         has_second_factor, added_at, guest_until, pos) values ($1, $2, $3, $4, 0, $5, 0, $6, $7, $8)",
        &[
            Val::text(name),
            json(roles)?,
            named(campaigns)?,
            Val::maybe_text(team.as_ref()),
            Val::Int(i64::from(password.is_some())),
            Val::at(event.at()),
            until.map_or(Val::Null, Val::at),
            Val::position(event.position),
        ],
    )?;
    Ok(())
}

fn scope_row(
    tx: &mut dyn Tx,
    event: &ViewEvent,
    name: &UserId,
    after: &UserScope,
) -> Result<(), ProjectionError> {
    tx.exec(
        "update access_board_user set campaigns = $3, team = $4, guest_until = $5, pos = $2 where name = $1",
        &[
            Val::text(name),
            Val::position(event.position),
            named(&after.campaigns)?,
            Val::maybe_text(after.team.as_ref()),
            after.until.map_or(Val::Null, Val::at),
        ],
    )?;
    Ok(())
}

fn key(tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
    let id: KeyId = event.stream_id()?;
    match event.read_as()? {
        ApiKeyEvent::Created { facts } => {
            let KeyFacts {
                user,
                scopes,
                campaigns,
                expires_at,
                label,
                realm,
                ..
            } = facts;
            let by = event.envelope.by.map(|by| by.name().to_owned());
            tx.exec(
                "insert into access_board_key (id, user_name, scopes, campaigns, label, created_at, created_by,
                 expires_at, sandbox, pos) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                &[
                    Val::text(id),
                    Val::text(user),
                    scopes.as_ref().map_or(Ok(Val::Null), json)?,
                    named(&campaigns)?,
                    Val::maybe_text(label),
                    Val::at(event.at()),
                    Val::maybe_text(by.filter(|name| !name.is_empty())),
                    Val::at(expires_at),
                    Val::Int(realm.is_sandbox().into()),
                    Val::position(event.position),
                ],
            )?;
        }
        ApiKeyEvent::Revoked { .. } => {
            let values = [Val::text(id), Val::at(event.at()), Val::position(event.position)];
            tx.exec(
                "update access_board_key set revoked_at = coalesce(revoked_at, $2), pos = $3 where id = $1",
                &values,
            )?;
        }
    }
    Ok(())
}

fn named(campaigns: &CampaignScope) -> Result<Val, ProjectionError> {
    match campaigns {
        CampaignScope::All => Ok(Val::Null),
        CampaignScope::Only(named) => json(named),
    }
}

fn json(value: &impl Serialize) -> Result<Val, ProjectionError> {
    let text = serde_json::to_string(value);
    text.map(Val::Text)
        .map_err(|error| ProjectionError::Fault(error.to_string()))
}

/// A user, as the view shows it.
#[expect(clippy::struct_excessive_bools, reason = "a row: each is a column")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(rename = "User")]
pub struct UserRow {
    pub name: UserId,
    pub roles: BTreeSet<Role>,
    /// The campaigns that the user may access; null means all.
    pub campaigns: Option<BTreeSet<CampaignId>>,
    pub team: Option<TeamId>,
    pub disabled: bool,
    /// True if the user has chosen a password.
    pub has_password: bool,
    /// True if each sign-in requires a code of an authenticator app.
    pub has_second_factor: bool,
    /// The identity provider with which the user can also sign in.
    #[schemars(example = &"https://login.example.com")]
    pub issuer: Option<String>,
    /// The user's subject at the identity provider, as a keyed hash; for internal use only.
    #[serde(skip)]
    pub provider_subject: Option<String>,
    pub added_at: Timestamp,
    pub signed_in_at: Option<Timestamp>,
    /// The end of the last lock; it may be in the past.
    pub locked_until: Option<Timestamp>,
    /// For a guest: the time from which access ends; null for other users.
    pub guest_until: Option<Timestamp>,
}

/// An API key, as the view shows it; without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(rename = "Key")]
pub struct KeyRow {
    pub id: KeyId,
    pub user: UserId,
    /// The permissions of the key; null means all of its user's.
    pub scopes: Option<BTreeSet<Permission>>,
    /// The campaigns that the key may access, among those of its user; null means all of them.
    pub campaigns: Option<BTreeSet<CampaignId>>,
    pub label: Option<String>,
    pub created_at: Timestamp,
    pub created_by: Option<String>,
    pub expires_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
    /// True for a key of the sandbox.
    pub sandbox: bool,
}

/// Returns all users by name, at most `SHOWN_MAX`.
pub async fn users(db: &dyn ReadDb) -> Result<Vec<UserRow>, ProjectionError> {
    let sql = format!(
        "select name, roles, campaigns, team, disabled, has_password, has_second_factor, issuer, provider_subject,
         added_at, signed_in_at, locked_until, guest_until
         from access_board_user order by name limit {SHOWN_MAX}"
    );
    let rows = db.query(&sql, Vec::new()).await?;
    rows.into_iter().map(read_user).collect()
}

/// Returns all API keys, the latest first, at most `SHOWN_MAX`.
pub async fn keys(db: &dyn ReadDb) -> Result<Vec<KeyRow>, ProjectionError> {
    let sql = format!(
        "select id, user_name, scopes, campaigns, label, created_at, created_by, expires_at, revoked_at,
         sandbox
         from access_board_key order by created_at desc, id limit {SHOWN_MAX}"
    );
    let rows = db.query(&sql, Vec::new()).await?;
    rows.into_iter().map(read_key).collect()
}

fn read_user(mut row: Row) -> Result<UserRow, ProjectionError> {
    Ok(UserRow {
        name: row.parse()?,
        roles: read_json(&row.text()?)?,
        campaigns: row.maybe_text()?.as_deref().map(read_json).transpose()?,
        team: row.maybe_parse()?,
        disabled: row.flag()?,
        has_password: row.flag()?,
        has_second_factor: row.flag()?,
        issuer: row.maybe_text()?,
        provider_subject: row.maybe_text()?,
        added_at: row.at()?,
        signed_in_at: row.maybe_at()?,
        locked_until: row.maybe_at()?,
        guest_until: row.maybe_at()?,
    })
}

fn read_key(mut row: Row) -> Result<KeyRow, ProjectionError> {
    Ok(KeyRow {
        id: row.parse()?,
        user: row.parse()?,
        scopes: row.maybe_text()?.as_deref().map(read_json).transpose()?,
        campaigns: row.maybe_text()?.as_deref().map(read_json).transpose()?,
        label: row.maybe_text()?,
        created_at: row.at()?,
        created_by: row.maybe_text()?,
        expires_at: row.at()?,
        revoked_at: row.maybe_at()?,
        sandbox: row.flag()?,
    })
}

fn read_json<T: DeserializeOwned>(json: &str) -> Result<T, ProjectionError> {
    serde_json::from_str(json).map_err(|error| ProjectionError::Fault(format!("a user's row: {error}")))
}
