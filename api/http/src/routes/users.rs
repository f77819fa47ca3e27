//! Routes of users and roles: list, add, change, invite and disable users, and the table of permissions.

use crate::api_description::{ChangeReply, CreationReply, ReadReply, VersionedReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::paging::{LONG, ListPage, PAGED_THEN, Paging};
use crate::reply::WriteResult;
use application::access::{
    BulkRolesRequest, BulkRolesResponse, BulkScopesRequest, BulkScopesResponse, NewUserRequest,
    ProviderLinkRequest, RoleChange, RoleTable, UserChanged, UserDetails, UserList, UserScopeRequest,
    add_user, change_many, change_many_scopes, change_role, change_scope, disable_user, invite_user,
    link_provider, reset_second_factor, role_table, unlink_provider, user, users,
};
use application::as_of::{Moment, PARAMETERS};
use domain::ids::UserId;
use domain::permission::Role;
use domain::problem::Problem;
use domain::user::REASON_BYTES_MAX;
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let mut all = of_users();
    all.extend(of_ways_in());
    all
}

/// Returns the endpoints about signing in with a second factor or an identity provider.
fn of_ways_in() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/users/{name}/reset-second-factor",
            "Reset a user's second factor",
            reset,
        )
        .describe(
            "For a user who lost it. The user's sessions end; the next sign-in needs only the password, or \
             a new second factor if the role requires one.",
        )
        .needs(Permission::UsersWrite, EndpointSubject::Everybody)
        .takes::<UserReasonRequest>(),
        Endpoint::post(
            "/api/v1/users/{name}/provider",
            "Link a user to the identity provider",
            link,
        )
        .describe("The user can then also sign in with the identity provider, as the given subject.")
        .needs(Permission::UsersWrite, EndpointSubject::Everybody)
        .takes::<ProviderLinkRequest>(),
        Endpoint::post(
            "/api/v1/users/{name}/unlink-provider",
            "Unlink a user from the identity provider",
            unlink,
        )
        .describe("The user can no longer sign in with the identity provider. The user's sessions end.")
        .needs(Permission::UsersWrite, EndpointSubject::Everybody)
        .takes::<UserReasonRequest>(),
    ]
}

fn of_users() -> Vec<Endpoint> {
    let mut endpoints = vec![
        Endpoint::get("/api/v1/users", "List users", list)
            .describe("Returns every user with roles and data scope, now or at a past moment.")
            .needs(Permission::UsersRead, EndpointSubject::Everybody)
            .query(PAGED_THEN),
        Endpoint::post("/api/v1/users", "Add a user", add)
            .describe(
                "Without a password a set-up link is made, which works once and for a day. It is mailed to \
                 the user, or shown in the reply.",
            )
            .needs(Permission::UsersWrite, EndpointSubject::Everybody)
            .takes::<NewUserRequest>(),
        Endpoint::post(
            "/api/v1/users/{name}/roles",
            "Add or remove a user's role",
            change,
        )
        .describe("A reason is required. The user's sessions end.")
        .needs(Permission::UsersWrite, EndpointSubject::Everybody)
        .takes::<RoleChangeRequest>()
        .replaces(),
        Endpoint::get("/api/v1/users/{name}", "Get a user", show)
            .describe(
                "Returns roles and data scope, now or at a past moment. Send the ETag as `If-Match` to \
                 change them.",
            )
            .needs(Permission::UsersRead, EndpointSubject::Everybody)
            .query(PARAMETERS),
        Endpoint::post(
            "/api/v1/users/{name}/scope",
            "Change a user's data scope",
            rescope,
        )
        .describe(
            "Sets the campaigns and the team that the user may see, or a guest's end date. The user's \
             sessions end.",
        )
        .needs(Permission::UsersWrite, EndpointSubject::Everybody)
        .takes::<UserScopeRequest>()
        .replaces(),
        Endpoint::post("/api/v1/users/{name}/invite", "Invite a user again", invite)
            .describe("Makes a new set-up link for choosing a password. The previous link becomes invalid.")
            .needs(Permission::UsersWrite, EndpointSubject::Everybody),
        Endpoint::post("/api/v1/users/{name}/disable", "Disable a user", disable)
            .describe("The user can no longer sign in, and the user's API keys are refused.")
            .needs(Permission::UsersWrite, EndpointSubject::Everybody)
            .takes::<UserReasonRequest>(),
    ];
    endpoints.extend(of_roles());
    endpoints
}

