//! Routes of sessions: sign in, sign out, who am I, and set-up links for choosing a password.

use crate::api_description::{HtmlPage, ReadReply, SignInReply, SignOutReply};
use crate::auth;
use crate::endpoint::{Ctx, Endpoint, Input};
use application::access::{
    CODE_BYTES_MAX, Caller, PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN, SignInCredentials, choose_password,
    csrf_token, sign_in, sign_out,
};
use domain::ids::{CampaignId, TeamId, UserId};
use domain::permission::{CampaignScope, Permission as Permitted, Role};
use domain::problem::Problem;
use domain::time::Timestamp;
use intake::members::ApiRequest;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// The HTML page behind set-up links. It loads nothing from elsewhere.
const SET_UP_PAGE: &str = concat!(
    include_str!("door_page_head.html"),
    include_str!("set_up.html"),
    include_str!("door_page_foot.html")
);

/// Name of the route under which refused sign-ins are recorded.
const SIGN_IN: &str = "POST /api/v1/sign-in";

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/sign-in", "Sign in", begin)
            .describe(
                "Starts a session and sets its cookie. Commands in the session send `X-CSRF-Token` with \
                 the `csrf_token` of the reply.",
            )
            .open()
            .takes_password::<SignInRequest>(),
        Endpoint::post("/api/v1/sign-out", "Sign out", end)
            .describe(
                "Ends the session of the cookie. With an identity provider the reply names where to sign \
                 out there.",
            )
            .open(),
        Endpoint::get(
            "/api/v1/whoami",
            "Get the caller's identity and permissions",
            whoami,
        )
        .describe("Returns user, roles, permissions, campaigns and team; in a session also the CSRF token.")
        .for_any_caller(),
        Endpoint::post("/api/v1/set-up", "Choose a password with a set-up link", set_up)
            .describe("Each link works once. The first admin also chooses a name.")
            .open()
            .takes_password::<SetUpRequest>(),
        Endpoint::get("/set-up", "Open the page for choosing a password", page)
            .describe("The HTML page that set-up links open.")
            .open(),
    ]
}

/// The body of a sign-in: name and password, and a code if the user has a second factor.
#[derive(ApiRequest, JsonSchema)]
struct SignInRequest {
    #[schemars(example = &"wang", with = "UserId")]
    #[schemars(length(min = 1, max = PASSWORD_BYTES_MAX))]
    name: String,
    #[schemars(length(max = PASSWORD_BYTES_MAX))]
    password: String,
    /// A code of the authenticator app, or a recovery code. If it is required and missing, the reply says so.
    #[schemars(length(max = CODE_BYTES_MAX))]
    code: Option<String>,
}

/// The body that chooses a password: the part of the set-up link after `#`, and the password.
#[derive(ApiRequest, JsonSchema)]
struct SetUpRequest {
    #[schemars(example = &"wang.0123456789abcdef", length(max = PASSWORD_BYTES_MAX))]
    link: String,
    /// Only for the first admin.
    #[schemars(with = "Option<UserId>")]
    #[schemars(length(max = PASSWORD_BYTES_MAX))]
    name: Option<String>,
    #[schemars(length(min = PASSWORD_CHARS_MIN, max = PASSWORD_BYTES_MAX))]
    password: String,
}

/// A session that was started.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Session {
    user: UserId,
    /// The value that commands send as `X-CSRF-Token`.
    csrf_token: String,
    until: Timestamp,
}

/// The user who chose a password.
#[derive(Debug, Serialize, JsonSchema)]
struct SetUpResponse {
    user: UserId,
}

/// The identity and permissions of the caller.
#[derive(Debug, Serialize, JsonSchema)]
struct WhoAmI {
    /// Null for the owner of the data directory.
    user: Option<UserId>,
    /// `session`, `key`, `token` (the key in DIR/token), or `directory`.
    door: &'static str,
    roles: BTreeSet<Role>,
    /// The permissions that the caller has for some data at least.
    permissions: Vec<Permitted>,
    /// Only these campaigns; null for all.
    campaigns: Option<BTreeSet<CampaignId>>,
    team: Option<TeamId>,
    /// Only in a session.
    #[serde(skip_serializing_if = "Option::is_none")]
    csrf_token: Option<String>,
    /// True for a key of the sandbox; else left out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    sandbox: bool,
}

async fn begin(ctx: Ctx, input: Input) -> Result<SignInReply<Session>, Problem> {
    let peer = input.peer();
    let held = auth::cookie(input.headers()).map(str::to_owned);
    let SignInRequest { name, password, code } = input.order().await?;
    let typed = SignInCredentials {
        name,
        password,
        code,
        from: peer.map(|peer| peer.ip().to_string()),
        held,
    };
    let attempt = sign_in(&ctx.installation, typed);
    let begun = ctx.sign_in_counted(peer, SIGN_IN, attempt).await?;
    Ok(SignInReply {
        cookie: begun.session,
        body: Session {
            user: begun.user,
            csrf_token: begun.csrf_token,
            until: begun.until,
        },
    })
}

async fn end(ctx: Ctx, input: Input) -> Result<SignOutReply, Problem> {
    let Some(session) = auth::cookie(input.headers()) else {
        return Ok(SignOutReply {
            provider_sign_out: None,
        });
    };
    auth::hold_to_page(input.headers(), session)?;
    let cause = input.cause(&ctx.installation, "sign-out")?;
    Ok(SignOutReply {
        provider_sign_out: sign_out(&ctx.installation, session, cause).await?,
    })
}

async fn whoami(_: Ctx, input: Input) -> Result<ReadReply<WhoAmI>, Problem> {
    let caller = &input.caller;
    let known = caller.user();
    let campaigns = known.map(|known| known.account.campaigns.and(&known.campaigns));
    Ok(ReadReply(WhoAmI {
        user: known.map(|known| known.user.clone()),
        door: caller.door(),
        roles: known.map(|known| known.account.roles.clone()).unwrap_or_default(),
        permissions: Permitted::ALL
            .into_iter()
            .filter(|permission| caller.may(*permission))
            .collect(),
        campaigns: campaigns.and_then(|scope| match scope {
            CampaignScope::All => None,
            CampaignScope::Only(named) => Some(named),
        }),
        team: known.and_then(|known| known.account.team.clone()),
        csrf_token: csrf_of(caller, &input),
        sandbox: caller.realm().is_sandbox(),
    }))
}

/// Returns the CSRF token of a session, for a page that was reloaded and has lost it; `None` if the caller
/// has no session.
fn csrf_of(caller: &Caller, input: &Input) -> Option<String> {
    let session = auth::cookie(input.headers()).filter(|_| caller.door() == "session");
    session.map(csrf_token)
}

async fn set_up(ctx: Ctx, input: Input) -> Result<ReadReply<SetUpResponse>, Problem> {
    let cause = input.cause(&ctx.installation, "set-up")?;
    let SetUpRequest { link, name, password } = input.order().await?;
    let user = choose_password(&ctx.installation, &link, name.as_deref(), password, cause).await?;
    Ok(ReadReply(SetUpResponse { user }))
}

async fn page(_: Ctx, _: Input) -> Result<HtmlPage, Problem> {
    Ok(HtmlPage(SET_UP_PAGE))
}
