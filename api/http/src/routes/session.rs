//! Signing in and out, who one is here, and the links by which a password is chosen.

use crate::auth;
use crate::described::{Page, Read, SessionBegun, SessionEnded};
use crate::endpoint::{Ctx, Endpoint, Input};
use application::access::{
    CODE_BYTES_MAX, Caller, PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN, SignInTyped, choose_password, csrf_token,
    sign_in, sign_out,
};
use domain::ids::{CampaignId, TeamId, UserId};
use domain::permission::{CampaignScope, Permission as Permitted, Role};
use domain::problem::Problem;
use domain::time::Timestamp;
use intake::members::{Members, Order};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// Self-contained, as the status page.
const SET_UP_PAGE: &str = concat!(include_str!("door_page_head.html"), include_str!("set_up.html"));

/// How the record of refused attempts names this route.
const SIGN_IN: &str = "POST /api/v1/sign-in";

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/sign-in",
            "Begin a session: its cookie is set, and commands by it send X-CSRF-Token",
            begin,
        )
        .open()
        .takes::<SignInOrder>(),
        Endpoint::post("/api/v1/sign-out", "End the session of this cookie", end).open(),
        Endpoint::get("/api/v1/whoami", "Who asks, and what they may", whoami).for_whoever_is_known(),
        Endpoint::post(
            "/api/v1/set-up",
            "Choose a password by a set-up link; the first admin chooses a name too",
            set_up,
        )
        .open()
        .takes::<SetUpOrder>(),
        Endpoint::get("/set-up", "The page behind set-up links", page).open(),
    ]
}

/// A name and a password, and a code of whoever has a second factor.
#[derive(JsonSchema)]
struct SignInOrder {
    #[schemars(example = &"wang", with = "UserId")]
    name: String,
    #[schemars(length(max = PASSWORD_BYTES_MAX))]
    password: String,
    /// Of the authenticator app, or a recovery code; where it is missing and needed the reply says so.
    #[schemars(length(max = CODE_BYTES_MAX))]
    code: Option<String>,
}

impl Order for SignInOrder {
    fn read(body: &mut Members) -> Self {
        Self {
            name: body.needed_short_text("name", PASSWORD_BYTES_MAX),
            password: body.needed_short_text("password", PASSWORD_BYTES_MAX),
            code: body.short_text("code", CODE_BYTES_MAX),
        }
    }
}

/// What stands behind `#` of a set-up link, and the password that is chosen.
#[derive(JsonSchema)]
struct SetUpOrder {
    #[schemars(example = &"wang.0123456789abcdef", length(max = PASSWORD_BYTES_MAX))]
    link: String,
    /// Only for the first admin.
    #[schemars(with = "Option<UserId>")]
    name: Option<String>,
    #[schemars(length(min = PASSWORD_CHARS_MIN, max = PASSWORD_BYTES_MAX))]
    password: String,
}

impl Order for SetUpOrder {
    fn read(body: &mut Members) -> Self {
        Self {
            link: body.needed_short_text("link", PASSWORD_BYTES_MAX),
            name: body.short_text("name", PASSWORD_BYTES_MAX),
            password: body.needed_short_text("password", PASSWORD_BYTES_MAX),
        }
    }
}

/// A session that began.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Session {
    user: UserId,
    /// What commands send as `X-CSRF-Token`.
    csrf_token: String,
    until: Timestamp,
}

/// Whose password was chosen.
#[derive(Debug, Serialize, JsonSchema)]
struct SetUpDone {
    user: UserId,
}

/// Who asks.
#[derive(Debug, Serialize, JsonSchema)]
struct WhoAmI {
    /// Null for whoever owns the data directory.
    user: Option<UserId>,
    /// `session`, `key`, `token` of DIR/token, or `directory`.
    door: &'static str,
    roles: BTreeSet<Role>,
    /// What the caller may, of somebody.
    permissions: Vec<Permitted>,
    /// Only these campaigns; null for all.
    campaigns: Option<BTreeSet<CampaignId>>,
    team: Option<TeamId>,
    /// Of a session.
    #[serde(skip_serializing_if = "Option::is_none")]
    csrf_token: Option<String>,
}

async fn begin(ctx: Ctx, input: Input) -> Result<SessionBegun<Session>, Problem> {
    let peer = input.peer();
    let held = auth::cookie(input.headers()).map(str::to_owned);
    let SignInOrder { name, password, code } = input.order().await?;
    let typed = SignInTyped {
        name,
        password,
        code,
        from: peer.map(|peer| peer.ip().to_string()),
        held,
    };
    let attempt = sign_in(&ctx.installation, typed);
    let begun = ctx.sign_in_counted(peer, SIGN_IN, attempt).await?;
    Ok(SessionBegun {
        cookie: begun.session,
        body: Session {
            user: begun.user,
            csrf_token: begun.csrf_token,
            until: begun.until,
        },
    })
}

async fn end(ctx: Ctx, input: Input) -> Result<SessionEnded, Problem> {
    let Some(session) = auth::cookie(input.headers()) else {
        return Ok(SessionEnded {
            provider_sign_out: None,
        });
    };
    auth::hold_to_page(input.headers(), session)?;
    let cause = input.cause(&ctx.installation, "sign-out")?;
    Ok(SessionEnded {
        provider_sign_out: sign_out(&ctx.installation, session, cause).await?,
    })
}

async fn whoami(_: Ctx, input: Input) -> Result<Read<WhoAmI>, Problem> {
    let caller = &input.caller;
    let known = caller.user();
    let campaigns = known.map(|known| known.account.campaigns.and(&known.campaigns));
    Ok(Read(WhoAmI {
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
    }))
}

/// A page that was loaded anew asks for it again.
fn csrf_of(caller: &Caller, input: &Input) -> Option<String> {
    let session = auth::cookie(input.headers()).filter(|_| caller.door() == "session");
    session.map(csrf_token)
}

async fn set_up(ctx: Ctx, input: Input) -> Result<Read<SetUpDone>, Problem> {
    let cause = input.cause(&ctx.installation, "set-up")?;
    let SetUpOrder { link, name, password } = input.order().await?;
    let user = choose_password(&ctx.installation, &link, name.as_deref(), password, cause).await?;
    Ok(Read(SetUpDone { user }))
}

async fn page(_: Ctx, _: Input) -> Result<Page, Problem> {
    Ok(Page(SET_UP_PAGE))
}
