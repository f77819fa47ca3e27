//! Users and roles over HTTP: who there is, what they may; add, change, invite, disable.

use crate::described::{Changed, MadeOrChanged, Read, ReadAt};
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::paging::{LONG, PAGED_THEN, Paged, Paging};
use crate::reply::Written;
use application::access::{
    ManyRoles, ManyRolesShown, ManyScopes, ManyScopesShown, ProviderOrder, RoleChange, RoleTable, ScopeOrder,
    UserChanged, UserList, UserOrder, UserStanding, add_user, change_many, change_many_scopes, change_role,
    change_scope, disable_user, invite_user, link_provider, reset_second_factor, role_table, unlink_provider,
    user, users,
};
use application::as_of::{Moment, PARAMETERS};
use domain::ids::UserId;
use domain::permission::Role;
use domain::problem::Problem;
use domain::user::REASON_BYTES_MAX;
use intake::members::{Members, Order};
use schemars::JsonSchema;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let mut all = of_users();
    all.extend(of_ways_in());
    all
}

/// How a user signs in, besides a password.
fn of_ways_in() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/users/{name}/reset-second-factor",
            "Take the second factor of another user away, who lost it; the user's sessions end",
            reset,
        )
        .needs(Permission::UsersWrite, About::Everybody)
        .takes::<ReasonOrder>(),
        Endpoint::post(
            "/api/v1/users/{name}/provider",
            "Let the user sign in by the identity provider too, as this subject",
            link,
        )
        .needs(Permission::UsersWrite, About::Everybody)
        .takes::<ProviderOrder>(),
        Endpoint::post(
            "/api/v1/users/{name}/unlink-provider",
            "And no more; the user's sessions end",
            unlink,
        )
        .needs(Permission::UsersWrite, About::Everybody)
        .takes::<ReasonOrder>(),
    ]
}

fn of_users() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/users", "Every user with roles and scope", list)
            .needs(Permission::UsersRead, About::Everybody)
            .query(PAGED_THEN),
        Endpoint::post(
            "/api/v1/users",
            "Add a user; without a password the reply holds a link to choose one, valid once and for a day",
            add,
        )
        .needs(Permission::UsersWrite, About::Everybody)
        .takes::<UserOrder>(),
        Endpoint::post(
            "/api/v1/users/{name}/roles",
            "Give or take a role, with a reason; the user's sessions end",
            change,
        )
        .needs(Permission::UsersWrite, About::Everybody)
        .takes::<RoleOrder>()
        .replaces(),
        Endpoint::get(
            "/api/v1/users/{name}",
            "One user with roles and scope; the ETag is what a change names",
            show,
        )
        .needs(Permission::UsersRead, About::Everybody)
        .query(PARAMETERS),
        Endpoint::post(
            "/api/v1/users/{name}/scope",
            "Let a user see other campaigns or another team, or a guest stay longer; the user's sessions end",
            rescope,
        )
        .needs(Permission::UsersWrite, About::Everybody)
        .takes::<ScopeOrder>()
        .replaces(),
        Endpoint::post(
            "/api/v1/users/{name}/invite",
            "A new link to choose a password; the one before it is void",
            invite,
        )
        .needs(Permission::UsersWrite, About::Everybody),
        Endpoint::post(
            "/api/v1/users/{name}/disable",
            "The user signs in no more, and the user's keys open nothing",
            disable,
        )
        .needs(Permission::UsersWrite, About::Everybody)
        .takes::<ReasonOrder>(),
        Endpoint::post(
            "/api/v1/roles/assign",
            "Give many users the roles that their rows name; good rows count, bad ones are listed with why",
            assign,
        )
        .needs(Permission::UsersWrite, About::Everybody)
        .takes::<ManyRoles>(),
        Endpoint::post(
            "/api/v1/scopes/assign",
            "Let many users see the campaigns and team that their rows name; bad rows are listed with why",
            assign_scopes,
        )
        .needs(Permission::UsersWrite, About::Everybody)
        .takes::<ManyScopes>(),
        Endpoint::get(
            "/api/v1/roles",
            "The table of roles and permissions, as the guard of every route reads it",
            roles,
        )
        .needs(Permission::RulesRead, About::Nobody),
    ]
}

/// A role to be given or taken: one of `add` and `remove` says which.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "add": "auditor", "reason": "quarterly audit" }]))]
struct RoleOrder {
    add: Option<Role>,
    remove: Option<Role>,
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
}

impl Order for RoleOrder {
    fn read(body: &mut Members) -> Self {
        let (add, remove) = (body.parsed("add"), body.parsed("remove"));
        if add.is_some() == remove.is_some() {
            body.wrong("add", "or remove: exactly one of them says which role");
        }
        Self {
            add,
            remove,
            reason: body.needed_short_text("reason", REASON_BYTES_MAX),
        }
    }
}

/// Why something is taken from a user.
#[derive(JsonSchema)]
struct ReasonOrder {
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
}

impl Order for ReasonOrder {
    fn read(body: &mut Members) -> Self {
        Self {
            reason: body.needed_short_text("reason", REASON_BYTES_MAX),
        }
    }
}