/// Returns the endpoints of the table of roles, and of changes of many users at once.
fn of_roles() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/roles/assign", "Set the roles of many users", assign)
            .describe(
                "Each row names a user and all roles of that user. Good rows are applied; bad rows are \
                 listed with the reason.",
            )
            .needs(Permission::UsersWrite, EndpointSubject::Everybody)
            .takes::<BulkRolesRequest>(),
        Endpoint::post(
            "/api/v1/scopes/assign",
            "Set the data scopes of many users",
            assign_scopes,
        )
        .describe(
            "Each row names a user with campaigns and team. Good rows are applied; bad rows are listed \
             with the reason.",
        )
        .needs(Permission::UsersWrite, EndpointSubject::Everybody)
        .takes::<BulkScopesRequest>(),
        Endpoint::get("/api/v1/roles", "Get the table of roles and permissions", roles)
            .describe(
                "Returns for each role which permission it has for which data, as every route checks it.",
            )
            .needs(Permission::RulesRead, EndpointSubject::Unscoped),
    ]
}

/// The body that changes a user's roles: exactly one of `add` and `remove`.
#[derive(ApiRequest, JsonSchema)]
#[request(check = require_one_role)]
#[schemars(extend("examples" = [{ "add": "auditor", "reason": "quarterly audit" }]))]
struct RoleChangeRequest {
    #[member(parse)]
    add: Option<Role>,
    #[member(parse)]
    remove: Option<Role>,
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
}

fn require_one_role(request: &RoleChangeRequest, body: &mut Members) {
    if request.add.is_some() == request.remove.is_some() {
        body.wrong("add", "or remove: exactly one of them says which role");
    }
}

/// The body with the reason for disabling, resetting or unlinking a user.
#[derive(ApiRequest, JsonSchema)]
struct UserReasonRequest {
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
}

async fn list(ctx: Ctx, input: Input) -> Result<ReadReply<ListPage<UserList>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let moment = Moment::of(input.query())?;
    let all = users(&ctx.installation, moment).await?.items;
    let (items, next_cursor) = paging.cut(all, |user| user.name.clone())?;
    Ok(ReadReply(ListPage {
        list: UserList { items },
        next_cursor,
    }))
}

async fn show(ctx: Ctx, input: Input) -> Result<VersionedReply<UserDetails>, Problem> {
    let name: UserId = input.id(0, "this user")?;
    let moment = Moment::of(input.query())?;
    let body = user(&ctx.installation, name, &moment).await?;
    Ok(VersionedReply {
        version: body.version,
        body,
    })
}

async fn rescope(ctx: Ctx, input: Input) -> Result<ChangeReply<UserChanged>, Problem> {
    let user: UserId = input.id(0, "this user")?;
    let cause = input.cause(&ctx.installation, "users/scope")?;
    let order: UserScopeRequest = input.order().await?;
    let changed = change_scope(&ctx.installation, user, order, cause).await?;
    Ok(ChangeReply(written(changed)))
}

async fn roles(_: Ctx, _: Input) -> Result<ReadReply<RoleTable>, Problem> {
    Ok(ReadReply(role_table()))
}

async fn add(ctx: Ctx, input: Input) -> Result<CreationReply<UserChanged>, Problem> {
    let cause = input.cause(&ctx.installation, "users")?;
    let order: NewUserRequest = input.order().await?;
    let added = add_user(&ctx.installation, order, cause).await?;
    Ok(CreationReply::Made(written(added)))
}