async fn list(ctx: Ctx, input: Input) -> Result<Read<Paged<UserList>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let moment = Moment::of(input.query())?;
    let all = users(&ctx.installation, moment).await?.items;
    let (items, next_cursor) = paging.cut(all, |user| user.name.clone())?;
    Ok(Read(Paged {
        list: UserList { items },
        next_cursor,
    }))
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadAt<UserStanding>, Problem> {
    let name: UserId = input.id(0, "this user")?;
    let moment = Moment::of(input.query())?;
    let body = user(&ctx.installation, name, &moment).await?;
    Ok(ReadAt {
        version: body.version,
        body,
    })
}

async fn rescope(ctx: Ctx, input: Input) -> Result<Changed<UserChanged>, Problem> {
    let user: UserId = input.id(0, "this user")?;
    let cause = input.cause(&ctx.installation, "users/scope")?;
    let order: ScopeOrder = input.order().await?;
    let changed = change_scope(&ctx.installation, user, order, cause).await?;
    Ok(Changed(written(changed)))
}

async fn roles(_: Ctx, _: Input) -> Result<Read<RoleTable>, Problem> {
    Ok(Read(role_table()))
}

async fn add(ctx: Ctx, input: Input) -> Result<MadeOrChanged<UserChanged>, Problem> {
    let cause = input.cause(&ctx.installation, "users")?;
    let order: UserOrder = input.order().await?;
    let added = add_user(&ctx.installation, order, cause).await?;
    Ok(MadeOrChanged::Made(written(added)))
}

async fn change(ctx: Ctx, input: Input) -> Result<Changed<UserChanged>, Problem> {
    let user: UserId = input.id(0, "this user")?;
    let cause = input.cause(&ctx.installation, "users/roles")?;
    let caller = input.caller.clone();
    let order: RoleOrder = input.order().await?;
    let is_granted = order.add.is_some();
    // One of them is there: the order was held to that.
    let Some(role) = order.add.or(order.remove) else {
        return Err(Problem::invalid("role-missing", "name a role"));
    };
    let change = RoleChange {
        role,
        is_granted,
        reason: order.reason,
    };
    let changed = change_role(&ctx.installation, user, change, &caller, cause).await?;
    Ok(Changed(written(changed)))
}

async fn assign(ctx: Ctx, input: Input) -> Result<Changed<ManyRolesShown>, Problem> {
    let cause = input.cause(&ctx.installation, "roles/assign")?;
    let caller = input.caller.clone();
    let order: ManyRoles = input.order().await?;
    let body = change_many(&ctx.installation, order, &caller, cause).await?;
    Ok(Changed(Written {
        version: None,
        position: Some(body.position),
        body,
    }))
}

async fn assign_scopes(ctx: Ctx, input: Input) -> Result<Changed<ManyScopesShown>, Problem> {
    let cause = input.cause(&ctx.installation, "scopes/assign")?;
    let order: ManyScopes = input.order().await?;
    let body = change_many_scopes(&ctx.installation, order, cause).await?;
    Ok(Changed(Written {
        version: None,
        position: Some(body.position),
        body,
    }))
}

async fn invite(ctx: Ctx, input: Input) -> Result<Changed<UserChanged>, Problem> {
    let user: UserId = input.id(0, "this user")?;
    let cause = input.cause(&ctx.installation, "users/invite")?;
    let invited = invite_user(&ctx.installation, user, cause).await?;
    Ok(Changed(written(invited)))
}

async fn disable(ctx: Ctx, input: Input) -> Result<Changed<UserChanged>, Problem> {
    let user: UserId = input.id(0, "this user")?;
    let cause = input.cause(&ctx.installation, "users/disable")?;
    let order: ReasonOrder = input.order().await?;
    let disabled = disable_user(&ctx.installation, user, order.reason, cause).await?;
    Ok(Changed(written(disabled)))
}

async fn reset(ctx: Ctx, input: Input) -> Result<Changed<UserChanged>, Problem> {
    let user: UserId = input.id(0, "this user")?;
    let cause = input.cause(&ctx.installation, "users/reset-second-factor")?;
    let caller = input.caller.clone();
    let order: ReasonOrder = input.order().await?;
    let reset = reset_second_factor(&ctx.installation, user, order.reason, &caller, cause).await?;
    Ok(Changed(written(reset)))
}

async fn link(ctx: Ctx, input: Input) -> Result<Changed<UserChanged>, Problem> {
    let user: UserId = input.id(0, "this user")?;
    let cause = input.cause(&ctx.installation, "users/provider")?;
    let order: ProviderOrder = input.order().await?;
    let linked = link_provider(&ctx.installation, user, order, cause).await?;
    Ok(Changed(written(linked)))
}

async fn unlink(ctx: Ctx, input: Input) -> Result<Changed<UserChanged>, Problem> {
    let user: UserId = input.id(0, "this user")?;
    let cause = input.cause(&ctx.installation, "users/unlink-provider")?;
    let order: ReasonOrder = input.order().await?;
    let unlinked = unlink_provider(&ctx.installation, user, order.reason, cause).await?;
    Ok(Changed(written(unlinked)))
}

const fn written(changed: UserChanged) -> Written<UserChanged> {
    Written {
        version: Some(changed.version),
        position: Some(changed.position),
        body: changed,
    }
}