async fn change(ctx: Ctx, input: Input) -> Result<ChangeReply<UserChanged>, Problem> {
    let user: UserId = input.id(0, "this user")?;
    let cause = input.cause(&ctx.installation, "users/roles")?;
    let caller = input.caller.clone();
    let order: RoleChangeRequest = input.order().await?;
    let is_granted = order.add.is_some();
    // The order was checked: exactly one of them is present.
    let Some(role) = order.add.or(order.remove) else {
        return Err(Problem::invalid("role-missing", "name a role"));
    };
    let change = RoleChange {
        role,
        is_granted,
        reason: order.reason,
    };
    let changed = change_role(&ctx.installation, user, change, &caller, cause).await?;
    Ok(ChangeReply(written(changed)))
}

async fn assign(ctx: Ctx, input: Input) -> Result<ChangeReply<BulkRolesResponse>, Problem> {
    let cause = input.cause(&ctx.installation, "roles/assign")?;
    let caller = input.caller.clone();
    let order: BulkRolesRequest = input.order().await?;
    let body = change_many(&ctx.installation, order, &caller, cause).await?;
    Ok(ChangeReply(WriteResult {
        version: None,
        position: Some(body.position),
        body,
    }))
}

async fn assign_scopes(ctx: Ctx, input: Input) -> Result<ChangeReply<BulkScopesResponse>, Problem> {
    let cause = input.cause(&ctx.installation, "scopes/assign")?;
    let order: BulkScopesRequest = input.order().await?;
    let body = change_many_scopes(&ctx.installation, order, cause).await?;
    Ok(ChangeReply(WriteResult {
        version: None,
        position: Some(body.position),
        body,
    }))
}

async fn invite(ctx: Ctx, input: Input) -> Result<ChangeReply<UserChanged>, Problem> {
    let user: UserId = input.id(0, "this user")?;
    let cause = input.cause(&ctx.installation, "users/invite")?;
    let invited = invite_user(&ctx.installation, user, cause).await?;
    Ok(ChangeReply(written(invited)))
}

async fn disable(ctx: Ctx, input: Input) -> Result<ChangeReply<UserChanged>, Problem> {
    let user: UserId = input.id(0, "this user")?;
    let cause = input.cause(&ctx.installation, "users/disable")?;
    let order: UserReasonRequest = input.order().await?;
    let disabled = disable_user(&ctx.installation, user, order.reason, cause).await?;
    Ok(ChangeReply(written(disabled)))
}

async fn reset(ctx: Ctx, input: Input) -> Result<ChangeReply<UserChanged>, Problem> {
    let user: UserId = input.id(0, "this user")?;
    let cause = input.cause(&ctx.installation, "users/reset-second-factor")?;
    let caller = input.caller.clone();
    let order: UserReasonRequest = input.order().await?;
    let reset = reset_second_factor(&ctx.installation, user, order.reason, &caller, cause).await?;
    Ok(ChangeReply(written(reset)))
}

async fn link(ctx: Ctx, input: Input) -> Result<ChangeReply<UserChanged>, Problem> {
    let user: UserId = input.id(0, "this user")?;
    let cause = input.cause(&ctx.installation, "users/provider")?;
    let order: ProviderLinkRequest = input.order().await?;
    let linked = link_provider(&ctx.installation, user, order, cause).await?;
    Ok(ChangeReply(written(linked)))
}

async fn unlink(ctx: Ctx, input: Input) -> Result<ChangeReply<UserChanged>, Problem> {
    let user: UserId = input.id(0, "this user")?;
    let cause = input.cause(&ctx.installation, "users/unlink-provider")?;
    let order: UserReasonRequest = input.order().await?;
    let unlinked = unlink_provider(&ctx.installation, user, order.reason, cause).await?;
    Ok(ChangeReply(written(unlinked)))
}

const fn written(changed: UserChanged) -> WriteResult<UserChanged> {
    WriteResult {
        version: Some(changed.version),
        position: Some(changed.position),
        body: changed,
    }
}
